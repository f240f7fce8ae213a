//! `querent audit` on the real binary: the chain is whole after commands, and a change of the file is named.

use crate::cli::Desk;

#[test]
fn the_trail_is_shown_verified_and_a_change_is_named() {
    let desk = Desk::new();
    desk.registered();
    let listed = desk.run(&["audit", "list", "--action", "connection.*"]).ends(0);
    assert!(listed.out.contains("connection.") && !listed.out.contains("crawl."), "{listed:?}");
    desk.run(&["audit", "verify"]).ends(0).says("the chain is whole").says(" 0 wait");
    let head = desk.run(&["audit", "head"]).ends(0);
    assert!(head.json()["signature"].is_string());
    desk.file("head.json", &head.out);
    desk.run(&["connection", "rename", "library", "books"]);
    desk.run(&["audit", "verify", "--head", "head.json"]).ends(0);
    let exported = desk.run(&["audit", "export", "--everywhere", "--out", "trail.ndjson"]).ends(0);
    assert_eq!(exported.out, "");
    let text = std::fs::read_to_string(desk.path("trail.ndjson")).unwrap();
    assert!(text.lines().count() >= 2 && text.lines().all(|line| line.starts_with("{\"id\"")), "{text}");

    // what a person with the file can do
    let change = "DROP TRIGGER audits_stay_as_they_are; UPDATE audits SET actor = 'somebody' \
                  WHERE id = (SELECT audit_id FROM audit_seals WHERE seq = 1)";
    desk.database("data/querent.db", change);
    let found = desk.run(&["audit", "verify"]).ends(1).says("line 1 ").says("WAS CHANGED");
    assert!(!found.out.contains("line 2 "), "{found:?}");
    desk.file("text", "no head");
    desk.run(&["audit", "verify", "--head", "text"]).fails_with(1, "T002");
}
