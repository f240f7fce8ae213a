//! Native types and their classes, per engine.

use catalog::TypeClass::{self as T};
use catalog::{
    Engine,
    types::{canonical, classify},
};

fn check(engine: Engine, cases: &[(&str, T)]) {
    for (native, class) in cases {
        assert_eq!(classify(engine, native).0, *class, "{engine} {native}");
    }
}

#[test]
fn postgres() {
    check(
        Engine::Postgres,
        &[
            ("integer", T::Integer),
            ("bigserial", T::Integer),
            ("numeric(12,2)", T::Decimal),
            ("money", T::Decimal),
            ("double precision", T::Float),
            ("character varying(40)", T::Text),
            ("CHARACTER(3)", T::Text),
            ("pg_catalog.bpchar", T::Text),
            ("bytea", T::Bytes),
            ("timestamp(3) without time zone", T::Timestamp),
            ("timestamp with time zone", T::TimestampTz),
            ("timestamp(6) with time zone", T::TimestampTz),
            ("time with time zone", T::Time),
            ("interval year to month", T::Interval),
            ("jsonb", T::Json),
            ("uuid", T::Uuid),
            ("inet", T::Network),
            ("tstzrange", T::Range),
            ("bit varying(8)", T::Bit),
            ("geometry(Point,4326)", T::Geometry),
            ("vector(384)", T::Vector),
            ("public.vector(3)", T::Vector),
            ("xml", T::Xml),
            ("mood", T::Other),
        ],
    );
    assert_eq!(classify(Engine::Postgres, "int[][]"), (T::Array, Some(T::Integer)));
    assert_eq!(classify(Engine::Postgres, "_timestamptz"), (T::Array, Some(T::TimestampTz)));
    assert_eq!(classify(Engine::Postgres, "numeric(8,2)[]"), (T::Array, Some(T::Decimal)));
}

#[test]
fn mysql_and_mariadb() {
    let cases = [
        ("tinyint(1)", T::Boolean),
        ("tinyint(4)", T::Integer),
        ("int(10) unsigned", T::Integer),
        ("year(4)", T::Integer),
        ("decimal(5,2)", T::Decimal),
        ("double", T::Float),
        ("varchar(45)", T::Text),
        ("set('a','b')", T::Text),
        ("enum('G','PG')", T::Enum),
        ("mediumblob", T::Bytes),
        ("datetime(6)", T::Timestamp),
        ("timestamp", T::TimestampTz),
        ("json", T::Json),
        ("bit(8)", T::Bit),
        ("point", T::Geometry),
    ];
    check(Engine::Mysql, &cases);
    check(Engine::Mariadb, &cases);
}

#[test]
fn sql_server() {
    check(
        Engine::Mssql,
        &[
            ("bit", T::Boolean),
            ("money", T::Decimal),
            ("nvarchar(max)", T::Text),
            ("uniqueidentifier", T::Uuid),
            ("datetime2(7)", T::Timestamp),
            ("datetimeoffset", T::TimestampTz),
            ("timestamp", T::Bytes),
            ("varbinary(max)", T::Bytes),
            ("geography", T::Geometry),
            ("sql_variant", T::Other),
        ],
    );
}

#[test]
fn sqlite_takes_what_people_mean() {
    check(
        Engine::Sqlite,
        &[
            ("INTEGER", T::Integer),
            ("UNSIGNED BIG INT", T::Integer),
            ("VARCHAR(255)", T::Text),
            ("REAL", T::Float),
            ("DOUBLE PRECISION", T::Float),
            ("NUMERIC(10,2)", T::Decimal),
            ("BOOLEAN", T::Boolean),
            ("DATETIME", T::Timestamp),
            ("date", T::Date),
            ("BLOB", T::Bytes),
            ("", T::Other),
            ("THING", T::Other),
        ],
    );
}

#[test]
fn canonical_names() {
    let cases = [
        ("INT", "integer"),
        ("int8[]", "bigint[]"),
        ("varchar (20)", "character varying(20)"),
        ("NUMERIC(12, 2)", "numeric(12,2)"),
        ("timestamptz(3)", "timestamp(3) with time zone"),
        ("timestamp", "timestamp without time zone"),
        ("pg_catalog.int4", "integer"),
        ("\"Mood\"", "\"Mood\""),
    ];
    for (written, printed) in cases {
        assert_eq!(canonical(Engine::Postgres, written), printed);
    }
    assert_eq!(canonical(Engine::Mysql, "ENUM('A','b')"), "enum('A','b')");
}
