//! `querent config` and `querent doctor`: what is set, what works.

use connector_api::{ConnectorInfo, ParamKind};

use super::args::ConfigCommand;
use crate::app::Setup;
use crate::config::{self, Provider};
use crate::error::Result;
use crate::model::PageRequest;
use crate::{sources, store};

/// Runs `config`; gives the process's exit code.
pub fn run(setup: &Setup, command: ConfigCommand) -> Result<i32> {
    match command {
        ConfigCommand::Example => say_raw!("{}", config::EXAMPLE),
        ConfigCommand::Check => say!("the configuration holds\n{:#?}", setup.config),
        ConfigCommand::Connectors => connectors(),
    }
    Ok(0)
}

fn connectors() {
    for info in sources::connectors() {
        say!("{}  ({}:)  {}", info.engine, info.schemes.join(":, "), info.example);
        parameters(info);
    }
    say!("any engine over TCP, through an SSH host  {}", sources::TUNNEL.example);
    parameters(&sources::TUNNEL);
}

fn parameters(info: &ConnectorInfo) {
    for param in info.params {
        let default = if param.default.is_empty() { "unset" } else { param.default };
        let secret = if param.secret { " Secret: kept sealed, never shown." } else { "" };
        say!("    {:<24} default {default:<10} {}{secret}", param.name, param.description);
        if let Some(takes) = takes(param.kind) {
            say!("    {:<24} {takes}", "");
        }
    }
    say!("");
}

/// What values a parameter takes, where not any text.
fn takes(kind: ParamKind) -> Option<String> {
    match kind {
        ParamKind::Text | ParamKind::File(_) => None,
        ParamKind::Integer { min, max } => Some(format!("{min} to {max}")),
        ParamKind::Choice(words) => Some(format!("one of: {}", words.join(", "))),
    }
}

/// Runs `doctor`: tries what the daemon needs and each registered database. Code 1 when something does not work.
pub async fn doctor(setup: &Setup) -> Result<i32> {
    let mut problems = 0;
    let mut say = |what: &str, outcome: std::result::Result<String, crate::error::Error>| match outcome {
        Ok(text) => say!("ok    {what}: {text}"),
        Err(error) => {
            problems += 1;
            say!("fail  {what}: {error} [{}]", error.code);
            if let Some(hint) = error.hint {
                say!("      {hint}");
            }
        }
    };
    say("configuration", Ok(format!("data in {}", setup.config.data_dir.display())));
    let app = match setup.desk().await {
        Ok(app) => app,
        Err(error) => {
            say("store", Err(error));
            return Ok(1);
        }
    };
    say(
        "store",
        store::migrate::status(&app.db).await.map(|s| format!("{} migrations", s.len())).map_err(Into::into),
    );
    let model = match setup.config.model.provider {
        Provider::Builtin => "built-in translator, no model".to_owned(),
        _ => format!("{:?} {}", setup.config.model.provider, setup.config.model.name),
    };
    say("translator", Ok(model));
    for connection in store::connections::list(&app.db, PageRequest::first().with_limit(200)).await?.items {
        let tested = async {
            let source = app.sources.get(connection.id).await?;
            let info = source.connector.test().await?;
            let schema =
                source.schema.map_or("never crawled".to_owned(), |(v, _)| format!("schema {}", v.number()));
            let writes = if info.privileges.can_write.is_empty() { "" } else { ", THE LOGIN COULD WRITE" };
            Ok(format!("{} {}, {schema}{writes}", info.engine, info.version))
        };
        say(&format!("connection {}", connection.name), tested.await);
    }
    Ok(i32::from(problems > 0))
}
