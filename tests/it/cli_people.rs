//! `querent user` and `querent api-key` on the real binary.

use crate::cli::Desk;

#[test]
fn people_and_keys_are_made_without_a_daemon() {
    let desk = Desk::new();
    let owner = desk.run(&["user", "add", "--owner", "Olga@example.com"]).ends(0);
    assert!(owner.out.contains("olga@example.com") && owner.out.contains("ql_"), "{owner:?}");
    let ada = desk
        .run(&["user", "add", "ada@example.com", "--system-role", "developer", "--role", "editor"])
        .ends(0);
    assert!(ada.out.contains("developer") && ada.out.contains("ql_"), "{ada:?}");
    desk.run(&["user", "add", "ada@example.com"]).fails_with(1, "S011");
    desk.run(&["user", "add", "ben@example.com", "--system-role", "king"]).fails_with(1, "K096");
    desk.run(&["user", "role", "ada@example.com", "admin"]).ends(0);
    desk.run(&["user", "disable", "ada@example.com"]).ends(0);
    let listed = desk.run(&["user", "list", "--search", "ada"]).ends(0);
    assert!(listed.out.contains("admin") && listed.out.contains("disabled"), "{listed:?}");
    assert!(!listed.out.contains("olga"), "{listed:?}");
    desk.run(&["user", "enable", "ada@example.com"]).ends(0);
    desk.run(&["user", "reset-link", "ada@example.com"]).ends(0);
    desk.run(&["user", "reset-link", "nobody@example.com"]).fails_with(1, "K097");
    desk.run(&["user", "disable", "olga@example.com"]).fails_with(1, "I017");

    let key = desk.run(&["api-key", "add", "nightly", "--scope", "chats.*", "--days", "90"]).ends(0);
    assert!(key.out.trim().starts_with("qk_"), "{key:?}");
    desk.run(&["api-key", "add", "odd", "--scope", "chats.fly"]).fails_with(1, "I025");
    let listed = desk.run(&["api-key", "list"]).ends(0);
    assert!(listed.out.contains("chats.*") && !listed.out.contains(key.out.trim()), "{listed:?}");
    let id = listed.out.split_whitespace().next().unwrap();
    desk.run(&["api-key", "revoke", id]).ends(0);
    assert!(desk.run(&["api-key", "list"]).ends(0).out.contains("revoked"));
}
