//! The guard on its own: a schema, a few statements, and what is said of each. No database and no daemon is needed.

use catalog::{Catalog, Engine};
use guard::{Policy, Sameness, check, same_meaning};

const SCHEMA: &str = "
    CREATE TABLE customer (id integer PRIMARY KEY, name text NOT NULL, email text);
    CREATE TABLE invoice (id integer PRIMARY KEY, customer_id integer REFERENCES customer (id), total numeric(12,2));
";

const STATEMENTS: [&str; 4] = [
    "SELECT c.name, sum(i.total) FROM customer c JOIN invoice i ON i.customer_id = c.id GROUP BY c.id",
    "SELECT nam FROM customer",
    "DELETE FROM invoice",
    "SELECT pg_read_file('/etc/passwd')",
];

fn main() {
    let catalog = Catalog::new(catalog::ddl::read(SCHEMA, Engine::Postgres).snapshot);
    let policy = Policy { max_rows: Some(1_000), ..Policy::default() };
    for sql in STATEMENTS {
        println!("{sql}");
        match check(sql, &catalog, &policy) {
            Ok(read) => {
                println!("  runs as: {}", read.sql());
                println!("  reads:   {}", read.report().reading);
                read.report().warnings.iter().for_each(|warning| println!("  warning: {warning}"));
            }
            Err(findings) => findings.iter().for_each(|finding| println!("  refused: {finding}")),
        }
    }
    let spelled =
        ["SELECT name FROM customer WHERE id > 3", "select c.name n from customer c where 3 < c.id"];
    if let [Ok(a), Ok(b)] = spelled.map(|sql| check(sql, &catalog, &policy)) {
        println!("same meaning: {}", same_meaning(&a, &b) == Sameness::Same);
    }
}
