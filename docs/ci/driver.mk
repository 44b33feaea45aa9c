# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
#
# For the Makefile of a driver that is built out of tree, or of a tree of one's own:
#
#     include docs/ci/driver.mk
#
#     make gate GATE_IF=eth0 GATE_TEST=./my-test
#     make gate-baseline GATE_IF=eth0		# what is known and lived with
#
# The module under test is loaded, and the device is there. Reports go to GATE_OUT; make
# fails if the gate does.

GATE_IF		?= eth0
GATE_TEST	?= true
GATE_OUT	?= gate-results
GATE_FILE	?=
GATE_OPTS	?= --strict
NETMEM_AUDIT	?= netmem-audit

gate_baseline	:= $(wildcard $(GATE_OUT)/baseline)

.PHONY: gate gate-baseline
gate:
	mkdir -p $(GATE_OUT)
	rm -f $(GATE_OUT)/run.nmr
	$(NETMEM_AUDIT) gate -i $(GATE_IF) $(GATE_OPTS) $(GATE_FILE:%=--gate %) \
		$(gate_baseline:%=--baseline %) \
		--junit $(GATE_OUT)/junit.xml --ktap $(GATE_OUT)/ktap \
		--html $(GATE_OUT)/report.html --record $(GATE_OUT)/run.nmr \
		--kmsg -- $(GATE_TEST)

gate-baseline:
	mkdir -p $(GATE_OUT)
	$(NETMEM_AUDIT) check -i $(GATE_IF) --strict --save $(GATE_OUT)/baseline
