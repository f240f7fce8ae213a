//! Histograms of columns in the JSON that the servers keep them in: what they tell of values, shares and distinct ones.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What a histogram tells of a column.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Histogram {
    /// Share of NULLs, 0 to 1.
    pub nulls: Option<f64>,
    pub distinct: Option<f64>,
    /// Values that have a bucket of their own, with their share of all rows.
    pub common: Vec<(String, f64)>,
    pub min: Option<String>,
    pub max: Option<String>,
}

impl Histogram {
    /// Takes a bucket: its first and last value, its share of all rows, how many values are in it.
    fn bucket(&mut self, low: Option<String>, high: Option<String>, share: f64, values: f64) {
        self.distinct = Some(self.distinct.unwrap_or_default() + values);
        if self.min.is_none() {
            self.min.clone_from(&low);
        }
        self.max = high;
        if let Some(value) = low.filter(|_| values <= 1.0) {
            self.common.push((value, share));
        }
    }
}

/// Of MySQL: buckets `[value, share so far]`, or `[first, last, share so far, values]`. `None` for another form.
pub(super) fn of_mysql(text: &str, labels: &[String]) -> Option<Histogram> {
    let read: Value = serde_json::from_str(text).ok()?;
    let reader = Reader {
        kind: read.get("data-type")?.as_str()?,
        utf8: read.get("collation-id").and_then(Value::as_u64).is_some_and(is_utf8),
        labels,
    };
    let single = read.get("histogram-type")?.as_str()? == "singleton";
    let mut found =
        Histogram { nulls: read.get("null-values").and_then(Value::as_f64), ..Histogram::default() };
    let mut before = 0.0;
    for bucket in read.get("buckets")?.as_array()? {
        let bucket = bucket.as_array()?;
        let (last, share, values) = if single { (0, 1, 1.0) } else { (1, 2, bucket.get(3)?.as_f64()?) };
        let so_far = bucket.get(share)?.as_f64()?;
        found.bucket(reader.value(bucket.first()?), reader.value(bucket.get(last)?), so_far - before, values);
        before = so_far;
    }
    Some(found)
}

/// Of MariaDB, where it is kept as JSON: buckets of first value, share of the rows that are not NULL, and values.
pub(super) fn of_mariadb(text: &str, nulls: f64) -> Option<Histogram> {
    let read: Value = serde_json::from_str(text).ok()?;
    let mut found = Histogram::default();
    let plain = |value: &Value| value.as_str().map(str::to_owned);
    for bucket in read.get("histogram_hb")?.as_array()? {
        let (size, values) = (bucket.get("size")?.as_f64()?, bucket.get("ndv")?.as_f64()?);
        let low = bucket.get("start").and_then(plain);
        let high = bucket.get("end").and_then(plain).or_else(|| low.clone());
        found.bucket(low, high, size * (1.0 - nulls), values);
    }
    Some(found)
}

/// The numbers of utf8mb3's and utf8mb4's collations.
fn is_utf8(collation: u64) -> bool {
    matches!(collation, 33 | 45 | 46 | 76 | 83 | 192..=247 | 255..=323)
}

/// How MySQL writes the values of one histogram.
struct Reader<'a> {
    kind: &'a str,
    utf8: bool,
    labels: &'a [String],
}

impl Reader<'_> {
    /// A value as text; `None` for what cannot be read.
    fn value(&self, value: &Value) -> Option<String> {
        match (self.kind, value) {
            ("enum", number) => {
                self.labels.get(usize::try_from(number.as_u64()?).ok()?.checked_sub(1)?).cloned()
            }
            // a number for a set of labels
            ("set", _) => None,
            (_, Value::Number(number)) => Some(number.to_string()),
            (_, Value::String(text)) => match text.strip_prefix("base64:type") {
                Some(rest) => self.bytes(rest.split_once(':')?.1),
                None => Some(text.strip_suffix(".000000").unwrap_or(text).to_owned()),
            },
            _ => None,
        }
    }

    /// Text in the column's own character set: read where it is UTF-8, and where the two agree.
    fn bytes(&self, encoded: &str) -> Option<String> {
        let bytes = STANDARD.decode(encoded).ok()?;
        String::from_utf8(bytes).ok().filter(|text| self.utf8 || text.is_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_values_have_their_own_share() {
        let text = r#"{"buckets": [["base64:type254:cQ==", 0.5], ["base64:type254:eg==", 0.75]], "data-type": "string",
            "null-values": 0.25, "collation-id": 255, "histogram-type": "singleton"}"#;
        let found = of_mysql(text, &[]).unwrap();
        assert_eq!(found.common, [("q".to_owned(), 0.5), ("z".to_owned(), 0.25)]);
        assert_eq!((found.nulls, found.distinct, found.max.as_deref()), (Some(0.25), Some(2.0), Some("z")));
    }

    #[test]
    fn wide_buckets_tell_ends_and_distinct_values() {
        let text = r#"{"buckets": [["2024-01-01 00:00:00.000000", "2024-02-01 00:00:00.500000", 0.6, 30],
            ["2024-03-01", "2024-03-01", 1.0, 1]], "data-type": "datetime", "null-values": 0.0, "histogram-type": "equi-height"}"#;
        let found = of_mysql(text, &[]).unwrap();
        assert_eq!(
            (found.min.as_deref(), found.max.as_deref()),
            (Some("2024-01-01 00:00:00"), Some("2024-03-01"))
        );
        assert_eq!((found.distinct, found.common.len()), (Some(31.0), 1));
    }

    #[test]
    fn labels_are_told_by_number_and_other_character_sets_only_where_they_agree() {
        let labels = ["open".to_owned(), "paid".to_owned()];
        let text = r#"{"buckets": [[2, 1.0]], "data-type": "enum", "histogram-type": "singleton"}"#;
        assert_eq!(of_mysql(text, &labels).unwrap().common[0].0, "paid");
        let latin = r#"{"buckets": [["base64:type254:Wm/Dqw==", 1.0]], "data-type": "string", "collation-id": 8,
            "histogram-type": "singleton"}"#;
        assert!(of_mysql(latin, &[]).unwrap().common.is_empty());
        assert_eq!(of_mysql("{}", &[]), None);
    }

    #[test]
    fn mariadbs_shares_are_of_what_is_not_null() {
        let text = r#"{"histogram_hb": [{"start": "often", "size": 0.8, "ndv": 1}, {"start": "rare", "end": "seldom",
            "size": 0.2, "ndv": 4}]}"#;
        let found = of_mariadb(text, 0.5).unwrap();
        assert_eq!((found.common, found.distinct), (vec![("often".to_owned(), 0.4)], Some(5.0)));
        assert_eq!(found.max.as_deref(), Some("seldom"));
    }
}
