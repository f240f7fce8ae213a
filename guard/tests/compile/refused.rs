//! What no pipeline can say is refused, with the reason.

use guard::Policy;

use super::{judge, refusal};

#[test]
fn refusals_say_why() {
    let cases = [
        ("SELECT 1", "G600", "without FROM"),
        ("SELECT * FROM (VALUES (1)) t(a)", "G600", "VALUES"),
        ("SELECT 1 FROM plants p FULL JOIN orders o ON o._id = p._id", "G600", "FULL JOIN"),
        (
            "WITH RECURSIVE t(n) AS (SELECT _id FROM plants UNION SELECT n + 1 FROM t WHERE n < 5) SELECT n FROM t",
            "G600",
            "RECURSIVE",
        ),
        ("SELECT family, count(*) FROM plants GROUP BY ROLLUP (family)", "G600", "ROLLUP"),
        ("SELECT DISTINCT ON (family) name FROM plants ORDER BY family", "G600", "DISTINCT ON"),
        ("SELECT name FROM plants WHERE name LIKE family", "G600", "not written out"),
        ("SELECT name FROM plants WHERE price = (SELECT total FROM orders)", "G600", "several rows"),
        ("SELECT _id FROM plants INTERSECT ALL SELECT plant FROM orders_lines", "G600", "ALL"),
        ("SELECT name FROM plants LIMIT 1 + 1", "G600", "LIMIT"),
        ("SELECT name FROM plants WHERE stock > ALL (SELECT count FROM orders_lines)", "G600", "ALL"),
        (
            "SELECT p.name FROM plants p, LATERAL (SELECT 1 AS x FROM orders o WHERE o._id = p._id) l",
            "G600",
            "LATERAL",
        ),
        ("SELECT name FROM plants WHERE name SIMILAR TO 'a%'", "G601", "pattern"),
        ("SELECT to_char(sown, 'Day') FROM plants", "G601", "to_char"),
        ("SELECT EXTRACT(century FROM sown) FROM plants", "G601", "EXTRACT"),
        ("SELECT name + 1 FROM plants", "G601", "Arithmetic"),
        ("SELECT CAST(phones AS text) FROM customers", "G601", "array"),
        ("SELECT name FROM plants WHERE name = 5", "G602", "a text and a number"),
        ("SELECT name FROM plants WHERE sown > price", "G602", "a date and a number"),
        ("SELECT name FROM plants WHERE sown > 'soon'", "G602", "date"),
        ("SELECT name FROM plants WHERE hardy = 'maybe'", "G602", "truth"),
        ("SELECT md5(name) FROM plants", "G300", "md5"),
        ("SELECT name, count(*) FROM plants GROUP BY family", "G310", "name"),
        ("SELECT address.street FROM customers", "G103", "address"),
        ("DELETE FROM plants", "G200", ""),
    ];
    for (sql, code, part) in cases {
        let (found, message) = refusal(sql);
        assert_eq!(found, code, "{sql}: {message}");
        assert!(message.contains(part), "{sql}: {message}");
    }
}

#[test]
fn too_many_blocks_are_refused() {
    let mut sql = "WITH a0 AS (SELECT _id FROM plants)".to_owned();
    for i in 1..12 {
        let before = i - 1;
        sql.push_str(&format!(", a{i} AS (SELECT x._id FROM a{before} x JOIN a{before} y ON x._id = y._id)"));
    }
    sql.push_str(" SELECT _id FROM a11");
    let findings = judge(&sql, &Policy::default()).unwrap_err();
    assert_eq!(findings[0].code.as_str(), "G603");
}

#[test]
fn what_grows_at_every_level_is_refused_in_time() {
    let mut nested = "price > 1".to_owned();
    for _ in 0..40 {
        nested = format!("({nested}) = hardy");
    }
    let findings = judge(&format!("SELECT {nested} FROM plants"), &Policy::default()).unwrap_err();
    assert_eq!(findings[0].code.as_str(), "G603");
    let mut cases = "stock".to_owned();
    for i in 0..40 {
        cases = format!("CASE WHEN {cases} < {i} THEN 1 END");
    }
    let findings = judge(&format!("SELECT {cases} FROM plants"), &Policy::default()).unwrap_err();
    assert_eq!(findings[0].code.as_str(), "G603");
}

#[test]
fn names_heed_case_and_dots_are_put_together() {
    assert!(
        judge(
            "SELECT customers.address.city, \"address.zip\", c2.address.zip FROM customers, customers AS c2",
            &Policy::default()
        )
        .is_err()
    );
    let read = judge(
        "SELECT c.address.city, \"c\".\"address.zip\", COUNT(*) FROM customers c GROUP BY c.address.city, address.zip",
        &Policy::default(),
    );
    assert_eq!(read.unwrap().report().output.len(), 3);
    assert_eq!(refusal("SELECT Name FROM plants").0, "G101");
    assert_eq!(refusal("SELECT name FROM Plants").0, "G100");
}

#[test]
fn without_a_catalog_nothing_is_compiled() {
    let policy = Policy { syntax_only: true, ..Policy::default() };
    let read = guard::check("SELECT a FROM b", &catalog::Catalog::empty(catalog::Engine::Mongodb), &policy);
    assert!(read.unwrap().pipeline().is_none());
}
