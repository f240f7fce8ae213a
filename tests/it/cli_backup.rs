//! `querent backup`, `restore` and `migrate` on the real binary: what is restored in another folder answers as before.

use crate::cli::Desk;

#[test]
fn a_store_moves_to_another_folder_and_answers_there() {
    let desk = Desk::new();
    desk.registered();
    desk.file("word", "correct horse\n");
    let locked = ["backup", "all.backup", "--passphrase-file", "word", "--master-keys", "--verify"];
    let saved = desk.run(&locked).ends(0).says("verified by restoring");
    assert!(!saved.err.contains("master keys are not in it"), "{saved:?}");
    desk.run(&locked).fails_with(1, "B007");

    desk.run(&["restore", "all.backup", "--into", "moved"]).fails_with(1, "B003");
    desk.run(&["restore", "all.backup", "--into", "moved", "--passphrase-file", "word"])
        .ends(0)
        .says("restored");
    let ask = ["query", "SELECT title FROM books ORDER BY id", "--on", "library", "-o", "csv"];
    let moved = desk.command(&ask).env("QUERENT_DATA_DIR", "moved").output().unwrap();
    assert!(moved.status.success(), "{moved:?}");
    assert_eq!(String::from_utf8(moved.stdout).unwrap().lines().nth(1), Some("Tides"));
    desk.run(&["restore", "all.backup", "--into", "moved", "--passphrase-file", "word"])
        .fails_with(1, "B005");
}

#[test]
fn keys_stay_behind_unless_asked_for_and_that_is_said() {
    let desk = Desk::new();
    desk.registered();
    desk.run(&["backup", "open.backup"]).ends(0).tells("the master keys are not in it");
    desk.run(&["backup", "keys.backup", "--master-keys"]).fails_with(1, "B007");
    desk.run(&["backup", "own.backup", "--with-keyring"]).ends(0);
    desk.run(&["restore", "own.backup", "--check", "--with-keyring"]).ends(0).says("verified");
    desk.run(&["restore", "open.backup", "--into", "moved"]).ends(0).tells("the master keys are not here");
    // what was in use stays as it was when the file is not one of ours
    desk.file("text", "not a backup");
    desk.run(&["restore", "text", "--replace"]).fails_with(1, "B002");
    desk.run(&["query", "SELECT 1", "--on", "library"]).ends(0);
    desk.run(&["restore", "open.backup", "--replace"]).ends(0);
    desk.run(&["query", "SELECT 1", "--on", "library"]).ends(0);
}

#[test]
fn the_stores_own_schema_is_looked_at() {
    let desk = Desk::new();
    desk.registered();
    desk.run(&["migrate", "status"]).ends(0).says("0001 0001_core").says("expand");
    desk.run(&["migrate", "verify"]).ends(0).says(" 0 differ");
    desk.database("data/querent.db", "ALTER TABLE crawls ADD COLUMN by_hand TEXT");
    let drift = desk.run(&["migrate", "verify", "--json"]).ends(1).json();
    assert!(drift["differences"].as_array().unwrap().iter().any(|d| d["what"] == "column crawls.by_hand"));
    desk.run(&["migrate", "down", "1"]).fails_with(1, "K006");
}
