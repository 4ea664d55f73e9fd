# Every command installs what it needs. To start, you only need `make run` and `make test`.
.DEFAULT_GOAL := help
export PYTHONTZPATH :=
# Compiled modules are written to __pycache__, also if the environment says otherwise: each process starts seconds earlier.
export PYTHONDONTWRITEBYTECODE :=
PY := .venv/bin/python

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

# Create .venv with the first Python on the path that is 3.11 or newer.
SETUP = for p in $$PYTHON python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then exec $$p echo_portal/checkout/setup_venv.py $(1); fi; \
	done; echo "The portal needs Python 3.11 or newer, and none was found. Install it, or say where it is: PYTHON=/path/to/python3.11 make $(or $(MAKECMDGOALS),run)"; exit 1

.venv/run.stamp: requirements/run.txt
	@$(call SETUP,run)

.venv/dev.stamp: requirements/dev.txt
	@$(call SETUP,dev)

.PHONY: help run dev test drill check bench messages lock
run: .venv/run.stamp  ## run the portal, with sample data, on http://127.0.0.1:8000
	@exec $(PY) -m echo_portal.checkout.serve

dev: .venv/run.stamp  ## the same, with autoreload and debug pages
	@exec $(PY) -m echo_portal.checkout.serve --dev

test: .venv/dev.stamp  ## run all tests, with real Postgres, Valkey and Chromium
	@$(PY) -m echo_portal.checkout.translations compile
	@$(PY) -m tests.find_browser
	@$(PY) -m pytest -n 2 --dist worksteal -m "not drill" $(ARGS)

drill: .venv/dev.stamp  ## run the long tests: killed processes, malformed requests, random sequences, every page in both colour schemes, backup and restore, the image
	@$(PY) -m echo_portal.checkout.translations compile
	@$(PY) -m tests.find_browser
	@HYPOTHESIS_SEQUENCES=2000 $(PY) -m pytest -n 2 tests/registrations/test_registration_rules.py tests/sessions_app/test_status.py $(ARGS)
	@AXE=all $(PY) -m pytest -n 2 --dist worksteal -m "drill or all_screens" $(ARGS)
	@$(PY) -m pytest -n 2 --dist loadfile tests/drills tests/faults $(ARGS)

check: .venv/dev.stamp  ## check lint, format, templates, types, import rule, migrations, deployment settings and translations
	@$(PY) -m echo_portal.checkout.checks

bench: .venv/dev.stamp  ## run the benchmarks and compare them with their targets
	@$(PY) -m echo_portal.checkout.translations compile
	@$(PY) -m bench.pages; $(PY) -m bench.registration_burst; $(PY) -m bench.outbox; $(PY) -m bench.newsletter; $(PY) -m bench.session_news; $(PY) -m bench.subscribers; $(PY) -m bench.reminders; $(PY) -m bench.feeds; $(PY) -m bench.feed_edits; $(PY) -m bench.workspace

messages: .venv/dev.stamp  ## update locale/fr from the sources
	@$(PY) -m echo_portal.checkout.translations update

UV_COMPILE = uv pip compile -q --generate-hashes --no-emit-index-url --universal --python-version 3.11 --custom-compile-command "make lock" pyproject.toml
lock:  ## update the hash-locked requirements (needs uv)
	$(UV_COMPILE) -o requirements/production.txt
	$(UV_COMPILE) --group run -o requirements/run.txt
	$(UV_COMPILE) --group run --group dev -o requirements/dev.txt
