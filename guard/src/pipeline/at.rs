//! Where in a pipeline a finding stands: `pipeline[2].$lookup.pipeline[0]`.

use crate::finding::{Code, Finding};

/// A place, linked to the place that holds it.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    parent: Option<&'a At<'a>>,
    part: Part<'a>,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Key(&'a str),
    Index(usize),
}

/// Longest key that is shown in a place; keys come from the caller.
const SHOWN: usize = 40;

impl<'a> At<'a> {
    pub(super) fn root(name: &'a str) -> At<'a> {
        At { parent: None, part: Part::Key(name) }
    }

    pub(super) fn key(&'a self, key: &'a str) -> At<'a> {
        At { parent: Some(self), part: Part::Key(key) }
    }

    pub(super) fn index(&'a self, index: usize) -> At<'a> {
        At { parent: Some(self), part: Part::Index(index) }
    }

    /// A finding about this place.
    pub(super) fn finding(&self, code: Code, message: impl Into<String>) -> Finding {
        Finding::new(code, message).subject(self.to_string())
    }

    /// A form that is not on the list.
    pub(super) fn form(&self, message: impl Into<String>) -> Finding {
        self.finding(Code::G201, message)
    }
}

impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.part {
            Part::Index(index) => write!(f, "[{index}]"),
            Part::Key(key) => {
                if self.parent.is_some() {
                    f.write_str(".")?;
                }
                f.write_str(&shown(key))
            }
        }
    }
}

/// A name as a message may show it: short, and without characters that change how text looks.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}
