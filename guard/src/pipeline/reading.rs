//! The pipeline in plain sentences, made from its stages and nothing else.

use crate::reading::words::{humanise, list, plural, sentence};

use super::tree::{Accumulated, Condition, Expr, Filter, Path, Stage};

/// Fields that are named in one sentence.
const NAMED: usize = 6;

/// One short sentence a stage.
pub(super) fn read(collection: &str, stages: &[Stage]) -> String {
    let mut sentences = vec![sentence(&format!("starts from the {}", plural(&humanise(collection))))];
    sentences.extend(stages.iter().map(|s| sentence(&stage(s))));
    sentences.join(" ")
}

fn stage(node: &Stage) -> String {
    match node {
        Stage::Match(filter) => format!("keeps those that pass a test on {}", tested(filter)),
        Stage::Project(fields) => format!("gives {}", words(fields.iter().map(|(p, _)| p))),
        Stage::Set(fields) => format!("computes {}", words(fields.iter().map(|(p, _)| p))),
        Stage::Unset(paths) => format!("leaves out {}", words(paths.iter())),
        Stage::Group(id, fields) => format!("{}{}", grouped(id), made(fields)),
        Stage::Sort(fields) => format!("sorts by {}", order(fields)),
        Stage::Limit(1) => "keeps the first one only".to_owned(),
        Stage::Limit(n) => format!("keeps the first {n} only"),
        Stage::Skip(n) => format!("skips the first {n}"),
        Stage::Sample(n) => format!("takes {n} of them at random"),
        Stage::Count(name) => format!("counts them as {}", human(name)),
        Stage::SortByCount(by) => format!("counts them by {}, most first", subject(by)),
        Stage::Unwind(path, _, true) => {
            format!("makes one row for each of the {}, keeping those without", human(path))
        }
        Stage::Unwind(path, _, false) => format!("makes one row for each of the {}", human(path)),
        Stage::Lookup(join) => match &join.keys {
            Some((local, foreign)) => format!(
                "adds the {} whose {} is the {}, as {}",
                plural(&humanise(&join.from)),
                human(foreign),
                human(local),
                human(&join.into)
            ),
            None => format!(
                "adds {} that belong to each, as {}",
                plural(&humanise(&join.from)),
                human(&join.into)
            ),
        },
        Stage::GraphLookup(walk) => format!(
            "follows {} to {} of the {}, {} steps at the most, as {}",
            human(&walk.connect_from),
            human(&walk.connect_to),
            plural(&humanise(&walk.from)),
            walk.max_depth.saturating_add(1),
            human(&walk.into)
        ),
        Stage::UnionWith(from, _) => format!("adds the {} as further rows", plural(&humanise(from))),
        Stage::Facet(arms) => format!("answers {} from the same rows", words(arms.iter().map(|(p, _)| p))),
        Stage::Bucket(bucket) => format!("sorts them into ranges of {}", subject(&bucket.by)),
        Stage::ReplaceRoot(root) => format!("goes on with {} alone", subject(root)),
        Stage::Window(partition, sorted, fields) => {
            let within =
                partition.as_ref().map(|p| format!(" within each {}", subject(p))).unwrap_or_default();
            let by =
                if sorted.is_empty() { String::new() } else { format!(" in the order of {}", order(sorted)) };
            format!("computes {}{within}{by}", words(fields.iter().map(|f| &f.field)))
        }
        Stage::Densify(gaps) => format!("adds rows where {} has gaps", human(&gaps.field)),
        Stage::Fill(_, _, fields) => {
            format!("fills what is missing in {}", words(fields.iter().map(|(p, _)| p)))
        }
        Stage::Redact(_) => "cuts documents by a condition".to_owned(),
    }
}

fn human(path: &Path) -> String {
    humanise(&path.0.join(" "))
}

fn words<'p>(paths: impl Iterator<Item = &'p Path>) -> String {
    let mut names: Vec<String> = paths.map(human).collect();
    let more = names.len().saturating_sub(NAMED);
    if more > 0 {
        names.truncate(NAMED);
        names.push(format!("{more} more"));
    }
    list(&names, "and")
}

fn order(fields: &[(Path, bool)]) -> String {
    let one =
        |(path, down): &(Path, bool)| if *down { format!("{} downwards", human(path)) } else { human(path) };
    list(&fields.iter().map(one).collect::<Vec<_>>(), "then")
}

fn grouped(id: &Expr) -> String {
    match id {
        Expr::Literal(_) | Expr::Constant(_) => "takes all together".to_owned(),
        Expr::Document(fields) => {
            let names: Vec<String> = fields.iter().map(|(n, _)| humanise(n)).collect();
            format!("groups by {}", list(&names, "and"))
        }
        other => format!("groups by {}", subject(other)),
    }
}

fn made(fields: &[Accumulated]) -> String {
    if fields.is_empty() {
        return String::new();
    }
    format!(" and computes {}", words(fields.iter().map(|f| &f.field)))
}

fn subject(node: &Expr) -> String {
    match node {
        Expr::Field(path) => human(path),
        _ => "a computed value".to_owned(),
    }
}

/// The fields that a filter tests.
fn tested(filter: &Filter) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut open: Vec<&Filter> = vec![filter];
    while let Some(next) = open.pop() {
        for condition in &next.0 {
            let name = match condition {
                Condition::Logical(_, arms) => {
                    open.extend(arms);
                    continue;
                }
                Condition::Expr(_) => "a computed value".to_owned(),
                Condition::SampleRate(_) => "chance".to_owned(),
                Condition::Text(..) => "their words".to_owned(),
                Condition::Equals(path, _) | Condition::Tests(path, _) => human(path),
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if names.is_empty() {
        return "nothing".to_owned();
    }
    list(&names, "and")
}
