/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * A file that tape.h wrote, as a source of records. It may come from anybody: every
 * size, count and text is checked, and what is not right ends the recording there.
 * What comes before the last step that is right is as good as it ever was; the
 * shortfall then says that and why it is not all.
 */
#ifndef NMA_RECORDING_H
#define NMA_RECORDING_H

#include <stdbool.h>

#include "kernel/features.h"
#include "kernel/ksyms.h"
#include "kernel/source.h"
#include "util/strs.h"

struct nma_recording_opts {
	const char *path;
	struct nma_ksyms *ksyms;	/* learns names of functions; may be NULL */
	nma_rec_fn fn;
	void *ctx;
};

/* With what it was made; belongs to the recording. */
struct nma_recording_info {
	struct nma_features features;	/* as far as a verdict needs them */
	struct nma_strs ifnames;	/* of -i */
	char version[32];
	bool events, deep;
	bool holders;			/* of the buffers of all pools */
	bool anonymous;
};

/* -EINVAL: it is no recording, or one that is damaged where it begins; -ENOTSUP: it is
 * newer, or of another byte order; else it cannot be read. *@out is NULL only without
 * memory. From now on names of functions and namespaces are those of the recording,
 * until it is closed.
 */
int nma_recording__open(const struct nma_recording_opts *opts, struct nma_source **out);
const struct nma_recording_info *nma_recording__info(const struct nma_source *s);

/* Could the record have come from a kernel? It is as long as it says. */
bool nma_recording_sane(const struct nma_rec_hdr *hdr);

#endif /* NMA_RECORDING_H */
