//! Queries out of choices: a small grammar over the sample schema, so that a failing case shrinks to a short query.

/// Which server the text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    #[allow(dead_code)] // the test against a real server includes this file
    Postgres,
}

/// A query and what is known of its result.
pub struct Generated {
    pub sql: String,
    /// Whether the outermost ORDER BY fixes the order of all rows.
    pub ordered: bool,
}

/// Makes a query; the same choices make the same query.
pub fn query(dialect: Dialect, choices: &[u16]) -> Generated {
    made(dialect, choices, 60)
}

/// Makes a query that often names what is not for the caller.
#[allow(dead_code)] // the test against a real server includes this file
pub fn curious_query(dialect: Dialect, choices: &[u16]) -> Generated {
    made(dialect, choices, 5)
}

fn made(dialect: Dialect, choices: &[u16], unseen_one_of: usize) -> Generated {
    let mut maker = Maker { dialect, choices, at: 0, names: 0, ctes: Vec::new(), unseen_one_of };
    let made = maker.query(3, None);
    Generated { sql: made.sql, ordered: made.ordered }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ty {
    Int,
    Text,
}

#[derive(Debug, Clone)]
struct Col {
    name: String,
    ty: Ty,
}

/// A relation in FROM: its alias and columns.
#[derive(Debug, Clone)]
struct Source {
    alias: String,
    columns: Vec<Col>,
}

struct Made {
    sql: String,
    columns: Vec<Col>,
    ordered: bool,
}

struct Maker<'c> {
    dialect: Dialect,
    choices: &'c [u16],
    at: usize,
    names: usize,
    ctes: Vec<Source>,
    /// One of so many columns is one that is not for the caller.
    unseen_one_of: usize,
}

const CUSTOMERS: &[(&str, Ty)] = &[
    ("id", Ty::Int),
    ("name", Ty::Text),
    ("email", Ty::Text),
    ("phone", Ty::Text),
    ("region", Ty::Text),
    ("credit", Ty::Int),
    ("doc", Ty::Text),
];
const ORDERS: &[(&str, Ty)] = &[
    ("id", Ty::Int),
    ("customer_id", Ty::Int),
    ("total", Ty::Int),
    ("status", Ty::Text),
    ("region", Ty::Text),
    ("doc", Ty::Text),
];
const REGIONS: &[(&str, Ty)] = &[("region", Ty::Text), ("boss", Ty::Text)];
const CONTACTS: &[(&str, Ty)] = &[("who", Ty::Int), ("mail", Ty::Text), ("region", Ty::Text)];
const TOTALS: &[(&str, Ty)] = &[("customer_id", Ty::Int), ("n", Ty::Int), ("total", Ty::Int)];
const VAULT: &[(&str, Ty)] = &[("id", Ty::Int), ("code", Ty::Text)];

impl Maker<'_> {
    /// A number below `n`; without choices left always 0, which is the simplest.
    fn pick(&mut self, n: usize) -> usize {
        let choice = self.choices.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(choice) % n
    }

    fn chance(&mut self, of: usize) -> bool {
        self.pick(of) == of - 1
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn query(&mut self, depth: usize, width: Option<&[Ty]>) -> Made {
        let mark = self.ctes.len();
        let mut sql = String::new();
        if depth > 1 && self.chance(4) {
            let made = self.query(depth - 1, None);
            // a common table expression may be called as a table is
            let name = if self.chance(4) { "orders".to_owned() } else { self.name("w") };
            sql = format!("WITH {name} AS ({}) ", made.sql);
            self.ctes.push(Source { alias: name, columns: made.columns });
        }
        let mut made = self.body(depth, width);
        self.ctes.truncate(mark);
        let positions: Vec<String> = (1..=made.columns.len()).map(|i| i.to_string()).collect();
        if !made.columns.is_empty() && self.chance(3) {
            made.sql.push_str(&format!(" ORDER BY {}", positions.join(", ")));
            made.ordered = true;
            if self.chance(2) {
                let (limit, offset) = (1 + self.pick(5), self.pick(3));
                made.sql.push_str(&format!(" LIMIT {limit} OFFSET {offset}"));
            }
        }
        made.sql = sql + &made.sql;
        made
    }

    fn body(&mut self, depth: usize, width: Option<&[Ty]>) -> Made {
        let first = self.select(depth, width, &[]);
        if depth < 2 || first.columns.is_empty() || !self.chance(5) {
            return first;
        }
        let types: Vec<Ty> = first.columns.iter().map(|c| c.ty).collect();
        let second = self.select(depth - 1, Some(&types), &[]);
        let word = ["UNION", "UNION ALL", "EXCEPT", "INTERSECT"][self.pick(4)];
        Made { sql: format!("{} {word} {}", first.sql, second.sql), columns: first.columns, ordered: false }
    }

    /// A block. `outer` are the relations around it, for correlation.
    fn select(&mut self, depth: usize, width: Option<&[Ty]>, outer: &[Source]) -> Made {
        let (from, here) = self.from(depth);
        let mut seen = here.clone();
        seen.extend(outer.iter().cloned());
        let distinct = if self.chance(6) { "DISTINCT " } else { "" };
        if width.is_none() && self.chance(5) {
            return self.star(distinct, &from, &here, &seen, depth);
        }
        let grouped = self.chance(4);
        let types: Vec<Ty> = match width {
            Some(types) => types.to_vec(),
            None => {
                (0..1 + self.pick(3)).map(|_| if self.pick(2) == 0 { Ty::Int } else { Ty::Text }).collect()
            }
        };
        let key = self.column(&here, Ty::Text);
        let mut items = Vec::new();
        let mut columns = Vec::new();
        for ty in types {
            let expr = match grouped {
                true => self.aggregate(&here, ty, &key),
                false if self.chance(8) => self.window(&here, ty),
                false => self.expr(&seen, ty, depth),
            };
            let name = self.name("c");
            items.push(format!("{expr} AS {name}"));
            columns.push(Col { name, ty });
        }
        let mut sql = format!("SELECT {distinct}{} FROM {from}", items.join(", "));
        if self.chance(2) {
            sql.push_str(&format!(" WHERE {}", self.condition(&seen, depth)));
        }
        if grouped {
            sql.push_str(&format!(" GROUP BY {key}"));
            if self.chance(3) {
                sql.push_str(&format!(" HAVING {} > {}", self.aggregate(&here, Ty::Int, &key), self.pick(4)));
            }
        }
        Made { sql, columns, ordered: false }
    }

    fn star(&mut self, distinct: &str, from: &str, here: &[Source], seen: &[Source], depth: usize) -> Made {
        let one = self.pick(here.len());
        let (item, columns) = match self.chance(2) {
            true => (format!("{}.*", here[one].alias), here[one].columns.clone()),
            // merged columns of USING and NATURAL are not told apart here
            false => ("*".to_owned(), Vec::new()),
        };
        let columns = if here.len() == 1 { here[0].columns.clone() } else { columns };
        let mut sql = format!("SELECT {distinct}{item} FROM {from}");
        if self.chance(2) {
            sql.push_str(&format!(" WHERE {}", self.condition(seen, depth)));
        }
        Made { sql, columns, ordered: false }
    }

    fn from(&mut self, depth: usize) -> (String, Vec<Source>) {
        let (mut text, first) = self.source(depth);
        let mut all = vec![first];
        for _ in 0..[0, 0, 1, 1, 2][self.pick(5)] {
            let (next, source) = self.source(depth);
            let left = all[self.pick(all.len())].clone();
            let join = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"][self.pick(4)];
            text = match self.pick(6) {
                0 if all.len() == 1 => {
                    format!("{text} NATURAL {} {next}", ["JOIN", "LEFT JOIN"][self.pick(2)])
                }
                1 if all.len() == 1 => format!("{text} {join} {next} USING (region)"),
                2 => format!("{text} CROSS JOIN {next}"),
                3 if all.len() == 1 => format!("{text}, {next}"),
                _ => {
                    let ty = if self.pick(2) == 0 { Ty::Int } else { Ty::Text };
                    let (a, b) = (self.column(&[left], ty), self.column(std::slice::from_ref(&source), ty));
                    format!("{text} {join} {next} ON {a} = {b}")
                }
            };
            all.push(source);
        }
        (text, all)
    }

    fn source(&mut self, depth: usize) -> (String, Source) {
        let alias = self.name("t");
        let plain = |name: &str, columns: &[(&str, Ty)]| {
            let columns = columns.iter().map(|(n, ty)| Col { name: (*n).to_owned(), ty: *ty }).collect();
            (format!("{name} AS {alias}"), Source { alias: alias.clone(), columns })
        };
        match self.pick(16) {
            0..=3 => plain("customers", CUSTOMERS),
            4..=6 if !self.ctes.iter().any(|c| c.alias == "orders") => plain("orders", ORDERS),
            7 => plain("regions", REGIONS),
            8 | 9 => plain("contacts", CONTACTS),
            10 => plain("totals", TOTALS),
            11 if self.unseen_one_of < 10 || self.chance(4) => plain("vault", VAULT),
            12 | 13 if depth > 1 => {
                let made = self.query(depth - 1, None);
                if made.columns.is_empty() {
                    return plain("customers", CUSTOMERS);
                }
                (format!("({}) AS {alias}", made.sql), Source { alias, columns: made.columns })
            }
            14 | 15 if !self.ctes.is_empty() => {
                let which = self.pick(self.ctes.len());
                let cte = self.ctes[which].clone();
                if cte.columns.is_empty() {
                    return plain("customers", CUSTOMERS);
                }
                (format!("{} AS {alias}", cte.alias), Source { alias, columns: cte.columns })
            }
            _ => plain("customers", CUSTOMERS),
        }
    }

    /// A column of that type, sometimes one that is not for the caller; a constant where there is none.
    fn column(&mut self, sources: &[Source], ty: Ty) -> String {
        let source = &sources[self.pick(sources.len())];
        if self.chance(self.unseen_one_of) {
            let unseen = ["secret", "note", "handle", "rowid", "code", "secrets", "nothing"][self.pick(7)];
            return if self.chance(3) { unseen.to_owned() } else { format!("{}.{unseen}", source.alias) };
        }
        let fitting: Vec<&Col> = source.columns.iter().filter(|c| c.ty == ty).collect();
        if fitting.is_empty() {
            return self.constant(ty);
        }
        let column = fitting[self.pick(fitting.len())];
        format!("{}.{}", source.alias, column.name)
    }

    fn constant(&mut self, ty: Ty) -> String {
        match ty {
            Ty::Int => (1 + self.pick(7)).to_string(),
            Ty::Text => ["'north'", "'ann'", "'****'", "'ed'"][self.pick(4)].to_owned(),
        }
    }

    fn expr(&mut self, seen: &[Source], ty: Ty, depth: usize) -> String {
        let lite = self.dialect == Dialect::Sqlite;
        match (ty, self.pick(12)) {
            (_, 0..=3) => self.column(seen, ty),
            (_, 4) if depth > 1 => self.scalar(seen, ty, depth),
            (_, 5) => format!(
                "CASE WHEN {} THEN {} ELSE {} END",
                self.condition(seen, 1),
                self.column(seen, ty),
                self.constant(ty)
            ),
            (_, 6) => format!("coalesce({}, {})", self.column(seen, ty), self.constant(ty)),
            (Ty::Int, 7) => format!("length({})", self.column(seen, Ty::Text)),
            (Ty::Int, 8) => format!("({} + {})", self.column(seen, ty), self.constant(ty)),
            // fails on rows that the filter takes out, and on no other
            (Ty::Int, 9 | 10) if lite => format!("abs({})", self.cracked(seen, "credit")),
            (Ty::Int, 9 | 10) => format!("(100 / {})", self.cracked(seen, "credit")),
            (Ty::Text, 9 | 10) if lite => format!("json_extract({}, '$.a')", self.cracked(seen, "doc")),
            (Ty::Text, 9 | 10) => format!("CAST(CAST({} AS jsonb) AS text)", self.cracked(seen, "doc")),
            (Ty::Text, 7) => format!("upper({})", self.column(seen, ty)),
            (Ty::Text, 8) => format!("({} || {})", self.column(seen, ty), self.column(seen, ty)),
            (_, 11) => self.constant(ty),
            _ => self.column(seen, ty),
        }
    }

    /// The column of that name, if a relation in sight has it.
    fn cracked(&mut self, seen: &[Source], name: &str) -> String {
        let holds = |s: &&Source| s.columns.iter().any(|c| c.name == name);
        match seen.iter().find(holds) {
            Some(source) => format!("{}.{name}", source.alias),
            None if name == "doc" => "'{}'".to_owned(),
            None => "1".to_owned(),
        }
    }

    /// A sub-query of one value, sometimes correlated.
    fn scalar(&mut self, seen: &[Source], ty: Ty, depth: usize) -> String {
        let (from, here) = self.from(1);
        let of = self.column(&here, ty);
        let word = ["max", "min"][self.pick(2)];
        let mut all = here;
        all.extend(seen.iter().cloned());
        format!("(SELECT {word}({of}) FROM {from} WHERE {})", self.condition(&all, depth - 1))
    }

    fn condition(&mut self, seen: &[Source], depth: usize) -> String {
        let ty = if self.pick(2) == 0 { Ty::Int } else { Ty::Text };
        match self.pick(12) {
            0..=2 => {
                let op = ["=", "<", ">", "<>", "<=", ">="][self.pick(6)];
                format!("{} {op} {}", self.expr(seen, ty, depth.min(1)), self.constant(ty))
            }
            3 => format!("{} = {}", self.column(seen, ty), self.column(seen, ty)),
            4 => format!("{} IS NOT NULL", self.column(seen, ty)),
            5 => format!("{} LIKE '%{}%'", self.column(seen, Ty::Text), ["a", "*", "n", "d"][self.pick(4)]),
            6 => format!("{} BETWEEN 2 AND {}", self.column(seen, Ty::Int), 3 + self.pick(5)),
            7 if depth > 1 => {
                let not = ["", "NOT "][self.pick(2)];
                let (from, here) = self.from(1);
                let (a, b) = (self.column(&here, ty), self.column(seen, ty));
                format!("{not}EXISTS (SELECT 1 FROM {from} WHERE {a} = {b})")
            }
            8 if depth > 1 => {
                let not = ["", "NOT "][self.pick(2)];
                let left = self.column(seen, ty);
                let made = self.select(1, Some(&[ty]), &[]);
                format!("{left} {not}IN ({})", made.sql)
            }
            9 if depth > 0 => {
                format!("({} OR {})", self.condition(seen, depth - 1), self.condition(seen, depth - 1))
            }
            // an index is gone through for the first, and the second tried on what it holds
            11 if self.chance(2) => {
                let credit = self.cracked(seen, "credit");
                let cracking = match self.dialect {
                    Dialect::Sqlite => format!("abs({credit})"),
                    Dialect::Postgres => format!("100 / {credit}"),
                };
                format!("{credit} < {} AND {cracking} > {}", 5 + self.pick(5), self.pick(5))
            }
            10 if depth > 0 => {
                format!("{} AND {}", self.condition(seen, depth - 1), self.condition(seen, depth - 1))
            }
            _ => format!("{} > {}", self.expr(seen, Ty::Int, 1), self.pick(5)),
        }
    }

    fn aggregate(&mut self, here: &[Source], ty: Ty, key: &str) -> String {
        match (ty, self.pick(6)) {
            (Ty::Int, 0) => "count(*)".to_owned(),
            (Ty::Int, 1) => format!("count(DISTINCT {})", self.column(here, Ty::Text)),
            (Ty::Int, 2) => format!("sum(length({}))", self.column(here, Ty::Text)),
            (Ty::Int, 3) => format!("max({})", self.expr(here, Ty::Int, 0)),
            (Ty::Int, _) => format!("sum({})", self.column(here, Ty::Int)),
            (Ty::Text, 0 | 1) => key.to_owned(),
            (Ty::Text, 2) => format!("min({})", self.column(here, Ty::Text)),
            (Ty::Text, _) => format!("max({})", self.expr(here, Ty::Text, 0)),
        }
    }

    fn window(&mut self, here: &[Source], ty: Ty) -> String {
        let over = format!("(PARTITION BY {})", self.column(here, Ty::Text));
        let sorted = format!("(ORDER BY {})", self.column(here, Ty::Int));
        match (ty, self.pick(3)) {
            (Ty::Int, 0) => format!("count(*) OVER {over}"),
            (Ty::Int, 1) => format!("rank() OVER {sorted}"),
            (Ty::Int, _) => format!("sum({}) OVER {over}", self.column(here, Ty::Int)),
            (Ty::Text, _) => format!("max({}) OVER {over}", self.column(here, Ty::Text)),
        }
    }
}
