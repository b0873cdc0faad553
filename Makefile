# Everything a laptop or CI needs: python3 (3.11 or later), pip and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
PIP := python -m pip --disable-pip-version-check install --quiet
# The sample clients are built where the repository is, wherever the user's own data and reports may lie.
HERE := env -u D365BENCH_DATA -u D365BENCH_REPORTS

# Spark runs on Java 17 or later. CI has it and skips nothing; a laptop may go without.
HAS_JAVA := "$${JAVA_HOME:+$$JAVA_HOME/bin/}java" -XshowSettings:properties -version 2>&1 \
	| grep -Eq 'java.specification.version = (1[7-9]|[2-9][0-9])'

.PHONY: help demo test spark-test lab bench bench-scale lock sample docs clean
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST)

demo: $(VENV)/runtime.stamp ## build the invented sample clients' stores and reports
	$(HERE) $(BIN)/d365bench report --all --jobs $(JOBS)
	@echo "Done. Open reports/index.html in a browser; 'make lab' opens the notebooks in JupyterLab."

lab: $(VENV)/runtime.stamp ## open the notebooks in JupyterLab (make lab CLIENT=name)
	$(BIN)/d365bench lab $(CLIENT)

test: $(VENV)/dev.stamp ## format, lint, types, notebooks without outputs, tests; those on Spark where there is Java
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/nbstripout --verify notebooks/*.ipynb
	$(HERE) $(BIN)/pytest -n $(JOBS) --dist loadfile
	@if [ "$$CI" = true ] || $(HAS_JAVA); then $(MAKE) spark-test; else \
	echo "SKIPPED: the roll-up on Spark was not tested, for want of Java 17 or later; CI tests it ('make spark-test')."; fi

spark-test: $(VENV)-spark/spark.stamp ## only the tests of the roll-up on Spark; needs Java 17
	$(HERE) $(VENV)-spark/bin/pytest -m spark

bench: $(VENV)/dev.stamp ## measure against the bare engine (make bench BENCH="--participants 100000")
	$(BIN)/python benchmarks/run.py $(BENCH)

bench-scale: $(VENV)/dev.stamp ## loads of 2 and 10 million participants under 2 GB (make bench-scale SCALE="--millions 50")
	$(BIN)/python benchmarks/scale.py $(SCALE)

docs: $(VENV)/runtime.stamp ## write the generated pages of docs/ anew
	$(BIN)/python docs/generate.py

# Seeded: the same command gives the same bytes again.
sample: $(VENV)/runtime.stamp ## make data/sample anew
	rm -rf data/sample
	$(HERE) $(BIN)/d365bench sample harborline --kind call-centre --seed 11
	$(HERE) $(BIN)/d365bench sample castellan --kind two-environments --seed 12
	$(HERE) $(BIN)/d365bench sample ferrowerk --kind mixed-shapes --seed 13

# Universal: one file serves every platform and every Python from 3.11.
RESOLVE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-config --group build \
	--custom-compile-command "make lock"
lock: $(VENV)/dev.stamp ## resolve both lock files anew
	$(BIN)/uv $(RESOLVE) --output-file requirements.lock pyproject.toml
	$(BIN)/uv $(RESOLVE) --group dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	$(BIN)/uv $(RESOLVE) --group spark-test --constraint requirements.lock --output-file requirements-spark.lock pyproject.toml

clean: ## remove the environment and everything made from the samples
	rm -rf $(VENV) $(VENV)-spark build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find data/sample -type d -name .d365bench -prune -exec rm -rf {} +

# An environment is built once per lock file; the package is then installed from here, without looking anything up.
%/python.stamp:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "d365bench needs Python 3.11 or later")'
	$(PYTHON) -m venv $*
	touch $@

%/runtime.stamp: requirements.lock pyproject.toml | %/python.stamp
	@echo "Installing d365bench into $* (a minute or two) ..."
	$*/bin/$(PIP) --require-hashes -r requirements.lock
	$*/bin/$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

%/dev.stamp: requirements-dev.lock %/runtime.stamp
	$*/bin/$(PIP) --require-hashes --no-build-isolation -r requirements-dev.lock
	touch $@

%/spark.stamp: requirements-spark.lock %/runtime.stamp
	$*/bin/$(PIP) --require-hashes --no-build-isolation -r requirements-spark.lock
	touch $@

.SECONDARY:
