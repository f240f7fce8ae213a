//! The real binary on the command line: what it prints, where, and with which code it ends.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use arrow::array::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

/// A folder with a small library in it, and the binary over a data folder beside it.
pub struct Desk {
    folder: tempfile::TempDir,
}

const LIBRARY: &str = "
    CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT);
    CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES authors (id),
                        title TEXT NOT NULL, pages INTEGER, price REAL);
    INSERT INTO authors VALUES (1, 'Ada Moor', 'Norway'), (2, 'Ben \"Bee\" Lark', NULL), (3, 'Cy, the Elder', 'Peru');
    INSERT INTO books VALUES (1, 1, 'Tides', 210, 12.5), (2, 1, 'Harbours', 340, 18), (3, 3, 'Maize', 95, NULL);
    CREATE TABLE secrets (id INTEGER PRIMARY KEY, word TEXT);
";

/// A statement that would run for hours.
pub const ENDLESS: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000000000) SELECT max(x) FROM n";

impl Desk {
    /// An empty data folder and the library.
    pub fn new() -> Desk {
        let desk = Desk { folder: tempfile::tempdir().unwrap() };
        desk.database("library.db", LIBRARY);
        desk
    }

    /// Where a file of the folder is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a SQLite file.
    pub fn database(&self, name: &str, ddl: &str) {
        rusqlite::Connection::open(self.path(name)).unwrap().execute_batch(ddl).unwrap();
    }

    /// Writes a file.
    pub fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        name.to_owned()
    }

    /// The binary, standing in the folder, with nothing of this process's settings.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_querent"));
        command.current_dir(self.folder.path()).args(args).env_clear().env("QUERENT_DATA_DIR", "data");
        command
    }

    /// Runs it to its end.
    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command(args).stdin(Stdio::null()).output().unwrap())
    }

    fn run_with(&self, variable: &str, value: &str, args: &[&str]) -> Run {
        Run::of(self.command(args).env(variable, value).stdin(Stdio::null()).output().unwrap())
    }

    /// The library, registered and crawled.
    pub fn registered(&self) {
        self.run(&["connection", "add", "library", "sqlite:library.db"]).ends(0);
        self.run(&["crawl", "--on", "library"]).ends(0);
    }
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Run {
    code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Run {
    fn of(output: Output) -> Run {
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap_or_else(|e| format!("{} bytes", e.as_bytes().len()))
        };
        let run = Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        assert!(!run.err.contains("panicked"), "{run:?}");
        run
    }

    /// It ended with that code.
    pub fn ends(self, code: i32) -> Run {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// It was refused: code 1, `error[CODE]` on standard error and nothing that looks like a result.
    fn fails(self, code: &str) -> Run {
        self.fails_with(1, code)
    }

    /// As [`Run::fails`], with another code of the process.
    pub fn fails_with(self, exit: i32, code: &str) -> Run {
        let run = self.ends(exit);
        assert!(run.err.contains(&format!("error[{code}]")), "{code}: {run:#?}");
        run
    }

    /// It printed that.
    pub fn says(self, text: &str) -> Run {
        assert!(self.out.contains(text), "{text:?} is not in {self:#?}");
        self
    }

    /// It said that on standard error.
    pub fn tells(self, text: &str) -> Run {
        assert!(self.err.contains(text), "{text:?} is not in {self:#?}");
        self
    }

    /// What it printed, as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:#?}"))
    }

    fn json_lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

const LIBRARY_URL: &str = "sqlite:library.db";

#[test]
fn check_says_yes_or_no_by_its_code() {
    let desk = Desk::new();
    desk.run(&["check", "SELECT title FROM books", "--on", LIBRARY_URL])
        .ends(0)
        .says("allowed: one read")
        .says("SELECT");
    desk.run(&["check", "DELETE FROM books", "--on", LIBRARY_URL]).ends(1).says("refused").says("error[G");
    desk.run(&["check", "SELECT titel FROM books", "--on", LIBRARY_URL]).ends(1).says("G101").says("title");
    desk.run(&["check", "SELECT 1; SELECT 2", "--engine", "postgres"]).ends(1);
    desk.run(&["check", "SELECT 1"]).fails_with(2, "K001").tells("--engine");
    desk.run(&["check", "SELECT 1", "--engine", "access"]).fails_with(2, "K001").tells("sqlite");
    assert!(!desk.path("data").exists(), "a check needs no store");
}

#[test]
fn check_reads_ddl_and_standard_input() {
    let desk = Desk::new();
    let ddl = desk.file("shop.sql", "CREATE TABLE item (id int PRIMARY KEY, label text);");
    desk.run(&["check", "SELECT label FROM item", "--engine", "postgres", "--ddl", &ddl]).ends(0);
    desk.run(&["check", "SELECT label FROM things", "--engine", "postgres", "--ddl", &ddl]).ends(1);
    desk.run(&["check", "SELECT 1", "--engine", "postgres", "--ddl", "gone.sql"])
        .fails_with(2, "K002")
        .tells("gone.sql");
    let mut child = desk
        .command(&["check", "-", "--on", LIBRARY_URL, "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"SELECT name FROM authors").unwrap();
    let verdict = Run::of(child.wait_with_output().unwrap()).ends(0).json();
    assert_eq!(verdict["verdict"], "allow");
    assert_eq!(verdict["tables"], json!(["main.authors"]));
}

#[test]
fn check_prints_a_verdict_for_programs() {
    let desk = Desk::new();
    let allowed =
        desk.run(&["check", "select title from books", "--on", LIBRARY_URL, "--json"]).ends(0).json();
    assert_eq!(allowed["verdict"], "allow");
    assert_eq!(allowed["columns"], json!(["main.books.title"]));
    assert!(allowed["canonical"].as_str().unwrap().starts_with("SELECT"));
    let refused = desk.run(&["check", "DROP TABLE books", "--on", LIBRARY_URL, "--json"]).ends(1).json();
    assert_eq!(refused["verdict"], "reject");
    assert!(refused["findings"][0]["code"].as_str().unwrap().starts_with('G'));
}

#[test]
fn a_batch_answers_every_line() {
    let desk = Desk::new();
    let lines = desk.file(
        "batch.jsonl",
        "{\"id\": 7, \"sql\": \"SELECT name FROM authors\"}\n\nnot json\n[1]\n{\"id\": 8}\n\
         {\"id\": 9, \"sql\": \"UPDATE authors SET name = ''\", \"verdict\": \"allow\"}\n{\"sql\": \"SELECT 1\"}",
    );
    let answers = desk.run(&["check", "--batch", &lines, "--on", LIBRARY_URL]).ends(0).json_lines();
    let verdicts: Vec<&str> = answers.iter().map(|a| a["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["allow", "reject", "reject", "reject", "reject", "allow"]);
    assert_eq!((&answers[0]["id"], &answers[4]["id"]), (&json!(7), &json!(9)));
    assert!(answers[1]["findings"][0]["message"].as_str().unwrap().contains("line 3"), "{}", answers[1]);
    desk.run(&["check", "--batch", "gone.jsonl", "--engine", "sqlite"]).fails_with(2, "K002");
}

#[test]
fn hidden_tables_do_not_exist() {
    let desk = Desk::new();
    let check = ["check", "SELECT word FROM secrets", "--on", LIBRARY_URL, "--json"];
    desk.run(&check).ends(0);
    let hidden = desk.run(&[&check[..], &["--hide", "main.sec*"]].concat()).ends(1);
    let unknown = desk.run(&["check", "SELECT word FROM nothing", "--on", LIBRARY_URL, "--json"]).ends(1);
    assert_eq!(hidden.json()["findings"][0]["code"], unknown.json()["findings"][0]["code"]);
    assert!(!unknown.out.contains("secrets") || !hidden.out.contains("hidden"), "{hidden:?}");
}

const BOOKS: &str = "SELECT name, country, pages FROM authors LEFT JOIN books ON books.author_id = authors.id ORDER BY authors.id, pages";

#[test]
fn query_prints_text_forms() {
    let desk = Desk::new();
    let table = desk.run(&["query", BOOKS, "--on", LIBRARY_URL]).ends(0);
    assert!(table.out.contains("NULL") && table.out.ends_with("(4 rows)\n"), "{table:?}");
    let csv = desk.run(&["query", BOOKS, "--on", LIBRARY_URL, "-o", "csv"]).ends(0);
    assert_eq!(
        csv.out,
        "name,country,pages\r\nAda Moor,Norway,210\r\nAda Moor,Norway,340\r\n\"Ben \"\"Bee\"\" Lark\",,\r\n\
         \"Cy, the Elder\",Peru,95\r\n"
    );
    let rows = desk.run(&["query", BOOKS, "--on", LIBRARY_URL, "-o", "json"]).ends(0).json();
    assert_eq!(rows[2], json!({"name": "Ben \"Bee\" Lark", "country": null, "pages": null}));
    let lines = desk.run(&["query", BOOKS, "--on", LIBRARY_URL, "-o", "ndjson"]).ends(0).json_lines();
    assert_eq!(Value::Array(lines), rows);
    let shown = desk.run(&["query", BOOKS, "--on", LIBRARY_URL, "--show", "1"]).ends(0);
    assert!(shown.out.ends_with("(1 of 4 rows shown)\n"), "{shown:?}");
}

#[test]
fn query_writes_files_in_every_form() {
    let desk = Desk::new();
    for form in ["table", "csv", "json", "ndjson", "arrow", "parquet", "xlsx"] {
        let run = desk.run(&["query", BOOKS, "--on", LIBRARY_URL, "-o", form, "--out", form]).ends(0);
        assert_eq!(run.out, "", "the result went to the file");
        let bytes = std::fs::read(desk.path(form)).unwrap();
        let names = match form {
            "parquet" => {
                let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
                first_column(reader.build().unwrap().map(|b| b.unwrap()))
            }
            "arrow" => first_column(
                arrow::ipc::reader::StreamReader::try_new(bytes.as_slice(), None)
                    .unwrap()
                    .map(|b| b.unwrap()),
            ),
            "xlsx" => {
                let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
                let mut xml = String::new();
                archive.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut xml).unwrap();
                xml
            }
            _ => String::from_utf8(bytes).unwrap(),
        };
        assert!(names.contains("Ada Moor") && names.contains("Cy, the Elder"), "{form}: {names}");
    }
    let piped = desk.command(&["query", BOOKS, "--on", LIBRARY_URL, "-o", "parquet"]).output().unwrap();
    assert_eq!(piped.stdout, std::fs::read(desk.path("parquet")).unwrap(), "a pipe gets the same bytes");
    desk.run(&["query", BOOKS, "--on", LIBRARY_URL, "--out", "no/such/folder"]).fails("K003");
}

fn first_column(batches: impl Iterator<Item = arrow::record_batch::RecordBatch>) -> String {
    batches.map(|b| format!("{:?}", b.column(0).as_string::<i32>())).collect()
}

#[test]
fn query_refuses_writes_and_explains_reads() {
    let desk = Desk::new();
    for sql in [
        "DELETE FROM books",
        "SELECT load_extension('x')",
        "PRAGMA writable_schema = 1",
        "SELECT titel FROM books",
    ] {
        let run = desk.run(&["query", sql, "--on", LIBRARY_URL]).fails("A011").tells("error[G");
        assert_eq!(run.out, "", "findings do not mix with results");
    }
    let explained =
        desk.run(&["query", BOOKS, "--on", LIBRARY_URL, "--explain", "-o", "csv"]).ends(0).tells("SELECT");
    assert!(explained.out.starts_with("name,country,pages\r\n"), "explanations do not mix with the result");
    let left = rusqlite::Connection::open(desk.path("library.db")).unwrap();
    assert_eq!(left.query_row("SELECT count(*) FROM books", [], |r| r.get::<_, i64>(0)).unwrap(), 3);
}

#[test]
fn a_result_larger_than_the_cap_is_cut_and_said_to_be() {
    let desk = Desk::new();
    let many =
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000) SELECT x FROM n";
    let run = desk
        .run_with("QUERENT_LIMITS_ROWS", "10", &["query", many, "--on", LIBRARY_URL, "-o", "ndjson"])
        .ends(0);
    assert_eq!(run.json_lines().len(), 10);
    let run = run.tells("warning: the result is not whole").tells("10");
    assert!(!run.out.contains("warning"));
    let exact = desk
        .run_with("QUERENT_LIMITS_ROWS", "5000", &["query", many, "--on", LIBRARY_URL, "-o", "ndjson"])
        .ends(0);
    assert_eq!(
        (exact.json_lines().len(), exact.err.as_str()),
        (5000, ""),
        "a result that just fits is whole"
    );
}

#[test]
fn a_statement_that_takes_too_long_is_stopped() {
    let desk = Desk::new();
    let run = desk.run_with("QUERENT_LIMITS_SECONDS", "1", &["query", ENDLESS, "--on", LIBRARY_URL]);
    let run = run.ends(1).tells("error[").tells("hint:");
    assert_eq!(run.out, "");
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let desk = Desk::new();
    desk.registered();
    let many = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 90000) SELECT x, x, x, x FROM n";
    for args in [
        &["query", many, "--on", LIBRARY_URL, "-o", "csv"][..],
        &["query", many, "--on", LIBRARY_URL, "-o", "json"],
        &["query", many, "--on", LIBRARY_URL, "--show", "90000"],
        &["query", BOOKS, "--on", LIBRARY_URL],
        &["config", "example"],
        &["config", "connectors"],
        &["connection", "list"],
        &["migrate", "status"],
        &["check", "SELECT title FROM books", "--on", LIBRARY_URL],
        &["doctor"],
    ] {
        let mut child = desk.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Nobody reads from the start.
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code().is_some(), "{args:?} was killed");
        assert!(!err.contains("panicked") && !err.contains("error["), "{args:?}: {err}");
    }
}

#[test]
fn ask_answers_from_a_url_and_leaves_no_trace() {
    let desk = Desk::new();
    let run = desk
        .run(&["ask", "How many books are there?", "--on", LIBRARY_URL, "-o", "csv"])
        .ends(0)
        .tells("SELECT");
    assert_eq!(run.out.lines().nth(1), Some("3"), "{run:?}");
    let run = desk
        .run(&["ask", "How many books are there?", "--on", LIBRARY_URL, "--explain", "--dry-run"])
        .ends(0);
    let run = run.tells("count");
    assert_eq!(run.out, "");
    assert!(!desk.path("data").exists());
}

#[test]
fn ask_stores_the_answer_of_a_registered_database() {
    let desk = Desk::new();
    desk.registered();
    let run = desk
        .run(&["ask", "Show the titles of all books", "--on", "library", "-o", "ndjson", "--explain"])
        .ends(0);
    let titles: Vec<String> =
        run.json_lines().iter().map(|row| row["title"].as_str().unwrap().to_owned()).collect();
    assert_eq!(titles.len(), 3);
    assert!(titles.contains(&"Harbours".to_owned()), "{titles:?}");
    assert_eq!(std::fs::read_dir(desk.path("data/results")).unwrap().count(), 1);
}

#[test]
fn a_question_that_the_schema_cannot_answer_is_said_to_be_one() {
    let desk = Desk::new();
    desk.registered();
    for on in [LIBRARY_URL, "library"] {
        let run = desk.run(&["ask", "flibbertigibbet quux zork?", "--on", on]).ends(1);
        assert!(run.err.contains("error[A0") && run.out.is_empty(), "{run:?}");
    }
}

#[test]
fn connections_are_added_listed_tested_and_removed() {
    let desk = Desk::new();
    desk.run(&["connection", "add", "library", "sqlite:library.db"])
        .ends(0)
        .says("registered as \"library\"");
    desk.run(&["connection", "add", "library", "sqlite:library.db"]).ends(1).tells("error[");
    desk.run(&["connection", "list"]).ends(0).says("library").says("sqlite");
    desk.run(&["connection", "test", "library"]).ends(0).says("may read 3 tables");
    desk.run(&["query", "SELECT 1 AS one", "--on", "library"]).ends(1).tells("hint:").tells("crawl");
    desk.run(&["connection", "remove", "library"]).ends(0);
    assert_eq!(desk.run(&["connection", "list"]).ends(0).out, "");
    desk.run(&["connection", "remove", "library"]).ends(1).tells("error[");
    desk.run(&["connection", "add", "library", "sqlite:library.db"]).ends(0);
}

#[test]
fn a_database_that_cannot_be_used_is_told_why() {
    let desk = Desk::new();
    let cases = [
        ("nosuch://host/db", "nosuch"),
        ("sqlite:gone.db", "gone.db"),
        ("unregistered", "unregistered"),
        ("postgres://nobody@127.0.0.1:1/nothing", "cannot be reached"),
    ];
    for (on, word) in cases {
        for args in
            [&["crawl", "--on", on][..], &["query", "SELECT 1", "--on", on], &["connection", "test", on]]
        {
            let run = desk.run(args).ends(1).tells("error[").tells("hint:");
            assert!(run.err.to_lowercase().contains(word), "{args:?}: {run:?}");
        }
    }
    assert!(!desk.path("gone.db").exists(), "a missing file must not be made");
    desk.database("empty.db", "");
    desk.run(&["crawl", "--on", "sqlite:empty.db"]).fails("X010");
    desk.run(&["ask", "How many?", "--on", "sqlite:empty.db"]).fails("X010");
    desk.file("text.db", &"this is no database. ".repeat(100));
    desk.run(&["crawl", "--on", "sqlite:text.db"]).ends(1).tells("error[").tells("hint:");
}

#[test]
fn secrets_of_a_url_are_not_printed() {
    let desk = Desk::new();
    for args in [
        &["connection", "add", "far", "postgres://app:hunter2@127.0.0.1:1/shop"][..],
        &["crawl", "--on", "postgres://app:hunter2@127.0.0.1:1/shop"],
        &["query", "SELECT 1", "--on", "nosuch://app:hunter2@host/shop"],
    ] {
        let run = desk.run(args).ends(1);
        assert!(!run.err.contains("hunter2") && !run.out.contains("hunter2"), "{run:?}");
    }
}

#[test]
fn a_crawl_makes_a_version_only_when_something_changed() {
    let desk = Desk::new();
    desk.run(&["connection", "add", "library", "sqlite:library.db"]).ends(0);
    desk.run(&["crawl", "--on", "library"]).ends(0).says("new schema version 1.0").says("3 tables");
    desk.run(&["crawl", "--on", "library"]).ends(0).says("unchanged, still schema version 1.0");
    desk.database(
        "library.db",
        "INSERT INTO authors VALUES (4, 'Di', 'Chad'); ALTER TABLE books ADD COLUMN isbn TEXT;",
    );
    desk.run(&["crawl", "--on", "library"]).ends(0).says("new schema version 1.1");
    desk.database("library.db", "DROP TABLE secrets;");
    desk.run(&["crawl", "--on", "library"]).ends(0).says("new schema version 2.0");
    desk.run(&["diff", "--on", "library"]).ends(0).says("secrets");
    let run = desk.run(&["diff", "--on", "library", "--from", "1.0", "--to", "1.1"]).ends(0).says("isbn");
    assert!(!run.out.contains("secrets"));
    desk.run(&["diff", "--on", "library", "--from", "9.9"]).fails("X012").tells("1.0");
}

#[test]
fn a_crawl_writes_a_catalog_that_diff_reads() {
    let desk = Desk::new();
    desk.run(&["crawl", "--on", LIBRARY_URL, "--out", "old.json", "--exclude", "main.secrets"])
        .ends(0)
        .says("2 tables");
    desk.run(&["crawl", "--on", LIBRARY_URL, "--out", "new.json"]).ends(0).says("3 tables");
    desk.run(&["diff", "old.json", "new.json", "--fail-on-breaking"]).ends(0).says("secrets");
    desk.run(&["diff", "new.json", "old.json", "--fail-on-breaking"]).ends(3).says("secrets");
    desk.run(&["diff", "new.json", LIBRARY_URL]).ends(0);
    desk.file("other.json", "[1, 2]");
    desk.run(&["diff", "old.json", "other.json"]).fails("K009");
    desk.run(&["diff", "old.json"]).fails("K007");
    desk.run(&["diff", "old.json", "gone.json"]).fails("K002").tells("gone.json");
}

#[test]
fn diff_compares_ddl_in_three_forms() {
    let desk = Desk::new();
    desk.file("old.sql", "CREATE TABLE item (id int PRIMARY KEY, label text, weight int);");
    desk.file(
        "new.sql",
        "CREATE TABLE item (id int PRIMARY KEY, label text NOT NULL); CREATE TABLE tag (id int PRIMARY KEY);",
    );
    let diff =
        |more: &[&str]| desk.run(&[&["diff", "old.sql", "new.sql", "--engine", "postgres"], more].concat());
    diff(&[]).ends(0).says("weight").says("tag").says("label");
    diff(&["--format", "markdown"]).ends(0).says("weight").says("tag");
    let changes = diff(&["--format", "json"]).ends(0);
    assert!(changes.json().to_string().contains("weight"));
    diff(&["--fail-on-breaking"]).ends(3);
    desk.run(&["diff", "old.sql", "old.sql", "--engine", "postgres", "--fail-on-breaking"]).ends(0);
    diff(&["--format", "yaml"]).fails("K008").tells("markdown");
    desk.run(&["diff", "old.sql", "new.sql"]).fails("K001");
}

#[test]
fn migrations_go_up_and_down() {
    let desk = Desk::new();
    let run = desk.run(&["migrate", "status"]).ends(0).says("not applied");
    let migrations = run.out.lines().count();
    desk.run(&["migrate", "up"]).ends(0).says("applied");
    desk.run(&["migrate", "up"]).ends(0).says("up to date");
    let status = desk.run(&["migrate", "status"]).ends(0);
    assert!(!status.out.contains("not applied"));
    desk.run(&["migrate", "down"]).fails("K006").tells("--yes");
    let steps = migrations.to_string();
    desk.run(&["migrate", "down", &steps, "--yes"]).ends(0).says("took back");
    let status = desk.run(&["migrate", "status"]).ends(0);
    assert_eq!(status.out.matches("not applied").count(), migrations);
    desk.run(&["migrate", "up"]).ends(0);
    desk.registered();
}

#[test]
fn config_is_printed_and_checked() {
    let desk = Desk::new();
    let example = desk.run(&["config", "example"]).ends(0);
    assert_eq!(example.out, querent::config::EXAMPLE);
    desk.file("mine.toml", &example.out);
    desk.run(&["--config", "mine.toml", "config", "check"]).ends(0).says("the configuration holds");
    desk.file("wrong.toml", "[limits]\nrow = 1");
    desk.run(&["--config", "wrong.toml", "config", "check"])
        .fails("K000")
        .tells("limits.row")
        .tells("`rows`");
    // A file of that name in the folder is read by itself.
    desk.file("querent.toml", "[limits]\nrows = 2");
    let all = "SELECT id FROM authors";
    let run = desk.run(&["query", all, "--on", LIBRARY_URL, "-o", "ndjson"]).ends(0).tells("not whole");
    assert_eq!(run.json_lines().len(), 2);
    desk.run(&["config", "connectors"]).ends(0).says("sqlite").says("postgres");
}

#[test]
fn secrets_of_the_configuration_are_not_printed() {
    let desk = Desk::new();
    desk.file(
        "querent.toml",
        "database_url = \"postgres://app:hunter2@db/shop\"\n[model]\napi_key = \"hunter2\"",
    );
    let run = desk.run(&["config", "check"]).ends(0);
    assert!(!run.out.contains("hunter2") && !run.err.contains("hunter2"), "{run:?}");
}

#[test]
fn doctor_tells_what_works_and_what_does_not() {
    let desk = Desk::new();
    desk.registered();
    desk.run(&["doctor"]).ends(0).says("ok    store").says("connection library: sqlite").says("schema 1.0");
    std::fs::remove_file(desk.path("library.db")).unwrap();
    desk.run(&["doctor"]).ends(1).says("fail  connection library");
    desk.file("data-is-a-file", "");
    desk.run(&["--data-dir", "data-is-a-file", "doctor"]).ends(1).says("fail  store");
}

#[test]
fn serve_refuses_an_open_door_without_consent() {
    let desk = Desk::new();
    desk.run(&["serve", "--listen", "0.0.0.0:0"]).fails("K000").tells("allow_remote");
}

#[test]
fn eval_measures_and_writes_what_it_found() {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path("bases/library")).unwrap();
    std::fs::copy(desk.path("library.db"), desk.path("bases/library/library.sqlite")).unwrap();
    let question = |id: &str, question: &str, gold: &str| {
        json!({"id": id, "db_id": "library", "question": question, "gold_sql": gold}).to_string()
    };
    let questions = [
        question("q1", "How many books are there?", "SELECT count(*) FROM books"),
        question("q2", "Show the names of all authors", "SELECT name FROM authors"),
        question("q3", "flibbertigibbet quux zork?", "SELECT 1"),
    ];
    desk.file("questions.jsonl", &questions.join("\n"));
    let eval = ["eval", "--questions", "questions.jsonl", "--databases", "bases"];
    desk.run(&[&eval[..], &["--predictions", "predicted.jsonl", "--report", "report.json"]].concat()).ends(0);
    let predicted = std::fs::read_to_string(desk.path("predicted.jsonl")).unwrap();
    assert_eq!(predicted.lines().count(), 3);
    for (line, id) in predicted.lines().zip(["q1", "q2", "q3"]) {
        assert_eq!(serde_json::from_str::<Value>(line).unwrap()["id"], id);
    }
    let report: Value = serde_json::from_slice(&std::fs::read(desk.path("report.json")).unwrap()).unwrap();
    let gold = desk.run(&[&eval[..], &["--translator", "gold", "--report", "gold.json"]].concat()).ends(0);
    let perfect: Value = serde_json::from_slice(&std::fs::read(desk.path("gold.json")).unwrap()).unwrap();
    assert_eq!(
        (&report["overall"]["right"], &perfect["overall"]["right"]),
        (&json!(2), &json!(3)),
        "{report} {gold:?}"
    );
    desk.run(&[&eval[..], &["--limit", "1"]].concat()).ends(0);
    desk.run(&[&eval[..], &["--translator", "oracle"]].concat()).fails("K012");
    desk.run(&["eval", "--questions", "gone.jsonl", "--databases", "bases"]).fails("K002");
    desk.run(&["eval", "--questions", "questions.jsonl", "--databases", "nowhere"]).ends(1).tells("error[");
}

#[test]
fn a_wrong_flag_is_the_callers_fault() {
    let desk = Desk::new();
    desk.run(&["query"]).ends(2).tells("Usage");
    desk.run(&["nonsense"]).ends(2);
    desk.run(&["--version"]).ends(0).says("querent ");
    desk.run(&["--help"]).ends(0).says("crawl");
}

/// Paths are taken from where the command stands.
#[test]
fn a_data_folder_is_named_by_a_flag() {
    let desk = Desk::new();
    desk.run(&["--data-dir", "elsewhere", "connection", "add", "library", LIBRARY_URL]).ends(0);
    assert!(Path::exists(&desk.path("elsewhere")) && !desk.path("data").exists());
}
