//! Policy on pipelines: what is hidden does not exist, and never enters a pipeline on any way.

use guard::Policy;
use guard::policy::{How, Mask, RowFilter};
use serde_json::{Value, json};

use super::judge;

fn hiding(columns: &[&str]) -> Policy {
    Policy { hidden_columns: columns.iter().map(|c| (*c).to_owned()).collect(), ..Policy::default() }
}

/// All projections that stand first in some pipeline of the JSON on a collection with hidden fields.
fn first_stage(pipeline: &Value) -> &Value {
    &pipeline[0]["$project"]
}

#[test]
fn only_visible_fields_enter_a_pipeline() {
    let read = judge(
        "readers",
        json!([{"$set": {"all": {"$objectToArray": "$$ROOT"}}}]),
        &hiding(&["readers.card"]),
    )
    .unwrap();
    let kept = json!({"_id": 1, "name": 1, "parent": 1, "address.city": 1, "address.street": 1});
    assert_eq!(first_stage(read.pipeline()), &kept);
    let columns: Vec<&str> = read.report().columns.iter().map(|c| c.column.as_str()).collect();
    assert!(!columns.contains(&"card"), "{columns:?}");
}

#[test]
fn the_same_holds_for_collections_that_are_joined() {
    let policy = hiding(&["readers.card", "readers.address.street"]);
    let kept = json!({"_id": 1, "name": 1, "parent": 1, "address.city": 1});
    let plain =
        json!([{"$lookup": {"from": "readers", "localField": "reader", "foreignField": "_id", "as": "r"}}]);
    let read = judge("loans", plain, &policy).unwrap();
    assert_eq!(first_stage(&read.pipeline()[0]["$lookup"]["pipeline"]), &kept);
    let united = judge("loans", json!([{"$unionWith": "readers"}]), &policy).unwrap();
    assert_eq!(first_stage(&united.pipeline()[0]["$unionWith"]["pipeline"]), &kept);
    let faceted =
        json!([{"$facet": {"a": [{"$unionWith": {"coll": "readers", "pipeline": [{"$limit": 1}]}}]}}]);
    let read = judge("loans", faceted, &policy).unwrap();
    assert_eq!(first_stage(&read.pipeline()[0]["$facet"]["a"][0]["$unionWith"]["pipeline"]), &kept);
    // a walk has no pipeline that could keep anything out
    let walk = json!([{"$graphLookup": {"from": "readers", "startWith": 1, "connectFromField": "parent",
        "connectToField": "_id", "as": "x", "maxDepth": 2}}]);
    assert!(judge("loans", walk, &policy).is_err());
}

#[test]
fn what_is_hidden_and_what_is_not_there_look_alike() {
    let policy = Policy { hidden_tables: vec!["loans".to_owned()], ..hiding(&["readers.card", "*.street"]) };
    let uses: [fn(&str) -> Value; 9] = [
        |n| json!([{"$match": {n: 1}}]),
        |n| json!([{"$match": {"$or": [{n: {"$exists": true}}]}}]),
        |n| json!([{"$project": {n: 1}}]),
        |n| json!([{"$set": {"a": format!("${n}")}}]),
        |n| json!([{"$set": {"a": format!("$$ROOT.{n}")}}]),
        |n| json!([{"$sort": {n: 1}}]),
        |n| json!([{"$group": {"_id": format!("${n}")}}]),
        |n| json!([{"$unwind": format!("${n}")}]),
        |n| json!([{"$lookup": {"from": "readers", "localField": "_id", "foreignField": n, "as": "x"}}]),
    ];
    for make in uses {
        for (hidden, absent) in [("card", "cord"), ("address.street", "address.strict")] {
            let findings = |name: &str| {
                let found = judge("readers", make(name), &policy).unwrap_err();
                serde_json::to_string(&found).unwrap().replace(name, "NAME")
            };
            let (a, b) = (findings(hidden), findings(absent));
            assert!(!a.contains("card") && !a.contains("street"), "{a}");
            assert_eq!(a.split("\"nearest\"").next(), b.split("\"nearest\"").next());
        }
    }
    let findings = |name: &str| {
        let found = judge("books", json!([{"$unionWith": name}]), &policy).unwrap_err();
        serde_json::to_string(&found).unwrap().replace(name, "NAME")
    };
    assert_eq!(findings("loans"), findings("l0ans"));
}

#[test]
fn documents_of_unknown_make_are_kept_out_where_they_may_hold_what_is_hidden() {
    let read = judge("books", json!([]), &hiding(&["*.secret"])).unwrap();
    assert!(first_stage(read.pipeline()).get("extra").is_none());
    assert!(judge("books", json!([{"$match": {"extra.secret": 1}}]), &hiding(&["*.secret"])).is_err());
    // a field that hides nothing of this collection leaves it as it is
    let read = judge("books", json!([]), &hiding(&["readers.card"])).unwrap();
    assert_eq!(read.pipeline(), &json!([]));
    // a field that no crawl has seen is kept out by name as well
    let read = judge("loans", json!([]), &hiding(&["loans.unseen"])).unwrap();
    assert_eq!(
        first_stage(read.pipeline()),
        &json!({"_id": 1, "book": 1, "reader": 1, "from": 1, "until": 1})
    );
    assert!(judge("readers", json!([]), &hiding(&["readers.*"])).is_err());
}

#[test]
fn the_id_can_be_hidden() {
    let read = judge("loans", json!([]), &hiding(&["loans._id", "loans.book"])).unwrap();
    assert_eq!(first_stage(read.pipeline()), &json!({"reader": 1, "from": 1, "until": 1, "_id": 0}));
}

#[test]
fn a_search_in_texts_would_look_into_hidden_fields() {
    let search = json!([{"$match": {"$text": {"$search": "x"}}}]);
    assert!(judge("readers", search.clone(), &hiding(&["readers.card"])).is_err());
    assert!(judge("readers", search, &Policy::default()).is_ok());
}

#[test]
fn masks_and_filters_are_never_passed_over() {
    let filter = RowFilter { table: "loans".to_owned(), predicate: "reader = 1".to_owned() };
    let filtered = Policy { row_filters: vec![filter], ..Policy::default() };
    let mask = Mask { columns: vec!["readers.card".to_owned()], sensitivity: Vec::new(), how: How::Null };
    let masked = Policy { masks: vec![mask], ..Policy::default() };
    for (policy, limited) in [(filtered, "loans"), (masked, "readers")] {
        let code = |found: Vec<guard::Finding>| super::codes(&found);
        assert_eq!(code(judge(limited, json!([]), &policy).unwrap_err()), ["G400"]);
        assert_eq!(code(judge("books", json!([{"$unionWith": limited}]), &policy).unwrap_err()), ["G400"]);
        let joined =
            json!([{"$lookup": {"from": limited, "localField": "_id", "foreignField": "_id", "as": "x"}}]);
        assert_eq!(code(judge("books", joined, &policy).unwrap_err()), ["G400"]);
        assert!(judge("books", json!([]), &policy).is_ok());
    }
}

#[test]
fn operators_can_be_forbidden() {
    let policy = Policy { forbidden_functions: vec!["rand".to_owned()], ..Policy::default() };
    assert!(judge("books", json!([{"$set": {"a": {"$rand": {}}}}]), &policy).is_err());
}
