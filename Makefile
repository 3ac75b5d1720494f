# SPDX-License-Identifier: Apache-2.0
# make demo   bring a VPN up in a lab of namespaces and show it
# make check  run every test
# make bench  measure against the official client (BENCH=-quick for a first look)
# make        build into build/;  make install  put it into the system (DESTDIR, PREFIX)

PREFIX ?= /usr
BUILD ?= build
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
GO ?= go
# Whether the password dialog has a window of its own: enabled, disabled, auto.
GUI ?= auto
MESON = $(BUILD)/build.ninja

# The lab runs the programs as they are installed, in a folder of its own: LAB_PREFIX is its one name for a build.
STAGE = $(abspath $(BUILD)/stage)
IN_LAB = $(SUDO) env "PATH=$$PATH" LAB_PREFIX=$(STAGE)

# A go.work or GOFLAGS of the developer must not change what is built here.
export GOWORK = off
.PHONY: all windowless demo bench check unit lint e2e stage packages network-packages build-packages install clean

all: $(MESON)
	meson compile -C $(BUILD)

$(MESON): | build-packages
	meson setup --prefix=$(PREFIX) -Dgui=$(GUI) $(BUILD)

stage: all
	rm -rf $(STAGE)
	DESTDIR=$(STAGE) meson install -C $(BUILD) --no-rebuild --quiet

# Demo and benchmark show no window, and building one takes minutes the first time.
windowless: network-packages
	$(MAKE) stage BUILD=$(BUILD)/windowless GUI=disabled

demo bench: STAGE = $(abspath $(BUILD)/windowless/stage)

demo: windowless
	$(GO) build -o $(BUILD)/demo ./lab/demo
	$(IN_LAB) $(BUILD)/demo

bench: windowless
	$(GO) build -o $(BUILD)/bench ./lab/bench
	$(IN_LAB) $(BUILD)/bench -json $(BUILD)/bench.json -svg $(BUILD)/bench.svg $(BENCH)

check: lint unit e2e

lint: packages
	@echo "== gofmt, go vet, staticcheck"
	@test -z "$$(gofmt -l . | tee /dev/stderr)"
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@# The window, with the flags it is built with: gotk3 is not compiled a second time.
	GOFLAGS="$$GOFLAGS -trimpath" $(GO) vet -tags gui ./auth-dialog/...
	GOFLAGS="$$GOFLAGS -trimpath" $(GO) tool staticcheck -tags gui ./auth-dialog/...

# The service, tapbridge and the like open TAP devices and change identities, so their tests need root.
# One package at a time: their waits are real, and the end-to-end ones start programs.
unit: packages
	@echo "== unit tests, with the race detector"
	$(SUDO) env "PATH=$$PATH" $(GO) test -race -p 1 -timeout 900s $$($(GO) list ./... | grep -v '/lab')

e2e: packages stage
	@echo "== end-to-end tests: real NetworkManager, real SoftEther server"
	$(IN_LAB) $(GO) test -v -count=1 -timeout 3000s ./lab/...

packages: build-packages
	@$(SUDO) lab/install-packages

# A person who looks at the demo gets no desktop.
network-packages: build-packages
	@$(SUDO) lab/install-packages network

# A person who only builds gets no servers.
build-packages:
	@$(SUDO) lab/install-packages build

install: $(MESON)
	@test -x $(BUILD)/nm-softether-service || meson compile -C $(BUILD)
	meson install -C $(BUILD) --no-rebuild

clean:
	rm -rf $(BUILD)
