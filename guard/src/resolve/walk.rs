//! SEARCH and CYCLE: the columns that they add to a recursive common table expression.

use catalog::TypeClass;

use super::nearest::nearest;
use super::scope::{Field, Info};
use super::{Resolver, unknown};
use crate::finding::{Code, Finding};
use crate::tree::{Cte, Cycle, Ident, Search, Walk};

impl<'a> Resolver<'a, '_> {
    /// Adds them after the expression's own. Its recursive part does not see them.
    pub(super) fn walked(&mut self, cte: &mut Cte, fields: &mut Vec<Field<'a>>) {
        let Walk { search, cycle } = &mut cte.walk;
        let own = fields.clone();
        if let Some(Search { breadth, by, column }) = search {
            let class = (!*breadth).then_some(TypeClass::Array);
            let info = self.reached_by(by, &own);
            self.add_walked(column, info.with_class(class), fields);
        }
        if let Some(Cycle { by, mark, values, path }) = cycle {
            let info = self.reached_by(by, &own);
            let class = match values {
                None => Some(TypeClass::Boolean),
                Some((marked, other)) => {
                    let (marked, other) = (self.value(marked), self.value(other));
                    super::types::widest(marked.class, other.class)
                }
            };
            self.add_walked(mark, info.clone().with_class(class), fields);
            self.add_walked(path, info.with_class(Some(TypeClass::Array)), fields);
        }
    }

    /// What the new columns are made from: the values of those that are named.
    fn reached_by(&mut self, by: &mut [Ident], own: &[Field<'a>]) -> Info<'a> {
        let mut info = Info::default();
        let opaque = own.iter().any(|f| f.key == "*");
        for column in by {
            let key = self.key(column);
            match own.iter().find(|f| f.key == key) {
                Some(field) => {
                    self.read_columns(&field.info, column.span);
                    self.refuse_misread(&[&field.info]);
                    Self::pin(column, &field.name);
                    info.absorb(&field.info);
                }
                None if opaque => self.pin_new(column),
                None => {
                    let near = nearest(&column.value, own.iter().map(|f| f.name.as_str()));
                    let message = format!("the recursion has no column {}", column.value);
                    self.refuse(unknown(Code::G101, message, &column.value, column.span, near));
                }
            }
        }
        Info { nullable: false, ..info }
    }

    fn add_walked(&mut self, column: &mut Ident, info: Info<'a>, fields: &mut Vec<Field<'a>>) {
        self.pin_new(column);
        let field = Field::new(self.engine, &column.value, info);
        if fields.iter().any(|f| f.key == field.key) {
            let message = format!("the recursion has a column {} already", column.value);
            self.refuse(Finding::new(Code::G102, message).at(column.span).subject(&column.value));
        }
        fields.push(field);
    }
}
