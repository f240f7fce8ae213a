//! Globs over table names.

use catalog::Glob;
use proptest::prelude::*;

#[test]
fn patterns() {
    let cases = [
        ("*", "public", "orders", true),
        ("orders", "any", "Orders", true),
        ("order?", "public", "orders", true),
        ("order?", "public", "order", false),
        ("sales.*", "sales", "x", true),
        ("sales.*", "presales", "x", false),
        ("*.log_*_old", "a", "log_2020_01_old", true),
        ("*.log_*_old", "a", "log_2020_01_older", false),
        ("a*b*c", "s", "aXXbYYbc", true),
        ("", "s", "t", false),
    ];
    for (pattern, schema, table, expected) in cases {
        assert_eq!(Glob::new(pattern).matches(schema, table), expected, "{pattern} on {schema}.{table}");
    }
}

#[test]
fn many_stars_stay_fast() {
    let pattern = Glob::new(&"*a".repeat(200));
    assert!(!pattern.matches_text(&format!("{}b", "a".repeat(5_000))));
}

proptest! {
    #[test]
    fn a_name_matches_itself_and_its_ends(name in "[a-z0-9_]{1,12}", cut in 0_usize..12) {
        prop_assert!(Glob::new(&name).matches("s", &name));
        let cut = cut.min(name.len());
        let pattern = format!("{}*", &name[..cut]);
        prop_assert!(Glob::new(&pattern).matches("s", &name));
    }
}
