/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Findings that somebody decided to live with: which rule, on which interface
 * or driver, why, and until when.
 */
#ifndef NMA_WAIVER_H
#define NMA_WAIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/finding.h"

struct nma_waivers;

struct nma_waiver {
	struct nma_waiver *next;
	unsigned int line;
	enum nma_rule_id rule;
	char *ifname;		/* NULL any */
	char *driver;		/* NULL any */
	__u32 queue;		/* NMA_NO_QUEUE any */
	char *reason;
	char expires[11];	/* "2027-03-31", the last day it holds (UTC) */
	bool expired;
	unsigned int used;	/* findings */
};

/* @today: "YYYY-MM-DD". -EINVAL: the contents are wrong, else the file cannot
 * be read; @error says what, with file and line.
 */
int nma_waivers__load(const char *path, const char *today,
		      struct nma_waivers **w, char *error, size_t size);
void nma_waivers__free(struct nma_waivers *w);	/* NULL-safe */

/* The waiver for @f, on a device of @driver; one that has not expired if there is
 * one, which is then counted as used.
 */
const struct nma_waiver *nma_waivers__find(struct nma_waivers *w,
					   const struct nma_finding *f,
					   const char *driver);

const struct nma_waiver *nma_waivers__first(const struct nma_waivers *w);

#endif /* NMA_WAIVER_H */
