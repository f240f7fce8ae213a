//! What the whole check costs beside a bare parse of the same text.

fn main() {}
