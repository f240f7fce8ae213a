//! Collections and their fields from JSON.

use catalog::{Engine, TableKind, TypeClass, ddl};

#[test]
fn collections_and_fields_are_read() {
    let text = r#"{"note": "words", "bikes": {"fields": {"_id": "int", "sold": "date", "parts": "array<{id,n}>",
        "maker": {"name": "string", "since": "int"}}}, "internal": {"exposed": false, "fields": {"a": "int"}}}"#;
    let outcome = ddl::read(text, Engine::Mongodb);
    let names: Vec<&str> = outcome.snapshot.tables.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["bikes", "bikes_parts"]);
    let bikes = outcome.snapshot.table("", "bikes").unwrap();
    assert_eq!((bikes.kind, &bikes.nested), (TableKind::Collection, &None));
    assert_eq!(bikes.primary_key.as_ref().unwrap().columns, ["_id"]);
    let columns: Vec<(&str, TypeClass)> = bikes.columns.iter().map(|c| (c.name.as_str(), c.class)).collect();
    let expected = [
        ("_id", TypeClass::Integer),
        ("sold", TypeClass::TimestampTz),
        ("parts", TypeClass::Array),
        ("maker.name", TypeClass::Text),
        ("maker.since", TypeClass::Integer),
    ];
    assert_eq!(columns, expected);
    assert_eq!(bikes.column("parts").unwrap().element, Some(TypeClass::Json));
}

#[test]
fn arrays_become_child_tables_with_their_positions() {
    let text = r#"{"orders": {"fields": {"_id": "objectId", "tags": ["string"], "ship": {"codes": "array<int>"},
        "items": [{"sku": "string", "box": {"h": "int"}, "cuts": [{"why": "string", "_position": "int"}]}]}},
        "orders_tags": {"fields": {"_id": "int"}}}"#;
    let snapshot = ddl::read(text, Engine::Mongodb).snapshot;
    let names: Vec<&str> = snapshot.tables.iter().map(|t| t.name.as_str()).collect();
    let expected =
        ["orders", "orders_items", "orders_items_cuts", "orders_ship_codes", "orders_tags", "orders_tags_2"];
    assert_eq!(names, expected);
    let columns = |name: &str| -> Vec<&str> {
        snapshot.table("", name).unwrap().columns.iter().map(|c| c.name.as_str()).collect()
    };
    assert_eq!(columns("orders_tags_2"), ["_parent_id", "_position", "value"]);
    assert_eq!(columns("orders_items"), ["_parent_id", "_position", "sku", "box.h", "cuts"]);
    assert_eq!(columns("orders_items_cuts"), ["_parent_id", "_position", "_position2", "why"]);
    let cuts = snapshot.table("", "orders_items_cuts").unwrap();
    let nested = cuts.nested.as_ref().unwrap();
    assert_eq!((nested.collection.as_str(), nested.path.as_str()), ("orders", "items.cuts"));
    assert_eq!((nested.parent.as_str(), nested.scalar), ("orders_items", false));
    assert_eq!(cuts.primary_key.as_ref().unwrap().columns, ["_parent_id", "_position", "_position2"]);
    let targets: Vec<&str> = cuts.foreign_keys.iter().map(|k| k.to_table.as_str()).collect();
    assert_eq!(targets, ["orders", "orders_items"]);
    assert_eq!(cuts.column("_parent_id").unwrap().native_type, "objectId");
    assert!(snapshot.table("", "orders_ship_codes").unwrap().nested.as_ref().unwrap().scalar);
}

#[test]
fn what_is_no_such_json_is_reported() {
    for text in ["", "[]", "{\"a\": ", "CREATE TABLE a (b int)"] {
        let outcome = ddl::read(text, Engine::Mongodb);
        assert!(outcome.snapshot.tables.is_empty());
        assert_eq!(outcome.skipped_total, 1, "{text}");
    }
}
