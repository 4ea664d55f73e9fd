# Every command sets up what it needs. `make run` and `make test` are all a newcomer has to know.
.DEFAULT_GOAL := help
export PYTHONTZPATH :=
PY := .venv/bin/python

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

# The first Python on the path that is new enough sets up .venv; setup_venv.py says what is wrong where none is.
SETUP = for p in $$PYTHON python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then exec $$p echo_portal/checkout/setup_venv.py $(1); fi; \
	done; echo "The portal needs Python 3.11 or newer, and none was found. Install it, or name it: PYTHON=/path/to/python3.11 make $(or $(MAKECMDGOALS),run)"; exit 1

.venv/run.stamp: requirements/run.txt
	@$(call SETUP,run)

.venv/dev.stamp: requirements/dev.txt
	@$(call SETUP,dev)

.PHONY: help run dev test drill check bench messages lock
run: .venv/run.stamp  ## the portal, with sample data, on http://127.0.0.1:8000
	@exec $(PY) -m echo_portal.checkout.serve

dev: .venv/run.stamp  ## the same with autoreload and debug pages
	@exec $(PY) -m echo_portal.checkout.serve --dev

test: .venv/dev.stamp  ## the whole suite, on real engines and in a real browser
	@$(PY) -m echo_portal.checkout.translations compile
	@$(PY) -m tests.find_browser
	@$(PY) -m pytest -n 2 --dist worksteal $(ARGS)

drill: .venv/dev.stamp  ## the long drills: killed processes, odd requests, random sequences, every page in both colour schemes, backup and restore, the image
	@$(PY) -m echo_portal.checkout.translations compile
	@$(PY) -m tests.find_browser
	@HYPOTHESIS_SEQUENCES=3000 $(PY) -m pytest tests/registrations/test_registration_rules.py $(ARGS)
	@AXE=all $(PY) -m pytest tests/browser/test_pages.py -k finds_nothing_on_any_page $(ARGS)
	@$(PY) -m pytest tests/drills tests/faults $(ARGS)

check: .venv/dev.stamp  ## lint, format, templates, types, migrations, deploy check, translations
	@$(PY) -m echo_portal.checkout.checks

bench: .venv/dev.stamp  ## the benchmarks, each figure beside its target
	@$(PY) -m echo_portal.checkout.translations compile
	@$(PY) -m bench.pages; $(PY) -m bench.registration_burst; $(PY) -m bench.outbox; $(PY) -m bench.reminders; $(PY) -m bench.feeds; $(PY) -m bench.feed_edits

messages: .venv/dev.stamp  ## bring locale/fr up to date with the sources
	@$(PY) -m echo_portal.checkout.translations update

UV_COMPILE = uv pip compile -q --generate-hashes --no-emit-index-url --universal --python-version 3.11 --custom-compile-command "make lock" pyproject.toml
lock:  ## renew the hash-locked requirements (needs uv)
	$(UV_COMPILE) -o requirements/production.txt
	$(UV_COMPILE) --group run -o requirements/run.txt
	$(UV_COMPILE) --group run --group dev -o requirements/dev.txt
