//! What the catalog queries answered, handed over while later queries are still on their way: one task asks, a thread of
//! its own puts the answers together in the order in which they come.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use connector_api::{ConnectorError, ErrorKind};
use tokio::sync::mpsc;

use super::raw::Answer;

/// Rows of the statistics that are handed over at a time.
pub(super) const PIECE: usize = 4_096;
/// Pieces of them that wait.
const WAITING: usize = 4;

/// An answer that may still be on its way; nothing in it when it will not come.
#[derive(Default)]
pub(super) struct Later(OnceLock<Option<Answer>>);

impl Later {
    /// Waits for the answer.
    pub(super) fn get(&self) -> Result<&Answer, ConnectorError> {
        self.0.wait().as_ref().ok_or_else(abandoned)
    }

    /// Hands the answer over.
    pub(super) fn set(&self, answer: Answer) {
        let _ = self.0.set(Some(answer));
    }
}

/// All answers.
pub(super) struct Answers {
    pub search_path: Vec<String>,
    pub server: Later,
    pub schemas: Later,
    pub members: Later,
    pub relations: Later,
    pub views: Later,
    pub columns: Later,
    pub defaults: Later,
    pub comments: Later,
    pub types: Later,
    pub enums: Later,
    pub constraints: Later,
    pub indexes: Later,
    pub methods: Later,
    pub partitions: Later,
    pub routines: Later,
    statistics: Mutex<mpsc::Receiver<Answer>>,
}

impl Answers {
    /// Answers of which none is there yet, and where the statistics go.
    pub(super) fn awaited(search_path: Vec<String>) -> (Arc<Answers>, mpsc::Sender<Answer>) {
        let (sender, statistics) = mpsc::channel(WAITING);
        let answers = Answers {
            search_path,
            server: Later::default(),
            schemas: Later::default(),
            members: Later::default(),
            relations: Later::default(),
            views: Later::default(),
            columns: Later::default(),
            defaults: Later::default(),
            comments: Later::default(),
            types: Later::default(),
            enums: Later::default(),
            constraints: Later::default(),
            indexes: Later::default(),
            methods: Later::default(),
            partitions: Later::default(),
            routines: Later::default(),
            statistics: Mutex::new(statistics),
        };
        (Arc::new(answers), sender)
    }

    /// The next rows of the statistics; `None` when these were all.
    pub(super) fn next_statistics(&self) -> Option<Answer> {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
    }

    fn all(&self) -> [&Later; 15] {
        [
            &self.server,
            &self.schemas,
            &self.members,
            &self.relations,
            &self.views,
            &self.columns,
            &self.defaults,
            &self.comments,
            &self.types,
            &self.enums,
            &self.constraints,
            &self.indexes,
            &self.methods,
            &self.partitions,
            &self.routines,
        ]
    }
}

/// Ends the waiting for answers when the task that asks ends, however it ends.
pub(super) struct Asking(pub Arc<Answers>);

impl Drop for Asking {
    fn drop(&mut self) {
        for later in self.0.all() {
            // those that came stay
            let _ = later.0.set(None);
        }
    }
}

fn abandoned() -> ConnectorError {
    ConnectorError::new(ErrorKind::Cancelled, "the crawl ended before the catalog was read")
}
