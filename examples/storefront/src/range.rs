//! What is sold: suppliers, warehouses, categories, products, tags, stock.

use rusqlite::{Transaction, params};

use crate::rng::Rng;
use crate::words::{CATEGORIES, COUNTRIES, LAST, MODELS, TAGS};
use crate::{Error, calendar};

/// How many suppliers there are.
const SUPPLIERS: i64 = 40;
/// Warehouses: name, city, country, pallets.
const WAREHOUSES: &[(&str, &str, &str, i64)] = &[
    ("North Hub", "Hamburg", "DE", 4200),
    ("South Hub", "Milan", "IT", 2600),
    ("West Hub", "Lyon", "FR", 1800),
    ("Overseas Hub", "Denver", "US", 3100),
];

/// What later steps need to know about the goods.
pub struct Goods {
    /// Price in cents and day of release by product, index 0 is product 1.
    pub products: Vec<(i64, i64)>,
    /// Rows written.
    pub rows: u64,
}

pub fn fill(tx: &Transaction, rng: &mut Rng, progress: &dyn Fn(&str)) -> Result<Goods, Error> {
    let mut rows = warehouses(tx)? + suppliers(tx, rng)?;
    let (leaves, category_rows) = categories(tx)?;
    rows += category_rows;
    progress("categories");
    let products = products(tx, rng, &leaves)?;
    rows += products.len() as u64 + tags(tx, rng, products.len() as i64)?;
    progress("products");
    rows += inventory(tx, rng, products.len() as i64)?;
    progress("inventory");
    Ok(Goods { products, rows })
}

fn warehouses(tx: &Transaction) -> Result<u64, Error> {
    let mut insert = tx.prepare("INSERT INTO warehouses VALUES (?, ?, ?, ?, ?)")?;
    for (i, (name, city, country, capacity)) in WAREHOUSES.iter().enumerate() {
        insert.execute(params![i as i64 + 1, name, city, country, capacity])?;
    }
    Ok(WAREHOUSES.len() as u64)
}

fn suppliers(tx: &Transaction, rng: &mut Rng) -> Result<u64, Error> {
    const KINDS: &[&str] = &["Outdoor", "Gear", "Textiles", "Mountain Works", "Supply"];
    let mut insert = tx.prepare("INSERT INTO suppliers VALUES (?, ?, ?, ?, ?)")?;
    for id in 1..=SUPPLIERS {
        let (code, ..) = rng.pick(COUNTRIES);
        let name = format!("{} {}", LAST[(id as usize * 7) % LAST.len()], rng.pick(KINDS));
        let email = rng.chance(80).then(|| format!("orders{id}@supplier.example"));
        let rating = rng.chance(90).then(|| rng.between(2, 5));
        insert.execute(params![id, name, code, email, rating])?;
    }
    Ok(SUPPLIERS as u64)
}

/// A category that products are in: its id, its products' nouns, price range in euro, weight range in grams.
type Leaf = (i64, &'static [&'static str], (i64, i64), (i64, i64));

fn categories(tx: &Transaction) -> Result<(Vec<Leaf>, u64), Error> {
    let mut insert = tx.prepare("INSERT INTO categories VALUES (?, ?, ?)")?;
    let mut leaves = Vec::new();
    let mut id = 0;
    for (top, below, prices, weights) in CATEGORIES {
        id += 1;
        let parent = id;
        insert.execute(params![id, top, None::<i64>])?;
        for (name, nouns) in below.iter() {
            id += 1;
            insert.execute(params![id, name, parent])?;
            leaves.push((id, *nouns, *prices, *weights));
        }
    }
    Ok((leaves, id as u64))
}

fn products(tx: &Transaction, rng: &mut Rng, leaves: &[Leaf]) -> Result<Vec<(i64, i64)>, Error> {
    let mut insert = tx.prepare("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    let mut made = Vec::new();
    for (category, nouns, prices, weights) in leaves {
        for noun in nouns.iter() {
            for model in MODELS {
                let id = made.len() as i64 + 1;
                let price = rng.skewed(prices.0, prices.1) * 100 + 95;
                let cost = price * rng.between(45, 70) / 100;
                let released = calendar::day(2018, 1, 1) + rng.between(0, 2900);
                let weight = rng.chance(95).then(|| rng.between(weights.0, weights.1));
                insert.execute(params![
                    id,
                    format!("{}-{:04}", &noun[..2].to_uppercase(), 1000 + id),
                    format!("{model} {noun}"),
                    category,
                    rng.between(1, SUPPLIERS),
                    price as f64 / 100.0,
                    cost as f64 / 100.0,
                    weight,
                    calendar::date(released),
                    rng.chance(8)
                ])?;
                made.push((price, released));
            }
        }
    }
    Ok(made)
}

fn tags(tx: &Transaction, rng: &mut Rng, products: i64) -> Result<u64, Error> {
    let mut insert = tx.prepare("INSERT INTO tags VALUES (?, ?)")?;
    for (i, label) in TAGS.iter().enumerate() {
        insert.execute(params![i as i64 + 1, label])?;
    }
    let mut link = tx.prepare("INSERT OR IGNORE INTO product_tags VALUES (?, ?)")?;
    let mut rows = TAGS.len() as u64;
    for product in 1..=products {
        for _ in 0..rng.between(0, 3) {
            rows += link.execute(params![product, rng.between(1, TAGS.len() as i64)])? as u64;
        }
    }
    Ok(rows)
}

fn inventory(tx: &Transaction, rng: &mut Rng, products: i64) -> Result<u64, Error> {
    let mut insert = tx.prepare("INSERT INTO inventory VALUES (?, ?, ?)")?;
    let mut rows = 0;
    for warehouse in 1..=WAREHOUSES.len() as i64 {
        for product in 1..=products {
            if rng.chance(75) {
                insert.execute(params![warehouse, product, rng.skewed(0, 400)])?;
                rows += 1;
            }
        }
    }
    Ok(rows)
}
