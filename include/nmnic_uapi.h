/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Names that nmnic shows to the world. Includes nothing; used by the module,
 * the BPF programs, the tools and the tests.
 *
 * Ports are netdevs nm0, nm1, ...; nm<2i> and nm<2i+1> are wired back to back.
 * Fault panel: <debugfs>/nmnic/<ifname>/fault/<name>, a text file. Write N to
 * make the next N occasions misbehave, 0 for off, -1 for always; reads back
 * "armed=N fired=N". <debugfs>/nmnic/faults lists "name rule text" a line each.
 * Tracepoints are in the system "nmnic".
 */
#ifndef NMNIC_UAPI_H
#define NMNIC_UAPI_H

#define NMNIC_NAME		"nmnic"
#define NMNIC_IFNAME_PREFIX	"nm"
#define NMNIC_TRACE_SYSTEM	"nmnic"
#define NMNIC_DEBUGFS_DIR	"nmnic"
#define NMNIC_DEBUGFS_FAULTS	"faults"
#define NMNIC_DEBUGFS_FAULT_DIR	"fault"
#define NMNIC_FAULT_ALWAYS	(-1)

enum nmnic_fault_id {
#define NMNIC_FAULT(id, name, rule, text) NMNIC_FAULT_##id,
#include "nmnic_faults.def"
#undef NMNIC_FAULT
	NMNIC_FAULT_MAX
};

#endif /* NMNIC_UAPI_H */
