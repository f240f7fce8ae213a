//! Where a running statement writes its answer, and how it is told to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::InterruptHandle;
use tokio::sync::mpsc;

use crate::database::locked;
use crate::faults::Gate;
use crate::wire::bytes::Out;

/// Bytes that are collected before they are handed over.
const CHUNK: usize = 16 * 1024;

/// What a running statement hands to its connection.
pub(crate) enum Chunk {
    Bytes(Vec<u8>),
    /// To be sent at once, though no packet is full.
    Push(Vec<u8>),
    /// The connection ends here, without a word.
    Cut,
}

/// The statement has to stop: nobody waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stopped;

/// Tells a statement to stop, from another thread.
#[derive(Default)]
pub(crate) struct Cancel {
    cancelled: AtomicBool,
    gate: Mutex<Option<Arc<Gate>>>,
}

impl Cancel {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Stops what runs; `lite` is the connection that it runs on.
    pub(crate) fn cancel(&self, lite: &InterruptHandle) {
        self.cancelled.store(true, Ordering::SeqCst);
        lite.interrupt();
        if let Some(gate) = &*locked(&self.gate) {
            gate.give_up();
        }
    }

    fn wait_at(&self, gate: &Arc<Gate>) -> bool {
        *locked(&self.gate) = Some(Arc::clone(gate));
        let passed = !self.is_cancelled() && gate.pass();
        *locked(&self.gate) = None;
        passed
    }
}

/// The answer being written.
pub(crate) struct Sink {
    pub(crate) out: Out,
    chunks: mpsc::Sender<Chunk>,
    pub(crate) cancel: Arc<Cancel>,
}

impl Sink {
    pub(crate) fn new(chunks: mpsc::Sender<Chunk>, cancel: Arc<Cancel>) -> Self {
        Sink { out: Out::default(), chunks, cancel }
    }

    /// Hands over what is written, if it is much.
    pub(crate) fn flush_if_full(&mut self) -> Result<(), Stopped> {
        if self.out.0.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    /// Hands over what is written.
    pub(crate) fn flush(&mut self) -> Result<(), Stopped> {
        if self.cancel.is_cancelled() {
            return Err(Stopped);
        }
        if self.out.0.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.out.0);
        self.chunks.blocking_send(Chunk::Bytes(bytes)).map_err(|_| Stopped)
    }

    /// Hands over what is written, to be sent at once.
    fn push(&mut self) -> Result<(), Stopped> {
        if self.cancel.is_cancelled() {
            return Err(Stopped);
        }
        let bytes = std::mem::take(&mut self.out.0);
        self.chunks.blocking_send(Chunk::Push(bytes)).map_err(|_| Stopped)
    }

    /// Hands over what is written and ends the connection.
    pub(crate) fn cut(&mut self) -> Stopped {
        if self.push().is_ok() {
            // nobody there is as good as cut
            let _ = self.chunks.blocking_send(Chunk::Cut);
        }
        Stopped
    }

    /// Waits at a gate, with everything before it sent.
    pub(crate) fn wait_at(&mut self, gate: &Arc<Gate>) -> Result<(), Stopped> {
        self.push()?;
        if self.cancel.wait_at(gate) { Ok(()) } else { Err(Stopped) }
    }
}
