//! What every connector offers: one trait, parameters as data, limits, errors, and the contract suite they all pass.

mod caps;
#[cfg(feature = "contract")]
pub mod contract;
mod error;
#[cfg(feature = "layers")]
pub mod layers;
mod limits;
mod params;
mod reach;
mod server;
mod tally;
pub mod task;
pub mod text;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use catalog::Snapshot;
use futures::stream::BoxStream;
use guard::ReadOnly;
use guard::pipeline::ReadPipeline;

pub use caps::{batch_bytes, enforce, timed_out};
pub use error::{ConnectorError, ErrorKind};
pub use limits::Limits;
pub use params::{ConnectorInfo, Param, ParamKind, Params};
pub use reach::{Place, Reach};
pub use server::{CrawlOptions, Estimate, Privileges, Progress, ServerInfo};
pub use tally::Tally;

/// A connection to one external database.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Connects, reads the session's settings back, and says what is there. Used when a connection is registered.
    async fn test(&self) -> Result<ServerInfo, ConnectorError>;

    /// Reads the catalog in a constant number of set-based queries.
    async fn introspect(
        &self,
        options: &CrawlOptions,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Snapshot, ConnectorError>;

    /// What the server expects the statement to cost.
    async fn explain(&self, statement: &ReadOnly) -> Result<Estimate, ConnectorError>;

    /// Runs a checked statement. Dropping the stream cancels it on the server.
    async fn query(&self, statement: &ReadOnly, limits: &Limits) -> Result<ResultStream, ConnectorError>;

    /// Runs a checked pipeline, on engines that have them. Dropping the stream cancels it on the server.
    async fn aggregate(
        &self,
        pipeline: &ReadPipeline,
        limits: &Limits,
    ) -> Result<ResultStream, ConnectorError> {
        let _ = (pipeline, limits);
        Err(ConnectorError::new(ErrorKind::Statement, "the engine has no pipelines").hint("ask in SQL"))
    }
}

/// One piece of a result, or what ended it.
pub type Batch = Result<RecordBatch, ConnectorError>;

/// A running result: its schema, then batches.
pub struct ResultStream {
    /// The columns.
    pub schema: SchemaRef,
    /// Record batches of that schema, a few thousand rows each. Ends with [`ErrorKind::RowCap`] or
    /// [`ErrorKind::ByteCap`] when a cap of [`Limits`] cut it short: a cut is never silent.
    pub batches: BoxStream<'static, Batch>,
}
