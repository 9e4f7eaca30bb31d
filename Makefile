# `make run` starts the embedded engine; `make test` checks everything.
.PHONY: run build test lint fmt bench test-cdk test-stack aws-up aws-deploy aws-down

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

# --- AWS: each can be run twice; see localstack/README.md and cdk/README.md

aws-up:
	localstack/stack up

aws-deploy: aws-up
	localstack/deploy

aws-down:
	localstack/stack down

# the executor of functions, on real processes
test-stack: aws-up
	.stack/venv/bin/python -B -m unittest discover --start-directory localstack/tests

# types, lints and tests of what is deployed; needs Node alone
test-cdk: cdk/node_modules/.package-lock.json
	cd cdk && npm run --silent check && npm test --silent

cdk/node_modules/.package-lock.json: cdk/package-lock.json
	cd cdk && npm install --no-save --silent && touch node_modules/.package-lock.json
