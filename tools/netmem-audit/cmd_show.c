// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit show: the inventory, from one snapshot.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "fields.h"
#include "log.h"

struct show_opts {
	struct nma_strs ifnames;
	struct nma_strs netns;
	const char *from;
};

static const char *nic_name(const struct nma_model *m, __u64 netdev)
{
	const struct nma_nic *nic = nma_model__nic(m, netdev);

	return nic ? nic->r.ifname : "";
}

static const char *name_of_nic(const struct nma_model *m, const void *obj)
{
	(void)m;
	return ((const struct nma_nic *)obj)->r.ifname;
}

static const char *name_of_queue(const struct nma_model *m, const void *obj)
{
	return nic_name(m, ((const struct nma_queue *)obj)->r.netdev);
}

static const char *name_of_pool(const struct nma_model *m, const void *obj)
{
	(void)m;
	return ((const struct nma_pool *)obj)->owner.ifname;
}

static const char *name_of_binding(const struct nma_model *m, const void *obj)
{
	return nic_name(m, ((const struct nma_binding *)obj)->r.netdev);
}

/* What all objects begin with. */
struct any {
	struct nma_node node;
	struct nma_seen seen;
	struct nma_rec_hdr hdr;
};

/* What can be shown. Sockets have no device of their own. */
static const struct object {
	const struct nma_fields *fields;
	size_t table;			/* offset in struct nma_model */
	const char *(*ifname)(const struct nma_model *m, const void *obj);
} objects[] = {
	{ &nma_fields_nics, offsetof(struct nma_model, nics), name_of_nic },
	{ &nma_fields_pools, offsetof(struct nma_model, pools), name_of_pool },
	{ &nma_fields_queues, offsetof(struct nma_model, queues), name_of_queue },
	{ &nma_fields_bindings, offsetof(struct nma_model, bindings), name_of_binding },
	{ &nma_fields_tokens, offsetof(struct nma_model, socks), NULL },
};

static const struct object *find_object(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(objects) / sizeof(*objects); i++)
		if (!strcmp(objects[i].fields->name, name))
			return &objects[i];
	return NULL;
}

static bool row_wanted(const struct nma_audit *a, const struct object *o,
		       const void *obj)
{
	bool is_pool = o->fields == &nma_fields_pools;
	const char *ifname = o->ifname ? o->ifname(a->model, obj) : "";
	__u32 netns = ((const struct any *)obj)->hdr.netns;

	if (is_pool)
		netns = ((const struct nma_pool *)obj)->owner.netns;
	if (!a->opts.ifnames->nr || !o->ifname)
		return nma_netns_match(&a->netns, netns);
	if (ifname[0])
		return nma_audit__wanted(a, netns, ifname);
	return nma_netns_match(&a->netns, netns) &&
	       (!is_pool || nma_pool_may_be_of_nic(obj));
}

static int emit(const struct nma_out *out, const struct nma_fields *fields,
		const void *const *rows, size_t nr)
{
	struct json_object *doc;
	size_t i;

	if (out->json) {
		doc = nma_json_doc(fields->name);
		json_object_object_add(doc, fields->name,
				       nma_out_array(out, fields, rows, nr));
		return nma_out_emit(out, doc);
	}
	if (!out->verbose)
		return nma_out_table(out, fields, rows, nr);
	for (i = 0; i < nr; i++) {
		if (i)
			fputc('\n', out->file);
		nma_out_block(out, fields, rows[i], 0);
	}
	return 0;
}

static int show(struct nma_audit *a, const struct object *o)
{
	const struct nma_table *t = (void *)((char *)a->model + o->table);
	struct nma_row *row = NULL;
	const void **ptr = NULL;
	size_t nr = 0;
	int err;

	row = calloc(t->nr + 1, sizeof(*row));
	ptr = calloc(t->nr + 1, sizeof(*ptr));
	if (!row || !ptr) {
		err = -ENOMEM;
		goto out;
	}
	nma_table_for_each(t, n) {
		if (!row_wanted(a, o, n))
			continue;
		row[nr].model = a->model;
		row[nr].ref.any = n;
		ptr[nr] = &row[nr];
		nr++;
	}
	err = emit(&a->env->out, o->fields, ptr, nr);
out:
	free(row);
	free(ptr);
	return err;
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *w)
{
	const struct show_opts *o = opts;
	struct nma_audit_opts aopts = {
		.ifnames = &o->ifnames, .netns = &o->netns, .from = o->from,
	};
	const struct object *object;
	struct nma_audit a;
	int ret;

	object = w->nr ? find_object(w->word[0]) : NULL;
	if (!object) {
		nma_err(env, -EINVAL, "%s%s%s: nics, pools, queues, bindings or tokens",
			w->nr ? "cannot show '" : "missing argument",
			w->nr ? w->word[0] : "", w->nr ? "'" : "");
		return NMA_EXIT_USAGE;
	}
	ret = nma_audit__open(&a, env, &aopts);
	if (!ret)
		ret = nma_audit__snapshot(&a);
	if (!ret)
		ret = nma_audit__check_names(&a);
	if (!ret && show(&a, object))
		ret = NMA_EXIT_ENV;
	if (!ret && !nma_audit__complete(&a))
		ret = NMA_EXIT_INCOMPLETE;
	nma_audit__close(&a);
	return ret;
}

static const struct nma_opt options[] = {
	NMA_IFNAME_OPTION(struct show_opts, ifnames),
	NMA_NETNS_OPTION(struct show_opts, netns),
	NMA_FROM_OPTION(struct show_opts, from),
};

static const struct show_opts defaults;

static const char *const about[] = {
	"Shows objects of all network namespaces: nics, their RX queues, page_pools "
	"(also those without a device and those that were destroyed but still have "
	"buffers out), dma-buf bindings, and sockets that hold tokens. With -v it prints one "
	"block per object with every field, otherwise a table.",
	NULL
};

const struct nma_command nma_cmd_show = {
	.name = "show",
	.args = "nics|pools|queues|bindings|tokens",
	.summary = "list devices, queues, page_pools, bindings or sockets with tokens",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.max_args = 1,
	.about = about,
	.run = run,
};
