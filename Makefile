# `make run` starts the embedded engine; `make test` checks everything, on both hosts.
.PHONY: run build test lint fmt bench test-cdk test-stack aws-up aws-deploy aws-test aws-acceptance aws-down

# the stack's folder, as `localstack/stack` has it
STACK_DIR ?= .stack

build:
	cargo build --release --locked

run: build
	target/release/factmill run

# what was started is stopped whatever comes of it
test: lint test-cdk
	cargo test --workspace --locked
	trap '$(MAKE) aws-down' EXIT; $(MAKE) aws-up && $(MAKE) aws-deploy && $(MAKE) aws-test

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features aws/engines --locked -- -D warnings
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

# the adapters on the engines, and what is deployed there: it must have been
aws-test: test-stack
	eval "$$(localstack/stack env)" && \
		cargo test --locked --workspace --features aws/engines --test laws --test services --test views --test deployed

# the acceptance suite on what is deployed: some ten commands a second, so a quarter of an hour
aws-acceptance:
	eval "$$(localstack/stack env)" && \
		FACTMILL_ACCEPTANCE_URL=$$FACTMILL_URL FACTMILL_ACCEPTANCE_ISSUER=$$FACTMILL_DATA \
		cargo test --locked --workspace --test acceptance

aws-down:
	localstack/stack down

# the executor of functions, on real processes
test-stack: aws-up
	$(STACK_DIR)/venv/bin/python -B -m unittest discover --start-directory localstack/tests

# types, lints and tests of what is deployed; needs Node alone
test-cdk: cdk/node_modules/.package-lock.json
	cd cdk && npm run --silent check && npm test --silent

cdk/node_modules/.package-lock.json: cdk/package-lock.json
	cd cdk && npm install --no-save --silent && touch node_modules/.package-lock.json
