//! Results in every form: what comes out is what a reader of that form takes for the same values.

use std::io::Read;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array,
    Float64Array, Int32Array, Int64Array, IntervalMonthDayNanoArray, ListArray, NullArray, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::datatypes::{
    DataType, Field, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, Schema,
    TimeUnit,
};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use querent::results::spool::{Spool, SpoolWriter};
use querent::results::{
    Format, Writer, chart, column_type, json_cell, render_table, text_cell, unique_names,
};
use serde_json::{Value, json};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> =
        columns.iter().map(|(name, c)| Field::new(*name, c.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, c)| c).collect())
        .unwrap()
}

fn written(format: Format, batches: &[RecordBatch]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(format, &batches[0].schema(), &mut out).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    out
}

fn text(format: Format, batches: &[RecordBatch]) -> String {
    String::from_utf8(written(format, batches)).unwrap()
}

fn only(column: impl Array + 'static) -> ArrayRef {
    Arc::new(column)
}

fn texts(column: &ArrayRef) -> Vec<String> {
    (0..column.len()).map(|row| text_cell(column, row).unwrap()).collect()
}

fn jsons(column: &ArrayRef) -> Vec<Value> {
    (0..column.len()).map(|row| json_cell(column, row).unwrap()).collect()
}

fn decimals(values: Vec<Option<i128>>, precision: u8, scale: i8) -> ArrayRef {
    only(Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap())
}

#[test]
fn csv_tells_null_from_empty_and_quotes_what_needs_it() {
    let rows = vec![
        Some("plain"),
        None,
        Some(""),
        Some("a,b"),
        Some("say \"hi\""),
        Some("two\nlines"),
        Some(" space"),
        Some("grüße 日本"),
    ];
    let count = rows.len();
    let csv = text(
        Format::Csv,
        &[batch(vec![("a,b", only(StringArray::from(rows))), ("n", only(Int32Array::from(vec![1; count])))])],
    );
    assert_eq!(
        csv,
        "\"a,b\",n\r\nplain,1\r\n,1\r\n\"\",1\r\n\"a,b\",1\r\n\"say \"\"hi\"\"\",1\r\n\"two\nlines\",1\r\n\" space\",1\r\n\
         grüße 日本,1\r\n"
    );
}

#[test]
fn csv_is_read_back_by_a_csv_reader() {
    let values = vec!["\"", "\r\n", ",,", "a\"b,c\nd", "\\", "'", "\t"];
    let csv = written(Format::Csv, &[batch(vec![("v", only(StringArray::from(values.clone())))])]);
    let read: Vec<String> =
        csv::Reader::from_reader(csv.as_slice()).records().map(|r| r.unwrap()[0].to_owned()).collect();
    assert_eq!(read, values);
}

#[test]
fn json_keeps_the_value_of_every_number() {
    let safe = 1_i64 << 53;
    let integers = only(Int64Array::from(vec![0, -1, safe, -safe, safe + 1, i64::MIN, i64::MAX]));
    assert_eq!(
        jsons(&integers),
        vec![
            json!(0),
            json!(-1),
            json!(safe),
            json!(-safe),
            json!("9007199254740993"),
            json!("-9223372036854775808"),
            json!("9223372036854775807")
        ]
    );
    assert_eq!(
        jsons(&only(UInt64Array::from(vec![u64::MAX, 1]))),
        vec![json!("18446744073709551615"), json!(1)]
    );
    assert_eq!(
        jsons(&decimals(vec![Some(1_999), Some(-5), Some(0), None], 10, 2)),
        vec![json!("19.99"), json!("-0.05"), json!("0.00"), Value::Null]
    );
    assert_eq!(
        jsons(&only(Float64Array::from(vec![0.1, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]))),
        vec![json!(0.1), json!(1e300), json!("NaN"), json!("inf"), json!("-inf")]
    );
    assert_eq!(jsons(&only(Float32Array::from(vec![0.1_f32, f32::NAN]))), vec![json!(0.1), json!("NaN")]);
    assert_eq!(jsons(&only(BooleanArray::from(vec![Some(true), None]))), vec![json!(true), Value::Null]);
}

#[test]
fn integers_and_decimals_are_plain_digits_as_text() {
    assert_eq!(texts(&only(Int64Array::from(vec![i64::MIN, 7]))), ["-9223372036854775808", "7"]);
    assert_eq!(texts(&only(UInt64Array::from(vec![u64::MAX]))), ["18446744073709551615"]);
    assert_eq!(texts(&decimals(vec![Some(5), Some(-1_234), None], 9, 3)), ["0.005", "-1.234", ""]);
    assert_eq!(texts(&decimals(vec![Some(i128::from(u64::MAX))], 38, 0)), ["18446744073709551615"]);
}

#[test]
fn moments_are_written_over_the_whole_range_that_databases_store() {
    let days = Date32Array::from(vec![0, -1, 11_016, 19_782, -719_468, -719_529, 2_932_896, 2_932_897]);
    assert_eq!(
        texts(&only(days)),
        [
            "1970-01-01",
            "1969-12-31",
            "2000-02-29",
            "2024-02-29",
            "0000-03-01",
            "-0001-12-31",
            "9999-12-31",
            "10000-01-01"
        ]
    );
    assert_eq!(texts(&only(Date32Array::from(vec![i32::MAX, i32::MIN]))), ["infinity", "-infinity"]);
    let times = Time64MicrosecondArray::from(vec![0, 3_661_000_001, 86_399_999_999, 86_400_000_000]);
    assert_eq!(texts(&only(times)), ["00:00:00", "01:01:01.000001", "23:59:59.999999", "24:00:00"]);
    let stamps = vec![0, -1, 1_700_000_000_123_000, i64::MAX, i64::MIN];
    let local = TimestampMicrosecondArray::from(stamps.clone());
    assert_eq!(
        texts(&only(local.clone())),
        [
            "1970-01-01 00:00:00",
            "1969-12-31 23:59:59.999999",
            "2023-11-14 22:13:20.123",
            "infinity",
            "-infinity"
        ]
    );
    assert_eq!(
        texts(&only(local.with_timezone("+00:00"))),
        [
            "1970-01-01 00:00:00+00:00",
            "1969-12-31 23:59:59.999999+00:00",
            "2023-11-14 22:13:20.123+00:00",
            "infinity",
            "-infinity"
        ]
    );
    let elsewhere = only(TimestampMicrosecondArray::from(vec![0]).with_timezone("+02:00"));
    assert_eq!(texts(&elsewhere), ["1970-01-01 02:00:00+02:00"]);
}

#[test]
fn dates_agree_with_the_calendar_for_eight_hundred_years() {
    let mut day = jiff::civil::date(1599, 12, 31);
    let epoch = jiff::civil::date(1970, 1, 1);
    while day.year() < 2400 {
        let days = day.since(epoch).unwrap().get_days();
        assert_eq!(texts(&only(Date32Array::from(vec![days])))[0], day.to_string());
        // steps that are no multiple of a week, a month or a year
        day = day.checked_add(jiff::Span::new().days(11)).unwrap();
    }
}

#[test]
fn bytes_lists_and_intervals_have_a_text() {
    let bytes: ArrayRef = only(BinaryArray::from(vec![Some(&[0_u8, 0xff, 0x10][..]), Some(&[]), None]));
    assert_eq!(texts(&bytes), ["\\x00ff10", "\\x", ""]);
    let lists = only(ListArray::from_iter_primitive::<Int64Type, _, _>(vec![
        Some(vec![Some(1), None, Some(1 << 60)]),
        Some(vec![]),
        None,
    ]));
    assert_eq!(jsons(&lists), vec![json!([1, null, "1152921504606846976"]), json!([]), Value::Null]);
    assert_eq!(texts(&lists), ["[1,null,\"1152921504606846976\"]", "[]", ""]);
    let interval =
        only(IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(14, 3, 5_000_000_000)]));
    assert_eq!(texts(&interval), ["14 mons 3 days 5.000000000 secs"]);
}

#[test]
fn a_column_of_nothing_but_null_holds_null_in_every_form() {
    let batch = batch(vec![("nothing", only(NullArray::new(1))), ("n", only(Int32Array::from(vec![1])))]);
    assert_eq!(text(Format::Csv, std::slice::from_ref(&batch)), "nothing,n\r\n,1\r\n");
    assert_eq!(text(Format::Ndjson, std::slice::from_ref(&batch)), "{\"nothing\":null,\"n\":1}\n");
    assert!(render_table(&batch.schema(), std::slice::from_ref(&batch), 10).unwrap().contains("NULL"));
}

#[test]
fn doubled_column_names_stay_apart_in_objects() {
    let one = || only(Int32Array::from(vec![1]));
    let batch = batch(vec![("id", one()), ("id", one()), ("id_2", one()), ("ID", one())]);
    assert_eq!(unique_names(&batch.schema()), ["id", "id_2", "id_2_2", "ID"]);
    assert_eq!(
        text(Format::Ndjson, std::slice::from_ref(&batch)),
        "{\"id\":1,\"id_2\":1,\"id_2_2\":1,\"ID\":1}\n"
    );
    assert_eq!(text(Format::Csv, std::slice::from_ref(&batch)), "id,id,id_2,ID\r\n1,1,1,1\r\n");
    let parquet =
        ParquetRecordBatchReaderBuilder::try_new(Bytes::from(written(Format::Parquet, &[batch]))).unwrap();
    let names: Vec<&str> = parquet.schema().fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["id", "id_2", "id_2_2", "ID"]);
}

#[test]
fn json_is_one_array_whatever_the_batches() {
    let empty = batch(vec![("n", only(Int32Array::from(Vec::<i32>::new())))]);
    let one = batch(vec![("n", only(Int32Array::from(vec![1])))]);
    let two = batch(vec![("n", only(Int32Array::from(vec![2, 3])))]);
    assert_eq!(
        serde_json::from_str::<Value>(&text(Format::Json, std::slice::from_ref(&empty))).unwrap(),
        json!([])
    );
    let whole = text(Format::Json, &[empty.clone(), one.clone(), empty.clone(), two.clone()]);
    assert_eq!(serde_json::from_str::<Value>(&whole).unwrap(), json!([{"n": 1}, {"n": 2}, {"n": 3}]));
    assert_eq!(text(Format::Ndjson, &[empty.clone(), one, empty, two]), "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
}

/// Every type that connectors hand out.
fn everything() -> RecordBatch {
    batch(vec![
        ("b", only(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("i", only(Int64Array::from(vec![Some(i64::MAX), None, Some(-1)]))),
        ("f", only(Float64Array::from(vec![Some(0.1), None, Some(-0.0)]))),
        ("d", decimals(vec![Some(12_345), None, Some(-1)], 12, 2)),
        ("t", only(StringArray::from(vec![Some("grüße"), None, Some("")]))),
        ("x", only(BinaryArray::from(vec![Some(&[1_u8, 2][..]), None, Some(&[])]))),
        ("day", only(Date32Array::from(vec![Some(1), None, Some(-1)]))),
        ("at", only(TimestampMicrosecondArray::from(vec![Some(1), None, Some(-1)]).with_timezone("+00:00"))),
        ("clock", only(Time64MicrosecondArray::from(vec![Some(1), None, Some(2)]))),
        (
            "l",
            only(ListArray::from_iter_primitive::<Int64Type, _, _>(vec![
                Some(vec![Some(1), None]),
                None,
                Some(vec![]),
            ])),
        ),
    ])
}

#[test]
fn arrow_and_parquet_are_read_back_equal() {
    let batches = [everything(), everything()];
    let arrow = written(Format::Arrow, &batches);
    let read: Vec<RecordBatch> = arrow::ipc::reader::StreamReader::try_new(arrow.as_slice(), None)
        .unwrap()
        .map(|b| b.unwrap())
        .collect();
    assert_eq!(read, batches);

    let parquet = Bytes::from(written(Format::Parquet, &batches));
    let read: Vec<RecordBatch> = ParquetRecordBatchReaderBuilder::try_new(parquet)
        .unwrap()
        .build()
        .unwrap()
        .map(|b| b.unwrap())
        .collect();
    let rows: usize = read.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(rows, 6);
    assert_eq!(read[0].slice(0, 3).columns(), batches[0].columns());
}

#[test]
fn parquet_takes_types_that_it_lacks_as_text() {
    let intervals = || IntervalMonthDayNanoArray::from(vec![Some(IntervalMonthDayNano::new(0, 2, 0)), None]);
    let mut list =
        arrow::array::ListBuilder::new(arrow::array::PrimitiveBuilder::<IntervalMonthDayNanoType>::new());
    list.append_value([Some(IntervalMonthDayNano::new(1, 0, 0))]);
    list.append_null();
    let batch = batch(vec![
        ("i", only(intervals())),
        ("nothing", only(NullArray::new(2))),
        ("l", only(list.finish())),
    ]);
    let parquet = Bytes::from(written(Format::Parquet, &[batch]));
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(parquet).unwrap().build().unwrap();
    let read = reader.next().unwrap().unwrap();
    assert_eq!(read.column(0).as_string::<i32>().value(0), "2 days");
    assert!(read.column(0).is_null(1) && read.column(1).is_null(0) && read.column(1).is_null(1));
    assert_eq!(read.column(2).as_string::<i32>().value(0), "[\"1 mons\"]");
}

#[test]
fn an_empty_result_is_a_whole_document_in_every_form() {
    let empty = batch(vec![("n", only(Int32Array::from(Vec::<i32>::new())))]);
    assert_eq!(text(Format::Csv, std::slice::from_ref(&empty)), "n\r\n");
    assert_eq!(text(Format::Ndjson, std::slice::from_ref(&empty)), "");
    let arrow = written(Format::Arrow, std::slice::from_ref(&empty));
    let reader = arrow::ipc::reader::StreamReader::try_new(arrow.as_slice(), None).unwrap();
    assert_eq!(reader.schema(), empty.schema());
    let parquet = Bytes::from(written(Format::Parquet, std::slice::from_ref(&empty)));
    assert_eq!(
        ParquetRecordBatchReaderBuilder::try_new(parquet).unwrap().metadata().file_metadata().num_rows(),
        0
    );
    assert!(sheet(&written(Format::Xlsx, &[empty])).contains("<t>n</t>"));
}

/// The XML of a workbook's only sheet.
fn sheet(workbook: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    let mut names = String::new();
    archive.by_name("xl/workbook.xml").unwrap().read_to_string(&mut names).unwrap();
    assert!(names.contains("name=\"result\""), "{names}");
    let mut xml = String::new();
    archive.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut xml).unwrap();
    xml
}

#[test]
fn a_workbook_has_numbers_as_numbers_and_texts_as_texts() {
    let xml = sheet(&written(
        Format::Xlsx,
        &[batch(vec![
            ("n", only(Int64Array::from(vec![Some(42), None, Some(i64::MAX)]))),
            ("price", decimals(vec![Some(1_950), None, Some(123_456_789_012_345_678)], 18, 2)),
            ("t", only(StringArray::from(vec!["=1+1", "<&>", "42"]))),
            ("f", only(Float64Array::from(vec![1.5, f64::NAN, 0.0]))),
            ("b", only(BooleanArray::from(vec![true, false, true]))),
        ])],
    ));
    let has = |part: &str| assert!(xml.contains(part), "{part} is not in {xml}");
    has("<c r=\"A2\"><v>42</v></c>");
    has("<c r=\"B2\"><v>19.5</v></c>");
    has("<c r=\"D2\"><v>1.5</v></c>");
    has("<c r=\"E2\" t=\"b\"><v>1</v></c>");
    // What looks like a formula, and numbers that a sheet would round, are text.
    has("<t>=1+1</t>");
    has("<t>9223372036854775807</t>");
    has("<t>1234567890123456.78</t>");
    has("<t>&lt;&amp;&gt;</t>");
    has("<t>42</t>");
    has("<t>NaN</t>");
    assert!(!xml.contains("<f>") && !xml.contains("r=\"A3\""), "{xml}");
}

#[test]
fn a_workbook_refuses_what_does_not_fit() {
    let long = batch(vec![("t", only(StringArray::from(vec!["x".repeat(32_768)])))]);
    let mut out = Vec::new();
    let mut writer = Writer::new(Format::Xlsx, &long.schema(), &mut out).unwrap();
    let error = writer.write(&long).unwrap_err().to_string();
    assert!(error.contains("32,767 characters") && error.contains("CSV or Parquet"), "{error}");

    let fields: Vec<Field> =
        (0..16_385).map(|i| Field::new(format!("c{i}"), DataType::Int32, true)).collect();
    let wide = Writer::new(Format::Xlsx, &Arc::new(Schema::new(fields)), Vec::new());
    assert!(wide.err().unwrap().to_string().contains("16,384 columns"));
}

#[test]
fn formats_have_names_types_and_endings() {
    for format in Format::ALL {
        assert_eq!(Format::parse(format.extension()), Some(format));
        assert_eq!(Format::parse(&format.extension().to_uppercase()), Some(format));
        assert!(format.media_type().contains('/'));
    }
    assert_eq!(Format::parse("jsonl"), Some(Format::Ndjson));
    assert_eq!(Format::parse("pdf"), None);
}

#[test]
fn a_table_counts_aligns_and_cuts() {
    let batch = batch(vec![
        ("name", only(StringArray::from(vec![Some("short"), None, Some("third")]))),
        ("amount", decimals(vec![Some(5), Some(1_234_567), Some(0)], 12, 2)),
    ]);
    let shown = render_table(&batch.schema(), std::slice::from_ref(&batch), 10).unwrap();
    assert!(shown.contains("│ short       0.05 │"), "{shown}");
    assert!(shown.contains("NULL") && shown.ends_with("(3 rows)"), "{shown}");
    let shown = render_table(&batch.schema(), &[batch.slice(0, 1), batch.slice(1, 2)], 2).unwrap();
    assert!(!shown.contains("third") && shown.ends_with("(2 of 3 rows shown)"), "{shown}");
    let one = render_table(&batch.schema(), &[batch.slice(0, 1)], 10).unwrap();
    assert!(one.ends_with("(1 row)"), "{one}");
    let none = render_table(&batch.schema(), &[], 10).unwrap();
    assert!(none.contains("amount") && none.ends_with("(0 rows)"), "{none}");
}

#[test]
fn a_stored_value_does_not_steer_the_terminal() {
    let hostile = "\x1b[2J\x1b]0;title\x07\u{9b}31m\r\nx";
    let batch =
        batch(vec![("\x1b[31mred", only(StringArray::from(vec![hostile.to_owned(), "y".repeat(100)])))]);
    let shown = render_table(&batch.schema(), std::slice::from_ref(&batch), 10).unwrap();
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    assert!(shown.contains(&format!("{}…", "y".repeat(59))) && !shown.contains(&"y".repeat(60)), "{shown}");
}

/// Writes numbers 0.. in batches of those sizes; gives the file.
fn spooled(folder: &std::path::Path, sizes: &[i32]) -> std::path::PathBuf {
    let path = folder.join("result.arrow");
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int32, true)]));
    let mut writer = SpoolWriter::create(&path, &schema).unwrap();
    let mut next = 0;
    for size in sizes {
        let values = Int32Array::from_iter_values(next..next + size);
        writer.write(&RecordBatch::try_new(schema.clone(), vec![Arc::new(values)]).unwrap()).unwrap();
        next += size;
    }
    writer.finish().unwrap();
    path
}

fn numbers(batches: &[RecordBatch]) -> Vec<i32> {
    batches
        .iter()
        .flat_map(|b| b.column(0).as_primitive::<arrow::datatypes::Int32Type>().values().to_vec())
        .collect()
}

#[test]
fn pages_of_a_spool_cross_the_borders_of_batches() {
    let folder = tempfile::tempdir().unwrap();
    let path = spooled(folder.path(), &[3, 1, 0, 4, 2]);
    for offset in 0..12 {
        for limit in 1..12 {
            let page = Spool::open(&path).unwrap().page(offset, limit).unwrap();
            let (from, to) = (offset.min(10) as i32, (offset + limit).min(10) as i32);
            assert_eq!(numbers(&page), (from..to).collect::<Vec<_>>(), "offset {offset}, limit {limit}");
        }
    }
    let whole: Vec<RecordBatch> = Spool::open(&path).unwrap().map(|b| b.unwrap()).collect();
    assert_eq!(numbers(&whole), (0..10).collect::<Vec<_>>());
    let empty = spooled(folder.path(), &[]);
    assert_eq!(Spool::open(&empty).unwrap().page(0, 10).unwrap(), []);
    assert_eq!(Spool::open(&empty).unwrap().schema().field(0).name(), "n");
}

#[test]
fn a_spool_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.arrow");
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int32, true)]));
    let mut writer = SpoolWriter::create(&path, &schema).unwrap();
    let values: ArrayRef = only(Int32Array::from(vec![1, 2, 3]));
    writer.write(&RecordBatch::try_new(schema, vec![values]).unwrap()).unwrap();
    assert!(!path.exists());
    writer.discard();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    let whole = spooled(folder.path(), &[1_000]);
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::write(&whole, &bytes[..bytes.len() / 2]).unwrap();
    assert!(Spool::open(&whole).is_err(), "half a file must not be taken for a whole one");
}

#[test]
fn column_types_have_the_names_of_the_api() {
    let list = |ty| DataType::List(Arc::new(Field::new("item", ty, true)));
    let cases = [
        (DataType::Int16, "integer"),
        (DataType::Float32, "float"),
        (DataType::Decimal128(12, 2), "decimal(12,2)"),
        (DataType::Utf8, "text"),
        (DataType::Binary, "bytes"),
        (DataType::Date32, "date"),
        (DataType::Time64(TimeUnit::Microsecond), "time"),
        (DataType::Timestamp(TimeUnit::Microsecond, None), "timestamp"),
        (DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())), "timestamptz"),
        (DataType::Interval(IntervalUnit::MonthDayNano), "interval"),
        (list(DataType::Int64), "integer[]"),
        (DataType::Null, "null"),
    ];
    for (ty, name) in cases {
        assert_eq!(column_type(&Field::new("c", ty, true)), name);
    }
}

fn chart_of(columns: &[(&str, DataType)], rows: u64) -> Option<Value> {
    let fields: Vec<Field> = columns.iter().map(|(name, ty)| Field::new(*name, ty.clone(), true)).collect();
    chart::suggest(&Schema::new(fields), rows, "a title")
}

#[test]
fn charts_fit_the_columns() {
    let (text, number, day) = (DataType::Utf8, DataType::Int64, DataType::Date32);
    let mark =
        |columns: &[(&str, DataType)], rows| chart_of(columns, rows).map(|c| c["mark"]["type"].clone());
    assert_eq!(mark(&[("country", text.clone()), ("orders", number.clone())], 5), Some(json!("bar")));
    assert_eq!(mark(&[("placed_on", day.clone()), ("orders", number.clone())], 90), Some(json!("line")));
    assert_eq!(mark(&[("order_date", text.clone()), ("orders", number.clone())], 90), Some(json!("line")));
    assert_eq!(mark(&[("candidate", text.clone()), ("votes", number.clone())], 5), Some(json!("bar")));
    assert_eq!(mark(&[("height", DataType::Float64), ("weight", number.clone())], 90), Some(json!("point")));
    assert_eq!(
        mark(&[("year", number.clone()), ("revenue", DataType::Decimal128(12, 2))], 5),
        Some(json!("bar"))
    );
    // Where a table says it better.
    assert_eq!(mark(&[("country", text.clone()), ("orders", number.clone())], 1), None);
    assert_eq!(mark(&[("country", text.clone()), ("orders", number.clone())], 61), None);
    assert_eq!(mark(&[("country", text.clone()), ("city", text.clone())], 5), None);
    assert_eq!(mark(&[("customer_id", number.clone()), ("price", number.clone())], 5), None);
    assert_eq!(mark(&[("orders", number)], 5), None);
}

#[test]
fn a_chart_names_its_columns_so_that_rows_can_be_bound() {
    let columns =
        [("month.name", DataType::Utf8), ("total", DataType::Decimal128(12, 2)), ("region", DataType::Utf8)];
    let chart = chart_of(&columns, 12).unwrap();
    assert_eq!(chart["title"], "a title");
    assert_eq!(chart["encoding"]["x"]["field"], "month\\.name");
    assert_eq!(chart["encoding"]["x"]["title"], "month.name");
    assert_eq!(chart["encoding"]["color"]["field"], "region");
    // Decimals are strings in the rows: they are to be read as numbers.
    assert_eq!(chart["data"], json!({ "name": "rows", "format": { "parse": { "total": "number" } } }));
    let doubled = chart_of(&[("n", DataType::Int64), ("n", DataType::Int64)], 5).unwrap();
    assert_eq!(
        (&doubled["encoding"]["x"]["field"], &doubled["encoding"]["y"]["field"]),
        (&json!("n"), &json!("n_2"))
    );
}
