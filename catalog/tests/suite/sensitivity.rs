//! Tags from names, comments and values.

use catalog::{Column, CommonValue, Engine, Sensitivity as S, Statistics, TypeClass, ddl, sensitivity};

fn named(name: &str, class: TypeClass) -> Option<S> {
    sensitivity::of_column(&Column { name: name.into(), class, ..Column::default() })
}

fn valued(values: &[&str]) -> Option<S> {
    let common = values.iter().map(|v| CommonValue { value: (*v).into(), share: None }).collect();
    let statistics = Some(Statistics { common, ..Statistics::default() });
    sensitivity::of_column(&Column {
        name: "x".into(),
        class: TypeClass::Text,
        statistics,
        ..Column::default()
    })
}

#[test]
fn names_tell() {
    let cases = [
        ("email", S::Email),
        ("contactEmail", S::Email),
        ("EmailAddress", S::Email),
        ("home_phone", S::Phone),
        ("LastName", S::PersonName),
        ("first_names", S::PersonName),
        ("ssn", S::NationalId),
        ("password_hash", S::Secret),
        ("ApiKey", S::Secret),
        ("credit_card_number", S::Card),
        ("iban", S::BankAccount),
        ("ip_address", S::IpAddress),
        ("street_address", S::Address),
        ("diagnosis", S::Health),
    ];
    for (name, expected) in cases {
        assert_eq!(named(name, TypeClass::Text), Some(expected), "{name}");
    }
    assert_eq!(named("birth_date", TypeClass::Date), Some(S::BirthDate));
}

#[test]
fn look_alikes_do_not() {
    for (name, class) in [
        ("email_count", TypeClass::Integer),
        ("address_id", TypeClass::Integer),
        ("phone_verified", TypeClass::Boolean),
        ("company", TypeClass::Text),
        ("mailing", TypeClass::Boolean),
        ("tokens", TypeClass::Integer),
        ("spin", TypeClass::Text),
        ("name", TypeClass::Text),
    ] {
        assert_eq!(named(name, class), None, "{name}");
    }
}

#[test]
fn values_tell() {
    assert_eq!(valued(&["a@b.de", "c.d@example.org"]), Some(S::Email));
    assert_eq!(valued(&["4111 1111 1111 1111", "5500-0000-0000-0004"]), Some(S::Card));
    assert_eq!(valued(&["4111 1111 1111 1112", "5500-0000-0000-0005"]), None);
    assert_eq!(valued(&["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000"]), Some(S::BankAccount));
    assert_eq!(valued(&["123-45-6789", "987-65-4321"]), Some(S::NationalId));
    assert_eq!(valued(&["+49 30 1234567", "(555) 123-4567"]), Some(S::Phone));
    assert_eq!(valued(&["10.0.0.1", "192.168.7.9"]), Some(S::IpAddress));
    assert_eq!(valued(&["2024-01-31", "2023-12-01"]), None);
    assert_eq!(valued(&["red", "green"]), None);
}

#[test]
fn comments_tell_and_set_tags_stay() {
    let sql = "CREATE TABLE customers (id int, name text, code text, kept text);
        COMMENT ON COLUMN customers.code IS 'social security number';";
    let mut snapshot = ddl::read(sql, Engine::Postgres).snapshot;
    snapshot.tables[0].columns[3].sensitivity = Some(S::Health);
    sensitivity::tag(&mut snapshot);
    let tags = snapshot.tables[0].columns.iter().map(|c| c.sensitivity).collect::<Vec<_>>();
    assert_eq!(tags, [None, Some(S::PersonName), Some(S::NationalId), Some(S::Health)]);
}
