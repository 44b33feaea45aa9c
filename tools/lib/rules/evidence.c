// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Evidence that several rules give: who owns, who acted, who holds, and numbers
 * of the kernel by their names.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "rules/rules.h"

const char *nma_mp_name(enum nma_mp mp)
{
	switch (mp) {
	case NMA_MP_NONE:
		return NULL;
	case NMA_MP_DMABUF:
		return "dmabuf";
	case NMA_MP_IO_URING:
		return "io-uring";
	case NMA_MP_OTHER:
		break;
	}
	return "other";
}

const char *nma_hds_name(enum nma_hds hds)
{
	switch (hds) {
	case NMA_HDS_UNKNOWN:
		return NULL;
	case NMA_HDS_OFF:
		return "off";
	case NMA_HDS_ON:
		return "on";
	}
	return NULL;
}

void nma_pp_flags(struct nma_value *v, __u32 flags)
{
	static const char *const names[] = {
		"DMA_MAP", "DMA_SYNC_DEV", "SYSTEM_POOL", "ALLOW_UNREADABLE",
	};
	char other[16];
	unsigned int i;

	v->type = NMA_VALUE_SET;
	v->str[0] = '\0';
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (flags & 1u << i)
			nma_value_set_add(v, names[i]);
	flags &= ~0u << i;
	if (!flags)
		return;
	snprintf(other, sizeof(other), "0x%x", flags);
	nma_value_set_add(v, other);
}

void nma_task_evidence(struct nma_finding *f, const struct nma_rec_hdr *hdr,
		       __u64 cgroup_id)
{
	if (hdr->pid)
		nma_value_u64(nma_finding_ev(f, "pid"), hdr->pid);
	nma_value_strn(nma_finding_ev(f, "comm"), hdr->comm, NMA_COMM_LEN);
	if (cgroup_id)
		nma_value_u64(nma_finding_ev(f, "cgroup_id"), cgroup_id);
}

void nma_use_evidence(struct nma_finding *f, const struct nma_rec_use *use)
{
	f->event = true;
	nma_task_evidence(f, &use->hdr, use->cgroup_id);
	nma_value_endpoint(nma_finding_ev(f, "local"), use->family, use->src, use->sport);
	nma_value_endpoint(nma_finding_ev(f, "remote"), use->family, use->dst, use->dport);
	if (use->ret < 0)
		nma_value_s64(nma_finding_ev(f, "errno"), -use->ret);
}

void nma_act_evidence(struct nma_finding *f, const struct nma_rec_act *act)
{
	const char *mp = nma_mp_name(act->mp);

	if (act->pool_id)
		nma_pp_flags(nma_finding_ev(f, "flags"), act->flags);
	if (mp)
		nma_value_str(nma_finding_ev(f, "provider"), mp);
	if (act->hdr.pid)
		nma_task_evidence(f, &act->hdr, 0);
	if (act->stack[0])
		nma_value_stack(nma_finding_ev(f, "called_by"), act->stack,
				NMA_STACK_LEN);
}

void nma_owner_evidence(struct nma_finding *f, const struct nma_binding *binding)
{
	const struct nma_rec_binding *r = &binding->r;

	if (!r->owner_pid)
		return;
	nma_value_u64(nma_finding_ev(f, "owner_pid"), r->owner_pid);
	nma_value_strn(nma_finding_ev(f, "owner_comm"), r->owner_comm, NMA_COMM_LEN);
	nma_value_u64(nma_finding_ev(f, "owner_uid"), r->owner_uid);
	if (r->owner_cgroup)
		nma_value_u64(nma_finding_ev(f, "owner_cgroup_id"), r->owner_cgroup);
}

void nma_sock_evidence(struct nma_finding *f, const struct nma_sock *sock)
{
	const struct nma_rec_sock *r = &sock->r;

	nma_task_evidence(f, &r->hdr, r->cgroup_id);
	nma_value_endpoint(nma_finding_ev(f, "local"), r->family, r->src, r->sport);
	nma_value_endpoint(nma_finding_ev(f, "remote"), r->family, r->dst, r->dport);
}

/* The socket may have been orphaned: then there is no process to name. */
void nma_holder_evidence(struct nma_finding *f, const struct nma_token_holder *h)
{
	const struct nma_rec_sock *r = &h->sock->r;

	f->cookie = r->cookie;
	nma_value_u64(nma_finding_ev(f, "tokens_outstanding"), h->tokens);
	if (r->hdr.pid)
		nma_value_u64(nma_finding_ev(f, "holder_pid"), r->hdr.pid);
	nma_value_strn(nma_finding_ev(f, "holder_comm"), r->hdr.comm, NMA_COMM_LEN);
	nma_value_endpoint(nma_finding_ev(f, "local"), r->family, r->src, r->sport);
	nma_value_endpoint(nma_finding_ev(f, "remote"), r->family, r->dst, r->dport);
}

struct nma_token_holder nma_holder_of(const struct nma_model *m, __u32 binding_id)
{
	struct nma_token_holder h = { 0 };

	nma_model_for_each(struct nma_sock, &m->socks, sock) {
		if (sock->r.binding_id != binding_id || sock->seen.gone ||
		    !sock->r.outstanding)
			continue;
		h.tokens += sock->r.outstanding;
		if (!h.sock || sock->r.outstanding > h.sock->r.outstanding)
			h.sock = sock;
	}
	return h;
}

void nma_pool_evidence(struct nma_finding *f, const struct nma_pool *pool)
{
	const char *mp = nma_mp_name(pool->r.mp);

	nma_pp_flags(nma_finding_ev(f, "flags"), pool->r.flags);
	if (mp)
		nma_value_str(nma_finding_ev(f, "provider"), mp);
	if (pool->r.binding_id)
		nma_value_u64(nma_finding_ev(f, "binding_id"), pool->r.binding_id);
	if (pool->r.stack[0])
		nma_value_stack(nma_finding_ev(f, "created_by"), pool->r.stack,
				NMA_STACK_LEN);
}
