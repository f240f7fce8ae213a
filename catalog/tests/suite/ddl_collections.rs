//! Collections and their fields from JSON.

use catalog::{Engine, TableKind, TypeClass, ddl};

#[test]
fn collections_and_fields_are_read() {
    let text = r#"{"note": "words", "bikes": {"fields": {"_id": "int", "sold": "date", "parts": "array<{id,n}>",
        "maker": {"name": "string", "since": "int"}}}, "internal": {"exposed": false, "fields": {"a": "int"}}}"#;
    let outcome = ddl::read(text, Engine::Mongodb);
    assert_eq!(outcome.snapshot.tables.len(), 1);
    let bikes = outcome.snapshot.table("", "bikes").unwrap();
    assert_eq!(bikes.kind, TableKind::Collection);
    assert_eq!(bikes.primary_key.as_ref().unwrap().columns, ["_id"]);
    let classes: Vec<TypeClass> = bikes.columns.iter().map(|c| c.class).collect();
    assert_eq!(classes, [TypeClass::Integer, TypeClass::TimestampTz, TypeClass::Array, TypeClass::Json]);
    assert_eq!(bikes.column("maker").unwrap().native_type, "{name:string,since:int}");
    assert_eq!(bikes.column("parts").unwrap().element, Some(TypeClass::Json));
}

#[test]
fn what_is_no_such_json_is_reported() {
    for text in ["", "[]", "{\"a\": ", "CREATE TABLE a (b int)"] {
        let outcome = ddl::read(text, Engine::Mongodb);
        assert!(outcome.snapshot.tables.is_empty());
        assert_eq!(outcome.skipped_total, 1, "{text}");
    }
}
