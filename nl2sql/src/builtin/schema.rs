//! The catalog as the translator sees it: names split into words, roles of columns, and the graph of references.

use catalog::{Column, Engine, Table};
use std::collections::HashMap;

use super::describe::{table_info, vocabulary};
use super::references::edges;
use super::text::{lemma, stem};
use crate::types::Ask;

/// A column: table and column index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Cid {
    /// Table.
    pub t: usize,
    /// Column in it.
    pub c: usize,
}

/// One word of a name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Word {
    /// Its lemma.
    pub lemma: String,
    /// Its stem.
    pub stem: String,
    /// Its place in the schema's vocabulary.
    pub id: usize,
}

impl Word {
    pub(crate) fn new(text: &str) -> Word {
        let lemma = lemma(text);
        Word { stem: stem(&lemma), lemma, id: 0 }
    }
}

/// A column with what can be told from its name, type and values.
pub(crate) struct ColumnInfo<'a> {
    /// From the catalog.
    pub column: &'a Column,
    /// Words of the name without those of the table.
    pub words: Vec<Word>,
    /// Words of the name that the table's name has too.
    pub table_words: Vec<Word>,
    /// Other phrases for it: comments and glossary.
    pub aliases: Vec<Vec<Word>>,
    /// Holds numbers (whatever its type).
    pub numeric: bool,
    /// A key: primary, foreign, or named id.
    pub key: bool,
    /// Column it refers to.
    pub refers: Option<Cid>,
    /// The stored values for yes and no.
    pub flag: Option<(String, String)>,
}

/// A table.
pub(crate) struct TableInfo<'a> {
    /// From the catalog.
    pub table: &'a Table,
    /// Words of the name that mean something.
    pub words: Vec<Word>,
    /// Other phrases for it.
    pub aliases: Vec<Vec<Word>>,
    /// Its columns.
    pub columns: Vec<ColumnInfo<'a>>,
    /// Columns that name a row.
    pub naming: Vec<usize>,
    /// Column of a single-column primary key.
    pub pk: Option<usize>,
}

/// A reference usable for a join.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    /// Referring table.
    pub from: usize,
    /// Table referred to.
    pub to: usize,
    /// Pairs of columns (referring, referred to).
    pub pairs: Vec<(usize, usize)>,
    /// How costly it is to use.
    pub cost: f64,
}

/// Everything about the database.
pub(crate) struct Schema<'a> {
    /// Engine.
    pub engine: Engine,
    /// Tables.
    pub tables: Vec<TableInfo<'a>>,
    /// References.
    pub edges: Vec<Edge>,
    /// Edges by table.
    pub by_table: Vec<Vec<usize>>,
    /// Every different word of its names.
    pub vocabulary: Vec<Word>,
}

impl<'a> Schema<'a> {
    /// Reads the catalog.
    pub(crate) fn new(ask: &Ask<'a>) -> Schema<'a> {
        let snapshot = ask.catalog.snapshot();
        let vocabulary = vocabulary(&snapshot.tables);
        let mut tables: Vec<TableInfo<'a>> =
            snapshot.tables.iter().map(|t| table_info(t, &vocabulary)).collect();
        let index: HashMap<(&str, &str), usize> = snapshot
            .tables
            .iter()
            .enumerate()
            .map(|(i, t)| ((t.schema.as_str(), t.name.as_str()), i))
            .collect();
        let edges = edges(&mut tables, &index);
        let mut by_table = vec![Vec::new(); tables.len()];
        for (i, edge) in edges.iter().enumerate() {
            by_table[edge.from].push(i);
            if edge.to != edge.from {
                by_table[edge.to].push(i);
            }
        }
        let mut schema =
            Schema { engine: ask.catalog.engine(), tables, edges, by_table, vocabulary: Vec::new() };
        schema.add_roles();
        schema.add_glossary(ask);
        schema.number_words();
        schema
    }

    /// Numbers all words, equal ones alike.
    fn number_words(&mut self) {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut all: Vec<Word> = Vec::new();
        let mut number = |word: &mut Word| {
            word.id = *known.entry(word.lemma.clone()).or_insert_with(|| {
                all.push(Word { id: all.len(), ..word.clone() });
                all.len() - 1
            });
        };
        for table in &mut self.tables {
            table.words.iter_mut().chain(table.aliases.iter_mut().flatten()).for_each(&mut number);
            for column in &mut table.columns {
                let own = column.words.iter_mut().chain(&mut column.table_words);
                own.chain(column.aliases.iter_mut().flatten()).for_each(&mut number);
            }
        }
        self.vocabulary = all;
    }

    /// The column's description.
    pub(crate) fn col(&self, id: Cid) -> &ColumnInfo<'a> {
        &self.tables[id.t].columns[id.c]
    }

    /// Names like `student_id` call the table they refer to a student.
    fn add_roles(&mut self) {
        let mut found = Vec::new();
        for edge in &self.edges {
            let [(from, _)] = edge.pairs[..] else { continue };
            let column = &self.tables[edge.from].columns[from];
            let words: Vec<Word> = column
                .table_words
                .iter()
                .chain(&column.words)
                .filter(|w| w.lemma != "id" && w.lemma != "code")
                .cloned()
                .collect();
            if words.len() == 1 && words[0].lemma.len() > 3 {
                found.push((edge.to, words));
            }
        }
        for (table, words) in found {
            let known = self.tables.iter().any(|t| t.words == words);
            if !known && !self.tables[table].aliases.contains(&words) {
                self.tables[table].aliases.push(words);
            }
        }
    }

    fn add_glossary(&mut self, ask: &Ask<'a>) {
        for term in ask.glossary.iter().take(500) {
            let Some(expression) = &term.expression else { continue };
            let words: Vec<Word> = term.term.to_lowercase().split_whitespace().map(Word::new).collect();
            let parts: Vec<&str> =
                expression.split('.').map(|p| p.trim_matches(['"', '`', '[', ']'])).collect();
            for table in &mut self.tables {
                let named = |name: &str| table.table.name.eq_ignore_ascii_case(name);
                if parts.len() == 1 && named(parts[0]) {
                    table.aliases.push(words.clone());
                }
                let [.., t, c] = parts[..] else { continue };
                if !named(t) {
                    continue;
                }
                for column in &mut table.columns {
                    if column.column.name.eq_ignore_ascii_case(c) {
                        column.aliases.push(words.clone());
                    }
                }
            }
        }
    }

    /// The column of a table that best fits one of the concept words.
    pub(crate) fn concept(&self, table: usize, concepts: &[&str]) -> Option<usize> {
        for concept in concepts {
            let word = Word::new(concept);
            let fits = |c: &ColumnInfo<'_>| {
                !c.key && c.words.iter().any(|w| w.lemma == word.lemma || w.stem == word.stem)
            };
            if let Some(found) = self.tables[table].columns.iter().position(fits) {
                return Some(found);
            }
        }
        None
    }
}
