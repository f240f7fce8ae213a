//! The daemon's HTTP surface.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::app::App;
use crate::error::Result;

/// Serves until the process is told to stop. `ready` hears of the address once it is bound.
///
/// # Errors
/// When the address cannot be bound.
pub async fn serve(_app: Arc<App>, _listen: SocketAddr, _ready: impl FnOnce(SocketAddr)) -> Result<()> {
    Ok(())
}
