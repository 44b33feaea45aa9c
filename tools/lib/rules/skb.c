// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Verdicts on packets whose payload no CPU can read.
 */
#include "rules/rules.h"

static void frag_evidence(struct nma_finding *f, const struct nma_rec_act *act)
{
	nma_value_u64(nma_finding_ev(f, "net_iovs"), act->value[0]);
	nma_value_u64(nma_finding_ev(f, "frags"), act->value[1]);
	nma_act_evidence(f, act);
}

/* NM-SKB-01 */
void nma_rule_SKB_01(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	const struct nma_rec_act *act = ref.act;
	struct nma_finding *f;

	(void)ctx;
	if (act->act != NMA_ACT_SKB_BIT)
		return;
	if (act->value[0])
		f = nma_verdict_add(v, 0, NMA_SEV_F,
				    "received packet with net_iovs is taken for readable");
	else
		f = nma_verdict_add(v, 1, NMA_SEV_F,
				    "received packet of pages is taken for unreadable");
	frag_evidence(f, act);
}

/* NM-SKB-02 */
void nma_rule_SKB_02(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	const struct nma_rec_act *act = ref.act;
	struct nma_finding *f;

	(void)ctx;
	if (act->act == NMA_ACT_SKB_MIXED) {
		f = nma_verdict_add(v, 0, NMA_SEV_F,
				    "received packet has net_iovs and pages");
		frag_evidence(f, act);
	} else if (act->act == NMA_ACT_SKB_MERGED) {
		f = nma_verdict_add(v, 1, NMA_SEV_F,
				    "GRO merged a packet that can be read with one that cannot");
		nma_act_evidence(f, act);
	}
}

/* NM-SKB-03 */
void nma_rule_SKB_03(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	struct nma_finding *f;

	(void)ctx;
	if (ref.act->act != NMA_ACT_SKB_KEPT)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_F,
			    "received packet with net_iovs is not marked for recycling");
	frag_evidence(f, ref.act);
}

static const char *read_name(__s64 how)
{
	switch (how) {
	case NMA_READ_COPY:
		return "copied";
	case NMA_READ_PULL:
		return "pulled into the head";
	case NMA_READ_CSUM:
		return "summed up";
	case NMA_READ_UBUFS:
		return "copied to pages";
	default:
		return "read";
	}
}

/* NM-SKB-04 */
void nma_rule_SKB_04(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	const struct nma_rec_act *act = ref.act;
	struct nma_finding *f;

	(void)ctx;
	if (act->act != NMA_ACT_SKB_READ)
		return;
	f = nma_verdict_add(v, 0, NMA_SEV_W,
			    "unreadable payload was to be %s", read_name(act->value[0]));
	nma_value_u64(nma_finding_ev(f, "bytes"), act->value[1]);
	nma_act_evidence(f, act);
}

/* NM-SKB-05. Refused by the kernel, data is lost; otherwise the driver has it. */
void nma_rule_SKB_05(const struct nma_rule_ctx *ctx, union nma_ref ref,
		     struct nma_verdict *v)
{
	const struct nma_rec_act *act = ref.act;
	struct nma_finding *f;

	(void)ctx;
	if (act->act == NMA_ACT_SKB_REFUSED)
		f = nma_verdict_add(v, 0, NMA_SEV_E,
				    "unreadable packet dropped: the device cannot send it");
	else if (act->act == NMA_ACT_SKB_SENT)
		f = nma_verdict_add(v, 1, NMA_SEV_F,
				    "unreadable packet given to a driver that cannot send it");
	else
		return;
	nma_value_s64(nma_finding_ev(f, "to_ifindex"), act->value[0]);
	nma_act_evidence(f, act);
}
