# SPDX-License-Identifier: Apache-2.0
# make demo   bring a VPN up in a lab of namespaces and show it
# make check  run every test
# make fuzz   fuzz every target (FUZZTIME=10m for each, FUZZ="-keep ./dhcp" for what lab/fuzz takes)
# make bench  measure against the official client (BENCH=-quick for a first look)
# make storm  have faults strike for an hour (STORM=10m for less, SEED=7 for the one that had this seed)
# make roaming  fill the table of roaming: what moves cost this client and the official one
# make        build into build/;  make install, make uninstall  put it into the system, and out again (PREFIX, DESTDIR)
# make dist, make deb, make rpm  make a source tarball that needs no network, and packages from it

BUILD ?= build
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
GO ?= go
# What may be given: PREFIX (otherwise /usr), and GUI, whether the password dialog has a window of its own: enabled,
# disabled, auto. A build folder keeps what it was given last.
OPTIONS = $(if $(PREFIX),--prefix=$(PREFIX)) $(if $(GUI),-Dgui=$(GUI))
MESON = $(BUILD)/build.ninja

# The lab runs the programs as they are installed, in a folder of its own: LAB_PREFIX is its one name for a build.
STAGE = $(abspath $(BUILD)/stage)
# Servers are where the PATH of an ordinary user does not lead.
AS_ROOT = $(SUDO) env "PATH=$$PATH:/usr/local/sbin:/usr/sbin:/sbin"
IN_LAB = $(AS_ROOT) LAB_PREFIX=$(STAGE)

# A go.work or GOFLAGS of the developer must not change what is built here.
export GOWORK = off

.PHONY: all windowless demo bench storm roaming check unit lint vulns fuzz fuzz-briefly e2e stage configured packages network-packages build-packages install uninstall dist deb rpm clean

all: configured
	meson compile -C $(BUILD)

# Configured once, and again when another PREFIX or GUI is asked for.
$(MESON): | build-packages
	meson setup --prefix=/usr $(OPTIONS) $(BUILD)

configured: $(MESON)
	@[ -z "$(strip $(OPTIONS))" ] || [ "$$(cat $(BUILD)/options 2>/dev/null)" = "$(strip $(OPTIONS))" ] || \
		{ meson configure $(OPTIONS) $(BUILD) && echo "$(strip $(OPTIONS))" >$(BUILD)/options; }

# Meson has one record of what it installed; that of the system is the one to keep, for make uninstall.
RECORD = $(BUILD)/meson-logs/install-log.txt
stage: all
	rm -rf $(STAGE)
	@[ ! -e $(RECORD) ] || mv -f $(RECORD) $(RECORD).system
	DESTDIR=$(STAGE) meson install -C $(BUILD) --no-rebuild --quiet
	@rm -f $(RECORD); [ ! -e $(RECORD).system ] || mv -f $(RECORD).system $(RECORD)

# Demo and benchmark show no window, and building one takes minutes the first time.
windowless: network-packages
	$(MAKE) stage BUILD=$(BUILD)/windowless PREFIX=/usr GUI=disabled

demo bench storm roaming: STAGE = $(abspath $(BUILD)/windowless/stage)

demo: windowless
	$(GO) build -o $(BUILD)/demo ./lab/demo
	$(IN_LAB) $(BUILD)/demo

bench: windowless
	$(GO) build -o $(BUILD)/bench ./lab/bench
	$(IN_LAB) $(BUILD)/bench -json $(BUILD)/bench.json -svg $(BUILD)/bench.svg $(BENCH)

STORM ?= 1h
SEED ?= 0
storm: windowless
	$(GO) build -o $(BUILD)/storm ./lab/storm
	$(IN_LAB) $(BUILD)/storm -length $(STORM) -seed $(SEED)

# Two moves at a time, each in a lab of its own.
roaming: windowless
	$(IN_LAB) $(GO) test -v -count=1 -timeout 3000s -parallel 2 -run TestRoamingBesideTheOfficialClient ./lab/e2e -every-move

check: lint vulns unit fuzz-briefly e2e

# What looks at the code lives in a module of its own, so that it chooses no version of what is shipped.
TOOL = $(GO) tool -modfile=tools/go.mod
LINT = $(TOOL) golangci-lint

lint: packages
	@echo "== gofumpt, golangci-lint"
	@# Not through /dev/stderr: opening it cuts off the file that the output goes to.
	@unformatted=$$($(TOOL) gofumpt -l .) && [ -z "$$unformatted" ] || { echo "$$unformatted"; exit 1; }
	$(LINT) run ./...
	@# The window, with the flags it is built with: gotk3 is not compiled a second time.
	GOFLAGS="$$GOFLAGS -trimpath -buildmode=pie" $(GO) vet -tags gui ./auth-dialog/...
	GOFLAGS="$$GOFLAGS -trimpath -buildmode=pie" $(LINT) run --build-tags gui ./auth-dialog/...

# What is known of the modules in go.mod, from the database as of that version (VULNDB=latest for the newest).
VULNDB ?= v0.0.0-20261105234957-e22db6528018
vulns: build-packages
	@echo "== known vulnerabilities"
	@GO=$(GO) lab/find-vulns $(VULNDB)

# Each target for a moment where bytes come from the network; all of them, and longer, by make fuzz.
FUZZTIME ?= 10s
fuzz: build-packages
	$(GO) run ./lab/fuzz -time $(FUZZTIME) $(FUZZ)
fuzz-briefly: build-packages
	@echo "== fuzzing, a second each"
	@$(GO) run ./lab/fuzz -time 1s dhcp protocol tapbridge vpngate

# A test that fails among hundreds runs once more by itself: computers that others use, too, stall now and then, and
# programs of others fail now and then. Those that passed only then are listed at the end; more than a few are no accident,
# and neither is a data race, nor anything that ends a package with a panic, as a goroutine that is left does.
TEST = $(TOOL) gotestsum --hide-summary skipped --rerun-fails=1 --rerun-fails-run-root-test --rerun-fails-max-failures=6 --rerun-fails-abort-on-data-race

# The service, tapbridge and the like open TAP devices and change identities, so their tests need root.
# One package at a time: their waits are real, and the end-to-end ones start programs.
unit: packages
	@echo "== unit tests, with the race detector"
	$(AS_ROOT) $(TEST) --format standard-quiet --packages="$$($(GO) list ./... | grep -v '/lab' | tr '\n' ' ')" -- -race -p 1 -timeout 900s

# The desktop's tests want the window, whatever build/ itself was configured for.
e2e: STAGE = $(abspath $(BUILD)/lab/stage)
e2e: packages
	$(MAKE) stage BUILD=$(BUILD)/lab PREFIX=/usr GUI=enabled
	@# The tests type the commands of the documents as root, to build and of tools too, where there is no Internet.
	@$(AS_ROOT) $(GO) list -modfile=tools/go.mod -deps tool >/dev/null
	@$(AS_ROOT) $(GO) list -tags gui -deps ./... >/dev/null
	@echo "== end-to-end tests: real NetworkManager, real SoftEther server"
	@# Most of their time is waits, of which two processors can have four side by side.
	$(IN_LAB) $(TEST) --format standard-verbose --packages=./lab/... -- -count=1 -parallel 4 -timeout 3000s

packages: build-packages
	@lab/install-packages

# A person who looks at the demo gets no desktop.
network-packages: build-packages
	@lab/install-packages network

# A person who only builds gets no servers, and GTK 3 only for GUI=enabled.
build-packages:
	@lab/install-packages build $(if $(filter enabled,$(GUI)),window)

install: configured
	@[ -x $(BUILD)/nm-softether-service ] && [ ! $(BUILD)/options -nt $(MESON) ] || meson compile -C $(BUILD)
	meson install -C $(BUILD) --no-rebuild

# Removes what was installed last, also with DESTDIR. The system user stays: files may belong to it.
uninstall:
	@test -e $(RECORD) || { echo "Nothing was installed from $(BUILD)/." >&2; exit 1; }
	ninja -C $(BUILD) uninstall

# The source with its Go modules, and packages built from it without network: see packaging/.
dist:
	@packaging/make-dist $(BUILD)/dist
deb:
	@packaging/make-deb $(BUILD)/dist
rpm:
	@packaging/make-rpm $(BUILD)/dist

clean:
	rm -rf $(BUILD)
