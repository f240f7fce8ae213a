//! `querent check` over files and folders, in every form that it prints, with codes for CI.

use serde_json::Value;

use crate::cli::Desk;

/// Reports with one honest statement, one refused, one with a warning; a file of another kind beside them.
fn reports() -> Desk {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path("reports/deep")).unwrap();
    desk.file("reports/b.sql", "-- books\nSELECT title FROM books;\n\nSELECT 'é', titel\nFROM books;\n");
    desk.file("reports/a.sql", "SELECT b.title FROM books b WHERE b.price = NULL");
    desk.file("reports/deep/c.SQL", "\u{feff}DELETE FROM books WHERE title = 'a;b';");
    desk.file("reports/notes.txt", "DROP TABLE books");
    desk
}

const ON: [&str; 2] = ["--on", "sqlite:library.db"];

#[test]
fn folders_are_checked_statement_by_statement() {
    let desk = reports();
    let run = desk.run(&["check", "reports", ON[0], ON[1]]).ends(1);
    let run = run
        .says(": warning[W101]")
        .says("reports/b.sql:4:13: error[G101]: ")
        .says("reports/deep/c.SQL:1:1: error[G200]")
        .says("statements: 4, accepted: 2, refused: 2, warnings: 1");
    assert!(!run.out.contains("notes"), "{run:#?}");
    let a = run.out.find("a.sql").unwrap();
    assert!(a < run.out.find("b.sql").unwrap(), "files come in the order of their names");
}

#[test]
fn the_code_says_what_was_found() {
    let desk = reports();
    desk.run(&["check", "reports/a.sql", ON[0], ON[1]]).ends(0);
    desk.run(&["check", "reports/a.sql", ON[0], ON[1], "--fail-on", "warning"]).ends(1);
    desk.run(&["check", "reports/a.sql", "DROP TABLE books", ON[0], ON[1]]).ends(1);
    desk.run(&["check", "reports/gone.sql", ON[0], ON[1]]).fails_with(2, "K002");
    std::fs::create_dir(desk.path("empty")).unwrap();
    desk.run(&["check", "empty", ON[0], ON[1]]).fails_with(2, "K003");
    std::fs::write(desk.path("latin.sql"), b"SELECT '\xe9'").unwrap();
    desk.run(&["check", "latin.sql", ON[0], ON[1]]).fails_with(2, "K002");
}

#[test]
fn json_names_the_place_of_every_statement_and_finding() {
    let desk = reports();
    let all = desk.run(&["check", "reports", ON[0], ON[1], "--format", "json"]).ends(1).json();
    assert_eq!((&all["accepted"], &all["refused"], &all["warnings"]), (&2.into(), &2.into(), &1.into()));
    let statements = all["statements"].as_array().unwrap();
    let places: Vec<(&str, u64, u64, &str)> = statements
        .iter()
        .map(|s| {
            let number = |name: &str| s[name].as_u64().unwrap();
            (s["file"].as_str().unwrap(), number("line"), number("column"), s["verdict"].as_str().unwrap())
        })
        .collect();
    let expected = [
        ("reports/a.sql", 1, 1, "allow"),
        ("reports/b.sql", 2, 1, "allow"),
        ("reports/b.sql", 4, 1, "reject"),
        ("reports/deep/c.SQL", 1, 1, "reject"),
    ];
    assert_eq!(places, expected);
    assert_eq!(statements[2]["findings"][0]["line"], 4);
    assert_eq!(statements[2]["findings"][0]["column"], 13, "columns count characters, not bytes");
}

#[test]
fn sarif_has_the_shape_that_code_scanning_reads() {
    let desk = reports();
    let sarif = desk.run(&["check", "reports", ON[0], ON[1], "--format", "sarif"]).ends(1).json();
    assert_eq!(sarif["version"], "2.1.0");
    let runs = sarif["runs"].as_array().unwrap();
    let [run] = runs.as_slice() else { panic!("{sarif}") };
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(run["tool"]["driver"]["name"].is_string());
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string(), "{rule}");
        let level = rule["defaultConfiguration"]["level"].as_str().unwrap();
        assert!(["error", "warning"].contains(&level), "{rule}");
    }
    let results = run["results"].as_array().unwrap();
    let found: Vec<(&str, &str)> =
        results.iter().map(|r| (r["ruleId"].as_str().unwrap(), r["level"].as_str().unwrap())).collect();
    assert_eq!(found, [("W101", "warning"), ("G101", "error"), ("G200", "error")]);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["message"]["text"].is_string());
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.starts_with("reports/") && !uri.contains('\\'), "{uri}");
        assert!(run["artifacts"].as_array().unwrap().iter().any(|a| a["location"]["uri"] == uri));
        let number = |name: &str| place["region"][name].as_u64().unwrap();
        assert!(number("startLine") >= 1 && number("startColumn") >= 1);
        let (start, end) =
            ((number("startLine"), number("startColumn")), (number("endLine"), number("endColumn")));
        assert!(start < end, "{result}");
    }
}

#[test]
fn an_argument_and_standard_input_stay_one_statement() {
    let desk = Desk::new();
    desk.run(&["check", "SELECT 1; SELECT 2", "--engine", "sqlite"]).ends(1).says("G011");
    let verdict: Value = desk.run(&["check", "SELECT 1", "--engine", "sqlite", "--json"]).ends(0).json();
    assert_eq!(verdict["verdict"], "allow");
    let sarif =
        desk.run(&["check", "DROP TABLE t", "--engine", "sqlite", "--format", "sarif"]).ends(1).json();
    assert_eq!(sarif["runs"][0]["results"][0]["level"], "error");
}

#[test]
fn statements_are_compared_by_meaning() {
    let desk = reports();
    desk.file(
        "one.sql",
        "SELECT b.title FROM books b JOIN authors a ON a.id = b.author_id WHERE a.country = 'Peru'",
    );
    let other = "select title from authors x, books y where x.country = 'Peru' and y.author_id = x.id";
    desk.run(&["check", "one.sql", "--same-as", other, ON[0], ON[1]]).ends(0).tells("means the same");
    desk.run(&["check", other, "--same-as", "one.sql", ON[0], ON[1]]).ends(0);
    let less = "SELECT title FROM books";
    desk.run(&["check", less, "--same-as", "one.sql", ON[0], ON[1]]).ends(1).tells("not known");
    desk.run(&["check", less, "--same-as", "DROP TABLE books", ON[0], ON[1]]).fails_with(2, "K004");
    desk.run(&["check", less, "--same-as", "reports/b.sql", ON[0], ON[1]]).fails_with(2, "K004");
}

/// The published schema is what the types say; `querent check --schema` prints it again after a change of them.
#[test]
fn the_schema_of_verdicts_is_published() {
    let desk = Desk::new();
    let printed: Value = serde_json::from_str(&desk.run(&["check", "--schema"]).ends(0).out).unwrap();
    let published: Value = serde_json::from_str(include_str!("../../guard/verdict.schema.json")).unwrap();
    assert_eq!(printed, published, "guard/verdict.schema.json is not current");
}

/// SQL for MongoDB is shown with the aggregation that runs; a pipeline is still checked as one.
#[test]
fn sql_over_documents_shows_its_pipeline() {
    let desk = Desk::new();
    desk.file(
        "zoo.json",
        r#"{"animals": {"fields": {"_id": "int", "name": "string", "legs": "int", "foods": ["string"]}}}"#,
    );
    let check = |args: &[&str]| {
        let on = ["--engine", "mongodb", "--ddl", "zoo.json"];
        desk.run(&["check"].iter().chain(args).chain(&on).copied().collect::<Vec<_>>())
    };
    let sql = "SELECT name FROM animals WHERE legs > 2";
    let shown = check(&[sql]).ends(0);
    shown.says("db.animals.aggregate([").says(r#"{"$match":{"legs":{"$gt":2}}}"#);
    let json = check(&[sql, "--json"]).ends(0).json();
    assert_eq!(json["pipeline"]["collection"], "animals");
    assert_eq!(json["pipeline"]["stages"][1]["$project"]["c0"], "$name");
    let refused = check(&["SELECT 1", "--json"]).ends(1).json();
    assert_eq!(refused["findings"][0]["code"], "G600");
    let native = r#"{"collection": "animals", "pipeline": [{"$match": {"legs": 4}}]}"#;
    let native = check(&[native, "--json"]).ends(0).json();
    assert_eq!(native["canonical"]["collection"], "animals");
}
