//! Calls: each function is judged, its arguments counted, and its result told.

use catalog::{Engine, TypeClass};

use crate::finding::{Code, Finding};
use crate::functions::{self, Function, Judgement, Kind, ResultClass};
use crate::tree::{Arg, Call, Ident, Over};

use super::nearest::nearest;
use super::scope::{Info, Shape};
use super::{Resolver, types, unknown};

/// Functions that may be handed a whole row: they are polymorphic, so no overload for a table's type is nearer.
const TAKE_ROWS: [&str; 11] = [
    "count",
    "row_to_json",
    "to_json",
    "to_jsonb",
    "json_agg",
    "jsonb_agg",
    "json_build_array",
    "jsonb_build_array",
    "json_build_object",
    "jsonb_build_object",
    "num_nulls",
];

/// Built-ins that are aggregates only with one argument on SQLite.
const SCALAR_WITH_SEVERAL: [&str; 2] = ["min", "max"];

impl<'a> Resolver<'a, '_> {
    /// A call as a value.
    pub(super) fn call_value(&mut self, call: &mut Call) -> Info<'a> {
        let (info, function) = self.call(call);
        if let Some(function) = function
            && function.kind == Kind::Table
            && self.engine != Engine::Postgres
        {
            let message = format!("{} gives rows: it can only stand in FROM", function.name);
            self.refuse(Finding::new(Code::G302, message).at(call.name.span()).subject(function.name));
        }
        info
    }

    /// A call in FROM.
    pub(super) fn call_in_from(&mut self, call: &mut Call) -> (Info<'a>, Option<&'static Function>) {
        self.call(call)
    }

    fn call(&mut self, call: &mut Call) -> (Info<'a>, Option<&'static Function>) {
        let function = self.judge(call);
        let aggregate = function.is_some_and(|f| f.kind == Kind::Aggregate);
        let preferred = if aggregate { self.prefer(Vec::new()) } else { Vec::new() };
        let args = self.arguments(call, function);
        if aggregate {
            self.prefer(preferred);
        }
        if let Some(function) = function {
            self.check_shape(call, function);
            let nested = args.iter().any(|a| a.folded);
            if nested && call.over.is_none() && self.is_aggregate(call, function) {
                let message = format!("{} aggregates what is already aggregated", function.name);
                self.refuse(
                    Finding::new(Code::G310, message)
                        .at(call.name.span())
                        .subject(function.name)
                        .hint("aggregate in a sub-query first"),
                );
            }
        }
        super::bounds::check(call, self.engine).into_iter().for_each(|f| self.refuse(f));
        let mut sorted = Info::default();
        for item in call.order_by.iter_mut().chain(&mut call.within_group) {
            let part = self.value(&mut item.expr);
            sorted.class = sorted.class.or(part.class);
            sorted.absorb(&part);
        }
        if let Some(filter) = &mut call.filter {
            self.value(filter);
        }
        let windowed = call.over.is_some();
        if windowed && self.in_filter {
            self.refuse(Finding::new(Code::G400, "a filter is no place for windows").at(call.name.span()));
        }
        match &mut call.over {
            Some(Over::Name(name)) => self.named_window(name),
            Some(Over::Spec(spec)) => {
                self.window(spec);
            }
            None => {}
        }
        let Some(function) = function else {
            let mut info = Info { nullable: true, ..Info::default() };
            args.iter().for_each(|a| info.absorb(a));
            return (info, None);
        };
        (self.result(call, function, &args, &sorted, windowed), Some(function))
    }

    fn arguments(&mut self, call: &mut Call, function: Option<&Function>) -> Vec<Info<'a>> {
        let rows_pass = function.is_some_and(|f| TAKE_ROWS.contains(&f.name) && !self.has_overload(f.name));
        let mut infos = Vec::with_capacity(call.args.len());
        for Arg { name, value, variadic: _ } in &mut call.args {
            if let Some(name) = name {
                self.pin_new(name);
            }
            let info = self.expr(value);
            if info.shape == Shape::Row && !rows_pass {
                self.refuse_row(value);
            }
            infos.push(info);
        }
        infos
    }

    fn has_overload(&self, name: &str) -> bool {
        self.catalog.snapshot().routines.iter().any(|r| r.name == name)
    }

    /// Finds the function, rewrites its name, and refuses what may not be called.
    fn judge(&mut self, call: &mut Call) -> Option<&'static Function> {
        let (schema, name) = match call.name.0.as_slice() {
            [name] => (None, name.clone()),
            [schema, name] => (Some(self.key(schema)), name.clone()),
            _ => {
                self.unknown_function(call);
                return None;
            }
        };
        let mut key = self.key(&name);
        // names of collections heed case, those of functions do not
        if self.engine == Engine::Mongodb && !name.quoted {
            key = key.to_lowercase();
        }
        let built_in =
            schema.is_none() || self.engine == Engine::Postgres && schema.as_deref() == Some("pg_catalog");
        // in brackets a name is a user's on SQL Server
        let built_in = built_in && !(self.engine == Engine::Mssql && name.quoted);
        let pinned = schema.as_deref().filter(|_| !built_in);
        let judgement = match functions::of(self.engine).judge(&key) {
            // its overloads are looked at one by one
            judgement @ Judgement::Allowed(Function { kind: Kind::Extension, .. }) => judgement,
            Judgement::Allowed(_) if self.routine_called(&key) => Judgement::Unknown,
            judgement if built_in => judgement,
            _ => Judgement::Unknown,
        };
        match judgement {
            Judgement::Allowed(function) if function.kind == Kind::Extension => {
                if self.extension(call, pinned, function) {
                    return Some(function);
                }
                // a user's function may bear the same name
                if !self.allowed_by_policy(call, pinned, &key) {
                    self.unknown_function(call);
                }
                None
            }
            Judgement::Allowed(function)
                if function.kind == Kind::Word && (schema.is_some() || name.quoted) =>
            {
                self.unknown_function(call);
                None
            }
            Judgement::Allowed(function) => {
                self.check_forbidden(function.name, call.name.span());
                self.called(function.name);
                let span = name.span;
                call.name.0 = vec![Ident { value: function.name.to_owned(), quoted: false, span }];
                Some(function)
            }
            Judgement::Refused(reason) => {
                let message = format!("the function {} is refused: it {reason}", name.value);
                self.refuse(
                    Finding::new(Code::G301, message)
                        .at(call.name.span())
                        .subject(&name.value)
                        .hint("leave the call out"),
                );
                None
            }
            Judgement::Unknown => {
                if !self.allowed_by_policy(call, schema.as_deref(), &key) {
                    self.unknown_function(call);
                }
                None
            }
        }
    }

    /// Refuses a built-in that this connection's policy forbids.
    pub(super) fn check_forbidden(&mut self, name: &str, span: crate::tree::Span) {
        let globs = &self.policy.forbidden_functions;
        if globs.iter().any(|g| super::visible::glob(&g.to_lowercase(), name)) {
            let message = format!("the function {name} is not allowed on this connection");
            self.refuse(Finding::new(Code::G400, message).at(span).subject(name));
        }
    }

    pub(super) fn unknown_function(&mut self, call: &Call) {
        let written: Vec<&str> = call.name.0.iter().map(|p| p.value.as_str()).collect();
        let written = written.join(".");
        let last = call.name.last().map(|i| i.value.clone()).unwrap_or_default();
        let near = nearest(&last, functions::of(self.engine).names());
        let message = format!("there is no function {written} on the list");
        self.refuse(unknown(Code::G300, message, &written, call.name.span(), near));
    }

    /// Number of arguments, and the clauses that only aggregates and windows take.
    fn check_shape(&mut self, call: &Call, function: &Function) {
        let count = call.args.len();
        // unnest of several arrays is for FROM alone and has no overload to call
        let most = if function.name == "unnest" { None } else { function.max_args };
        let enough = count >= function.min_args || call.star && counts(function.name);
        if !enough || most.is_some_and(|most| count > most) {
            let wanted = match (function.min_args, function.max_args) {
                (min, Some(max)) if min == max => format!("{min}"),
                (min, Some(max)) => format!("{min} to {max}"),
                (min, None) => format!("at least {min}"),
            };
            let message = format!("{} takes {wanted} arguments, not {count}", function.name);
            self.refuse(Finding::new(Code::G302, message).at(call.name.span()).subject(function.name));
        }
        let aggregate = self.is_aggregate(call, function);
        let window = function.kind == Kind::Window;
        let over = call.over.is_some();
        let complaint = if window && !over && call.within_group.is_empty() {
            Some("needs OVER (...)")
        } else if over && !aggregate && !window {
            Some("cannot take OVER")
        } else if !aggregate && (call.distinct || call.filter.is_some() || !call.order_by.is_empty()) {
            Some("is no aggregate and takes no DISTINCT, FILTER or ORDER BY")
        } else if call.star && !counts(function.name) {
            Some("does not take *")
        } else {
            None
        };
        // SQLite and PostgreSQL let windows take FILTER only when they are aggregates
        if let Some(complaint) = complaint {
            let message = format!("{} {complaint}", function.name);
            self.refuse(Finding::new(Code::G302, message).at(call.name.span()).subject(function.name));
        }
    }

    fn is_aggregate(&self, call: &Call, function: &Function) -> bool {
        let scalar = self.engine == Engine::Sqlite
            && call.args.len() > 1
            && SCALAR_WITH_SEVERAL.contains(&function.name);
        let hypothetical = function.kind == Kind::Window && !call.within_group.is_empty();
        (function.kind == Kind::Aggregate || hypothetical) && !scalar
    }

    fn result(
        &self,
        call: &Call,
        function: &Function,
        args: &[Info<'a>],
        sorted: &Info<'a>,
        windowed: bool,
    ) -> Info<'a> {
        let mut info = Info::default();
        args.iter().for_each(|a| info.absorb(a));
        if !call.within_group.is_empty() {
            info.absorb(sorted);
        }
        let class_of = |i: usize| args.get(i).and_then(|a| a.class);
        let first = class_of(0);
        let (class, element) = match function.result {
            ResultClass::Is(class) => (Some(class), None),
            ResultClass::Argument(_)
                if matches!(function.name, "coalesce" | "greatest" | "least" | "ifnull") =>
            {
                (
                    args.iter().fold(None, |c, a| types::widest(c, a.class)),
                    args.first().and_then(|a| a.element),
                )
            }
            ResultClass::Argument(0) if function.name == "generate_series" => {
                (types::widest(first, class_of(2).filter(|c| *c != TypeClass::Interval)), None)
            }
            ResultClass::Argument(i) => (class_of(i), args.get(i).and_then(|a| a.element)),
            ResultClass::Element => (args.first().and_then(|a| a.element), None),
            ResultClass::ArrayOf => (Some(TypeClass::Array), first),
            ResultClass::Sum => (first, None),
            ResultClass::Average => match first {
                Some(TypeClass::Float | TypeClass::Interval) => (first, None),
                _ => (Some(TypeClass::Decimal), None),
            },
            ResultClass::Ordered => (sorted.class, None),
            ResultClass::Unknown => (None, None),
        };
        if counts(function.name) {
            info.sensitivity = None;
        }
        let aggregate = self.is_aggregate(call, function) && !windowed;
        let mut info = info.with_class(class);
        info.element = element;
        info.aggregate |= aggregate;
        // a window over aggregates of its block is itself one value of the group
        info.folded |= aggregate;
        info.nullable = !counts(function.name);
        info
    }
}

/// Whether it counts rows: it takes `*` and tells nothing of the values.
fn counts(name: &str) -> bool {
    matches!(name, "count" | "count_big")
}
