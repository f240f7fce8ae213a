//! Settings: which source wins, and what a mistake is answered with.

use std::path::PathBuf;

use querent::config::{Config, ConfigError, EXAMPLE, Privacy, Provider, Sources, load};

/// Settings from a file's text, environment and flags of one's own; nothing of this process.
fn with(file: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    std::fs::write(&path, file).unwrap();
    let pairs =
        |list: &[(&str, &str)]| list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    load(&Sources { file: Some(path), env: pairs(env), flags: pairs(flags) })
}

fn refusal(file: &str, env: &[(&str, &str)]) -> String {
    with(file, env, &[]).err().unwrap_or_else(|| panic!("{file:?} was taken")).to_string()
}

#[test]
fn the_example_holds_and_changes_nothing() {
    let (bare, example) = (with("", &[], &[]).unwrap(), with(EXAMPLE, &[], &[]).unwrap());
    assert_eq!(format!("{bare:?}"), format!("{example:?}"));
    assert_eq!(bare.model.provider, Provider::Builtin);
    assert_eq!(bare.model.privacy, Privacy::Values);
    assert!(bare.server.listen.ip().is_loopback() && !bare.server.allow_remote);
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_one() {
    assert_eq!(
        refusal("[server]\nlisten_on = \"\"", &[]),
        "unknown setting `server.listen_on`; did you mean `listen`?"
    );
    assert_eq!(refusal("[limit]\nrows = 1", &[]), "unknown setting `limit`; did you mean `limits`?");
    assert_eq!(refusal("[log]\nzzzzzzzzzzzz = 1", &[]), "unknown setting `log.zzzzzzzzzzzz`");
}

#[test]
fn a_wrong_type_is_told_with_its_key() {
    for (file, key, found) in
        [("[limits]\nrows = \"many\"", "limits.rows", "string"), ("server = 1", "server", "integer")]
    {
        let message = refusal(file, &[]);
        assert!(message.contains(&format!("`{key}`")) && message.contains(found), "{message}");
    }
    assert!(refusal("", &[("QUERENT_LIMITS_ROWS", "many")]).contains("limits.rows"));
    assert!(refusal("", &[("QUERENT_SERVER_ALLOW_REMOTE", "perhaps")]).contains("server.allow_remote"));
    // An integer is fine where a fraction may stand.
    assert_eq!(with("[limits]\ncost = 7", &[], &[]).unwrap().limits.cost, 7.0);
}

#[test]
fn what_is_no_toml_or_no_file_is_told() {
    assert!(refusal("data_dir = ", &[]).starts_with("the configuration is not valid TOML"));
    let gone = Sources { file: Some(PathBuf::from("no-such-settings.toml")), ..Sources::default() };
    assert!(load(&gone).err().unwrap().to_string().contains("no-such-settings.toml"));
}

#[test]
fn a_limit_of_nothing_is_refused() {
    for key in ["rows", "bytes", "seconds", "executions"] {
        let message = refusal(&format!("[limits]\n{key} = 0"), &[]);
        assert_eq!(message, format!("setting `limits.{key}` must be at least 1"));
    }
}

#[test]
fn the_later_source_wins() {
    let rows = |file, env: &[_], flags: &[_]| with(file, env, flags).unwrap().limits.rows;
    let (file, env, flag) = ("[limits]\nrows = 2", ("QUERENT_LIMITS_ROWS", "3"), ("limits.rows", "4"));
    assert_eq!(rows("", &[], &[]), 100_000);
    assert_eq!(rows(file, &[], &[]), 2);
    assert_eq!(rows(file, &[env], &[]), 3);
    assert_eq!(rows(file, &[env], &[flag]), 4);
    assert_eq!(rows("", &[env], &[]), 3);
}

#[test]
fn every_setting_has_an_environment_variable() {
    let config = with(
        "",
        &[
            ("QUERENT_MODEL_NAME", "some-model"),
            ("QUERENT_MODEL_PROVIDER", "openai"),
            ("QUERENT_MODEL_INPUT_PRICE", "0.5"),
            ("QUERENT_SERVER_LISTEN", "127.0.0.1:1"),
            ("QUERENT_DATA_DIR", "elsewhere"),
            ("QUERENT_CRAWL_STATISTICS", "false"),
        ],
        &[],
    )
    .unwrap();
    assert_eq!((config.model.name.as_str(), config.model.provider), ("some-model", Provider::Openai));
    assert_eq!((config.model.input_price, config.server.listen.port()), (0.5, 1));
    assert_eq!((config.data_dir, config.crawl.statistics), (PathBuf::from("elsewhere"), false));
}

#[test]
fn variables_in_a_file_are_filled_in() {
    let file = "database_url = \"postgres://app:${DB_SECRET}@db/${DB_NAME}\"\n[model]\nname = \"${UNCLOSED\"";
    let env = [("DB_SECRET", "p${w}"), ("DB_NAME", "shop")];
    let config = with(file, &env, &[]).unwrap();
    // What came in for a variable is not read for variables again.
    assert_eq!(config.database_url.expose(), "postgres://app:p${w}@db/shop");
    assert_eq!(config.model.name, "${UNCLOSED");
    let message = refusal(file, &env[..1]);
    assert!(message.contains("${DB_NAME}") && !message.contains("p${w}"), "{message}");
}

#[test]
fn a_secret_may_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "from the file\r\n").unwrap();
    let path = path.to_str().unwrap();
    let key = |env: &[_]| with("", env, &[]).unwrap().model.api_key.expose().to_owned();
    assert_eq!(key(&[("QUERENT_MODEL_API_KEY_FILE", path)]), "from the file");
    assert_eq!(key(&[("OPENAI_API_KEY_FILE", path)]), "from the file");
    assert_eq!(key(&[("QUERENT_MODEL_API_KEY_FILE", path), ("QUERENT_MODEL_API_KEY", "said")]), "said");
    assert_eq!(
        with("[model]\napi_key = \"${K}\"", &[("K_FILE", path)], &[]).unwrap().model.api_key.expose(),
        "from the file"
    );
    let message = refusal("", &[("QUERENT_MODEL_API_KEY_FILE", "no-such-key")]);
    assert!(message.contains("QUERENT_MODEL_API_KEY_FILE"), "{message}");
}

#[test]
fn variables_of_other_tools_are_known() {
    let openai = with(
        "",
        &[("OPENAI_API_KEY", "o"), ("ANTHROPIC_API_KEY", "a"), ("DATABASE_URL", "postgres://x/y")],
        &[],
    );
    let openai = openai.unwrap();
    assert_eq!((openai.model.api_key.expose(), openai.database_url.expose()), ("o", "postgres://x/y"));
    let anthropic = "[model]\nprovider = \"anthropic\"";
    let both = [("OPENAI_API_KEY", "o"), ("ANTHROPIC_API_KEY", "a")];
    assert_eq!(with(anthropic, &both, &[]).unwrap().model.api_key.expose(), "a");
    // Our own variable is meant more than a familiar one.
    assert_eq!(
        with("", &[("OPENAI_API_KEY", "o"), ("QUERENT_MODEL_API_KEY", "q")], &[])
            .unwrap()
            .model
            .api_key
            .expose(),
        "q"
    );
}

#[test]
fn a_door_to_other_machines_needs_consent() {
    for address in ["0.0.0.0:7878", "[::]:7878", "192.0.2.1:80"] {
        let file = format!("[server]\nlisten = \"{address}\"");
        let message = refusal(&file, &[]);
        assert!(message.contains("allow_remote") && message.contains(address), "{message}");
        assert!(with(&file, &[], &[("server.allow_remote", "true")]).is_ok());
        assert!(with(&file, &[("QUERENT_SERVER_ALLOW_REMOTE", "true")], &[]).is_ok());
    }
    assert!(with("[server]\nlisten = \"[::1]:7878\"", &[], &[]).is_ok());
}

#[test]
fn the_providers_own_key_is_taken_wherever_the_provider_is_named() {
    let both = [("OPENAI_API_KEY", "o"), ("ANTHROPIC_API_KEY", "a"), ("QUERENT_MODEL_PROVIDER", "anthropic")];
    assert_eq!(with("", &both, &[]).unwrap().model.api_key.expose(), "a");
}

#[test]
fn a_value_that_is_none_of_the_known_is_told_with_its_key() {
    for (file, key) in [
        ("[model]\nprovider = \"oracle\"", "provider"),
        ("[server]\nlisten = \"nowhere\"", "listen"),
        ("[limits]\nrows = -1", "rows"),
    ] {
        let message = refusal(file, &[]);
        assert!(message.contains(key), "{message}");
    }
}

#[test]
fn secrets_are_never_printed() {
    let file = "database_url = \"postgres://app:hunter2@db/shop\"\n[model]\napi_key = \"sk-hunter2\"\n\
                base_url = \"https://user:hunter2@models.example\"";
    let config = with(file, &[], &[]).unwrap();
    assert!(!format!("{config:?} {config:#?}").contains("hunter2"));
    let wrong = format!("{file}\nconcurrency = \"x\"");
    assert!(!refusal(&wrong, &[]).contains("hunter2"));
    assert!(!refusal(&format!("{file}\nx = "), &[]).contains("hunter2"));
    assert!(!refusal("[model]\napi_key = \"hunter2", &[]).contains("hunter2"));
}

#[test]
fn lists_are_written_with_commas_in_the_environment() {
    let file = "[network]\nallow = [\"10.0.0.0/8\", \"${HOST}\"]";
    let env = [("HOST", "*.example.org"), ("QUERENT_NETWORK_DENY", "10.1.0.0/16, db.internal,")];
    let config = with(file, &env, &[]).unwrap();
    assert_eq!((config.network.allow.len(), config.network.deny.len()), (2, 2));
    assert!(with("", &[("QUERENT_NETWORK_FOLDERS", "")], &[]).unwrap().network.folders.is_empty());
    for wrong in ["10.0.0.0/40", "*", "https://db.example.org"] {
        let message = refusal(&format!("[network]\ndeny = [\"{wrong}\"]"), &[]);
        assert!(message.contains("deny") && message.contains(wrong), "{message}");
    }
    assert!(refusal("[secrets]\nprovider = \"vaul\"", &[]).contains("provider"));
}

#[test]
fn settings_are_shown_without_their_secrets() {
    let file = "database_url = \"postgres://a:hunter2@h/d\"\n[model]\napi_key = \"hunter2\"\n[secrets]\nkeys = \"hunter2\"\n[secrets.vault]\ntoken = \"hunter2\"";
    assert!(!format!("{:?}", with(file, &[], &[]).unwrap()).contains("hunter2"));
}
