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

#[test]
fn national_ids_are_told_by_form_and_check_digits() {
    assert_eq!(valued(&["529.982.247-25", "111.444.777-35"]), Some(S::NationalId), "CPF with its points");
    assert_eq!(valued(&["529.982.247-26", "111.444.777-36"]), None, "wrong check digits");
    let bare = ["52998224725", "11144477735", "12345678909", "98765432100"];
    assert_eq!(valued(&bare), Some(S::NationalId), "four of them are no chance");
    assert_eq!(valued(&bare[..2]), None, "two may be");
    assert_eq!(valued(&["12345678Z", "X1234567L"]), Some(S::NationalId), "DNI and NIE");
    assert_eq!(valued(&["12345678A", "87654321A"]), None);
    assert_eq!(valued(&["AB123456C", "JG103759A"]), Some(S::NationalId), "British insurance numbers");
    assert_eq!(valued(&["255081416802538", "1 84 12 76 451 089 46"]), Some(S::NationalId), "French numbers");
    assert_eq!(
        valued(&["44051401458", "02070803628", "44051401359", "90090515836"]),
        Some(S::NationalId),
        "PESEL"
    );
}

#[test]
fn secrets_are_told_by_marks_and_by_chance() {
    assert_eq!(valued(&["ghp_abcdefghijklmnopqrst", "ghp_0123456789abcdefghij"]), Some(S::Secret));
    assert_eq!(
        valued(&["$2b$12$KIXQ4b1fZ3eWc9Yt1uVh7e", "$2b$12$abcdefghijklmnopqrstuv"]),
        Some(S::Secret),
        "hashes of passwords"
    );
    assert_eq!(valued(&["q7Zp2LxVb94KsT1mWc8R", "N3dYh6Qa0XuJ5vEe7GtB"]), Some(S::Secret), "drawn by chance");
    for innocent in [
        ["InternationalBusinessMachines", "GeneralElectricCompanyOfOhio"],
        ["2024-01-31T10:20:30.123456", "2025-01-31T10:20:30.123456"],
        ["a5c3d1f0-1b2c-4d5e-8f90-123456789abc", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"],
        ["/srv/data/reports/2024/q1.pdf", "/srv/data/reports/2024/q2.pdf"],
    ] {
        assert_eq!(valued(&innocent), None, "{innocent:?}");
    }
}

#[test]
fn the_ends_of_a_range_are_values_too() {
    let statistics = Statistics {
        min: Some("ann@example.org".into()),
        max: Some("zoe@example.org".into()),
        ..Statistics::default()
    };
    let column = Column {
        name: "login".into(),
        class: TypeClass::Text,
        statistics: Some(statistics),
        ..Column::default()
    };
    assert_eq!(sensitivity::of_column(&column), Some(S::Email));
    let numbers = Statistics {
        min: Some("4111111111111111".into()),
        max: Some("5500000000000004".into()),
        ..Statistics::default()
    };
    let column = Column { class: TypeClass::Integer, statistics: Some(numbers), name: "n".into(), ..column };
    assert_eq!(sensitivity::of_column(&column), None, "two numbers may pass the check by chance");
}
