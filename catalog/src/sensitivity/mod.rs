//! Which columns hold what people want kept: told from names, comments and stored values.
//!
//! A tag makes rendering hold values back, and lets a policy mask the column. It is a guess that errs on the side of
//! tagging; what a connector or a person has set stays.

mod ids;
mod patterns;
mod secrets;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::{Column, Sensitivity, Snapshot, Table, TypeClass, parallel};

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
    parallel::each(&mut snapshot.tables, tag_table);
}

fn tag_table(table: &mut Table) {
    let about_people = words(&table.name).iter().any(|w| PEOPLE.iter().any(|p| same_word(w, p)));
    for column in &mut table.columns {
        let found = column.sensitivity.or_else(|| of_column(column));
        let named = about_people && column.name.eq_ignore_ascii_case("name") && is_text(column.class);
        column.sensitivity = found.or(named.then_some(Sensitivity::PersonName));
    }
}

/// What makes a column's values sensitive, as far as its name, values and comment tell.
pub fn of_column(column: &Column) -> Option<Sensitivity> {
    let by_name = of_words(&words(&column.name)).filter(|s| fits_class(*s, column));
    let by_comment = || {
        let comment = column.comment.as_deref()?;
        of_words(&words(comment)).filter(|s| is_grave(*s) && fits_class(*s, column))
    };
    by_name.or_else(|| patterns::of_values(column)).or_else(by_comment)
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

/// Rank and parts of a pattern.
type Ranked = (usize, Vec<&'static str>);

/// The patterns of [`WORDS`] by their first word.
static BY_FIRST_WORD: LazyLock<HashMap<&str, Vec<Ranked>>> = LazyLock::new(|| {
    let mut patterns: HashMap<&str, Vec<Ranked>> = HashMap::new();
    for (rank, (pattern, _)) in WORDS.iter().enumerate() {
        let parts: Vec<&str> = pattern.split('_').collect();
        patterns.entry(parts.first().copied().unwrap_or_default()).or_default().push((rank, parts));
    }
    patterns
});

fn of_words(words: &[String]) -> Option<Sensitivity> {
    let beginning_with = |word: &str| BY_FIRST_WORD.get(word).map_or(&[][..], Vec::as_slice);
    let ranks = (0..words.len()).filter_map(|at| {
        let rest = words.get(at..)?;
        let word = rest.first()?;
        let known = beginning_with(word).iter().chain(beginning_with(word.strip_suffix('s').unwrap_or("")));
        let fits = |parts: &[&str]| {
            parts.len() <= rest.len() && rest.iter().zip(parts).all(|(word, part)| same_word(word, part))
        };
        known.filter(|(_, parts)| fits(parts)).map(|(rank, _)| *rank).min()
    });
    WORDS.get(ranks.min()?).map(|(_, kind)| *kind)
}
