//! What documents were seen to hold: fields with their types and values, documents inside documents, arrays with their
//! elements. Everything is bounded: documents are written by strangers.

use std::collections::{BTreeMap, HashMap};

use bson::{Bson, RawBsonRef, RawDocument};
use connector_api::Tally;

use super::kinds::{self, Kinds};
use crate::decode;

/// Fields of one collection that are told apart, at all depths.
const FIELDS: usize = 4_000;
/// Keys of a document inside a document that are told apart; one with more is a map, and its keys are data.
const KEYS: usize = 200;
/// Keys of the documents themselves.
const ROOT_KEYS: usize = 2_000;
/// Documents inside each other that are followed.
const DEEPEST: usize = 16;
/// Elements of one array that are looked at.
const ELEMENTS: usize = 200;
/// Values kept to be looked for in other collections.
const EXAMPLES: usize = 20;

/// A bound that the fields of one collection share, and the longest value that is kept.
pub(super) struct Budget {
    left: usize,
    longest: usize,
    /// Whether values may be kept at all.
    values: bool,
}

impl Budget {
    pub(super) fn new(longest: usize, values: bool) -> Budget {
        Budget { left: FIELDS, longest, values }
    }
}

/// The fields of a document, in the order in which they were first seen.
#[derive(Default)]
pub(super) struct Fields {
    pub list: Vec<(String, Field)>,
    places: HashMap<String, usize>,
    /// How many documents there were.
    pub documents: u64,
    /// Whether some keys could not be fields: too many of them, or not to be named in a path.
    pub unnamed: bool,
}

/// One field.
#[derive(Default)]
pub(super) struct Field {
    /// How often it held something.
    pub present: u64,
    pub kinds: Kinds,
    /// What documents in it hold.
    pub inner: Fields,
    /// What arrays in it hold.
    pub elements: Option<Box<Field>>,
    /// How many elements there were in all.
    pub element_count: u64,
    pub tally: Tally,
    /// Collections that DBRefs in it name.
    pub targets: BTreeMap<String, u64>,
    /// Some of its values, to be looked for in other collections.
    pub examples: Vec<Bson>,
}

impl Fields {
    /// Looks at one document.
    pub(super) fn observe(&mut self, document: &RawDocument, depth: usize, budget: &mut Budget) {
        self.documents += 1;
        let most = if depth == 0 { ROOT_KEYS } else { KEYS };
        // what is broken from some place on is read up to there
        for (key, value) in document.iter().map_while(Result::ok) {
            let key = key.as_str();
            if !nameable(key) {
                self.unnamed = true;
                continue;
            }
            let place = match self.places.get(key) {
                Some(place) => *place,
                None if self.list.len() >= most || budget.left == 0 => {
                    self.unnamed = true;
                    continue;
                }
                None => {
                    budget.left -= 1;
                    self.places.insert(key.to_owned(), self.list.len());
                    self.list.push((key.to_owned(), Field::default()));
                    self.list.len() - 1
                }
            };
            if let Some((_, field)) = self.list.get_mut(place) {
                field.observe(value, depth, budget);
            }
        }
    }

    /// Whether the keys are data rather than names: very many of them, each in few documents.
    pub(super) fn is_map(&self) -> bool {
        let keys = self.list.len() as u64;
        let held: u64 = self.list.iter().map(|(_, field)| field.present).sum();
        keys > 50 && held * 5 < keys * self.documents
    }
}

/// Whether a key can stand in a path of a pipeline.
fn nameable(key: &str) -> bool {
    !key.is_empty() && !key.starts_with('$') && !key.contains(['.', '\0'])
}

impl Field {
    fn observe(&mut self, value: RawBsonRef<'_>, depth: usize, budget: &mut Budget) {
        if decode::is_null(value) {
            return;
        }
        self.present += 1;
        let kind = kinds::kind(value);
        *self.kinds.entry(kind).or_default() += 1;
        match value {
            RawBsonRef::Document(document) if kind == "dbRef" => {
                let target = document.get_str("$ref").unwrap_or_default();
                if self.targets.contains_key(target) || self.targets.len() < EXAMPLES {
                    *self.targets.entry(target.to_owned()).or_default() += 1;
                }
            }
            RawBsonRef::Document(document) if depth < DEEPEST => {
                self.inner.observe(document, depth + 1, budget);
            }
            RawBsonRef::Array(array) if depth < DEEPEST => {
                let elements = self.elements.get_or_insert_default();
                for element in array.into_iter().map_while(Result::ok).take(ELEMENTS) {
                    self.element_count += 1;
                    elements.observe(element, depth + 1, budget);
                }
            }
            RawBsonRef::Document(_) | RawBsonRef::Array(_) => {}
            other => self.note(other, kind, budget),
        }
    }

    /// Keeps what is said of values in figures, and some to be looked for elsewhere.
    fn note(&mut self, value: RawBsonRef<'_>, kind: &str, budget: &Budget) {
        if !budget.values {
            return;
        }
        if self.examples.len() < EXAMPLES
            && matches!(kind, "objectId" | "int" | "long" | "string" | "uuid")
            && let Ok(value) = Bson::try_from(value)
            && !self.examples.contains(&value)
            && value.as_str().is_none_or(|text| text.len() <= 200)
        {
            self.examples.push(value);
        }
        // an id says nothing to people, and bytes neither
        if matches!(kind, "objectId" | "binData" | "uuid" | "javascript" | "regex") {
            return;
        }
        if let Ok(text) = decode::text(value) {
            self.tally.value(&text, kinds::class_of(kind), budget.longest);
        }
    }
}

#[cfg(test)]
mod tests {
    use bson::{Document, RawDocumentBuf, doc};

    use super::*;

    fn seen(documents: &[Document]) -> Fields {
        let (mut fields, mut budget) = (Fields::default(), Budget::new(80, true));
        for document in documents {
            fields.observe(&RawDocumentBuf::try_from(document).unwrap(), 0, &mut budget);
        }
        fields
    }

    #[test]
    fn keys_that_are_data_make_a_map() {
        let by_day = (0..400).map(|n| (format!("day{n}"), Bson::Int32(n)));
        let documents: Vec<Document> =
            by_day.map(|(key, value)| doc! { "visits": { key: value }, "n": 1 }).collect();
        let fields = seen(&documents);
        let visits = &fields.list[0].1;
        assert!(visits.inner.is_map() && visits.inner.unnamed, "{}", visits.inner.list.len());
        assert!(!fields.is_map());
    }

    #[test]
    fn keys_that_no_path_can_name_are_noted_and_not_followed() {
        let fields = seen(&[doc! { "a.b": 1, "": 2, "$x": 3, "π 🐢": 4 }]);
        let names: Vec<&str> = fields.list.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names, fields.unnamed), (vec!["π 🐢"], true));
    }

    #[test]
    fn depth_and_number_of_fields_are_bounded() {
        let mut deep = doc! { "end": 1 };
        for _ in 0..60 {
            deep = doc! { "d": deep };
        }
        let mut wide = Document::new();
        for n in 0..10_000 {
            wide.insert(format!("k{n}"), n);
        }
        let fields = seen(&[deep, wide]);
        assert!(fields.list.len() <= ROOT_KEYS && fields.unnamed);
    }
}
