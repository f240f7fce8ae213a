//! SQL Server's own calls and results: what comes out of them.

use catalog::TypeClass;

use super::scope::{Info, Output};
use super::{Resolver, types};
use crate::tree::{ForOutput, TypedCall};

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
