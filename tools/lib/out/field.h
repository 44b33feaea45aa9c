/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * A row of output is described once, as a table of fields; text and JSON both
 * walk it, so a key and a column cannot drift apart. A getter that leaves the
 * value alone says "absent": no JSON key, "-" in a column.
 */
#ifndef NMA_FIELD_H
#define NMA_FIELD_H

#include <stddef.h>

#include "util/value.h"

#define NMA_FIELD_VERBOSE	0x01	/* with -v only, in text and in JSON */
#define NMA_FIELD_JSON		0x02	/* no column; text shows it with -v */
#define NMA_FIELD_COLUMN	0x08	/* a column only, of what other fields have */
#define NMA_FIELD_TEXT		0x04	/* no JSON, not in blocks; a column only where
					 * some row has a value
					 */

struct nma_field {
	const char *key;	/* JSON key, and label of -v text */
	const char *head;	/* column header */
	unsigned int flags;
	void (*get)(const void *row, struct nma_value *v);
};

/* A table of fields with its name: the JSON key of the array of rows. */
struct nma_fields {
	const char *name;
	const struct nma_field *field;
	size_t nr;
};

#endif /* NMA_FIELD_H */
