"""LocalStack without containers: see `plugins` for what is changed, `sandbox` for how a function runs."""
