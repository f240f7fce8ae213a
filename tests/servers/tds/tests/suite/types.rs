//! Every type as a column, read by tiberius: its values, NULL, and how columns are described.

use tiberius::numeric::Numeric;
use tiberius::{ColumnData, ColumnType};

use crate::support::{connect, rows, server};

/// Type, value in T-SQL, the column's type on the wire, the value as `Debug` text.
const CASES: &[(&str, &str, ColumnType, &str)] = &[
    ("bit", "1", ColumnType::Bitn, "Bit(Some(true))"),
    ("tinyint", "255", ColumnType::Int1, "U8(Some(255))"),
    ("smallint", "-32768", ColumnType::Int2, "I16(Some(-32768))"),
    ("int", "-2147483648", ColumnType::Int4, "I32(Some(-2147483648))"),
    ("bigint", "-9223372036854775808", ColumnType::Int8, "I64(Some(-9223372036854775808))"),
    ("real", "1.5", ColumnType::Float4, "F32(Some(1.5))"),
    ("float", "-2.5e300", ColumnType::Float8, "F64(Some(-2.5e300))"),
    ("money", "-922337203685477.5808", ColumnType::Money, "F64(Some(-922337203685477.6))"),
    ("smallmoney", "214748.3647", ColumnType::Money, "F64(Some(214748.3647))"),
    ("char(5)", "'ab'", ColumnType::BigChar, "String(Some(\"ab   \"))"),
    ("varchar(20)", "'Zoë €'", ColumnType::BigVarChar, "String(Some(\"Zoë €\"))"),
    ("varchar(max)", "'long'", ColumnType::BigVarChar, "String(Some(\"long\"))"),
    ("nchar(3)", "N'é'", ColumnType::NChar, "String(Some(\"é  \"))"),
    ("nvarchar(20)", "N'Zoë \u{1f388}'", ColumnType::NVarchar, "String(Some(\"Zoë \u{1f388}\"))"),
    ("nvarchar(max)", "N'\u{5e9}\u{5dc}'", ColumnType::NVarchar, "String(Some(\"\u{5e9}\u{5dc}\"))"),
    ("text", "'old'", ColumnType::Text, "String(Some(\"old\"))"),
    ("ntext", "N'old \u{1f388}'", ColumnType::NText, "String(Some(\"old \u{1f388}\"))"),
    ("image", "0x00ff01", ColumnType::Image, "Binary(Some([0, 255, 1]))"),
    ("binary(4)", "0x00ff", ColumnType::BigBinary, "Binary(Some([0, 255, 0, 0]))"),
    ("varbinary(9)", "0xdeadbeef00", ColumnType::BigVarBin, "Binary(Some([222, 173, 190, 239, 0]))"),
    ("varbinary(max)", "0xff", ColumnType::BigVarBin, "Binary(Some([255]))"),
    ("uniqueidentifier", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", ColumnType::Guid, {
        "Guid(Some(a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11))"
    }),
    (
        "xml",
        "N'<a b=\"1\">x</a>'",
        ColumnType::Xml,
        "Xml(Some(XmlData { data: \"<a b=\\\"1\\\">x</a>\", schema: None }))",
    ),
    ("date", "'2024-02-29'", ColumnType::Daten, "Date(Some(Date(738944)))"),
    ("date", "'0001-01-01'", ColumnType::Daten, "Date(Some(Date(0)))"),
    ("date", "'9999-12-31'", ColumnType::Daten, "Date(Some(Date(3652058)))"),
    ("time(0)", "'23:59:59'", ColumnType::Timen, "Time(Some(Time { increments: 86399, scale: 0 }))"),
    ("time(7)", "'00:00:00.0000001'", ColumnType::Timen, "Time(Some(Time { increments: 1, scale: 7 }))"),
    ("datetime", "'1969-12-31T23:59:59.997'", ColumnType::Datetimen, {
        "DateTime(Some(DateTime { days: 25566, seconds_fragments: 25919999 }))"
    }),
    ("smalldatetime", "'2024-01-02 03:04:31'", ColumnType::Datetimen, {
        "SmallDateTime(Some(SmallDateTime { days: 45291, seconds_fragments: 185 }))"
    }),
    ("datetime2(3)", "'2024-01-02 03:04:05.678'", ColumnType::Datetime2, {
        "DateTime2(Some(DateTime2 { date: Date(738886), time: Time { increments: 11045678, scale: 3 } }))"
    }),
    ("datetimeoffset(0)", "'2024-01-02 01:30:00 +02:00'", ColumnType::DatetimeOffsetn, {
        "DateTimeOffset(Some(DateTimeOffset { datetime2: DateTime2 { date: Date(738885), time: Time { increments: \
         84600, scale: 0 } }, offset: 120 }))"
    }),
    ("hierarchyid", "0x5AC0", ColumnType::Udt, "Binary(Some([90, 192]))"),
    ("geography", "0xE6100000010C00", ColumnType::Udt, "Binary(Some([230, 16, 0, 0, 1, 12, 0]))"),
];

fn shown(data: &ColumnData<'_>) -> String {
    format!("{data:?}")
}

#[tokio::test]
async fn every_type_keeps_its_values() {
    let columns: Vec<_> = CASES.iter().enumerate().map(|(n, case)| format!("c{n} {} NULL", case.0)).collect();
    let values: Vec<_> = CASES.iter().map(|case| case.1).collect();
    let nulls = vec!["NULL"; CASES.len()];
    let server = server(&format!(
        "CREATE TABLE every (id int PRIMARY KEY, {}); INSERT INTO every VALUES (1, {}), (2, {})",
        columns.join(", "),
        values.join(", "),
        nulls.join(", ")
    ))
    .await;
    let mut client = connect(&server).await;
    let rows = rows(&mut client, "SELECT * FROM every ORDER BY id").await;
    let described = rows[0].columns().to_vec();
    let (full, empty): (Vec<_>, Vec<_>) =
        (rows[0].cells().map(|(_, d)| shown(d)).collect(), rows[1].cells().map(|(_, d)| shown(d)).collect());
    let mut wrong = Vec::new();
    for (n, (ty, _, wire, expected)) in CASES.iter().enumerate() {
        if described[n + 1].column_type() != *wire {
            wrong.push(format!("{ty}: {:?}", described[n + 1].column_type()));
        }
        if full[n + 1] != *expected {
            wrong.push(format!("{ty}: {} instead of {expected}", full[n + 1]));
        }
        if !empty[n + 1].ends_with("(None)") {
            wrong.push(format!("{ty}: {} instead of NULL", empty[n + 1]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn exact_numbers_keep_every_digit() {
    let cases = [
        ("decimal(5,0)", "42"),
        ("decimal(12,2)", "-1234567890.05"),
        ("numeric(19,4)", "922337203685477.5807"),
        ("numeric(28,10)", "123456789012345678.0123456789"),
        ("decimal(38,10)", "-1234567890123456789012345678.0123456789"),
        ("decimal(38,0)", "99999999999999999999999999999999999999"),
    ];
    let columns: Vec<_> = cases.iter().enumerate().map(|(n, c)| format!("c{n} {} NOT NULL", c.0)).collect();
    let values: Vec<_> = cases.iter().map(|c| c.1).collect();
    let server = server(&format!(
        "CREATE TABLE n ({}); INSERT INTO n VALUES ({})",
        columns.join(", "),
        values.join(", ")
    ))
    .await;
    let mut client = connect(&server).await;
    let rows = rows(&mut client, "SELECT * FROM n").await;
    for (n, (ty, written)) in cases.iter().enumerate() {
        let value = rows[0].get::<Numeric, _>(n).unwrap();
        let scale = usize::from(value.scale());
        let digits = format!("{:0>width$}", value.value().unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if value.value() < 0 { "-" } else { "" };
        let text = if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") };
        assert_eq!(text, *written, "{ty}");
    }
}

#[tokio::test]
async fn columns_without_null_have_fixed_types() {
    let server = server(
        "CREATE TABLE f (a bit NOT NULL, b tinyint NOT NULL, c smallint NOT NULL, d int NOT NULL, e bigint NOT NULL, \
         f real NOT NULL, g float NOT NULL, h money NOT NULL, i smallmoney NOT NULL, j datetime NOT NULL, \
         k smalldatetime NOT NULL); \
         INSERT INTO f VALUES (1, 2, 3, 4, 5, 6.5, 7.5, 8.25, 9.5, '2024-01-01 12:00:00', '2024-01-01 12:00:00')",
    )
    .await;
    let mut client = connect(&server).await;
    let rows = rows(&mut client, "SELECT * FROM f").await;
    let types: Vec<_> = rows[0].columns().iter().map(|c| c.column_type()).collect();
    use ColumnType::{Bit, Datetime, Datetime4, Float4, Float8, Int1, Int2, Int4, Int8, Money, Money4};
    assert_eq!(types, [Bit, Int1, Int2, Int4, Int8, Float4, Float8, Money, Money4, Datetime, Datetime4]);
    let cells: Vec<_> = rows[0].cells().map(|(_, d)| shown(d)).collect();
    assert_eq!(
        cells[..5],
        ["Bit(Some(true))", "U8(Some(2))", "I16(Some(3))", "I32(Some(4))", "I64(Some(5))"]
    );
    assert_eq!(cells[5..9], ["F32(Some(6.5))", "F64(Some(7.5))", "F64(Some(8.25))", "F64(Some(9.5))"]);
}

#[tokio::test]
async fn variants_carry_their_own_type() {
    let server = server(
        "CREATE TABLE v (id int PRIMARY KEY, x sql_variant NULL); \
         INSERT INTO v VALUES (1, 7), (2, N'text'), (3, 1.5e0), (4, 0xff), (5, CAST(1.25 AS decimal(10,2))), \
         (6, CAST('2024-02-29' AS date)), (7, NULL), (8, CAST('12:30:00' AS time(0))), (9, CAST(1 AS bit)), \
         (10, CAST('2024-01-02 03:04:05' AS datetime)), (11, 5000000000)",
    )
    .await;
    let mut client = connect(&server).await;
    let rows = rows(&mut client, "SELECT x FROM v ORDER BY id").await;
    assert_eq!(rows[0].columns()[0].column_type(), ColumnType::SSVariant);
    let cells: Vec<_> = rows.iter().map(|r| shown(r.cells().next().unwrap().1)).collect();
    assert_eq!(
        cells[..4],
        ["I32(Some(7))", "String(Some(\"text\"))", "F64(Some(1.5))", "Binary(Some([255]))"]
    );
    assert!(cells[4].starts_with("Numeric(Some(") && cells[4].contains("1.25"), "{}", cells[4]);
    assert_eq!(cells[5], "Date(Some(Date(738944)))");
    assert!(cells[6].ends_with("(None)"), "{}", cells[6]);
    assert_eq!(cells[7], "Time(Some(Time { increments: 45000, scale: 0 }))");
    assert_eq!(cells[8], "Bit(Some(true))");
}

#[tokio::test]
async fn long_values_and_many_rows_come_in_packets() {
    let server = server(
        "CREATE TABLE n (n int PRIMARY KEY); \
         WITH s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 3000) INSERT INTO n SELECT n FROM s OPTION (MAXRECURSION 0)",
    )
    .await;
    let mut config = crate::support::config(&server);
    config.packet_size(512);
    let mut client = crate::support::connect_as(config).await.unwrap();
    let rows =
        rows(&mut client, "SELECT n, REPLICATE(CAST(N'é' AS nvarchar(max)), 4000) AS long FROM n ORDER BY n")
            .await;
    assert_eq!(rows.len(), 3000);
    assert!(rows.iter().all(|r| r.get::<&str, _>(1).unwrap().chars().count() == 4000));
    assert_eq!(rows[2999].get::<i32, _>(0), Some(3000));
}
