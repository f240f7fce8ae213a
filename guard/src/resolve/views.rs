//! Views: a view exists for a caller only when its text reads nothing that the caller may not read.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use catalog::{Catalog, Column, Engine, ForeignKey, Table, TableKind};

use crate::measure::Size;
use crate::policy::Policy;
use crate::tree::Query;

use super::scope::Info;
use super::visible::Visibility;
use super::{Outer, Resolver};

/// Views over views are followed this deep.
const DEEPEST: usize = 8;

/// A view whose text the caller may read.
pub(crate) struct View<'a> {
    /// What its columns are made from, in order.
    pub(crate) columns: Vec<Info<'a>>,
    /// Its checked query where the server's own reading would give more than the caller may see.
    pub(crate) altered: Option<Query>,
}

/// A judged view, or nothing when it may not be read.
type Judged<'a> = Option<Rc<View<'a>>>;

/// Decides which relations and columns exist for the caller; remembers views it has judged.
pub(crate) struct Readable<'a, 'r> {
    catalog: &'a Catalog,
    policy: &'r Policy,
    visibility: Visibility,
    judged: RefCell<HashMap<usize, Judged<'a>>>,
    depth: RefCell<usize>,
    filters: RefCell<HashMap<usize, super::stand_in::Filter>>,
    /// Room that the trees of altered views may add to a statement.
    room: Cell<Size>,
}

impl<'a, 'r> Readable<'a, 'r> {
    pub(crate) fn new(catalog: &'a Catalog, policy: &'r Policy) -> Self {
        Readable {
            catalog,
            policy,
            visibility: Visibility::new(policy),
            judged: RefCell::default(),
            depth: RefCell::default(),
            filters: RefCell::default(),
            room: Cell::default(),
        }
    }

    /// The policy's globs.
    pub(crate) fn visibility(&self) -> &Visibility {
        &self.visibility
    }

    /// What `:name` of a row filter stands for; nothing: there is no such name.
    pub(super) fn of_caller(&self, name: &str) -> Option<Option<&str>> {
        self.policy.caller.get(name).map(Option::as_deref)
    }

    /// Names that row filters may use.
    pub(super) fn caller_names(&self) -> String {
        let names: Vec<String> = self.policy.caller.keys().map(|name| format!(":{name}")).collect();
        names.join(", ")
    }

    /// How much deeper than its text a statement may have become.
    pub(crate) fn room(&self) -> Size {
        self.room.get()
    }

    /// Whether both ends of a foreign key exist for the caller.
    pub(crate) fn shows_key(&self, table: &Table, key: &ForeignKey) -> bool {
        !self.policy.restricts() || super::visible::shows_key(self.catalog, &self.visibility, table, key)
    }

    /// Whether the relation is a view that the server may not run as it is.
    pub(crate) fn altered_view(&self, table: &'a Table) -> bool {
        self.policy.rewrites()
            && !self.visibility.view_allowed(table)
            && self.view(table).is_some_and(|v| v.altered.is_some())
    }

    /// The conditions of a table's rows, put together by `make` the first time.
    pub(super) fn filter(
        &self,
        table: &Table,
        make: impl FnOnce() -> super::stand_in::Filter,
    ) -> super::stand_in::Filter {
        let id = std::ptr::from_ref(table) as usize;
        if let Some(known) = self.filters.borrow().get(&id) {
            return known.clone();
        }
        let made = make();
        self.filters.borrow_mut().insert(id, made.clone());
        made
    }

    /// Whether the relation exists for the caller.
    pub(crate) fn readable(&self, table: &'a Table) -> bool {
        if !self.visibility.table(self.catalog.engine(), table) {
            return false;
        }
        if self.visibility.view_allowed(table) {
            return true;
        }
        match table.kind {
            TableKind::View | TableKind::MaterializedView => self.view(table).is_some(),
            // a search finds by columns that are not shown, and its index may be over another table
            TableKind::Virtual => !self.policy.rewrites(),
            TableKind::Table | TableKind::Partitioned | TableKind::Foreign | TableKind::Collection => true,
        }
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

    fn judge(&self, table: &'a Table) -> Option<View<'a>> {
        let text = select_of(table.view_text.as_deref()?)?;
        if *self.depth.borrow() >= DEEPEST {
            return None;
        }
        let source = crate::parse::read(text, self.catalog.engine(), self.policy).ok()?;
        let size = source.size;
        crate::stack::with_room(size, || {
            let mut query = crate::parse::parse(source).ok()?;
            *self.depth.borrow_mut() += 1;
            let mut resolver = Resolver::new(self.catalog, self.policy, self);
            resolver.in_view = true;
            let outputs = resolver.query(&mut query, &Outer::Inner);
            *self.depth.borrow_mut() -= 1;
            let (wanted, given) = (table.columns.len(), outputs.len());
            let sound = resolver.findings.is_empty() && given >= wanted;
            // rows that are stored already are as they were made; a view put in place must name every column
            // and names that no schema qualifies could mean something else there
            let placeable = table.kind == TableKind::View && given == wanted && !table.schema.is_empty();
            let fits = !resolver.altered || placeable;
            if !sound || !fits {
                return None;
            }
            if resolver.altered {
                self.room.set(self.room.get().and(size));
            }
            let altered = resolver.altered.then_some(query);
            Some(View { columns: outputs.into_iter().map(|o| o.info).collect(), altered })
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
