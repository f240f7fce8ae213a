//! Statements and the pipelines they become, written down in `snapshots.txt` and read back from there.

use std::fmt::Write;

use guard::Policy;

const FILE: &str = include_str!("snapshots.txt");

/// The statements of the file, each with the lines below it.
fn written() -> Vec<(String, String)> {
    FILE.split("\n\n")
        .filter_map(|block| block.trim().split_once('\n'))
        .map(|(sql, stages)| (sql.to_owned(), stages.trim().to_owned()))
        .collect()
}

fn compiled(sql: &str) -> String {
    let read = super::judge(sql, &Policy::default());
    let read = read.unwrap_or_else(|f| panic!("{sql}: {f:?}"));
    let pipeline = read.pipeline().unwrap();
    let mut text = pipeline.collection.clone();
    for stage in &pipeline.stages {
        write!(text, "\n  {stage}").unwrap();
    }
    text
}

#[test]
fn statements_become_these_pipelines() {
    let written = written();
    assert!(written.len() >= 30, "{}", written.len());
    for (sql, stages) in written {
        assert_eq!(compiled(&sql), stages, "{sql}");
    }
}

#[test]
fn a_pipeline_that_was_compiled_passes_as_one_that_a_person_wrote() {
    for (sql, _) in written() {
        let pipeline = super::pipeline(&sql);
        let request = guard::pipeline::Request {
            collection: pipeline.collection.into(),
            pipeline: pipeline.stages.into(),
            options: serde_json::Value::Null,
        };
        let read = guard::pipeline::check(&request, &super::garden(), &Policy::default());
        assert!(read.is_ok(), "{sql}: {:?}", read.err());
    }
}
