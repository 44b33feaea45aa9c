/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Emission: field tables become text tables, blocks or JSON. Everything that
 * reaches stdout passes through here, so this is where names are sanitised,
 * addresses are held back and write errors are noticed.
 *
 * Every JSON document begins with "schema" and ends with "lost".
 */
#ifndef NMA_OUT_H
#define NMA_OUT_H

#include <stdio.h>

#include "out/field.h"
#include "util/json.h"

struct json_object;
struct nma_ksyms;
struct nma_lost;

struct nma_out {
	FILE *file;
	bool json;
	bool pretty;
	bool verbose;
	size_t width;			/* of a text line, characters */
	struct nma_ksyms *ksyms;	/* may be NULL: no function names */
	const struct nma_lost *lost;	/* may be NULL: nothing could be lost */
	int *error;			/* may be NULL; first -errno of writing */
};

/* Width of the terminal behind @file, 80 if there is none or it is narrower. */
size_t nma_out_width(FILE *file);

/* Text. Rows of a table are pointers to what the getters expect. */
int nma_out_table(const struct nma_out *out, const struct nma_fields *fields,
		  const void *const *rows, size_t nr);
void nma_out_block(const struct nma_out *out, const struct nma_fields *fields,
		   const void *row, size_t indent);
void nma_out_label(const struct nma_out *out, const char *label,
		   const struct nma_value *v, size_t indent);
/* " key=value", on a new line if there is no room; nothing if absent. Returns the
 * column where it ends.
 */
size_t nma_out_pair(const struct nma_out *out, const char *key,
		    const struct nma_value *v, size_t column, size_t indent);
/* A paragraph, wrapped. */
void nma_out_text(const struct nma_out *out, size_t indent, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* JSON. Objects belong to the caller until they are added or emitted. */
void nma_out_fill(const struct nma_out *out, struct json_object *obj,
		  const struct nma_fields *fields, const void *row);
struct json_object *nma_out_object(const struct nma_out *out,
				   const struct nma_fields *fields,
				   const void *row);
struct json_object *nma_out_array(const struct nma_out *out,
				  const struct nma_fields *fields,
				  const void *const *rows, size_t nr);
void nma_out_add(const struct nma_out *out, struct json_object *obj,
		 const char *key, const struct nma_value *v);

/* Adds "lost", prints on one line (or pretty), flushes and frees @doc. */
int nma_out_emit(const struct nma_out *out, struct json_object *doc);
int nma_out_error(const struct nma_out *out, int err, const char *message);

/* Whoever read our output has left. */
bool nma_out_gone(const struct nma_out *out);

/* Flushes. 0, or -errno of what was not written, now or earlier. */
int nma_out_finish(const struct nma_out *out);

#endif /* NMA_OUT_H */
