# One set of flags for everything, so that nothing heavy is compiled twice. No
# service here speaks HTTP/2: without it a function is 0.25 MB smaller.
export CGO_ENABLED := 0
export GOFLAGS := -trimpath -buildvcs=false -tags=nethttpomithttp2

VERSION   := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS   := -s -w -X imagedrop/shared/imagebuild.Version=$(VERSION)
FUNCTIONS := upload message rebuild watch deadletter awscomponent
# Executions, not seconds: at the end of a time go test may report its own
# deadline as a failure of the target (golang/go#75804).
FUZZTIME  := 1000x
# What takes so long hangs: a slow machine needs ten minutes for some packages.
HANGS     := 30m
# What is held to BuildKit's parser stands apart, so that go.mod does not know it.
BUILDKIT  := shared/template/buildkit
# Tests that cut a run off at each of its calls, or ask thousands of samples, do
# less under the race detector (underRace): check runs these again without it.
WHOLE     := Agreement|Every|Cut|InRounds|ObjectChanges|Thousand

.PHONY: run build test check lint bench fuzz durability conformance clean help

run: build ## start the local cloud, drop the example templates, show each outcome, serve until Ctrl-C
	@./dist/imagedrop up --drop events/templates

build: ## build the functions and the command line into dist/
	@for f in $(FUNCTIONS); do \
		GOOS=linux GOARCH=amd64 go build -ldflags '$(LDFLAGS)' -o dist/$$f/main ./functions/$$f || exit 1; done
	@go build -ldflags '$(LDFLAGS)' -o dist/imagedrop ./shared/cmd/imagedrop

test: ## run every test; needs Go only, no C compiler
	go test -timeout $(HANGS) ./...
	go -C $(BUILDKIT) test ./...

check: lint ## what CI runs: lint, tests with the race detector, every cut without it, short fuzz runs, tidy modules, third-party clients
	CGO_ENABLED=1 go test -race -vet=off -timeout $(HANGS) ./...
	go -C $(BUILDKIT) test -vet=off ./...
	go test -vet=off -timeout $(HANGS) -run '$(WHOLE)' ./shared ./shared/imagebuild ./shared/local/stack
	@$(MAKE) --no-print-directory fuzz
	go mod tidy -diff
	go -C $(BUILDKIT) mod tidy -diff
	@$(MAKE) --no-print-directory conformance

lint: ## gofmt, vet and staticcheck
	@out=$$(gofmt -l .); [ -z "$$out" ] || { echo "gofmt would change:"; echo "$$out"; exit 1; }
	go vet -tags nethttpomithttp2,conformance ./...
	go -C $(BUILDKIT) vet ./...
	go tool -modfile=tools/go.mod staticcheck -tags nethttpomithttp2,conformance ./...
	go -C $(BUILDKIT) tool -modfile=$(CURDIR)/tools/go.mod staticcheck ./...

bench: build ## print the figures of the README as ratios within one run
	go test -run '^$$' -bench . -benchmem ./...
	go -C $(BUILDKIT) test -run '^$$' -bench . ./...

# A package is built once for all its fuzz tests. What they find is kept where
# FUZZCACHE names a folder; the inputs in it count as executions, too.
fuzz: ## run each fuzz test for FUZZTIME (default 1000x, executions)
	@set -e; out=$$(mktemp -d); trap 'rm -rf $$out' EXIT; \
	for dir in $$(grep -rl --include '*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u); do \
		pkg=$$(go -C $$dir list .); go -C $$dir test -vet=off -fuzz . -c -o $$out/test .; \
		for f in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$dir/*_test.go); do \
			echo "fuzz $$pkg $$f"; \
			(cd $$dir && $$out/test -test.run '^$$' -test.fuzz "^$$f\$$" -test.fuzztime $(FUZZTIME) \
				-test.fuzzminimizetime 2x -test.fuzzcachedir $(or $(FUZZCACHE),$$out)/$$pkg); done; done

durability: ## kill the local cloud KILLS times (default 1000) at random moments under load; a test counts what is lost
	KILLS=$(or $(KILLS),1000) go test -run TestKillsAtRandomMomentsLoseNothing -v -count 1 -timeout 60m ./shared/cmd/imagedrop

# The time-out is for what hangs; each step and each installation has its own.
conformance: build ## ask the local cloud what third-party clients ask; one that is not installed is skipped, with a message
	cd shared/local/conformance && go test -tags nethttpomithttp2,conformance -count 1 -timeout $(HANGS) -parallel 12 $(ARGS)

clean: ## remove what build and run made
	rm -rf dist .imagedrop

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
