//! Reading the settings: file, `${VAR}`, environment, flags, and the checks that hold for all of them together.

use std::path::{Path, PathBuf};

use toml::{Table, Value};
use zeroize::Zeroizing;

use super::{Config, EXAMPLE, identity, merge};

/// Why the settings cannot be used. Every message names the key and what to do.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum ConfigError {
    #[error("the configuration file {path} cannot be read: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the configuration is not valid TOML: {0}")]
    Syntax(String),
    #[error("unknown setting `{key}`{}", hint(.nearest))]
    UnknownKey { key: String, nearest: Option<String> },
    #[error("setting `{key}` must be a {expected}, not a {found}")]
    WrongType { key: String, expected: &'static str, found: &'static str },
    #[error("the configuration names ${{{0}}}, which is not set in the environment")]
    MissingVariable(String),
    #[error("the file named by {variable} cannot be read: {source}")]
    SecretFile { variable: String, source: std::io::Error },
    #[error("{0}")]
    Invalid(String),
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default()
}

/// Where settings come from. Tests give their own.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// A file named by a flag.
    pub file: Option<PathBuf>,
    /// Flags as `path=value`.
    pub flags: Vec<(String, String)>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
}

impl Sources {
    /// The process's own environment.
    pub fn from_process(file: Option<PathBuf>, flags: Vec<(String, String)>) -> Sources {
        Sources { file, flags, env: std::env::vars().collect() }
    }

    fn var(&self, name: &str) -> Option<&str> {
        self.env.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A variable's value, or the content of the file that `NAME_FILE` names.
    fn var_or_file(&self, name: &str) -> Result<Option<String>, ConfigError> {
        if let Some(value) = self.var(name) {
            return Ok(Some(value.to_owned()));
        }
        let variable = format!("{name}_FILE");
        let Some(path) = self.var(&variable) else { return Ok(None) };
        std::fs::read_to_string(path)
            .map(|text| Some(text.trim_end_matches(['\r', '\n']).to_owned()))
            .map_err(|source| ConfigError::SecretFile { variable, source })
    }
}

/// Variables of other tools that people have set already, and the settings they mean.
const FAMILIAR: &[(&str, &str)] = &[
    ("DATABASE_URL", "database_url"),
    ("OPENAI_BASE_URL", "model.base_url"),
    ("OPENAI_API_KEY", "model.api_key"),
    ("ANTHROPIC_API_KEY", "model.api_key"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "traces.endpoint"),
    ("VAULT_ADDR", "secrets.vault.address"),
    ("VAULT_TOKEN", "secrets.vault.token"),
    ("VAULT_NAMESPACE", "secrets.vault.namespace"),
    ("VAULT_CACERT", "secrets.vault.ca"),
];

/// Reads all settings.
///
/// # Errors
/// The first thing that is wrong, see [`ConfigError`].
pub fn load(sources: &Sources) -> Result<Config, ConfigError> {
    let mut table: Table =
        EXAMPLE.parse().map_err(|e: toml::de::Error| ConfigError::Syntax(e.to_string()))?;
    if let Some(path) = file(sources) {
        let text = std::fs::read_to_string(&path)
            .map(Zeroizing::new)
            .map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
        let over: Table =
            text.parse().map_err(|e: toml::de::Error| ConfigError::Syntax(e.message().to_owned()))?;
        merge::overlay(&mut table, expand(over, sources)?, "")?;
    }
    apply_environment(&mut table, sources)?;
    for (path, value) in &sources.flags {
        merge::set(&mut table, path, value)?;
    }
    merge::drop_template(&mut table);
    let config: Config =
        // The long form names the setting; types are right by now, so no secret is shown as a wrong value.
        Value::Table(table).try_into().map_err(|e: toml::de::Error| ConfigError::Invalid(one_line(&e.to_string())))?;
    check(config)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn file(sources: &Sources) -> Option<PathBuf> {
    let named = sources.file.clone().or_else(|| sources.var("QUERENT_CONFIG").map(PathBuf::from));
    named.or_else(|| Some(PathBuf::from("querent.toml")).filter(|p| Path::exists(p)))
}

fn apply_environment(table: &mut Table, sources: &Sources) -> Result<(), ConfigError> {
    // The provider decides whose key is meant, so it is known before the keys are looked at.
    if let Some(provider) = sources.var_or_file("QUERENT_MODEL_PROVIDER")? {
        merge::set(table, "model.provider", &provider)?;
    }
    let provider =
        table.get("model").and_then(|m| m.get("provider")).and_then(Value::as_str).map(str::to_owned);
    for (name, path) in FAMILIAR {
        if *name == "OPENAI_API_KEY" && provider.as_deref() == Some("anthropic") {
            continue;
        }
        if *name == "ANTHROPIC_API_KEY" && provider.as_deref() != Some("anthropic") {
            continue;
        }
        if let Some(value) = sources.var_or_file(name)? {
            merge::set(table, path, &value)?;
        }
    }
    let mut leaves = Vec::new();
    merge::leaves(table, "", &mut leaves);
    for (path, _) in leaves {
        let name = format!("QUERENT_{}", path.replace('.', "_").to_uppercase());
        if let Some(value) = sources.var_or_file(&name)? {
            merge::set(table, &path, &value)?;
        }
    }
    Ok(())
}

fn expand(table: Table, sources: &Sources) -> Result<Table, ConfigError> {
    table
        .into_iter()
        .map(|(key, value)| {
            let value = match value {
                Value::String(text) => Value::String(expand_text(&text, sources)?),
                Value::Table(inner) => Value::Table(expand(inner, sources)?),
                Value::Array(items) => Value::Array(expand_items(items, sources)?),
                other => other,
            };
            Ok((key, value))
        })
        .collect()
}

fn expand_items(items: Vec<Value>, sources: &Sources) -> Result<Vec<Value>, ConfigError> {
    let expanded = |item| match item {
        Value::String(text) => expand_text(&text, sources).map(Value::String),
        other => Ok(other),
    };
    items.into_iter().map(expanded).collect()
}

fn expand_text(text: &str, sources: &Sources) -> Result<String, ConfigError> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, tail)) = after.split_once('}') else { break };
        let value =
            sources.var_or_file(name)?.ok_or_else(|| ConfigError::MissingVariable(name.to_owned()))?;
        out.push_str(before);
        out.push_str(&value);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

fn check(config: Config) -> Result<Config, ConfigError> {
    if !config.server.listen.ip().is_loopback() && !config.server.allow_remote {
        return Err(ConfigError::Invalid(format!(
            "server.listen = \"{}\" can be reached from other machines; set server.allow_remote = true \
             (or --allow-remote) if that is meant, and set server.tls_cert or put TLS in front",
            config.server.listen
        )));
    }
    config.server.check().map_err(ConfigError::Invalid)?;
    config.metrics.check(config.server.allow_remote).map_err(ConfigError::Invalid)?;
    identity::check(&config.auth, &config.oidc)?;
    let positive = [
        ("limits.rows", config.limits.rows),
        ("limits.bytes", config.limits.bytes),
        ("limits.seconds", config.limits.seconds),
        ("limits.executions", config.limits.executions as u64),
        ("jobs.lease", config.jobs.lease),
        ("model.concurrency", config.model.concurrency as u64),
        ("model.timeout", config.model.timeout),
        ("secrets.timeout", config.secrets.timeout),
    ];
    for (key, value) in positive {
        if value == 0 {
            return Err(ConfigError::Invalid(format!("setting `{key}` must be at least 1")));
        }
    }
    Ok(config)
}
