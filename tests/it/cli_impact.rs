//! What a new schema version breaks, on the command line: over a registered database, and over files for a build.

use serde_json::json;

use crate::cli::Desk;

fn renamed(desk: &Desk) {
    desk.database("library.db", "ALTER TABLE books RENAME COLUMN pages TO leaves");
}

#[test]
fn a_crawl_says_what_it_broke_and_how_to_repair_it() {
    let desk = Desk::new();
    desk.registered();
    let sql = "SELECT title FROM books WHERE pages > 200";
    desk.run(&["case", "add", "Which books are long?", sql, "--on", "library"]).ends(0);
    let term = ["glossary", "add", "long book", "More than 200 pages", "--on", "library", "--table", "books"];
    desk.run(&[&term[..], &["--filter", "pages > 200"]].concat()).ends(0).says("long book");
    desk.run(&["glossary", "list", "--on", "library"]).ends(0).says("SELECT 1 FROM books WHERE pages > 200");
    // what is no read is not kept
    let bad =
        ["glossary", "add", "bad", "no", "--on", "library", "--table", "books", "--filter", "nosuch > 1"];
    desk.run(&bad).fails_with(1, "A011").tells("nosuch");
    desk.run(&["case", "add", "Bad?", "DELETE FROM books", "--on", "library"]).fails_with(1, "A011");

    renamed(&desk);
    let crawl = desk.run(&["crawl", "--on", "library"]).ends(0).says("renamed to leaves");
    let crawl = crawl.says("2 statements checked: 2 broken").says("evaluation case: Which books are long?");
    let _ = crawl.says("\"leaves\"").says("cause");
    let told = desk.run(&["notifications"]).ends(0).says("library 2.0: 2 of 2 statements broken");
    assert_eq!(told.out.lines().count(), 1);
    desk.run(&["notifications", "--read"]).ends(0);
    assert_eq!(desk.run(&["notifications"]).ends(0).out, "");
    desk.run(&["notifications", "--all"]).ends(0).says("library 2.0");

    let diff = ["diff", "--on", "library", "--impact"];
    desk.run(&diff).ends(0).says("broken     evaluation case: Which books are long?").says("repair");
    let markdown = desk.run(&[&diff[..], &["--format", "markdown"]].concat()).ends(0);
    let _ = markdown.says("### broken (2)").says("```sql");
    let json = desk.run(&[&diff[..], &["--format", "json"]].concat()).ends(0).json();
    assert_eq!(json["changes"][0]["kind"], "column_renamed", "{json}");
    assert_eq!(json["impact"]["checked"], 2);
    let all = json["impact"]["statements"].as_array().unwrap();
    let one = all.iter().find(|s| s["subject_type"] == "evaluation_case").unwrap();
    assert_eq!((&one["state"], &one["findings"][0]["code"]), (&json!("broken"), &json!("G101")));
    let repair = one["repair"].as_str().unwrap();
    desk.run(&["query", repair, "--on", "library"]).ends(0).says("Harbours");
    desk.run(&[&diff[..], &["--fail-on-impact"]].concat()).ends(4);
    desk.run(&["diff", "--on", "library", "--from", "2.0", "--to", "2.0", "--fail-on-impact"]).ends(4);

    // a person accepts what is proposed
    let listed = desk.run(&["impact", "list", "--on", "library"]).ends(0).says("repair: ");
    let keys: Vec<&str> =
        listed.out.lines().filter(|l| l.contains(" broken ")).filter_map(|l| l.split(' ').next()).collect();
    assert_eq!(keys.len(), 2, "{listed:?}");
    desk.run(&[&["impact", "repair"][..], &keys].concat())
        .ends(0)
        .says("Which books are long?")
        .says("long book");
    assert_eq!(desk.run(&["impact", "list", "--on", "library"]).ends(0).out, "");
    desk.run(&["impact", "repair", keys[0]]).fails_with(1, "A034");
    desk.run(&["glossary", "list", "--on", "library"]).ends(0).says("\"leaves\"");
    desk.run(&["case", "list", "--on", "library"]).ends(0).says("\"leaves\"");
    desk.run(&[&diff[..], &["--fail-on-impact"]].concat()).ends(0);

    // what nobody needs any more is removed
    desk.run(&["glossary", "remove", "LONG BOOK", "--on", "library"]).ends(0);
    desk.run(&["glossary", "list", "--on", "library"]).ends(0);
    desk.run(&["glossary", "remove", "long book", "--on", "library"]).fails_with(1, "K070");
}

#[test]
fn files_are_checked_without_a_store() {
    let desk = Desk::new();
    let ddl = "CREATE TABLE pet (id int PRIMARY KEY, name text, weight int);";
    desk.file("old.sql", ddl);
    desk.file("new.sql", &ddl.replace("weight", "mass"));
    desk.file("good.jsonl", "{\"id\":\"a\",\"sql\":\"SELECT name FROM pet\"}\n");
    desk.file("bad.jsonl", "{\"question\":\"How heavy?\",\"sql\":\"SELECT weight FROM pet\"}\n\n");
    std::fs::create_dir(desk.path("reports")).unwrap();
    desk.file("reports/one.sql", "SELECT id FROM pet;\nSELECT max(weight) FROM pet;\n");
    let diff = |more: &[&str]| {
        desk.run(
            &[&["diff", "old.sql", "new.sql", "--engine", "postgres", "--fail-on-impact"], more].concat(),
        )
    };
    diff(&["--queries", "good.jsonl"]).ends(0).says("1 statements checked: 0 broken");
    diff(&["--queries", "bad.jsonl"]).ends(4).says("How heavy?").says("\"mass\"");
    let all = diff(&["--queries", "good.jsonl", "--queries", "reports"]).ends(4);
    let _ = all.says("3 statements checked: 1 broken").says("reports/one.sql:2");
    // a breaking change comes first
    diff(&["--queries", "bad.jsonl", "--fail-on-breaking"]).ends(3);
    diff(&[]).fails_with(1, "K011");
    desk.file("broken.jsonl", "{\"nothing\":1}\n");
    diff(&["--queries", "broken.jsonl"]).fails_with(1, "K002").tells("line 1");
    desk.file("policy.json", "{\"hidden_columns\":[\"mass\"]}");
    let hidden = diff(&["--queries", "bad.jsonl", "--policy", "policy.json"]).ends(4);
    assert!(!hidden.out.contains("repair"), "{hidden:?}");
}

#[test]
fn old_versions_go_as_the_settings_say() {
    let desk = Desk::new();
    desk.file("querent.toml", "[crawl]\nkeep_versions = 2\n");
    desk.registered();
    for name in ["one", "two", "three"] {
        desk.database("library.db", &format!("CREATE TABLE {name} (id INTEGER PRIMARY KEY)"));
        desk.run(&["crawl", "--on", "library"]).ends(0).says(name);
    }
    desk.run(&["diff", "--on", "library"]).ends(0).says("three");
    desk.run(&["diff", "--on", "library", "--from", "1.0"]).fails_with(1, "X012").tells("1.3, 1.2.");
}
