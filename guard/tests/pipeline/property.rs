//! Properties: any JSON gets a verdict, what is accepted is accepted again as it stands, what is hidden stays out.

use guard::Policy;
use guard::pipeline::{Request, check};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{library, request};

/// Words that mean something in pipelines, and some that do not.
const WORDS: &[&str] = &[
    "$match",
    "$project",
    "$set",
    "$group",
    "$sort",
    "$limit",
    "$lookup",
    "$unionWith",
    "$facet",
    "$unwind",
    "$out",
    "$merge",
    "$expr",
    "$add",
    "$concat",
    "$map",
    "$reduce",
    "$let",
    "$filter",
    "$cond",
    "$literal",
    "$getField",
    "$objectToArray",
    "$replaceRoot",
    "$function",
    "$where",
    "$in",
    "$and",
    "$or",
    "$regex",
    "$elemMatch",
    "$not",
    "$sum",
    "$push",
    "$first",
    "from",
    "as",
    "localField",
    "foreignField",
    "pipeline",
    "let",
    "coll",
    "input",
    "in",
    "cond",
    "vars",
    "initialValue",
    "newRoot",
    "path",
    "_id",
    "title",
    "year",
    "copies",
    "shelf",
    "card",
    "name",
    "$title",
    "$$ROOT",
    "$$this",
    "$$value",
    "$copies.shelf",
    "$card",
    "books",
    "readers",
    "$oid",
    "$date",
    "\u{0}",
    "",
];

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(WORDS).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        word().prop_map(Value::String),
        any::<i32>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        Just(json!(1)),
        ".{0,6}".prop_map(Value::String),
    ];
    leaf.prop_recursive(6, 48, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((word(), inner), 0..3)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Fields and expressions over the library's readers, hidden ones among them.
fn expression() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "$name",
            "$_id",
            "$address.city",
            "$address",
            "$$ROOT",
            "$card",
            "$$ROOT.card",
            "$parent",
            "x"
        ])
        .prop_map(|t| json!(t)),
        (0..50_i32).prop_map(|n| json!(n)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|e| json!({"$objectToArray": e})),
            inner.clone().prop_map(|e| json!({"$getField": {"field": "card", "input": e}})),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"$ifNull": [a, b]})),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"$mergeObjects": [a, b]})),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"$eq": [a, b]})),
            inner.prop_map(|e| json!({"a": e, "b": 1})),
        ]
    })
}

fn stage() -> impl Strategy<Value = Value> {
    let simple = prop_oneof![
        expression().prop_map(|e| json!({"$set": {"s": e}})),
        expression().prop_map(|e| json!({"$project": {"name": 1, "s": e}})),
        expression().prop_map(|e| json!({"$group": {"_id": e, "all": {"$push": "$$ROOT"}}})),
        expression().prop_map(|e| json!({"$match": {"$expr": {"$ne": [e, 1]}}})),
        expression().prop_map(|e| json!({"$replaceWith": {"s": e, "name": "$name"}})),
        prop::sample::select(vec!["name", "card", "address.city", "s", "_id"])
            .prop_map(|f| json!({"$sort": {f: 1}})),
        (1..9_i32).prop_map(|n| json!({"$limit": n})),
    ];
    simple.prop_recursive(2, 8, 3, |inner| {
        let stages = prop::collection::vec(inner, 0..3);
        prop_oneof![
            stages.clone().prop_map(|s| json!({"$unionWith": {"coll": "readers", "pipeline": s}})),
            stages.clone().prop_map(|s| json!({"$facet": {"f": s}})),
            stages.prop_map(
                |s| json!({"$lookup": {"from": "readers", "localField": "_id", "foreignField": "_id",
                "pipeline": s, "as": "s"}})
            ),
        ]
    })
}

/// Whether every place where `readers` enters begins with the projection that keeps the card out.
fn readers_enter_without_card(stages: &Value, enters: bool) -> bool {
    let Some(stages) = stages.as_array() else { return false };
    let first = stages.first().map(|s| &s["$project"]);
    if enters && !first.is_some_and(|p| p["name"] == 1 && p.get("card").is_none() && p["address.city"] == 1) {
        return false;
    }
    stages.iter().all(|stage| {
        let facets = stage["$facet"]
            .as_object()
            .is_none_or(|f| f.values().all(|s| readers_enter_without_card(s, false)));
        let joined =
            |key: &str| stage.get(key).is_none_or(|s| readers_enter_without_card(&s["pipeline"], true));
        facets && joined("$unionWith") && joined("$lookup")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn any_json_gets_a_verdict(collection in value(), pipeline in value(), options in value()) {
        let books = Request { collection: json!("books"), pipeline: json!([pipeline.clone()]), options: Value::Null };
        let _ = check(&books, &library(), &Policy::default());
        let _ = check(&Request { collection, pipeline, options }, &library(), &Policy::default());
    }

    #[test]
    fn what_is_accepted_is_accepted_again_as_it_stands(stages in prop::collection::vec(stage(), 0..4), hide in any::<bool>()) {
        let hidden = if hide { vec!["readers.card".to_owned()] } else { Vec::new() };
        let policy = Policy { hidden_columns: hidden, max_rows: Some(100), ..Policy::default() };
        if let Ok(read) = check(&request("readers", json!(stages)), &library(), &policy) {
            let again = check(&request("readers", read.pipeline().clone()), &library(), &policy);
            prop_assert_eq!(again.map(|r| r.pipeline().clone()).ok(), Some(read.pipeline().clone()));
        }
    }

    #[test]
    fn what_is_hidden_never_enters(stages in prop::collection::vec(stage(), 0..4)) {
        let policy = Policy { hidden_columns: vec!["readers.card".to_owned()], ..Policy::default() };
        if let Ok(read) = check(&request("readers", json!(stages)), &library(), &policy) {
            prop_assert!(readers_enter_without_card(read.pipeline(), true), "{}", read.pipeline());
            prop_assert!(read.report().columns.iter().all(|c| c.column != "card"));
        }
    }
}
