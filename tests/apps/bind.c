// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Role bind: a binding without traffic of its own, once or many times.
 */
#include <errno.h>
#include <inttypes.h>

#include "netdev.h"
#include "roles.h"
#include "udmabuf.h"

static int bind_cycles(const struct nma_opts *o, const struct nma_udmabuf *buf,
		       struct nma_report *r)
{
	struct nma_binding binding = {};
	int err;

	while (r->binds < o->count && !nma_wait_interrupted()) {
		err = nma_binding_open(&binding, o->ifname, &o->queues, buf->fd);
		if (err)
			return r->binds ? nma_fail("cycle %" PRIu64 " failed",
						   r->binds + 1) : err;
		r->binds++;
		r->dmabuf_id = binding.id;
		nma_binding_close(&binding);
	}
	return 0;
}

static int bind_and_stay(const struct nma_opts *o,
			 const struct nma_udmabuf *buf, struct nma_report *r)
{
	struct nma_binding binding = {};
	int err;

	err = nma_binding_open(&binding, o->ifname, &o->queues, buf->fd);
	if (err)
		return err;
	r->binds = 1;
	r->dmabuf_id = binding.id;
	err = nma_ready(o, "ready");
	if (!err)
		err = nma_wait(NULL, 0, o->hold * 1000);
	nma_binding_close(&binding);
	return err == -EINTR ? 0 : err;
}

enum nma_exit nma_bind_run(const struct nma_opts *o, struct nma_report *r)
{
	struct nma_udmabuf buf = NMA_UDMABUF_NONE;
	uint64_t start_ns;
	int err;

	if (o->exporter)
		err = nma_udmabuf_create_by(&buf, o->exporter, o->size);
	else
		err = nma_udmabuf_create(&buf, o->size);
	if (err)
		goto out;
	start_ns = nma_report_now_ns();
	if (o->count)
		err = bind_cycles(o, &buf, r);
	else
		err = bind_and_stay(o, &buf, r);
	r->duration_ns = nma_report_now_ns() - start_ns;
out:
	nma_udmabuf_destroy(&buf);
	return err == -EPROTO ? NMA_EXIT_FAIL : nma_err_setup_status(err);
}
