//! Small catalogs to ask questions on.

use catalog::{Catalog, CommonValue, Engine, Statistics, ddl};

const SHOP: &str = "
CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT);
CREATE TABLE customer (
  id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, city_id INTEGER REFERENCES city(id), joined DATE, status TEXT);
CREATE TABLE purchase (
  id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer(id), placed_on DATE, total NUMERIC(12,2));
";

pub fn shop(engine: Engine) -> Catalog {
    let mut snapshot = ddl::read(SHOP, engine).snapshot;
    snapshot.database = "shop".to_owned();
    for table in &mut snapshot.tables {
        for column in &mut table.columns {
            if column.name == "status" {
                column.statistics = Some(values(&["Active", "Closed"], Some(2.0)));
            }
            if column.name == "country" {
                column.statistics = Some(values(&["USA", "France"], Some(40.0)));
            }
        }
    }
    Catalog::new(snapshot)
}

fn values(values: &[&str], distinct: Option<f64>) -> Statistics {
    let common = values.iter().map(|v| CommonValue { value: (*v).to_owned(), share: None }).collect();
    Statistics { distinct, common, ..Statistics::default() }
}
