//! Refused statements are repaired where the finding leaves one reading, and left alone where it does not.

use catalog::{Catalog, Engine, ddl};
use guard::Policy;
use nl2sql::repair;

use crate::catalogs::shop;

fn repaired(sql: &str, engine: Engine) -> Option<(String, Vec<String>)> {
    let outcome = repair::check(sql, &shop(engine), &Policy::default());
    outcome.ok().map(|(_, text, notes)| (text, notes))
}

#[test]
fn names_and_qualifiers() {
    let cases = [
        ("SELECT full_name FROM customers", "SELECT full_name FROM customer"),
        ("SELECT customers.full_name FROM customers", "SELECT customer.full_name FROM customer"),
        ("SELECT fullname FROM customer", "SELECT full_name FROM customer"),
        ("SELECT fulname FROM customer", "SELECT full_name FROM customer"),
        ("SELECT customer.full_name FROM customer AS c", "SELECT c.full_name FROM customer AS c"),
        (
            "SELECT c.country FROM customer c JOIN city t ON t.id = c.city_id",
            "SELECT t.country FROM customer c JOIN city t ON t.id = c.city_id",
        ),
        (
            "SELECT x.country FROM customer c JOIN city t ON t.id = c.city_id",
            "SELECT t.country FROM customer c JOIN city t ON t.id = c.city_id",
        ),
        (
            "SELECT full_name FROM customer WHERE id IN (SELECT customerid FROM purchase)",
            "SELECT full_name FROM customer WHERE id IN (SELECT purchase.customer_id FROM purchase)",
        ),
    ];
    for (broken, whole) in cases {
        let (text, notes) =
            repaired(broken, Engine::Sqlite).unwrap_or_else(|| panic!("no repair of {broken}"));
        assert_eq!(text, whole);
        assert!(!notes.is_empty(), "every repair is told");
    }
}

#[test]
fn a_missing_table_is_joined_along_its_key() {
    let (text, notes) =
        repaired("SELECT full_name, country FROM customer WHERE country = 'USA'", Engine::Sqlite)
            .expect("a repair");
    assert!(text.contains("JOIN city ON customer.city_id = city.id WHERE"), "{text}");
    assert!(notes.iter().any(|n| n.contains("city was joined")));
}

#[test]
fn an_ambiguous_column_is_settled_only_when_it_is_joined_by() {
    let joined = "SELECT customer_id FROM purchase p JOIN (SELECT customer_id FROM purchase) q ON p.customer_id = q.customer_id";
    let (text, _) = repaired(joined, Engine::Sqlite).expect("a repair");
    assert!(text.starts_with("SELECT p.customer_id FROM"), "{text}");
    assert!(
        repaired("SELECT id FROM customer c JOIN purchase p ON c.id = p.customer_id", Engine::Sqlite)
            .is_none()
    );
}

#[test]
fn what_has_no_one_reading_is_left_to_others() {
    let cases = [
        "SELECT weather FROM customer",
        "SELECT nothing_like_it FROM somewhere",
        "DELETE FROM customer",
        "SELECT 1; SELECT 2",
        "SELECT load_extension('x')",
    ];
    for sql in cases {
        assert_eq!(repaired(sql, Engine::Sqlite), None, "{sql}");
    }
}

#[test]
fn an_accepted_statement_is_not_touched() {
    for sql in ["SELECT full_name FROM customer WHERE status = 'active'", "select   ID from CUSTOMER"] {
        assert_eq!(repaired(sql, Engine::Sqlite), Some((sql.to_owned(), Vec::new())));
    }
}

#[test]
fn calls_of_other_dialects_become_those_of_sqlite() {
    let cases = [
        ("SELECT YEAR(joined) FROM customer", "SELECT CAST(strftime('%Y', joined) AS INTEGER) FROM customer"),
        (
            "SELECT DATE_FORMAT(joined, '%Y-%m') FROM customer",
            "SELECT strftime('%Y-%m', joined) FROM customer",
        ),
        ("SELECT TO_CHAR(joined, 'YYYY-MM') FROM customer", "SELECT strftime('%Y-%m', joined) FROM customer"),
        ("SELECT LEN(full_name) FROM customer", "SELECT length(full_name) FROM customer"),
        ("SELECT LEFT(full_name, 2) FROM customer", "SELECT substr(full_name, 1, 2) FROM customer"),
        (
            "SELECT full_name FROM customer WHERE MONTH(joined) = 3 AND YEAR(joined) = 2024",
            "SELECT full_name FROM customer WHERE CAST(strftime('%m', joined) AS INTEGER) = 3 AND CAST(strftime('%Y', joined) AS INTEGER) = 2024",
        ),
        ("SELECT TOP 3 full_name FROM customer", "SELECT  full_name FROM customer LIMIT 3"),
        ("SELECT full_name FROM customer WHERE id > = 3", "SELECT full_name FROM customer WHERE id >= 3"),
        (
            "SELECT full_name FROM customer WHERE full_name = 'Anna's'",
            "SELECT full_name FROM customer WHERE full_name = 'Anna''s'",
        ),
    ];
    for (broken, whole) in cases {
        let found = repaired(broken, Engine::Sqlite).unwrap_or_else(|| panic!("no repair of {broken}"));
        assert_eq!(found.0, whole);
    }
}

#[test]
fn a_backslash_before_an_apostrophe_is_one_of_mysql() {
    let found =
        repaired("SELECT id FROM customer WHERE full_name = 'Anna\\'s'", Engine::Sqlite).expect("a repair");
    assert_eq!(found.0, "SELECT id FROM customer WHERE full_name = 'Anna''s'");
}

#[test]
fn calls_of_other_dialects_become_those_of_postgres() {
    let cases = [
        ("SELECT YEAR(joined) FROM customer", "SELECT EXTRACT(YEAR FROM joined) FROM customer"),
        ("SELECT strftime('%Y', joined) FROM customer", "SELECT to_char(joined, 'YYYY') FROM customer"),
        ("SELECT IFNULL(status, 'none') FROM customer", "SELECT COALESCE(status, 'none') FROM customer"),
        ("SELECT `full_name` FROM `customer`", "SELECT full_name FROM customer"),
        (
            "SELECT full_name FROM customer WHERE status = \"Active\"",
            "SELECT full_name FROM customer WHERE status = 'Active'",
        ),
        (
            "SELECT full_name FROM customer WHERE status IN (\"Active\", \"Closed\")",
            "SELECT full_name FROM customer WHERE status IN ('Active', 'Closed')",
        ),
        ("SELECT full_name FROM customer LIMIT 5, 10", "SELECT full_name FROM customer LIMIT 10 OFFSET 5"),
        (
            "SELECT GROUP_CONCAT(full_name) FROM customer",
            "SELECT string_agg(CAST(full_name AS text), ',') FROM customer",
        ),
    ];
    for (broken, whole) in cases {
        let found = repaired(broken, Engine::Postgres).unwrap_or_else(|| panic!("no repair of {broken}"));
        assert_eq!(found.0, whole);
    }
}

#[test]
fn names_with_capitals_get_their_quotes_on_postgres() {
    let text = "CREATE TABLE \"Order\" (\"OrderId\" int PRIMARY KEY, \"ShipTo\" text);";
    let catalog = Catalog::new(ddl::read(text, Engine::Postgres).snapshot);
    let (_, sql, _) =
        repair::check("SELECT ShipTo FROM \"Order\" WHERE OrderId = 1", &catalog, &Policy::default())
            .expect("a repair");
    assert_eq!(sql, "SELECT \"ShipTo\" FROM \"Order\" WHERE \"OrderId\" = 1");
}

#[test]
fn stored_spellings_are_found_only_where_the_text_is_not_stored() {
    let catalog = shop(Engine::Sqlite);
    let spelled = |sql: &str| repair::stored_spelling(sql, &catalog).map(|(text, _)| text);
    let of = |condition: &str| {
        format!("SELECT full_name FROM customer c JOIN city t ON t.id = c.city_id WHERE {condition}")
    };
    assert_eq!(spelled(&of("t.country = 'usa'")), Some(of("t.country = 'USA'")));
    assert_eq!(
        spelled(&of("c.status IN ('active', 'closed')")),
        Some(of("c.status IN ('Active', 'Closed')"))
    );
    assert_eq!(spelled(&of("status = 'actives'")), Some(of("status = 'Active'")));
    assert_eq!(spelled(&of("status = \"active\"")), Some(of("status = 'Active'")));
    assert_eq!(spelled(&of("status = 'Active'")), None, "it is stored as it is");
    assert_eq!(spelled(&of("t.country = 'Frances'")), None, "the list is not complete, it may be stored");
    assert_eq!(spelled(&of("status = 'pending'")), None, "nothing is near");
    assert_eq!(spelled(&of("full_name = 'usa'")), None, "another column's values do not count");
    assert_eq!(spelled(&of("status > 'active'")), None);
}
