//! What is read: relations and their joins in words.

use crate::tree::{FromItem, JoinKind, Select};

use super::words::{humanise, list, plural, singular};

/// The entries of FROM below its joins.
pub fn leaves(select: &Select) -> Vec<&FromItem> {
    let mut found = Vec::new();
    let mut open: Vec<&FromItem> = select.from.iter().rev().collect();
    while let Some(item) = open.pop() {
        match item {
            FromItem::Join { left, right, .. } => {
                open.push(right);
                open.push(left);
            }
            leaf => found.push(leaf),
        }
    }
    found
}

/// Names of a block's relations with words for them.
pub fn relations(select: &Select) -> Vec<(String, String)> {
    let all: Vec<(String, String)> =
        leaves(select).into_iter().map(|leaf| (called(leaf), words_for(leaf))).collect();
    let several = |words: &str| all.iter().filter(|(_, w)| w == words).count() > 1;
    // a relation that is read twice is told apart by its alias
    let named = |(name, words): &(String, String)| match several(words) {
        true => (name.clone(), format!("{} {name}", singular(words))),
        false => (name.clone(), words.clone()),
    };
    all.iter().map(named).collect()
}

fn called(leaf: &FromItem) -> String {
    let (alias, own) = match leaf {
        FromItem::Table { name, alias } => (alias, name.last().map(|i| i.value.clone())),
        FromItem::Derived { alias, .. } => (alias, None),
        FromItem::Function { call, alias, .. } => (alias, call.name.last().map(|i| i.value.clone())),
        FromItem::JsonTable(table) => return table.alias.name.value.clone(),
        FromItem::Form(form) => (&form.alias, None),
        FromItem::Join { .. } => return String::new(),
    };
    alias.as_ref().map(|a| a.name.value.clone()).or(own).unwrap_or_default()
}

fn words_for(leaf: &FromItem) -> String {
    match leaf {
        FromItem::Table { name, .. } => humanise(name.last().map(|i| i.value.as_str()).unwrap_or_default()),
        FromItem::Derived { alias, .. } => match alias {
            Some(alias) => humanise(&alias.name.value),
            None => "the sub-query".to_owned(),
        },
        FromItem::Function { .. } | FromItem::JsonTable(_) | FromItem::Form(_) => humanise(&called(leaf)),
        FromItem::Join { .. } => String::new(),
    }
}

/// The relations that are read, in words.
pub fn subject(select: &Select) -> String {
    let entries: Vec<String> = select.from.iter().map(joined).collect();
    list(&entries, "and")
}

fn joined(item: &FromItem) -> String {
    let mut joins = Vec::new();
    let mut first = item;
    while let FromItem::Join { kind, left, right, .. } = first {
        joins.push((*kind, right));
        first = left;
    }
    let mut text = relation(first);
    while let Some((kind, right)) = joins.pop() {
        let other = joined(right);
        text = match kind {
            JoinKind::Inner | JoinKind::CrossApply => format!("{text} with {other}"),
            JoinKind::Left | JoinKind::OuterApply => format!("{text} with {other} if any"),
            JoinKind::Right => format!("{other} with {text} if any"),
            JoinKind::Full => format!("{text} and {other}, matched where they can be"),
            JoinKind::Cross => format!("{text} combined with every one of {other}"),
        };
    }
    text
}

fn relation(item: &FromItem) -> String {
    match item {
        FromItem::Table { .. } => plural(&words_for(item)),
        FromItem::Derived { .. }
        | FromItem::Function { .. }
        | FromItem::JsonTable(_)
        | FromItem::Form(_)
        | FromItem::Join { .. } => words_for(item),
    }
}
