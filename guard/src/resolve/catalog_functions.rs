//! Functions that the catalog shows: those of vetted extensions, and users' own that the policy names.

use catalog::Routine;

use crate::functions::Function;
use crate::tree::{Call, Ident};

use super::Resolver;

impl Resolver<'_, '_> {
    /// A vetted extension's function, pinned to its schema. Every overload there must be one that only a superuser
    /// can have made: brought by an extension of a superuser's, or written in C. With one that anybody may have
    /// made beside it, the arguments could choose that one. False: there is none such.
    pub(super) fn extension(
        &mut self,
        call: &mut Call,
        schema: Option<&str>,
        function: &'static Function,
    ) -> bool {
        let mut schemas: Vec<&str> = Vec::new();
        let routines = &self.catalog.snapshot().routines;
        let named = routines.iter().filter(|r| r.name == function.name);
        for routine in named.clone().filter(|r| schema.is_none_or(|s| s == r.schema)) {
            if !schemas.contains(&routine.schema.as_str()) {
                schemas.push(&routine.schema);
            }
        }
        let vouched = |s: &&&str| named.clone().filter(|r| r.schema == **s).all(vouched_for);
        let Some(home) = schemas.iter().find(vouched).map(|s| (*s).to_owned()) else { return false };
        self.check_forbidden(function.name, call.name.span());
        self.called(function.name);
        pin(call, Some(&home), function.name);
        true
    }

    /// A user's function that the policy names; pinned to its schema. An entry with argument types allows that
    /// overload: the call is refused when another one in the schema takes as many arguments.
    pub(super) fn allowed_by_policy(&mut self, call: &mut Call, schema: Option<&str>, name: &str) -> bool {
        let snapshot = self.catalog.snapshot();
        let engine = self.engine;
        let overloads = |home: &str| -> Vec<&Routine> {
            let same = |r: &&Routine| engine.stored_key(&r.name) == name && r.schema == home;
            snapshot.routines.iter().filter(same).collect()
        };
        let schema = match schema {
            Some(schema) => Some(schema.to_owned()),
            None => snapshot.search_path.iter().find(|s| !overloads(s).is_empty()).cloned(),
        };
        let entries: Vec<Entry<'_>> = self.policy.allowed_functions.iter().map(|e| Entry::read(e)).collect();
        let names = |entry: &&Entry<'_>| {
            let home = entry.schema.is_none_or(|s| {
                schema.as_deref().is_some_and(|of| engine.stored_key(of) == engine.stored_key(s))
            });
            home && engine.stored_key(entry.name) == name
        };
        let entries: Vec<&Entry<'_>> = entries.iter().filter(names).collect();
        let any_overload = entries.iter().any(|entry| entry.types.is_none());
        if !any_overload {
            let callable: Vec<&Routine> = schema.as_deref().map(overloads).unwrap_or_default();
            let mut callable = callable.into_iter().filter(|r| takes(r, call.args.len())).peekable();
            let known = callable.peek().is_some();
            if !known || !callable.all(|r| entries.iter().any(|entry| entry.is_for(r))) {
                return false;
            }
        }
        let full = match &schema {
            Some(schema) => format!("{schema}.{name}"),
            None => name.to_owned(),
        };
        pin(call, schema.as_deref(), name);
        self.called(&full);
        true
    }
}

fn pin(call: &mut Call, schema: Option<&str>, name: &str) {
    let span = call.name.span();
    let part = |value: &str| Ident { value: value.to_owned(), quoted: true, span };
    call.name.0 = schema.map(part).into_iter().chain([part(name)]).collect();
}

fn vouched_for(routine: &Routine) -> bool {
    routine.extension.is_some() || routine.language.as_deref().is_some_and(|l| l.eq_ignore_ascii_case("c"))
}

/// An entry of the policy: `name`, `schema.name`, or `schema.name(type, type)`.
struct Entry<'p> {
    schema: Option<&'p str>,
    name: &'p str,
    types: Option<Vec<String>>,
}

impl<'p> Entry<'p> {
    fn read(text: &'p str) -> Entry<'p> {
        let (path, types) = match text.split_once('(') {
            // without its bracket the entry is no signature; it then names nothing
            Some((path, rest)) => (path, Some(split(rest.trim_end().strip_suffix(')').unwrap_or("?")))),
            None => (text, None),
        };
        match path.trim().split_once('.') {
            Some((schema, name)) => Entry { schema: Some(schema), name, types },
            None => Entry { schema: None, name: path.trim(), types },
        }
    }

    /// Whether the argument types are those of the routine.
    fn is_for(&self, routine: &Routine) -> bool {
        let Some(types) = &self.types else { return true };
        let own = arguments(routine);
        own.len() == types.len() && own.iter().zip(types).all(|(own, asked)| own.is_of(asked))
    }
}

/// An argument as the engine writes it: `name type`, or the type alone.
struct Argument {
    text: String,
    optional: bool,
    variadic: bool,
}

impl Argument {
    fn read(text: &str) -> Option<Argument> {
        let lower = text.to_lowercase();
        let default = [" default ", " = "].iter().filter_map(|word| lower.find(word)).min();
        let mut text = &text[..default.unwrap_or(text.len())];
        let mut variadic = false;
        if let Some((mode, rest)) = text.split_once(' ') {
            match mode.to_lowercase().as_str() {
                "out" | "table" => return None,
                "in" | "inout" => text = rest,
                "variadic" => (text, variadic) = (rest, true),
                _ => {}
            }
        }
        Some(Argument { text: tidy(text), optional: default.is_some(), variadic })
    }

    /// Types have names of several words, so the whole text and what stands behind a first word are tried.
    fn is_of(&self, asked: &str) -> bool {
        self.text == asked || self.text.split_once(' ').is_some_and(|(_, ty)| ty == asked)
    }
}

fn arguments(routine: &Routine) -> Vec<Argument> {
    split(&routine.arguments).iter().filter_map(|text| Argument::read(text)).collect()
}

fn takes(routine: &Routine, count: usize) -> bool {
    let own = arguments(routine);
    let fewest = own.iter().filter(|a| !a.optional && !a.variadic).count();
    count >= fewest && (count <= own.len() || own.iter().any(|a| a.variadic))
}

/// Splits at commas outside of brackets and quotes.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted) = (vec![String::new()], 0usize, false);
    for c in text.chars() {
        match c {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c == ',' && depth == 0 && !quoted {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    let parts: Vec<String> = parts.iter().map(|part| tidy(part)).collect();
    if parts.len() == 1 && parts.iter().all(String::is_empty) { Vec::new() } else { parts }
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
