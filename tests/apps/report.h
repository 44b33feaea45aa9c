/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What a run did, and its one JSON document. Which fields a role reports is part
 * of the table in report.c; a field that does not apply is absent.
 */
#ifndef NMA_REPORT_H
#define NMA_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "err.h"
#include "opts.h"

struct nma_report {
	uint64_t connections;
	uint64_t bytes;			/* of the streams, all kinds */
	uint64_t dmabuf_bytes;		/* landed in the dma-buf */
	uint64_t linear_bytes;		/* copied, with SCM_DEVMEM_LINEAR */
	uint64_t plain_bytes;		/* copied, without any such message */
	uint64_t frags;			/* SCM_DEVMEM_DMABUF messages */
	uint64_t tokens_returned;
	uint64_t tokens_outstanding;	/* when the sockets were closed */
	uint64_t verify_errors;		/* wrong bytes */
	uint64_t first_error;		/* stream position of the first of them */
	uint64_t efaults;		/* of --plain-recv */
	uint64_t datagrams;		/* or frames */
	uint64_t buffers;		/* of zcrx, received */
	uint64_t buffers_returned;	/* of them, through the refill ring */
	uint64_t sends;			/* messages sent from a dma-buf */
	uint64_t completions;		/* of them, that the kernel is done with */
	uint64_t copied;		/* of them, that it says it copied */
	uint64_t binds;
	uint64_t leased_as;		/* queue of the netkit */
	uint64_t dmabuf_id;		/* of the (last) binding, 0: none */
	uint64_t duration_ns;		/* first to last byte, or of all cycles */
	uint64_t misdeeds[NMA_MISDEEDS];	/* done so far */
	bool interrupted;
	struct json_object *pools;	/* owned */
};

uint64_t nma_report_now_ns(void);

/* Counts @wrong bad bytes, the first at stream position @pos. */
void nma_report_wrong(struct nma_report *r, uint64_t wrong, uint64_t pos);

/* Is it to be done (once more)? Who does it counts it in r->misdeeds. */
static inline bool nma_misdeed_due(const struct nma_opts *o,
				   const struct nma_report *r,
				   enum nma_misdeed misdeed)
{
	return r->misdeeds[misdeed] < o->misdeeds[misdeed];
}

/* Was everything done as often as it was asked for? Returns 0, or -EPROTO with
 * a message.
 */
int nma_report_misdeeds_done(const struct nma_report *r, const struct nma_opts *o);

/* Prints the document to stdout and frees what the report owns. Returns 0, or
 * -errno with a message.
 */
int nma_report_print(struct nma_report *r, const struct nma_role_info *role,
		     const struct nma_opts *o, enum nma_exit status);

#endif /* NMA_REPORT_H */
