//! Connections: encryption, login, and requests, each of which can be interrupted while it answers.

use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;

use rusqlite::InterruptHandle;
use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::error::SqlError;
use crate::server::{Counts, Shared, Tls};
use crate::session::{Request, Session};
use crate::sink::{Cancel, Chunk, Sink, Stopped};
use crate::tls;
use crate::wire::bytes::{In, Out, utf16};
use crate::wire::calls;
use crate::wire::login::{self, Login};
use crate::wire::packet::{Message, Reader, Writer, kind};
use crate::wire::prelogin::{self, encryption};
use crate::wire::token::{Change, End, done};

/// Packet size before one is agreed on.
const PACKET: usize = 4096;
/// Parts of an answer that may wait for being sent.
const CHUNKS: usize = 4;
/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;

/// A stream of bytes that may be encrypted.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Takes connections until it is stopped.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        // what a client did wrong ends its connection and nothing else
        connections.spawn(async move {
            let _ = serve(stream, shared).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_owned())
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first == [HANDSHAKE] {
        if shared.options.tls == Tls::Off {
            return Err(malformed("a TLS handshake"));
        }
        let stream = tls::accept_strict(stream, shared.certificates.strict()).await?;
        let (stream, _) = greet(stream, &shared, true).await?;
        return Connection::new(stream, shared).run().await;
    }
    let (stream, agreed) = greet(stream, &shared, false).await?;
    match agreed {
        encryption::NOT_SUPPORTED => Connection::new(stream, shared).run().await,
        encryption::LOGIN_ONLY => {
            let encrypted = tls::accept(stream, shared.certificates.wrapped()).await?;
            let mut reader = Reader::new(encrypted);
            let message = reader.message().await?.ok_or_else(|| malformed("no login"))?;
            let stream = tls::plain(reader.into_inner());
            Connection::new(stream, shared).run_from(message).await
        }
        _ => {
            let encrypted = tls::accept(stream, shared.certificates.wrapped()).await?;
            Connection::new(encrypted, shared).run().await
        }
    }
}

/// Answers PRELOGIN; gives the stream back and how it is encrypted from here on.
async fn greet<S: Stream>(stream: S, shared: &Shared, strict: bool) -> Result<(S, u8)> {
    let mut reader = Reader::new(stream);
    let message = reader.message().await?.ok_or_else(|| malformed("nothing was sent"))?;
    if message.kind != kind::PRELOGIN {
        return Err(malformed("the first message is no PRELOGIN"));
    }
    let asked = prelogin::read(&message.data).ok_or_else(|| malformed("PRELOGIN"))?;
    let tls = shared.options.tls;
    let agreed = prelogin::negotiate(asked.encryption, tls != Tls::Off, tls == Tls::Required || strict);
    let mut writer = Writer::new(reader.into_inner(), PACKET, 0);
    writer.put(&prelogin::answer(version(&shared.options.version), agreed));
    writer.end();
    writer.send().await?;
    if agreed == encryption::REQUIRED && asked.encryption == encryption::NOT_SUPPORTED && !strict {
        return Err(malformed("the client cannot encrypt"));
    }
    Ok((writer.into_inner(), agreed))
}

/// Major, minor and build of a version's text.
fn version(text: &str) -> [u8; 4] {
    let mut parts = text.split('.').map(|p| p.parse::<u16>().unwrap_or(0));
    let (major, minor, build) =
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0).to_be_bytes());
    let [high, low] = build;
    [major as u8, minor as u8, high, low]
}

/// A connection that is ready for its login.
struct Connection<S> {
    reader: Reader<ReadHalf<S>>,
    writer: Writer<WriteHalf<S>>,
    shared: Arc<Shared>,
    session: u16,
}

/// Counts a logged-in session for as long as it lives.
struct Counted(Arc<Shared>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.counts.send_modify(|c| c.sessions -= 1);
    }
}

impl<S: Stream> Connection<S> {
    fn new(stream: S, shared: Arc<Shared>) -> Self {
        let (read, write) = split(stream);
        let session = shared.next_session();
        Connection { reader: Reader::new(read), writer: Writer::new(write, PACKET, session), shared, session }
    }

    async fn run(mut self) -> Result<()> {
        let message = self.reader.message().await?.ok_or_else(|| malformed("no login"))?;
        self.run_from(message).await
    }

    async fn run_from(mut self, message: Message) -> Result<()> {
        let login = (message.kind == kind::LOGIN).then(|| login::read(&message.data)).flatten();
        let login = login.ok_or_else(|| malformed("LOGIN7"))?;
        let Some(session) = self.log_in(&login).await? else { return Ok(()) };
        self.shared.counts.send_modify(|c| c.sessions += 1);
        let _counted = Counted(Arc::clone(&self.shared));
        let mut session = Box::new(session);
        while let Some(message) = self.reader.message().await? {
            let Some(request) = request(&message) else {
                match message.kind {
                    kind::ATTENTION => self.acknowledge().await?,
                    kind::BATCH | kind::RPC | kind::TRANSACTION => self.refuse().await?,
                    _ => return Err(malformed("a message of an unknown kind")),
                }
                continue;
            };
            match self.carry_out(session, request).await? {
                Some(same) => session = same,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    async fn answer(&mut self, out: Out) -> Result<()> {
        self.writer.put(&out.0);
        self.writer.end();
        self.writer.send().await
    }

    /// Checks a login and answers it; `None` when it was refused.
    async fn log_in(&mut self, login: &Login) -> Result<Option<Session>> {
        let mut out = Out::default();
        let database = if login.database.is_empty() { "master" } else { &login.database };
        let opened = match self.shared.access.log_in(&login.user, &login.password) {
            Some(name) => {
                self.shared.session(&name, database, (&login.host, &login.application), self.session)
            }
            None => Err(SqlError::new(18_456, format!("Login failed for user '{}'.", login.user)).class(14)),
        };
        let session = match opened {
            Ok(session) => session,
            Err(error) => {
                out.message(&error, "querent-test");
                if error.number == 4060 {
                    let failed =
                        SqlError::new(18_456, format!("Login failed for user '{}'.", login.user)).class(14);
                    out.message(&failed, "querent-test");
                }
                out.done(End::Statement, done::ERROR, None);
                self.answer(out).await?;
                return Ok(None);
            }
        };
        let server = &session.context.server;
        let named = &session.context.database;
        let size = login.packet_size.clamp(512, 32_767);
        out.change(&Change::Database(named, "master"));
        let said = format!("Changed database context to '{named}'.");
        out.message(&SqlError::new(5701, said).class(0).state(2), server);
        out.change(&Change::Collation);
        out.change(&Change::Language("us_english"));
        out.message(&SqlError::new(5703, "Changed language setting to us_english.").class(0), server);
        out.login_ack(version(&self.shared.options.version));
        out.change(&Change::PacketSize(size, PACKET as u32));
        if login.extended {
            out.no_features();
        }
        out.done(End::Statement, done::FINAL, None);
        self.answer(out).await?;
        self.writer.set_size(size as usize);
        Ok(Some(session))
    }

    /// An attention that came when nothing ran.
    async fn acknowledge(&mut self) -> Result<()> {
        let mut out = Out::default();
        out.done(End::Statement, done::ATTENTION, None);
        self.answer(out).await
    }

    /// A request that could not be read.
    async fn refuse(&mut self) -> Result<()> {
        let mut out = Out::default();
        let said =
            "The incoming tabular data stream (TDS) protocol stream is incorrect. The stream is malformed.";
        out.message(&SqlError::new(4002, said).class(16), "querent-test");
        out.done(End::Statement, done::ERROR, None);
        self.answer(out).await
    }

    /// Carries out a request on a thread of its own and sends what it writes, while listening for an attention. Gives
    /// the session back, or nothing when the connection is over.
    async fn carry_out(
        &mut self,
        mut session: Box<Session>,
        request: Request,
    ) -> Result<Option<Box<Session>>> {
        let (chunks, mut given) = mpsc::channel(CHUNKS);
        let cancel = Arc::new(Cancel::default());
        let interrupt = session.stoppable(&cancel).map_err(|e| Error::other(e.message))?;
        // a server that ends lets nothing run on
        let stop = Stop { cancel: Arc::clone(&cancel), interrupt };
        let mut running = Running::begin(&self.shared);
        let mut sink = Sink::new(chunks, Arc::clone(&cancel));
        let work = tokio::task::spawn_blocking(move || {
            let ended = session.run(request, &mut sink);
            (session, ended)
        });
        let mut attention = false;
        let mut over = Ok(());
        loop {
            tokio::select! {
                chunk = given.recv() => match chunk {
                    Some(chunk @ (Chunk::Bytes(_) | Chunk::Push(_))) => {
                        self.take(chunk);
                        // sending waits for the client, which may send an attention instead of reading
                        match self.send_or_stop().await {
                            Ok(false) => continue,
                            Ok(true) => attention = true,
                            Err(error) => over = Err(error),
                        }
                        stop.now();
                        break;
                    }
                    Some(Chunk::Cut) => {
                        over = Err(ErrorKind::ConnectionAborted.into());
                        break;
                    }
                    None => break,
                },
                message = self.reader.message() => {
                    match message {
                        Ok(Some(message)) if message.kind == kind::ATTENTION => attention = true,
                        Ok(Some(_)) => over = Err(malformed("a request while another runs")),
                        Ok(None) => over = Err(ErrorKind::UnexpectedEof.into()),
                        Err(error) => over = Err(error),
                    }
                    stop.now();
                    break;
                }
            }
        }
        // what was written after a stop is of no use to anybody
        given.close();
        while given.recv().await.is_some() {}
        let (session, ended) = work.await.map_err(|_| Error::other("the statement panicked"))?;
        running.end(attention || (over.is_err() && ended == Err(Stopped)));
        over?;
        if attention {
            let mut out = Out::default();
            out.done(End::Statement, done::ATTENTION, None);
            self.writer.put(&out.0);
        }
        self.writer.end();
        self.send_all().await?;
        Ok(Some(session))
    }

    fn take(&mut self, chunk: Chunk) {
        match chunk {
            Chunk::Bytes(bytes) => self.writer.put(&bytes),
            Chunk::Push(bytes) => {
                self.writer.put(&bytes);
                self.writer.push();
            }
            Chunk::Cut => {}
        }
    }

    /// Sends what is ready; gives true when an attention came meanwhile.
    async fn send_or_stop(&mut self) -> Result<bool> {
        tokio::select! {
            sent = self.writer.send() => sent.map(|()| false),
            message = self.reader.message() => match message? {
                Some(message) if message.kind == kind::ATTENTION => Ok(true),
                Some(_) => Err(malformed("a request while another runs")),
                None => Err(ErrorKind::UnexpectedEof.into()),
            },
        }
    }

    /// Sends the end of an answer. An attention that comes too late for its statement is still answered.
    async fn send_all(&mut self) -> Result<()> {
        while self.send_or_stop().await? {
            let mut out = Out::default();
            out.done(End::Statement, done::ATTENTION, None);
            self.writer.put(&out.0);
            self.writer.end();
        }
        Ok(())
    }
}

/// Stops a running statement, at the latest when this is dropped.
struct Stop {
    cancel: Arc<Cancel>,
    interrupt: InterruptHandle,
}

impl Stop {
    fn now(&self) {
        self.cancel.cancel(&self.interrupt);
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.now();
    }
}

/// Counts a request while it runs.
struct Running(Option<Arc<Shared>>);

impl Running {
    fn begin(shared: &Arc<Shared>) -> Self {
        shared.counts.send_modify(|c| *c = Counts { running: c.running + 1, started: c.started + 1, ..*c });
        Running(Some(Arc::clone(shared)))
    }

    fn end(&mut self, interrupted: bool) {
        if let Some(shared) = self.0.take() {
            shared.counts.send_modify(|c| {
                c.running -= 1;
                c.interrupted += u64::from(interrupted);
            });
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end(true);
    }
}

/// What a message asks for; `None` when it cannot be read.
fn request(message: &Message) -> Option<Request> {
    match message.kind {
        kind::BATCH => {
            let mut data = In::new(&message.data);
            data.skip_headers()?;
            utf16(data.rest()).map(Request::Batch)
        }
        kind::RPC => calls::read(&message.data).map(Request::Call),
        kind::TRANSACTION => transaction(&message.data),
        _ => None,
    }
}

/// Requests of the transaction manager: begin, commit, rollback.
fn transaction(data: &[u8]) -> Option<Request> {
    let mut data = In::new(data);
    data.skip_headers()?;
    let text = match data.u16()? {
        5 => "BEGIN TRANSACTION",
        7 => "COMMIT TRANSACTION",
        8 => "ROLLBACK TRANSACTION",
        _ => return None,
    };
    Some(Request::Batch(text.to_owned()))
}
