//! What is known of a database beyond its own catalog: what people say of it, and references that nobody declared.

use catalog::Sensitivity;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::states::RelationshipState;

/// What people say of a table or a column. Kept over crawls, and over renames that a crawl noticed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Annotation {
    /// Key.
    pub id: Uuid,
    /// Connection.
    pub connection_id: Uuid,
    /// Schema of the table.
    pub schema: String,
    /// Table.
    pub table: String,
    /// Column; null: it is about the table.
    pub column: Option<String>,
    /// What it holds, in words.
    pub description: Option<String>,
    /// What makes the values sensitive; null: as crawls find it.
    #[schema(value_type = Option<String>, example = "email")]
    pub sensitivity: Option<Tag>,
    /// Whether stored values are kept, searched and shown to models.
    pub values: bool,
    /// Made at.
    pub created_at: Timestamp,
    /// Made by.
    pub created_by: Option<String>,
    /// Changed at.
    pub updated_at: Timestamp,
    /// Changed by.
    pub updated_by: Option<String>,
}

/// A person's word on what makes values sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// Nothing does, whatever a crawl finds.
    None,
    /// This does.
    Is(Sensitivity),
}

impl Tag {
    /// The word under which it is stored and shown.
    pub fn word(self) -> String {
        let Tag::Is(sensitivity) = self else { return "none".to_owned() };
        match serde_json::to_value(sensitivity) {
            Ok(serde_json::Value::String(word)) => word,
            Ok(_) | Err(_) => String::new(),
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Tag> {
        if word == "none" {
            return Some(Tag::None);
        }
        serde_json::from_value(serde_json::Value::String(word.to_owned())).ok().map(Tag::Is)
    }
}

impl Serialize for Tag {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.word())
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Tag, D::Error> {
        let word = String::deserialize(deserializer)?;
        Tag::parse(&word).ok_or_else(|| serde::de::Error::custom(format!("there is no tag {word:?}; {TAGS}")))
    }
}

/// The words of [`Tag`], for messages.
pub const TAGS: &str = "use none, email, phone, person_name, address, birth_date, national_id, card, bank_account, \
                        ip_address, secret or health";

/// A reference that nobody declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Relationship {
    /// Key.
    pub id: Uuid,
    /// Connection.
    pub connection_id: Uuid,
    /// Schema of the referring table.
    pub from_schema: String,
    /// Referring table.
    pub from_table: String,
    /// Referring columns.
    pub from_columns: Vec<String>,
    /// Schema of the table referred to.
    pub to_schema: String,
    /// Table referred to.
    pub to_table: String,
    /// Columns referred to, paired with `from_columns`.
    pub to_columns: Vec<String>,
    /// What people think of it.
    pub state: RelationshipState,
    /// How sure the conclusion is, 0 to 0.95: a declared key would be 1.
    pub score: f64,
    /// Reasons, one sentence each.
    pub evidence: Vec<String>,
    /// First proposed at.
    pub created_at: Timestamp,
    /// Changed at.
    pub updated_at: Timestamp,
    /// Approved or rejected at.
    pub decided_at: Option<Timestamp>,
    /// Approved or rejected by.
    pub decided_by: Option<String>,
}

impl Relationship {
    /// `schema.table (column) -> schema.table (column)`, for people.
    pub fn line(&self) -> String {
        let side = |schema: &str, table: &str, columns: &[String]| {
            let dot = if schema.is_empty() { "" } else { "." };
            format!("{schema}{dot}{table} ({})", columns.join(", "))
        };
        let from = side(&self.from_schema, &self.from_table, &self.from_columns);
        format!("{from} -> {}", side(&self.to_schema, &self.to_table, &self.to_columns))
    }
}

/// How much of a schema version is described.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// Tables and views.
    pub tables: Share,
    /// Columns.
    pub columns: Share,
    /// Both together, 0 to 1.
    pub share: f64,
    /// Tables that neither a comment nor a description speaks of, the largest first, 50 at the most.
    pub undescribed: Vec<String>,
}

/// A part of a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Share {
    /// With a comment in the database, or a description by a person.
    pub described: u64,
    /// All.
    pub all: u64,
}
