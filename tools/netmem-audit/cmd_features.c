// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit features: what can be audited here, and what is missing for the
 * rest. Works without privilege and on kernels without netmem.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "cli.h"
#include "kernel/features.h"
#include "kernel/privilege.h"
#include "fields.h"
#include "log.h"
#include "rules/rules.h"
#include "view_gaps.h"

/* A row of the rule table. */
struct rule_row {
	const struct nma_features *f;
	enum nma_rule_id rule;
};

struct hook_row {
	const struct nma_features *f;
	enum nma_hook hook;
};

#define ROW(row)	((const struct rule_row *)(row))
#define HOOK(row)	((const struct hook_row *)(row))
#define CONFIG(row)	((const struct nma_config_option *)(row))

#define GET(name, ...) \
	static void name(const void *row, struct nma_value *v) { __VA_ARGS__; }

GET(rule_id, nma_value_str(v, nma_rules[ROW(row)->rule].id))
GET(rule_title, nma_value_str(v, nma_rules[ROW(row)->rule].title))

static void rule_status(const void *row, struct nma_value *v)
{
	nma_hook_set missing;

	nma_value_str(v, nma_rule_state_name(nma_rule_state(ROW(row)->rule, ROW(row)->f,
							    &missing)));
}

static void rule_missing(const void *row, struct nma_value *v)
{
	nma_hook_set missing;
	int i;

	nma_rule_state(ROW(row)->rule, ROW(row)->f, &missing);
	for (i = 0; i < NMA_HOOK_MAX; i++)
		if (missing & NMA_HOOK_BIT(i))
			nma_value_set_add(v, nma_hook_name(i));
	if (!missing && !ROW(row)->f->netmem)
		nma_value_set_add(v, "netmem");
}

GET(hook_name, nma_value_str(v, nma_hook_name(HOOK(row)->hook)))
GET(hook_text, nma_value_str(v, nma_hook_text(HOOK(row)->hook)))
GET(hook_found, nma_value_bool(v, HOOK(row)->f->hooks & NMA_HOOK_BIT(HOOK(row)->hook)))

GET(config_name, nma_value_str(v, CONFIG(row)->name))
GET(config_why, nma_value_str(v, CONFIG(row)->why))

static void config_state(const void *row, struct nma_value *v)
{
	if (CONFIG(row)->state != '?')
		nma_value_fmt(v, "%c", CONFIG(row)->state);
}

static const struct nma_field rule_fields[] = {
	{ "id", "RULE", 0, rule_id },
	{ "status", "STATUS", 0, rule_status },
	{ "missing", "MISSING", 0, rule_missing },
	{ "title", "", NMA_FIELD_JSON, rule_title },
};

static const struct nma_field hook_fields[] = {
	{ "name", "HOOK", 0, hook_name },
	{ "found", "FOUND", 0, hook_found },
	{ "purpose", "TELLS", 0, hook_text },
};

static const struct nma_field config_fields[] = {
	{ "name", "OPTION", 0, config_name },
	{ "state", "STATE", 0, config_state },
	{ "purpose", "NEEDED FOR", 0, config_why },
};

static const struct nma_fields rule_table = { "rules", rule_fields, 4 };
static const struct nma_fields hook_table = { "hooks", hook_fields, 3 };
static const struct nma_fields config_table = { "config", config_fields, 3 };

/* What has to be known to answer. */
enum asks { ASKS_NOTHING, ASKS_BTF, ASKS_PROGRAM, ASKS_LSM };

/* Yes, no or unknown about the kernel as a whole. */
static const struct {
	const char *key;
	const char *text;
	size_t offset;
	enum asks asks;
} abilities[] = {
#define ABLE(key, text, member, asks) \
	{ key, text, offsetof(struct nma_features, member), ASKS_##asks }
	ABLE("netmem", "network memory (6.12)", netmem, BTF),
	ABLE("btf", "type information (BTF)", btf, NOTHING),
	ABLE("privileged", "privilege to load programs", privileged, BTF),
	ABLE("hds_config", "core keeps tcp-data-split (6.14)", hds_cfg, BTF),
	ABLE("devmem_tx", "dma-buf send (6.16)", devmem_tx, BTF),
	ABLE("io_uring_zcrx", "io_uring zero-copy receive", io_uring_zcrx, BTF),
	ABLE("bpf_lsm", "BPF in the list of LSMs", bpf_lsm, LSM),
	ABLE("refuse_syscalls", "system calls can be refused (7.2)", fmod_ret_syscall,
	     PROGRAM),
#undef ABLE
};

#define NR_ABILITIES	(sizeof(abilities) / sizeof(*abilities))

static bool able(const struct nma_features *f, size_t i)
{
	return *(const bool *)((const char *)f + abilities[i].offset);
}

static bool known(const struct nma_features *f, size_t i)
{
	switch (abilities[i].asks) {
	case ASKS_BTF:
		return f->btf;
	case ASKS_PROGRAM:
		return f->privileged;
	case ASKS_LSM:
		return !f->lsm_unknown;
	case ASKS_NOTHING:
		break;
	}
	/* that it cannot be read does not mean that there is none */
	return f->btf || f->btf_err == -ENOENT;
}

static const char *answer(const struct nma_features *f, size_t i)
{
	if (!known(f, i))
		return "unknown";
	return able(f, i) ? "yes" : "no";
}

struct rows {
	struct rule_row rule[NMA_RULE_MAX];
	struct hook_row hook[NMA_HOOK_MAX];
	const void *rules[NMA_RULE_MAX];
	const void *hooks[NMA_HOOK_MAX];
	const void *config[NMA_CONFIG_OPTIONS];
};

static void fill_rows(struct rows *r, const struct nma_features *f)
{
	int order[NMA_RULE_MAX];
	unsigned int i;

	nma_rules_sorted(order);
	for (i = 0; i < NMA_RULE_MAX; i++) {
		r->rule[i] = (struct rule_row){ f, order[i] };
		r->rules[i] = &r->rule[i];
	}
	for (i = 0; i < NMA_HOOK_MAX; i++) {
		r->hook[i] = (struct hook_row){ f, i };
		r->hooks[i] = &r->hook[i];
	}
	for (i = 0; i < f->nr_config; i++)
		r->config[i] = &f->config[i];
}

static int emit_json(const struct nma_out *out, const struct nma_features *f,
		     const struct rows *r)
{
	struct json_object *doc = nma_json_doc("features");
	size_t i;

	nma_json_add_str(doc, "kernel", f->release);
	for (i = 0; i < NR_ABILITIES; i++)
		if (known(f, i))
			json_object_object_add(doc, abilities[i].key,
					       json_object_new_boolean(able(f, i)));
	json_object_object_add(doc, rule_table.name,
			       nma_out_array(out, &rule_table, r->rules, NMA_RULE_MAX));
	json_object_object_add(doc, hook_table.name,
			       nma_out_array(out, &hook_table, r->hooks, NMA_HOOK_MAX));
	json_object_object_add(doc, config_table.name,
			       nma_out_array(out, &config_table, r->config, f->nr_config));
	nma_view_gaps_json(f, doc);
	return nma_out_emit(out, doc);
}

static void say_why(const struct nma_out *out, const struct nma_features *f)
{
	char why[128];

	if (!f->btf && f->btf_err != -ENOENT)
		nma_out_text(out, 0, "What this kernel has is unknown: /sys/kernel/btf/vmlinux cannot be read. No rule can be audited.");
	else if (!f->btf)
		nma_out_text(out, 0, "This kernel has no type information, so what else it has is unknown and no rule can be audited. It needs CONFIG_DEBUG_INFO_BTF.");
	else if (!f->netmem)
		nma_out_text(out, 0, "This kernel has no network memory: no rule can be audited. It needs 6.12 or newer with CONFIG_NET_DEVMEM.");
	else if (!f->privileged)
		nma_out_text(out, 0, "Hooks that only root may see count as missing here (missing: %s).",
			     nma_privilege__to_load(f->caps, why, sizeof(why))[0] ?
			     why : "privilege outside the container");
	else if (f->syms_hidden)
		nma_out_text(out, 0, "The kernel hides its symbols: what is older than the tool cannot be found, and check and watch refuse to start. %s",
			     nma_privilege__to_see_symbols(f->caps, f->kptr_restrict,
							   why, sizeof(why)));
}

static int emit_text(const struct nma_out *out, const struct nma_features *f,
		     const struct rows *r)
{
	size_t i;
	int err;

	nma_out_text(out, 0, "kernel %s", f->release);
	for (i = 0; i < NR_ABILITIES; i++)
		nma_out_text(out, 2, "%-36s %s", abilities[i].text, answer(f, i));
	say_why(out, f);
	fputc('\n', out->file);
	err = nma_out_table(out, &rule_table, r->rules, NMA_RULE_MAX);
	if (err)
		return err;
	fputc('\n', out->file);
	nma_view_gaps(out, f);
	fputc('\n', out->file);
	err = nma_out_table(out, &config_table, r->config, f->nr_config);
	if (err)
		return err;
	fputc('\n', out->file);
	return nma_out_table(out, &hook_table, r->hooks, NMA_HOOK_MAX);
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *w)
{
	struct nma_features f = { 0 };
	struct rows rows;
	int err;

	(void)opts;
	(void)w;
	err = nma_features__probe(&f);
	if (err) {
		nma_err(env, err, "cannot find out what this kernel can do: %s",
			strerror(-err));
		return NMA_EXIT_ENV;
	}
	nma_features__read_config(&f);
	fill_rows(&rows, &f);
	if (env->out.json)
		err = emit_json(&env->out, &f, &rows);
	else
		err = emit_text(&env->out, &f, &rows);
	return err ? NMA_EXIT_ENV : NMA_EXIT_OK;
}

static const char *const about[] = {
	"For each rule: \"enforced by this kernel\" (the kernel refuses the violation "
	"itself), \"enforceable here\" (a BPF program could refuse it), \"audited\" "
	"(netmem-audit sees it), or \"unavailable\" with the hooks "
	"that this kernel lacks. The exit status is 0 even if nothing is available: it says "
	"that the question was answered.",
	NULL
};

const struct nma_command nma_cmd_features = {
	.name = "features",
	.args = "",
	.summary = "list which rules can be audited on this kernel, and what others lack",
	.about = about,
	.run = run,
};
