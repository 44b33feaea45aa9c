// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Field tables of what streams are made of: findings and life-cycle events.
 */
#define _GNU_SOURCE
#include <string.h>

#include "explain/precondition.h"
#include "fields.h"
#include "getter.h"
#include "rules/rules.h"

#define FINDING(row)	((const struct nma_finding *)(row))
#define CHANGE(row)	(((const struct nma_event_row *)(row))->change)
#define MODEL(row)	(((const struct nma_event_row *)(row))->model)

GET(f_rule, nma_value_str(v, nma_rules[FINDING(row)->rule].id))
GET(f_severity, nma_value_str(v, nma_severity_name(FINDING(row)->severity)))
GET(f_kind, nma_value_str(v, nma_kind_name(FINDING(row)->kind)))
GET(f_ifname, nma_value_strn(v, FINDING(row)->ifname, NMA_IFNAME_LEN))
GET_NONZERO(f_ifindex, FINDING(row)->ifindex)
NETNS(f, FINDING(row)->netns)
GET(f_driver, nma_value_strn(v, FINDING(row)->driver, NMA_NAME_LEN))
GET_NONZERO(f_pool, FINDING(row)->pool_id)
GET_NONZERO(f_binding, FINDING(row)->binding_id)
GET_NONZERO(f_cookie, FINDING(row)->cookie)
GET(f_message, nma_value_str(v, FINDING(row)->message))
/* A stream tells how many are new, so that counts of its lines add up. */
GET(f_count, nma_value_u64(v, FINDING(row)->folded ? FINDING(row)->folded :
						      FINDING(row)->count))
GET(f_time, nma_value_u64(v, FINDING(row)->last_ns))
GET(f_first, nma_value_u64(v, FINDING(row)->first_ns))

static void f_queue(const void *row, struct nma_value *v)
{
	if (FINDING(row)->queue != NMA_NO_QUEUE)
		nma_value_u64(v, FINDING(row)->queue);
}

static void f_gone(const void *row, struct nma_value *v)
{
	if (FINDING(row)->device_gone)
		nma_value_bool(v, true);
}

static void f_pre_existing(const void *row, struct nma_value *v)
{
	if (FINDING(row)->pre_existing)
		nma_value_bool(v, true);
}

static void f_latent(const void *row, struct nma_value *v)
{
	if (FINDING(row)->latent)
		nma_value_bool(v, true);
}

static void f_gap(const void *row, struct nma_value *v)
{
	if (FINDING(row)->kernel_gap)
		nma_value_bool(v, true);
}

static const struct nma_field finding_fields[] = {
	{ "rule", "RULE", 0, f_rule },
	{ "severity", "SEVERITY", 0, f_severity },
	{ "kind", "KIND", 0, f_kind },
	{ "ifname", "IF", 0, f_ifname },
	{ "ifindex", "", NMA_FIELD_JSON, f_ifindex },
	NETNS_FIELDS(f),
	{ "device_gone", "", NMA_FIELD_JSON, f_gone },
	{ "driver", "", NMA_FIELD_JSON, f_driver },
	{ "queue", "QUEUE", 0, f_queue },
	{ "pool_id", "POOL", 0, f_pool },
	{ "binding_id", "BINDING", 0, f_binding },
	{ "cookie", "", NMA_FIELD_JSON, f_cookie },
	{ "message", "MESSAGE", 0, f_message },
	{ "pre_existing", "", NMA_FIELD_JSON, f_pre_existing },
	{ "latent", "", NMA_FIELD_JSON, f_latent },
	{ "kernel_gap", "", NMA_FIELD_JSON, f_gap },
	{ "count", "COUNT", 0, f_count },
	{ "time_ns", "", NMA_FIELD_JSON, f_time },
	{ "first_time_ns", "", NMA_FIELD_JSON, f_first },
};

/* The record is the first we hear of the device. */
static bool is_new(const struct nma_change *change)
{
	return change->ref.nic->seen.first_ns == change->hdr->time_ns;
}

static bool without_program(const struct nma_change *change)
{
	return !change->ref.op->value;
}

static bool refused(const struct nma_change *change)
{
	return change->ref.op->ret < 0;
}

static bool of_data_split(const struct nma_change *change)
{
	return change->ref.op->mode;
}

/* Which records are life-cycle events, and what they are called, OBJECT_PAST; the
 * first row that fits.
 */
static const struct {
	__u16 type;
	__u16 cause;	/* object records */
	__u32 op;	/* operation records */
	bool detail;
	const char *name;
	bool (*when)(const struct nma_change *change);
} events[] = {
	{ NMA_REC_NIC, NMA_CAUSE_CHANGE, 0, false, "device_appeared", is_new },
	{ NMA_REC_NIC, NMA_CAUSE_CHANGE, 0, true, "device_changed", NULL },
	{ NMA_REC_NIC, NMA_CAUSE_GONE, 0, false, "device_gone", NULL },
	{ NMA_REC_QUEUE, NMA_CAUSE_CHANGE, 0, true, "queue_changed", NULL },
	{ NMA_REC_POOL, NMA_CAUSE_CREATE, 0, false, "pool_created", NULL },
	{ NMA_REC_POOL, NMA_CAUSE_CREATE_FAILED, 0, false, "pool_refused", NULL },
	{ NMA_REC_POOL, NMA_CAUSE_DETACH, 0, false, "pool_destroyed", NULL },
	{ NMA_REC_POOL, NMA_CAUSE_RELEASE, 0, true, "pool_draining", NULL },
	{ NMA_REC_POOL, NMA_CAUSE_GONE, 0, false, "pool_freed", NULL },
	{ NMA_REC_BINDING, NMA_CAUSE_CREATE, 0, false, "binding_created", NULL },
	{ NMA_REC_BINDING, NMA_CAUSE_CREATE_FAILED, 0, true, "binding_refused", NULL },
	{ NMA_REC_BINDING, NMA_CAUSE_DETACH, 0, false, "binding_destroyed", NULL },
	{ NMA_REC_BINDING, NMA_CAUSE_GONE, 0, false, "binding_freed", NULL },
	{ NMA_REC_SOCK, NMA_CAUSE_GONE, 0, true, "socket_closed", NULL },
	/* what is refused on the way is told once, by what answers */
	{ NMA_REC_OP, 0, NMA_OP_BIND_QUEUE, true, "queue_failed", refused },
	{ NMA_REC_OP, 0, NMA_OP_BIND_QUEUE, false, "queue_bound", NULL },
	{ NMA_REC_OP, 0, NMA_OP_QUEUE_RESTART, false, "queue_restarted", NULL },
	{ NMA_REC_OP, 0, NMA_OP_MP_CHECK, true, "provider_checked", NULL },
	{ NMA_REC_OP, 0, NMA_OP_XSK_BOUND, false, "xsk_bound", NULL },
	{ NMA_REC_OP, 0, NMA_OP_XDP_INSTALL, true, "xdp_failed", refused },
	{ NMA_REC_OP, 0, NMA_OP_XDP_INSTALL, false, "xdp_detached", without_program },
	{ NMA_REC_OP, 0, NMA_OP_XDP_INSTALL, false, "xdp_attached", NULL },
	{ NMA_REC_OP, 0, NMA_OP_HDS_SET, true, "rings_failed", refused },
	{ NMA_REC_OP, 0, NMA_OP_HDS_SET, false, "data_split_set", of_data_split },
	{ NMA_REC_OP, 0, NMA_OP_HDS_SET, false, "rings_set", NULL },
	{ NMA_REC_OP, 0, NMA_OP_QUEUES_SET, false, "queues_set", NULL },
	{ NMA_REC_OP, 0, NMA_OP_RSS_SET, false, "rss_set", NULL },
};

static const char *const refusals[NMA_REQ_MAX] = {
#define NMA_REQ(id, event, text) [NMA_REQ_##id] = event,
	NMA_REQ_LIST
#undef NMA_REQ
};

/* By a policy that only looks on */
static const char let_through[] = "let_through";

const char *nma_event_name(const struct nma_change *change, bool *detail)
{
	const struct nma_rec_hdr *hdr = change->hdr;
	size_t i;

	if (hdr->type == NMA_REC_REFUSED) {
		*detail = false;
		if (change->ref.refused->by == NMA_BY_NOBODY)
			return let_through;
		return refusals[change->ref.refused->ask];
	}
	for (i = 0; i < sizeof(events) / sizeof(*events); i++) {
		if (events[i].type != hdr->type || events[i].cause != hdr->cause)
			continue;
		if (hdr->type == NMA_REC_OP && events[i].op != change->ref.op->op)
			continue;
		if (events[i].when && !events[i].when(change))
			continue;
		*detail = events[i].detail;
		return events[i].name;
	}
	return NULL;
}

const char *nma_event_listed(size_t i, bool *detail)
{
	const size_t nr = sizeof(events) / sizeof(*events);

	*detail = i < nr && events[i].detail;
	if (i < nr)
		return events[i].name;
	i = i - nr + 1;		/* NMA_REQ_NONE has none */
	if (i == NMA_REQ_MAX)
		return let_through;
	return i < NMA_REQ_MAX ? refusals[i] : NULL;
}

/* The member that most subjects have, by subject. */
static const struct nma_rec_pool *pool_of(const void *row)
{
	return CHANGE(row)->subject == NMA_SUBJ_POOL ? &CHANGE(row)->ref.pool->r : NULL;
}

static const struct nma_owner *owner_of(const void *row)
{
	return CHANGE(row)->subject == NMA_SUBJ_POOL ? &CHANGE(row)->ref.pool->owner :
						       NULL;
}

static const struct nma_rec_op *op_of(const void *row)
{
	return CHANGE(row)->subject == NMA_SUBJ_OP ? CHANGE(row)->ref.op : NULL;
}

static const struct nma_rec_refused *refusal_of(const void *row)
{
	return CHANGE(row)->subject == NMA_SUBJ_REFUSED ? CHANGE(row)->ref.refused : NULL;
}

static const struct nma_rec_binding *binding_of(const void *row)
{
	return CHANGE(row)->subject == NMA_SUBJ_BINDING ?
	       &CHANGE(row)->ref.binding->r : NULL;
}

static void e_event(const void *row, struct nma_value *v)
{
	bool detail;

	nma_value_str(v, nma_event_name(CHANGE(row), &detail));
}

static __u64 netdev_of(const struct nma_event_row *row)
{
	return nma_subjects[row->change->subject].netdev(row->model, row->change->ref);
}

__u32 nma_event_netns(const struct nma_event_row *row)
{
	return owner_of(row) ? owner_of(row)->netns : row->change->hdr->netns;
}

const char *nma_event_ifname(const struct nma_event_row *row)
{
	const struct nma_nic *nic = nma_model__nic(row->model, netdev_of(row));

	if (nic)
		return nic->r.ifname;
	if (owner_of(row))
		return owner_of(row)->ifname;
	if (refusal_of(row))
		return refusal_of(row)->ifname;
	return op_of(row) ? op_of(row)->ifname : "";
}

GET(e_ifname, nma_value_strn(v, nma_event_ifname(row), NMA_IFNAME_LEN))

static void e_ifindex(const void *row, struct nma_value *v)
{
	const struct nma_nic *nic = nma_model__nic(MODEL(row), netdev_of(row));

	if (nic)
		nma_value_u64(v, nic->r.ifindex);
	else if (owner_of(row) && owner_of(row)->ifindex)
		nma_value_u64(v, owner_of(row)->ifindex);
	else if (refusal_of(row) && refusal_of(row)->ifindex)
		nma_value_u64(v, refusal_of(row)->ifindex);
}

static void e_gone(const void *row, struct nma_value *v)
{
	if (owner_of(row) && owner_of(row)->gone)
		nma_value_bool(v, true);
}

static void e_queue(const void *row, struct nma_value *v)
{
	if (owner_of(row) && owner_of(row)->queue != NMA_NO_QUEUE)
		nma_value_u64(v, owner_of(row)->queue);
	else if (op_of(row) && op_of(row)->queue != NMA_NO_QUEUE)
		nma_value_u64(v, op_of(row)->queue);
	else if (refusal_of(row) && refusal_of(row)->queue != NMA_NO_QUEUE)
		nma_value_u64(v, refusal_of(row)->queue);
	else if (CHANGE(row)->subject == NMA_SUBJ_QUEUE)
		nma_value_u64(v, CHANGE(row)->ref.queue->r.queue);
}

static void e_pool(const void *row, struct nma_value *v)
{
	if (pool_of(row) && pool_of(row)->pool_id)
		nma_value_u64(v, pool_of(row)->pool_id);
}

static void e_binding(const void *row, struct nma_value *v)
{
	__u64 id = 0;

	if (pool_of(row))
		id = pool_of(row)->binding_id;
	else if (binding_of(row))
		id = binding_of(row)->binding_id;
	else if (op_of(row) && op_of(row)->op == NMA_OP_BIND_QUEUE)
		id = op_of(row)->value;
	if (id)
		nma_value_u64(v, id);
}

/* "EBUSY" */
static void errno_value(struct nma_value *v, int err)
{
	const char *name = strerrorname_np(err);

	if (name)
		nma_value_str(v, name);
	else
		nma_value_fmt(v, "%d", err);
}

static __s32 error_of(const void *row)
{
	if (pool_of(row))
		return pool_of(row)->err;
	if (binding_of(row))
		return binding_of(row)->err;
	if (refusal_of(row))
		return refusal_of(row)->err;
	return op_of(row) ? op_of(row)->ret : 0;
}

static void e_errno(const void *row, struct nma_value *v)
{
	if (error_of(row) < 0)
		nma_value_s64(v, -error_of(row));
}

static void e_errno_name(const void *row, struct nma_value *v)
{
	__s32 err = error_of(row);

	if (err < 0)
		errno_value(v, -err);
}

static void e_words(const void *row, struct nma_value *v)
{
	if (refusal_of(row) && !refusal_of(row)->by)
		nma_value_strn(v, refusal_of(row)->words, NMA_WORDS_LEN);
}

static void e_xsk_mode(const void *row, struct nma_value *v)
{
	const struct nma_rec_op *op = op_of(row);
	const struct nma_nic *nic;

	if (refusal_of(row) && refusal_of(row)->ask == NMA_REQ_XSK &&
	    refusal_of(row)->mode & (NMA_XSK_ASK_COPY | NMA_XSK_ASK_ZEROCOPY))
		nma_value_str(v, refusal_of(row)->mode & NMA_XSK_ASK_COPY ?
				 "copy" : "zero-copy");
	if (!op || op->op != NMA_OP_XSK_BOUND)
		return;
	nic = nma_model__nic(MODEL(row), op->netdev);
	if (op->mode == NMA_XSK_ZEROCOPY)
		nma_value_str(v, "zero-copy");
	else
		nma_value_str(v, nic && nic->r.xdp_prog_id[0] && !nic->r.xdp_prog_id[1] ?
				 "copy-generic" : "copy");
}

static void e_channels(const void *row, struct nma_value *v)
{
	if (refusal_of(row) && refusal_of(row)->ask == NMA_REQ_CHANNELS &&
	    refusal_of(row)->value)
		nma_value_u64(v, refusal_of(row)->value);
}

static void e_buf_len(const void *row, struct nma_value *v)
{
	if (refusal_of(row) && refusal_of(row)->ask == NMA_REQ_ZCRX &&
	    refusal_of(row)->value)
		nma_value_u64(v, refusal_of(row)->value);
}

static void e_cgroup_id(const void *row, struct nma_value *v)
{
	if (refusal_of(row) && refusal_of(row)->cgroup_id)
		nma_value_u64(v, refusal_of(row)->cgroup_id);
}

static void e_cgroup(const void *row, struct nma_value *v)
{
	if (refusal_of(row))
		nma_cgroup_value(v, refusal_of(row)->cgroup_id);
}

static void e_provider(const void *row, struct nma_value *v)
{
	if (pool_of(row))
		nma_value_str(v, nma_mp_name(pool_of(row)->mp));
}

static void e_flags(const void *row, struct nma_value *v)
{
	if (pool_of(row))
		nma_pp_flags(v, pool_of(row)->flags);
}

static void e_inflight(const void *row, struct nma_value *v)
{
	if (pool_of(row) && CHANGE(row)->hdr->cause != NMA_CAUSE_CREATE &&
	    CHANGE(row)->hdr->cause != NMA_CAUSE_CREATE_FAILED)
		nma_value_s64(v, pool_of(row)->inflight);
}

static void e_size(const void *row, struct nma_value *v)
{
	if (binding_of(row) && binding_of(row)->size)
		nma_value_u64(v, binding_of(row)->size);
}

static void e_xdp_prog(const void *row, struct nma_value *v)
{
	if (op_of(row) && op_of(row)->op == NMA_OP_XDP_INSTALL && op_of(row)->value)
		nma_value_u64(v, op_of(row)->value);
	if (refusal_of(row) && refusal_of(row)->ask == NMA_REQ_XDP &&
	    refusal_of(row)->value)
		nma_value_u64(v, refusal_of(row)->value);
}

static void e_xdp_mode(const void *row, struct nma_value *v)
{
	static const char *const modes[] = { "skb", "driver", "hardware" };

	if (op_of(row) && op_of(row)->op == NMA_OP_XDP_INSTALL &&
	    op_of(row)->mode < 3)
		nma_value_str(v, modes[op_of(row)->mode]);
	if (refusal_of(row) && refusal_of(row)->ask == NMA_REQ_XDP &&
	    refusal_of(row)->mode < 3)
		nma_value_str(v, modes[refusal_of(row)->mode]);
}

static void e_hds(const void *row, struct nma_value *v)
{
	if (op_of(row) && op_of(row)->op == NMA_OP_HDS_SET && op_of(row)->mode)
		nma_value_str(v, nma_hds_name(op_of(row)->value));
	if (refusal_of(row) && refusal_of(row)->ask == NMA_REQ_RINGS &&
	    refusal_of(row)->mode)
		nma_value_str(v, nma_hds_name(refusal_of(row)->value));
}

static void e_rx_queues(const void *row, struct nma_value *v)
{
	if (op_of(row) && op_of(row)->op == NMA_OP_QUEUES_SET)
		nma_value_u64(v, op_of(row)->value);
}

static void e_tokens(const void *row, struct nma_value *v)
{
	if (CHANGE(row)->subject == NMA_SUBJ_SOCK)
		nma_value_u64(v, CHANGE(row)->ref.sock->r.outstanding);
}

static void e_stack(const void *row, struct nma_value *v)
{
	if (pool_of(row) && CHANGE(row)->hdr->cause == NMA_CAUSE_CREATE)
		nma_value_stack(v, pool_of(row)->stack, NMA_STACK_LEN);
}

static struct nma_reason reason_of(const void *row)
{
	struct nma_reason why = { 0 };

	if (refusal_of(row))
		nma_reason__refused(MODEL(row), refusal_of(row), &why);
	return why;
}

static void e_rule(const void *row, struct nma_value *v)
{
	char rule[NMA_WORDS_LEN];

	if (!refusal_of(row))
		return;
	nma_refused_rule(refusal_of(row), rule, sizeof(rule));
	nma_value_str(v, rule);
}

static void e_would_be(const void *row, struct nma_value *v)
{
	if (refusal_of(row) && refusal_of(row)->by == NMA_BY_NOBODY)
		nma_value_str(v, refusals[refusal_of(row)->ask]);
}

/* How many it stands for */
static void e_count(const void *row, struct nma_value *v)
{
	if (refusal_of(row) && refusal_of(row)->more)
		nma_value_u64(v, refusal_of(row)->more + 1ull);
}

GET(e_cause, const struct nma_reason why = reason_of(row);
    nma_value_str(v, why.key ? why.key : ""))
GET(e_explanation, const struct nma_reason why = reason_of(row);
    nma_value_str(v, why.text))
GET(e_fix, const struct nma_reason why = reason_of(row); nma_value_str(v, why.fix))
GET(e_holder_comm, const struct nma_reason why = reason_of(row);
    nma_value_str(v, why.holder_comm))
GET_NONZERO(e_holder_pid, reason_of(row).holder_pid)
GET_NONZERO(e_holder_cgroup_id, reason_of(row).holder_cgroup)
GET(e_holder_cgroup, nma_cgroup_value(v, reason_of(row).holder_cgroup))

/* Of most events the name of who did it is for programs; who asked, or has it now, is
 * what people want to know.
 */
static void e_who(const void *row, struct nma_value *v)
{
	if (refusal_of(row) || (op_of(row) && op_of(row)->op == NMA_OP_XSK_BOUND))
		nma_task_value(v, CHANGE(row)->hdr->pid, CHANGE(row)->hdr->comm);
}

GET_NONZERO(e_pid, CHANGE(row)->hdr->pid)
GET(e_comm, nma_value_strn(v, CHANGE(row)->hdr->pid ? CHANGE(row)->hdr->comm : "",
			   NMA_COMM_LEN))
GET(e_time, nma_value_u64(v, CHANGE(row)->hdr->time_ns))
NETNS(e, nma_event_netns(row))

static const struct nma_field event_fields[] = {
	{ "event", "EVENT", NMA_FIELD_JSON, e_event },
	{ "ifname", "", 0, e_ifname },
	{ "ifindex", "", NMA_FIELD_JSON, e_ifindex },
	NETNS_FIELDS(e),
	{ "device_gone", "", 0, e_gone },
	{ "queue", "", 0, e_queue },
	{ "pool_id", "", 0, e_pool },
	{ "binding_id", "", 0, e_binding },
	{ "provider", "", 0, e_provider },
	{ "inflight", "", 0, e_inflight },
	{ "size_bytes", "", 0, e_size },
	{ "xdp_prog_id", "", 0, e_xdp_prog },
	{ "xdp_mode", "", 0, e_xdp_mode },
	{ "tcp_data_split", "", 0, e_hds },
	{ "rx_queues", "", 0, e_rx_queues },
	{ "tokens_outstanding", "", 0, e_tokens },
	{ "flags", "", 0, e_flags },
	{ "af_xdp_mode", "", 0, e_xsk_mode },
	{ "channels", "", 0, e_channels },
	{ "buffer_bytes", "", 0, e_buf_len },
	{ "errno", "", NMA_FIELD_JSON, e_errno },
	{ "errno_name", "", NMA_FIELD_JSON, e_errno_name },
	{ "errno", "", NMA_FIELD_TEXT, e_errno_name },
	{ "by", "", NMA_FIELD_TEXT, e_who },
	{ "rule", "", NMA_FIELD_JSON, e_rule },
	{ "would_be", "", 0, e_would_be },
	{ "count", "", 0, e_count },
	{ "extack", "", NMA_FIELD_JSON, e_words },
	{ "cause", "", NMA_FIELD_JSON, e_cause },
	{ "explanation", "", NMA_FIELD_JSON, e_explanation },
	{ "fix", "", NMA_FIELD_JSON, e_fix },
	{ "holder_pid", "", NMA_FIELD_JSON, e_holder_pid },
	{ "holder_comm", "", NMA_FIELD_JSON, e_holder_comm },
	{ "holder_cgroup_id", "", NMA_FIELD_JSON, e_holder_cgroup_id },
	{ "holder_cgroup", "", NMA_FIELD_JSON, e_holder_cgroup },
	{ "cgroup_id", "", NMA_FIELD_JSON, e_cgroup_id },
	{ "cgroup", "", NMA_FIELD_JSON, e_cgroup },
	{ "pid", "", NMA_FIELD_JSON, e_pid },
	{ "comm", "", NMA_FIELD_JSON, e_comm },
	{ "created_by", "", NMA_FIELD_VERBOSE, e_stack },
	{ "time_ns", "", NMA_FIELD_JSON, e_time },
};

#define TABLE(var, name_, fields_) \
	const struct nma_fields var = { \
		.name = name_, .field = fields_, \
		.nr = sizeof(fields_) / sizeof(*(fields_)), \
	}

TABLE(nma_fields_finding, "findings", finding_fields);
TABLE(nma_fields_event, "events", event_fields);
