//! What is not proven is refused: writes, code, other databases, unknown names and work without a bound, at any depth.

use guard::Policy;
use guard::pipeline::{Request, check};
use serde_json::{Value, json};

use super::{codes, judge, library, refusal, request};

/// Every place that holds a pipeline, with the given stages in it.
fn at_every_depth(stages: Value) -> Vec<Value> {
    vec![
        stages.clone(),
        json!([{"$facet": {"a": stages}}]),
        json!([{"$unionWith": {"coll": "loans", "pipeline": stages}}]),
        json!([{"$lookup": {"from": "books", "localField": "_id", "foreignField": "_id", "pipeline": stages, "as": "x"}}]),
        json!([{"$lookup": {"from": "books", "as": "x", "let": {"v": 1}, "pipeline": [{"$limit": 1},
            {"$unionWith": {"coll": "loans", "pipeline": stages}}]}}]),
        json!([{"$facet": {"a": [{"$lookup": {"from": "books", "pipeline": stages, "as": "x"}}]}}]),
    ]
}

fn refused_everywhere(stages: &Value) {
    for pipeline in at_every_depth(stages.clone()) {
        assert!(judge("books", pipeline.clone(), &Policy::default()).is_err(), "{pipeline}");
    }
}

#[test]
fn the_places_themselves_are_accepted() {
    for pipeline in at_every_depth(json!([{"$limit": 1}])) {
        assert!(judge("books", pipeline.clone(), &Policy::default()).is_ok(), "{pipeline}");
    }
}

#[test]
fn stages_that_are_not_listed_are_refused_at_any_depth() {
    for name in [
        "$out",
        "$merge",
        "$changeStream",
        "$currentOp",
        "$collStats",
        "$listSampledQueries",
        "$shardedDataDistribution",
        "$search",
        "$vectorSearch",
        "$documents",
        "$Match",
        "$match ",
        "match",
        "$newStageOfNextYear",
    ] {
        refused_everywhere(&json!([{name: {}}]));
        refused_everywhere(&json!([{name: "copy"}]));
    }
    assert_eq!(refusal("books", json!([{"$out": "x"}])), ("G200".to_owned(), "pipeline[0].$out".to_owned()));
}

#[test]
fn operators_that_are_not_listed_are_refused_wherever_an_expression_stands() {
    for name in
        ["$function", "$accumulator", "$where", "$meta", "$toHashedIndexKey", "$createObjectId", "$Add", "$x"]
    {
        let call = json!({name: {"body": "return 1", "args": [], "lang": "js"}});
        for stage in [
            json!({"$project": {"x": call}}),
            json!({"$set": {"x": {"deep": [{"$add": [1, call]}]}}}),
            json!({"$match": {"$expr": call}}),
            json!({"$match": call}),
            json!({"$match": {"$or": [{"year": 1}, call]}}),
            json!({"$group": {"_id": call}}),
            json!({"$group": {"_id": null, "x": call}}),
            json!({"$group": {"_id": null, "x": {"$sum": call}}}),
            json!({"$sortByCount": call}),
            json!({"$replaceWith": call}),
            json!({"$redact": call}),
            json!({"$bucket": {"groupBy": call, "boundaries": [0, 1]}}),
            json!({"$lookup": {"from": "books", "let": {"v": call}, "pipeline": [], "as": "x"}}),
            json!({"$setWindowFields": {"partitionBy": call, "output": {}}}),
            json!({"$project": {"x": {"$let": {"vars": {"f": call}, "in": "$$f"}}}}),
            json!({"$project": {"x": {"$map": {"input": [1], "in": call}}}}),
            json!({"$project": {"x": {"$switch": {"branches": [{"case": true, "then": call}]}}}}),
            json!({"$project": {"x": {"$dateTrunc": {"date": call, "unit": "day"}}}}),
            json!({"$match": {"year": call}}),
            json!({"$match": {"year": {"$not": call}}}),
            json!({"$match": {"copies": {"$elemMatch": call}}}),
        ] {
            refused_everywhere(&json!([stage]));
        }
    }
}

#[test]
fn values_that_are_code_or_badly_shaped_are_refused() {
    for value in [
        json!({"$code": "while(1){}"}),
        json!({"$code": "f", "$scope": {}}),
        json!({"$dbPointer": {"$ref": "a", "$id": 1}}),
        json!({"$symbol": "a"}),
        json!({"$ref": "a", "$id": 1}),
        json!({"$oid": "short"}),
        json!({"$date": {"$where": "1"}}),
        json!({"$numberLong": "1; drop"}),
        json!({"$numberLong": 5}),
        json!({"$binary": {"base64": "AA==", "subType": "00", "more": 1}}),
        json!({"$oid": "5f0000000000000000000001", "a": 1}),
        json!({"a": {"$code": "x"}}),
        json!("a\u{0}b"),
        json!(18446744073709551615_u64),
    ] {
        assert!(
            judge("books", json!([{"$match": {"title": value}}]), &Policy::default()).is_err(),
            "{value}"
        );
        let listed = json!([{"$match": {"title": {"$in": [value]}}}]);
        assert!(judge("books", listed, &Policy::default()).is_err(), "{value}");
    }
}

#[test]
fn names_with_a_meaning_of_their_own_are_refused() {
    for name in ["$year", "a\u{0}", "", "a..b", ".a", "a.", "a.$b", "a\u{202e}b", "$$ROOT"] {
        assert!(judge("books", json!([{"$set": {name: 1}}]), &Policy::default()).is_err(), "{name:?}");
        assert!(judge("books", json!([{"$count": name}]), &Policy::default()).is_err(), "{name:?}");
    }
    for text in
        ["$", "$$", "$.a", "$year.", "$$USER_ROLES", "$$CLUSTER_TIME", "$$SEARCH_META", "$$nothing", "$$KEEP"]
    {
        assert!(judge("books", json!([{"$set": {"x": text}}]), &Policy::default()).is_err(), "{text}");
    }
}

#[test]
fn collections_are_those_of_the_catalog() {
    for from in [
        json!("drafts"),
        json!("system.users"),
        json!("nowhere"),
        json!("Books"),
        json!({"db": "admin", "coll": "books"}),
        json!(1),
        json!(""),
        json!(null),
        json!("admin.books"),
    ] {
        let options = Value::Null;
        let first = Request { collection: from.clone(), pipeline: json!([]), options };
        assert!(check(&first, &library(), &Policy::default()).is_err(), "{from}");
        refused_everywhere(
            &json!([{"$lookup": {"from": from, "localField": "_id", "foreignField": "_id", "as": "x"}}]),
        );
        refused_everywhere(&json!([{"$unionWith": from}]));
        refused_everywhere(
            &json!([{"$graphLookup": {"from": from, "startWith": 1, "connectFromField": "_id",
            "connectToField": "_id", "as": "x", "maxDepth": 1}}]),
        );
    }
}

#[test]
fn fields_are_followed_from_stage_to_stage() {
    for (pipeline, place) in [
        (json!([{"$match": {"colour": 1}}]), "pipeline[0].$match.colour"),
        (json!([{"$project": {"title": 1}}, {"$sort": {"year": 1}}]), "pipeline[1].$sort"),
        (json!([{"$group": {"_id": "$year"}}, {"$match": {"year": 2}}]), "pipeline[1].$match"),
        (json!([{"$unset": "year"}, {"$set": {"a": "$year"}}]), "pipeline[1].$set"),
        (json!([{"$set": {"a": "$copies.colour"}}]), "pipeline[0].$set"),
        (json!([{"$set": {"a": "$title.part"}}]), "pipeline[0].$set"),
        (json!([{"$set": {"a": "$$ROOT.colour"}}]), "pipeline[0].$set"),
        (json!([{"$set": {"a": {"$getField": "colour"}}}]), "pipeline[0].$set"),
        (json!([{"$replaceWith": {"a": "$year"}}, {"$match": {"title": 1}}]), "pipeline[1].$match"),
        (
            json!([{"$set": {"a": {"$map": {"input": "$copies", "as": "c", "in": "$$c.colour"}}}}]),
            "pipeline[0].$set",
        ),
        (
            json!([{"$lookup": {"from": "readers", "localField": "_id", "foreignField": "shoe", "as": "x"}}]),
            "pipeline[0].$lookup.foreignField",
        ),
        (
            json!([{"$lookup": {"from": "readers", "localField": "_id", "foreignField": "_id", "as": "x"}},
            {"$match": {"x.shoe": 1}}]),
            "pipeline[1].$match",
        ),
    ] {
        let (code, subject) = refusal("books", pipeline.clone());
        assert_eq!(code, "G101", "{pipeline}");
        assert!(subject.starts_with(place.split(".colour").next().unwrap_or(place)), "{pipeline}: {subject}");
    }
}

#[test]
fn work_without_a_bound_is_refused() {
    for pipeline in [
        json!([{"$set": {"a": {"$range": [0, "$year"]}}}]),
        json!([{"$set": {"a": {"$range": [0, 10, 0]}}}]),
        json!([{"$set": {"a": {"$range": [-2_000_000_000, 2_000_000_000]}}}]),
        json!([{"$set": {"a": {"$map": {"input": {"$range": [0, 9999]}, "in": {"$map": {"input": {"$range": [0, 9999]}, "in": "$$ROOT"}}}}}}]),
        json!([{"$set": {"a": {"$reduce": {"input": "$authors", "initialValue": "x", "in":
            {"$let": {"vars": {"v": "$$value"}, "in": {"$concat": ["$$v", "$$v"]}}}}}}}]),
        json!([{"$set": {"a": {"$reduce": {"input": "$authors", "initialValue": {"a": "x", "b": "x"}, "in":
            {"a": "$$value.b", "b": {"$concat": ["$$value.a", "$$value.b"]}}}}}}]),
        json!([{"$set": {"a": {"$reduce": {"input": "$authors", "initialValue": "x", "in":
            {"$replaceAll": {"input": "$$value", "find": "x", "replacement": "xx"}}}}}}]),
        json!([{"$set": {"a": {"$reduce": {"input": "$authors", "initialValue": ["x"], "in":
            {"$map": {"input": "$$value", "in": "$$value"}}}}}}]),
        json!([{"$graphLookup": {"from": "readers", "startWith": 1, "connectFromField": "parent",
            "connectToField": "_id", "as": "x", "maxDepth": 100000}}]),
        json!([{"$lookup": {"from": "books", "pipeline": [], "as": "a"}}, {"$lookup": {"from": "loans", "pipeline": [], "as": "b"}}]),
        json!([{"$lookup": {"from": "books", "let": {"i": "$_id"}, "as": "a", "pipeline": [
            {"$match": {"$expr": {"$ne": ["$_id", "$$i"]}}}, {"$lookup": {"from": "loans", "pipeline": [], "as": "b"}}]}}]),
        json!([{"$match": {"title": {"$regex": "(a+)+$"}}}]),
        json!([{"$match": {"title": {"$regex": "(a|b*){2,}c"}}}]),
        json!([{"$match": {"title": {"$regularExpression": {"pattern": "(?=x)", "options": ""}}}}]),
        json!([{"$match": {"title": {"$in": [{"$regularExpression": {"pattern": "(a)\\1", "options": ""}}]}}}]),
        json!([{"$set": {"a": {"$regexMatch": {"input": "$title", "regex": "$title"}}}}]),
        json!([{"$densify": {"field": "year", "range": {"step": 0.0001, "bounds": [0, 100000]}}}]),
        json!([{"$densify": {"field": "year", "range": {"step": 1, "unit": "millisecond", "bounds": "full"}}}]),
        json!([{"$sample": {"size": 1_000_000_000}}]),
    ] {
        assert!(judge("books", pipeline.clone(), &Policy::default()).is_err(), "{pipeline}");
    }
    let doubling: Vec<Value> =
        (0..40).map(|_| json!({"$set": {"title": {"$concat": ["$title", "$title"]}}})).collect();
    assert_eq!(refusal("books", json!(doubling)).0, "G303");
}

#[test]
fn shapes_that_are_no_pipeline_are_refused() {
    for pipeline in [
        json!(null),
        json!({}),
        json!("x"),
        json!([[]]),
        json!([{}]),
        json!([null]),
        json!([{"$limit": 1, "$skip": 1}]),
        json!([{"$limit": 0}]),
        json!([{"$limit": "$year"}]),
        json!([{"$project": {}}]),
        json!([{"$project": {"a.b": 1, "a": 1}}]),
        json!([{"$project": {"title": 1, "year": 0}}]),
        json!([{"$lookup": {"from": "books", "as": "x"}}]),
        json!([{"$lookup": {"from": "books", "pipeline": [], "as": "x", "extra": 1}}]),
        json!([{"$group": {"n": {"$sum": 1}}}]),
        json!([{"$group": {"_id": 1, "n": {"$sum": 1, "$avg": 1}}}]),
    ] {
        assert!(judge("books", pipeline.clone(), &Policy::default()).is_err(), "{pipeline}");
    }
}

#[test]
fn options_that_are_not_harmless_are_refused() {
    for options in [
        json!({"allowDiskUse": true}),
        json!({"maxTimeMS": 0}),
        json!({"maxTimeMS": 99_999_999}),
        json!({"writeConcern": {"w": 1}}),
        json!({"hint": "a_1"}),
        json!({"bypassDocumentValidation": true}),
        json!({"explain": true}),
        json!({"let": {"a": 1}}),
        json!({"readConcern": {"level": "linearizable"}}),
        json!({"$db": "admin"}),
        json!([]),
        json!({"cursor": {"x": 1}}),
    ] {
        let request = Request { options: options.clone(), ..request("books", json!([])) };
        assert!(check(&request, &library(), &Policy::default()).is_err(), "{options}");
    }
    let harmless =
        json!({"allowDiskUse": false, "maxTimeMS": 500, "comment": "x", "batchSize": 10, "cursor": {}});
    let request = Request { options: harmless, ..request("books", json!([])) };
    let read = check(&request, &library(), &Policy::default()).unwrap();
    assert_eq!(read.options(), &json!({"allowDiskUse": false, "maxTimeMS": 500}));
}

#[test]
fn size_is_bounded_before_anything_follows_it() {
    let mut deep = json!(1);
    for _ in 0..200 {
        deep = json!([deep]);
    }
    let findings = judge("books", json!([{"$set": {"a": deep}}]), &Policy::default()).unwrap_err();
    assert_eq!(codes(&findings), ["G002"]);
    let wide: Vec<Value> = (0..100_000).map(|i| json!(i)).collect();
    assert_eq!(refusal("books", json!([{"$match": {"year": {"$in": wide}}}])).0, "G002");
}

#[test]
fn a_document_that_doubles_from_stage_to_stage_is_refused_at_once() {
    let twice = json!({"$set": {"extra": {"a": "$extra", "b": "$extra"}}});
    let stages = Value::Array(vec![twice; 60]);
    assert_eq!(refusal("books", stages).0, "G303");
}
