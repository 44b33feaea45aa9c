// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * netmem-audit rules: the catalogue. Needs neither kernel nor privilege.
 */
#include <errno.h>
#include <json-c/json.h>

#include "cli.h"
#include "kernel/features.h"
#include "fields.h"
#include "getter.h"
#include "log.h"
#include "rules/rules.h"

#define RULE(row)	((const struct nma_rule *)(row))

GET(get_id, nma_value_str(v, RULE(row)->id))
GET(get_severity, nma_value_str(v, nma_severity_name(RULE(row)->severity)))
GET(get_class, nma_value_fmt(v, "%c", nma_severity_letter(RULE(row)->severity)))
GET(get_subject, nma_value_str(v, nma_subjects[RULE(row)->subject].name))
GET(get_cost, nma_value_str(v, nma_cost_name(RULE(row)->cost)))
GET(get_kernel, nma_value_str(v, nma_kernel_check_name(RULE(row)->kernel)))
GET(get_title, nma_value_str(v, RULE(row)->title))

static void get_hooks(const void *row, struct nma_value *v)
{
	int i;

	for (i = 0; i < NMA_HOOK_MAX; i++)
		if (RULE(row)->hooks & NMA_HOOK_BIT(i))
			nma_value_set_add(v, nma_hook_name(i));
}

static const struct nma_field rule_fields[] = {
	{ "id", "RULE", 0, get_id },
	{ "severity", "SEVERITY", 0, get_severity },
	{ "class", "CLASS", NMA_FIELD_JSON, get_class },
	{ "subject", "SUBJECT", 0, get_subject },
	{ "cost", "COST", NMA_FIELD_JSON, get_cost },
	{ "kernel", "KERNEL", NMA_FIELD_JSON, get_kernel },
	{ "hooks", "HOOKS", NMA_FIELD_JSON, get_hooks },
	{ "title", "TITLE", 0, get_title },
};

static const struct nma_fields fields = {
	.name = "rules",
	.field = rule_fields,
	.nr = sizeof(rule_fields) / sizeof(*rule_fields),
};

/* source and advice are longer than a value may be */
static struct json_object *rule_json(const struct nma_out *out,
				     const struct nma_rule *rule)
{
	struct json_object *obj = nma_out_object(out, &fields, rule);

	nma_json_add_str(obj, "source", rule->source);
	nma_json_add_str(obj, "advice", rule->advice);
	return obj;
}

static int emit_json(const struct nma_out *out, const void *const *rows, size_t nr)
{
	struct json_object *doc = nma_json_doc("rules");
	struct json_object *arr = json_object_new_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_object_array_add(arr, rule_json(out, rows[i]));
	json_object_object_add(doc, fields.name, arr);
	return nma_out_emit(out, doc);
}

static void show_rule(const struct nma_out *out, const struct nma_rule *rule)
{
	nma_out_block(out, &fields, rule, 0);
	nma_out_text(out, 0, "source:");
	nma_out_text(out, 4, "%s", rule->source);
	nma_out_text(out, 0, "what it means and what to do:");
	nma_out_text(out, 4, "%s", rule->advice);
}

static int run(struct nma_env *env, const void *opts, const struct nma_words *w)
{
	const void *rows[NMA_RULE_MAX];
	enum nma_rule_id id = NMA_RULE_MAX;
	int order[NMA_RULE_MAX], i, err;
	const void *one;

	(void)opts;
	if (w->nr) {
		id = nma_rule_find(w->word[0]);
		if (id == NMA_RULE_MAX) {
			nma_err(env, -EINVAL, "unknown rule '%s' (netmem-audit rules lists them)",
				w->word[0]);
			return NMA_EXIT_USAGE;
		}
	}
	nma_rules_sorted(order);
	for (i = 0; i < NMA_RULE_MAX; i++)
		rows[i] = &nma_rules[order[i]];
	one = id < NMA_RULE_MAX ? &nma_rules[id] : NULL;
	err = 0;
	if (env->out.json)
		err = emit_json(&env->out, one ? &one : rows, one ? 1 : NMA_RULE_MAX);
	else if (id < NMA_RULE_MAX)
		show_rule(&env->out, &nma_rules[id]);
	else
		err = nma_out_table(&env->out, &fields, rows, NMA_RULE_MAX);
	return err ? NMA_EXIT_ENV : NMA_EXIT_OK;
}

static const char *const about[] = {
	"Without ID, lists all rules; with ID, also the sentence of the kernel's "
	"documents that the rule enforces and what to do about a violation. "
	"Severity error means memory corruption, a crash, a leak or lost data; warn "
	"a latent fault or a risk; info never fails a check.",
	NULL
};

const struct nma_command nma_cmd_rules = {
	.name = "rules",
	.args = "[ID]",
	.summary = "list the rules, or explain one: why it is there, what to do about it",
	.max_args = 1,
	.about = about,
	.run = run,
};
