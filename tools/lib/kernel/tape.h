/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * A source that passes on what another one delivers and answers, and writes all of
 * it into a file for recording.h. Whoever judges what passes gets the same verdict
 * from the file.
 *
 * The file is FILE.part while it is written: whatever happens, what is there of it
 * can be read up to the last step. nma_tape__finish() gives it its name; without
 * that it is removed.
 */
#ifndef NMA_TAPE_H
#define NMA_TAPE_H

#include <stdbool.h>

#include "kernel/features.h"
#include "kernel/ksyms.h"
#include "kernel/source.h"
#include "util/strs.h"

struct nma_tape_opts {
	const char *path;
	const char *version;		/* of the program */
	const struct nma_features *features;
	const struct nma_strs *ifnames;	/* of -i; may be NULL */
	struct nma_ksyms *ksyms;	/* names of functions; may be NULL */
	bool events, deep, holders;	/* settings */
	__u32 buffers;
	bool anonymous;
	nma_rec_fn fn;			/* who wants the records */
	void *ctx;
};

struct nma_tape_size {
	__u64 records;
	__u64 bytes;
};

/* -EEXIST: there is a FILE.part already. *@out is NULL only without memory. */
int nma_tape__open(const struct nma_tape_opts *opts, struct nma_source **out);

/* Where records come from, opened with nma_tape__record() and the tape as fn and ctx;
 * the tape closes it.
 */
int nma_tape__begin(struct nma_source *tape, struct nma_source *from);
int nma_tape__record(void *tape, const struct nma_rec_hdr *hdr);

/* Nothing more comes: all is on the disk, under its name. */
int nma_tape__finish(struct nma_source *tape, struct nma_tape_size *size);

#endif /* NMA_TAPE_H */
