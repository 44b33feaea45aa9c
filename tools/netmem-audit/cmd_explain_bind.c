// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit explain-bind: why memory cannot be bound to a queue, before it is tried,
 * or what was refused, while a command runs or in a recording.
 */
#include <errno.h>
#include <json-c/json.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "enforce/enforce.h"
#include "enforce/would.h"
#include "explain/precondition.h"
#include "follow.h"
#include "getter.h"
#include "kernel/privilege.h"
#include "log.h"
#include "stop.h"
#include "view.h"

struct explain_opts {
	struct nma_strs ifnames;
	struct nma_strs netns;
	__u32 queue;
	const char *from;
	bool last;
};

struct explain {
	struct nma_follow follow;
	struct nma_env *env;
	const struct explain_opts *opts;
	struct nma_rec_refused kept;	/* the last one, with --last */
	struct nma_reason kept_why;
	unsigned int refusals;
	struct json_object *list;	/* of them, -j */
	bool watching;		/* a command or a recording */
};

/* ---- what was refused ------------------------------------------------------- */

static const char *const asks[NMA_REQ_MAX] = {
#define NMA_REQ(id, event, text) [NMA_REQ_##id] = text,
	NMA_REQ_LIST
#undef NMA_REQ
};

static const char *const events[NMA_REQ_MAX] = {
#define NMA_REQ(id, event, text) [NMA_REQ_##id] = event,
	NMA_REQ_LIST
#undef NMA_REQ
};

static void add_u64(struct json_object *obj, const char *key, __u64 u)
{
	json_object_object_add(obj, key, json_object_new_uint64(u));
}

static struct json_object *reason_json(const struct nma_reason *why)
{
	struct json_object *obj = json_object_new_object();
	struct nma_value cgroup = { 0 };

	nma_json_add_str(obj, "cause", why->key);
	nma_json_add_str(obj, "explanation", why->text);
	if (why->fix[0])
		nma_json_add_str(obj, "fix", why->fix);
	if (!why->holder_pid)
		return obj;
	add_u64(obj, "holder_pid", why->holder_pid);
	nma_json_add_str(obj, "holder_comm", why->holder_comm);
	if (why->holder_cgroup)
		add_u64(obj, "holder_cgroup_id", why->holder_cgroup);
	nma_cgroup_value(&cgroup, why->holder_cgroup);
	if (cgroup.type != NMA_VALUE_NONE)
		nma_json_add_str(obj, "holder_cgroup", cgroup.str);
	return obj;
}

static struct json_object *refusal_json(const struct nma_rec_refused *r,
					const struct nma_reason *why)
{
	struct json_object *obj = reason_json(why);
	char rule[NMA_WORDS_LEN];
	struct nma_value v = { 0 };

	nma_json_add_str(obj, "event", events[r->ask]);
	nma_value_strn(&v, r->ifname, NMA_IFNAME_LEN);
	if (v.type != NMA_VALUE_NONE)
		nma_json_add_str(obj, "ifname", v.str);
	if (r->queue != NMA_NO_QUEUE)
		add_u64(obj, "queue", r->queue);
	add_u64(obj, "errno", -r->err);
	nma_value_strn(&v, r->words, NMA_WORDS_LEN);
	if (r->words[0] && !r->by)
		nma_json_add_str(obj, "extack", v.str);
	nma_refused_rule(r, rule, sizeof(rule));
	nma_json_add_str(obj, "rule", rule);
	add_u64(obj, "pid", r->hdr.pid);
	nma_value_strn(&v, r->hdr.comm, NMA_COMM_LEN);
	nma_json_add_str(obj, "comm", v.str);
	return obj;
}

static void tell(struct explain *e, const struct nma_rec_refused *r,
		 const struct nma_reason *why)
{
	const struct nma_out *out = &e->env->out;
	char queue[32] = "";

	if (out->json) {
		json_object_array_add(e->list, refusal_json(r, why));
		return;
	}
	if (r->queue != NMA_NO_QUEUE)
		snprintf(queue, sizeof(queue), " queue %u", r->queue);
	nma_out_text(out, 0, "%.*s %u was refused %s: %.*s%s: %s", NMA_COMM_LEN,
		     r->hdr.comm, r->hdr.pid, asks[r->ask], NMA_IFNAME_LEN,
		     r->ifname[0] ? r->ifname : "no device", queue, strerror(-r->err));
	nma_view_reason(out, 4, why);
}

static void on_event(void *ctx, const struct nma_change *change)
{
	const struct nma_rec_refused *r = change->ref.refused;
	struct explain *e = ctx;
	const struct nma_audit *a = &e->follow.audit;
	struct nma_reason why;

	if (change->subject != NMA_SUBJ_REFUSED || r->by == NMA_BY_NOBODY ||
	    !nma_audit__wanted(a, r->hdr.netns, r->ifname) ||
	    (e->opts->queue != NMA_NO_QUEUE && r->queue != e->opts->queue))
		return;
	e->refusals++;
	nma_reason__refused(a->model, r, &why);
	if (!e->opts->last)
		tell(e, r, &why);
	e->kept = *r;
	e->kept_why = why;
}

static int turned(void *ctx, bool settled)
{
	struct explain *e = ctx;

	(void)settled;
	return e->env->out.json ? 0 : nma_out_finish(&e->env->out);
}

static int follow(struct explain *e, char **command)
{
	const struct nma_judge_args args = NMA_JUDGE_ARGS_DEFAULT;
	struct nma_limits limits = nma_limits_of(&args);
	struct nma_follow *f = &e->follow;
	int ret;

	f->turned = turned;
	f->ctx = e;
	ret = nma_audit__judge(&f->audit, NULL, &limits, NULL, NULL, NULL);
	if (!ret)
		ret = nma_follow__begin(f);
	if (!ret)
		ret = nma_follow__command(f, command);
	return ret ? ret : nma_follow__loop(f);
}

static int finish(struct explain *e, bool complete)
{
	const struct nma_out *out = &e->env->out;
	struct json_object *doc;

	if (e->opts->last && e->refusals)
		tell(e, &e->kept, &e->kept_why);
	if (out->json) {
		doc = nma_json_doc("refusals");
		nma_view_origin_json(&e->follow.audit, doc);
		json_object_object_add(doc, "refusals", json_object_get(e->list));
		if (nma_out_emit(out, doc))
			return NMA_EXIT_ENV;
	} else if (!e->refusals) {
		nma_out_text(out, 0, "nothing was refused");
	}
	if (e->refusals)
		return NMA_EXIT_VIOLATION;
	return complete ? NMA_EXIT_OK : NMA_EXIT_INCOMPLETE;
}

static int refused(struct explain *e, char **command)
{
	int ret;

	ret = command ? follow(e, command) : nma_audit__snapshot(&e->follow.audit);
	if (ret)
		return ret;
	return finish(e, nma_audit__complete(&e->follow.audit));
}

/* ---- what would be refused --------------------------------------------------- */

static struct nma_asker asker(const struct nma_audit *a)
{
	const __u64 caps = nma_privilege__caps();
	struct nma_asker self = { .known = !a->opts.from, .memlock = ~0ull };
	struct rlimit limit;

	self.net_admin = caps & 1ull << CAP_NET_ADMIN;
	self.ipc_lock = caps & 1ull << CAP_IPC_LOCK;
	if (!getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur != RLIM_INFINITY)
		self.memlock = limit.rlim_cur;
	return self;
}

/* The two ways to have a queue receive into memory of one's own */
static const struct way {
	enum nma_req ask;
	enum nma_act_kind act;
	const char *key;
	const char *name;
} ways[] = {
	{ NMA_REQ_BIND_RX, NMA_WHO_BIND_RX, "devmem", "a dma-buf" },
	{ NMA_REQ_ZCRX, NMA_WHO_ZCRX, "zcrx", "io_uring zero-copy receive" },
};

#define NR_WAYS		(sizeof(ways) / sizeof(ways[0]))

/* What the policy in force would say. One that cannot be looked at may say anything. */
static void ask_policy(struct nma_asker *asker, enum nma_act_kind act,
		       const struct nma_nic *nic, __u32 queue)
{
	static const enum nma_state states[] = {
		[NMA_ANSWER_YES] = NMA_MET,
		[NMA_ANSWER_NO] = NMA_BROKEN,
		[NMA_ANSWER_UNSURE] = NMA_UNSURE,
	};
	static struct nma_enforce_status st;
	enum nma_rule_id rule = NMA_RULE_BIND_09;
	struct nma_identity self;
	int err;

	asker->policy = NMA_MET;
	if (!asker->known)
		return;
	err = nma_enforce__status(&st);
	if (err) {
		asker->policy = err == -ENOENT || err == -ENOTSUP ? NMA_MET : NMA_UNSURE;
		return;
	}
	nma_identity__find(&self);
	asker->policy = states[nma_would(&st.policy, &self, act, nic, queue, &rule)];
	asker->rule = nma_rules[rule].id;
}

/* A way of which the kernel knows nothing is no way. */
static bool possible(const struct nma_audit *a, const struct way *way)
{
	return way->ask != NMA_REQ_ZCRX || a->features.io_uring_zcrx;
}

static unsigned int broken(const struct nma_request *req, struct nma_reason *why)
{
	unsigned int nr = 0;
	int i;

	for (i = 0; i < NMA_PRE_MAX; i++)
		if (nma_precondition__matters(i, req->ask) &&
		    nma_precondition__test(i, req) == NMA_BROKEN)
			nma_reason__of(i, req, &why[nr++]);
	return nr;
}

static void text_way(const struct explain *e, const struct nma_request *req,
		     const struct way *way)
{
	const struct nma_out *out = &e->env->out;
	struct nma_reason why[NMA_PRE_MAX];
	struct nma_value unsure = { 0 };
	unsigned int nr = broken(req, why), i;

	nma_out_text(out, 0, "%.*s queue %u, %s: %s", NMA_IFNAME_LEN, req->nic->r.ifname,
		     req->queue, way->name, nr ? "would be refused" :
		     "would succeed, as far as can be known before");
	for (i = 0; i < nr; i++)
		nma_view_reason(out, 4, &why[i]);
	if (!out->verbose)
		return;
	for (i = 0; i < NMA_PRE_MAX; i++)
		if (nma_precondition__matters(i, req->ask) &&
		    nma_precondition__test(i, req) == NMA_UNSURE)
			nma_value_set_add(&unsure, nma_precondition_key(i));
	nma_out_label(out, "not known before", &unsure, 4);
}

static struct json_object *json_way(const struct nma_request *req)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *causes = json_object_new_array();
	struct json_object *unsure = json_object_new_array();
	struct nma_reason why[NMA_PRE_MAX];
	unsigned int nr = broken(req, why), i;

	nma_json_add_str(obj, "result", nr ? "refused" : "succeeds");
	for (i = 0; i < nr; i++)
		json_object_array_add(causes, reason_json(&why[i]));
	for (i = 0; i < NMA_PRE_MAX; i++)
		if (nma_precondition__matters(i, req->ask) &&
		    nma_precondition__test(i, req) == NMA_UNSURE)
			json_object_array_add(unsure, json_object_new_string(
						      nma_precondition_key(i)));
	json_object_object_add(obj, "causes", causes);
	json_object_object_add(obj, "not_known_before", unsure);
	return obj;
}

static int would(struct explain *e, const struct nma_nic *nic)
{
	const struct nma_audit *a = &e->follow.audit;
	const struct nma_out *out = &e->env->out;
	struct nma_request req = {
		.model = a->model, .nic = nic, .queue = e->opts->queue,
		.asker = asker(a), .page_size = a->model->page_size,
	};
	struct json_object *doc = out->json ? nma_json_doc("explain_bind") : NULL;
	struct nma_reason why[NMA_PRE_MAX];
	int ret = NMA_EXIT_OK;
	size_t i;

	if (doc) {
		nma_view_origin_json(a, doc);
		nma_json_add_str(doc, "ifname", nic->r.ifname);
		add_u64(doc, "queue", req.queue);
	}
	for (i = 0; i < NR_WAYS; i++) {
		if (!possible(a, &ways[i]))
			continue;
		req.ask = ways[i].ask;
		ask_policy(&req.asker, ways[i].act, nic, req.queue);
		if (doc)
			json_object_object_add(doc, ways[i].key, json_way(&req));
		else
			text_way(e, &req, &ways[i]);
		if (broken(&req, why))
			ret = NMA_EXIT_VIOLATION;
	}
	return doc && nma_out_emit(out, doc) ? NMA_EXIT_ENV : ret;
}

static const struct nma_nic *find_nic(const struct nma_audit *a)
{
	nma_model_for_each(struct nma_nic, &a->model->nics, nic)
		if (!nic->seen.gone &&
		    nma_audit__wanted(a, nic->r.hdr.netns, nic->r.ifname))
			return nic;
	return NULL;
}

static int before(struct explain *e)
{
	struct nma_audit *a = &e->follow.audit;
	int ret;

	ret = nma_audit__snapshot(a);
	if (!ret)
		ret = nma_audit__check_names(a);
	if (ret)
		return ret;
	ret = would(e, find_nic(a));
	if (!nma_audit__complete(a) && !ret)
		ret = NMA_EXIT_INCOMPLETE;
	return ret;
}

/* ---- the command ------------------------------------------------------------- */

static int check_opts(struct nma_env *env, const struct explain_opts *o, char **command)
{
	bool ahead = o->ifnames.nr == 1 && o->queue != NMA_NO_QUEUE;

	if (o->from && command) {
		nma_err(env, -EINVAL, "--from does not go with a command");
		return NMA_EXIT_USAGE;
	}
	if (o->from || command || (ahead && !o->last))
		return NMA_EXIT_OK;
	if (o->last)
		nma_err(env, -EINVAL, "the kernel keeps no note of what it refused: --last takes a recording (--from FILE) or a command (-- CMD)");
	else
		nma_err(env, -EINVAL, "which queue? explain-bind takes -i IF and -q QUEUE, or --from FILE, or -- CMD");
	return NMA_EXIT_USAGE;
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *words)
{
	const struct explain_opts *o = opts;
	struct explain e = {
		.env = env, .opts = o,
		.watching = o->from || words->command,
	};
	struct nma_audit_opts aopts = {
		.events = words->command,
		.ifnames = &o->ifnames,
		.netns = &o->netns,
		.from = o->from,
		.event = e.watching ? on_event : NULL,
		.ctx = &e,
	};
	int ret;

	ret = check_opts(env, o, words->command);
	if (ret)
		return ret;
	e.list = json_object_new_array();
	nma_stop_catch();
	ret = nma_audit__open(&e.follow.audit, env, &aopts);
	if (!ret)
		ret = e.watching ? refused(&e, words->command) : before(&e);
	nma_audit__close(&e.follow.audit);
	json_object_put(e.list);
	return ret;
}

static const struct nma_opt options[] = {
	NMA_IFNAME_OPTION(struct explain_opts, ifnames),
	NMA_NETNS_OPTION(struct explain_opts, netns),
	{ "queue", 'q', NMA_OPT_U32, offsetof(struct explain_opts, queue), "QUEUE",
	  "the RX queue (behind explain-bind, -q is not --quiet)", 0, 65535, NULL },
	NMA_FROM_OPTION(struct explain_opts, from),
	{ "last", 0, NMA_OPT_FLAG, offsetof(struct explain_opts, last), NULL,
	  "only the last refusal of CMD or in FILE", 0, 0, NULL },
};

static const struct explain_opts defaults = { .queue = NMA_NO_QUEUE };

static const char *const about[] = {
	"With -i and -q, tells whether the kernel would let a dma-buf be bound to that "
	"queue, or io_uring receive into memory of its own there. Each obstacle is one "
	"sentence, with the command that removes it. Nothing is tried, and nothing changes.",
	"With CMD or --from, lists what the kernel refused meanwhile, who asked for it, and "
	"why: binds, io_uring zero-copy receive, XDP, AF_XDP, channels, rings.",
	"The exit status is 1 if something would be, or was, refused.",
	NULL
};

const struct nma_command nma_cmd_explain_bind = {
	.name = "explain-bind",
	.args = "[-- CMD [ARG]...]",
	.summary = "tell why memory cannot be bound to a queue, and how to fix it",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.takes_command = true,
	.about = about,
	.run = run,
};
