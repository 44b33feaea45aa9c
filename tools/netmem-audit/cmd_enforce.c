// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit enforce: what may not happen does not happen. What does it outlives
 * this process.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "enforce/enforce.h"
#include "getter.h"
#include "kernel/features.h"
#include "kernel/privilege.h"
#include "kernel/refusals.h"
#include "log.h"
#include "rules/rules.h"
#include "util/clock.h"
#include "view_gaps.h"

struct enforce_opts {
	const char *policy;
};

/* A row of what is in force, or would be. */
struct rule_row {
	const struct nma_enforced *e;
	const struct nma_enforce_count *count;	/* NULL: not in force */
	unsigned int rule;
	bool optional;
};

#define ROW(row)	((const struct rule_row *)(row))
#define LAST(row)	((const struct nma_refusal *)(row))

GET(rule_id, nma_value_str(v, nma_rules[ROW(row)->rule].id))
GET(rule_mode, nma_value_str(v, nma_mode_name(ROW(row)->e->mode)))
GET(rule_hooks, nma_value_str(v, ROW(row)->e->hooks))
GET(rule_why, nma_value_str(v, ROW(row)->e->why))

static void rule_by(const void *row, struct nma_value *v)
{
	static const char *const names[] = {
		[NMA_WAY_NONE] = "",
		[NMA_WAY_PROGRAM] = "program",
		[NMA_WAY_KERNEL] = "kernel",
		[NMA_WAY_MISSING] = "nobody",
	};

	nma_value_str(v, names[ROW(row)->e->way]);
}

static void rule_optional(const void *row, struct nma_value *v)
{
	if (ROW(row)->optional)
		nma_value_bool(v, true);
}

static void rule_refused(const void *row, struct nma_value *v)
{
	if (ROW(row)->count)
		nma_value_u64(v, ROW(row)->count->refused);
}

static void rule_audited(const void *row, struct nma_value *v)
{
	if (ROW(row)->count)
		nma_value_u64(v, ROW(row)->count->audited);
}

static const struct nma_field rule_fields[] = {
	{ "rule", "RULE", 0, rule_id },
	{ "mode", "MODE", 0, rule_mode },
	{ "by", "BY", 0, rule_by },
	{ "hooks", "HOOKS", 0, rule_hooks },
	{ "missing", "MISSING", NMA_FIELD_JSON, rule_why },
};

static const struct nma_field count_fields[] = {
	{ "rule", "RULE", 0, rule_id },
	{ "mode", "MODE", 0, rule_mode },
	{ "refused", "REFUSED", 0, rule_refused },
	{ "let_through", "LET THROUGH", 0, rule_audited },
	{ "hooks", "HOOKS", 0, rule_hooks },
};

static const struct nma_field file_fields[] = {
	{ "rule", "RULE", 0, rule_id },
	{ "mode", "MODE", 0, rule_mode },
	{ "optional", "OPTIONAL", 0, rule_optional },
};

#define TABLE(name, fields) { name, fields, sizeof(fields) / sizeof((fields)[0]) }

static const struct nma_fields rule_table = TABLE("rules", rule_fields);
static const struct nma_fields count_table = TABLE("rules", count_fields);
static const struct nma_fields file_table = TABLE("rules", file_fields);

GET(last_rule, nma_value_str(v, nma_rules[LAST(row)->rule].id))
GET(last_reason, nma_value_str(v, nma_reason_name(LAST(row)->reason)))
GET(last_text, nma_value_str(v, nma_reason_text(LAST(row)->reason)))
GET(last_refused, nma_value_bool(v, LAST(row)->mode == NMA_MODE_ENFORCE))
GET(last_pid, nma_value_u64(v, LAST(row)->pid))
GET(last_comm, nma_value_strn(v, LAST(row)->comm, sizeof(LAST(row)->comm)))
GET(last_uid, nma_value_u64(v, LAST(row)->uid))
GET(last_cgroup, nma_value_u64(v, LAST(row)->cgroup_id))
GET(last_ifname, nma_value_strn(v, LAST(row)->ifname, sizeof(LAST(row)->ifname)))
GET(last_errno, nma_value_u64(v, LAST(row)->err))
GET(last_time, nma_value_u64(v, LAST(row)->time_ns))
GET(last_asked, nma_value_u64(v, LAST(row)->asked))
GET_NONZERO(last_limit, LAST(row)->limit)
GET_NONZERO(last_ifindex, LAST(row)->ifindex)
NETNS(last, LAST(row)->netns)

static const struct nma_field last_fields[] = {
	{ "rule", "RULE", 0, last_rule },
	{ "refused", "REFUSED", 0, last_refused },
	{ "ifname", "IF", 0, last_ifname },
	{ "ifindex", "", NMA_FIELD_JSON, last_ifindex },
	NETNS_FIELDS(last),
	{ "pid", "PID", 0, last_pid },
	{ "comm", "COMM", 0, last_comm },
	{ "uid", "UID", 0, last_uid },
	{ "cgroup_id", "", NMA_FIELD_JSON, last_cgroup },
	{ "errno", "ERRNO", 0, last_errno },
	{ "asked", "", NMA_FIELD_JSON, last_asked },
	{ "limit", "", NMA_FIELD_JSON, last_limit },
	{ "boot_ns", "", NMA_FIELD_JSON, last_time },
	{ "reason", "REASON", 0, last_reason },
	{ "message", "", NMA_FIELD_JSON, last_text },
};

static const struct nma_fields last_table = TABLE("last", last_fields);

/* ---- Output --------------------------------------------------------------------*/

static unsigned int rows_of(struct rule_row *rows, const void **list,
			    const struct nma_enforced *e, __u64 optional,
			    const struct nma_enforce_count *count)
{
	int order[NMA_RULE_MAX], i, rule;
	unsigned int nr = 0;

	nma_rules_sorted(order);
	for (i = 0; i < NMA_RULE_MAX; i++) {
		rule = order[i];
		if (e[rule].mode == NMA_MODE_OFF)
			continue;
		rows[nr] = (struct rule_row){
			.rule = rule,
			.e = &e[rule],
			.count = count ? &count[rule] : NULL,
			.optional = optional & 1ull << rule,
		};
		list[nr] = &rows[nr];
		nr++;
	}
	return nr;
}

static int show(struct nma_env *env, const char *result, const struct nma_fields *table,
		const void *const *list, unsigned int nr, const char *path)
{
	const struct nma_out *out = &env->out;
	struct json_object *doc;
	int err;

	if (!out->json) {
		nma_out_text(out, 0, "%s: %s", path, result);
		if (!nr)
			return 0;
		return nma_out_table(out, table, list, nr);
	}
	doc = nma_json_doc("enforce");
	nma_json_add_str(doc, "result", result);
	nma_json_add_str(doc, "policy", path);
	json_object_object_add(doc, table->name, nma_out_array(out, table, list, nr));
	err = nma_out_emit(out, doc);
	return err;
}

static int load(struct nma_env *env, const char *path, struct nma_policy_file *f)
{
	char error[600];
	int err = nma_policy__load(path, f, error, sizeof(error));

	if (!err)
		return 0;
	nma_err(env, err, "%s", error);
	return err == -EINVAL ? NMA_EXIT_USAGE : NMA_EXIT_ENV;
}

/* ---- check ---------------------------------------------------------------------*/

static int check(struct nma_env *env, const struct enforce_opts *o)
{
	struct nma_enforced e[NMA_RULE_MAX] = { 0 };
	struct rule_row rows[NMA_RULE_MAX];
	const void *list[NMA_RULE_MAX];
	struct nma_policy_file f;
	unsigned int rule, nr;
	int ret = load(env, o->policy, &f);

	if (ret)
		return ret;
	for (rule = 0; rule < NMA_RULE_MAX; rule++)
		e[rule].mode = f.policy.mode[rule];
	nr = rows_of(rows, list, e, f.optional, NULL);
	return show(env, nr ? "a policy" : "a policy that enforces nothing", &file_table,
		    list, nr, f.path) ? NMA_EXIT_ENV : NMA_EXIT_OK;
}

/* ---- on ------------------------------------------------------------------------*/

static int check_privilege(struct nma_env *env, const struct nma_features *features)
{
	char missing[128];

	if (!features->btf) {
		nma_err(env, features->btf_err, "this kernel has no type information (BTF)");
		return NMA_EXIT_SKIP;
	}
	if (!nma_privilege__to_load(features->caps, missing, sizeof(missing))[0])
		return 0;
	nma_err(env, -EPERM, "%s is missing: run as root", missing);
	return NMA_EXIT_ENV;
}

static int on_status(int err)
{
	return err == -EOPNOTSUPP ? NMA_EXIT_INCOMPLETE : NMA_EXIT_ENV;
}

static void warn_optional(struct nma_env *env, const struct nma_enforce_report *rep)
{
	unsigned int rule;

	for (rule = 0; rule < NMA_RULE_MAX; rule++)
		if (rep->rule[rule].way == NMA_WAY_MISSING)
			nma_warn(env, "%s is not enforced, which the policy allows: %s",
				 nma_rules[rule].id, rep->rule[rule].why);
}

static void warn_programs(struct nma_env *env)
{
	nma_warn(env, "the programs in force are those of another build of netmem-audit, and stay: netmem-audit enforce off and on replaces them, with nothing refused in between");
}

static int on(struct nma_env *env, const struct enforce_opts *o)
{
	static struct nma_enforce_report rep;
	struct rule_row rows[NMA_RULE_MAX];
	const void *list[NMA_RULE_MAX];
	struct nma_features features;
	struct nma_policy_file f;
	int ret = load(env, o->policy, &f);
	unsigned int nr;
	int err;

	if (ret)
		return ret;
	err = nma_features__probe(&features);
	if (err) {
		nma_err(env, err, "cannot find out what this kernel can do");
		return NMA_EXIT_ENV;
	}
	ret = check_privilege(env, &features);
	if (ret)
		return ret;
	err = nma_enforce__on(&f, &features, &rep);
	if (err) {
		nma_err(env, err, "%s", rep.error);
		return on_status(err);
	}
	warn_optional(env, &rep);
	if (rep.programs_differ)
		warn_programs(env);
	nr = rows_of(rows, list, rep.rule, f.optional, NULL);
	return show(env, nr ? "in force" : "in force, and enforces nothing", &rule_table,
		    list, nr, f.path) ? NMA_EXIT_ENV : NMA_EXIT_OK;
}

/* ---- status --------------------------------------------------------------------*/

static void since_text(__u64 ns, char *buf, size_t size)
{
	time_t t = ns / NMA_NSEC_PER_SEC;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(buf, size, "%Y-%m-%d %H:%M:%S UTC", &tm))
		buf[0] = '\0';
}

static int status_json(struct nma_env *env, const struct nma_enforce_status *st,
		       const struct nma_features *f,
		       const void *const *list, unsigned int nr, const void *const *last)
{
	const struct nma_out *out = &env->out;
	struct json_object *doc = nma_json_doc("enforce");
	char hash[20];

	snprintf(hash, sizeof(hash), "%016llx", st->state.hash);
	nma_json_add_str(doc, "result", st->missing_links ? "incomplete" : "in force");
	nma_json_add_str(doc, "policy", st->state.path);
	nma_json_add_str(doc, "policy_hash", hash);
	json_object_object_add(doc, "generation",
			       json_object_new_uint64(st->state.generation));
	json_object_object_add(doc, "since_ns", json_object_new_uint64(st->state.since_ns));
	json_object_object_add(doc, "programs_differ",
			       json_object_new_boolean(st->programs_differ));
	json_object_object_add(doc, "missing_links",
			       json_object_new_uint64(st->missing_links));
	json_object_object_add(doc, "rules", nma_out_array(out, &count_table, list, nr));
	json_object_object_add(doc, "last",
			       nma_out_array(out, &last_table, last, st->nr_last));
	nma_view_gaps_json(f, doc);
	return nma_out_emit(out, doc);
}

#define SHOWN	10	/* refusals, without -v */

static int status_text(struct nma_env *env, const struct nma_enforce_status *st,
		       const struct nma_features *f,
		       const void *const *list, unsigned int nr, const void *const *last)
{
	unsigned int shown = st->nr_last > SHOWN && !env->out.verbose ? SHOWN : st->nr_last;
	const struct nma_out *out = &env->out;
	char since[64];
	int err = 0;

	since_text(st->state.since_ns, since, sizeof(since));
	nma_out_text(out, 0, "%s: in force since %s", st->state.path, since);
	if (nr)
		err = nma_out_table(out, &count_table, list, nr);
	if (!err && shown) {
		nma_out_text(out, 0, "last ones, latest first%s:",
			     shown < st->nr_last ? " (-v shows more)" : "");
		err = nma_out_table(out, &last_table, last, shown);
	}
	if (!err)
		nma_view_gaps(out, f);
	return err;
}

static int status(struct nma_env *env, const struct enforce_opts *o)
{
	static const void *last[NMA_ENFORCE_RULES * NMA_ENFORCE_LOG];
	static struct nma_enforce_status st;
	struct rule_row rows[NMA_RULE_MAX];
	const void *list[NMA_RULE_MAX];
	int err = nma_enforce__status(&st);
	struct nma_features features;
	unsigned int nr, i;

	(void)o;
	if (err) {
		nma_err(env, err, "%s", st.error);
		return NMA_EXIT_ENV;
	}
	if (nma_features__probe(&features))
		features = (struct nma_features){ 0 };
	nr = rows_of(rows, list, st.rule, 0, st.count);
	for (i = 0; i < st.nr_last; i++)
		last[i] = &st.last[i];
	err = env->out.json ? status_json(env, &st, &features, list, nr, last) :
			      status_text(env, &st, &features, list, nr, last);
	if (st.programs_differ)
		warn_programs(env);
	if (st.missing_links)
		nma_err(env, 0, "%u programs that the policy needs are not attached any more: run netmem-audit enforce on",
			st.missing_links);
	if (err)
		return NMA_EXIT_ENV;
	return st.missing_links ? NMA_EXIT_INCOMPLETE : NMA_EXIT_OK;
}

/* ---- off -----------------------------------------------------------------------*/

static int off(struct nma_env *env, const struct enforce_opts *o)
{
	char error[600];
	int err = nma_enforce__off(error, sizeof(error));
	const char *result = err ? "nothing was in force" : "not in force any more";
	struct json_object *doc;

	(void)o;
	if (err && err != -ENOENT) {
		nma_err(env, err, "%s", error);
		return NMA_EXIT_ENV;
	}
	if (!env->out.json) {
		nma_out_text(&env->out, 0, "%s", result);
		return nma_out_finish(&env->out) ? NMA_EXIT_ENV : NMA_EXIT_OK;
	}
	doc = nma_json_doc("enforce");
	nma_json_add_str(doc, "result", result);
	return nma_out_emit(&env->out, doc) ? NMA_EXIT_ENV : NMA_EXIT_OK;
}

/* ---- Command -------------------------------------------------------------------*/

static int run(struct nma_env *env, const void *opts, const struct nma_words *words)
{
	static const struct {
		const char *word;
		int (*fn)(struct nma_env *env, const struct enforce_opts *o);
	} verbs[] = {
		{ "on", on }, { "check", check }, { "status", status }, { "off", off },
	};
	size_t i;

	for (i = 0; words->nr && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(words->word[0], verbs[i].word))
			return verbs[i].fn(env, opts);
	if (words->nr)
		nma_err(env, -EINVAL, "enforce does not know '%s': on, check, status or off",
			words->word[0]);
	else
		nma_err(env, -EINVAL, "missing argument: on, check, status or off");
	return NMA_EXIT_USAGE;
}

static const struct nma_opt options[] = {
	{ "policy", 0, NMA_OPT_STR, offsetof(struct enforce_opts, policy), "FILE",
	  "the policy, with on and check", 0, 0, NULL },
};

static const struct enforce_opts defaults = {
	.policy = NMA_POLICY_DEFAULT,
};

static const char *const about[] = {
	"Puts the policy of a file into force (on), checks such a file without touching the "
	"kernel (check), prints the policy in force and how often it refused (status), or "
	"ends it (off).",
	"The BPF programs that enforce it are pinned under /sys/fs/bpf/netmem-audit and need "
	"no process. A new policy replaces the one in force at once. A rule that cannot be "
	"enforced on this kernel is an error, and nothing changes, unless the policy says "
	"that the rule is optional.",
	NULL
};

const struct nma_command nma_cmd_enforce = {
	.name = "enforce",
	.args = "on|check|status|off",
	.summary = "refuse violations by a policy that outlives the process",
	.opts = options,
	.nr_opts = sizeof(options) / sizeof(*options),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.max_args = 1,
	.about = about,
	.run = run,
};
