//! Frames of MongoDB's wire protocol: OP_MSG with document sequences, and the old OP_QUERY that some handshakes use.

use std::io::{Error, ErrorKind, Result};

use bson::RawDocumentBuf;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes of one message at the most.
pub const LARGEST: usize = 48_000_000;

const OP_REPLY: i32 = 1;
const OP_QUERY: i32 = 2004;
const OP_MSG: i32 = 2013;

const CHECKSUM: u32 = 1;
const MORE_TO_COME: u32 = 1 << 1;

/// One command as it came in.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its number, which the answer names.
    pub id: i32,
    /// The command.
    pub command: RawDocumentBuf,
    /// Documents beside it: the argument's name and the documents, one after the other.
    pub sequences: Vec<(String, Vec<u8>)>,
    /// Whether nobody waits for an answer.
    pub silent: bool,
    /// Whether it came as OP_QUERY, and wants OP_REPLY.
    pub old: bool,
}

/// The next command, or `None` when the connection has ended.
///
/// # Errors
/// When the connection breaks or what comes is no message.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<Request>> {
    let mut head = [0; 16];
    match stream.read_exact(&mut head).await {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut head = Bytes(&head);
    let length = usize::try_from(head.i32()?).ok().filter(|n| (16..=LARGEST).contains(n));
    let length = length.ok_or_else(|| malformed("a message's length"))?;
    let (id, _, code) = (head.i32()?, head.i32()?, head.i32()?);
    let mut body = vec![0; length - 16];
    stream.read_exact(&mut body).await?;
    match code {
        OP_MSG => message(id, Bytes(&body)).map(Some),
        OP_QUERY => query(id, Bytes(&body)).map(Some),
        _ => Err(malformed("an operation that is not known")),
    }
}

/// Sends an answer: the bytes of one document.
///
/// # Errors
/// When the connection breaks.
pub async fn answer(
    stream: &mut (impl AsyncWrite + Unpin),
    id: i32,
    request: &Request,
    body: &[u8],
) -> Result<()> {
    let mut frame = Vec::with_capacity(body.len() + 40);
    let code = if request.old { OP_REPLY } else { OP_MSG };
    for number in [0, id, request.id, code] {
        frame.extend(number.to_le_bytes());
    }
    if request.old {
        // flags, cursor, first of the documents, how many
        frame.extend(8_i32.to_le_bytes());
        frame.extend(0_i64.to_le_bytes());
        frame.extend(0_i32.to_le_bytes());
        frame.extend(1_i32.to_le_bytes());
    } else {
        frame.extend(0_u32.to_le_bytes());
        frame.push(0);
    }
    frame.extend(body);
    let length = i32::try_from(frame.len()).map_err(|_| malformed("an answer's length"))?;
    if let Some(place) = frame.get_mut(..4) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    stream.write_all(&frame).await?;
    stream.flush().await
}

fn message(id: i32, mut bytes: Bytes<'_>) -> Result<Request> {
    let flags = u32::from_le_bytes(bytes.i32()?.to_le_bytes());
    if flags & CHECKSUM != 0 {
        let end = bytes.0.len().checked_sub(4).ok_or_else(|| malformed("a checksum"))?;
        bytes = Bytes(bytes.0.get(..end).unwrap_or_default());
    }
    let (mut command, mut sequences) = (None, Vec::new());
    while !bytes.0.is_empty() {
        match bytes.take(1)?.first() {
            Some(0) => command = Some(bytes.document()?),
            Some(1) => {
                let size = bytes.i32()?;
                let rest = usize::try_from(size).ok().and_then(|n| n.checked_sub(4));
                let mut part = Bytes(bytes.take(rest.ok_or_else(|| malformed("a sequence"))?)?);
                let name = part.text()?;
                sequences.push((name, part.0.to_vec()));
            }
            _ => return Err(malformed("a section that is not known")),
        }
    }
    let command = command.ok_or_else(|| malformed("a message without a command"))?;
    Ok(Request { id, command, sequences, silent: flags & MORE_TO_COME != 0, old: false })
}

fn query(id: i32, mut bytes: Bytes<'_>) -> Result<Request> {
    bytes.i32()?;
    let name = bytes.text()?;
    if !name.ends_with(".$cmd") {
        return Err(malformed("an old query that is no command"));
    }
    bytes.take(8)?;
    let command = bytes.document()?;
    Ok(Request { id, command, sequences: Vec::new(), silent: false, old: true })
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("malformed: {what}"))
}

/// What is left to read of a message.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| malformed("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn i32(&mut self) -> Result<i32> {
        let bytes = self.take(4)?.try_into().map_err(|_| malformed("a number"))?;
        Ok(i32::from_le_bytes(bytes))
    }

    fn text(&mut self) -> Result<String> {
        let end = self.0.iter().position(|b| *b == 0).ok_or_else(|| malformed("a text without end"))?;
        let text = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(text)
    }

    fn document(&mut self) -> Result<RawDocumentBuf> {
        let length = Bytes(self.0).i32()?;
        let length = usize::try_from(length).map_err(|_| malformed("a document's length"))?;
        let bytes = self.take(length)?.to_vec();
        RawDocumentBuf::from_bytes(bytes).map_err(|_| malformed("a document"))
    }
}
