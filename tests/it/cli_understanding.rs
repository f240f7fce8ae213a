//! Registering with options and understanding a database, on the command line.

use crate::cli::Desk;

const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, state TEXT);
    CREATE TABLE tmp_load (id INTEGER PRIMARY KEY, line TEXT);
    INSERT INTO customers VALUES (1, 'Ada'), (2, 'Ben'), (3, 'Cy'), (4, 'Di'), (5, 'Ed');
    INSERT INTO orders VALUES (1, 1, 'open'), (2, 1, 'paid'), (3, 2, 'paid'), (4, 3, 'open'), (5, 4, 'open'), (6, 5, 'paid');
";

#[test]
fn options_are_set_and_shown() {
    let desk = Desk::new();
    desk.database("shop.db", SHOP);
    let add =
        ["connection", "add", "shop", "sqlite:shop.db", "--exclude", "tmp_*", "--no-sample", "--probe", "on"];
    desk.run(&add).ends(0).says("registered");
    desk.run(&["connection", "show", "shop"])
        .ends(0)
        .says("exclude: [\"tmp_*\"]")
        .says("sample_rows: 0")
        .says("probe: true");
    desk.run(&["crawl", "--on", "shop"]).ends(0).says("2 tables");
    let set =
        ["connection", "set", "shop", "--exclude", "", "--statement-timeout", "20", "--crawl-sessions", "2"];
    desk.run(&set).ends(0).says("statement_timeout_s: 20").says("crawl_sessions: 2");
    desk.run(&["crawl", "--on", "shop"]).ends(0).says("3 tables");
    desk.run(&["connection", "set", "shop", "--crawl-sessions", "9"]).fails_with(1, "X015");
    desk.run(&["connection", "set", "shop", "--mode", "sometimes"]).fails_with(1, "X015").tells("read-write");
    desk.run(&["crawl", "--on", "shop", "--include", "orders"]).fails_with(1, "K013").tells("connection set");

    desk.run(&["connection", "set", "shop", "--mode", "read-write"]).ends(0).says("mode: \"read-write\"");
    desk.run(&["query", "SELECT 1", "--on", "shop"]).fails_with(1, "X014").tells("--mode read-only");
    desk.run(&["ask", "How many customers are there?", "--on", "shop"]).fails_with(1, "X014");
    desk.run(&["ask", "How many customers are there?", "--on", "shop", "--dry-run"]).ends(0);
    desk.run(&["connection", "set", "shop", "--mode", "read-only"]).ends(0);
    desk.run(&["query", "SELECT 1", "--on", "shop"]).ends(0);
    desk.run(&["connection", "show", "nothing"]).fails_with(1, "X002").tells("shop");
}

#[test]
fn a_login_that_could_write_is_refused_where_that_was_asked_for() {
    let desk = Desk::new();
    let file = desk.path("library.db");
    let mut permissions = std::fs::metadata(&file).unwrap().permissions();
    let add = ["connection", "add", "library", "sqlite:library.db", "--require-read-only"];
    desk.run(&add).fails_with(1, "X006").tells("chmod");
    // a superuser may write whatever the permissions say
    permissions.set_readonly(true);
    std::fs::set_permissions(&file, permissions).unwrap();
    desk.run(&["connection", "add", "library", "sqlite:library.db"]).ends(0).says("may read 3 tables");
    desk.run(&["connection", "test", "library"]).ends(0).says("login");
}

#[test]
fn references_are_listed_and_decided() {
    let desk = Desk::new();
    desk.database("shop.db", SHOP);
    desk.run(&["connection", "add", "shop", "sqlite:shop.db", "--probe", "on"]).ends(0);
    desk.run(&["crawl", "--on", "shop"]).ends(0);
    let list = desk
        .run(&["relationships", "list", "--on", "shop", "--evidence"])
        .ends(0)
        .says("main.orders (customer_id) -> main.customers (id)")
        .says("all of 5 values that were looked for are in the key");
    let id = list.out.split_whitespace().next().unwrap().to_owned();
    desk.run(&["relationships", "approve", &id]).ends(0).says("approved: main.orders");
    desk.run(&["relationships", "list", "--on", "shop", "--state", "proposed"]).ends(0).says("none");
    desk.run(&["relationships", "reject", &id]).ends(0).says("rejected: main.orders");
    desk.run(&["crawl", "--on", "shop"]).ends(0);
    desk.run(&["relationships", "list", "--on", "shop"]).ends(0).says("rejected");
}

#[test]
fn tables_are_described_and_what_is_missing_is_counted() {
    let desk = Desk::new();
    desk.database("shop.db", SHOP);
    desk.run(&["connection", "add", "shop", "sqlite:shop.db"]).ends(0);
    desk.run(&["coverage", "--on", "shop"]).fails_with(1, "X001");
    desk.run(&["crawl", "--on", "shop"]).ends(0);
    desk.run(&["coverage", "--on", "shop"]).ends(0).says("0% described: 0 of 3 tables, 0 of 7 columns");
    desk.run(&["describe", "orders", "What customers bought", "--on", "shop"]).ends(0).says("main.orders");
    let args =
        ["describe", "main.orders.state", "--on", "shop", "--sensitivity", "health", "--values", "off"];
    desk.run(&args).ends(0).says("sensitivity: health").says("values: not kept");
    let coverage = desk.run(&["coverage", "--on", "shop", "--json"]).ends(0).json();
    assert_eq!(coverage["tables"]["described"], 1);
    assert_eq!(coverage["undescribed"].as_array().unwrap().len(), 2);
    desk.run(&["describe", "orders", "--on", "shop"]).fails_with(1, "K014");
    desk.run(&["describe", "invoices", "x", "--on", "shop"]).fails_with(1, "U001");
    desk.run(&["describe", "orders.state", "--on", "shop", "--sensitivity", "odd"])
        .fails_with(1, "K015")
        .tells("email");
    // a prompt shows the words and no value
    desk.run(&["describe", "orders.state", "Where the order stands", "--on", "shop"]).ends(0);
}

#[test]
fn parameters_of_every_engine_are_listed() {
    let desk = Desk::new();
    let listed = desk.run(&["config", "connectors"]).ends(0);
    for text in [
        "sqlite",
        "postgres",
        "mysql",
        "sslmode",
        "one of: disable",
        "1 to 64",
        "ssh_known_hosts",
        "Secret: ",
    ] {
        assert!(listed.out.contains(text), "{text}: {}", listed.out);
    }
}
