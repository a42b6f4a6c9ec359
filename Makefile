# Keepstead. `make help` explains every target; `make check` is exactly what CI runs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO := go
# The version is ours to give, so Go need not ask git for one (and fail on a folder of another owner).
BUILD := -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)'
DATA ?= ./data
LISTEN ?= 127.0.0.1:8080
TESTFLAGS ?=
# The longest first, so that the others run beside them; vet has a target of its own.
PACKAGES ?= ./e2e ./jobs ./...
SCREENSHOTS ?= bin/screenshots

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: bin/restic ## Build bin/keepstead and the restic it drives
	$(GO) build $(BUILD) -o bin/keepstead .

.PHONY: run
run: build ## Build and serve on 127.0.0.1:8080 with the data in ./data (LISTEN=…, DATA=…)
	exec ./bin/keepstead serve --listen '$(LISTEN)' --data '$(DATA)' --restic '$(CURDIR)/bin/restic'

.PHONY: dev
dev: bin/restic ## Serve, and build anew whenever a Go or templ file changes
	$(GO) tool templ generate -watch -cmd "$(GO) run . serve --listen $(LISTEN) --data $(DATA) --restic $(CURDIR)/bin/restic"

.PHONY: test
test: bin/restic bin/versitygw ## Run all tests with the race detector (PACKAGES=./store TESTFLAGS='-v -run Claim')
	$(GO) test -race -vet=off -ldflags '-s -w' -timeout 60m $(TESTFLAGS) $(PACKAGES)

.PHONY: restic-all
restic-all: bin/restic-linux-amd64 bin/restic-linux-arm64 ## Build the restic programs that Keepstead brings to other machines

.PHONY: testimages
testimages: ## Make the Docker images that tests of Docker apps run, offline; as root, once (cached in ~/.cache)
	./tools/testimages/make.sh

.PHONY: check
check: fresh vet lint test-all ## Everything CI runs: generated files fresh, vet, lint, all tests without a skip

.PHONY: bench
bench: bin/restic bin/versitygw ## Time backups against plain restic's, and every page and 500 open ones with 500 apps and 100,000 snapshots
	$(GO) test -run '^$$' -bench . -benchtime 1x -count 1 -timeout 90m ./e2e ./gateway ./index

# In a mount namespace of its own, so that the apps of the pictures lie in a /srv that is theirs alone.
.PHONY: screenshots
screenshots: bin/restic bin/versitygw ## Draw every page into bin/screenshots, as root, after make testimages (SCREENSHOTS=dir)
	unshare --mount sh -c 'mount -t tmpfs keepstead /srv && exec "$$@"' sh env KEEPSTEAD_SCREENSHOTS='$(abspath $(SCREENSHOTS))' KEEPSTEAD_SCREENSHOTS_ROOT=/srv \
		$(GO) test -tags screenshots -run '^TestScreenshots$$' -count 1 -timeout 30m -v ./e2e

.PHONY: generate
generate: bin/oapi-codegen ## Write the Go code that templ and the OpenAPI document stand for
	$(GO) tool templ generate -path views -log-level warn
	$(GO) tool templ fmt -log-level warn views
	cd handlers/api && ../../bin/oapi-codegen -config oapi-codegen.yaml openapi.yaml

.PHONY: css
css: ## Write static/app.css, the scripts and the icons (needs Node)
	# Not `npm ci`: it refuses a lock without the optional packages of other systems, which not every registry has.
	cd tools/css && npm install --no-save --ignore-scripts --no-audit --no-fund --silent && npm run --silent build

.PHONY: clean
clean: ## Remove what was built; ./data stays
	rm -rf bin tools/css/node_modules

# What `check` is made of.

.PHONY: fresh
fresh:
	./tools/fresh.sh

.PHONY: vet
vet:
	$(GO) vet -tags screenshots ./...

.PHONY: lint
lint: bin/golangci-lint
	./bin/golangci-lint run ./...

.PHONY: test-all
test-all:
	./tools/testall.sh

# The tools, each pinned by a module of its own and built only when that module changes.

bin/restic: tools/restic/go.mod tools/restic/go.sum
	CGO_ENABLED=0 $(GO) build -C tools/restic -trimpath -buildvcs=false -tags disable_grpc_modules -ldflags '-s -w' -o ../../$@ github.com/restic/restic/cmd/restic

# One for each architecture that a machine may have; that of this one is bin/restic itself.
bin/restic-linux-$(shell $(GO) env GOARCH): bin/restic
	ln -sf restic $@

bin/restic-linux-%: tools/restic/go.mod tools/restic/go.sum
	CGO_ENABLED=0 GOOS=linux GOARCH=$* $(GO) build -C tools/restic -trimpath -buildvcs=false -tags disable_grpc_modules -ldflags '-s -w' -o ../../$@ github.com/restic/restic/cmd/restic

bin/versitygw: tools/s3server/go.mod tools/s3server/go.sum
	CGO_ENABLED=0 $(GO) build -C tools/s3server -trimpath -buildvcs=false -ldflags '-s -w' -o ../../$@ github.com/versity/versitygw/cmd/versitygw

bin/golangci-lint: tools/lint/go.mod tools/lint/go.sum
	CGO_ENABLED=0 $(GO) build -C tools/lint -trimpath -buildvcs=false -ldflags '-s -w' -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

bin/oapi-codegen: tools/oapi/go.mod tools/oapi/go.sum
	CGO_ENABLED=0 $(GO) build -C tools/oapi -trimpath -buildvcs=false -ldflags '-s -w' -o ../../$@ github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen
