//! Queries: WITH, set operations, SELECT blocks, FROM with joins, sorting and limits.

use super::{Maker, Source};
use crate::schema::{Kind, TABLES};

/// What a query gives: the kinds of its columns.
type Outputs = Vec<(String, Kind)>;

impl Maker<'_, '_> {
    /// A whole query with what may stand around it.
    pub fn query(&mut self, depth: usize) -> Outputs {
        let kept = self.ctes.len();
        if !self.deep(depth) && self.chance(4) {
            self.with(depth);
        }
        let width = 1 + self.pick(4);
        let kinds: Vec<Kind> = (0..width).map(|_| self.kind()).collect();
        let outputs = self.arms(&kinds, depth);
        let sorted = self.order_by(&outputs);
        self.limit(sorted);
        self.ctes.truncate(kept);
        outputs
    }

    pub fn kind(&mut self) -> Kind {
        [Kind::Number, Kind::Text, Kind::Number, Kind::Date][self.pick(4)]
    }

    fn with(&mut self, depth: usize) {
        self.put("WITH");
        let recursive = self.chance(3) && !self.mssql();
        if recursive {
            self.put("RECURSIVE");
        }
        let count = 1 + self.pick(2);
        for i in 0..count {
            if i > 0 {
                self.put(",");
            }
            let name = self.fresh();
            self.name(&name);
            let recurses = recursive && self.chance(2);
            if recurses {
                self.counting(&name);
                continue;
            }
            let form = self.pick(6);
            let modified = form > 3 && (self.postgres() || self.sqlite());
            self.put(match form {
                4 if modified => "AS MATERIALIZED (",
                5 if modified => "AS NOT MATERIALIZED (",
                _ => "AS (",
            });
            let outputs = self.query(depth + 2);
            self.put(")");
            self.ctes.push((name, outputs));
        }
    }

    /// A series that ends.
    fn counting(&mut self, name: &str) {
        self.put("(n) AS ( SELECT 1 UNION ALL SELECT n + 1 FROM");
        self.name(name);
        self.put("WHERE n < 5 )");
        self.ctes.push((name.to_owned(), vec![("n".to_owned(), Kind::Number)]));
    }

    fn arms(&mut self, kinds: &[Kind], depth: usize) -> Outputs {
        let count = if self.deep(depth) { 0 } else { self.pick(8).saturating_sub(5) };
        let outputs = self.select(kinds, depth);
        for _ in 0..count {
            let op = ["UNION ALL", "UNION", "EXCEPT", "INTERSECT"][self.pick(4)];
            self.put(op);
            let parens = self.chance(4) && !self.sqlite();
            if parens {
                self.put("(");
            }
            self.select(kinds, depth + 1);
            if parens {
                self.put(")");
            }
        }
        outputs
    }

    fn select(&mut self, kinds: &[Kind], depth: usize) -> Outputs {
        let mark = self.scope.len();
        // FROM decides what the list can name, so it is made first and put behind the list afterwards.
        let before = std::mem::take(&mut self.out);
        self.from(depth);
        let from = std::mem::replace(&mut self.out, before);
        self.put("SELECT");
        if self.chance(8) {
            self.put("DISTINCT");
        }
        let grouped = !self.deep(depth) && self.chance(4);
        let keys = usize::from(grouped) * (1 + self.pick(kinds.len()));
        let mut written: Vec<String> = Vec::new();
        let mut outputs = Vec::new();
        for (i, kind) in kinds.iter().enumerate() {
            if i > 0 {
                self.put(",");
            }
            let start = self.out.len();
            if grouped && i >= keys {
                self.aggregate(*kind, depth);
            } else if self.chance(2) {
                self.value(*kind, depth + 1);
            } else {
                self.column(*kind);
            }
            written.push(self.out[start..].to_owned());
            let name = self.fresh();
            let bare = self.chance(9) && !self.mssql();
            self.put(if bare { "" } else { "AS" });
            self.name(&name);
            outputs.push((name, *kind));
        }
        self.out.push(' ');
        self.out.push_str(&from);
        if self.chance(3) {
            self.put("WHERE");
            self.condition(depth + 1);
        }
        if grouped {
            self.group_by(&written[..keys]);
        }
        self.scope.truncate(mark);
        outputs
    }

    fn group_by(&mut self, keys: &[String]) {
        self.put("GROUP BY");
        let fancy = self.postgres() && self.chance(5);
        if fancy {
            let word = ["ROLLUP (", "CUBE (", "GROUPING SETS ("][self.pick(3)];
            self.put(word);
        }
        for (i, key) in keys.iter().enumerate() {
            if i > 0 {
                self.put(",");
            }
            self.out.push_str(key);
        }
        if fancy {
            self.put(")");
        }
        if self.chance(3) {
            self.put("HAVING count(*) >");
            let n = self.pick(3).to_string();
            self.put(&n);
        }
    }

    fn from(&mut self, depth: usize) {
        if self.chance(12) {
            // without FROM: columns of an outer query at the most
            return;
        }
        self.put("FROM");
        self.source(depth);
        let joins = self.pick(6).saturating_sub(3);
        for _ in 0..joins {
            let join = ["JOIN", "LEFT JOIN", "INNER JOIN", "CROSS JOIN", ",", "RIGHT JOIN"][self.pick(6)];
            self.put(join);
            self.source(depth);
            if join.ends_with("JOIN") && join != "CROSS JOIN" {
                self.put("ON");
                self.comparison(depth + 2);
            }
        }
    }

    /// One relation with its alias.
    fn source(&mut self, depth: usize) {
        let choice = self.pick(10);
        let columns: Vec<(String, Kind)> = if choice > 7 && !self.deep(depth) {
            self.put("(");
            let kept = std::mem::take(&mut self.scope);
            let outputs = self.query(depth + 2);
            self.scope = kept;
            self.put(")");
            outputs
        } else if choice > 5 && !self.ctes.is_empty() {
            let at = self.pick(self.ctes.len());
            let (name, columns) = self.ctes[at].clone();
            self.name(&name);
            columns
        } else {
            let (name, columns) = TABLES[self.pick(TABLES.len())];
            self.name(name);
            columns.iter().map(|(n, k)| ((*n).to_owned(), *k)).collect()
        };
        let name = self.fresh();
        let bare = self.chance(4);
        self.put(if bare { "" } else { "AS" });
        self.name(&name);
        self.scope.push(Source { name, columns });
    }

    fn order_by(&mut self, outputs: &Outputs) -> bool {
        if !self.chance(3) {
            return false;
        }
        self.put("ORDER BY");
        let at = self.pick(outputs.len());
        if self.chance(2) {
            self.put(&(at + 1).to_string());
        } else {
            let name = outputs[at].0.clone();
            self.name(&name);
        }
        let way = ["", "ASC", "DESC", "DESC NULLS LAST", "NULLS FIRST"][self.pick(5)];
        let nulls = way.contains("NULLS") && !(self.postgres() || self.sqlite());
        self.put(if nulls { "" } else { way });
        true
    }

    fn limit(&mut self, sorted: bool) {
        if !self.chance(4) {
            return;
        }
        let count = ["0", "1", "10", "1000000", "2 + 1"][self.pick(5)];
        if self.mssql() {
            if sorted {
                self.put("OFFSET 1 ROWS FETCH NEXT 5 ROWS ONLY");
            }
            return;
        }
        match self.pick(4) {
            3 if self.postgres() => self.put("FETCH FIRST 3 ROWS ONLY"),
            2 if !self.postgres() => self.put("LIMIT 1, 2"),
            1 => {
                self.put("LIMIT");
                self.put(count);
                self.put("OFFSET 1");
            }
            _ => {
                self.put("LIMIT");
                self.put(count);
            }
        }
    }
}
