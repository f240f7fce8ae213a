//! Scopes: the relations that a place in the statement can see, their columns, and what is known of each value.

use std::cell::Cell;
use std::rc::Rc;

use catalog::{Engine, ForeignKey, Sensitivity, Table, TypeClass};

use crate::policy::How;

use super::own_operators::OwnType;

/// A column of the catalog, by table and index.
#[derive(Debug, Clone, Copy)]
pub struct ColumnRef<'a> {
    /// Its table.
    pub table: &'a Table,
    /// Index in the table's columns.
    pub index: usize,
}

impl ColumnRef<'_> {
    fn key(&self) -> (usize, usize) {
        (std::ptr::from_ref(self.table) as usize, self.index)
    }
}

/// What kind of value an expression gives, beyond its class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// One value.
    #[default]
    Value,
    /// A whole row of a relation.
    Row,
}

/// What is known of a value.
#[derive(Debug, Clone, Default)]
pub struct Info<'a> {
    /// Class, where it can be told.
    pub class: Option<TypeClass>,
    /// Class of an array's elements.
    pub element: Option<TypeClass>,
    /// Catalog columns that it is made from.
    pub lineage: Vec<ColumnRef<'a>>,
    /// Strongest sensitivity of them, unless only counted.
    pub sensitivity: Option<Sensitivity>,
    /// How the policy masks what is in it, the strictest way.
    pub masked: Option<How>,
    /// Whether an aggregate is in it, here or in a sub-query that it comes from.
    pub aggregate: bool,
    /// Whether an aggregate of this very block is in it.
    pub folded: bool,
    /// Whether it can be NULL, as far as can be told.
    pub nullable: bool,
    /// One value or a row.
    pub shape: Shape,
    /// Its type, where that has operators of its own.
    pub own: Option<OwnType>,
}

impl<'a> Info<'a> {
    /// A value of a class, made from nothing.
    pub fn of(class: TypeClass) -> Info<'a> {
        Info { class: Some(class), ..Info::default() }
    }

    /// Takes over what another value brings along (not its class).
    pub fn absorb(&mut self, other: &Info<'a>) {
        for column in &other.lineage {
            if !self.lineage.iter().any(|c| c.key() == column.key()) {
                self.lineage.push(*column);
            }
        }
        self.sensitivity = stronger(self.sensitivity, other.sensitivity);
        self.masked = match (self.masked, other.masked) {
            (Some(a), Some(b)) => Some(a.stricter(b)),
            (a, b) => a.or(b),
        };
        self.aggregate |= other.aggregate;
        self.folded |= other.folded;
        self.nullable |= other.nullable;
    }

    /// The same with another class.
    pub fn with_class(mut self, class: Option<TypeClass>) -> Info<'a> {
        self.class = class;
        self.element = None;
        self.shape = Shape::Value;
        self.own = None;
        self
    }
}

/// The stronger of two reasons for care.
pub fn stronger(a: Option<Sensitivity>, b: Option<Sensitivity>) -> Option<Sensitivity> {
    let rank = |s: &Sensitivity| match s {
        Sensitivity::Secret => 10,
        Sensitivity::Card => 9,
        Sensitivity::BankAccount => 8,
        Sensitivity::NationalId => 7,
        Sensitivity::Health => 6,
        Sensitivity::BirthDate => 5,
        Sensitivity::Email => 4,
        Sensitivity::Phone => 3,
        Sensitivity::Address => 2,
        Sensitivity::PersonName => 1,
        Sensitivity::IpAddress => 0,
    };
    [a, b].into_iter().flatten().max_by_key(rank)
}

/// A column of a relation in scope.
#[derive(Debug, Clone)]
pub struct Field<'a> {
    /// Name as stored or given.
    pub name: String,
    /// Name as looked up.
    pub key: String,
    /// What is known of it.
    pub info: Info<'a>,
}

impl<'a> Field<'a> {
    /// A field by its name as stored.
    pub fn new(engine: Engine, name: &str, info: Info<'a>) -> Field<'a> {
        Field { name: name.to_owned(), key: engine.stored_key(name), info }
    }
}

/// A relation in scope.
#[derive(Debug, Default)]
pub struct Entry<'a> {
    /// Name it is called by; empty when it has none.
    pub name: String,
    /// Name as looked up.
    pub key: String,
    /// The catalog's table behind it, if any.
    pub table: Option<&'a Table>,
    /// The table's foreign keys of which the caller sees both ends.
    pub keys: Vec<&'a ForeignKey>,
    /// Whether the server sees a sub-query in the table's place.
    pub stood_in: bool,
    /// Whether `schema.table.column` may name it (a table without alias).
    pub bare: bool,
    /// How many of its columns, from the first on, the statement gives names of its own (`AS x(a, b)`).
    pub named_anew: usize,
    /// Its columns, in order, visible ones alone.
    pub fields: Vec<Field<'a>>,
    /// Columns that a wildcard does not give (`rowid`, full-text helpers).
    pub silent: Vec<Field<'a>>,
    /// Whether the table has columns that the caller may not see.
    pub cut: bool,
    /// Columns are not known (no catalog, or a function that gives what it likes).
    pub opaque: bool,
    /// A function that gives one value a row: its name is that value.
    pub scalar: bool,
    /// Whether it gives stored rows that nothing has folded or cut to a few: a sub-query's or a common table
    /// expression's count as much as a table's in a product.
    pub wide: bool,
    /// Whether it names what stands left of it.
    pub depends: bool,
    /// Whether an outer join may give a row without it: all its columns can then be NULL.
    pub outer: Cell<bool>,
}

impl<'a> Entry<'a> {
    /// The column of that key, wildcard or silent.
    pub fn field(&self, key: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|f| f.key == key).or_else(|| self.silent.iter().find(|f| f.key == key))
    }

    /// Whether it counts in a product of rows.
    pub fn is_wide(&self) -> bool {
        self.table.is_some() || self.wide
    }

    /// What is known of a field's value here.
    pub fn info(&self, field: &Field<'a>) -> Info<'a> {
        let mut info = field.info.clone();
        info.nullable |= self.outer.get();
        info
    }

    /// How many columns have that key.
    pub fn count(&self, key: &str) -> usize {
        self.fields.iter().filter(|f| f.key == key).count()
    }
}

/// A column that an unqualified name can mean, or that a wildcard gives.
#[derive(Debug, Clone)]
pub struct Slot<'a> {
    /// Name as looked up.
    pub key: String,
    /// Name as given.
    pub name: String,
    /// The relations that hold it with the index of the field: several after USING.
    pub from: Vec<(Rc<Entry<'a>>, usize)>,
}

impl<'a> Slot<'a> {
    /// What is known of its value.
    pub fn info(&self) -> Info<'a> {
        let mut all = self.from.iter().filter_map(|(e, i)| Some(e.info(e.fields.get(*i)?)));
        let Some(mut info) = all.next() else { return Info::default() };
        all.for_each(|other| info.absorb(&other));
        info
    }
}

/// What FROM offers.
#[derive(Debug, Clone, Default)]
pub struct Namespace<'a> {
    /// Relations, by name.
    pub entries: Vec<Rc<Entry<'a>>>,
    /// Columns in wildcard order.
    pub slots: Vec<Slot<'a>>,
}

impl<'a> Namespace<'a> {
    /// The namespace of one relation.
    pub fn of(mut entry: Entry<'a>) -> Namespace<'a> {
        // what a relation aggregated is a plain value outside
        entry.fields.iter_mut().for_each(|f| f.info.folded = false);
        let entry = Rc::new(entry);
        let slots = entry
            .fields
            .iter()
            .enumerate()
            .map(|(i, f)| Slot {
                key: f.key.clone(),
                name: f.name.clone(),
                from: vec![(Rc::clone(&entry), i)],
            })
            .collect();
        Namespace { entries: vec![entry], slots }
    }

    /// Adds what stands right of it.
    pub fn extend(&mut self, other: Namespace<'a>) {
        self.entries.extend(other.entries);
        self.slots.extend(other.slots);
    }

    /// Says that rows may come without what stands here.
    pub fn may_be_missing(&self) {
        self.entries.iter().for_each(|e| e.outer.set(true));
    }

    /// Whether any relation's columns are not known.
    pub fn opaque(&self) -> bool {
        self.entries.iter().any(|e| e.opaque)
    }
}

/// An output column of a SELECT that clauses beside the list can name.
#[derive(Debug, Clone)]
pub struct Output<'a> {
    /// Name as given.
    pub name: String,
    /// Name as looked up.
    pub key: String,
    /// Whether it was written as an alias.
    pub aliased: bool,
    /// What is known of it.
    pub info: Info<'a>,
}

/// One level of the scopes: a SELECT block's FROM and, where clauses may see them, its outputs.
#[derive(Debug, Default)]
pub struct Scope<'a> {
    /// FROM.
    pub names: Namespace<'a>,
    /// Outputs, once the list is resolved.
    pub outputs: Vec<Output<'a>>,
    /// Whether an unqualified name that is no column may be an output alias here (SQLite, MySQL).
    pub aliases: bool,
    /// Aliases that come before columns of that name here (HAVING on MySQL).
    pub preferred: Vec<String>,
    /// Named windows.
    pub windows: Vec<String>,
}

/// A common table expression in scope.
#[derive(Debug, Clone)]
pub struct CteEntry<'a> {
    /// Name as looked up.
    pub key: String,
    /// Name as written, folded.
    pub name: String,
    /// Its columns; `None` while they are not known yet (SQLite's forward references).
    pub fields: Option<Rc<Vec<Field<'a>>>>,
    /// Whether nothing in it ends its recursion.
    pub endless: bool,
    /// Whether it gives stored rows that nothing has folded or cut to a few.
    pub wide: bool,
}
