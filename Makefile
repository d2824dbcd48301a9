# Everything runs in an environment of its own: top-level names such as `config` exist elsewhere.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: demo test check install install-dev requirements translations clean

demo: $(VENV)/.installed
	ENVIRONMENT=development $(BIN)/credlet demo $(ARGS)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

PIP_COMPILE = $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-header --no-emit-index-url --no-emit-find-links

requirements: $(VENV)/.installed-dev
	$(PIP_COMPILE) --extra postgres --extra redis --output-file requirements.txt pyproject.toml
	$(PIP_COMPILE) --extra postgres --extra redis --extra dev --output-file requirements-dev.txt pyproject.toml

translations: $(VENV)/.installed-dev
	cd lti_tool && $(abspath $(BIN))/pybabel -q extract -F web/translations/babel.cfg -k N_ --no-wrap \
		--add-location=file --omit-header -o web/translations/messages.pot .
	cd lti_tool/web/translations && $(abspath $(BIN))/pybabel -q update --no-fuzzy-matching \
		--ignore-obsolete --omit-header --no-wrap -i messages.pot -d . && rm messages.pot

clean:
	rm -rf $(VENV) instance .mypy_cache .pytest_cache .ruff_cache
