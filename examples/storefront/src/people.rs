//! Countries, employees and customers.

use rusqlite::{Transaction, params};

use crate::rng::Rng;
use crate::words::{COUNTRIES, FIRST, JOBS, LAST};
use crate::{Error, calendar, last_day};

/// How many customers there are.
pub const CUSTOMERS: i64 = 12_000;
/// How many employees there are; the first is the managing director, the next six are managers.
pub const EMPLOYEES: i64 = 60;

pub fn fill(tx: &Transaction, rng: &mut Rng, progress: &dyn Fn(&str)) -> Result<u64, Error> {
    let mut country = tx.prepare("INSERT INTO countries VALUES (?, ?, ?, ?)")?;
    for (code, name, region, currency, _) in COUNTRIES {
        country.execute(params![code, name, region, currency])?;
    }
    progress("countries");
    employees(tx, rng)?;
    progress("employees");
    customers(tx, rng)?;
    progress("customers");
    Ok(COUNTRIES.len() as u64 + EMPLOYEES as u64 + CUSTOMERS as u64)
}

fn employees(tx: &Transaction, rng: &mut Rng) -> Result<(), Error> {
    let mut insert = tx.prepare("INSERT INTO employees VALUES (?, ?, ?, ?, ?, ?, ?)")?;
    let start = calendar::day(2012, 1, 9);
    for id in 1..=EMPLOYEES {
        let (job, manager, salary) = match id {
            1 => ("Managing Director", None, 142_000),
            2..=7 => ("Manager", Some(1), rng.between(68, 92) * 1000),
            _ => (*rng.pick(JOBS), Some(rng.between(2, 7)), rng.between(31, 58) * 1000),
        };
        let hired = start + rng.between(0, 30) * id;
        insert.execute(params![
            id,
            rng.pick(FIRST),
            rng.pick(LAST),
            job,
            manager,
            calendar::date(hired.min(last_day())),
            salary
        ])?;
    }
    Ok(())
}

fn customers(tx: &Transaction, rng: &mut Rng) -> Result<(), Error> {
    let mut insert = tx.prepare("INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    let opening = calendar::day(2019, 3, 1);
    for id in 1..=CUSTOMERS {
        let (first, last) = (*rng.pick(FIRST), *rng.pick(LAST));
        let (code, _, _, _, cities) = &COUNTRIES[rng.skewed(0, COUNTRIES.len() as i64 - 1) as usize];
        let email = format!("{}.{}{}@example.com", first.to_lowercase(), last.to_lowercase(), id);
        let phone =
            rng.chance(70).then(|| format!("+{} {}", rng.between(30, 49), rng.between(1_000_000, 9_999_999)));
        let born = rng.chance(85).then(|| calendar::date(calendar::day(1948, 1, 1) + rng.between(0, 21_000)));
        let registered = opening * 86_400 + rng.between(0, (last_day() - opening) * 86_400);
        let newsletter = rng.chance(40);
        let deleted = rng.chance(3).then(|| {
            calendar::timestamp((registered + rng.between(30, 400) * 86_400).min(last_day() * 86_400))
        });
        insert.execute(params![
            id,
            first,
            last,
            email,
            phone,
            code,
            rng.pick(cities),
            born,
            calendar::timestamp(registered),
            newsletter,
            deleted
        ])?;
    }
    Ok(())
}
