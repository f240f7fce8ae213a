//! What must hold for any text and any engine. A property that does not hold panics, which is what a fuzzer looks for.

use std::time::{Duration, Instant};

use catalog::Engine;
use guard::{Code, Finding, Policy, ReadOnly, check, parse_tree, render, render_pretty};

use crate::schema::{catalog, policy, rewriting};

/// No statement within the caps may take longer than this, in a build with all checks on.
const LONGEST: Duration = Duration::from_secs(2);

/// All properties of one text under one engine.
pub fn hold(sql: &str, engine: Engine) {
    let started = Instant::now();
    syntax(sql, engine);
    let syntax_only = Policy { syntax_only: true, ..Policy::default() };
    accepted(sql, engine, &syntax_only, true);
    accepted(sql, engine, policy(), false);
    accepted(sql, engine, &Policy { max_rows: Some(100), ..Policy::default() }, false);
    accepted(sql, engine, rewriting(), false);
    let took = started.elapsed();
    assert!(took < LONGEST, "{engine}: {took:?} for {} bytes: {sql}", sql.len());
}

/// Wider caps: canonical text is longer than what came in.
fn wide(policy: &Policy) -> Policy {
    Policy {
        max_bytes: policy.max_bytes * 16,
        max_chain: policy.max_chain * 4,
        max_depth: policy.max_depth * 8,
        ..policy.clone()
    }
}

/// Text that becomes a tree is rendered and read back as the same tree, on one line and on several.
fn syntax(sql: &str, engine: Engine) {
    let plain = Policy::default();
    let tree = match parse_tree(sql, engine, &plain) {
        Ok(tree) => tree,
        Err(finding) => return sound(&[finding], sql),
    };
    for text in [render(&tree, engine), render_pretty(&tree, engine)] {
        match parse_tree(&text, engine, &wide(&plain)) {
            Ok(again) => assert!(again == tree, "{engine}: another tree\n  {sql}\n  {text}"),
            Err(finding) => panic!("{engine}: not read back: {finding}\n  {sql}\n  {text}"),
        }
    }
}

/// Accepted text gives canonical text that is accepted, and is its own canonical text.
fn accepted(sql: &str, engine: Engine, policy: &Policy, without_catalog: bool) {
    let empty = catalog::Catalog::empty(engine);
    let known = if without_catalog { &empty } else { catalog(engine) };
    let read = match check(sql, known, policy) {
        Ok(read) => read,
        Err(findings) => return sound(&findings, sql),
    };
    hidden(&read, policy, sql);
    // where the policy rewrites, what was asked is checked again; elsewhere it is the text that runs
    match check(read.asked(), known, &wide(policy)) {
        Ok(again) => {
            assert_eq!(again.sql(), read.sql(), "{engine}: checked again, it runs another text\n  {sql}")
        }
        Err(findings) => {
            let first = findings.first().map(ToString::to_string).unwrap_or_default();
            panic!("{engine}: refused when checked again: {first}\n  {sql}\n  {}", read.asked());
        }
    }
}

/// What does not exist for the caller is neither reported nor rendered as a name.
fn hidden(read: &ReadOnly, policy: &Policy, sql: &str) {
    if policy.hidden_tables.is_empty() {
        return;
    }
    let report = read.report();
    let table = report.tables.iter().any(|t| t.table == "vault");
    let column = report.columns.iter().any(|c| c.table == "customers" && c.column == "email");
    assert!(!table && !column, "reads what is hidden: {sql}\n  {}", read.sql());
}

/// Findings point into the text, at whole characters, and say something.
fn sound(findings: &[Finding], sql: &str) {
    assert!(!findings.is_empty(), "refused without a finding: {sql}");
    for finding in findings {
        assert!(finding.code != Code::G501, "a fault of the guard itself: {sql}");
        assert!(finding.code.is_error(), "refused by a warning: {finding}\n  {sql}");
        assert!(!finding.message.contains('\0'), "a mark is shown: {finding}\n  {sql}");
        let Some(span) = finding.span else { continue };
        let (start, end) = (span.start as usize, span.end as usize);
        assert!(start <= end && start <= sql.len(), "a span outside: {finding} {span:?}\n  {sql}");
    }
}
