// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The rule table, its names, and what every verdict has in common. Verdicts
 * themselves are in rules_<subject>.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kernel/features.h"
#include "rules/rules.h"

const struct nma_rule nma_rules[NMA_RULE_MAX] = {
#define NMA_RULE(id_, ident, sev, cost_, subj, on, hooks_, kern, enf, title_, src, adv) \
	[NMA_RULE_##id_] = { \
		.id = ident, .severity = sev, .cost = cost_, .subject = subj, \
		.occasion = on, .hooks = hooks_, .kernel = kern, .enforce = enf, .title = title_, \
		.source = src, .advice = adv, .fn = nma_rule_##id_, \
	},
#include "nma_rules.def"
};

/* 64 bits hold a set of rules; see nma_judge_opts. */
_Static_assert(NMA_RULE_MAX <= 64, "rule sets need more than 64 bits");

enum nma_rule_id nma_rule_find(const char *id)
{
	int i;

	for (i = 0; i < NMA_RULE_MAX; i++)
		if (!strcasecmp(nma_rules[i].id, id))
			return i;
	return NMA_RULE_MAX;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(nma_rules[*(const int *)a].id, nma_rules[*(const int *)b].id);
}

void nma_rules_sorted(int order[NMA_RULE_MAX])
{
	int i;

	for (i = 0; i < NMA_RULE_MAX; i++)
		order[i] = i;
	qsort(order, NMA_RULE_MAX, sizeof(*order), by_id);
}

const char *nma_severity_name(enum nma_severity sev)
{
	static const char *const names[] = {
		[NMA_SEV_I] = "info",
		[NMA_SEV_W] = "warn",
		[NMA_SEV_E] = "error",
		[NMA_SEV_F] = "error",
	};

	return names[sev];
}

char nma_severity_letter(enum nma_severity sev)
{
	return "IWEF"[sev];
}

const char *nma_kind_name(enum nma_kind kind)
{
	static const char *const names[] = {
		[NMA_KIND_VIOLATION] = "violation",
		[NMA_KIND_LEAK] = "leak",
		[NMA_KIND_POLICY] = "policy",
		[NMA_KIND_NOTE] = "note",
	};

	return names[kind];
}

const char *nma_cost_name(enum nma_cost cost)
{
	static const char *const names[] = {
		[NMA_COST_CONTROL] = "control path",
		[NMA_COST_PAGE] = "per page",
		[NMA_COST_BUFFER] = "per buffer",
		[NMA_COST_PACKET] = "per packet",
		[NMA_COST_SYSCALL] = "per system call",
	};

	return names[cost];
}

const char *nma_kernel_check_name(enum nma_kernel_check check)
{
	static const char *const names[] = {
		[NMA_KERNEL_NONE] = "does not look",
		[NMA_KERNEL_PARTLY] = "refuses some forms",
		[NMA_KERNEL_FULLY] = "refuses it",
		[NMA_KERNEL_SINCE_HDS_CFG] = "refuses it since 6.14",
		[NMA_KERNEL_BEFORE_DEVMEM_TX] = "refuses it before 6.16",
	};

	return names[check];
}

enum nma_rule_state nma_rule_state(enum nma_rule_id rule,
				   const struct nma_features *f, nma_hook_set *missing)
{
	const struct nma_rule *r = &nma_rules[rule];

	*missing = r->hooks & ~f->hooks;
	if (*missing || !f->netmem)
		return NMA_RULE_UNAVAILABLE;
	if (r->kernel == NMA_KERNEL_FULLY ||
	    (r->kernel == NMA_KERNEL_SINCE_HDS_CFG && f->hds_cfg) ||
	    (r->kernel == NMA_KERNEL_BEFORE_DEVMEM_TX && !f->devmem_tx))
		return NMA_RULE_ENFORCED;
	if (r->enforce != NMA_ENFORCE_NO && f->bpf_lsm)
		return NMA_RULE_ENFORCEABLE;
	return r->kernel == NMA_KERNEL_PARTLY ? NMA_RULE_AUDITED_PARTLY :
						NMA_RULE_AUDITED;
}

const char *nma_rule_state_name(enum nma_rule_state state)
{
	static const char *const names[] = {
		[NMA_RULE_AUDITED] = "audited",
		[NMA_RULE_AUDITED_PARTLY] = "audited, partly enforced",
		[NMA_RULE_ENFORCEABLE] = "enforceable here",
		[NMA_RULE_ENFORCED] = "enforced by this kernel",
		[NMA_RULE_UNAVAILABLE] = "unavailable",
	};

	return names[state];
}

bool nma_rule_is_deep(enum nma_rule_id rule)
{
	return nma_rules[rule].cost == NMA_COST_BUFFER ||
	       nma_rules[rule].cost == NMA_COST_PACKET;
}

static struct nma_finding *add_item(struct nma_verdict *v, unsigned int detail,
				    enum nma_severity severity)
{
	static struct nma_finding overflow;	/* a rule with too many items */
	struct nma_finding *f = &overflow;

	if (v->nr < NMA_DETAIL_MAX)
		f = &v->item[v->nr++];
	*f = v->base;
	f->detail = detail;
	f->severity = severity > v->base.severity ? v->base.severity : severity;
	return f;
}

struct nma_finding *nma_verdict_add(struct nma_verdict *v, unsigned int detail,
				    enum nma_severity severity,
				    const char *fmt, ...)
{
	struct nma_finding *f = add_item(v, detail, severity);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->message, sizeof(f->message), fmt, ap);
	va_end(ap);
	return f;
}

struct nma_finding *nma_verdict_blind(struct nma_verdict *v, unsigned int detail,
				      const char *fmt, ...)
{
	struct nma_finding *f = add_item(v, detail, NMA_SEV_I);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->message, sizeof(f->message), fmt, ap);
	va_end(ap);
	f->kind = NMA_KIND_NOTE;
	return f;
}

void nma_finding_latent(struct nma_finding *f, const struct nma_rule_ctx *ctx,
			__u64 netdev)
{
	f->latent = true;
	f->severity = ctx->limits->strict || nma_model__bind_tried(ctx->model, netdev) ?
		      NMA_SEV_W : NMA_SEV_I;
}

void nma_finding_hold(struct nma_finding *f, enum nma_patience patience,
		      __u64 hold_ns)
{
	f->patience = patience;
	f->hold_ns = hold_ns;
}

struct nma_value *nma_finding_ev(struct nma_finding *f, const char *key)
{
	static struct nma_value overflow;
	struct nma_evidence *ev;

	if (f->nr_evidence == NMA_EVIDENCE_MAX) {
		overflow.type = NMA_VALUE_NONE;
		return &overflow;
	}
	ev = &f->evidence[f->nr_evidence++];
	*ev = (struct nma_evidence){ .key = key };
	return &ev->value;
}

/* Where the object is. An act stands for as many as were counted. */
static void set_base(struct nma_finding *f, const struct nma_model *m,
		     enum nma_subject subject, union nma_ref ref)
{
	struct nma_place place = { .queue = NMA_NO_QUEUE };

	nma_subjects[subject].place(m, ref, &place);
	f->netns = place.netns;
	f->ifindex = place.ifindex;
	f->device_gone = place.gone;
	memcpy(f->ifname, place.ifname, sizeof(f->ifname));
	memcpy(f->driver, place.driver, sizeof(f->driver));
	f->queue = place.queue;
	f->pool_id = place.pool_id;
	f->binding_id = place.binding_id;
	f->cookie = place.cookie;
	if (subject == NMA_SUBJ_ACT) {
		f->event = true;
		f->occasions = ref.act->count;
	}
}

void nma_rule_run(const struct nma_rule_ctx *ctx, enum nma_rule_id rule,
		  union nma_ref ref, struct nma_verdict *v)
{
	v->nr = 0;
	v->base = (struct nma_finding){
		.rule = rule,
		.severity = nma_rules[rule].severity,
	};
	set_base(&v->base, ctx->model, nma_rules[rule].subject, ref);
	nma_rules[rule].fn(ctx, ref, v);
}
