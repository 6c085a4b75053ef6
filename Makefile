# The same commands by hand and in CI. Everything is installed into .venv; a second run installs nothing.
PYTHON ?= python3
PORT ?= 7860
INDEX ?= index
VENV := .venv
BIN := $(VENV)/bin
# Where this is set, each process compiles its Python files anew, and a server takes twice as long to start.
export PYTHONDONTWRITEBYTECODE :=
# Two at once, whoever is free takes over; each computes in one thread, so that they do not wait for each other.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n 2
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: chat test test-all lint types documents pictures site clean

chat: $(VENV)/installed
	$(BIN)/pincite update docs_corpus --index $(INDEX)
	$(BIN)/pincite chat --index $(INDEX) --port $(PORT)

test: $(VENV)/installed-dev
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python scripts/find_browser.py --install
	$(PYTEST) --dist worksteal -m "not slow"

test-all: test  # what is slow besides, and a kill at far more steps
	$(PYTEST) --dist loadfile -m slow --soak 12
	$(PYTEST) tests/test_crashes.py -m "not slow" --kills 75

lint: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/installed-dev
	$(BIN)/mypy

documents: $(VENV)/installed-dev  # the PDF, Word and EPUB files of docs_corpus
	$(BIN)/python scripts/make_documents.py

pictures: $(VENV)/installed-dev  # the pictures of the page in README and docs
	$(BIN)/python scripts/make_screenshots.py
	$(BIN)/python scripts/make_film.py

site: $(VENV)/installed-docs  # docs/ as pages, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) build dist

$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV) || { echo "make: $(PYTHON) has no venv: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing into $(VENV), which takes some minutes."
	$(INSTALL) -e '.[offline]'
	touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing into $(VENV), which takes some minutes."
	$(INSTALL) -e '.[offline,dev]'
	touch $(VENV)/installed $@

$(VENV)/installed-docs: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing into $(VENV), which takes some minutes."
	$(INSTALL) -e '.[docs]'
	touch $@
