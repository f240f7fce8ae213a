//! What ANALYZE found about columns: shares, distinct counts, common values, least and greatest value.

use std::collections::HashMap;

use catalog::{CommonValue, Statistics, Table, TableKind};
use connector_api::{ConnectorError, CrawlOptions};

use super::answers::Answers;
use super::raw::{Answer, RowRef, get};

/// Adds the statistics to the columns of tables, which are sorted by schema and name.
pub(super) fn add(
    answers: &Answers,
    tables: &mut [Table],
    options: &CrawlOptions,
) -> Result<(), ConnectorError> {
    let positions: HashMap<(String, String), usize> = tables
        .iter()
        .enumerate()
        .map(|(index, table)| ((table.schema.clone(), table.name.clone()), index))
        .collect();
    while let Some(piece) = answers.next_statistics() {
        add_piece(&piece, tables, &positions, options)?;
    }
    Ok(())
}

fn add_piece(
    piece: &Answer,
    tables: &mut [Table],
    positions: &HashMap<(String, String), usize>,
    options: &CrawlOptions,
) -> Result<(), ConnectorError> {
    let mut key = (String::new(), String::new());
    for row in piece.rows() {
        key.0.replace_range(.., get(row, 0)?);
        key.1.replace_range(.., get(row, 1)?);
        let Some(table) = positions.get(&key).and_then(|index| tables.get_mut(*index)) else { continue };
        // of a partitioned table the figures over all partitions, of others those of the table itself
        let inherited: bool = get(row, 3)?;
        if inherited != (table.kind == TableKind::Partitioned) {
            continue;
        }
        let rows = table.row_estimate;
        let name: &str = get(row, 2)?;
        if let Some(column) = table.columns.iter_mut().find(|c| c.name == name) {
            column.statistics = Some(statistics(row, rows, options)?);
        }
    }
    Ok(())
}

fn statistics(
    row: RowRef<'_>,
    rows: Option<u64>,
    options: &CrawlOptions,
) -> Result<Statistics, ConnectorError> {
    let distinct = f64::from(get::<Option<f32>>(row, 5)?.unwrap_or(0.0));
    let values = get::<Option<&str>>(row, 6)?.map(|text| elements(text, 200)).unwrap_or_default();
    let shares: Vec<f32> = get::<Option<Vec<f32>>>(row, 7)?.unwrap_or_default();
    let fits = |value: &String| value.chars().count() <= options.max_value_length;
    let common = values
        .into_iter()
        .enumerate()
        .filter(|(_, value)| fits(value))
        .take(options.max_common_values)
        .map(|(index, value)| CommonValue { value, share: shares.get(index).copied().map(rounded) })
        .collect();
    let min = get::<Option<&str>>(row, 8)?.and_then(first_element);
    let max = get::<Option<&str>>(row, 9)?.and_then(last_element);
    Ok(Statistics {
        null_share: get::<Option<f32>>(row, 4)?.map(rounded),
        // a negative figure is a share of the rows
        distinct: match distinct {
            d if d > 0.0 => Some(d),
            d if d < 0.0 => rows.map(|rows| (-d * rows as f64).round()),
            _ => None,
        },
        common,
        min: min.filter(fits),
        max: max.filter(fits),
    })
}

/// A share without the noise of a 32-bit float.
fn rounded(share: f32) -> f64 {
    (f64::from(share) * 1e6).round() / 1e6
}

/// The elements of an array's text, up to a count. An element that the cut of the text went through is left out.
fn elements(text: &str, most: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text.strip_prefix('{').unwrap_or("");
    while found.len() < most {
        let Some((element, length)) = element(rest) else { break };
        found.push(element);
        match rest.get(length..).and_then(|after| after.strip_prefix(',')) {
            Some(after) => rest = after,
            None => break,
        }
    }
    found
}

/// The first element and its length in the text; `None` when its end is not in the text.
fn element(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    let quoted = text.starts_with('"');
    if quoted {
        characters.next();
    }
    while let Some((index, c)) = characters.next() {
        match c {
            '\\' => value.push(characters.next()?.1),
            '"' if quoted => return Some((value, index + 1)),
            ',' | '}' if !quoted => return (!value.is_empty()).then_some((value, index)),
            c => value.push(c),
        }
    }
    None
}

fn first_element(text: &str) -> Option<String> {
    Some(element(text.strip_prefix('{')?)?.0)
}

/// The last element of a text that may have lost its beginning.
fn last_element(text: &str) -> Option<String> {
    let body = text.strip_suffix('}')?;
    let Some(inner) = body.strip_suffix('"') else {
        let start = body.rfind([',', '{'])? + 1;
        return body.get(start..).filter(|e| !e.is_empty()).map(str::to_owned);
    };
    // back to the quote that opens it: the first one that no backslash escapes
    let escaped = |quote: usize| {
        inner
            .get(..quote)
            .is_some_and(|before| before.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1)
    };
    let open = inner.rmatch_indices('"').map(|(index, _)| index).find(|quote| !escaped(*quote))?;
    Some(element(body.get(open..).map(|e| format!("{e}\""))?.as_str())?.0).filter(|_| !escaped(inner.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_elements_of_an_arrays_text() {
        assert_eq!(elements("{paid,open}", 9), ["paid", "open"]);
        assert_eq!(elements(r#"{"a, b","say \"hi\"",c}"#, 9), ["a, b", r#"say "hi""#, "c"]);
        assert_eq!(elements(r#"{"",x}"#, 9), ["", "x"]);
        assert_eq!(elements("{a,b,c}", 2), ["a", "b"]);
        assert_eq!(elements("{a,b,cut of", 9), ["a", "b"]);
        assert_eq!(elements(r#"{a,"cut o"#, 9), ["a"]);
        assert!(elements("{}", 9).is_empty());
    }

    #[test]
    fn reads_the_ends_of_a_histogram() {
        assert_eq!(first_element("{1,2,3}").as_deref(), Some("1"));
        assert_eq!(last_element("{1,2,3}").as_deref(), Some("3"));
        assert_eq!(
            last_element(r#"t of it","2024-01-01 00:00:00"}"#).as_deref(),
            Some("2024-01-01 00:00:00")
        );
        assert_eq!(last_element(r#"{"a","say \"x\""}"#).as_deref(), Some(r#"say "x""#));
        assert_eq!(last_element("{}"), None);
        assert_eq!(last_element("no array"), None);
    }
}
