//! SQL Server's own calls and results: what comes out of them.

use catalog::{Engine, TypeClass};

use super::scope::{Info, Output};
use super::{Resolver, types};
use crate::tree::{ForOutput, Ident, ObjectName, TypedCall};

impl<'a> Resolver<'a, '_> {
    /// A call with a word or a type among its arguments.
    pub(super) fn typed_call(&mut self, call: &mut TypedCall) -> Info<'a> {
        let name = call.name().to_owned();
        self.check_forbidden(&name, crate::tree::Span::default());
        self.called(&name);
        let mut info = Info::default();
        let mut last = None;
        for part in call.parts_mut() {
            let part = self.value(part);
            last = part.class.or(last);
            info.absorb(&part);
        }
        let class = match call {
            TypedCall::Convert { to, expr: _, style: _, attempt: _ } => types::of_name(self.engine, to).0,
            TypedCall::DatePart { function, part: _, args: _ } => match function.as_str() {
                "datediff" | "datediff_big" | "datepart" => Some(TypeClass::Integer),
                "datename" => Some(TypeClass::Text),
                "dateadd" | "datetrunc" => last.or(Some(TypeClass::Timestamp)),
                _ => Some(TypeClass::Timestamp),
            },
            TypedCall::Xml { method, expr: _, args: _ } => match method.as_str() {
                "query" => Some(TypeClass::Xml),
                "exist" => Some(TypeClass::Boolean),
                _ => None,
            },
        };
        info.nullable = true;
        info.with_class(class)
    }

    /// `shop.dbo.t` in the database shop is `dbo.t`; another database's stays as it is and is found nowhere.
    pub(super) fn leave_database_out(&self, name: &mut ObjectName, parts: usize) {
        let own = self.catalog.snapshot().database.as_str();
        let here = |first: &Ident| !own.is_empty() && self.key(first) == self.engine.stored_key(own);
        if self.engine == Engine::Mssql && name.0.len() == parts && name.0.first().is_some_and(here) {
            name.0.remove(0);
        }
    }

    /// Whether a name leads out of the database.
    pub(super) fn elsewhere(&self, name: &ObjectName) -> bool {
        self.engine == Engine::Mssql && name.0.len() > 2
    }

    /// FOR JSON and FOR XML: one text made of all columns.
    pub(super) fn as_text(&self, output: &ForOutput, outputs: &[Output<'a>]) -> Vec<Output<'a>> {
        let (name, class) = match output {
            ForOutput::Json { .. } => ("JSON", TypeClass::Json),
            ForOutput::Xml { .. } => ("XML", TypeClass::Xml),
        };
        let mut info = Info::of(class);
        outputs.iter().for_each(|o| info.absorb(&o.info));
        info.folded = false;
        vec![Output { name: name.to_owned(), key: name.to_lowercase(), aliased: false, info }]
    }
}
