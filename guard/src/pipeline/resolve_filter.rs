//! Filters in scope: every field that is tested must be known.

use crate::finding::Code;

use super::at::At;
use super::resolve::{Resolver, Scope};
use super::tree::{Condition, ElemMatch, Filter, Path, Test};

impl Resolver<'_> {
    /// A filter over documents; `first` says whether it is the first stage, where an index of texts may be used.
    pub(super) fn filter(&mut self, filter: &Filter, scope: &Scope, first: bool, at: &At<'_>) {
        for condition in &filter.0 {
            self.condition(condition, scope, first, false, at);
        }
    }

    fn condition(&mut self, condition: &Condition, scope: &Scope, first: bool, inside: bool, at: &At<'_>) {
        match condition {
            Condition::Logical(_, arms) => {
                for inner in arms.iter().flat_map(|arm| &arm.0) {
                    self.condition(inner, scope, false, inside, at);
                }
            }
            Condition::Expr(_) | Condition::SampleRate(_) | Condition::Text(..) if inside => {
                self.once(at.form("An element is tested by its own fields and values only."));
            }
            Condition::Expr(test) => drop(self.eval(test, scope, &at.key("$expr"))),
            Condition::SampleRate(_) => {}
            Condition::Text(..) if !first => {
                self.once(
                    at.finding(Code::G400, "A search in texts is not the first thing that is done.")
                        .hint("Put it into the first stage, on a collection whose fields may all be read."),
                );
            }
            Condition::Text(..) => {}
            Condition::Equals(path, _) => self.known(path, scope, at),
            Condition::Tests(path, tests) => {
                self.known(path, scope, at);
                self.tests(path, tests, scope, at);
            }
        }
    }

    fn tests(&mut self, path: &Path, tests: &[Test], scope: &Scope, at: &At<'_>) {
        for test in tests {
            match test {
                Test::Not(inner) => self.tests(path, inner, scope, at),
                Test::ElemMatch(inner) => self.element(path, inner, scope, at),
                Test::AllElements(items) => items.iter().for_each(|i| self.element(path, i, scope, at)),
                Test::Compare(..)
                | Test::List(..)
                | Test::Exists(_)
                | Test::Type(_)
                | Test::Regex(..)
                | Test::Size(_)
                | Test::Mod(..)
                | Test::Bits(..)
                | Test::Geo(..) => {}
            }
        }
    }

    fn element(&mut self, path: &Path, wanted: &ElemMatch, scope: &Scope, at: &At<'_>) {
        match wanted {
            ElemMatch::Tests(tests) => self.tests(path, tests, scope, at),
            ElemMatch::Fields(filter) => {
                let Some(found) = scope.document.find(path) else { return };
                let inner = Scope { document: found.element(), ..scope.clone() };
                for condition in &filter.0 {
                    self.condition(condition, &inner, false, true, at);
                }
            }
        }
    }
}
