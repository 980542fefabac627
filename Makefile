# Two commands matter: make run and make test. make help lists the rest.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules

# Go and npm keep their caches at home; some build machines have none.
ifneq ($(shell [ -w "$${HOME:-}" ] && echo yes),yes)
export HOME := $(CURDIR)/.cache/home
$(shell mkdir -p '$(HOME)')
endif

# The version is stamped below, also where git refuses to talk about another user's clone.
export GOFLAGS := $(GOFLAGS) -buildvcs=false

VERSION  = $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
GO_LINT  = go tool -modfile=tools/go.mod golangci-lint
NPM      = npm --no-audit --no-fund --no-update-notifier --loglevel=error
SERVICES = go run ./internal/tools/withservices
HOT      = ./socketio ./internal/message ./internal/realtime ./internal/store ./internal/cluster
STAMP    = .cache/stamp

.PHONY: help run dev build test fmt lint e2e bench fuzz faults
.PHONY: tools setup web check-fmt vet test-go test-faults test-web FORCE

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

run: ## build what is stale, then start the server
	@scripts/check-tools go node
	@$(MAKE) --no-print-directory build
	@exec bin/maska

dev: ## start the server, and Vite with hot reload in front of it
	@scripts/check-tools go node
	@$(MAKE) --no-print-directory build
	@trap 'kill $$server' EXIT; CORS_ORIGINS="$${CORS_ORIGINS:+$$CORS_ORIGINS,}http://localhost:5173" bin/maska & server=$$!; $(NPM) --prefix web run dev

build: web ## build bin/maska, one file with everything in it
	@CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/maska ./cmd/maska

test: tools setup web check-fmt lint vet test-go test-faults test-web e2e ## everything a change must pass, as CI runs it
	@echo 'make test: passed'

fmt: web/node_modules/.package-lock.json ## format Go and TypeScript
	$(GO_LINT) fmt
	$(NPM) --prefix web run --silent fmt

lint: ## golangci-lint
	$(GO_LINT) run

e2e: build e2e/node_modules/.package-lock.json ## the browser tests, against bin/maska
	$(SERVICES) $(NPM) --prefix e2e test

bench: build bench/node/node_modules/.package-lock.json ## the hot paths, then ours beside Node, with goals; ten minutes
	$(SERVICES) go test -run '^$$' -bench . -benchtime 200ms -benchmem $(HOT)
	$(SERVICES) go run ./internal/tools/benchcompare

faults: tools setup web ## break servers, databases and networks under load for 25 minutes; FAULTS=F1,F6 picks
	go run ./internal/tools/faults $(if $(FAULTS),-only $(FAULTS))

fuzz: web ## every fuzz target, FUZZTIME each (10s)
	scripts/fuzz $(or $(FUZZTIME),10s)

# --- steps of the above ---

tools:
	@scripts/check-tools go node git make gcc

setup:
	@scripts/setup-services

check-fmt:
	$(GO_LINT) fmt --diff

vet:
	go vet ./...

test-go: web
	CGO_ENABLED=1 $(SERVICES) go test -race -shuffle=on $$(go list ./... | grep -v /internal/faultlab$$)

# They run real servers and measure them, so they run alone.
test-faults: web
	go test -count=1 ./internal/faultlab

test-web: web
	$(NPM) --prefix web run --silent check
	$(NPM) --prefix web run --silent test
	$(NPM) --prefix web run --silent size

# --- what is built only when stale ---

# Folders are named too, so that a deleted file counts as a change. Tests are no part of the app.
WEB_SOURCES = $(wildcard web/*.html web/*.json web/*.ts) \
	$(shell find web/src web/public web/scripts -not -name '*.test.ts' -not -name '*.test.tsx' 2>/dev/null)

web: $(STAMP)/web

$(STAMP)/web: web/node_modules/.package-lock.json $(WEB_SOURCES) $(if $(wildcard web/dist/index.html),,FORCE)
	@echo 'web: building'
	@$(NPM) --prefix web run --silent build >/dev/null
	@mkdir -p $(STAMP) && touch $@

# npm writes this file last.
%/node_modules/.package-lock.json: %/package-lock.json %/package.json
	@echo '$*: installing'
	@$(NPM) --prefix $* ci >/dev/null
	@touch $@

FORCE:
