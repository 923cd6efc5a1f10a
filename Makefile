# make demo, make test: all the set-up and then the thing itself. Both make .venv where it is
# missing; a second call starts at once. On Windows use the pip lines of the README.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

.PHONY: demo test slow check torture clean

demo: $(VENV)/.installed-train
	$(BIN)/tokmon demo

test: $(VENV)/.installed-test
	$(BIN)/pytest -n auto -m "not slow"

slow: $(VENV)/.installed-test
	$(BIN)/pytest -n auto -m slow

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

torture: $(VENV)/.installed-test
	$(BIN)/python bench/torture.py --kills 50

clean:
	rm -rf $(VENV)

$(VENV)/.installed-%: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$*]"
	touch $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "tokmon needs Python 3.11 or newer; name one with make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "no venv module; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
