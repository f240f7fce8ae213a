//! What stored values look like: the most common ones and both ends of the range, as far as statistics hold them.

use std::collections::BTreeSet;

use super::{ids, is_text, secrets};
use crate::{Column, Sensitivity};

/// Values looked at per column.
const LOOKED_AT: usize = 50;
/// Longest value looked at, in bytes.
const LONGEST: usize = 2_000;
/// Share of the values that must fit a pattern.
const ENOUGH: f64 = 0.8;
/// Values needed where the column holds numbers, or a check digit alone tells: a few fit by chance.
const CHANCE: usize = 4;

/// What the values of a column are, when nearly all look alike.
pub(super) fn of_values(column: &Column) -> Option<Sensitivity> {
    let statistics = column.statistics.as_ref()?;
    let common = statistics.common.iter().map(|v| v.value.as_str()).take(LOOKED_AT);
    let ends = [&statistics.min, &statistics.max].into_iter().flatten().map(String::as_str);
    let trimmed = common.chain(ends).map(str::trim).filter(|v| !v.is_empty() && v.len() <= LONGEST);
    let values: BTreeSet<&str> = trimmed.collect();
    if values.len() < 2 {
        return None;
    }
    let mostly = |test: fn(&str) -> bool| {
        values.iter().filter(|v| test(v)).count() as f64 >= ENOUGH * values.len() as f64
    };
    let many = values.len() >= CHANCE;
    let text = is_text(column.class);
    if text && mostly(is_email) {
        return Some(Sensitivity::Email);
    }
    if (text || many) && mostly(is_card) {
        return Some(Sensitivity::Card);
    }
    if text && mostly(is_iban) {
        return Some(Sensitivity::BankAccount);
    }
    if text && mostly(ids::is_formatted) || many && mostly(ids::is_checked) {
        return Some(Sensitivity::NationalId);
    }
    if text && mostly(is_ip) {
        return Some(Sensitivity::IpAddress);
    }
    if text && mostly(is_phone) {
        return Some(Sensitivity::Phone);
    }
    let secret =
        text && (mostly(secrets::is_marked) || secrets::may_be(column) && mostly(secrets::is_random));
    secret.then_some(Sensitivity::Secret)
}

fn is_email(value: &str) -> bool {
    let Some((user, host)) = value.split_once('@') else { return false };
    let plain = |s: &str| !s.is_empty() && !s.contains(char::is_whitespace) && !s.contains('@');
    plain(user) && plain(host) && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
}

/// 13 to 19 digits, with blanks or dashes between, that pass the Luhn check.
fn is_card(value: &str) -> bool {
    let digits = value.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_digit(10));
    let Some(digits) = digits.collect::<Option<Vec<_>>>() else { return false };
    if !(13..=19).contains(&digits.len()) || digits.iter().all(|d| Some(d) == digits.first()) {
        return false;
    }
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    let sum =
        digits.iter().rev().enumerate().map(|(i, d)| if i % 2 == 1 { doubled(*d) } else { *d }).sum::<u32>();
    sum % 10 == 0
}

/// Two letters, two check digits, and a remainder of one modulo 97.
fn is_iban(value: &str) -> bool {
    let text = value.chars().filter(|c| *c != ' ').collect::<String>();
    let shape = (15..=34).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && text.bytes().take(2).all(|b| b.is_ascii_alphabetic())
        && text.bytes().skip(2).take(2).all(|b| b.is_ascii_digit());
    if !shape {
        return false;
    }
    let turned = text.chars().skip(4).chain(text.chars().take(4));
    let remainder = turned.fold(0_u32, |rest, c| {
        let digit = c.to_digit(36).unwrap_or(0);
        (rest * if digit > 9 { 100 } else { 10 } + digit) % 97
    });
    remainder == 1
}

fn is_ip(value: &str) -> bool {
    value.parse::<std::net::IpAddr>().is_ok()
        && (value.matches('.').count() == 3 || value.matches(':').count() > 1)
}

/// A plus sign or grouping, and 7 to 15 digits: bare numbers are no phone numbers, nor are dates.
fn is_phone(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let marks =
        value.starts_with('+') || value.contains(['(', ')']) || value.matches(['-', ' ']).count() >= 2;
    let year_first =
        value.split('-').next().is_some_and(|y| y.len() == 4 && y.bytes().all(|b| b.is_ascii_digit()));
    let only = value
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | ' ' | '.' | '/' | 'x'));
    only && marks && !year_first && (7..=15).contains(&digits)
}
