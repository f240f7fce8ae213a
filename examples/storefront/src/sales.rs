//! What happened: orders with their lines, payments, reviews.

use rusqlite::{Transaction, params};

use crate::people::{CUSTOMERS, EMPLOYEES};
use crate::range::Goods;
use crate::rng::Rng;
use crate::words::REVIEW_TITLES;
use crate::{Error, calendar, last_day};

/// How many orders there are.
const ORDERS: i64 = 42_000;
/// How many reviews there are.
const REVIEWS: i64 = 9_000;
/// Codes of the warehouse system.
const STATUSES: &[(&str, &str)] = &[
    ("N", "new"),
    ("P", "packed"),
    ("S", "shipped"),
    ("D", "delivered"),
    ("R", "returned"),
    ("X", "cancelled"),
];

pub fn fill(tx: &Transaction, rng: &mut Rng, goods: &Goods, progress: &dyn Fn(&str)) -> Result<u64, Error> {
    let mut insert = tx.prepare("INSERT INTO order_statuses VALUES (?, ?)")?;
    for (code, label) in STATUSES {
        insert.execute(params![code, label])?;
    }
    let mut rows = STATUSES.len() as u64 + orders(tx, rng, goods)?;
    progress("orders");
    rows += reviews(tx, rng, goods)?;
    progress("reviews");
    Ok(rows)
}

fn orders(tx: &Transaction, rng: &mut Rng, goods: &Goods) -> Result<u64, Error> {
    let mut order = tx.prepare("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
    let mut payment = tx.prepare("INSERT INTO payments VALUES (?, ?, ?, ?, ?)")?;
    let first = calendar::day(2022, 1, 1);
    let end = last_day() * 86_400;
    let mut rows = 0;
    let mut payments = 0;
    for id in 1..=ORDERS {
        // Orders come in the order of time, a little denser towards the end.
        let share = (id as f64 / ORDERS as f64).powf(0.8);
        let placed = first * 86_400 + ((end - first * 86_400) as f64 * share) as i64 - rng.between(0, 86_399);
        let status = status(rng, end - placed);
        let shipped = matches!(status, "S" | "D" | "R")
            .then(|| (placed + rng.between(4, 140) * 3600).min(end))
            .map(calendar::timestamp);
        let (cents, lines) = items(tx, rng, goods, id, placed / 86_400)?;
        let rep = rng.chance(35).then(|| rng.between(8, EMPLOYEES));
        let deleted = rng.chance(1).then(|| calendar::timestamp((placed + 7200).min(end)));
        order.execute(params![
            id,
            rng.skewed(1, CUSTOMERS),
            status,
            rep,
            calendar::timestamp(placed),
            shipped,
            cents as f64 / 100.0,
            deleted
        ])?;
        rows += 1 + lines;
        if status != "X" && status != "N" {
            payments += 1;
            let method = *rng.pick(&["card", "card", "card", "paypal", "paypal", "invoice", "transfer"]);
            let paid = (placed + rng.between(0, 20) * 86_400).min(end);
            payment.execute(params![
                payments,
                id,
                method,
                cents as f64 / 100.0,
                calendar::timestamp(paid)
            ])?;
        }
    }
    Ok(rows + payments as u64)
}

/// Old orders are done, fresh ones are on their way.
fn status(rng: &mut Rng, age_seconds: i64) -> &'static str {
    if rng.chance(4) {
        return "X";
    }
    match age_seconds / 86_400 {
        0..2 => "N",
        2..4 => "P",
        4..10 => "S",
        _ if rng.chance(5) => "R",
        _ => "D",
    }
}

/// Writes an order's lines; gives their sum in cents and their number.
fn items(tx: &Transaction, rng: &mut Rng, goods: &Goods, order: i64, day: i64) -> Result<(i64, u64), Error> {
    let mut insert = tx.prepare_cached("INSERT INTO order_items VALUES (?, ?, ?, ?, ?, ?)")?;
    let lines = rng.skewed(1, 6);
    let mut sum = 0;
    for line in 1..=lines {
        let product = released_product(rng, goods, day);
        let (price, _) = goods.products[product as usize - 1];
        let quantity = rng.skewed(1, 5);
        let discount = if rng.chance(15) { rng.between(1, 4) * 5 } else { 0 };
        sum += price * quantity * (100 - discount) / 100;
        let discount = discount as f64 / 100.0;
        insert.execute(params![order, line, product, quantity, price as f64 / 100.0, discount])?;
    }
    Ok((sum, lines as u64))
}

/// A product that was on sale on that day; after a few misses any product.
fn released_product(rng: &mut Rng, goods: &Goods, day: i64) -> i64 {
    let count = goods.products.len() as i64;
    for _ in 0..8 {
        let product = rng.between(1, count);
        if goods.products[product as usize - 1].1 <= day {
            return product;
        }
    }
    rng.between(1, count)
}

fn reviews(tx: &Transaction, rng: &mut Rng, goods: &Goods) -> Result<u64, Error> {
    let mut insert = tx.prepare("INSERT INTO reviews VALUES (?, ?, ?, ?, ?, ?)")?;
    let first = calendar::day(2022, 2, 1) * 86_400;
    for id in 1..=REVIEWS {
        let stars = 6 - rng.skewed(1, 6).min(5);
        let title = rng.chance(80).then(|| *rng.pick(REVIEW_TITLES[stars as usize - 1]));
        let written = first + rng.between(0, last_day() * 86_400 - first);
        // The last products have no reviews, so that "products without a review" has an answer.
        let product = rng.between(1, goods.products.len() as i64 - 40);
        insert.execute(params![
            id,
            product,
            rng.skewed(1, CUSTOMERS),
            stars,
            title,
            calendar::timestamp(written)
        ])?;
    }
    Ok(REVIEWS as u64)
}
