//! What is hidden reads exactly like what does not exist: the same statements against a catalog without it get the same
//! findings, warnings and reading, to the letter.

use catalog::{Catalog, Engine, Snapshot};
use guard::policy::RowFilter;
use guard::{Policy, ReadOnly, check};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use crate::generate::{self, Dialect};

/// The catalog as if nothing of what is hidden had ever been there.
fn without(catalog: &Catalog) -> Catalog {
    let mut snapshot: Snapshot = catalog.snapshot().clone();
    snapshot.tables.retain(|t| t.name != "vault");
    for table in &mut snapshot.tables {
        table.columns.retain(|c| !["secret", "note", "handle"].contains(&c.name.as_str()));
        table.indexes.retain(|i| !["secret", "note"].iter().any(|n| i.columns.iter().any(|c| c == n)));
        table.foreign_keys.retain(|k| !k.columns.iter().any(|c| c == "note") && k.to_table != "vault");
    }
    Catalog::new(snapshot)
}

/// Hidden names, and keys that lead to them.
fn with_keys() -> Catalog {
    let mut text = crate::ddl().join(";\n");
    text = text.replace("customer_id BIGINT, total", "customer_id BIGINT REFERENCES customers (id), total");
    text = text.replace("total BIGINT, status", "total BIGINT REFERENCES vault (id), status");
    text = text.replace("doc TEXT, note TEXT)", "doc TEXT, note TEXT REFERENCES regions (region))");
    Catalog::new(catalog::ddl::read(&text, Engine::Sqlite).snapshot)
}

fn policy() -> Policy {
    let row_filters = vec![RowFilter { table: "orders".into(), predicate: "total < 5".into() }];
    Policy { row_filters, ..crate::policy() }
}

/// All that a caller is told.
fn told(verdict: Result<ReadOnly, Vec<guard::Finding>>) -> String {
    match verdict {
        Err(findings) => serde_json::to_string(&findings).unwrap(),
        Ok(read) => {
            let report = read.report();
            format!("{} {:?} {:?} {}", read.asked(), report.output, report.warnings, report.reading)
        }
    }
}

#[test]
fn what_is_hidden_is_told_of_as_what_is_not_there() {
    let (full, policy) = (with_keys(), policy());
    assert!(full.snapshot().tables.iter().map(|t| t.foreign_keys.len()).sum::<usize>() >= 3);
    let bare = without(&full);
    let config = Config { cases: 3_000, failure_persistence: None, ..Config::default() };
    let mut refused = 0_usize;
    let seen = std::cell::RefCell::new(&mut refused);
    let outcome = TestRunner::new(config).run(&vec(any::<u16>(), 0..120), |choices| {
        let made = generate::curious_query(Dialect::Sqlite, &choices);
        let (hidden, absent) = (check(&made.sql, &full, &policy), check(&made.sql, &bare, &policy));
        **seen.borrow_mut() += usize::from(hidden.is_err());
        let (hidden, absent) = (told(hidden), told(absent));
        match hidden == absent {
            true => Ok(()),
            false => Err(TestCaseError::fail(format!("{}\nhidden {hidden}\nabsent {absent}", made.sql))),
        }
    });
    match outcome {
        Ok(()) => assert!(refused > 500, "only {refused} statements were refused"),
        Err(TestError::Fail(why, _)) => panic!("{why}"),
        Err(other) => panic!("{other}"),
    }
}
