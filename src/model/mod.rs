//! The words that everything in the daemon shares: keys, time, pages and records. No I/O.

mod chats;
pub mod clock;
pub mod ids;
pub mod jobs;
pub mod knowledge;
mod options;
pub mod page;
mod quotas;
pub mod records;
mod review;
mod states;
pub mod understanding;

pub use chats::*;
pub use ids::{Id, new_id};
pub use jobs::*;
pub use knowledge::{EvaluationCase, GlossaryTerm, Impact, Notification};
pub use options::ConnectionOptions;
pub use page::{Cursor, Page, PageRequest};
pub use quotas::{Quota, QuotaUse};
pub use records::*;
pub use review::*;
pub use states::*;
pub use understanding::{Annotation, Coverage, Relationship, Share};
