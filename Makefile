# `make run` starts the embedded engine; `make test` checks everything.
.PHONY: run build test lint fmt bench

build:
	cargo build --release --locked

run: build
	target/release/factmill run

test: lint
	cargo test --workspace --locked

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

fmt:
	cargo fmt --all

bench: build
	target/release/factmill bench
