//! Views: a view exists for a caller only when its text reads nothing that the caller may not read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use catalog::{Catalog, Column, Engine, Table, TableKind};

use crate::policy::Policy;

use super::scope::Info;
use super::visible::Visibility;
use super::{Outer, Resolver};

/// Views over views are followed this deep.
const DEEPEST: usize = 8;

/// What is known of a view's columns: in order, or nothing when it may not be read.
type Judged<'a> = Option<Rc<Vec<Info<'a>>>>;

/// Decides which relations and columns exist for the caller; remembers views it has judged.
pub(crate) struct Readable<'a, 'r> {
    catalog: &'a Catalog,
    policy: &'r Policy,
    visibility: Visibility,
    judged: RefCell<HashMap<usize, Judged<'a>>>,
    depth: RefCell<usize>,
}

impl<'a, 'r> Readable<'a, 'r> {
    pub(crate) fn new(catalog: &'a Catalog, policy: &'r Policy) -> Self {
        Readable {
            catalog,
            policy,
            visibility: Visibility::new(policy),
            judged: RefCell::default(),
            depth: RefCell::default(),
        }
    }

    /// Whether the relation exists for the caller.
    pub(crate) fn readable(&self, table: &'a Table) -> bool {
        if !self.visibility.table(self.catalog.engine(), table) {
            return false;
        }
        !is_view(table) || self.visibility.view_allowed(table) || self.view(table).is_some()
    }

    /// Whether the column exists for the caller.
    pub(crate) fn column(&self, table: &Table, column: &Column) -> bool {
        self.visibility.column(table, column)
    }

    /// What a view's columns are made from, when its text may be read.
    pub(crate) fn view(&self, table: &'a Table) -> Judged<'a> {
        if !is_view(table) {
            return None;
        }
        let id = std::ptr::from_ref(table) as usize;
        if let Some(judged) = self.judged.borrow().get(&id) {
            return judged.clone();
        }
        // a view that reads itself finds this entry and ends there
        self.judged.borrow_mut().insert(id, None);
        let judged = self.judge(table).map(Rc::new);
        self.judged.borrow_mut().insert(id, judged.clone());
        judged
    }

    fn judge(&self, table: &'a Table) -> Option<Vec<Info<'a>>> {
        let text = select_of(table.view_text.as_deref()?)?;
        if *self.depth.borrow() >= DEEPEST {
            return None;
        }
        let source = crate::parse::read(text, self.catalog.engine(), self.policy).ok()?;
        crate::stack::with_room(source.size, || {
            let mut query = crate::parse::parse(source).ok()?;
            *self.depth.borrow_mut() += 1;
            let mut resolver = Resolver::new(self.catalog, self.policy, self);
            resolver.in_view = true;
            let outputs = resolver.query(&mut query, &Outer::Inner);
            *self.depth.borrow_mut() -= 1;
            let sound = resolver.findings.is_empty() && outputs.len() >= table.columns.len();
            sound.then(|| outputs.into_iter().map(|o| o.info).collect())
        })
    }
}

fn is_view(table: &Table) -> bool {
    matches!(table.kind, TableKind::View | TableKind::MaterializedView)
}

/// The query in a view's text: all of it, or what follows `CREATE VIEW name [(columns)] AS`.
fn select_of(text: &str) -> Option<&str> {
    let text = text.trim().trim_end_matches(';').trim_end();
    let first: String = text.chars().take_while(|c| c.is_alphabetic()).collect();
    if !first.eq_ignore_ascii_case("create") {
        return Some(text);
    }
    let bytes = text.as_bytes();
    let mut quote: Option<u8> = None;
    let mut i = 0;
    while i < bytes.len() {
        let byte = bytes[i];
        match quote {
            Some(end) => {
                if byte == end {
                    quote = None;
                }
            }
            None => match byte {
                b'"' | b'`' | b'\'' => quote = Some(byte),
                b'[' => quote = Some(b']'),
                b'a' | b'A' if is_as(bytes, i) => return text.get(i + 2..),
                _ => {}
            },
        }
        i += 1;
    }
    None
}

fn is_as(bytes: &[u8], i: usize) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80;
    let before = i == 0 || bytes.get(i - 1).is_none_or(|b| !word(*b));
    let s = bytes.get(i + 1).is_some_and(|b| b.eq_ignore_ascii_case(&b's'));
    before && s && bytes.get(i + 2).is_none_or(|b| !word(*b))
}

/// Schema that unqualified names of an engine fall into, for texts that leave it out.
pub(super) fn leaves_schema_out(engine: Engine, schema: &str) -> bool {
    engine == Engine::Sqlite && schema.eq_ignore_ascii_case("main")
}
