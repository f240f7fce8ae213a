//! Writing results: a million rows of eight columns as CSV and as Parquet.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use querent::results::{Format, Writer};

const ROWS: i32 = 1_000_000;
const BATCH: i32 = 10_000;

/// One batch: integers, text with and without signs that CSV quotes, a float, a decimal, a date, a time stamp, NULLs.
#[allow(clippy::unwrap_used)]
fn batch(start: i32) -> RecordBatch {
    let rows = || start..start + BATCH;
    let decimals = Decimal128Array::from_iter_values(rows().map(|i| i128::from(i) * 31));
    let columns: [(&str, ArrayRef); 8] = [
        ("id", Arc::new(Int64Array::from_iter_values(rows().map(i64::from)))),
        ("quantity", Arc::new(rows().map(|i| (i % 7 != 0).then_some(i % 100)).collect::<Int32Array>())),
        (
            "label",
            Arc::new(StringArray::from_iter_values(rows().map(|i| format!("item \"{}\", {i}", i % 13)))),
        ),
        ("score", Arc::new(Float64Array::from_iter_values(rows().map(|i| f64::from(i) / 7.0)))),
        ("price", Arc::new(decimals.with_precision_and_scale(12, 2).unwrap())),
        ("day", Arc::new(Date32Array::from_iter_values(rows().map(|i| i % 20_000)))),
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from_iter_values(rows().map(|i| i64::from(i) * 1_234_567))),
        ),
        ("open", Arc::new(rows().map(|i| Some(i % 3 == 0)).collect::<BooleanArray>())),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

#[allow(clippy::unwrap_used)]
fn write(format: Format, schema: &SchemaRef, batches: &[RecordBatch]) {
    let mut writer = Writer::new(format, schema, std::io::sink()).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
}

fn results(c: &mut Criterion) {
    let batches: Vec<RecordBatch> = (0..ROWS / BATCH).map(|n| batch(n * BATCH)).collect();
    let schema = batches[0].schema();
    let mut group = c.benchmark_group("write 1,000,000 rows of 8 columns");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    for format in [Format::Csv, Format::Parquet] {
        group.bench_function(format.extension(), |b| b.iter(|| write(format, &schema, &batches)));
    }
    group.finish();
}

criterion_group!(benches, results);
criterion_main!(benches);
