# demo: the sample shop, asked a few questions, then served.   test: everything the tests need, then the tests.
# check: formatting, lints, documentation.                     bench: the benchmarks.
.PHONY: demo test check bench

demo:
	cargo run --release --locked -- demo

test:
	tests/servers/with.sh cargo test --workspace --locked

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

bench:
	tests/servers/with.sh cargo bench --workspace --locked
