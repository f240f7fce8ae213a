//! `$1` to `?1`: SQLite takes `$1` for a named parameter and numbers those by their first use.

/// The statement as SQLite must see it. Text in quotes and comments stays as it is.
pub(super) fn for_sqlite(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                out.push(c);
                copy_until(&mut chars, &mut out, c);
            }
            '-' if chars.peek() == Some(&'-') => {
                out.push(c);
                copy_until(&mut chars, &mut out, '\n');
            }
            '$' if chars.peek().is_some_and(char::is_ascii_digit) => out.push('?'),
            _ => out.push(c),
        }
    }
    out
}

fn copy_until(chars: &mut impl Iterator<Item = char>, out: &mut String, end: char) {
    for c in chars {
        out.push(c);
        if c == end {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::for_sqlite;

    #[test]
    fn numbers_stay_and_quotes_are_left_alone() {
        assert_eq!(for_sqlite("SELECT $2, $1, $12"), "SELECT ?2, ?1, ?12");
        assert_eq!(
            for_sqlite("SELECT '$1 it''s $2', \"$3\" -- $4\n, $5"),
            "SELECT '$1 it''s $2', \"$3\" -- $4\n, ?5"
        );
        assert_eq!(for_sqlite("SELECT '$.path', $a"), "SELECT '$.path', $a");
    }
}
