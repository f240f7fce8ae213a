//! Two databases that differ only in what the caller may not see, as the statements that make them.

/// The rows of both, and the policy that tells them apart.
pub struct Twins {
    /// INSERT statements of each.
    pub rows: [Vec<String>; 2],
}

/// Tables, views and indexes, in words that both engines read.
pub const SCHEMA: &[&str] = &[
    "CREATE TABLE customers (id BIGINT PRIMARY KEY, name TEXT, email TEXT, phone TEXT, region TEXT, credit BIGINT, \
     doc TEXT, secret TEXT, handle TEXT GENERATED ALWAYS AS (lower(email)) STORED)",
    "CREATE TABLE orders (id BIGINT PRIMARY KEY, customer_id BIGINT, total BIGINT, status TEXT, region TEXT, \
     doc TEXT, note TEXT)",
    "CREATE TABLE regions (region TEXT, boss TEXT)",
    "CREATE TABLE vault (id BIGINT, code TEXT)",
    "CREATE INDEX customers_secret ON customers (secret)",
    "CREATE INDEX customers_email ON customers (email)",
    "CREATE INDEX customers_credit ON customers (credit)",
    "CREATE INDEX orders_note ON orders (note)",
    "CREATE INDEX orders_region ON orders (region)",
];

/// Views over what is masked and filtered, with their text apart, as a crawl gives it.
pub const VIEWS: &[(&str, &str, &[&str])] = &[
    ("contacts", "SELECT id, email, region FROM customers", &["who", "mail", "region"]),
    (
        "totals",
        "SELECT customer_id, count(*), sum(total) FROM orders GROUP BY customer_id",
        &["customer_id", "n", "total"],
    ),
];

/// Draws numbers from choices that shrink.
struct Draw<'c> {
    choices: &'c [u16],
    at: usize,
}

impl Draw<'_> {
    fn below(&mut self, n: usize) -> usize {
        let choice = self.choices.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(choice) % n
    }

    fn text(&mut self, from: &[&str]) -> String {
        from[self.below(from.len())].to_owned()
    }
}

const REGIONS: [&str; 3] = ["north", "south", "east"];
const NAMES: [&str; 5] = ["ann", "bob", "cid", "dee", "north"];

impl Twins {
    /// The same choices make the same twins. `crack` is a value of `credit` that a statement fails on.
    pub fn new(choices: &[u16], crack: &str) -> Twins {
        let mut draw = Draw { choices, at: 0 };
        let mut rows = [Vec::new(), Vec::new()];
        for region in REGIONS {
            let boss = draw.text(&NAMES);
            both(&mut rows, |_| format!("INSERT INTO regions VALUES ('{region}', '{boss}')"));
        }
        let mut id = 0;
        // half of the time one twin has no unseen rows at all
        let unseen = [1, 3][draw.below(2)];
        for _ in 0..4 + draw.below(5) {
            id += 1;
            seen_customer(&mut draw, &mut rows, id);
            for (twin, most) in rows.iter_mut().zip([3, unseen]) {
                for _ in 0..draw.below(most) {
                    id += 1;
                    twin.push(unseen_customer(&mut draw, id, crack));
                }
            }
        }
        for _ in 0..4 + draw.below(6) {
            id += 1;
            let (customer, total) = (1 + draw.below(9), draw.below(9));
            let (status, region) = (draw.text(&["open", "paid", "ed"]), draw.text(&REGIONS));
            let notes = [draw.text(&["a", "b", ""]), draw.text(&["c", "d", "zz"])];
            both(&mut rows, |twin| {
                let note = &notes[twin];
                format!(
                    "INSERT INTO orders VALUES ({id}, {customer}, {total}, '{status}', '{region}', '{{\"a\": {total}}}', '{note}')"
                )
            });
            for (twin, most) in rows.iter_mut().zip([3, unseen]) {
                for _ in 0..draw.below(most) {
                    id += 1;
                    let (customer, total) = (draw.below(9), draw.below(99));
                    twin.push(format!(
                        "INSERT INTO orders VALUES ({id}, {customer}, {total}, 'open', 'north', '{{cracked', 'x{total}')"
                    ));
                }
            }
        }
        for twin in &mut rows {
            for n in 0..draw.below(4) {
                twin.push(format!("INSERT INTO vault VALUES ({n}, '{}')", draw.text(&NAMES)));
            }
        }
        Twins { rows }
    }
}

fn both(rows: &mut [Vec<String>; 2], row: impl Fn(usize) -> String) {
    for (twin, rows) in rows.iter_mut().enumerate() {
        rows.push(row(twin));
    }
}

/// A row that is seen, alike but for what is hidden and masked in it.
fn seen_customer(draw: &mut Draw<'_>, rows: &mut [Vec<String>; 2], id: usize) {
    let (name, region, credit) = (draw.text(&NAMES), draw.text(&REGIONS), 1 + draw.below(9));
    let tail = draw.text(&["ed", "om", "**"]);
    let emails: [String; 2] = match draw.below(5) {
        0 => ["NULL".to_owned(), "NULL".to_owned()],
        // as short as what is kept: starred wholly
        1 => [format!("'{}'", draw.text(&["a", "ed", ""])), format!("'{}'", draw.text(&["b", "xy"]))],
        _ => [0, 1].map(|_| format!("'{}{}{tail}'", draw.text(&NAMES), draw.text(&["@", "", "x@x."]))),
    };
    let phones = [draw.text(&["NULL", "'1'", "'ann'"]), draw.text(&["NULL", "'22'", "''"])];
    let secrets = [draw.text(&["a", "b"]), draw.text(&["c", "ann", ""])];
    both(rows, |twin| {
        format!(
            "INSERT INTO customers VALUES ({id}, '{name}', {}, {}, '{region}', {credit}, '{{\"a\": \"{name}\"}}', '{}')",
            emails[twin], phones[twin], secrets[twin]
        )
    });
}

/// A row that the filter takes out: its values fail where seen ones do not.
fn unseen_customer(draw: &mut Draw<'_>, id: usize, crack: &str) -> String {
    format!(
        "INSERT INTO customers VALUES ({id}, '{}', 'ed@ed', '1', '{}', {crack}, '{{cracked', 'x{}')",
        draw.text(&NAMES),
        draw.text(&REGIONS),
        draw.below(9)
    )
}
