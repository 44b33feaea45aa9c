// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Acts are counted in the kernel, see nma_act.bpf.h. What was added to a row
 * since it was last read becomes one record. Rows of pools and devices that are
 * gone are removed, so that the map has room for those that come.
 */
#include <errno.h>

#include "kernel/session_priv.h"

static int run_read(struct nma_session *s, struct nma_acts_read *arg)
{
	LIBBPF_OPTS(bpf_test_run_opts, run,
		.ctx_in = arg,
		.ctx_size_in = sizeof(*arg),
	);

	if (bpf_prog_test_run_opts(bpf_program__fd(s->skel->progs.nma_read_acts), &run))
		return nma_session_fail(s, -errno, "cannot read what was counted");
	return 0;
}

static int tell(struct nma_session *s, struct nma_rec_act *rec)
{
	if (rec->act == NMA_ACT_PUT_TWICE)
		rec->count -= nma_session_excused(s, rec->count);
	return rec->count ? s->opts.fn(s->opts.ctx, &rec->hdr) : 0;
}

/* Number of records, or what the caller returned, or -errno. */
static int read_acts(struct nma_session *s, __u64 ended)
{
	struct nma_acts_read arg = { .ended = ended };
	int err, nr = 0;
	__u32 i;

	do {
		err = run_read(s, &arg);
		for (i = 0; !err && i < arg.nr; i++)
			err = tell(s, &s->skel->bss_acts_out->nma_acts_out[i]);
		nr += arg.nr;
	} while (!err && arg.nr == NMA_ACTS_AT_ONCE);
	return err ? err : nr;
}

/* The total first: what comes while we read makes us read again. */
int nma_session_acts(struct nma_session *s)
{
	__u64 total = *(volatile __u64 *)&s->skel->bss_acts->nma_act_total;
	int nr;

	if (total == s->acts_read)
		return 0;
	nr = read_acts(s, 0);
	if (nr >= 0)
		s->acts_read = total;
	return nr;
}

/* Nobody can act on it any more. What it did is told before its end is. */
int nma_session_acts_end(struct nma_session *s, __u64 object)
{
	int nr;

	if (!*(volatile __u64 *)&s->skel->bss_acts->nma_act_total)
		return 0;
	nr = read_acts(s, object);
	return nr < 0 ? nr : 0;
}
