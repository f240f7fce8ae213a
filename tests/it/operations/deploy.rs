//! The files under `deploy/` name settings that there are.

use std::path::Path;

use querent::config::EXAMPLE;

/// Variables that are no settings: what the compose file asks of who starts it.
const OWN: [&str; 1] = ["QUERENT_DB_PASSWORD"];

/// Every setting's variable.
fn variables(table: &toml::Table, path: &str, out: &mut Vec<String>) {
    for (key, value) in table {
        let name = format!("{path}_{}", key.to_uppercase());
        match value {
            toml::Value::Table(inner) => variables(inner, &name, out),
            _ => out.push(name),
        }
    }
}

fn named(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("QUERENT_").map(|(at, _)| {
        let name = |c: &char| c.is_ascii_uppercase() || *c == '_';
        text[at..].chars().take_while(name).collect()
    })
}

#[test]
fn every_variable_of_the_deployment_files_is_a_setting() {
    let mut known = Vec::new();
    variables(&EXAMPLE.parse().unwrap(), "QUERENT", &mut known);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    let mut seen = 0;
    for file in ["Dockerfile", "compose/compose.yaml", "systemd/querent.service", "kubernetes/querent.yaml"] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        for name in named(&text).filter(|name| !OWN.contains(&name.as_str())) {
            assert!(known.contains(&name), "{file} names {name}, which is no setting");
            seen += 1;
        }
    }
    assert!(seen > 10);
}
