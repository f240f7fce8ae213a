//! `querent config`: what is set.

use connector_api::{ConnectorInfo, ParamKind};

use super::args::ConfigCommand;
use crate::app::Setup;
use crate::config;
use crate::error::Result;
use crate::sources;

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
