# demo: the sample shop, asked a few questions, then served.   test: everything the tests need, then the tests.
# check: formatting, lints, documentation.                     bench: the benchmarks.
# figures: crawls and long results beside other tools, on the test servers.
# golden: sample schemas on every engine, which have to agree but for what tests/golden lists (SCHEMAS=folder).
# deploy: the files of deploy/, each checked by the tool nearest to what runs it.
.PHONY: demo test check bench figures golden deploy

demo:
	cargo run --release --locked -- demo

test:
	tests/servers/with.sh cargo test --workspace --locked
	tests/schemathesis.sh

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

bench:
	tests/servers/with.sh cargo bench --workspace --locked

figures:
	cargo build --release --locked
	tests/servers/with.sh sh -c 'benches/figures/run.sh crawl && benches/figures/run.sh stream'

golden:
	tests/servers/with.sh tests/golden.sh $(SCHEMAS)

deploy:
	tests/deploy.sh
