//! Which columns hold what people want kept: told from names, comments and stored values.
//!
//! A tag makes rendering hold values back, and lets a policy mask the column. It is a guess that errs on the side of
//! tagging; what a connector or a person has set stays.

use crate::{Column, Sensitivity, Snapshot, TypeClass};

/// Values looked at per column.
const LOOKED_AT: usize = 50;
/// Share of the values that must fit a pattern.
const ENOUGH: f64 = 0.8;

/// Words of names, each with what it tells. A word with `_` is looked for across word bounds. The first that fits wins.
const WORDS: [(&str, Sensitivity); 71] = [
    ("password", Sensitivity::Secret),
    ("passwd", Sensitivity::Secret),
    ("pwd", Sensitivity::Secret),
    ("passphrase", Sensitivity::Secret),
    ("secret", Sensitivity::Secret),
    ("token", Sensitivity::Secret),
    ("api_key", Sensitivity::Secret),
    ("apikey", Sensitivity::Secret),
    ("private_key", Sensitivity::Secret),
    ("access_key", Sensitivity::Secret),
    ("salt", Sensitivity::Secret),
    ("otp", Sensitivity::Secret),
    ("pin_code", Sensitivity::Secret),
    ("credential", Sensitivity::Secret),
    ("credentials", Sensitivity::Secret),
    ("cvv", Sensitivity::Card),
    ("cvc", Sensitivity::Card),
    ("card_number", Sensitivity::Card),
    ("card_no", Sensitivity::Card),
    ("cardnumber", Sensitivity::Card),
    ("credit_card", Sensitivity::Card),
    ("creditcard", Sensitivity::Card),
    ("pan", Sensitivity::Card),
    ("iban", Sensitivity::BankAccount),
    ("bic", Sensitivity::BankAccount),
    ("swift", Sensitivity::BankAccount),
    ("account_number", Sensitivity::BankAccount),
    ("account_no", Sensitivity::BankAccount),
    ("bank_account", Sensitivity::BankAccount),
    ("routing_number", Sensitivity::BankAccount),
    ("sort_code", Sensitivity::BankAccount),
    ("ssn", Sensitivity::NationalId),
    ("social_security", Sensitivity::NationalId),
    ("national_id", Sensitivity::NationalId),
    ("nationalid", Sensitivity::NationalId),
    ("passport", Sensitivity::NationalId),
    ("tax_id", Sensitivity::NationalId),
    ("tax_number", Sensitivity::NationalId),
    ("driver_license", Sensitivity::NationalId),
    ("license_number", Sensitivity::NationalId),
    ("nino", Sensitivity::NationalId),
    ("email", Sensitivity::Email),
    ("e_mail", Sensitivity::Email),
    ("mail", Sensitivity::Email),
    ("phone", Sensitivity::Phone),
    ("telephone", Sensitivity::Phone),
    ("mobile", Sensitivity::Phone),
    ("cell", Sensitivity::Phone),
    ("fax", Sensitivity::Phone),
    ("msisdn", Sensitivity::Phone),
    ("dob", Sensitivity::BirthDate),
    ("birth", Sensitivity::BirthDate),
    ("birthdate", Sensitivity::BirthDate),
    ("birthday", Sensitivity::BirthDate),
    ("date_of_birth", Sensitivity::BirthDate),
    ("first_name", Sensitivity::PersonName),
    ("firstname", Sensitivity::PersonName),
    ("last_name", Sensitivity::PersonName),
    ("lastname", Sensitivity::PersonName),
    ("surname", Sensitivity::PersonName),
    ("full_name", Sensitivity::PersonName),
    ("middle_name", Sensitivity::PersonName),
    ("maiden_name", Sensitivity::PersonName),
    ("given_name", Sensitivity::PersonName),
    ("family_name", Sensitivity::PersonName),
    ("ip_address", Sensitivity::IpAddress),
    ("ipaddr", Sensitivity::IpAddress),
    ("street", Sensitivity::Address),
    ("address", Sensitivity::Address),
    ("diagnosis", Sensitivity::Health),
    ("blood_type", Sensitivity::Health),
];

/// Tables whose plain `name` column names people.
const PEOPLE: [&str; 14] = [
    "person", "people", "employee", "customer", "user", "patient", "student", "member", "contact", "staff",
    "client", "teacher", "author", "guest",
];

/// Tags every column that has no tag yet.
///
/// ```
/// use catalog::{Engine, Sensitivity, ddl, sensitivity};
/// let mut snapshot = ddl::read("CREATE TABLE t (id int, contact_email text)", Engine::Sqlite).snapshot;
/// sensitivity::tag(&mut snapshot);
/// assert_eq!(snapshot.tables[0].columns[1].sensitivity, Some(Sensitivity::Email));
/// ```
pub fn tag(snapshot: &mut Snapshot) {
    for table in &mut snapshot.tables {
        let about_people = words(&table.name).iter().any(|w| PEOPLE.iter().any(|p| same_word(w, p)));
        for column in &mut table.columns {
            let found = column.sensitivity.or_else(|| of_column(column));
            let named = about_people && column.name.eq_ignore_ascii_case("name") && is_text(column.class);
            column.sensitivity = found.or(named.then_some(Sensitivity::PersonName));
        }
    }
}

/// What makes a column's values sensitive, as far as its name, values and comment tell.
pub fn of_column(column: &Column) -> Option<Sensitivity> {
    let by_name = of_words(&words(&column.name)).filter(|s| fits_class(*s, column));
    let by_comment = || {
        let comment = column.comment.as_deref()?;
        of_words(&words(comment)).filter(|s| is_grave(*s) && fits_class(*s, column))
    };
    by_name.or_else(|| of_values(column)).or_else(by_comment)
}

/// Kinds for which the mention in a comment is enough.
fn is_grave(kind: Sensitivity) -> bool {
    matches!(
        kind,
        Sensitivity::Secret
            | Sensitivity::Card
            | Sensitivity::NationalId
            | Sensitivity::BankAccount
            | Sensitivity::Health
    )
}

fn is_text(class: TypeClass) -> bool {
    matches!(class, TypeClass::Text | TypeClass::Other)
}

/// Whether the column's type can hold such values: flags and counts about mail are no mail addresses.
fn fits_class(kind: Sensitivity, column: &Column) -> bool {
    let text = is_text(column.class);
    let id = words(&column.name).last().is_some_and(|w| w == "id") && !text;
    match kind {
        Sensitivity::Email | Sensitivity::PersonName | Sensitivity::Address | Sensitivity::Health => text,
        Sensitivity::BirthDate => {
            text || matches!(column.class, TypeClass::Date | TypeClass::Timestamp | TypeClass::TimestampTz)
        }
        Sensitivity::IpAddress => text || column.class == TypeClass::Network,
        Sensitivity::Secret => {
            text || matches!(column.class, TypeClass::Bytes | TypeClass::Json | TypeClass::Uuid)
        }
        Sensitivity::Phone | Sensitivity::NationalId | Sensitivity::Card | Sensitivity::BankAccount => {
            (text || matches!(column.class, TypeClass::Integer | TypeClass::Decimal)) && !id
                || kind == Sensitivity::NationalId && text
        }
    }
}

/// The words of a name in lower case, cut at underscores, blanks and changes of case.
fn words(name: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut before = ' ';
    for c in name.chars().take(400) {
        let bound = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if bound && out.last().is_some_and(|w| !w.is_empty()) {
            out.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = out.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    out.retain(|w| !w.is_empty());
    out
}

fn same_word(word: &str, known: &str) -> bool {
    word == known || word.strip_suffix('s') == Some(known)
}

fn of_words(words: &[String]) -> Option<Sensitivity> {
    let fits = |pattern: &str| {
        let parts = pattern.split('_').collect::<Vec<_>>();
        let mut windows = words.windows(parts.len());
        windows.any(|w| w.iter().zip(&parts).all(|(word, part)| same_word(word, part)))
    };
    WORDS.iter().find(|(pattern, _)| fits(pattern)).map(|(_, kind)| *kind)
}

/// What the stored values look like, when nearly all look alike.
fn of_values(column: &Column) -> Option<Sensitivity> {
    let statistics = column.statistics.as_ref()?;
    let values = statistics.common.iter().map(|v| v.value.trim()).filter(|v| !v.is_empty()).take(LOOKED_AT);
    let values = values.collect::<Vec<_>>();
    if values.len() < 2 {
        return None;
    }
    let mostly = |test: fn(&str) -> bool| {
        values.iter().filter(|v| test(v)).count() as f64 >= ENOUGH * values.len() as f64
    };
    let text = is_text(column.class);
    if text && mostly(is_email) {
        return Some(Sensitivity::Email);
    }
    if mostly(is_card) {
        return Some(Sensitivity::Card);
    }
    if text && mostly(is_iban) {
        return Some(Sensitivity::BankAccount);
    }
    if text && mostly(is_social_security) {
        return Some(Sensitivity::NationalId);
    }
    if text && mostly(is_ip) {
        return Some(Sensitivity::IpAddress);
    }
    (text && mostly(is_phone)).then_some(Sensitivity::Phone)
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

fn is_social_security(value: &str) -> bool {
    let parts = value.split('-').collect::<Vec<_>>();
    let digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.as_slice(), [a, b, c] if digits(a, 3) && digits(b, 2) && digits(c, 4))
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
