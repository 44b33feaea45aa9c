/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Documents for other programs that one run of a gate leaves behind. They are opened
 * before the command runs: a path that cannot be written is told while that costs
 * nothing, and a gate that is killed leaves an empty file, not that of another run.
 */
#ifndef NMA_REPORT_H
#define NMA_REPORT_H

#include "gate.h"

#define NMA_REPORT_WIDTH	100	/* of text in documents */

enum nma_report_kind {
	NMA_REPORT_KTAP,
	NMA_REPORT_JUNIT,
	NMA_REPORT_JSON,
	NMA_REPORT_HTML,
	NMA_REPORT_MAX
};

struct nma_reports {
	const char *path[NMA_REPORT_MAX];	/* NULL: not wanted; "-": stdout */
	FILE *file[NMA_REPORT_MAX];
};

/* Both say what is wrong and return an exit status. */
int nma_reports__open(struct nma_reports *r, const struct nma_env *env);
int nma_reports__write(struct nma_reports *r, const struct nma_gate *g);
void nma_reports__close(struct nma_reports *r);

void nma_report_ktap(const struct nma_gate *g, FILE *f);
void nma_report_junit(const struct nma_gate *g, FILE *f);
void nma_report_html(const struct nma_gate *g, FILE *f);

/* What GitHub shows beside a job: annotations on @f, and a summary where
 * GITHUB_STEP_SUMMARY says; nothing outside of it.
 */
void nma_report_github(const struct nma_gate *g, FILE *f);

#endif /* NMA_REPORT_H */
