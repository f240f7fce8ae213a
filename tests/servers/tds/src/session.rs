//! A session: who is logged in, what is set, and the carrying out of batches and calls.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, InterruptHandle};

use crate::database::Database;
use crate::error::{Result, SqlError};
use crate::faults::{Fault, Kind};
use crate::functions_of_session;
use crate::server::Shared;
use crate::settings::Settings;
use crate::sink::{Cancel, Sink, Stopped};
use crate::sql::split::{Piece, statements};
use crate::types::Ty;
use crate::wire::calls::Call;
use crate::wire::token::{Change, End, done};

/// What expressions may ask about the session.
pub(crate) struct Context {
    pub(crate) shared: Arc<Shared>,
    pub(crate) database: String,
    pub(crate) login: String,
    /// The login's user in the database.
    pub(crate) user: String,
    pub(crate) host: String,
    pub(crate) application: String,
    pub(crate) server: String,
    pub(crate) version: String,
    pub(crate) spid: u16,
    pub(crate) transactions: u32,
    pub(crate) rows: u64,
    pub(crate) last_error: i32,
    pub(crate) settings: Settings,
    pub(crate) identity_insert: bool,
    /// Values of parameters and variables, by name.
    pub(crate) values: HashMap<String, Value>,
}

impl Context {
    pub(crate) fn version_text(&self) -> String {
        format!("Microsoft SQL Server compatible test server - {} (X64) - not SQL Server", self.version)
    }

    pub(crate) fn database_id(&self) -> i64 {
        self.shared.database_id(&self.database).unwrap_or(0)
    }

    pub(crate) fn principal_id(&self) -> i32 {
        self.shared.access.principal_id(&self.database, &self.user)
    }

    /// What the session may do to a class of things: `SERVER` or `DATABASE`.
    pub(crate) fn permissions(&self, class: &str) -> Vec<String> {
        self.shared.access.permissions(self, class)
    }
}

/// What a client asks for.
pub(crate) enum Request {
    Batch(String),
    Call(Call),
}

/// A logged-in session.
pub(crate) struct Session {
    pub(crate) context: Context,
    pub(crate) database: Arc<Database>,
    pub(crate) lite: Connection,
    pub(crate) variables: HashMap<String, Ty>,
    /// How statements end: in a batch or in a procedure.
    pub(crate) end: End,
    /// Whether the transaction holds SQLite's one lock for writing.
    pub(crate) wrote: bool,
    transaction: u64,
    failed: Option<SqlError>,
}

/// Why a batch ends before its end.
pub(crate) enum Ended {
    Failed(SqlError),
    Stopped,
}

impl From<SqlError> for Ended {
    fn from(error: SqlError) -> Self {
        Ended::Failed(error)
    }
}

impl From<Stopped> for Ended {
    fn from(_: Stopped) -> Self {
        Ended::Stopped
    }
}

/// How a step of a batch ends.
pub(crate) type Step<T> = std::result::Result<T, Ended>;

impl Session {
    pub(crate) fn new(context: Context, database: Arc<Database>) -> Result<Self> {
        let lite = database.connect()?;
        functions_of_session::add(&lite, &context, &database)?;
        Ok(Session {
            context,
            database,
            lite,
            variables: HashMap::new(),
            end: End::Statement,
            wrote: false,
            transaction: 0,
            failed: None,
        })
    }

    /// What failed since this was asked before.
    pub(crate) fn take_error(&mut self) -> Option<SqlError> {
        self.failed.take()
    }

    /// Lets a running statement be stopped.
    pub(crate) fn stoppable(&mut self, cancel: &Arc<Cancel>) -> Result<InterruptHandle> {
        let cancel = Arc::clone(cancel);
        let look = move || cancel.is_cancelled();
        self.lite.progress_handler(2000, Some(look)).map_err(|e| SqlError::from_sqlite(&e))?;
        Ok(self.lite.get_interrupt_handle())
    }

    /// Carries out a request and writes its answer.
    pub(crate) fn run(&mut self, request: Request, sink: &mut Sink) -> std::result::Result<(), Stopped> {
        self.context.values.clear();
        self.variables.clear();
        match request {
            Request::Batch(text) => {
                self.end = End::Statement;
                self.batch(&text, sink)?;
            }
            Request::Call(call) => {
                self.end = End::InProcedure;
                self.call(call, sink)?;
            }
        }
        sink.flush()
    }

    /// Carries out the statements of a batch, up to the first that fails.
    pub(crate) fn batch(&mut self, text: &str, sink: &mut Sink) -> std::result::Result<(), Stopped> {
        let pieces = statements(text);
        let in_procedure = self.end == End::InProcedure;
        let last = pieces.len().saturating_sub(1);
        if pieces.is_empty() && !in_procedure {
            sink.out.done(End::Statement, done::FINAL, None);
        }
        for (at, piece) in pieces.iter().enumerate() {
            let more = if at < last || in_procedure { done::MORE } else { done::FINAL };
            match self.statement(piece, more, sink) {
                Ok(()) => self.context.last_error = 0,
                Err(Ended::Stopped) => return Err(Stopped),
                Err(Ended::Failed(_)) if sink.cancel.is_cancelled() => return Err(Stopped),
                Err(Ended::Failed(error)) => {
                    self.context.last_error = error.number;
                    let line = if error.line > 1 { error.line } else { piece.line };
                    self.failed = Some(error.clone());
                    sink.out.message(&SqlError { line, ..error }, &self.context.server);
                    if self.context.settings.is_on("XACT_ABORT") && self.context.transactions > 0 {
                        self.roll_back(sink);
                    }
                    let more = if in_procedure { done::MORE } else { done::FINAL };
                    sink.out.done(self.end, more | done::ERROR, None);
                    return Ok(());
                }
            }
            sink.flush_if_full()?;
        }
        Ok(())
    }

    /// `sp_executesql` and its relations; the answer ends with the procedure's status.
    fn call(&mut self, call: Call, sink: &mut Sink) -> std::result::Result<(), Stopped> {
        let name = call.procedure.to_lowercase();
        let name = name.rsplit('.').next().unwrap_or_default();
        if name != "sp_executesql" {
            let said = format!("Could not find stored procedure '{}'.", call.procedure);
            sink.out.message(&SqlError::new(2812, said).state(62), &self.context.server);
            sink.out.done(End::Procedure, done::ERROR, None);
            return Ok(());
        }
        let mut parameters = call.parameters.into_iter();
        let text = match parameters.next().map(|p| p.value) {
            Some(Value::Text(text)) => text,
            _ => String::new(),
        };
        let declared = match parameters.next().map(|p| p.value) {
            Some(Value::Text(text)) => declared_names(&text),
            _ => Vec::new(),
        };
        for (at, parameter) in parameters.enumerate() {
            let name = if parameter.name.is_empty() {
                declared.get(at).cloned().unwrap_or_default()
            } else {
                parameter.name.to_lowercase()
            };
            self.variables.insert(name.clone(), parameter.ty);
            self.context.values.insert(name, parameter.value);
        }
        self.batch(&text, sink)?;
        sink.out.return_status(0);
        let failed = if self.context.last_error == 0 { done::FINAL } else { done::ERROR };
        sink.out.done(End::Procedure, failed, None);
        Ok(())
    }

    fn statement(&mut self, piece: &Piece, more: u16, sink: &mut Sink) -> Step<()> {
        let fault = self.context.shared.faults.take(&piece.text);
        match &fault {
            Some(Kind::Fault(Fault::Error(error))) => return Err(error.clone().into()),
            Some(Kind::Fault(Fault::CutAfter(0))) => return Err(sink.cut().into()),
            Some(Kind::Hold(gate, 0)) => sink.wait_at(gate)?,
            _ => {}
        }
        let rows = self.carry_out(piece, fault.as_ref(), sink)?;
        if let Some(rows) = rows {
            self.context.rows = rows;
        }
        let counted = rows.filter(|_| !self.context.settings.is_on("NOCOUNT"));
        sink.out.done(self.end, more, counted);
        Ok(())
    }

    /// Begins a transaction, or one inside of another, which is only counted.
    pub(crate) fn begin(&mut self, sink: &mut Sink) -> Step<()> {
        if self.context.transactions == 0 {
            self.lite.execute_batch("BEGIN").map_err(|e| SqlError::from_sqlite(&e))?;
            self.transaction += 1;
            sink.out.change(&Change::Begin(self.transaction));
        }
        self.context.transactions += 1;
        Ok(())
    }

    pub(crate) fn commit(&mut self, sink: &mut Sink) -> Step<()> {
        match self.context.transactions {
            0 => {
                let said = "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.";
                return Err(SqlError::new(3902, said).into());
            }
            1 => {
                self.lite.execute_batch("COMMIT").map_err(|e| SqlError::from_sqlite(&e))?;
                sink.out.change(&Change::Commit(self.transaction));
            }
            _ => {}
        }
        self.context.transactions -= 1;
        self.wrote &= self.context.transactions > 0;
        Ok(())
    }

    /// Takes a transaction back with everything in it.
    pub(crate) fn roll_back(&mut self, sink: &mut Sink) {
        if !self.lite.is_autocommit() {
            // a transaction that is gone already is what was asked for
            let _ = self.lite.execute_batch("ROLLBACK");
        }
        self.context.transactions = 0;
        self.wrote = false;
        sink.out.change(&Change::Rollback(self.transaction));
    }
}

/// The names of `@a int, @b nvarchar(10)`.
fn declared_names(declaration: &str) -> Vec<String> {
    let tokens = crate::sql::lex::tokens(declaration);
    tokens.into_iter().filter(|t| t.text.starts_with('@')).map(|t| t.text.to_lowercase()).collect()
}
