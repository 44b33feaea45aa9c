#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (c) 2026 netmem-audit authors
# limit: 60
# cpus: 2
#
# Some seconds of what "make churn" does for half an hour.

# shellcheck source=tests/e2e/lib.sh disable=SC2317 # called by name
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/churn/lib.sh
. "$(dirname -- "$0")/../churn/lib.sh"

test_some_seconds() {
	echo "seed $CHURN_SEED"
	CHURN_STEPS=5
	churn_for "$(amount 5 60)" churn_report
}

need_nmnic
run_tests test_some_seconds
