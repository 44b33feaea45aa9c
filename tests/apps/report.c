// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The report as JSON: see report.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "report.h"

/* A recv that binds, as opposed to recv --host, and a send that does */
#define PACKETS		(NMA_ROLE_UDP_SEND | NMA_ROLE_UDP_RECV | \
			 NMA_ROLE_XSK_SEND | NMA_ROLE_XSK_RECV)
#define DEVMEM		(1 << 16)
#define DEVMEM_TX	(1 << 17)

static const struct {
	const char *key;
	size_t offset;
	unsigned int roles;
} fields[] = {
	{ "connections", offsetof(struct nma_report, connections),
	  NMA_ROLE_RECV | NMA_ROLE_SEND | NMA_ROLE_ZCRX },
	{ "bytes", offsetof(struct nma_report, bytes),
	  NMA_ROLE_RECV | NMA_ROLE_SEND | NMA_ROLE_ZCRX | PACKETS },
	{ "datagrams", offsetof(struct nma_report, datagrams), PACKETS },
	{ "dmabuf_bytes", offsetof(struct nma_report, dmabuf_bytes), DEVMEM },
	{ "linear_bytes", offsetof(struct nma_report, linear_bytes), DEVMEM },
	{ "plain_bytes", offsetof(struct nma_report, plain_bytes), DEVMEM },
	{ "frags", offsetof(struct nma_report, frags), DEVMEM },
	{ "tokens_returned", offsetof(struct nma_report, tokens_returned),
	  DEVMEM },
	{ "tokens_outstanding", offsetof(struct nma_report, tokens_outstanding),
	  DEVMEM },
	{ "efaults", offsetof(struct nma_report, efaults), DEVMEM },
	{ "verify_errors", offsetof(struct nma_report, verify_errors),
	  NMA_ROLE_RECV | NMA_ROLE_ZCRX | NMA_ROLE_UDP_RECV |
	  NMA_ROLE_XSK_RECV },
	{ "buffers", offsetof(struct nma_report, buffers), NMA_ROLE_ZCRX },
	{ "buffers_returned", offsetof(struct nma_report, buffers_returned),
	  NMA_ROLE_ZCRX },
	{ "sends", offsetof(struct nma_report, sends), DEVMEM_TX },
	{ "completions", offsetof(struct nma_report, completions), DEVMEM_TX },
	{ "copied", offsetof(struct nma_report, copied), DEVMEM_TX },
	{ "binds", offsetof(struct nma_report, binds), NMA_ROLE_BIND },
	{ "leased_as", offsetof(struct nma_report, leased_as), NMA_ROLE_LEASE },
	{ "duration_ns", offsetof(struct nma_report, duration_ns),
	  NMA_ROLE_RECV | NMA_ROLE_SEND | NMA_ROLE_BIND | NMA_ROLE_ZCRX |
	  PACKETS },
};

static const char *const misdeed_names[] = {
#define NMA_MISDEED(id, name, roles, rule, text) name,
#include "misdeeds.def"
#undef NMA_MISDEED
};

uint64_t nma_report_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void nma_report_wrong(struct nma_report *r, uint64_t wrong, uint64_t pos)
{
	if (!wrong)
		return;
	if (!r->verify_errors)
		r->first_error = pos;
	r->verify_errors += wrong;
}

int nma_report_misdeeds_done(const struct nma_report *r, const struct nma_opts *o)
{
	int err = 0;
	size_t i;

	for (i = 0; i < NMA_MISDEEDS; i++) {
		if (r->misdeeds[i] < o->misdeeds[i])
			err = nma_fail("--%s: there was occasion for %" PRIu64 " of %" PRIu64,
				       misdeed_names[i], r->misdeeds[i],
				       o->misdeeds[i]);
	}
	return err;
}

static void add_uint(struct json_object *doc, const char *key, uint64_t value)
{
	json_object_object_add(doc, key, json_object_new_uint64(value));
}

static void add_fields(struct json_object *doc, const struct nma_report *r,
		       unsigned int roles)
{
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i].roles & roles)
			add_uint(doc, fields[i].key,
				 *(const uint64_t *)((const char *)r +
						     fields[i].offset));
	}
}

/* Those that were asked for, with '_' for '-' as in all keys */
static void add_misdeeds(struct json_object *doc, const struct nma_report *r,
			 const struct nma_opts *o)
{
	struct json_object *done = NULL;
	char key[32];
	size_t i;
	char *p;

	for (i = 0; i < NMA_MISDEEDS; i++) {
		if (!o->misdeeds[i])
			continue;
		if (!done)
			done = json_object_new_object();
		snprintf(key, sizeof(key), "%s", misdeed_names[i]);
		for (p = strchr(key, '-'); p; p = strchr(p, '-'))
			*p = '_';
		add_uint(done, key, r->misdeeds[i]);
	}
	if (done)
		json_object_object_add(doc, "misbehaved", done);
}

static void add_binding(struct json_object *doc, const struct nma_report *r,
			const struct nma_opts *o)
{
	struct json_object *queues;
	unsigned int i;

	json_object_object_add(doc, "ifname", json_object_new_string(o->ifname));
	if (o->queues.n) {
		queues = json_object_new_array();
		for (i = 0; i < o->queues.n; i++)
			json_object_array_add(queues,
					      json_object_new_int64(o->queues.id[i]));
		json_object_object_add(doc, "queues", queues);
	}
	if (r->dmabuf_id)
		add_uint(doc, "dmabuf_id", r->dmabuf_id);
}

static void add_error(struct json_object *doc)
{
	struct json_object *error;

	if (!nma_err_message()[0])
		return;
	error = json_object_new_object();
	json_object_object_add(error, "message",
			       json_object_new_string(nma_err_message()));
	if (nma_err_errno())
		add_uint(error, "errno", nma_err_errno());
	json_object_object_add(doc, "error", error);
}

/* What decides on the fields of the report */
static unsigned int kind_of(const struct nma_role_info *role,
			    const struct nma_opts *o)
{
	unsigned int kind = role->role;

	if (kind == NMA_ROLE_RECV && !o->host)
		kind |= DEVMEM;
	if (kind == NMA_ROLE_SEND && o->dmabuf)
		kind |= DEVMEM_TX;
	return kind;
}

int nma_report_print(struct nma_report *r, const struct nma_role_info *role,
		     const struct nma_opts *o, enum nma_exit status)
{
	const int format = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	unsigned int kind = kind_of(role, o);
	struct json_object *doc = json_object_new_object();
	int err = 0;

	add_uint(doc, "schema", 1);
	json_object_object_add(doc, "role", json_object_new_string(role->name));
	if (kind & (DEVMEM | DEVMEM_TX | NMA_ROLE_BIND | NMA_ROLE_ZCRX |
		    NMA_ROLE_XSK_SEND | NMA_ROLE_XSK_RECV))
		add_binding(doc, r, o);
	/* nothing was counted where nothing could begin */
	if (status < NMA_EXIT_USAGE)
		add_fields(doc, r, kind);
	add_misdeeds(doc, r, o);
	if (r->verify_errors)
		add_uint(doc, "first_error", r->first_error);
	if (r->pools)
		json_object_object_add(doc, "pools", r->pools);
	r->pools = NULL;
	json_object_object_add(doc, "interrupted",
			       json_object_new_boolean(r->interrupted));
	add_uint(doc, "status", status);
	add_error(doc);
	if (puts(json_object_to_json_string_ext(doc, format)) < 0 ||
	    fflush(stdout))
		err = nma_err(-errno, "cannot write the report");
	json_object_put(doc);
	return err;
}
