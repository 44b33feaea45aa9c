// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Acts are counted in the kernel, see nma_act.bpf.h. What was added to a row
 * since it was last read becomes one record. Rows of pools and devices that are
 * gone are removed, so that the map has room for those that come.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "session_priv.h"

struct row {
	struct nma_node node;
	__u64 count;
};

/* The row as it was last read, zero if it is new. */
static struct row *row_of(struct nma_session *s, const __u64 key[2])
{
	struct row *row = nma_table_find(&s->acts, key[0], key[1]);

	if (row)
		return row;
	row = calloc(1, sizeof(*row));
	if (row && !nma_table_add(&s->acts, &row->node, key[0], key[1]))
		return row;
	free(row);
	return NULL;
}

static int deliver_new(struct nma_session *s, const __u64 key[2],
		       struct nma_rec_act *rec)
{
	struct row *row = row_of(s, key);
	__u64 total = rec->count;

	if (!row)
		return -ENOMEM;
	if (row->count == total)
		return 0;
	rec->count = total - row->count;
	if (row->count)
		rec->hdr.time_ns = nma_clock_ns();	/* else of the first */
	row->count = total;
	return s->opts.fn(s->opts.ctx, &rec->hdr);
}

/* The total first: what comes while we read makes us read again. */
int nma_session_acts(struct nma_session *s)
{
	__u64 total = *(volatile __u64 *)&s->skel->bss_acts->nma_act_total;
	const struct bpf_map *map = s->skel->maps.nma_acts;
	struct nma_rec_act rec;
	__u64 key[2], *prev = NULL;
	int err = 0, nr = 0;

	if (total == s->acts_read)
		return 0;
	while (!err && !bpf_map__get_next_key(map, prev, key, sizeof(key))) {
		prev = key;
		if (bpf_map__lookup_elem(map, key, sizeof(key), &rec,
					 sizeof(rec), 0))
			continue;
		err = deliver_new(s, key, &rec);
		nr++;
	}
	if (err < 0)
		return err;
	s->acts_read = total;
	return nr;
}

/* Nobody can act on it any more. What it did is told before its end is. Only rows
 * that are there are asked for: each system call on a map keeps kprobes from
 * running.
 */
int nma_session_acts_end(struct nma_session *s, __u64 object)
{
	const struct bpf_map *map = s->skel->maps.nma_acts;
	__u64 key[2] = { object };
	struct row *row;
	int err;

	err = nma_session_acts(s);
	if (err < 0)
		return err;
	for (key[1] = 1; key[1] < NMA_ACT_MAX; key[1]++) {
		row = nma_table_find(&s->acts, key[0], key[1]);
		if (!row)
			continue;
		bpf_map__delete_elem(map, key, sizeof(key), 0);
		nma_table_del(&s->acts, &row->node);
		free(row);
	}
	return 0;
}
