# SPDX-License-Identifier: GPL-2.0-only
#
# netmem-audit. This file only delegates; "make help" lists what it can do.
# Everything is written below build/, except by the install targets.

PREFIX  ?= /usr/local
DESTDIR ?=
KVER    ?= $(shell uname -r)
KDIR    ?= /lib/modules/$(KVER)/build
KERNELS ?=
T       ?=
DEBUG_KERNELS ?=
SEED    ?=
WATCH   ?=
JSON    ?=
V       ?= 0

PACKAGES := build-essential clang llvm bpftool pkg-config python3-docutils \
	libbpf-dev libelf-dev zlib1g-dev libjson-c-dev libmnl-dev

B := $(CURDIR)/build
export V

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all native tools apps module stage install install-module uninstall uninstall-module demo test unit \
	test-debug test-kernels test-upstream churn bench lint docs lab clean distclean help one-word

## On this machine (Debian 13 or newer, or the packages named in README.md)

all: tools apps		## netmem-audit and the traffic tool, for this machine

# make and kbuild take a space in a path for the end of a name
one-word:
	@if [ "$(words $(CURDIR))" -ne 1 ]; then \
		echo "error: '$(CURDIR)' has a space in it, which make cannot build in;" \
		     "move the tree, or use 'make demo' and 'make test', which can" >&2; \
		exit 2; fi

native: one-word
	@missing=; \
	for cmd in clang bpftool pkg-config rst2man; do \
		command -v $$cmd >/dev/null || PATH=$$PATH:/usr/sbin command -v $$cmd >/dev/null || \
			missing="$$missing $$cmd"; \
	done; \
	for lib in 'libbpf >= 1.4' json-c libmnl libelf zlib; do \
		pkg-config --exists "$$lib" 2>/dev/null || missing="$$missing '$$lib'"; \
	done; \
	[ -z "$$missing" ] || { \
		echo "error: this machine lacks$$missing; on Debian 13 or newer: apt-get install" \
		     "$(PACKAGES)" >&2; exit 3; }

tools: native		## bpf/ and tools/ into build/obj
	+@$(MAKE) --no-print-directory -C tools O=$(B)/obj

apps: native		## tests/apps/ into build/bin
	+@$(MAKE) --no-print-directory -C tests/apps O=$(B)/bin

module: one-word	## nmnic.ko for KDIR (default: the running kernel)
	+@$(MAKE) --no-print-directory -C module KDIR=$(KDIR) O=$(B)/module/$(KVER)

install: tools		## netmem-audit and man pages below DESTDIR/PREFIX
	+@$(MAKE) --no-print-directory -C tools O=$(B)/obj install \
		DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)

install-module: module	## nmnic.ko for the kernel KVER
	+@$(MAKE) --no-print-directory -C module KDIR=$(KDIR) O=$(B)/module/$(KVER) \
		install DESTDIR=$(DESTDIR)

uninstall:		## remove what install put there, with the same DESTDIR and PREFIX
	+@$(MAKE) --no-print-directory -C tools O=$(B)/obj uninstall \
		DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)

uninstall-module: one-word	## remove nmnic.ko of the kernel KVER
	+@$(MAKE) --no-print-directory -C module KDIR=$(KDIR) O=$(B)/module/$(KVER) \
		uninstall DESTDIR=$(DESTDIR)

# What tests/lab/vm calls inside the lab tree before it boots kernel KVER.
# Kernels that are there as images only have no module.
stage: tools apps
	+@if [ -e $(KDIR)/Makefile ]; then \
		$(MAKE) --no-print-directory -C module KDIR=$(KDIR) O=$(B)/module/$(KVER); fi
	+@$(MAKE) --no-print-directory -C tools O=$(B)/obj install \
		DESTDIR=$(B)/stage PREFIX=/usr/local

## In virtual machines (any Debian-like machine, root; first run builds the lab)

demo:			## see it work: real devmem TCP, a clean run, a leak, a broken rule
	@tests/demo/run

test:			## every test on every kernel; KERNELS="6.12 7.2" T=pattern: some; FULL=1: more
	@tests/run $(foreach k,$(KERNELS),-k $(k)) $(if $(T),-t $(T)) $(if $(FULL),-f)

unit:			## the tests that need no kernel, in the lab tree
	@tests/lab/chroot /mnt/checkout/tests/unit/run

mutate:			## do the unit tests notice what is wrong? SEED=number N=60 ROOM=model
	@tests/lab/chroot /mnt/checkout/tests/mutate/run $(if $(SEED),-s $(SEED)) \
		$(if $(N),-n $(N)) $(ROOM)

# Those with netmem for which the archive has an image but no headers to build
# nmnic: veth takes its place.
test-kernels:		## the audit on the archive's other kernels; KERNELS="6.16 7.3"
	@tests/run $(foreach k,$(or $(KERNELS),6.16 6.17 6.18 6.19 7.0 7.1 7.3),-k $(k)) -t veth

test-upstream:		## the kernel's own driver tests (fetches its source); KERNELS, T=pattern
	@tests/upstream/run $(foreach k,$(KERNELS),-k $(k)) $(if $(T),-t $(T))

test-debug:		## the module on a debug kernel (15 min to build); DEBUG_KERNELS="7.2 6.12"
	@tests/debug/run $(foreach k,$(DEBUG_KERNELS),-k $(k)) $(if $(T),-t $(T))

# bash would start its clock at that
unexport SECONDS

churn:			## half an hour of everything at once; SECONDS=, KERNELS=, WATCH=1
	@tests/churn/run $(foreach k,$(KERNELS),-k $(k)) \
		$(if $(SECONDS),-s $(SECONDS)) \
		$(if $(SEED),-S $(SEED)) $(if $(WATCH),-w)

bench:			## cost in guest instructions, against the bars; KERNELS=, JSON=1
	@tests/bench/run $(foreach k,$(KERNELS),-k $(k)) $(if $(JSON),-j)

lint:			## style and static checks, in the lab tree
	@tests/lint

lab:			## build the lab tree (toolchain and kernels) under build/lab
	@tests/lab/build

## Housekeeping

docs: tools		## docs/RULES.md, and man pages into build/obj/man
	+@$(MAKE) --no-print-directory -C tools O=$(B)/obj man
	@docs/make-rules $(B)/obj/netmem-audit >$(B)/RULES.md && mv $(B)/RULES.md docs/RULES.md

clean:			## remove what was built, keep the lab
	@rm -rf build/obj build/bin build/stage build/module build/results build/findings

distclean:		## remove build/ altogether
	@rm -rf build

help:			## this list
	@awk 'BEGIN { FS = ":.*## " } \
	     /^## / { printf "\n%s\n", substr($$0, 4) } \
	     /^[a-z-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' Makefile
	@printf '\nVariables: KVER KDIR PREFIX DESTDIR KERNELS DEBUG_KERNELS T FULL SECONDS SEED V=1\n'
	@printf 'A VM by hand: tests/lab/vm --help\n'
