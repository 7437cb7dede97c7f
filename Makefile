# The front door. Meson is underneath; each target is what its line says.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BUILD := build
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
.PHONY: help build test test-full test-peers break e2e asan tsan fuzz bench soak lint fmt docs ui run dist hooks

help: ## this list
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  \1\t\2/p' Makefile | expand -t 16

$(BUILD)/build.ninja:
	meson setup $(BUILD) -Dtests=true

build: $(BUILD)/build.ninja ## the daemon, its page and the tests, into build/
	ninja -C $(BUILD) -j $(JOBS)

test: build ## unit tests, golden texts and the fuzz corpus: under 30 s
	meson test -C $(BUILD) --no-rebuild --print-errorlogs

test-full: ## everything that ./check runs except the browser and the peers
	./check lint unit corpus asan tsan

test-peers: ## side by side with real programs: HAProxy, nginx, Prometheus
	./check peers

break: build ## the store broken at length: kills, power cuts, damaged files, faults (half an hour)
	FUSEBOX_BUILD=$(BUILD) FUSEBOX_BREAK=long node --test --test-concurrency=1 \
		test/peers/{crash_everywhere,power,bitflip,faults,daemon}.test.mjs

e2e: ## the daemon from outside, and the page in a browser
	./check e2e

asan: ## unit tests under the address and undefined behaviour sanitizers
	./check asan

tsan: ## unit tests under the thread sanitizer
	./check tsan

fuzz: ## every fuzz target for FUZZ_SECONDS (clang)
	[ -e build-fuzz/build.ninja ] || CC=clang meson setup build-fuzz -Dfuzz=true \
		-Db_sanitize=address,undefined -Db_lundef=false -Dc_args=-fsanitize=fuzzer-no-link
	ninja -C build-fuzz -j $(JOBS)
	for source in fuzz/fuzz_*.c; do name=$$(basename $$source .c); name=$${name#fuzz_}; \
		found=build-fuzz/found-$$name; mkdir -p $$found; dict=fuzz/dict/$$name.dict; \
		build-fuzz/fuzz/fuzz_$$name $$([ ! -e $$dict ] || echo -dict=$$dict) \
			-max_total_time=$(FUZZ_SECONDS) $$found fuzz/corpus/$$name || exit 1; \
	done

bench: build ## measured beside Debian's Prometheus; figures go to bench/results.md
	bench/run

soak: build ## the daemon under constant load for ten minutes: its memory stays flat
	FUSEBOX=$(BUILD)/fusebox node bench/evaluate.mjs 300 600 10 soak

lint: ## rooms, banned functions, format
	@failed=0; for check in scripts/check-*; do $$check || failed=1; done; exit $$failed

fmt: ## formats the C files
	scripts/check-format --fix

docs: build ## the pages that are generated from the tables
	$(BUILD)/fusebox config --reference >docs/reference/configuration.md

ui: ## the dashboard alone, into build/ui/
	scripts/build-ui $(BUILD)/ui

run: build ## the demonstration: a real system that fails and recovers
	$(BUILD)/fusebox demo

dist: ## the source as build/fusebox-VERSION.tar.gz
	@version=$$(sed -nE "s/^ *version: '(.*)',/\1/p" meson.build); mkdir -p $(BUILD); \
	git archive --prefix=fusebox-$$version/ -o $(BUILD)/fusebox-$$version.tar.gz HEAD && ls -l $(BUILD)/fusebox-$$version.tar.gz

hooks: ## makes `make lint` run before every commit
	printf '#!/bin/sh\nexec make -s lint\n' >$$(git rev-parse --git-path hooks/pre-commit)
	chmod +x $$(git rev-parse --git-path hooks/pre-commit)
