# Handoffs. `make` lists what can be done here; `make run` and `make test` need nothing but Python 3.11 or newer.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

VENV := .venv
PY := $(VENV)/bin/python
UV := UV_PYTHON_DOWNLOADS=never $(VENV)/bin/uv
PROCESSES ?= 2
TESTS := $(PY) -m pytest -n $(PROCESSES)
# What static checks need to read the settings, as production would have them and whatever the caller has set.
DEPLOYED := env SECRET_KEY=only-to-read-the-settings-during-checks-8c1f0e7a5d2b4e93a6 HANDOFFS_ENV_FILE= \
  HANDOFFS_DATA_DIR=$(VENV)/checks HANDOFFS_DEMO=false DEBUG=false SITE_URL=https://handoffs.example \
  DATABASE_URL= REDIS_URL= STATIC_MANIFEST=true DJANGO_SETTINGS_MODULE=config.settings
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --no-annotate --no-header
PYTHON_FILES := $(wildcard *.py) config routing sla handoffs tests $(wildcard benchmarks)

##@ Use
.PHONY: help
help: ## List these targets
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo 'make run: PORT=8001, HOST=0.0.0.0, HANDOFFS_DATA_DIR, DATABASE_URL and REDIS_URL are honoured.'
	@echo 'make screenshots: ONLY=inbox narrows it to the pages of that name.'
	@echo 'make test: ARGS="tests/routing -k hours" narrows it; DATABASE_URL and REDIS_URL are used as servers.'

.PHONY: run
run: $(VENV)/.installed-run ## Install, prepare and run the demo with everything it needs
	@exec $(PY) -m config.launcher

.PHONY: reset
reset: $(VENV)/.installed-run ## Remove the demo's data
	@$(PY) -m config.launcher --reset

##@ Check
.PHONY: test
test: $(VENV)/.installed-dev ## Run the tests on PostgreSQL, then those marked sqlite on SQLite as well
	$(PY) -m tests.services -- $(TESTS) $(ARGS)
	$(PY) -m tests.services --sqlite -- $(TESTS) -m sqlite $(ARGS)

.PHONY: check
check: check-static test every-cell faults screenshots api-fuzz ## Run all that continuous integration runs

.PHONY: faults
faults: $(VENV)/.installed-dev ## Kill the product a hundred times, race it a thousand, and count
	HANDOFFS_KILLS=100 HANDOFFS_RACES=1000 $(PY) -m tests.services -- $(PY) -m pytest -m fault tests/faults
	HANDOFFS_PICKS=10000 $(PY) -m tests.services -- $(PY) -m pytest tests/routing/test_fair_picks.py
	HANDOFFS_DEMO_TWICE=1 $(PY) -m tests.services -- $(PY) -m pytest tests/handoffs/test_demo.py -k left_to_chance

.PHONY: every-cell
every-cell: $(VENV)/.installed-dev ## Ask every address as everybody by every method; the tests leave some methods out
	HANDOFFS_EVERY_CELL=1 $(PY) -m tests.services -- $(TESTS) tests/access

.PHONY: screenshots
screenshots: $(VENV)/.installed-dev ## Picture every page at two widths in both themes, into var/screenshots, and check each
	HANDOFFS_SCREENSHOTS=var/screenshots HANDOFFS_PLACES='$(ONLY)' $(PY) -m tests.services -- $(PY) -m pytest tests/browser/test_every_page.py

.PHONY: api-fuzz
api-fuzz: $(VENV)/.installed-dev ## Send the API ten times as many made-up requests as the tests do
	HANDOFFS_API_EXAMPLES=100 $(PY) -m tests.services -- $(TESTS) tests/api/test_schemathesis.py

.PHONY: check-static
check-static: format lint types migrations-check deploy-check api-check ## Run all checks but the tests

.PHONY: lint
lint: $(VENV)/.installed-dev ## Lint Python and templates
	$(VENV)/bin/ruff check $(PYTHON_FILES)
	$(VENV)/bin/djlint --lint --quiet templates

.PHONY: format
format: $(VENV)/.installed-dev ## Check the formatting (make fix changes it)
	$(VENV)/bin/ruff format --check $(PYTHON_FILES)

.PHONY: fix
fix: $(VENV)/.installed-dev ## Format, and correct what the linter can
	$(VENV)/bin/ruff check --fix $(PYTHON_FILES)
	$(VENV)/bin/ruff format $(PYTHON_FILES)

.PHONY: types
types: $(VENV)/.installed-dev ## Check the types
	$(DEPLOYED) $(VENV)/bin/mypy $(PYTHON_FILES)

.PHONY: migrations-check
migrations-check: $(VENV)/.installed-dev ## Find model changes without a migration
	$(DEPLOYED) $(PY) manage.py makemigrations --check --dry-run

.PHONY: deploy-check
deploy-check: $(VENV)/.installed-dev ## Check the settings as production would have them
	$(DEPLOYED) $(PY) manage.py check --deploy --fail-level WARNING

.PHONY: api-check
api-check: $(VENV)/.installed-dev ## Check that the API's description is complete and valid
	$(DEPLOYED) $(PY) manage.py spectacular --validate --fail-on-warn --file /dev/null

.PHONY: architecture
architecture: $(VENV)/.installed-dev ## Check who imports whom, and the house rules (part of the tests)
	$(DEPLOYED) STATIC_MANIFEST=false $(PY) -m pytest -q tests/test_architecture.py

.PHONY: audit
audit: $(VENV)/.installed-dev ## Look the locked packages up in the database of known vulnerabilities
	$(VENV)/bin/pip-audit --disable-pip --require-hashes -r requirements.lock

##@ Measure
.PHONY: bench
bench: $(VENV)/.installed-bench ## Run the benchmarks, with their own peers installed
	$(PY) -m tests.services --durable -- $(PY) -m benchmarks $(ARGS)

##@ Maintain
.PHONY: lock
lock: $(VENV)/.installed-uv ## Renew the locks (UPGRADE=1 also takes newer versions)
	$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements.lock --group dev pyproject.toml -o requirements-dev.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements-dev.lock --extra oidc pyproject.toml -o requirements-oidc.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements-dev.lock --group bench -o requirements-bench.lock
	echo 'uv==0.13.8' | $(COMPILE) - -o requirements-uv.lock

.PHONY: permissions
permissions: $(VENV)/.installed-dev ## Write docs/permissions.md from the permission matrix
	$(DEPLOYED) STATIC_MANIFEST=false $(PY) -m tests.access

.PHONY: clean
clean: ## Remove the environment and caches, not the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- The environment -------------------------------------------------------------------------------

# A stamp says what was installed completely. `.installing` says that something is being installed, and by whom:
# found without its process, it means that an installation was interrupted, and everything is installed once more.

define claim
	@if [ -e $(VENV)/.installing ] && kill -0 "$$(cat $(VENV)/.installing)" 2>/dev/null; then \
	  echo "Another make (process $$(cat $(VENV)/.installing)) is installing into $(VENV); try again when it is done." >&2; \
	  exit 1; \
	fi
endef

define install
	$(claim)
	@again=; [ -e $(VENV)/.installing ] && again=1; echo $$PPID > $(VENV)/.installing; \
	echo "Installing $(1) ..."; \
	if ! $(UV) pip install --quiet --python $(PY) --require-hashes $${again:+--reinstall} -r $(1); then \
	  echo "uv did not manage it; trying pip, which knows this machine's own package settings ..."; \
	  $(PY) -m pip install --quiet --require-hashes $${again:+--force-reinstall} -r $(1); \
	fi
	@touch $@ && rm -f $(VENV)/.installing
endef

$(VENV)/.installed-uv: requirements-uv.lock
	$(claim)
	@python=; for each in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$each; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Handoffs needs Python 3.11 or newer and found none; install it, or name it: make PYTHON=/path/to/python3" >&2; \
	  exit 1; \
	fi; \
	if [ -e $(VENV)/.installing ] || ! $(PY) -m pip --version >/dev/null 2>&1; then \
	  echo "Making $(VENV) with $$python ..."; \
	  "$$python" -m venv --clear $(VENV) || { \
	    echo "Python could not make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
	fi; \
	echo $$PPID > $(VENV)/.installing
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@ && rm -f $(VENV)/.installing

$(VENV)/.installed-run: requirements.lock $(VENV)/.installed-uv
	$(call install,requirements.lock)

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed-uv
	$(call install,requirements-dev.lock)

$(VENV)/.installed-bench: requirements-bench.lock $(VENV)/.installed-dev
	$(call install,requirements-bench.lock)
