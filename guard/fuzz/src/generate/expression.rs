//! Values and conditions by kind: literals, columns, operators, calls of vetted functions, sub-queries, windows.

use std::sync::LazyLock;

use catalog::{Engine, TypeClass};
use guard::functions::{Function, Kind as Use, ResultClass, judged};

use super::Maker;
use crate::schema::{ENGINES, Kind};

/// The vetted functions of each engine by the kind of their result.
static FUNCTIONS: LazyLock<Vec<Vec<(&'static Function, Option<Kind>)>>> = LazyLock::new(|| {
    let of = |engine: &Engine| judged(*engine).map(|f| (f, kind_of(f.result))).collect();
    ENGINES.iter().map(of).collect()
});

fn kind_of(result: ResultClass) -> Option<Kind> {
    match result {
        ResultClass::Is(TypeClass::Integer | TypeClass::Decimal | TypeClass::Float)
        | ResultClass::Sum
        | ResultClass::Average => Some(Kind::Number),
        ResultClass::Is(TypeClass::Text) => Some(Kind::Text),
        ResultClass::Is(TypeClass::Date | TypeClass::Timestamp | TypeClass::TimestampTz) => Some(Kind::Date),
        _ => None,
    }
}

impl Maker<'_, '_> {
    /// A column of that kind from a relation in scope, or a literal.
    pub fn column(&mut self, kind: Kind) {
        let fitting: Vec<(String, String)> = self
            .scope
            .iter()
            .flat_map(|s| s.columns.iter().map(move |(n, k)| (s.name.clone(), n.clone(), *k)))
            .filter(|(_, _, k)| *k == kind)
            .map(|(table, column, _)| (table, column))
            .collect();
        if fitting.is_empty() {
            return self.literal(kind);
        }
        let (table, column) = fitting[self.pick(fitting.len())].clone();
        if self.chance(5) {
            return self.name(&column);
        }
        self.name(&table);
        self.glued(".");
        self.name(&column);
    }

    pub fn literal(&mut self, kind: Kind) {
        let text = match kind {
            Kind::Number => ["1", "0", "2.5", "1e3", ".5", "007", "NULL", "9999999999", "5."][self.pick(9)],
            Kind::Date if self.postgres() => ["DATE '2024-01-31'", "current_date", "NULL"][self.pick(3)],
            Kind::Date => ["'2024-01-31'", "'2023-12-31'", "NULL"][self.pick(3)],
            Kind::Text => return self.text(),
        };
        self.put(text);
    }

    /// Texts with all that quoting must survive.
    fn text(&mut self) {
        let plain = [
            "'NL'",
            "''",
            "'it''s'",
            "'a--b'",
            "'/* c */'",
            "'\"'",
            "'; DROP'",
            "'%a_'",
            "'ünï'",
            "'x\ty'",
            "'[`]'",
        ];
        let postgres = ["E'a\\'b'", "$$d$$", "$q$ ' $q$", "'a\\'", "'con'\n'cat'", "E'\\\\'", "E'\\x41'"];
        let mysql = ["'a\\'b'", "\"dq\"", "'\\\\'", "'a' 'b'", "_utf8mb4'x'", "N'n'", "'\\Z'"];
        let sqlite = ["'a\\'", "x'4142'", "'\\''x'"];
        let mssql = ["N'n'", "'a\\'", "N'ü'''"];
        let own: &[&str] = match self.engine {
            Engine::Postgres => &postgres,
            Engine::Mysql | Engine::Mariadb => &mysql,
            Engine::Mssql => &mssql,
            Engine::Sqlite | Engine::Mongodb => &sqlite,
        };
        let at = self.pick(plain.len() + own.len());
        let text = plain.get(at).or_else(|| own.get(at - plain.len().min(at))).copied().unwrap_or("''");
        // literals keep their case and their inside
        self.out.push(' ');
        self.out.push_str(text);
    }

    /// A value of that kind.
    pub fn value(&mut self, kind: Kind, depth: usize) {
        if self.deep(depth) {
            return if self.chance(2) { self.literal(kind) } else { self.column(kind) };
        }
        match self.pick(12) {
            0 | 1 => self.column(kind),
            2 => self.literal(kind),
            3 | 4 => self.operator(kind, depth),
            5 => self.case(kind, depth),
            6 | 7 => self.function(kind, depth),
            8 => self.scalar_query(kind, depth),
            9 => self.window(depth),
            10 => self.cast(kind, depth),
            _ => {
                self.put("(");
                self.value(kind, depth + 1);
                self.put(")");
            }
        }
    }

    fn operator(&mut self, kind: Kind, depth: usize) {
        let numbers = ["+", "-", "*", "/", "%", "&", "|", "<<", ">>"];
        let op = match kind {
            Kind::Number => numbers[self.pick(if self.mssql() { 7 } else { 9 })],
            Kind::Text if self.mssql() => "+",
            Kind::Text if self.mysql() => return self.cast(kind, depth),
            Kind::Text => ["||", "||", "->>"][self.pick(if self.sqlite() { 3 } else { 2 })],
            Kind::Date => return self.column(kind),
        };
        if kind == Kind::Number && self.chance(5) {
            let sign = ["-", "+", "~", "- -", "-  +"][self.pick(5)];
            self.put(sign);
        }
        self.value(kind, depth + 1);
        self.put(op);
        self.value(kind, depth + 1);
        if self.chance(12) && kind == Kind::Text && self.sqlite() {
            self.put("COLLATE NOCASE");
        }
    }

    fn case(&mut self, kind: Kind, depth: usize) {
        self.put("CASE");
        let simple = self.chance(3);
        if simple {
            self.value(Kind::Number, depth + 1);
        }
        for _ in 0..=self.pick(2) {
            self.put("WHEN");
            if simple {
                self.literal(Kind::Number);
            } else {
                self.condition(depth + 1);
            }
            self.put("THEN");
            self.value(kind, depth + 1);
        }
        if self.chance(2) {
            self.put("ELSE");
            self.value(kind, depth + 1);
        }
        self.put("END");
    }

    fn cast(&mut self, kind: Kind, depth: usize) {
        let name = match (kind, self.engine) {
            (Kind::Text, Engine::Mysql | Engine::Mariadb) => "CHAR(20)",
            (Kind::Text, _) => "VARCHAR(20)",
            (Kind::Number, Engine::Mysql | Engine::Mariadb) => "SIGNED",
            (Kind::Number, _) => ["INTEGER", "NUMERIC(12, 3)", "DOUBLE PRECISION"][self.pick(3)],
            (Kind::Date, _) => "DATE",
        };
        if self.postgres() && self.chance(2) {
            self.put("(");
            self.column(kind);
            self.put(")::");
            return self.glued(name);
        }
        self.put("CAST(");
        self.value(kind, depth + 1);
        self.put("AS");
        self.put(name);
        self.put(")");
    }

    /// A call of any vetted function that gives that kind, or of any at all.
    fn function(&mut self, kind: Kind, depth: usize) {
        let at = ENGINES.iter().position(|e| *e == self.engine).unwrap_or_default();
        let any = self.chance(4);
        let fitting: Vec<&Function> = FUNCTIONS[at]
            .iter()
            .filter(|(f, k)| f.kind == Use::Scalar && (any || *k == Some(kind)))
            .map(|(f, _)| *f)
            .collect();
        if fitting.is_empty() {
            return self.column(kind);
        }
        let function = fitting[self.pick(fitting.len())];
        self.put(function.name);
        self.glued("(");
        let most = function.max_args.unwrap_or(function.min_args + 2);
        let count = function.min_args + self.pick(most.saturating_sub(function.min_args).min(4) + 1);
        for i in 0..count {
            if i > 0 {
                self.put(",");
            }
            let of = if self.chance(2) { self.kind() } else { kind };
            self.value(of, depth + 1);
        }
        self.put(")");
    }

    /// An aggregate of that kind.
    pub fn aggregate(&mut self, kind: Kind, depth: usize) {
        let name = match kind {
            Kind::Number => ["count(", "sum(", "avg(", "min(", "max(", "count(DISTINCT"][self.pick(6)],
            Kind::Text | Kind::Date => ["min(", "max("][self.pick(2)],
        };
        self.put(name);
        self.value(kind, depth + 3);
        self.put(")");
        if self.chance(6) && (self.postgres() || self.sqlite()) {
            self.put("FILTER (WHERE");
            self.condition(depth + 3);
            self.put(")");
        }
    }

    fn window(&mut self, depth: usize) {
        let call = ["row_number()", "rank()", "sum(1)", "count(*)", "max(2)"][self.pick(5)];
        self.put(call);
        self.put("OVER (");
        if self.chance(2) {
            self.put("PARTITION BY");
            self.value(Kind::Text, depth + 2);
        }
        self.put("ORDER BY");
        self.column(Kind::Number);
        let frames = [
            "",
            "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW",
            "ROWS UNBOUNDED PRECEDING",
            "RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
            "ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING EXCLUDE TIES",
            "GROUPS 1 PRECEDING EXCLUDE CURRENT ROW",
        ];
        let known = if self.postgres() || self.sqlite() { frames.len() } else { 4 };
        let frame = frames[self.pick(known)];
        let framed = call != "row_number()" && call != "rank()";
        self.put(if framed || !self.mssql() { frame } else { "" });
        self.put(")");
    }

    fn scalar_query(&mut self, kind: Kind, depth: usize) {
        self.put("(");
        let mark = self.scope.len();
        self.put("SELECT");
        self.aggregate(kind, depth + 3);
        self.put("FROM orders");
        if self.chance(2) {
            self.put("WHERE");
            self.comparison(depth + 3);
        }
        self.scope.truncate(mark);
        self.put(")");
    }

    /// One comparison.
    pub fn comparison(&mut self, depth: usize) {
        let kind = self.kind();
        self.value(kind, depth + 1);
        let op = ["=", "<>", "<", ">=", "!=", ">", "<="][self.pick(7)];
        self.put(op);
        self.value(kind, depth + 1);
    }

    /// A condition.
    pub fn condition(&mut self, depth: usize) {
        if self.deep(depth) {
            return self.comparison(depth);
        }
        match self.pick(9) {
            0 | 1 => self.comparison(depth),
            2 => {
                self.condition(depth + 1);
                let op = ["AND", "OR"][self.pick(2)];
                self.put(op);
                self.condition(depth + 1);
            }
            3 => {
                self.put("NOT");
                self.condition(depth + 1);
            }
            4 => {
                let kind = self.kind();
                self.value(kind, depth + 1);
                let test = ["IS NULL", "IS NOT NULL"][self.pick(2)];
                self.put(test);
            }
            5 => self.between(depth),
            6 => self.membership(depth),
            7 => self.like(depth),
            _ => {
                self.put("(");
                self.condition(depth + 1);
                self.put(")");
            }
        }
    }

    fn between(&mut self, depth: usize) {
        let kind = self.kind();
        self.value(kind, depth + 1);
        let word =
            ["BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC"][self.pick(if self.postgres() { 3 } else { 2 })];
        self.put(word);
        self.value(kind, depth + 2);
        self.put("AND");
        self.value(kind, depth + 2);
    }

    fn membership(&mut self, depth: usize) {
        if self.chance(3) {
            self.put(["EXISTS (", "NOT EXISTS ("][usize::from(self.plain)]);
            self.query(depth + 2);
            return self.put(")");
        }
        let kind = self.kind();
        self.value(kind, depth + 1);
        let word = ["IN (", "NOT IN ("][self.pick(2)];
        self.put(word);
        if self.chance(2) {
            self.put("SELECT");
            self.column(kind);
            self.put("FROM orders");
        } else {
            for i in 0..=self.pick(3) {
                if i > 0 {
                    self.put(",");
                }
                self.value(kind, depth + 2);
            }
        }
        self.put(")");
    }

    fn like(&mut self, depth: usize) {
        self.value(Kind::Text, depth + 1);
        let own: &[&str] = match self.engine {
            Engine::Postgres => &["LIKE", "NOT LIKE", "ILIKE", "SIMILAR TO", "~", "!~*"],
            Engine::Sqlite => &["LIKE", "NOT LIKE", "GLOB", "NOT GLOB", "IS", "IS NOT"],
            Engine::Mysql | Engine::Mariadb => &["LIKE", "NOT LIKE", "REGEXP", "RLIKE", "<=>"],
            Engine::Mssql | Engine::Mongodb => &["LIKE", "NOT LIKE"],
        };
        let word = own[self.pick(own.len())];
        self.put(word);
        self.value(Kind::Text, depth + 2);
        if word.ends_with("LIKE") && self.chance(3) {
            self.put("ESCAPE");
            self.put("'!'");
        }
    }
}
