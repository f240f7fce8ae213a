//! The built-in translator on small databases of our own: each ability is shown by the rows that its SQL gives.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/load.rs"]
mod load;

use catalog::Catalog;
use guard::Policy;
use nl2sql::builtin::translate;
use nl2sql::{Ask, Candidate, GlossaryTerm, NoAnswer};
use rusqlite::Connection;
use rusqlite::types::Value;

const LIBRARY: &str = "
CREATE TABLE author (author_id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT, birth_year INTEGER);
CREATE TABLE book (book_id INTEGER PRIMARY KEY, title TEXT NOT NULL, author_id INTEGER REFERENCES author(author_id),
  genre TEXT, published_year INTEGER, pages INTEGER, price REAL);
CREATE TABLE member (member_id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, city TEXT, age INTEGER, gender TEXT);
CREATE TABLE loan (loan_id INTEGER PRIMARY KEY, book_id INTEGER NOT NULL REFERENCES book(book_id),
  member_id INTEGER NOT NULL REFERENCES member(member_id), loaned_on DATE, is_overdue TEXT);
INSERT INTO author VALUES (1,'Mara Lind','Sweden',1950),(2,'Tom Okoro','Nigeria',1971),(3,'Ines Prado','Spain',1988),(4,'Una Falk','Sweden',1990);
INSERT INTO book VALUES (1,'Winter Light',1,'novel',1990,320,12.5),(2,'River Town',2,'novel',2005,210,9.0),
 (3,'Stone Garden',2,'poetry',2012,90,7.5),(4,'The Long Road',3,'travel',2018,410,20.0),(5,'Night Ferry',1,'poetry',2018,120,8.0);
INSERT INTO member VALUES (1,'Ada','Moss','Leeds',34,'F'),(2,'Ben','Nile','York',19,'M'),(3,'Cleo','Ore','Leeds',52,'F'),(4,'Dan','Pike','Hull',41,'M');
INSERT INTO loan VALUES (1,1,1,'2023-02-01','no'),(2,2,1,'2023-03-05','yes'),(3,2,2,'2024-01-10','no'),(4,4,3,'2024-05-11','yes'),(5,3,1,'2024-06-01','no');
";

const CLINIC: &str = "
CREATE TABLE tbl_doctors (DoctorID INTEGER PRIMARY KEY, FName TEXT, LName TEXT, SpecialtyCode TEXT);
CREATE TABLE patients (PatientID INTEGER PRIMARY KEY, FullName TEXT, DateOfBirth DATE, weightKg REAL, has_insurance BOOLEAN);
CREATE TABLE appointments (AppointmentID INTEGER PRIMARY KEY, PatientID INTEGER, DoctorID INTEGER, StartsOn DATE, Fee REAL);
INSERT INTO tbl_doctors VALUES (1,'Eve','Stone','CARD'),(2,'Finn','West','DERM'),(3,'Gil','York','CARD');
INSERT INTO patients VALUES (1,'Hana Abe','1980-04-01',61.5,1),(2,'Ivo Cruz','1999-09-09',82.0,0),(3,'Jo Dahl','2010-01-20',40.0,1);
INSERT INTO appointments VALUES (1,1,1,'2024-03-01',80),(2,1,2,'2024-03-08',60),(3,2,1,'2025-01-15',95);
";

struct Database {
    connection: Connection,
    catalog: Catalog,
}

fn database(ddl: &str) -> Database {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(ddl).unwrap();
    let catalog = load::catalog(&connection, "sample").unwrap();
    Database { connection, catalog }
}

impl Database {
    fn ask(&self, question: &str, glossary: &[GlossaryTerm]) -> Result<Vec<Candidate>, NoAnswer> {
        let policy = Policy::default();
        translate(&Ask {
            question,
            history: &[],
            catalog: &self.catalog,
            whole: &self.catalog,
            policy: &policy,
            glossary,
            today: "2024-06-30",
        })
    }

    fn best(&self, question: &str) -> Candidate {
        self.ask(question, &[]).unwrap().into_iter().next().unwrap()
    }

    /// Rows of the best candidate, after the guard has accepted its tree.
    fn rows(&self, question: &str) -> Vec<Vec<String>> {
        self.run(&self.best(question), question)
    }

    fn run(&self, candidate: &Candidate, question: &str) -> Vec<Vec<String>> {
        let tree = candidate.tree.as_ref().unwrap();
        let checked = guard::check_tree(tree, &self.catalog, &Policy::default());
        let checked = checked.unwrap_or_else(|f| panic!("{question}: {} refused: {f:?}", candidate.sql));
        let mut statement = self.connection.prepare(checked.sql()).unwrap();
        let width = statement.column_count();
        let rows = statement
            .query_map([], |r| (0..width).map(|i| r.get::<_, Value>(i).map(text)).collect())
            .unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    fn expect(&self, question: &str, rows: &[&[&str]]) {
        let mut found = self.rows(question);
        let mut wanted: Vec<Vec<String>> =
            rows.iter().map(|r| r.iter().map(|c| (*c).to_owned()).collect()).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{question}\n{}", self.best(question).sql);
    }

    fn expect_ordered(&self, question: &str, cells: &[&str]) {
        let found: Vec<String> = self.rows(question).into_iter().map(|r| r[0].clone()).collect();
        assert_eq!(found, cells, "{question}\n{}", self.best(question).sql);
    }
}

fn text(value: Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Integer(i) => i.to_string(),
        Value::Real(r) => format!("{r}"),
        Value::Text(t) => t,
        Value::Blob(_) => "blob".to_owned(),
    }
}

#[test]
fn shows_what_is_asked_for_and_nothing_else() {
    let db = database(LIBRARY);
    db.expect(
        "What are the titles and prices of all books?",
        &[
            &["Winter Light", "12.5"],
            &["River Town", "9"],
            &["Stone Garden", "7.5"],
            &["The Long Road", "20"],
            &["Night Ferry", "8"],
        ],
    );
    db.expect("List all authors.", &[&["Mara Lind"], &["Tom Okoro"], &["Ines Prado"], &["Una Falk"]]);
    db.expect("Show the different genres of books.", &[&["novel"], &["poetry"], &["travel"]]);
}

#[test]
fn counts_rows_and_different_values() {
    let db = database(LIBRARY);
    db.expect("How many members are there?", &[&["4"]]);
    db.expect("How many different cities do members live in?", &[&["3"]]);
    db.expect("Count the number of loans for each member city.", &[&["Leeds", "4"], &["York", "1"]]);
}

#[test]
fn reads_aggregates() {
    let db = database(LIBRARY);
    db.expect("What is the average age of members?", &[&["36.5"]]);
    db.expect("What are the minimum and maximum pages of books?", &[&["90", "410"]]);
    db.expect(
        "Find the total price of books for each genre.",
        &[&["novel", "21.5"], &["poetry", "15.5"], &["travel", "20"]],
    );
}

#[test]
fn reads_superlatives_and_top_n() {
    let db = database(LIBRARY);
    db.expect("Who is the oldest member? Give me the last name.", &[&["Ore"]]);
    db.expect_ordered(
        "What are the titles of the 2 most expensive books?",
        &["The Long Road", "Winter Light"],
    );
    db.expect("Which author has the most poetry books of 2012?", &[&["Tom Okoro"]]);
    db.expect("Which member has the most loans? Show the first name.", &[&["Ada"]]);
    db.expect("What is the most common country of authors?", &[&["Sweden"]]);
}

#[test]
fn compares_numbers_in_words_and_digits() {
    let db = database(LIBRARY);
    db.expect(
        "What are the titles of books with more than 200 pages?",
        &[&["Winter Light"], &["River Town"], &["The Long Road"]],
    );
    db.expect("List the first names of members older than 40.", &[&["Cleo"], &["Dan"]]);
    db.expect("Which books have at least three hundred pages?", &[&["Winter Light"], &["The Long Road"]]);
    db.expect("Show titles of books with a price between 8 and 10.", &[&["River Town"], &["Night Ferry"]]);
    db.expect("How many books were published before 2010?", &[&["2"]]);
    db.expect("How many loans were made in 2024?", &[&["3"]]);
}

#[test]
fn finds_stored_values_however_they_are_written() {
    let db = database(LIBRARY);
    db.expect("How many members live in leeds?", &[&["2"]]);
    db.expect("Show the titles of poetry books.", &[&["Stone Garden"], &["Night Ferry"]]);
    db.expect("How many female members are there?", &[&["2"]]);
    db.expect(
        "List the names of authors from Sweden or Spain.",
        &[&["Mara Lind"], &["Ines Prado"], &["Una Falk"]],
    );
    db.expect(
        "What are the names of authors whose country is not \"Sweden\"?",
        &[&["Tom Okoro"], &["Ines Prado"]],
    );
    db.expect("Which books have a title that contains the substring 'River'?", &[&["River Town"]]);
}

#[test]
fn joins_over_references_only_as_far_as_needed() {
    let db = database(LIBRARY);
    db.expect(
        "What are the titles of books written by authors from Nigeria?",
        &[&["River Town"], &["Stone Garden"]],
    );
    db.expect(
        "Show the title of each book and the name of its author.",
        &[
            &["Winter Light", "Mara Lind"],
            &["River Town", "Tom Okoro"],
            &["Stone Garden", "Tom Okoro"],
            &["The Long Road", "Ines Prado"],
            &["Night Ferry", "Mara Lind"],
        ],
    );
    let sql = db.best("What are the titles of books written by authors from Nigeria?").sql;
    assert!(!sql.contains("loan") && !sql.contains("member"), "{sql}");
}

#[test]
fn reads_negation_as_rows_that_do_not_exist() {
    let db = database(LIBRARY);
    db.expect("What are the names of authors without any books?", &[&["Una Falk"]]);
    db.expect("How many members have never made a loan?", &[&["1"]]);
    db.expect("Find the first names of members who do not have any loans.", &[&["Dan"]]);
}

#[test]
fn counts_related_rows() {
    let db = database(LIBRARY);
    db.expect("Which members have more than one loan? List the first names.", &[&["Ada"]]);
    db.expect(
        "How many books does each author have?",
        &[&["Mara Lind", "2"], &["Tom Okoro", "2"], &["Ines Prado", "1"]],
    );
    db.expect("Show the names of authors with at least 2 books.", &[&["Mara Lind"], &["Tom Okoro"]]);
}

#[test]
fn compares_with_averages() {
    let db = database(LIBRARY);
    db.expect(
        "Which books cost more than the average price? Show their titles.",
        &[&["Winter Light"], &["The Long Road"]],
    );
    db.expect("How many members are younger than the average?", &[&["2"]]);
}

#[test]
fn sorts_when_asked() {
    let db = database(LIBRARY);
    db.expect_ordered(
        "List the titles of books in descending order of pages.",
        &["The Long Road", "Winter Light", "River Town", "Night Ferry", "Stone Garden"],
    );
    db.expect_ordered(
        "Show the names of authors in alphabetical order.",
        &["Ines Prado", "Mara Lind", "Tom Okoro", "Una Falk"],
    );
    let plain = db.best("List the titles of all books.");
    assert!(plain.tree.unwrap().order_by.is_empty());
}

#[test]
fn intersects_conditions_that_exclude_each_other() {
    let db = database(LIBRARY);
    db.expect("Which authors have both novel and poetry books?", &[&["Mara Lind"], &["Tom Okoro"]]);
    db.expect("Which cities have members older than 50 and members younger than 40?", &[&["Leeds"]]);
}

#[test]
fn reads_yes_or_no_columns() {
    let db = database(LIBRARY);
    db.expect("How many loans are overdue?", &[&["2"]]);
}

#[test]
fn reads_names_in_camel_case_and_infers_references() {
    let db = database(CLINIC);
    db.expect("What are the last names of doctors with specialty code CARD?", &[&["Stone"], &["York"]]);
    db.expect(
        "How many appointments does each doctor have?",
        &[&["Eve", "Stone", "2"], &["Finn", "West", "1"]],
    );
    db.expect("What is the average fee of appointments of the patient named 'Hana Abe'?", &[&["70"]]);
    db.expect("Show the full names of patients that have no appointments.", &[&["Jo Dahl"]]);
    db.expect("Which patient is the heaviest? Show the full name.", &[&["Ivo Cruz"]]);
}

#[test]
fn writes_for_the_engine_in_use() {
    let mut snapshot = database(LIBRARY).catalog.snapshot().clone();
    snapshot.engine = catalog::Engine::Postgres;
    let catalog = Catalog::new(snapshot);
    let policy = Policy::default();
    let best = |question: &str| {
        let ask = Ask {
            question,
            history: &[],
            catalog: &catalog,
            whole: &catalog,
            policy: &policy,
            glossary: &[],
            today: "2024-06-30",
        };
        let found = translate(&ask).unwrap();
        let checked = guard::check_tree(found[0].tree.as_ref().unwrap(), &catalog, &policy);
        assert!(checked.is_ok(), "{question}: {} {checked:?}", found[0].sql);
        found[0].sql.to_lowercase()
    };
    let year = best("How many loans were made in 2024?");
    assert!(year.contains("'2024-01-01'") && year.contains("'2025-01-01'"), "{year}");
    assert!(best("Which books have a title that contains the substring 'River'?").contains("ilike"));
    assert!(best("How many loans were made in the last 30 days?").contains("'2024-05-31'"));
    assert!(best("Which member has the most loans? Show the first name.").contains("group by"));
}

#[test]
fn a_glossary_term_stands_for_a_column() {
    let db = database(LIBRARY);
    let term = GlossaryTerm {
        term: "thickness".to_owned(),
        definition: "number of pages".to_owned(),
        expression: Some("book.pages".to_owned()),
    };
    let found = db.ask("What is the average thickness of books?", std::slice::from_ref(&term)).unwrap();
    assert_eq!(db.run(&found[0], "glossary"), [["230"]]);
}

#[test]
fn says_how_it_read_the_question_and_what_it_could_not() {
    let db = database(LIBRARY);
    let good = db.best("How many members live in Leeds?");
    assert!(good.unread.is_empty(), "{:?}", good.unread);
    assert!(
        good.notes.iter().any(|n| n.contains("member.city") && n.contains("'Leeds'")),
        "{:?}",
        good.notes
    );
    let poor = db.best("How many members enjoy kayaking?");
    assert!(poor.unread.iter().any(|w| w == "kayaking"), "{:?}", poor.unread);
    assert!(poor.score < good.score);
}

#[test]
fn a_question_about_nothing_stored_is_not_linked() {
    let db = database(LIBRARY);
    assert!(matches!(db.ask("Will it rain tomorrow?", &[]), Err(NoAnswer::NotLinked(_))));
    assert!(matches!(db.ask("", &[]), Err(NoAnswer::NotLinked(_))));
}

#[test]
fn candidates_are_few_and_different() {
    let db = database(LIBRARY);
    let found = db.ask("Show the names of authors and the titles of their books", &[]).unwrap();
    assert!((1..=5).contains(&found.len()));
    for (i, a) in found.iter().enumerate() {
        assert!(found.iter().skip(i + 1).all(|b| a.sql != b.sql));
        assert!((0.0..=1.0).contains(&a.score));
    }
}

#[test]
fn the_same_question_gives_the_same_answer() {
    let db = database(LIBRARY);
    let question = "Which authors wrote books with more than 100 pages in 2018?";
    assert_eq!(db.ask(question, &[]), db.ask(question, &[]));
}

const STUDIO: &str = "
CREATE TABLE departments (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT, budget NUMERIC);
CREATE TABLE staff (id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, department_id INTEGER REFERENCES departments(id),
  boss_id INTEGER REFERENCES staff(id), birth_date DATE, joined_on DATE NOT NULL, salary NUMERIC, remote BOOLEAN NOT NULL, email TEXT);
CREATE TABLE projects (id INTEGER PRIMARY KEY, title TEXT NOT NULL, started_on DATE NOT NULL, finished_on DATE, budget NUMERIC,
  archived BOOLEAN NOT NULL);
CREATE TABLE timesheets (id INTEGER PRIMARY KEY, staff_id INTEGER NOT NULL REFERENCES staff(id),
  project_id INTEGER NOT NULL REFERENCES projects(id), worked_on DATE NOT NULL, hours REAL NOT NULL);
CREATE TABLE orders (id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects(id), placed_at TIMESTAMP NOT NULL,
  shipped_at TIMESTAMP, total NUMERIC NOT NULL);
CREATE TABLE labels (id INTEGER PRIMARY KEY, label TEXT NOT NULL);
CREATE TABLE project_labels (project_id INTEGER NOT NULL REFERENCES projects(id), label_id INTEGER NOT NULL REFERENCES labels(id),
  PRIMARY KEY (project_id, label_id));
INSERT INTO departments VALUES (1,'Research','Oslo',500),(2,'Sales','Bergen',300),(3,'Legal','Oslo',100);
INSERT INTO staff VALUES (1,'Anna Vik',1,NULL,'1970-01-05','2010-03-01',90,0,'anna@studio'),(2,'Bo Dahl',1,1,'1985-06-09','2019-05-20',70,1,NULL),
 (3,'Cai Lund',2,1,'1990-11-30','2023-02-15',50,1,'cai@studio'),(4,'Dina Moe',2,3,NULL,'2024-07-01',40,0,NULL);
INSERT INTO projects VALUES (1,'Harbour','2023-01-10','2024-02-01',200,1),(2,'Tunnel','2024-03-05',NULL,900,0),(3,'Bridge','2024-06-01',NULL,400,0);
INSERT INTO timesheets VALUES (1,1,1,'2023-02-01',5),(2,2,1,'2023-03-01',8),(3,2,2,'2024-04-02',7),(4,3,2,'2024-04-15',3),(5,3,3,'2024-06-10',6);
INSERT INTO orders VALUES (1,1,'2023-06-01 09:00:00','2023-07-01 10:00:00',120),(2,1,'2024-01-15 11:00:00',NULL,60),
 (3,2,'2024-05-05 08:30:00','2024-05-20 08:00:00',300),(4,3,'2024-05-31 23:00:00',NULL,80);
INSERT INTO labels VALUES (1,'urgent'),(2,'quiet');
INSERT INTO project_labels VALUES (1,1),(2,1),(2,2);
";

#[test]
fn reads_dates_as_ranges_on_the_column_that_the_verb_speaks_of() {
    let db = database(STUDIO);
    db.expect("How many staff joined in 2024?", &[&["1"]]);
    db.expect("How many people joined after 2019?", &[&["2"]]);
    db.expect("Which staff were born before 1980?", &[&["Anna Vik"]]);
    db.expect("How many orders were placed in May 2024?", &[&["2"]]);
    db.expect("How many orders were shipped since 2024?", &[&["1"]]);
    db.expect("How many projects started between March and May 2024?", &[&["1"]]);
    db.expect("How many orders were placed last month?", &[&["2"]]);
    db.expect("Who joined most recently?", &[&["Dina Moe"]]);
}

#[test]
fn groups_by_stretches_of_time() {
    let db = database(STUDIO);
    db.expect("What is the number of orders per year?", &[&["2023", "1"], &["2024", "3"]]);
    db.expect("Show the total of orders by month in 2024", &[&["2024-01", "60"], &["2024-05", "380"]]);
    db.expect(
        "How many orders were placed per quarter?",
        &[&["2023-Q2", "1"], &["2024-Q1", "1"], &["2024-Q2", "2"]],
    );
}

#[test]
fn reads_what_is_not_stored() {
    let db = database(STUDIO);
    db.expect("List the names of staff without an email", &[&["Bo Dahl"], &["Dina Moe"]]);
    db.expect("How many staff have an email?", &[&["2"]]);
    db.expect("Which staff have no boss?", &[&["Anna Vik"]]);
    db.expect("How many orders have not been shipped?", &[&["2"]]);
    db.expect("Which projects are not finished yet?", &[&["Tunnel"], &["Bridge"]]);
    db.expect("Which departments have no staff?", &[&["Legal"]]);
    db.expect("Which projects never placed an order?", &[]);
}

#[test]
fn reads_yes_or_no_columns_as_adjectives_and_shares() {
    let db = database(STUDIO);
    db.expect("Show the titles of archived projects", &[&["Harbour"]]);
    db.expect("Which projects are not archived?", &[&["Tunnel"], &["Bridge"]]);
    db.expect("What percentage of staff are remote?", &[&["50"]]);
    db.expect("What percentage of orders were placed in 2024?", &[&["75"]]);
}

#[test]
fn aggregates_what_an_entity_carries() {
    let db = database(STUDIO);
    db.expect("Total hours per project", &[&["Harbour", "13"], &["Tunnel", "10"], &["Bridge", "6"]]);
    db.expect(
        "What is the average total of orders per project?",
        &[&["Harbour", "90"], &["Tunnel", "300"], &["Bridge", "80"]],
    );
    db.expect(
        "What is the largest order of each project?",
        &[&["Harbour", "120"], &["Tunnel", "300"], &["Bridge", "80"]],
    );
    db.expect("What is the average order value?", &[&["140"]]);
    db.expect("Which department has the highest average salary?", &[&["Research"]]);
    db.expect("Which projects spent more than 150 in total?", &[&["Harbour"], &["Tunnel"]]);
    db.expect("Which project spent the most?", &[&["Tunnel"]]);
    db.expect("How many hours were worked in April 2024?", &[&["10"]]);
}

#[test]
fn sorts_by_phrases_at_the_end() {
    let db = database(STUDIO);
    db.expect_ordered(
        "Show the names and salaries of staff, lowest first",
        &["Dina Moe", "Cai Lund", "Bo Dahl", "Anna Vik"],
    );
    db.expect_ordered(
        "List the names of departments ordered by budget, largest first",
        &["Research", "Sales", "Legal"],
    );
    db.expect_ordered("Show the number of staff for each city, smallest first", &["Bergen", "Oslo"]);
    db.expect_ordered("What are the newest 2 projects?", &["Bridge", "Tunnel"]);
}

#[test]
fn binds_comparisons_to_the_entity() {
    let db = database(STUDIO);
    db.expect("Which projects are labelled quiet?", &[&["Tunnel"]]);
    db.expect("Which projects placed more than 1 order?", &[&["Harbour"]]);
    for candidate in db.ask("Which projects placed more than 20 orders?", &[]).unwrap() {
        assert!(!candidate.sql.contains("_at\" > 20"), "{}", candidate.sql);
    }
}

#[test]
fn words_that_had_no_effect_are_named_and_lower_the_score() {
    let db = database(STUDIO);
    let good = db.best("How many staff joined in 2024?");
    for (question, word) in [
        ("How many staff joined on the same day as their boss?", "same"),
        ("Show the median salary per planet of staff", "planet"),
        ("Show the title of projects for 77 days", "77"),
        ("What are the cheapest projects?", "cheapest"),
    ] {
        let found = db.best(question);
        assert!(found.unread.iter().any(|w| w == word), "{question}: {:?} {}", found.unread, found.sql);
        assert!(found.score < good.score * 0.8, "{question}: {}", found.score);
    }
    let poor = db.best("How many staff joined on the same day as their boss?");
    assert!(poor.notes.iter().any(|n| n.contains("no effect") && n.contains("same")), "{:?}", poor.notes);
}

#[test]
fn an_empty_question_names_no_marks() {
    let db = database(STUDIO);
    for question in ["?", "what is it?", "zebra?"] {
        let Err(NoAnswer::NotLinked(words)) = db.ask(question, &[]) else { panic!("{question}") };
        assert!(!words.is_empty() && !words.contains('?'), "{words}");
    }
}

#[test]
fn a_follow_up_leans_on_the_question_before() {
    let db = database(STUDIO);
    let policy = Policy::default();
    let after = |before: &str, question: &str| {
        let turn = nl2sql::Turn { question: before.to_owned(), sql: None };
        let history = [turn];
        let ask = Ask {
            question,
            history: &history,
            catalog: &db.catalog,
            whole: &db.catalog,
            policy: &policy,
            glossary: &[],
            today: "2024-06-30",
        };
        let best = translate(&ask).unwrap().into_iter().next().unwrap();
        db.run(&best, question)
    };
    assert_eq!(after("How many orders were placed in 2024?", "and in 2023?"), [["1"]]);
    assert_eq!(
        after("List the titles of projects", "only those with a budget over 300"),
        [["Tunnel"], ["Bridge"]]
    );
    assert_eq!(after("Which projects are not archived?", "How many are there?"), [["2"]]);
    assert_eq!(after("How many orders were placed in 2024?", "How many staff are there?"), [["4"]]);
}

#[test]
fn writes_periods_shares_and_flags_for_postgres() {
    let mut snapshot = database(STUDIO).catalog.snapshot().clone();
    snapshot.engine = catalog::Engine::Postgres;
    let catalog = Catalog::new(snapshot);
    let policy = Policy::default();
    for (question, parts) in [
        ("What is the number of orders per month?", &["date_trunc('month'", "group by"][..]),
        ("What percentage of staff are remote?", &["is true", "100.0 * avg", "case when"][..]),
        ("Which projects are not archived?", &["is false"][..]),
        ("How many orders have not been shipped?", &["is null"][..]),
        ("How many orders were placed in May 2024?", &[">= '2024-05-01'", "< '2024-06-01'"][..]),
    ] {
        let ask = Ask {
            question,
            history: &[],
            catalog: &catalog,
            whole: &catalog,
            policy: &policy,
            glossary: &[],
            today: "2024-06-30",
        };
        let best = translate(&ask).unwrap().into_iter().next().unwrap();
        let checked = guard::check_tree(best.tree.as_ref().unwrap(), &catalog, &policy);
        assert!(checked.is_ok(), "{question}: {} {checked:?}", best.sql);
        let sql = best.sql.to_lowercase();
        assert!(parts.iter().all(|p| sql.contains(p)), "{question}: {sql}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_answered_or_refused_and_never_emits_what_the_guard_refuses(question in "(\\PC|[a-z]{1,9} |how many |the most |more than 3 |not |'|\"|of |books |authors |each |loan |in 2018 ){0,25}") {
        let db = database(LIBRARY);
        for candidate in db.ask(&question, &[]).into_iter().flatten() {
            let tree = candidate.tree.unwrap();
            let checked = guard::check_tree(&tree, &db.catalog, &Policy::default());
            proptest::prop_assert!(checked.is_ok(), "{question:?}: {}", candidate.sql);
        }
    }
}
