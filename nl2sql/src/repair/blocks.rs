//! The SELECT blocks of a statement's text and what each reads from, as far as tokens tell.

use catalog::{Catalog, Engine, Table};

use crate::lexer::{Kind, Token, tokens};

/// A relation of a FROM clause.
#[derive(Debug, Clone)]
pub(super) struct Relation<'a> {
    /// The table, when it is one of the catalog.
    pub table: Option<&'a Table>,
    /// The name as written (last part), without quotes.
    pub name: String,
    /// How columns are qualified: the alias, else the name, as written.
    pub qualifier: String,
}

/// One SELECT with its clauses.
#[derive(Debug, Clone)]
pub(super) struct Block<'a> {
    pub start: usize,
    pub end: usize,
    pub relations: Vec<Relation<'a>>,
    /// Where the FROM clause ends.
    pub from_end: Option<usize>,
    /// Where the GROUP BY clause ends.
    pub group_end: Option<usize>,
    /// Whether an outer join is in it.
    pub outer_join: bool,
}

/// Blocks around a byte, innermost first.
pub(super) fn around<'b, 'a>(blocks: &'b [Block<'a>], at: usize) -> Vec<&'b Block<'a>> {
    let mut found: Vec<&Block<'a>> = blocks.iter().filter(|b| b.start <= at && at < b.end).collect();
    found.sort_by_key(|b| b.end - b.start);
    found
}

/// All blocks of a statement.
pub(super) fn blocks<'a>(sql: &str, catalog: &'a Catalog) -> Vec<Block<'a>> {
    let engine = catalog.engine();
    let all = tokens(sql, engine);
    let significant: Vec<Token<'_>> = all.into_iter().filter(|t| !t.is_blank()).collect();
    let mut found = Vec::new();
    for (i, token) in significant.iter().enumerate() {
        if token.is("SELECT") {
            let rest = significant.get(i..).unwrap_or_default();
            found.push(Reader { engine, catalog, tokens: rest }.block(sql.len()));
        }
    }
    found
}

struct Reader<'t, 'a> {
    engine: Engine,
    catalog: &'a Catalog,
    /// From SELECT on.
    tokens: &'t [Token<'t>],
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    List,
    From,
    Group,
    Other,
}

impl<'a> Reader<'_, 'a> {
    fn block(&self, length: usize) -> Block<'a> {
        let start = self.tokens.first().map_or(0, |t| t.start);
        let mut block = Block {
            start,
            end: length,
            relations: Vec::new(),
            from_end: None,
            group_end: None,
            outer_join: false,
        };
        let (mut depth, mut part, mut last_end) = (0_i32, Part::List, start);
        for (i, token) in self.tokens.iter().enumerate() {
            depth += i32::from(token.is_symbol("("));
            if depth == 0 {
                if i > 0 && ends_block(token) {
                    block.end = token.start;
                    break;
                }
                let next = self.next_part(i, part);
                block.close(part, next, last_end);
                part = next;
                block.outer_join |=
                    ["LEFT", "RIGHT", "FULL"].iter().any(|k| token.is(k)) && part == Part::From;
                let opens = token.is("FROM") || token.is("JOIN") || token.is_symbol(",");
                if part == Part::From && opens {
                    block.relations.extend(self.relation(i + 1));
                }
            }
            depth -= i32::from(token.is_symbol(")"));
            last_end = token.end();
        }
        block.close(part, Part::Other, last_end.min(block.end));
        block
    }

    fn next_part(&self, i: usize, part: Part) -> Part {
        let Some(token) = self.tokens.get(i) else { return part };
        if token.is("FROM") {
            return Part::From;
        }
        if token.is("GROUP") {
            return Part::Group;
        }
        let ends = ["WHERE", "HAVING", "ORDER", "LIMIT", "WINDOW", "OFFSET", "FETCH"];
        if ends.iter().any(|k| token.is(k)) { Part::Other } else { part }
    }

    fn relation(&self, i: usize) -> Option<Relation<'a>> {
        let mut at = i;
        let mut parts = vec![self.name(at)?];
        while self.tokens.get(at + 1).is_some_and(|t| t.is_symbol(".")) {
            parts.push(self.name(at + 2)?);
            at += 2;
        }
        let (name, quoted) = parts.last()?.clone();
        if self.tokens.get(at + 1).is_some_and(|t| t.is_symbol("(")) {
            return None;
        }
        let schema = parts.len().checked_sub(2).and_then(|i| parts.get(i));
        let schema = schema.map(|(name, quoted)| self.engine.fold(name, *quoted));
        let table = self.catalog.find_table(schema.as_deref(), &self.engine.fold(&name, quoted));
        let after_as = usize::from(self.tokens.get(at + 1).is_some_and(|t| t.is("AS")));
        let alias = self.tokens.get(at + 1 + after_as).filter(|t| is_alias(t)).map(|t| t.text.to_owned());
        let written = self.tokens.get(at).map(|t| t.text.to_owned()).unwrap_or_default();
        Some(Relation { table, name, qualifier: alias.unwrap_or(written) })
    }

    fn name(&self, i: usize) -> Option<(String, bool)> {
        let token = self.tokens.get(i)?;
        Some((token.name()?, token.kind == Kind::Quoted))
    }
}

impl Block<'_> {
    fn close(&mut self, part: Part, next: Part, at: usize) {
        if part == next {
            return;
        }
        match part {
            Part::From => self.from_end = Some(at),
            Part::Group => self.group_end = Some(at),
            Part::List | Part::Other => {}
        }
    }
}

fn ends_block(token: &Token<'_>) -> bool {
    token.is_symbol(")")
        || ["UNION", "INTERSECT", "EXCEPT", "MINUS"].iter().any(|k| token.is(k))
        || token.is_symbol(";")
}

fn is_alias(token: &Token<'_>) -> bool {
    let clause = [
        "JOIN",
        "INNER",
        "LEFT",
        "RIGHT",
        "FULL",
        "CROSS",
        "NATURAL",
        "ON",
        "USING",
        "WHERE",
        "GROUP",
        "ORDER",
        "HAVING",
        "LIMIT",
        "WINDOW",
        "UNION",
        "INTERSECT",
        "EXCEPT",
        "OFFSET",
        "FETCH",
        "OUTER",
        "LATERAL",
    ];
    matches!(token.kind, Kind::Word | Kind::Quoted) && !clause.iter().any(|k| token.is(k))
}
