//! Unknown and ambiguous names: the nearest one, the table of FROM that has the column, the right qualifier.

use catalog::{Catalog, Column, Engine, Table};
use guard::Finding;

use super::blocks::{Relation, around, blocks};
use super::close::{only_close, score};
use super::{Edit, joins, quote};
use crate::lexer::{Kind, Token, tokens};

/// The text a finding points at, as name parts with their bytes.
struct Place<'s> {
    start: usize,
    end: usize,
    parts: Vec<Token<'s>>,
}

fn place<'s>(sql: &'s str, finding: &Finding, engine: Engine) -> Option<Place<'s>> {
    let span = finding.span?;
    let (start, end) = (span.start as usize, span.end as usize);
    let parts: Vec<Token<'s>> = tokens(sql.get(start..end)?, engine)
        .into_iter()
        .filter(|t| matches!(t.kind, Kind::Word | Kind::Quoted))
        .map(|t| Token { start: t.start + start, ..t })
        .collect();
    (!parts.is_empty()).then_some(Place { start, end, parts })
}

/// An unknown table: the one that is surely meant, also in qualifiers; else the same table in its own schema.
pub(super) fn table(sql: &str, finding: &Finding, catalog: &Catalog) -> Vec<Edit> {
    let engine = catalog.engine();
    let Some(place) = place(sql, finding, engine) else { return Vec::new() };
    let Some(last) = place.parts.last() else { return Vec::new() };
    let Some(wanted) = last.name() else { return Vec::new() };
    let Some(found) = meant_table(&wanted, catalog) else { return Vec::new() };
    let note = format!("the table {wanted} was read as {}", found.name);
    let text = qualified_table(found, catalog);
    let mut edits = vec![Edit { start: place.start, end: place.end, text, note }];
    edits.extend(rename_qualifiers(sql, &wanted, &quote(engine, &found.name), engine));
    edits
}

fn meant_table<'a>(wanted: &str, catalog: &'a Catalog) -> Option<&'a Table> {
    let all = &catalog.snapshot().tables;
    let same: Vec<&Table> = all.iter().filter(|t| t.name.eq_ignore_ascii_case(wanted)).collect();
    if let [one] = same.as_slice() {
        return Some(one);
    }
    let name = only_close(wanted, all.iter().map(|t| t.name.as_str()))?;
    let mut named = all.iter().filter(|t| t.name == name);
    let found = named.next()?;
    named.next().is_none().then_some(found)
}

/// The table's name as a FROM clause needs it.
pub(super) fn qualified_table(table: &Table, catalog: &Catalog) -> String {
    let engine = catalog.engine();
    let name = quote(engine, &table.name);
    let found = catalog.find_table(None, &engine.stored_key(&table.name));
    if found.is_some_and(|f| f.schema == table.schema) {
        return name;
    }
    format!("{}.{name}", quote(engine, &table.schema))
}

/// `old.column` becomes `new.column` where `old` is no alias of its own.
fn rename_qualifiers(sql: &str, old: &str, new: &str, engine: Engine) -> Vec<Edit> {
    let all = tokens(sql, engine);
    let significant: Vec<&Token<'_>> = all.iter().filter(|t| !t.is_blank()).collect();
    let mut edits = Vec::new();
    for three in significant.windows(3) {
        let [name, dot, _] = three else { continue };
        let named = name.name().is_some_and(|n| n.eq_ignore_ascii_case(old));
        if named && dot.is_symbol(".") {
            edits.push(Edit {
                start: name.start,
                end: name.end(),
                text: new.to_owned(),
                note: String::new(),
            });
        }
    }
    edits
}

/// An unknown column or qualifier.
pub(super) fn column(sql: &str, finding: &Finding, catalog: &Catalog) -> Vec<Edit> {
    let engine = catalog.engine();
    let Some(place) = place(sql, finding, engine) else { return Vec::new() };
    let all = blocks(sql, catalog);
    let chain = around(&all, place.start);
    let Some(inner) = chain.first() else { return Vec::new() };
    let relations: Vec<&Relation<'_>> = chain.iter().flat_map(|b| &b.relations).collect();
    let edit = match place.parts.as_slice() {
        [column] => unqualified(sql, column, &relations, engine),
        [.., qualifier, column] => qualified(qualifier, column, &relations, engine),
        [] => None,
    };
    if let Some((text, note)) = edit {
        return vec![Edit { start: place.start, end: place.end, text, note }];
    }
    joins::for_column(&place.parts, (place.start, place.end), inner, catalog)
}

type Fix = Option<(String, String)>;

fn unqualified(sql: &str, column: &Token<'_>, relations: &[&Relation<'_>], engine: Engine) -> Fix {
    let wanted = column.name()?;
    if let Some(found) = holder(&wanted, relations) {
        return fix(&wanted, found, relations.len() > 1, engine);
    }
    if let Some(text) = as_text(sql, column, engine) {
        return Some((text, format!("\"{wanted}\" was read as a text, not as a column")));
    }
    let names = relations.iter().filter_map(|r| r.table).flat_map(|t| &t.columns).map(|c| c.name.as_str());
    let near = only_close(&wanted, names)?;
    fix(&wanted, holder(near, relations)?, relations.len() > 1, engine)
}

fn qualified(qualifier: &Token<'_>, column: &Token<'_>, relations: &[&Relation<'_>], engine: Engine) -> Fix {
    let (named, wanted) = (qualifier.name()?, column.name()?);
    let by_qualifier = |r: &&&Relation<'_>| same(&r.qualifier, &named);
    let by_table =
        |r: &&&Relation<'_>| same(&r.name, &named) || r.table.is_some_and(|t| same(&t.name, &named));
    let own = relations.iter().find(by_qualifier).or_else(|| relations.iter().find(by_table));
    let of_own = own.and_then(|r| column_of(r, &wanted).map(|c| (*r, c)));
    if let Some(found) = of_own.or_else(|| holder(&wanted, relations)) {
        return fix(&format!("{named}.{wanted}"), found, true, engine);
    }
    let near_in = |r: &Relation<'_>| -> Option<String> {
        let table = r.table?;
        only_close(&wanted, table.columns.iter().map(|c| c.name.as_str())).map(str::to_owned)
    };
    let (relation, near) = match own {
        Some(relation) => (*relation, near_in(relation)?),
        None => {
            let mut all = relations.iter().filter_map(|r| Some((*r, near_in(r)?)));
            let first = all.next()?;
            if all.next().is_some() {
                return None;
            }
            first
        }
    };
    let column = relation.table?.column(&near)?;
    fix(&format!("{named}.{wanted}"), (relation, column), true, engine)
}

fn fix(written: &str, found: (&Relation<'_>, &Column), qualify: bool, engine: Engine) -> Fix {
    let (relation, column) = found;
    let name = quote(engine, &column.name);
    let text = if qualify { format!("{}.{name}", relation.qualifier) } else { name };
    let note = format!("the column {written} was read as {}.{}", relation.name, column.name);
    Some((text, note))
}

fn same(a: &str, b: &str) -> bool {
    let plain = |s: &str| s.trim_matches(['"', '`', '[', ']']).to_lowercase();
    plain(a) == plain(b)
}

fn column_of<'a>(relation: &Relation<'a>, wanted: &str) -> Option<&'a Column> {
    let table = relation.table?;
    let exact = table.columns.iter().find(|c| c.name.eq_ignore_ascii_case(wanted));
    exact.or_else(|| {
        let mut alike = table.columns.iter().filter(|c| score(wanted, &c.name) == Some(0));
        let first = alike.next()?;
        alike.next().is_none().then_some(first)
    })
}

/// The one relation that has the column.
fn holder<'r, 'a>(wanted: &str, relations: &[&'r Relation<'a>]) -> Option<(&'r Relation<'a>, &'a Column)> {
    let mut holders = relations.iter().filter_map(|r| column_of(r, wanted).map(|c| (*r, c)));
    let first = holders.next()?;
    holders.next().is_none().then_some(first)
}

/// `name = "Bob"`: double quotes where a text was meant.
fn as_text(sql: &str, column: &Token<'_>, engine: Engine) -> Option<String> {
    if column.kind != Kind::Quoted || !column.text.starts_with('"') {
        return None;
    }
    let all = tokens(sql, engine);
    let before = all.iter().rev().filter(|t| t.start < column.start && !t.is_blank());
    let last: Vec<&Token<'_>> = before.take(2).collect();
    let compares = |t: &&Token<'_>| {
        ["=", "<>", "!=", "<", ">", "<=", ">="].iter().any(|s| t.is_symbol(s))
            || ["LIKE", "ILIKE", "BETWEEN", "THEN", "ELSE"].iter().any(|k| t.is(k))
    };
    let listed = last.first().is_some_and(|t| t.is_symbol("(")) && last.get(1).is_some_and(|t| t.is("IN"));
    let follows = last.first().is_some_and(compares) || listed || follows_text(&last);
    follows.then(|| format!("'{}'", column.name().unwrap_or_default().replace('\'', "''")))
}

fn follows_text(last: &[&Token<'_>]) -> bool {
    matches!(last, [comma, before] if comma.is_symbol(",") && before.kind == Kind::Text)
}

/// A column that several relations have: joined by it they hold the same, so any of them will do.
pub(super) fn ambiguous(sql: &str, finding: &Finding, catalog: &Catalog) -> Vec<Edit> {
    let Some(place) = place(sql, finding, catalog.engine()) else { return Vec::new() };
    let all = blocks(sql, catalog);
    let outer = around(&all, place.start).first().is_none_or(|b| b.outer_join);
    let ([first, others @ ..], [_]) = (finding.nearest.as_slice(), place.parts.as_slice()) else {
        return Vec::new();
    };
    let joined = others.iter().all(|other| are_joined(sql, first, other, catalog.engine()));
    if outer || others.is_empty() || !joined {
        return Vec::new();
    }
    let note =
        format!("{} was read as {first}, which is joined with {}", first_part(first).1, others.join(" and "));
    vec![Edit { start: place.start, end: place.end, text: first.clone(), note }]
}

fn first_part(name: &str) -> (&str, &str) {
    name.split_once('.').unwrap_or(("", name))
}

fn are_joined(sql: &str, a: &str, b: &str, engine: Engine) -> bool {
    let joined: String = tokens(sql, engine)
        .iter()
        .filter(|t| !t.is_blank())
        .map(|t| t.text.to_lowercase())
        .collect::<Vec<_>>()
        .join(" ");
    let spaced = |name: &str| name.to_lowercase().replace('.', " . ");
    let (a, b) = (spaced(a), spaced(b));
    joined.contains(&format!("{a} = {b}")) || joined.contains(&format!("{b} = {a}"))
}

/// A column that is neither grouped nor aggregated is added to the GROUP BY that is there.
pub(super) fn grouping(sql: &str, finding: &Finding, catalog: &Catalog) -> Vec<Edit> {
    let Some(place) = place(sql, finding, catalog.engine()) else { return Vec::new() };
    let all = blocks(sql, catalog);
    let chain = around(&all, place.start);
    let Some(at) = chain.first().and_then(|b| b.group_end) else { return Vec::new() };
    let Some(written) = sql.get(place.start..place.end).filter(|w| !w.contains('(')) else {
        return Vec::new();
    };
    let note = format!("{written} was added to GROUP BY");
    vec![Edit { start: at, end: at, text: format!(", {written}"), note }]
}
