//! What the set-up said that a neutral catalog does not hold: texts of modules, types, partitions, statistics, renames.

use std::collections::HashMap;

use crate::sql::lex::{Kind, Token};
use crate::sql::split::Piece;
use crate::types::Ty;

/// Schema and name, in lower case.
pub(crate) type Name = (String, String);

/// A view, a function or a procedure.
#[derive(Debug, Clone, Default)]
pub(crate) struct Module {
    pub(crate) definition: String,
    /// The query of a view.
    pub(crate) query: Option<String>,
    /// The names that a view gives its columns.
    pub(crate) columns: Vec<String>,
}

/// A type made with CREATE TYPE.
#[derive(Debug, Clone)]
pub(crate) struct OwnType {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) base: Ty,
    pub(crate) nullable: bool,
}

/// A partition function: its name, whether boundaries belong to the right, how many there are.
#[derive(Debug, Clone)]
pub(crate) struct PartitionFunction {
    pub(crate) name: String,
    pub(crate) right: bool,
    pub(crate) boundaries: usize,
}

/// Everything of a database that is remembered from its statements.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) modules: HashMap<Name, Module>,
    pub(crate) types: Vec<OwnType>,
    pub(crate) functions: Vec<PartitionFunction>,
    /// Partition schemes and their functions.
    pub(crate) schemes: Vec<(String, String)>,
    /// Tables on a partition scheme: scheme and column.
    pub(crate) split: HashMap<Name, (String, String)>,
    /// Renamed columns (table, old, new) and tables (old, new, empty).
    pub(crate) renames: Vec<(Name, String, String)>,
    /// Tables whose statistics were asked for.
    pub(crate) statistics: Vec<Name>,
}

/// Reads a name of one or two parts; gives it and how many tokens it took.
pub(crate) fn name_at(tokens: &[Token]) -> Option<((String, String), usize)> {
    let first = tokens.first().filter(|t| t.is_name())?;
    match (tokens.get(1), tokens.get(2)) {
        (Some(dot), Some(second)) if dot.is(".") && second.is_name() => {
            Some(((first.text.clone(), second.text.clone()), 3))
        }
        _ => Some((("dbo".to_owned(), first.text.clone()), 1)),
    }
}

/// As keys compare.
pub(crate) fn folded(name: &(String, String)) -> Name {
    (name.0.to_lowercase(), name.1.to_lowercase())
}

impl Facts {
    /// Remembers what a definition says.
    pub(crate) fn note(&mut self, piece: &Piece) {
        let tokens = &piece.tokens;
        let words: Vec<String> = tokens.iter().take(4).map(|t| t.text.to_uppercase()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["CREATE" | "ALTER", "VIEW" | "PROCEDURE" | "PROC" | "FUNCTION", ..] => self.module(piece, 2),
            ["CREATE", "OR", "ALTER", ..] => self.module(piece, 4),
            ["CREATE", "TYPE", ..] => self.own_type(piece),
            ["CREATE", "PARTITION", "FUNCTION", ..] => self.partition_function(tokens),
            ["CREATE", "PARTITION", "SCHEME", ..] => self.partition_scheme(tokens),
            ["CREATE", "TABLE", ..] => self.table(tokens),
            ["UPDATE" | "CREATE", "STATISTICS", ..] => self.statistic(tokens),
            _ => {}
        }
    }

    fn module(&mut self, piece: &Piece, skip: usize) {
        let Some(rest) = piece.tokens.get(skip..) else { return };
        let Some((name, taken)) = name_at(rest) else { return };
        let mut module = Module { definition: piece.text.clone(), ..Module::default() };
        let is_view = piece.tokens.iter().take(skip).any(|t| t.is("VIEW"));
        let mut depth = 0_i32;
        for (at, token) in rest.iter().enumerate().skip(taken) {
            depth += i32::from(token.is("(")) - i32::from(token.is(")"));
            if is_view && depth == 1 && token.is_name() {
                module.columns.push(token.text.clone());
            }
            if is_view && depth == 0 && token.is("AS") {
                let start = rest.get(at + 1).map_or(piece.text.len(), |t| t.start);
                module.query = piece.text.get(start..).map(|q| q.trim_end_matches(';').trim_end().to_owned());
                break;
            }
        }
        if is_view {
            module.query =
                module.query.map(|q| q.trim_end().trim_end_matches("WITH CHECK OPTION").to_owned());
        }
        self.modules.insert(folded(&name), module);
    }

    fn own_type(&mut self, piece: &Piece) {
        let Some((name, taken)) = piece.tokens.get(2..).and_then(name_at) else { return };
        let rest = piece.tokens.get(2 + taken..).unwrap_or_default();
        let Some(from) = rest.iter().position(|t| t.is("FROM")) else { return };
        let stop = rest.iter().position(|t| t.is("NOT") || t.is("NULL")).unwrap_or(rest.len());
        let words = rest.get(from + 1..stop).unwrap_or_default();
        let text: String = words.iter().map(|t| t.text.as_str()).collect();
        let Some(base) = Ty::read(&text) else { return };
        let nullable = !rest.iter().any(|t| t.is("NOT"));
        self.types.push(OwnType { schema: name.0, name: name.1, base, nullable });
    }

    fn partition_function(&mut self, tokens: &[Token]) {
        let Some(name) = tokens.get(3).map(|t| t.text.clone()) else { return };
        let right = tokens.iter().any(|t| t.is("RIGHT"));
        let values =
            tokens.iter().position(|t| t.is("VALUES")).and_then(|at| tokens.get(at..)).unwrap_or_default();
        let boundaries = values.iter().filter(|t| matches!(t.kind, Kind::Text | Kind::Number)).count();
        self.functions.push(PartitionFunction { name, right, boundaries });
    }

    fn partition_scheme(&mut self, tokens: &[Token]) {
        let function = tokens.iter().skip_while(|t| !t.is("PARTITION") || t.start == 0).collect::<Vec<_>>();
        let last = function.iter().rposition(|t| t.is("PARTITION"));
        let named = last.and_then(|at| function.get(at + 1)).map(|t| t.text.clone());
        if let (Some(scheme), Some(function)) = (tokens.get(3), named) {
            self.schemes.push((scheme.text.clone(), function));
        }
    }

    /// `) ON scheme (column)` after the columns of a table.
    fn table(&mut self, tokens: &[Token]) {
        let Some((name, _)) = tokens.get(2..).and_then(name_at) else { return };
        let mut depth = 0_i32;
        for (at, token) in tokens.iter().enumerate() {
            depth += i32::from(token.is("(")) - i32::from(token.is(")"));
            let ends = depth == 0 && token.is(")") && tokens.get(at + 1).is_some_and(|t| t.is("ON"));
            if ends
                && let (Some(scheme), Some(open), Some(column)) =
                    (tokens.get(at + 2), tokens.get(at + 3), tokens.get(at + 4))
                && open.is("(")
            {
                self.split.insert(folded(&name), (scheme.text.clone(), column.text.clone()));
            }
        }
    }

    fn statistic(&mut self, tokens: &[Token]) {
        let after = match tokens.iter().position(|t| t.is("ON")) {
            Some(on) if tokens.first().is_some_and(|t| t.is("CREATE")) => on + 1,
            _ => 2,
        };
        if let Some((name, _)) = tokens.get(after..).and_then(name_at) {
            let name = folded(&name);
            self.statistics.retain(|n| *n != name);
            self.statistics.push(name);
        }
    }
}
