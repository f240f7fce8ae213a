//! `querent query list|review|approve|reject` on the real binary.

use crate::cli::Desk;

#[test]
fn a_waiting_answer_is_listed_looked_at_and_approved() {
    let desk = Desk::new();
    desk.registered();
    desk.run(&["connection", "set", "library", "--review", "review"]).ends(0);
    desk.run(&["ask", "How many books are there?", "--on", "library"]).ends(0);
    let listed = desk.run(&["query", "list", "--on", "library", "--state", "proposed"]).ends(0);
    let id = listed.out.split(' ').next().unwrap().to_owned();
    assert!(listed.out.contains("How many books are there?"), "{listed:?}");
    let shown = desk.run(&["query", "review", &id, "--preview"]).ends(0);
    assert!(shown.out.contains("approve") && shown.out.contains("SELECT"), "{shown:?}");
    desk.run(&["query", "approve", &id, "--reason", "right"]).ends(0);
    desk.run(&["query", "approve", &id]).fails_with(1, "A032");
    desk.run(&["query", "reject", &id, "--reason", " "]).fails_with(1, "A063");
    let refused = desk.run(&["query", "reject", &id, "--reason", "counts twice"]).ends(0);
    assert!(refused.out.contains("rejected"), "{refused:?}");
    assert_eq!(desk.run(&["query", "list", "--state", "approved"]).ends(0).out, "");
}
