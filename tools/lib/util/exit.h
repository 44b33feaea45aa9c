/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Exit statuses. They are an interface: scripts and tests branch on them. One
 * row each: NMA_EXIT(ID, status, "meaning"); help and man page show the rows.
 */
#ifndef NMA_EXIT_H
#define NMA_EXIT_H

#define NMA_EXIT_LIST \
	NMA_EXIT(OK, 0, "everything that was judged holds") \
	NMA_EXIT(VIOLATION, 1, "a rule or an assertion is violated, or the command that was run failed") \
	NMA_EXIT(USAGE, 2, "wrong option, argument or rule") \
	NMA_EXIT(ENV, 3, "no privilege, no such device, or attaching failed") \
	NMA_EXIT(SKIP, 4, "this kernel lacks what the command needs") \
	NMA_EXIT(INCOMPLETE, 5, "events were lost or a needed hook is missing")

enum nma_exit {
#define NMA_EXIT(id, status, text) NMA_EXIT_##id = status,
	NMA_EXIT_LIST
#undef NMA_EXIT
};

#endif /* NMA_EXIT_H */
