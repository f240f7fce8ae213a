//! `querent key` on the real binary, over each way to get keys.

use crate::cli::Desk;

#[test]
fn keys_are_rotated_on_the_command_line() {
    let desk = Desk::new();
    desk.registered();
    desk.run(&["key", "status"])
        .ends(0)
        .says("key 1 of local seals")
        .says("connections.sealed_uri: 1 with key 1");
    desk.run(&["key", "rotate"]).ends(0).says("key 2 of local seals from now on");
    desk.run(&["key", "prune"]).ends(0).says("every key is in use");
    desk.run(&["key", "reseal"]).ends(0).says("1 of them brought under the newest key");
    desk.run(&["key", "prune"]).ends(0).says("removed key 1");
    let status = desk.run(&["key", "status", "--json"]).ends(0);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(status["at_hand"], serde_json::json!([2]));
    desk.run(&["query", "--on", "library", "SELECT count(*) FROM books"]).ends(0);
    // keys are printed when that is asked for in so many words
    assert_eq!(desk.command(&["key", "export"]).output().unwrap().status.code(), Some(2));
    let keys = desk.run(&["key", "export", "--show-key-material"]).ends(0).out;
    assert_eq!(keys, std::fs::read_to_string(desk.path("data/secret.key")).unwrap());
}

#[test]
fn keys_come_from_the_environment_or_a_command_as_well() {
    let desk = Desk::new();
    desk.registered();
    let keys = std::fs::read_to_string(desk.path("data/secret.key")).unwrap();
    std::fs::rename(desk.path("data/secret.key"), desk.path("elsewhere")).unwrap();
    let query = ["query", "--on", "library", "SELECT count(*) FROM books"];
    let of_environment = |args: &[&str]| {
        let mut command = desk.command(args);
        command.env("QUERENT_SECRETS_PROVIDER", "environment").env("QUERENT_SECRETS_KEYS", &keys);
        command.output().unwrap()
    };
    let output = of_environment(&query);
    assert!(output.status.success(), "{output:?}");
    let output = of_environment(&["key", "rotate"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("V030"), "{output:?}");
    assert!(!desk.path("data/secret.key").exists());
    let by_command = |command: &str| {
        let mut process = desk.command(&query);
        process.env("QUERENT_SECRETS_PROVIDER", "command").env("QUERENT_SECRETS_COMMAND", command);
        process.env("PATH", std::env::var("PATH").unwrap());
        process.output().unwrap()
    };
    let output = by_command("cat,elsewhere");
    assert!(output.status.success(), "{output:?}");
    let output = by_command("cat,nothing");
    assert!(String::from_utf8_lossy(&output.stderr).contains("V015"), "{output:?}");
    let none = desk.command(&query).env("QUERENT_SECRETS_PROVIDER", "environment").output().unwrap();
    assert!(String::from_utf8_lossy(&none.stderr).contains("V014"), "{none:?}");
}
