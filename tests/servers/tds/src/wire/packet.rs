//! Packets: reading them into messages, splitting answers by the negotiated size. Both can be given up in the middle of
//! an await and taken up again, because a running statement has to listen while it answers.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes of a packet's header.
const HEADER: usize = 8;
/// The longest message that is read.
const MAX_MESSAGE: usize = 64 << 20;

/// Kinds of packets.
pub(crate) mod kind {
    pub(crate) const BATCH: u8 = 0x01;
    pub(crate) const RPC: u8 = 0x03;
    pub(crate) const ANSWER: u8 = 0x04;
    pub(crate) const ATTENTION: u8 = 0x06;
    pub(crate) const TRANSACTION: u8 = 0x0e;
    pub(crate) const LOGIN: u8 = 0x10;
    pub(crate) const PRELOGIN: u8 = 0x12;
}

/// A whole message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) kind: u8,
    pub(crate) data: Vec<u8>,
}

/// Reads packets and puts them together.
pub(crate) struct Reader<R> {
    io: R,
    buffer: Vec<u8>,
    started: Option<Message>,
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_owned())
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(crate) fn new(io: R) -> Self {
        Reader { io, buffer: Vec::new(), started: None }
    }

    pub(crate) fn into_inner(self) -> R {
        self.io
    }

    /// The next message; `None` at the end of the connection.
    pub(crate) async fn message(&mut self) -> Result<Option<Message>> {
        loop {
            if let Some(message) = self.assembled()? {
                return Ok(Some(message));
            }
            let mut chunk = [0; 8192];
            let read = self.io.read(&mut chunk).await?;
            if read == 0 {
                let whole = self.buffer.is_empty() && self.started.is_none();
                return if whole { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
            self.buffer.extend(chunk.iter().take(read));
        }
    }

    /// Takes whole packets out of what has come; a message when its last packet is there.
    fn assembled(&mut self) -> Result<Option<Message>> {
        while let Some(&[kind, status, high, low, _, _, _, _]) = self.buffer.first_chunk::<HEADER>() {
            let length = usize::from(u16::from_be_bytes([high, low]));
            if length < HEADER {
                return Err(malformed("a packet shorter than its header"));
            }
            if self.buffer.len() < length {
                return Ok(None);
            }
            let message = self.started.get_or_insert(Message { kind, data: Vec::new() });
            if message.kind != kind {
                return Err(malformed("a packet of another kind in the middle of a message"));
            }
            if message.data.len() + length > MAX_MESSAGE {
                return Err(malformed("a message that is too long"));
            }
            message.data.extend(self.buffer.drain(..length).skip(HEADER));
            if status & 1 == 1 {
                return Ok(self.started.take());
            }
        }
        Ok(None)
    }
}

/// Splits a message into packets and sends them.
pub(crate) struct Writer<W> {
    io: W,
    size: usize,
    kind: u8,
    number: u8,
    session: u16,
    body: Vec<u8>,
    packets: Vec<u8>,
    sent: usize,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    pub(crate) fn new(io: W, size: usize, session: u16) -> Self {
        let (body, packets) = (Vec::new(), Vec::new());
        Writer { io, size, kind: kind::ANSWER, number: 0, session, body, packets, sent: 0 }
    }

    pub(crate) fn into_inner(self) -> W {
        self.io
    }

    /// Bytes of later packets, header included.
    pub(crate) fn set_size(&mut self, size: usize) {
        self.size = size;
    }

    /// Adds to the message; full packets are ready to be sent.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.body.extend_from_slice(bytes);
        let room = self.size - HEADER;
        while self.body.len() > room {
            let part: Vec<u8> = self.body.drain(..room).collect();
            self.packet(&part, 0);
        }
    }

    /// Makes what there is of the message ready to be sent, though its packet is not full.
    pub(crate) fn push(&mut self) {
        let part = std::mem::take(&mut self.body);
        if !part.is_empty() {
            self.packet(&part, 0);
        }
    }

    /// Ends the message.
    pub(crate) fn end(&mut self) {
        let part = std::mem::take(&mut self.body);
        self.packet(&part, 1);
        self.number = 0;
    }

    fn packet(&mut self, part: &[u8], status: u8) {
        self.number = self.number.wrapping_add(1);
        self.packets.extend([self.kind, status]);
        self.packets.extend(((part.len() + HEADER) as u16).to_be_bytes());
        self.packets.extend(self.session.to_be_bytes());
        self.packets.extend([self.number, 0]);
        self.packets.extend_from_slice(part);
    }

    /// Sends what is ready. What was sent before it was given up is not sent again.
    pub(crate) async fn send(&mut self) -> Result<()> {
        while let Some(waiting) = self.packets.get(self.sent..).filter(|w| !w.is_empty()) {
            self.sent += match self.io.write(waiting).await? {
                0 => return Err(ErrorKind::WriteZero.into()),
                sent => sent,
            };
        }
        self.packets.clear();
        self.sent = 0;
        self.io.flush().await
    }
}
