//! What a statement gives, as the server tells it without running anything: the types of its columns by their full
//! names, which the driver keeps to itself, and whether it is a query at all.

use connector_api::{ConnectorError, ErrorKind};

use crate::arrow::Reading;
use crate::introspect::raw;
use crate::session::Session;

const DESCRIBE: &str = "SELECT column_ordinal, is_hidden, system_type_name, user_type_name, error_number, error_type \
     FROM sys.dm_exec_describe_first_result_set(@P1, NULL, 0) ORDER BY column_ordinal";

/// The server's kinds of reasons why it cannot tell what a text gives that a plain query has none of: results that
/// differ, dynamic SQL, extended procedures, temporary tables, other statements ...
const NOT_PLAIN: std::ops::RangeInclusive<u64> = 3..=12;

/// One column.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Described {
    /// `decimal(12,2)`, `nvarchar(50)`; of a type of an assembly its name.
    pub native: String,
}

impl Described {
    /// Precision and scale, where the type has them.
    pub(crate) fn decimal(&self) -> Option<Reading> {
        let (name, rest) = self.native.split_once('(')?;
        if !matches!(name, "decimal" | "numeric") {
            return None;
        }
        let (precision, scale) = rest.strip_suffix(')')?.split_once(',')?;
        let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse::<u8>().ok()?);
        let fits = (1..=38).contains(&precision) && scale <= precision;
        fits.then_some(Reading::Decimal(precision, i8::try_from(scale).ok()?))
    }
}

/// Asks. An empty answer: the server cannot tell, and will say why when the statement runs.
///
/// # Errors
/// When the text is no query.
pub(crate) async fn describe(session: &mut Session, sql: &str) -> Result<Vec<Described>, ConnectorError> {
    let rows = match session.rows(DESCRIBE, &[&sql]).await {
        Ok(rows) => rows,
        // servers that only speak the protocol do not have it; the error has ended the transaction
        Err(error) if matches!(error.kind, ErrorKind::Statement | ErrorKind::Denied) => {
            session.again().await?;
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    if rows.is_empty() {
        return Err(no_query());
    }
    if rows.iter().any(|row| raw::number(row, 4).is_some()) {
        let not_plain =
            rows.iter().filter_map(|row| raw::number(row, 5)).any(|kind| NOT_PLAIN.contains(&kind));
        return if not_plain { Err(no_query()) } else { Ok(Vec::new()) };
    }
    let shown = rows.iter().filter(|row| !raw::flag(row, 1));
    Ok(shown
        .map(|row| Described { native: raw::maybe(row, 2).unwrap_or_else(|| raw::text(row, 3)) })
        .collect())
}

pub(crate) fn no_query() -> ConnectorError {
    ConnectorError::new(ErrorKind::Statement, "the statement is not a query")
        .hint("only reads can run: ask with SELECT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_and_scale_are_read_from_the_types_name() {
        let of = |native: &str| Described { native: native.to_owned() }.decimal();
        assert_eq!(of("decimal(12,2)"), Some(Reading::Decimal(12, 2)));
        assert_eq!(of("numeric(38,38)"), Some(Reading::Decimal(38, 38)));
        for other in ["decimal(39,2)", "decimal(2,3)", "nvarchar(12)", "decimal", "decimal(x,2)"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
