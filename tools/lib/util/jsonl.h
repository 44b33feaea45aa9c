/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Files that people write or keep: one JSON document on each line, so that they
 * can be compared line by line and every error has a line number. The first
 * names schema and type; empty lines and lines that begin with '#' are skipped.
 */
#ifndef NMA_JSONL_H
#define NMA_JSONL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

struct json_object;

#define NMA_JSONL_LINE	65536	/* bytes; none of ours comes near */

struct nma_jsonl {
	const char *path;
	FILE *file;
	unsigned int line;		/* of @doc */
	struct json_object *doc;	/* last one read */
	char buf[NMA_JSONL_LINE];
	char error[512];		/* "FILE:LINE: what is wrong" */
};

/* Reads the first document, which must be of @type and of our schema. Errors:
 * -EINVAL if the contents are wrong, else why it could not be read. On failure,
 * too, nma_jsonl__close() must be called.
 */
int nma_jsonl__open(struct nma_jsonl *f, const char *path, const char *type);
void nma_jsonl__close(struct nma_jsonl *f);

/* 1: the next document is in @f->doc; 0: end of file; or -errno. */
int nma_jsonl__next(struct nma_jsonl *f);

/* Members of the document, -EINVAL if they are not what they should be. A
 * missing one leaves the value alone unless it is @must.
 */
int nma_jsonl__str(struct nma_jsonl *f, const char *key, bool must, const char **s);
int nma_jsonl__u32(struct nma_jsonl *f, const char *key, bool must, __u32 *u);
int nma_jsonl__u64(struct nma_jsonl *f, const char *key, bool must, __u64 *u);
int nma_jsonl__bool(struct nma_jsonl *f, const char *key, bool must, bool *b);
/* A misspelt key must not be taken for a missing one. @keys ends with NULL. */
int nma_jsonl__only(struct nma_jsonl *f, const char *const *keys);

/* Sets @f->error and returns -EINVAL. */
int nma_jsonl__bad(struct nma_jsonl *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* NMA_JSONL_H */
