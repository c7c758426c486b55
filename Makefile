TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/serverless-genai-rust/tools
SAM := $(TOOLS)/bin/sam
# arm64, x86_64 or host: what `build` and `deploy` compile for.
ARCHITECTURE ?= arm64

export PATH := $(TOOLS)/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
.PHONY: help setup run check lint-template test bench build deploy seed fmt clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the tools of the tests and the deployment into the user's cache folder
	@scripts/setup

run: ## Serve the API on this machine (ARGS="--model small", ARGS=chat …)
	cargo run -- $(ARGS)

fmt: ## Format the code
	cargo fmt --all

check: lint-template ## Check formatting, lints and the template
	$(call step,formatting)
	cargo fmt --all --check
	$(call step,lints)
	cargo clippy --workspace --all-targets --locked -- -D warnings

lint-template:
	@scripts/setup deployment
	$(call step,template)
	$(SAM) validate --lint --region us-east-1
	$(TOOLS)/bin/cfn-lint template.yaml kendra.yaml athena.yaml

test: setup check ## Check everything, build the functions for Lambda and run all tests
	$(call step,functions)
	scripts/build host
	$(call step,tests)
	cargo test --workspace --locked

bench: ## Measure cold start, overhead and memory of the functions
	cargo run --release -p bench -- $(ARGS)

build: ## Build the functions for Lambda (ARCHITECTURE=arm64, x86_64 or host)
	@scripts/setup deployment
	scripts/build $(ARCHITECTURE)

# The first time, SAM asks for what belongs to this deployment and keeps the answers, the region among them.
deploy: build ## Build and deploy to AWS; the first time it asks for the parameters
	@test -f samconfig.local.toml || cp samconfig.toml samconfig.local.toml
	@if grep -q '^region' samconfig.local.toml; then \
		$(SAM) deploy --config-file samconfig.local.toml; \
	else \
		$(SAM) deploy --guided --config-file samconfig.local.toml; \
	fi

# An index or a sample database has to be deployed: docs/deploy.md.
seed: ## Upload documents, semantic layers and the sample database (DOCUMENTS=, LAYERS=: folders of your own)
	@scripts/setup deployment
	$(TOOLS)/bin/python scripts/seed $(DOCUMENTS) $(if $(LAYERS),--layers $(LAYERS))

clean: ## Remove everything that was built
	cargo clean
	rm -rf .aws-sam tests/ui/node_modules tests/charts/node_modules

define step
@printf '== %s %s\n' "$$(date +%H:%M:%S)" '$(1)'
endef
