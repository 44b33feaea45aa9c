// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors */
#define CREATE_TRACE_POINTS
#include "nmnic_trace.h"
