# neurocmc: `make demo` and `make test` are all one needs; `make` alone lists the rest.
# Everything is installed into .venv by plain pip, made again when pyproject.toml changes.

PYTHON ?= python3
WORKERS ?= 2
TORCH ?= yes

RUN := .venv/bin/python
PIP := $(RUN) -m pip install -qq --disable-pip-version-check
INSTALLED := .venv/.installed
WITH_TEST := .venv/.installed-test
WITH_CHECK := .venv/.installed-check
WITH_DOCS := .venv/.installed-docs
WITH_NENGO := .venv-nengo/.installed
WITH_BRIAN2_LOIHI := .venv-brian2-loihi/.installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test check quality lint types imports bench fuzz docs links lava lava-310 netx spiking pynn sanafe interpreters \
	circuit-files browser clean distclean

help:
	@echo 'make demo       install, compile the bundled circuit for Loihi 1, verify it, draw it (build/demo)'
	@echo 'make test       install, run all tests'
	@echo 'make check      lint, types, import contracts, tests: what CI asks for, but for the docs'
	@echo 'make docs       build the documentation without warnings (docs/_build/html/index.html)'
	@echo 'make links      ask every address that the documentation names, and run a notebook as it is downloaded'
	@echo 'make browser    look at the report and the documentation in Chromium, four widths, light and dark, with axe-core'
	@echo 'make bench      speed and accuracy beside Lava, nengo-loihi and brian2-loihi (makes .venv-nengo and the like)'
	@echo 'make fuzz       N=50000 mutated input files, and kills at every file event (SEED=0; RESUME=1 goes on)'
	@echo 'make sanafe     make .venv-sanafe, the environment of SANA-FE, and print its interpreter'
	@echo 'make interpreters  install the wheel on every Python from 3.11 that there is, and try it (EVERYTHING=1: all of it)'
	@echo 'make circuit-files make models/*.circuit.npz, the trained circuits for which no torch is needed, from models/*.pt'
	@echo 'make lava       make .venv-lava, the environment of stock Lava, and print its interpreter'
	@echo 'make lava-310   the same on Python 3.10, where there is one; make netx: with lava-dl beside it'
	@echo 'make spiking    make .venv-spiking, the environment of snnTorch, Norse and sinabs, and print its interpreter'
	@echo 'make pynn       make .venv-pynn, the environment of PyNN, NEST and its Brian2, and print its interpreter'
	@echo 'make clean      remove what was built; make distclean: the environments as well'
	@echo
	@echo 'Options: PYTHON=python3.12 (at least 3.11) makes .venv with it, WORKERS=4 tests with four processes, TORCH=no'
	@echo 'leaves the extra [torch] out: nothing is trained, no checkpoint read, and tests that need it are skipped.'

demo: $(INSTALLED)
	@$(RUN) -m neurocmc demo swta-digits --target loihi1 -o build/demo

# One thread a worker: the workers are the parallelism. What was compiled is kept for the next process of so many.
test: $(WITH_TEST)
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(RUN) -m pytest -n $(WORKERS)

check: quality test

quality: lint types imports

lint: $(WITH_CHECK)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: $(WITH_CHECK)
	$(RUN) -m pyright --pythonpath $(RUN)

imports: $(WITH_CHECK)
	.venv/bin/lint-imports

# PARTS names some of: emulators cores forward digits accuracy energy. QUICK=1 measures less. NEUROCMC_NENGO_PYTHON,
# NEUROCMC_BRIAN2_LOIHI_PYTHON and NEUROCMC_LAVA_PYTHON name interpreters that have the peers already.
bench: $(WITH_TEST) $(if $(NEUROCMC_NENGO_PYTHON),,$(WITH_NENGO)) \
		$(if $(NEUROCMC_BRIAN2_LOIHI_PYTHON),,$(WITH_BRIAN2_LOIHI))
	$(RUN) -m tests.bench $(PARTS) $(if $(QUICK),--quick)

# KILLS=0 leaves the kills out. What broke a promise is kept below build/fuzz.
fuzz: $(WITH_TEST)
	OMP_NUM_THREADS=1 $(RUN) -m tests.fuzz --workers $(WORKERS) $(if $(N),--cases $(N)) $(if $(SEED),--seed $(SEED)) \
		$(if $(KILLS),--kills $(KILLS)) $(if $(RESUME),--resume)

docs: $(WITH_DOCS)
	$(RUN) docs/make_gallery.py $(GALLERY)
	OMP_NUM_THREADS=1 $(RUN) -m sphinx -W --keep-going --quiet -b html docs docs/_build/html
	@$(RUN) docs/check_links.py
	@echo 'documentation: docs/_build/html/index.html'

# Those to the rest of the world, and a notebook as a reader downloads it.
links: docs
	$(RUN) docs/check_links.py --external
	OMP_NUM_THREADS=1 $(RUN) docs/check_links.py --run memory

# Chromium comes from the path, or from Debian where root may install it; the checks come by npm.
browser: docs $(WITH_TEST)
	OMP_NUM_THREADS=1 $(RUN) -m tests.browser.check --docs

interpreters:
	@$(call need_python,$(PYTHON))
	@$(PYTHON) tests/interpreters.py $(if $(EVERYTHING),--everything)

circuit-files: $(INSTALLED)
	$(RUN) -m tests.made.circuit_files

lava lava-310 netx:
	@$(call need_python,$(PYTHON))
	@$(PYTHON) tests/lava_environment.py $@

sanafe pynn:
	@$(call need_python,$(PYTHON))
	@$(PYTHON) tests/lava_environment.py $@

# By our own interpreter, whose torch it uses.
spiking: $(WITH_TEST)
	@$(RUN) tests/lava_environment.py $@

clean:
	rm -rf build dist docs/_build docs/_generated .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find neurocmc tests examples docs -name __pycache__ -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv .venv-lava .venv-lava-310 .venv-netx .venv-spiking .venv-nengo .venv-brian2-loihi \
		.venv-partitioners .venv-pynn .venv-sanafe

# Fails with a sentence instead of a traceback where $(1) is missing or too old.
need_python = $(1) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "neurocmc needs Python 3.11 or newer, and '$(1)' is not: name one, say  make PYTHON=python3.11 ..." >&2; \
	exit 1; }

.venv/.made:
	@$(call need_python,$(PYTHON))
	@echo 'making .venv'
	@$(PYTHON) -m venv --clear .venv
	@touch $@

$(INSTALLED): .venv/.made pyproject.toml
	@echo 'installing neurocmc into .venv'
	@$(PIP) -e '.$(if $(filter yes,$(TORCH)),[torch])'
	@touch $@

$(WITH_TEST) $(WITH_CHECK) $(WITH_DOCS): .venv/.installed-%: $(INSTALLED)
	@echo 'installing what $* needs into .venv'
	@$(PIP) -e '.[$*]'
	@touch $@

# The peers that `make bench` measures against have needs of their own: NumPy 1, old Brian2 and Cython.
$(WITH_NENGO) $(WITH_BRIAN2_LOIHI): .venv-%/.installed: tests/bench/requirements-%.txt
	@$(call need_python,$(PYTHON))
	@echo 'making .venv-$*'
	@$(PYTHON) -m venv --clear .venv-$*
	@.venv-$*/bin/python -m pip install -qq --disable-pip-version-check -r tests/bench/requirements-$*.txt
	@touch $@
