//! `querent doctor`: tries what the daemon needs and each registered database. It changes nothing: the store is neither made
//! nor migrated.

mod machine;
mod store;

use nl2sql::propose::Translator;
use serde::Serialize;

use super::args::{DoctorArgs, DoctorFormat};
use crate::app::{self, Desk, Setup};
use crate::config::Provider;
use crate::error::{Class, Error, Result};
use crate::model::PageRequest;
use crate::{http, store as records};

/// Registered databases that are tried.
const CONNECTIONS: u32 = 200;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    state: State,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// Everything that was found, in its order.
#[derive(Default, Serialize)]
struct Findings {
    findings: Vec<Finding>,
    #[serde(skip)]
    quiet: bool,
}

impl Findings {
    fn ok(&mut self, what: impl Into<String>, message: impl Into<String>) {
        self.add(what, State::Ok, message, None, None);
    }

    fn warn(&mut self, what: impl Into<String>, message: impl Into<String>, hint: &str) {
        self.add(what, State::Warn, message, None, Some(hint.to_owned()));
    }

    fn fail(&mut self, what: impl Into<String>, error: Error) {
        self.add(what, State::Fail, error.message, Some(error.code), error.hint);
    }

    fn note(&mut self, what: impl Into<String>, outcome: Result<String>) {
        match outcome {
            Ok(message) => self.ok(what, message),
            Err(error) => self.fail(what, error),
        }
    }

    fn add(
        &mut self,
        what: impl Into<String>,
        state: State,
        message: impl Into<String>,
        code: Option<&'static str>,
        hint: Option<String>,
    ) {
        let finding = Finding { what: what.into(), state, message: message.into(), code, hint };
        if !self.quiet {
            print(&finding);
        }
        self.findings.push(finding);
    }

    fn failed(&self) -> bool {
        self.findings.iter().any(|finding| finding.state == State::Fail)
    }
}

fn print(finding: &Finding) {
    let word = match finding.state {
        State::Ok => "ok  ",
        State::Warn => "warn",
        State::Fail => "fail",
    };
    let code = finding.code.map(|code| format!(" [{code}]")).unwrap_or_default();
    say!("{word}  {}: {}{code}", finding.what, finding.message);
    if let Some(hint) = &finding.hint {
        say!("      {hint}");
    }
}

/// Runs `doctor`; gives the process's exit code: 1 when something does not work.
pub async fn run(setup: &Setup, args: DoctorArgs) -> Result<i32> {
    let json = args.output == DoctorFormat::Json;
    let mut findings = Findings { quiet: json, ..Findings::default() };
    look(setup, &mut findings).await;
    let failed = findings.failed();
    if json {
        let document = serde_json::json!({ "healthy": !failed, "findings": findings.findings });
        say!("{document:#}");
    }
    Ok(i32::from(failed))
}

async fn look(setup: &Setup, findings: &mut Findings) {
    let config = &setup.config;
    findings.ok("configuration", format!("data in {}", config.data_dir.display()));
    if config.server.tls().is_some() {
        let usable = http::certificate_holds(&config.server);
        findings.note("TLS", usable.map(|()| "certificate and key belong together".to_owned()));
    }
    machine::look(&config.data_dir, findings);
    let usable = store::look(config, findings).await;
    translator(setup, findings).await;
    if !usable {
        return;
    }
    match setup.desk().await {
        Ok(desk) => {
            findings.ok("keys", "the master keys can be read by their owner alone");
            connections(&desk, findings).await;
        }
        Err(error) => findings.fail("keys", error),
    }
}

async fn translator(setup: &Setup, findings: &mut Findings) {
    let model = &setup.config.model;
    let made = match app::translator(model) {
        Ok(made) => made,
        Err(error) => return findings.fail("translator", error),
    };
    let client = match made {
        Translator::Model(model) => model.client,
        _ if model.provider == Provider::Builtin => {
            return findings.ok("translator", "built-in translator, no model");
        }
        _ => return findings.ok("translator", "recorded answers"),
    };
    let probe = client.probe().await;
    let name = &model.name;
    match (probe.reachable, probe.model_known) {
        (false, _) => findings.fail(
            "translator",
            Error::new(
                "K070",
                Class::Upstream,
                format!("the model's server cannot be reached: {}", probe.notes.join(" ")),
            )
            .hint("Check model.base_url and that this machine may connect to it."),
        ),
        (true, Some(false)) => findings.fail(
            "translator",
            Error::new("K071", Class::BadInput, format!("the server does not list the model {name}"))
                .hint("Check model.name."),
        ),
        (true, Some(true)) => findings.ok("translator", format!("{:?} {name} answers", model.provider)),
        (true, None) => findings.warn(
            "translator",
            format!("the server answers, but not what models it has: {}", probe.notes.join(" ")),
            "A question tells whether the model answers.",
        ),
    }
}

async fn connections(desk: &Desk, findings: &mut Findings) {
    let page = PageRequest::first().with_limit(CONNECTIONS);
    let listed = match records::connections::list(&desk.db, page).await {
        Ok(listed) => listed,
        Err(error) => return findings.fail("connections", error.into()),
    };
    for connection in listed.items {
        let what = format!("connection {}", connection.name);
        let tested = async {
            let source = desk.sources.get(connection.id).await?;
            let info = source.connector.test().await?;
            let schema =
                source.schema.map_or("never crawled".to_owned(), |(v, _)| format!("schema {}", v.number()));
            Ok::<_, Error>((format!("{} {}, {schema}", info.engine, info.version), info.privileges.can_write))
        };
        match tested.await {
            Ok((text, writable)) if writable.is_empty() => findings.ok(what, text),
            Ok((text, _)) => findings.warn(
                what,
                format!("{text}, THE LOGIN COULD WRITE"),
                "Use a login that may read only: the session is held read-only, and a second wall does not hurt.",
            ),
            Err(error) => findings.fail(what, error),
        }
    }
    if listed.next.is_some() {
        findings.warn(
            "connections",
            format!("only the first {CONNECTIONS} were tried"),
            "Try others by their name.",
        );
    }
}
