//! The store: whether it can be reached, is migrated, tells the same time, and whether its row security binds the daemon.

use super::Findings;
use crate::app;
use crate::config::Config;
use crate::error::{Class, Error};
use crate::model::clock;
use crate::store::health::{RowSecurity, Server, server};
use crate::store::{Db, migrate};

/// Clocks may differ by that many seconds.
const CLOCKS: f64 = 5.0;
/// Leases are wrong when they differ by more.
const CLOCKS_APART: f64 = 30.0;

/// Looks at the store; whether the daemon's parts can be opened on it without changing it.
pub async fn look(config: &Config, findings: &mut Findings) -> bool {
    let sqlite = config.database_url.is_empty();
    // a file in the folder's place is found below
    if sqlite && !config.data_dir.is_file() && !config.data_dir.join("querent.db").exists() {
        findings.warn("store", "there is none yet", "The first start makes it.");
        return false;
    }
    let db = match app::open_store(config).await {
        Ok(db) => db,
        Err(error) => {
            findings.fail("store", error);
            return false;
        }
    };
    let migrated = migrations(&db, findings).await;
    match server(&db).await {
        Ok(None) => findings.ok("clock", format!("{} UTC", clock::now())),
        Ok(Some(server)) => postgres(&server, findings),
        Err(error) => findings.fail("store", error.into()),
    }
    db.close().await;
    migrated
}

async fn migrations(db: &Db, findings: &mut Findings) -> bool {
    let all = match migrate::status(db).await {
        Ok(all) => all,
        Err(error) => {
            findings.fail("store", error.into());
            return false;
        }
    };
    let missing = all.iter().filter(|status| status.applied_at.is_none()).count();
    let newer = all.iter().filter(|status| !status.known).count();
    if newer > 0 {
        let message = format!("a newer version has added {newer} migrations that this one can live with");
        findings.warn("migrations", message, "Bring this daemon to that version, too.");
    }
    if missing > 0 {
        let message = format!("{missing} of {} migrations are missing", all.len());
        findings.warn(
            "store",
            message,
            "`querent migrate up` or the next start applies them; make a backup first.",
        );
        return false;
    }
    findings.ok("store", format!("{} migrations", all.len()));
    true
}

fn postgres(server: &Server, findings: &mut Findings) {
    if server.standby {
        let error =
            Error::new("K074", Class::Internal, "the store's server is a standby, which takes no writes");
        findings.fail("store server", error.hint("Name the primary in DATABASE_URL."));
    } else {
        let text = format!("PostgreSQL {}, {} sessions at the most", server.version, server.max_sessions);
        findings.ok("store server", text);
    }
    match &server.pgvector {
        Some(version) => findings.ok("pgvector", version.clone()),
        None => {
            let error = Error::new("K075", Class::Internal, "the extension pgvector is not there");
            findings.fail("pgvector", error.hint("Install it, then as a superuser: CREATE EXTENSION vector"));
        }
    }
    row_security(&server.row_security, findings);
    let apart = (clock::now().as_microsecond() as f64 / 1e6 - server.clock).abs();
    let text = format!("{apart:.1} s apart from the store's");
    match apart {
        apart if apart > CLOCKS_APART => {
            let hint = "Leases of jobs need clocks that agree: set up NTP on both machines.";
            findings.fail("clock", Error::new("K076", Class::Internal, text).hint(hint));
        }
        apart if apart > CLOCKS => findings.warn("clock", text, "Set up NTP on both machines."),
        _ => findings.ok("clock", text),
    }
}

fn row_security(found: &RowSecurity, findings: &mut Findings) {
    const WHAT: &str = "row security";
    let login = &found.login;
    let why = match (found.superuser, found.bypasses) {
        (true, _) => Some(format!("the login {login} is a superuser, whom row security does not bind")),
        (_, true) => Some(format!("the login {login} may pass row security by (BYPASSRLS)")),
        _ => None,
    };
    if let Some(why) = why {
        let hint = "Workspaces are kept apart by the statements alone. Use an ordinary login that owns the database.";
        findings.fail(WHAT, Error::new("K077", Class::Internal, why).hint(hint));
    } else if !found.open_tables.is_empty() {
        let message = format!("not forced on {}", found.open_tables.join(", "));
        let hint = "`querent migrate verify` compares the schema with what it should be.";
        findings.fail(WHAT, Error::new("K077", Class::Internal, message).hint(hint));
    } else {
        findings.ok(WHAT, format!("binds the login {login}"));
    }
}
