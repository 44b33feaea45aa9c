// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit record: what watch would judge, saved for later. It judges, too, but
 * silently: when a condition falls due is when the kernel is looked at.
 */
#include <errno.h>
#include <json-c/json.h>

#include "follow.h"
#include "kernel/tape.h"
#include "log.h"
#include "stop.h"
#include "view.h"

struct record_opts {
	const char *to;
	struct nma_strs ifnames;
	__u64 duration_ns;
	bool deep;
	bool anonymize;
};

struct record {
	struct nma_follow follow;
	struct nma_env *env;
	const struct record_opts *opts;
};

static int turned(void *ctx, bool settled)
{
	(void)ctx;
	(void)settled;
	return 0;
}

static int announce(const struct record *r)
{
	const struct nma_out *out = &r->env->out;

	if (out->json)
		return 0;
	nma_out_text(out, 0, "recording to %s; %s ends it", r->opts->to,
		     r->follow.child.pid ? "the command" :
		     r->opts->duration_ns ? "time or Ctrl-C" : "Ctrl-C");
	return nma_out_finish(out);
}

static void add_u64(struct json_object *doc, const char *key, __u64 u)
{
	json_object_object_add(doc, key, json_object_new_uint64(u));
}

static int emit_json(struct record *r, const struct nma_tape_size *size,
		     const char *result)
{
	struct json_object *doc = nma_json_doc("record");
	const struct nma_audit *a = &r->follow.audit;

	nma_view_origin_json(a, doc);
	nma_json_add_str(doc, "file", r->opts->to);
	nma_json_add_str(doc, "result", result);
	nma_follow_json(&r->follow, doc);
	add_u64(doc, "records", size->records);
	add_u64(doc, "size_bytes", size->bytes);
	add_u64(doc, "duration_ns", a->now_ns - r->follow.start_ns);
	return nma_out_emit(&r->env->out, doc);
}

static int emit_text(struct record *r, const struct nma_tape_size *size,
		     const char *result)
{
	const struct nma_audit *a = &r->follow.audit;
	const struct nma_out *out = &r->env->out;
	__u64 ns = a->now_ns - r->follow.start_ns;
	char command[128];

	nma_follow_text(&r->follow, command, sizeof(command));
	nma_out_text(out, 0, "%s: %llu records, %llu bytes, %llu.%llu s", r->opts->to,
		     size->records, size->bytes, ns / NMA_NSEC_PER_SEC,
		     ns % NMA_NSEC_PER_SEC / (NMA_NSEC_PER_SEC / 10));
	nma_out_text(out, 0, "result: %s%s%s", result, command[0] ? "; " : "", command);
	return nma_out_finish(out);
}

static int finish(struct record *r)
{
	bool complete = nma_audit__complete(&r->follow.audit);
	const char *failure = nma_follow_failure(&r->follow);
	const char *result = failure ? failure : complete ? "recorded" : "incomplete";
	struct nma_tape_size size;
	int ret;

	ret = nma_audit__save(&r->follow.audit, &size);
	if (ret)
		return ret;
	if (failure)
		ret = NMA_EXIT_VIOLATION;
	else if (!complete)
		ret = NMA_EXIT_INCOMPLETE;
	if (r->env->out.json ? emit_json(r, &size, result) : emit_text(r, &size, result))
		return ret ? ret : NMA_EXIT_ENV;
	return ret;
}

static int record(struct record *r, char **argv)
{
	const struct nma_judge_args args = NMA_JUDGE_ARGS_DEFAULT;
	struct nma_limits limits = nma_limits_of(&args);
	struct nma_follow *f = &r->follow;
	int ret;

	ret = nma_audit__judge(&f->audit, NULL, &limits, NULL, NULL, NULL);
	if (!ret)
		ret = nma_follow__begin(f);
	if (!ret)
		ret = nma_follow__command(f, argv);
	if (ret)
		return ret;
	announce(r);
	ret = nma_follow__loop(f);
	return ret ? ret : finish(r);
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *words)
{
	const struct record_opts *o = opts;
	struct record r = { .env = env, .opts = o };
	struct nma_audit_opts aopts = {
		.events = true,
		.deep = o->deep,
		.ifnames = &o->ifnames,
		.to = o->to,
		.anonymous = o->anonymize,
	};
	int ret;

	if (!o->to) {
		nma_err(env, -EINVAL, "record needs -o FILE");
		return NMA_EXIT_USAGE;
	}
	r.follow.duration_ns = o->duration_ns;
	r.follow.turned = turned;
	r.follow.ctx = &r;
	nma_stop_catch();
	ret = nma_audit__open(&r.follow.audit, env, &aopts);
	if (!ret)
		ret = record(&r, words->command);
	nma_audit__close(&r.follow.audit);
	return ret;
}

static const struct nma_opt options[] = {
	{ "output", 'o', NMA_OPT_STR, offsetof(struct record_opts, to), "FILE",
	  "the file to write; an existing one is replaced at the end", 0, 0, NULL },
	{ "interface", 'i', NMA_OPT_STRS, offsetof(struct record_opts, ifnames), "IF",
	  "judge only device IF later, unless another is asked for then; may be repeated", 0, 0, NULL },
	{ "deep", 0, NMA_OPT_FLAG, offsetof(struct record_opts, deep), NULL,
	  "also record for the rules that look at every packet or buffer", 0, 0, NULL },
	{ "duration", 0, NMA_OPT_SPAN, offsetof(struct record_opts, duration_ns), "SEC",
	  "end after SEC seconds", 0, 31536000, NULL },
	{ "anonymize", 0, NMA_OPT_FLAG, offsetof(struct record_opts, anonymize), NULL,
	  "replace the names of this host, its network namespaces, interfaces and processes, "
	  "and all addresses", 0, 0, NULL },
};

static const struct record_opts defaults;

static const char *const about[] = {
	"Saves what watch would see, so that it can be judged elsewhere or later, without "
	"privilege: check, watch, stat, leaks and show take the file with --from. "
	"It ends after --duration, with CMD, or on Ctrl-C.",
	"Meanwhile the file is called FILE.part. If a crash left one behind, or it is still "
	"being written, everything up to its last step can be judged; the result is then "
	"incomplete. A full disk ends the recording, and no file is left.",
	"The exit status tells whether the recording is complete and how CMD ended, not "
	"whether rules were kept.",
	NULL
};

const struct nma_command nma_cmd_record = {
	.name = "record",
	.args = "[-- CMD [ARG]...]",
	.summary = "save what watch sees, to be judged elsewhere or later",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.takes_command = true,
	.about = about,
	.run = run,
};
