//! Single statements: queries with their rows, changes, definitions, and statements of words.

use rusqlite::Statement as Prepared;
use rusqlite::types::Value;

use crate::error::{Result, SqlError};
use crate::faults::{Fault, Kind};
use crate::plan;
use crate::session::{Ended, Session, Step};
use crate::sink::Sink;
use crate::sql::scope::{Writer, quote};
use crate::sql::split::Piece;
use crate::sql::{self, lex, split};
use crate::types::Ty;
use crate::wire::row::{Column, write_row};
use crate::wire::token::Change;

/// What a statement gives: how many rows it gave or changed, if it is one of rows.
type Rows = Step<Option<u64>>;

fn failed(error: rusqlite::Error) -> Ended {
    SqlError::from_sqlite(&error).into()
}

impl Session {
    pub(crate) fn carry_out(&mut self, piece: &Piece, fault: Option<&Kind>, sink: &mut Sink) -> Rows {
        let words: Vec<String> = piece.tokens.iter().take(3).map(|t| t.text.to_uppercase()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if self.context.settings.show_plan && !matches!(words.first(), Some(&"SET")) {
            return self.show_plan(piece, sink);
        }
        match words.as_slice() {
            ["SET", ..] => self.set(piece).map(|()| None),
            ["SELECT" | "WITH" | "(", ..] if !is_insert(piece) => self.query(piece, fault, sink).map(Some),
            ["SELECT" | "WITH", ..] | ["INSERT" | "UPDATE" | "DELETE", ..]
                if words.get(1) != Some(&"STATISTICS") =>
            {
                self.change(&piece.text).map(Some)
            }
            ["TRUNCATE", ..] => {
                let text = piece.text.replacen("TRUNCATE TABLE", "DELETE FROM", 1);
                self.change(&text).map(|_| None)
            }
            ["BEGIN", "TRAN" | "TRANSACTION", ..] => self.begin(sink).map(|()| None),
            ["COMMIT", ..] => self.commit(sink).map(|()| None),
            ["ROLLBACK", ..] if self.context.transactions == 0 => {
                let said = "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.";
                Err(SqlError::new(3903, said).into())
            }
            ["ROLLBACK", ..] => {
                self.roll_back(sink);
                Ok(None)
            }
            ["IF", ..] => self.conditional(piece, fault, sink),
            ["DECLARE", ..] => self.declare(piece).map(|()| None),
            ["USE", ..] => self.use_database(piece, sink).map(|()| None),
            ["PRINT", ..] => {
                let said = piece.tokens.get(1).map(|t| t.text.clone()).unwrap_or_default();
                sink.out.message(&SqlError::new(0, said).class(0), &self.context.server);
                Ok(None)
            }
            ["RAISERROR", ..] | ["THROW", ..] => Err(raised(piece).into()),
            ["CREATE" | "ALTER" | "DROP", what, ..] => self.define(piece, what).map(|()| None),
            ["GRANT" | "DENY" | "REVOKE", ..] => self.access(piece).map(|()| None),
            ["UPDATE", "STATISTICS", ..] => Ok(self.database.define(piece).map(|()| None)?),
            ["EXEC" | "EXECUTE", ..] => self.execute(piece, sink).map(|()| None),
            _ => Err(SqlError::syntax(words.first().unwrap_or(&"")).into()),
        }
    }

    /// A query as SQLite's text, and its columns.
    pub(crate) fn written(&self, text: &str) -> Result<(String, Vec<Column>)> {
        let query = sql::parse_query(text)?;
        // before the first query of a transaction, which sees the figures of its beginning only
        let schema = self.database.schema(&self.context, !self.wrote)?;
        let mut writer = Writer {
            schema: &schema,
            context: &self.context,
            variables: &self.variables,
            with: Vec::new(),
            depth: 0,
            touched: Vec::new(),
        };
        let written = writer.query(&query, None)?;
        self.context.shared.access.check(&self.context, "SELECT", &writer.touched)?;
        Ok(written)
    }

    fn query(&mut self, piece: &Piece, fault: Option<&Kind>, sink: &mut Sink) -> Step<u64> {
        if let Some(assigned) = self.assignment(piece)? {
            return Ok(assigned);
        }
        let (text, columns) = self.written(&piece.text)?;
        let most = match self.context.settings.row_count {
            0 => u64::MAX,
            n => n.unsigned_abs(),
        };
        let mut statement = self.lite.prepare(&text).map_err(failed)?;
        self.bind(&mut statement)?;
        let mut rows = statement.raw_query();
        let parts = [self.context.database.clone(), "dbo".to_owned(), "t".to_owned()];
        sink.out.columns(&columns, &parts);
        let mut count = 0;
        while count < most {
            let row = rows.next().map_err(failed)?;
            let Some(row) = row else { break };
            write_row(&mut sink.out, &columns, row)?;
            count += 1;
            match fault {
                Some(Kind::Fault(Fault::CutAfter(n))) if *n == count => return Err(sink.cut().into()),
                Some(Kind::Fault(Fault::ErrorAfter(n, error))) if *n == count => {
                    return Err(error.clone().into());
                }
                Some(Kind::Hold(gate, n)) if *n == count => sink.wait_at(gate)?,
                _ => {}
            }
            sink.flush_if_full()?;
        }
        Ok(count)
    }

    pub(crate) fn bind(&self, statement: &mut Prepared<'_>) -> Step<()> {
        for (name, value) in &self.context.values {
            if let Some(at) = statement.parameter_index(name).map_err(failed)? {
                statement.raw_bind_parameter(at, value).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn change(&mut self, text: &str) -> Step<u64> {
        let statement = sql::parse(text)?;
        let schema = self.database.schema(&self.context, false)?;
        let mut writer = Writer {
            schema: &schema,
            context: &self.context,
            variables: &self.variables,
            with: Vec::new(),
            depth: 0,
            touched: Vec::new(),
        };
        let text = writer.change(&statement)?;
        let permission = text.split(' ').next().unwrap_or_default().to_owned();
        let (target, read) = writer.touched.split_first().ok_or_else(|| SqlError::syntax("a table"))?;
        let access = &self.context.shared.access;
        access.check(&self.context, &permission, std::slice::from_ref(target))?;
        access.check(&self.context, "SELECT", read)?;
        let target = target.clone();
        let mut prepared = self.lite.prepare(&text).map_err(failed)?;
        self.bind(&mut prepared)?;
        let rows = prepared.raw_execute().map_err(failed)?;
        drop(prepared);
        let (in_schema, name) = target.split_once('.').unwrap_or(("dbo", &target));
        let identity = schema.find(&[in_schema.to_owned(), name.to_owned()], &self.context.database);
        if let Some(column) = identity.and_then(|r| r.columns.iter().find(|c| c.column.identity).cloned()) {
            let name = quote(&column.column.name);
            let number = format!("UPDATE {} SET {name} = rowid WHERE {name} IS NULL", quote(&target));
            self.lite.execute_batch(&number).map_err(failed)?;
        }
        self.database.changed(&target);
        self.wrote = !self.lite.is_autocommit();
        Ok(rows as u64)
    }

    fn set(&mut self, piece: &Piece) -> Step<()> {
        if piece.tokens.get(1).is_some_and(|t| t.is("IDENTITY_INSERT")) {
            self.context.identity_insert = piece.tokens.last().is_some_and(|t| t.is("ON"));
            return Ok(());
        }
        if self.context.settings.set(&piece.tokens)? {
            return Ok(());
        }
        let (Some(name), Some(sign)) = (piece.tokens.get(1), piece.tokens.get(2)) else {
            return Err(SqlError::syntax("SET").into());
        };
        let expression = piece.text.get(sign.end..).unwrap_or_default().to_owned();
        self.assign(&name.text, &expression)
    }

    /// `SELECT @a = expression`: no rows come of it.
    fn assignment(&mut self, piece: &Piece) -> Step<Option<u64>> {
        let [select, name, sign, ..] = piece.tokens.as_slice() else { return Ok(None) };
        let assigns =
            select.is("SELECT") && name.text.starts_with('@') && !name.text.starts_with("@@") && sign.is("=");
        if !assigns {
            return Ok(None);
        }
        let expression = piece.text.get(sign.end..).unwrap_or_default().to_owned();
        self.assign(&name.text.clone(), &expression)?;
        Ok(Some(1))
    }

    fn assign(&mut self, name: &str, expression: &str) -> Step<()> {
        let lower = name.to_lowercase();
        let Some(ty) = self.variables.get(&lower).cloned() else {
            let said = format!("Must declare the scalar variable \"{name}\".");
            return Err(SqlError::new(137, said).class(15).into());
        };
        let value = self.value(&format!("SELECT CAST(({expression}) AS {})", ty.text()))?;
        self.context.values.insert(lower, value);
        Ok(())
    }

    /// The first cell of a query.
    pub(crate) fn value(&self, text: &str) -> Step<Value> {
        let (text, _) = self.written(text)?;
        let mut statement = self.lite.prepare(&text).map_err(failed)?;
        self.bind(&mut statement)?;
        let mut rows = statement.raw_query();
        match rows.next().map_err(failed)? {
            Some(row) => row.get(0).map_err(failed),
            None => Ok(Value::Null),
        }
    }

    fn declare(&mut self, piece: &Piece) -> Step<()> {
        let mut at = 1;
        while let Some(name) = piece.tokens.get(at).filter(|t| t.text.starts_with('@')) {
            let mut depth = 0_i32;
            let (mut ty, mut initial) = (String::new(), None);
            at += 1;
            while let Some(token) = piece.tokens.get(at) {
                depth += i32::from(token.is("(")) - i32::from(token.is(")"));
                if depth == 0 && token.is(",") {
                    break;
                }
                match &mut initial {
                    None if token.is("=") => initial = Some((token.end, token.end)),
                    None if !token.is("AS") => ty.push_str(&token.text),
                    Some((_, end)) => *end = token.end,
                    None => {}
                }
                at += 1;
            }
            at += 1;
            let ty =
                Ty::read(&ty).ok_or_else(|| SqlError::new(2715, format!("Cannot find data type {ty}.")))?;
            let lower = name.text.to_lowercase();
            self.variables.insert(lower.clone(), ty);
            self.context.values.insert(lower, Value::Null);
            if let Some((start, end)) = initial {
                let expression = piece.text.get(start..end).unwrap_or_default().to_owned();
                self.assign(&name.text.clone(), &expression)?;
            }
        }
        Ok(())
    }

    /// `IF condition statement`; the statement begins at the first word that begins one.
    fn conditional(&mut self, piece: &Piece, fault: Option<&Kind>, sink: &mut Sink) -> Rows {
        const BODIES: [&str; 14] = [
            "ROLLBACK",
            "COMMIT",
            "BEGIN",
            "CREATE",
            "DROP",
            "ALTER",
            "INSERT",
            "UPDATE",
            "DELETE",
            "SET",
            "EXEC",
            "PRINT",
            "SELECT",
            "RAISERROR",
        ];
        let mut depth = 0_i32;
        let body = piece.tokens.iter().skip(1).find(|t| {
            depth += i32::from(t.is("(")) - i32::from(t.is(")"));
            depth == 0 && BODIES.iter().any(|b| t.is(b))
        });
        let Some(body) = body.map(|t| t.start) else { return Err(SqlError::syntax("IF").into()) };
        let condition = piece.text.get(2..body).unwrap_or_default();
        let value = self.value(&format!("SELECT CASE WHEN {condition} THEN 1 ELSE 0 END"))?;
        if value != Value::Integer(1) {
            return Ok(None);
        }
        let inner = piece.text.get(body..).unwrap_or_default();
        let mut rows = None;
        for inner in split::statements(inner) {
            rows = self.carry_out(&inner, fault, sink)?;
        }
        Ok(rows)
    }

    fn use_database(&mut self, piece: &Piece, sink: &mut Sink) -> Step<()> {
        let name = piece.tokens.get(1).map(|t| t.text.clone()).unwrap_or_default();
        let database = self.context.shared.database(&name).ok_or_else(|| {
            let said =
                format!("Database '{name}' does not exist. Make sure that the name is entered correctly.");
            SqlError::new(911, said)
        })?;
        let lite = database.connect()?;
        let old = std::mem::replace(&mut self.context.database, database.name.clone());
        crate::functions_of_session::add(&lite, &self.context, &database)?;
        self.lite = lite;
        self.database = database;
        sink.out.change(&Change::Database(&self.context.database, &old));
        Ok(())
    }

    fn define(&mut self, piece: &Piece, what: &str) -> Step<()> {
        match what {
            "DATABASE" if piece.tokens.first().is_some_and(|t| t.is("CREATE")) => {
                let name = piece.tokens.get(2).map(|t| t.text.clone()).unwrap_or_default();
                Ok(self.context.shared.create_database(&name)?)
            }
            "DATABASE" => {
                if let Some(on) = self.snapshot_setting(piece) {
                    self.database.allow_snapshots(on);
                }
                Ok(())
            }
            "LOGIN" | "USER" | "ROLE" | "SERVER" => self.access(piece),
            "INDEX" | "TABLE" | "VIEW" | "SCHEMA" | "TYPE" | "PROCEDURE" | "PROC" | "FUNCTION" | "UNIQUE"
            | "CLUSTERED" | "NONCLUSTERED" | "PARTITION" | "STATISTICS" | "OR" | "SEQUENCE" | "TRIGGER"
            | "COLUMNSTORE" => {
                let all = self.context.shared.access.may_define(&self.context);
                if !all {
                    let said =
                        format!("CREATE {what} permission denied in database '{}'.", self.context.database);
                    return Err(SqlError::new(262, said).class(14).into());
                }
                Ok(self.database.define(piece)?)
            }
            _ => Err(SqlError::unserved(format!("a definition of {what}")).into()),
        }
    }

    /// `ALTER DATABASE name SET ALLOW_SNAPSHOT_ISOLATION ON`.
    fn snapshot_setting(&self, piece: &Piece) -> Option<bool> {
        let named = piece.tokens.iter().any(|t| t.is("ALLOW_SNAPSHOT_ISOLATION"));
        named.then(|| piece.tokens.last().is_some_and(|t| t.is("ON")))
    }

    fn access(&mut self, piece: &Piece) -> Step<()> {
        self.context.shared.access.change(&self.context, piece)?;
        self.context.shared.refill();
        Ok(())
    }

    fn execute(&mut self, piece: &Piece, sink: &mut Sink) -> Step<()> {
        let named = piece.tokens.get(1..).and_then(crate::sys::facts::name_at);
        let name = named.map(|((_, name), _)| name.to_lowercase()).unwrap_or_default();
        match name.as_str() {
            "sp_addextendedproperty" | "sp_updateextendedproperty" | "sp_rename" => {
                Ok(self.database.define(piece)?)
            }
            "sp_executesql" => {
                let text = piece.tokens.iter().find(|t| t.kind == lex::Kind::Text).map(|t| t.text.clone());
                let inner = split::statements(&text.unwrap_or_default());
                for inner in inner {
                    self.carry_out(&inner, None, sink)?;
                }
                Ok(())
            }
            _ => {
                let said = format!("Could not find stored procedure '{name}'.");
                Err(SqlError::new(2812, said).state(62).into())
            }
        }
    }

    fn show_plan(&mut self, piece: &Piece, sink: &mut Sink) -> Rows {
        let (text, _) = self.written(&piece.text)?;
        let document = plan::document(&self.lite, &text, &piece.text)?;
        let columns = [Column::new("Microsoft SQL Server 2005 XML Showplan", Ty::Xml)];
        sink.out.columns(&columns, &[]);
        let value = rusqlite::types::ValueRef::Text(document.as_bytes());
        crate::wire::row::write_values(&mut sink.out, &columns, &[value])?;
        Ok(Some(1))
    }
}

fn is_insert(piece: &Piece) -> bool {
    let mut depth = 0_i32;
    piece.tokens.iter().any(|t| {
        depth += i32::from(t.is("(")) - i32::from(t.is(")"));
        depth == 0 && (t.is("INSERT") || t.is("UPDATE") || t.is("DELETE"))
    })
}

/// `RAISERROR('text', severity, state)` and `THROW number, 'text', state`.
fn raised(piece: &Piece) -> SqlError {
    let numbers = piece.tokens.iter().filter(|t| t.kind == lex::Kind::Number);
    let numbers: Vec<i32> = numbers.filter_map(|t| t.text.parse().ok()).collect();
    let text =
        piece.tokens.iter().find(|t| t.kind == lex::Kind::Text).map(|t| t.text.clone()).unwrap_or_default();
    let small =
        |at: usize, default: u8| numbers.get(at).and_then(|n| u8::try_from(*n).ok()).unwrap_or(default);
    if piece.tokens.first().is_some_and(|t| t.is("THROW")) {
        let number = numbers.first().copied().unwrap_or(50_000);
        return SqlError::new(number, text).state(small(1, 1));
    }
    SqlError::new(50_000, text).class(small(0, 16)).state(small(1, 1))
}
