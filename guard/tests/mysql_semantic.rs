//! What names mean on MySQL and MariaDB: aliases, case, schemas and functions, seen through `check` alone.

// Helpers of tests fail by panicking.
#![allow(clippy::expect_used, clippy::panic)]

use catalog::{Catalog, Column, Engine, Routine, Snapshot, Table, TableKind, TypeClass};
use guard::policy::{How, Mask, RowFilter};
use guard::{Code, Finding, Policy, check, functions};

fn column(name: &str, class: TypeClass) -> Column {
    Column { name: name.into(), class, nullable: true, ..Column::default() }
}

fn table(name: &str, columns: &[(&str, TypeClass)]) -> Table {
    let columns = columns.iter().map(|(name, class)| column(name, *class)).collect();
    Table { schema: "press".into(), name: name.into(), columns, ..Table::default() }
}

fn press() -> Catalog {
    use TypeClass::{Decimal, Integer, Text};
    let copies = [("id", Integer), ("book_id", Integer), ("price", Decimal), ("state", Text)];
    let mut tables = vec![
        table("Books", &[("id", Integer), ("title", Text), ("price", Decimal)]),
        table("copies", &copies),
        table("log", &[("id", Integer)]),
        table("LOG", &[("id", Integer), ("word", Text)]),
    ];
    let view = "select `press`.`copies`.`book_id` AS `book_id`,sum(`press`.`copies`.`price`) AS `worth` \
                from `press`.`copies` where (`press`.`copies`.`state` <> _utf8mb4'gone') group by `press`.`copies`.`book_id`";
    tables.push(Table {
        kind: TableKind::View,
        view_text: Some(view.into()),
        ..table("worth", &[("book_id", Integer), ("worth", Decimal)])
    });
    Catalog::new(Snapshot {
        engine: Engine::Mysql,
        search_path: vec!["press".into()],
        tables,
        routines: vec![Routine { schema: "press".into(), name: "Json_Depth".into(), ..Routine::default() }],
        ..Snapshot::default()
    })
}

fn canonical(sql: &str) -> String {
    match check(sql, &press(), &Policy::default()) {
        Ok(read) => read.sql().to_owned(),
        Err(findings) => panic!("refused {sql:?}: {findings:?}"),
    }
}

fn refusal(sql: &str, policy: &Policy) -> Finding {
    match check(sql, &press(), policy) {
        Ok(read) => panic!("accepted {sql:?} as {:?}", read.sql()),
        Err(findings) => findings.into_iter().next().expect("a finding"),
    }
}

#[test]
fn names_are_found_without_case_and_written_as_stored() {
    assert_eq!(
        canonical("SELECT B.TITLE, iD FROM books AS B WHERE b.Price > 1"),
        "SELECT `B`.`title`, `B`.`id` FROM `press`.`Books` AS `B` WHERE `B`.`price` > 1"
    );
    assert_eq!(
        canonical("SELECT press.books.id FROM PRESS.BOOKS"),
        "SELECT `Books`.`id` FROM `press`.`Books`"
    );
}

#[test]
fn tables_that_differ_by_case_are_told_apart() {
    assert_eq!(canonical("SELECT word FROM LOG"), "SELECT `LOG`.`word` FROM `press`.`LOG`");
    assert_eq!(refusal("SELECT word FROM log", &Policy::default()).code, Code::G101);
    assert_eq!(refusal("SELECT id FROM Log", &Policy::default()).code, Code::G100);
}

#[test]
fn aliases_are_seen_where_the_server_sees_them() {
    assert_eq!(
        canonical(
            "SELECT book_id AS b, SUM(price) AS price FROM copies GROUP BY b HAVING price > 5 ORDER BY price"
        ),
        "SELECT `copies`.`book_id` AS `b`, sum(`copies`.`price`) AS `price` FROM `press`.`copies` \
         GROUP BY `b` HAVING `price` > 5 ORDER BY `price`"
    );
    // Inside an aggregate the column is meant, and so is a column that is grouped by.
    assert_eq!(
        canonical(
            "SELECT SUM(price) AS price, book_id AS state FROM copies GROUP BY copies.state HAVING MAX(price) > 1 AND state > 'a'"
        ),
        "SELECT sum(`copies`.`price`) AS `price`, `copies`.`book_id` AS `state` FROM `press`.`copies` \
         GROUP BY `copies`.`state` HAVING max(`copies`.`price`) > 1 AND `copies`.`state` > 'a'"
    );
    assert_eq!(
        refusal("SELECT price * 2 AS twice FROM copies WHERE twice > 1", &Policy::default()).code,
        Code::G101
    );
    assert_eq!(
        refusal("SELECT price * 2 AS twice, twice + 1 FROM copies", &Policy::default()).code,
        Code::G101
    );
}

#[test]
fn sorting_by_a_name_of_the_list_that_two_tables_have() {
    assert_eq!(
        canonical("SELECT c.id FROM copies c JOIN Books b ON b.id = c.book_id ORDER BY id"),
        "SELECT `c`.`id` FROM `press`.`copies` AS `c` JOIN `press`.`Books` AS `b` ON `b`.`id` = `c`.`book_id` ORDER BY `id`"
    );
}

#[test]
fn views_are_read_by_the_text_that_the_server_keeps() {
    assert_eq!(canonical("SELECT worth FROM worth"), "SELECT `worth`.`worth` FROM `press`.`worth`");
    let hidden = Policy { hidden_tables: vec!["copies".into()], ..Policy::default() };
    assert_eq!(refusal("SELECT worth FROM worth", &hidden).code, Code::G100);
}

#[test]
fn what_is_hidden_stays_hidden() {
    let policy = Policy { hidden_columns: vec!["books.price".into()], ..Policy::default() };
    assert_eq!(refusal("SELECT PRICE FROM Books", &policy).code, Code::G101);
    assert_eq!(refusal("SELECT 1 FROM Books HAVING price > 1", &policy).code, Code::G101);
    let read = check("SELECT * FROM books", &press(), &policy).expect("accepted");
    assert!(!read.sql().contains("price"), "{}", read.sql());
    for sql in
        ["SELECT * FROM mysql.user", "SELECT * FROM information_schema.tables", "SELECT * FROM sys.session"]
    {
        assert_eq!(refusal(sql, &Policy::default()).code, Code::G100, "{sql}");
    }
}

#[test]
fn masks_and_row_filters_stand_before_the_table() {
    let mask = |column: &str, how| Mask { columns: vec![column.into()], sensitivity: Vec::new(), how };
    let policy = Policy {
        masks: vec![mask("title", How::Partial { keep_last: 2 }), mask("books.id", How::Hash)],
        row_filters: vec![RowFilter { table: "books".into(), predicate: r"title NOT LIKE '\_%'".into() }],
        ..Policy::default()
    };
    let read =
        check("SELECT b.title, b.id FROM books b WHERE b.title = 'x'", &press(), &policy).expect("accepted");
    assert!(
        read.sql().contains("sha2(") && read.sql().contains("LIMIT 18446744073709551615"),
        "{}",
        read.sql()
    );
    assert!(!read.sql().contains('\\') && read.sql().ends_with("WHERE `b`.`title` = 'x'"), "{}", read.sql());
}

#[test]
fn a_routine_is_not_taken_for_the_function_whose_name_it_has() {
    let sql = "SELECT json_depth(title) FROM books";
    assert_eq!(refusal(sql, &Policy::default()).code, Code::G300);
    let policy = Policy { allowed_functions: vec!["press.json_depth".into()], ..Policy::default() };
    assert_eq!(refusal("SELECT sleep(1)", &policy).code, Code::G301);
}

#[test]
fn endless_work_is_refused() {
    let endless = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";
    assert_eq!(refusal(endless, &Policy::default()).code, Code::G303);
}

#[test]
fn functions_belong_to_their_server() {
    let known = |engine, name: &str| functions::judged(engine).any(|f| f.name == name);
    assert!(known(Engine::Mysql, "any_value") && !known(Engine::Mariadb, "any_value"));
    assert!(known(Engine::Mariadb, "nvl") && !known(Engine::Mysql, "nvl"));
    for engine in [Engine::Mysql, Engine::Mariadb] {
        assert!(known(engine, "date_format"));
        let list = functions::of(engine);
        assert!(list.names().all(|name| matches!(list.judge(name), functions::Judgement::Allowed(_))));
    }
}
