//! Honest pipelines are accepted, with their report, and come out as canonical JSON.

use guard::Policy;
use guard::pipeline::check;
use serde_json::{Value, json};

use super::{accepted, judge, library, request};

#[test]
fn a_report_names_what_is_read_and_what_comes_out() {
    let read = accepted(
        "loans",
        json!([
            {"$match": {"until": {"$gt": {"$date": "2024-01-01T00:00:00Z"}}}},
            {"$lookup": {"from": "readers", "localField": "reader", "foreignField": "_id", "as": "who"}},
            {"$unwind": "$who"},
            {"$group": {"_id": "$who.address.city", "loans": {"$sum": 1}}},
            {"$sort": {"loans": -1}},
        ]),
    );
    let report = read.report();
    let tables: Vec<&str> = report.tables.iter().map(|t| t.table.as_str()).collect();
    assert_eq!(tables, ["loans", "readers"]);
    let columns: Vec<String> = report.columns.iter().map(|c| format!("{}.{}", c.table, c.column)).collect();
    assert!(columns.contains(&"readers.address.city".to_owned()), "{columns:?}");
    assert!(columns.contains(&"loans.until".to_owned()), "{columns:?}");
    let output: Vec<&str> = report.output.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(output, ["_id", "loans"]);
    assert!(report.output[1].aggregate && report.ordered);
    assert_eq!(
        report.reading,
        "Starts from the loans. Keeps those that pass a test on until. Adds the readers whose id is the reader, \
         as who. Makes one row for each of the who. Groups by who address city and computes loans. \
         Sorts by loans downwards."
    );
}

#[test]
fn options_are_ours() {
    let read = accepted("books", json!([{"$limit": 3}]));
    assert_eq!(read.options(), &json!({"allowDiskUse": false, "maxTimeMS": 30000}));
    let policy = Policy { max_seconds: Some(2), ..Policy::default() };
    let read = judge("books", json!([]), &policy).unwrap();
    assert_eq!(read.options()["maxTimeMS"], 2000);
}

#[test]
fn rows_are_capped_at_the_end() {
    let policy = Policy { max_rows: Some(50), ..Policy::default() };
    let last = |pipeline: Value| {
        let read = judge("books", pipeline, &policy).unwrap();
        read.pipeline().as_array().unwrap().last().unwrap().clone()
    };
    assert_eq!(last(json!([])), json!({"$limit": 50}));
    assert_eq!(last(json!([{"$limit": 7}])), json!({"$limit": 7}));
    assert_eq!(last(json!([{"$limit": 700}])), json!({"$limit": 50}));
    assert_eq!(last(json!([{"$limit": 7}, {"$unwind": "$authors"}])), json!({"$limit": 50}));
}

#[test]
fn forms_of_analytics_are_accepted_and_read_back() {
    let all = [
        json!([{"$match": {"$expr": {"$gt": ["$price", {"$multiply": ["$year", 0.01]}]}}}]),
        json!([{"$match": {"title": {"$regex": "^The ", "$options": "i"}, "copies.0.shelf": "A"}}]),
        json!([{"$match": {"copies": {"$elemMatch": {"state": "lent", "shelf": {"$in": ["A", "B"]}}}}}]),
        json!([{"$match": {"_id": {"$oid": "5f0000000000000000000001"}, "extra.color": "red"}}]),
        json!([{"$project": {"n": {"$size": {"$ifNull": ["$copies", []]}}, "_id": 0}}]),
        json!([{"$project": {"copies": {"shelf": 1}, "old": {"$lt": ["$year", 1900]}}}]),
        json!([{"$project": {"extra": 0}}, {"$unset": ["copies.state", "year"]}, {"$sort": {"copies.shelf": 1}}]),
        json!([{"$set": {"decade": {"$subtract": ["$year", {"$mod": ["$year", 10]}]}}}, {"$sortByCount": "$decade"}]),
        json!([{"$group": {"_id": {"y": "$year"}, "best": {"$top": {"sortBy": {"price": -1}, "output": "$title"}},
            "all": {"$push": {"t": "$title", "p": "$price"}}, "mid": {"$median": {"input": "$price", "method": "approximate"}}}},
            {"$unwind": {"path": "$all", "includeArrayIndex": "i", "preserveNullAndEmptyArrays": true}},
            {"$project": {"title": "$all.t", "y": "$_id.y", "i": 1}}]),
        json!([{"$facet": {"years": [{"$sortByCount": "$year"}], "dear": [{"$sort": {"price": -1}}, {"$limit": 3}]}},
            {"$project": {"first": {"$arrayElemAt": ["$years._id", 0]}, "dear.title": 1}}]),
        json!([{"$bucketAuto": {"groupBy": "$price", "buckets": 5, "output": {"n": {"$count": {}}}}}, {"$sort": {"_id.min": 1}}]),
        json!([{"$unionWith": {"coll": "loans", "pipeline": [{"$project": {"reader": 1}}]}}, {"$match": {"reader": 4}}]),
        json!([{"$replaceRoot": {"newRoot": {"$mergeObjects": [{"kind": "book"}, "$$ROOT"]}}}, {"$match": {"kind": "book", "year": 1990}}]),
        json!([{"$setWindowFields": {"partitionBy": "$year", "sortBy": {"price": 1}, "output": {
            "before": {"$shift": {"output": "$price", "by": -1, "default": 0}},
            "avg": {"$avg": "$price", "window": {"documents": [-2, 0]}}}}}]),
        json!([{"$project": {"labels": {"$reduce": {"input": "$authors", "initialValue": "", "in":
            {"$cond": [{"$eq": ["$$value", ""]}, "$$this", {"$concat": ["$$value", ", ", "$$this"]}]}}}}}]),
        json!([{"$project": {"s": {"$reduce": {"input": "$copies", "initialValue": {"n": 0, "t": ""}, "in":
            {"n": {"$add": ["$$value.n", 1]}, "t": {"$concat": ["$$value.t", "$$this.shelf"]}}}}}}]),
        json!([{"$project": {"k": {"$map": {"input": {"$range": [0, {"$size": "$copies"}]}, "as": "i",
            "in": {"$arrayElemAt": ["$copies.shelf", "$$i"]}}}}}]),
        json!([{"$match": {"$and": [{"year": {"$not": {"$gt": 2000}}}, {"authors": {"$size": 2}}, {"price": {"$mod": [5, 0]}}]}}]),
        json!([{"$project": {"v": {"$switch": {"branches": [{"case": {"$lt": ["$year", 1900]}, "then": "old"}], "default": "new"}},
            "d": {"$dateDiff": {"startDate": "$$NOW", "endDate": "$$NOW", "unit": "day"}}}}]),
    ];
    for pipeline in all {
        let read = accepted("books", pipeline.clone());
        let again =
            check(&request("books", read.pipeline().clone()), &library(), &Policy::default()).unwrap();
        assert_eq!(again.pipeline(), read.pipeline(), "{pipeline}");
    }
}

#[test]
fn walks_and_joins_by_variables_are_accepted() {
    let read = accepted(
        "readers",
        json!([
            {"$graphLookup": {"from": "readers", "startWith": "$parent", "connectFromField": "parent",
                "connectToField": "_id", "as": "family", "maxDepth": 4, "depthField": "step"}},
            {"$project": {"family.name": 1, "family.step": 1}},
        ]),
    );
    assert!(read.report().warnings.is_empty());
    let read = accepted(
        "readers",
        json!([
            {"$lookup": {"from": "loans", "let": {"id": "$_id"}, "as": "late", "pipeline": [
                {"$match": {"$expr": {"$and": [{"$eq": ["$reader", "$$id"]}, {"$lt": ["$until", "$$NOW"]}]}}},
                {"$count": "n"}]}},
            {"$match": {"late.n": {"$gte": 3}}},
        ]),
    );
    assert!(read.report().warnings.is_empty());
}

#[test]
fn one_join_without_a_tie_is_warned_of() {
    let read = accepted("readers", json!([{"$lookup": {"from": "books", "pipeline": [], "as": "b"}}]));
    assert_eq!(super::codes(&read.report().warnings), ["W100"]);
}

#[test]
fn without_a_catalog_the_form_alone_is_judged() {
    let policy = Policy { syntax_only: true, ..Policy::default() };
    assert!(judge("anything", json!([{"$match": {"a.b": 1}}]), &policy).is_ok());
    assert!(judge("system.users", json!([]), &policy).is_err());
    assert!(judge("anything", json!([{"$out": "x"}]), &policy).is_err());
}
