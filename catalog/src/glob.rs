//! Patterns over `schema.table` names, for what a crawl takes in and what a policy hides.

/// A pattern in which `*` stands for any run of characters and `?` for any one.
///
/// A pattern with a dot is held against `schema.table`; one without a dot against the table's name in any schema. Case
/// does not count.
///
/// ```
/// use catalog::Glob;
/// assert!(Glob::new("sales.*").matches("sales", "orders"));
/// assert!(Glob::new("app_secret?").matches("public", "APP_SECRETS"));
/// assert!(!Glob::new("sales.*").matches("public", "sales"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Glob {
    pattern: Vec<char>,
    qualified: bool,
}

impl Glob {
    /// Reads a pattern; every text is one.
    pub fn new(pattern: &str) -> Glob {
        let mut folded = pattern.trim().to_lowercase().chars().collect::<Vec<_>>();
        folded.dedup_by(|a, b| *a == '*' && *b == '*');
        Glob { qualified: folded.contains(&'.'), pattern: folded }
    }

    /// Whether a table's name fits.
    pub fn matches(&self, schema: &str, table: &str) -> bool {
        let text = if self.qualified { format!("{schema}.{table}") } else { table.to_owned() };
        self.matches_text(&text)
    }

    /// Whether a text as a whole fits. Time is bounded by the product of both lengths.
    pub fn matches_text(&self, text: &str) -> bool {
        let text = text.to_lowercase().chars().collect::<Vec<_>>();
        let (mut p, mut t) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while let Some(c) = text.get(t) {
            match self.pattern.get(p) {
                Some('*') => {
                    star = Some((p, t));
                    p += 1;
                }
                Some(x) if *x == '?' || x == c => {
                    p += 1;
                    t += 1;
                }
                _ => {
                    let Some((at, taken)) = star else { return false };
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
            }
        }
        self.pattern.iter().skip(p).all(|c| *c == '*')
    }
}
