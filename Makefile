# The verbs people and CI type; each sets up what it needs and repeats nothing needlessly.
.DEFAULT_GOAL := help
.PHONY: help build test soak fuzz demo bench docs asan tsan fmt tidy clean FORCE
.DELETE_ON_ERROR:

python := .venv/bin/python
BENCH ?= quick
SECONDS ?= 600
RUNS ?= 1000
# Objects of build/release serve the wheel in build/wheel, too.
export CCACHE_BASEDIR ?= $(CURDIR)
export CCACHE_NOHASHDIR ?= 1
cpp_files = $$(git ls-files --cached --others --exclude-standard '*.h' '*.cc')
python_files := python tools tests bench
run_ctest = ctest --output-on-failure -j2 --test-dir

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile

# setup.sh rewrites the stamp only when it installed something.
.venv/stamp: FORCE
	@tools/setup.sh

build/%/build.ninja: .venv/stamp
	cmake --preset $*
	@touch $@

build: build/release/build.ninja  ## release build: build/release/windrow, and the package in .venv
	@cmake --build build/release
	@echo "$(CURDIR)/build/release/python" >"$$($(python) -c \
		'import sysconfig; print(sysconfig.get_path("purelib"))')/windrow.pth"

test: build  ## every test: unit, cases, Python
	@status=0; \
	$(run_ctest) build/release || status=$$?; \
	$(python) -m pytest tests || status=$$?; \
	exit $$status

soak: build  ## faults: pod-usage, random ones, SECONDS= and RUNS= bound it; a cluster, one each
	@PYTHONPATH=tests $(python) tests/soak_pod_usage.py --seconds $(SECONDS) --runs $(RUNS)
	@PYTHONPATH=tests $(python) tests/soak_cluster.py

fuzz: build/asan/build.ninja  ## decoders on damaged input under the address sanitizer; SECONDS=
	@cmake --build build/asan --target windrow-fuzz
	@cd build/asan && ARROW_DEFAULT_MEMORY_POOL=system ./windrow-fuzz --seconds $(SECONDS)

demo: build  ## join generated quotes and securities, step by step
	@tools/demo.sh

bench: build  ## benchmark against peers; BENCH=quick, full or a name
	@$(python) bench/run.py $(BENCH)

docs: .venv/stamp  ## the site of the documents, build/site/index.html
	@NO_MKDOCS_2_WARNING=1 $(python) -m mkdocs --quiet build

asan: build/asan/build.ninja  ## unit tests and cases under the address sanitizer
	@cmake --build build/asan
	@export ARROW_DEFAULT_MEMORY_POOL=system; status=0; \
	$(run_ctest) build/asan || status=$$?; \
	WINDROW_BINARY=build/asan/windrow $(python) -m pytest tests/test_cases.py || status=$$?; \
	exit $$status

tsan: build/tsan/build.ninja  ## unit tests under the thread sanitizer
	@cmake --build build/tsan
	@TSAN_OPTIONS=ignore_noninstrumented_modules=1 $(run_ctest) build/tsan

fmt: .venv/stamp  ## format C++ and Python in place
	@clang-format-16 -i $(cpp_files)
	@.venv/bin/ruff format --quiet $(python_files)

tidy: .venv/stamp  ## check the house rules
	@$(python) tools/tidy.py
	@.venv/bin/ruff check --quiet $(python_files)

clean:  ## remove the build folder; .venv and demo data stay
	@rm -rf build
