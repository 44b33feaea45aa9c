// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Field tables of the model's objects. Findings and events have theirs in
 * fields_stream.c.
 */
#include <string.h>

#include "util/clock.h"
#include "fields.h"
#include "model/holder.h"
#include "getter.h"
#include "kernel/cgroup.h"
#include "kernel/netns.h"
#include "rules/rules.h"

#define ROW(row)	((const struct nma_row *)(row))
#define NIC(row)	(ROW(row)->ref.nic)
#define QUEUE(row)	(ROW(row)->ref.queue)
#define POOL(row)	(ROW(row)->ref.pool)
#define BINDING(row)	(ROW(row)->ref.binding)
#define SOCK(row)	(ROW(row)->ref.sock)

void nma_netns_name_value(struct nma_value *v, __u32 inode)
{
	char name[NMA_STR_LEN];

	if (inode && !nma_netns__name(inode, name, sizeof(name)))
		nma_value_str(v, name);
}

void nma_netns_text_value(struct nma_value *v, __u32 inode)
{
	if (!inode || inode == nma_netns__own())
		return;
	nma_netns_name_value(v, inode);
	if (v->type == NMA_VALUE_NONE)
		nma_value_fmt(v, "%u", inode);
}

void nma_cgroup_value(struct nma_value *v, __u64 id)
{
	char path[NMA_STR_LEN];

	if (!nma_cgroup__path(id, path, sizeof(path)))
		nma_value_str(v, path);
}

/* "nma-traffic 190" */
void nma_task_value(struct nma_value *v, __u32 pid, const char *comm)
{
	if (pid)
		nma_value_fmt(v, "%.*s %u", NMA_COMM_LEN, comm[0] ? comm : "?", pid);
}

static void ifname_value(struct nma_value *v, const struct nma_row *row, __u64 netdev)
{
	const struct nma_nic *nic = nma_model__nic(row->model, netdev);

	if (nic)
		nma_value_strn(v, nic->r.ifname, NMA_IFNAME_LEN);
}

/* NICs */

GET(nic_ifname, nma_value_strn(v, NIC(row)->r.ifname, NMA_IFNAME_LEN))
GET(nic_ifindex, nma_value_u64(v, NIC(row)->r.ifindex))
NETNS(nic, NIC(row)->r.hdr.netns)
GET(nic_driver, nma_value_strn(v, NIC(row)->r.driver, NMA_NAME_LEN))
GET(nic_up, nma_value_bool(v, NIC(row)->r.flags & NMA_NIC_UP))
GET(nic_rx_queues, nma_value_u64(v, NIC(row)->r.real_num_rx_queues))
GET(nic_tx_queues, nma_value_u64(v, NIC(row)->r.real_num_tx_queues))
GET(nic_bound, nma_value_u64(v, nma_model__bound_queues(ROW(row)->model,
							NIC(row)->r.netdev)))
GET(nic_mtu, nma_value_u64(v, NIC(row)->r.mtu))
GET(nic_hds, nma_value_str(v, nma_hds_name(nma_nic_hds(NIC(row)))))
GET_NONZERO(nic_lower, NIC(row)->r.lower_ifindex)
GET(nic_addr, nma_value_addr(v, NIC(row)->r.netdev))

static void nic_pools(const void *row, struct nma_value *v)
{
	__u64 nr = 0;

	nma_model_for_each(struct nma_pool, &ROW(row)->model->pools, pool)
		nr += pool->owner.netdev == NIC(row)->r.netdev;
	nma_value_u64(v, nr);
}

static void nic_thresh(const void *row, struct nma_value *v)
{
	__u32 thresh;

	if (nma_nic_hds_thresh(NIC(row), &thresh))
		nma_value_u64(v, thresh);
}

static void nic_dma_sync(const void *row, struct nma_value *v)
{
	if (NIC(row)->r.flags & NMA_NIC_DMA_DEV)
		nma_value_bool(v, !(NIC(row)->r.flags & NMA_NIC_SYNC_SKIPPED));
}

/* What runs native XDP on a port of a bond is the bond's program: the port itself
 * has none in the kernel's books.
 */
static const struct nma_nic *xdp_bond(const void *row)
{
	const struct nma_nic *master = nma_model__nic(ROW(row)->model, NIC(row)->r.master);

	if (!master || !master->r.xdp_prog_id[1] || strcmp(master->r.driver, "bond"))
		return NULL;
	return master;
}

static void nic_xdp_by(const void *row, struct nma_value *v)
{
	if (xdp_bond(row))
		nma_value_strn(v, xdp_bond(row)->r.ifname, NMA_IFNAME_LEN);
}

static void nic_xdp(const void *row, struct nma_value *v)
{
	const __u32 *id = NIC(row)->r.xdp_prog_id;
	const struct nma_nic *bond = xdp_bond(row);
	static const char *const modes[] = { "skb", "driver", "hardware" };
	unsigned int i;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (id[i] || (i == 1 && bond))
			nma_value_set_add(v, modes[i]);
}

static void nic_xdp_ids(const void *row, struct nma_value *v)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (NIC(row)->r.xdp_prog_id[i])
			nma_value_list_add(v, NIC(row)->r.xdp_prog_id[i]);
	if (xdp_bond(row))
		nma_value_list_add(v, xdp_bond(row)->r.xdp_prog_id[1]);
}

static void nic_xdp_features(const void *row, struct nma_value *v)
{
	static const char *const names[] = {
#define NMA_XDP_FEATURE(name) name,
		NMA_XDP_FEATURE_LIST
#undef NMA_XDP_FEATURE
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (NIC(row)->r.xdp_features & NMA_XDP_KNOWN &&
		    NIC(row)->r.xdp_features & 1u << i)
			nma_value_set_add(v, names[i]);
}

static void nic_qops(const void *row, struct nma_value *v)
{
	__u8 qops = NIC(row)->r.qops;

	if ((qops & NMA_QOPS_ALL) == NMA_QOPS_ALL)
		nma_value_str(v, "full");
	else if (qops & NMA_QOPS_PRESENT)
		nma_value_str(v, "part");
	else
		nma_value_str(v, "none");
}

static const struct nma_field nic_fields[] = {
	{ "ifname", "IF", 0, nic_ifname },
	{ "ifindex", "", NMA_FIELD_JSON, nic_ifindex },
	NETNS_FIELDS(nic),
	{ "up", "UP", 0, nic_up },
	{ "rx_queues", "RXQ", 0, nic_rx_queues },
	{ "tx_queues", "", NMA_FIELD_JSON, nic_tx_queues },
	{ "bound_queues", "BOUND", 0, nic_bound },
	{ "pools", "POOLS", 0, nic_pools },
	{ "queue_ops", "QOPS", 0, nic_qops },
	{ "tcp_data_split", "SPLIT", 0, nic_hds },
	{ "hds_thresh_bytes", "", NMA_FIELD_JSON, nic_thresh },
	{ "mtu_bytes", "", NMA_FIELD_JSON, nic_mtu },
	{ "xdp", "XDP", 0, nic_xdp },
	{ "xdp_prog_ids", "", NMA_FIELD_JSON, nic_xdp_ids },
	{ "xdp_by", "", NMA_FIELD_JSON, nic_xdp_by },
	{ "xdp_features", "", NMA_FIELD_JSON, nic_xdp_features },
	{ "lower_ifindex", "", NMA_FIELD_JSON, nic_lower },
	{ "dma_sync", "", NMA_FIELD_JSON, nic_dma_sync },
	{ "driver", "DRIVER", 0, nic_driver },
	{ "netdev", "", NMA_FIELD_VERBOSE, nic_addr },
};

/* Queues */

GET(queue_ifname, ifname_value(v, row, QUEUE(row)->r.netdev))
GET(queue_ifindex, nma_value_u64(v, QUEUE(row)->r.ifindex))
GET(queue_queue, nma_value_u64(v, QUEUE(row)->r.queue))
GET_NONZERO(queue_napi, QUEUE(row)->r.napi_id)
GET(queue_mp, nma_value_str(v, nma_mp_name(QUEUE(row)->r.mp)))
GET_NONZERO(queue_binding, QUEUE(row)->r.binding_id)
GET(queue_xsk, nma_value_bool(v, QUEUE(row)->r.xsk))
NETNS(queue, QUEUE(row)->r.hdr.netns)
GET(queue_addr, nma_value_addr(v, QUEUE(row)->r.mp_priv))

/* In copy mode the packets come from where the program runs. */
static const char *xsk_mode(const void *row)
{
	const struct nma_nic *nic = nma_model__nic(ROW(row)->model, QUEUE(row)->r.netdev);

	switch (QUEUE(row)->r.xsk) {
	case NMA_XSK_COPY:
		return nic && nic->r.xdp_prog_id[0] && !nic->r.xdp_prog_id[1] ?
		       "copy-generic" : "copy";
	case NMA_XSK_ZEROCOPY:
		return "zero-copy";
	default:
		break;
	}
	return NULL;
}

static void queue_xsk_mode(const void *row, struct nma_value *v)
{
	if (xsk_mode(row))
		nma_value_str(v, xsk_mode(row));
}

static void queue_xsk_text(const void *row, struct nma_value *v)
{
	nma_value_str(v, xsk_mode(row) ? xsk_mode(row) : QUEUE(row)->r.xsk ? "yes" : "no");
}

/* Whose the provider is; without one, whose AF_XDP socket there is. */
static const struct nma_binding *queue_provider(const void *row)
{
	if (QUEUE(row)->r.mp == NMA_MP_NONE)
		return NULL;
	return nma_model__provider(ROW(row)->model, QUEUE(row));
}

static __u32 queue_owner_pid(const void *row)
{
	const struct nma_binding *binding = queue_provider(row);

	return binding ? binding->r.owner_pid : QUEUE(row)->r.mp ? 0 :
	       QUEUE(row)->xsk.pid;
}

static const char *queue_owner_comm(const void *row)
{
	const struct nma_binding *binding = queue_provider(row);

	return binding ? binding->r.owner_comm : QUEUE(row)->r.mp ? "" :
	       QUEUE(row)->xsk.comm;
}

static __u64 queue_owner_cgroup(const void *row)
{
	const struct nma_binding *binding = queue_provider(row);

	return binding ? binding->r.owner_cgroup : QUEUE(row)->r.mp ? 0 :
	       QUEUE(row)->xsk.cgroup_id;
}

GET_NONZERO(queue_pid, queue_owner_pid(row))
GET(queue_comm, nma_value_strn(v, queue_owner_comm(row), NMA_COMM_LEN))
GET_NONZERO(queue_cgroup_id, queue_owner_cgroup(row))
GET(queue_cgroup, nma_cgroup_value(v, queue_owner_cgroup(row)))
GET(queue_owner, nma_task_value(v, queue_owner_pid(row), queue_owner_comm(row)))

static void queue_xsk_pid(const void *row, struct nma_value *v)
{
	if (QUEUE(row)->r.xsk && QUEUE(row)->xsk.pid)
		nma_value_u64(v, QUEUE(row)->xsk.pid);
}

static void queue_xsk_comm(const void *row, struct nma_value *v)
{
	if (QUEUE(row)->r.xsk)
		nma_value_strn(v, QUEUE(row)->xsk.comm, NMA_COMM_LEN);
}

/* Leased queues have their pools, and their provider, at the physical device. */
static void queue_lease_if(const void *row, struct nma_value *v)
{
	if (QUEUE(row)->r.lease_netdev)
		ifname_value(v, row, QUEUE(row)->r.lease_netdev);
}

static void queue_lease(const void *row, struct nma_value *v)
{
	if (QUEUE(row)->r.lease_netdev)
		nma_value_u64(v, QUEUE(row)->r.lease_queue);
}

static void queue_pools(const void *row, struct nma_value *v)
{
	nma_model_for_each(struct nma_pool, &ROW(row)->model->pools, pool)
		if (nma_pool_live(pool) && pool->owner.queue == QUEUE(row)->r.queue &&
		    pool->owner.netdev == QUEUE(row)->r.netdev)
			nma_value_list_add(v, pool->r.pool_id);
}

static const struct nma_field queue_fields[] = {
	{ "ifname", "IF", 0, queue_ifname },
	{ "ifindex", "", NMA_FIELD_JSON, queue_ifindex },
	NETNS_FIELDS(queue),
	{ "queue", "QUEUE", 0, queue_queue },
	{ "napi_id", "NAPI", 0, queue_napi },
	{ "provider", "PROVIDER", 0, queue_mp },
	{ "binding_id", "BINDING", 0, queue_binding },
	{ "af_xdp", "", NMA_FIELD_JSON, queue_xsk },
	{ "af_xdp_mode", "", NMA_FIELD_JSON, queue_xsk_mode },
	{ "af_xdp", "AF_XDP", NMA_FIELD_COLUMN, queue_xsk_text },
	{ "af_xdp_pid", "", NMA_FIELD_JSON, queue_xsk_pid },
	{ "af_xdp_comm", "", NMA_FIELD_JSON, queue_xsk_comm },
	{ "pool_ids", "POOL_IDS", 0, queue_pools },
	{ "owner_pid", "", NMA_FIELD_JSON, queue_pid },
	{ "owner_comm", "", NMA_FIELD_JSON, queue_comm },
	{ "owner_cgroup_id", "", NMA_FIELD_JSON, queue_cgroup_id },
	{ "owner_cgroup", "", NMA_FIELD_JSON, queue_cgroup },
	{ "owner", "OWNER", NMA_FIELD_COLUMN, queue_owner },
	{ "lease_ifname", "", NMA_FIELD_JSON, queue_lease_if },
	{ "lease_queue", "", NMA_FIELD_JSON, queue_lease },
	{ "mp_priv", "", NMA_FIELD_VERBOSE, queue_addr },
};

/* Pools */

GET(pool_ifname, nma_value_strn(v, POOL(row)->owner.ifname, NMA_IFNAME_LEN))
GET(pool_device, nma_owner_value(v, &POOL(row)->owner))
GET_NONZERO(pool_ifindex, POOL(row)->owner.ifindex)
GET(pool_by, nma_value_str(v, nma_by_name(POOL(row)->owner.by)))
GET(pool_queue_by, nma_value_str(v, nma_by_name(POOL(row)->owner.queue_by)))
GET(pool_id, nma_value_u64(v, POOL(row)->r.pool_id))
GET_NONZERO(pool_napi, POOL(row)->r.napi_id)
GET(pool_mp, nma_value_str(v, nma_mp_name(POOL(row)->r.mp)))
GET_NONZERO(pool_binding, POOL(row)->r.binding_id)
GET(pool_inflight, nma_value_s64(v, POOL(row)->r.inflight))
GET(pool_detached, nma_value_bool(v, POOL(row)->r.detached))
GET(pool_flags, nma_pp_flags(v, POOL(row)->r.flags))
GET(pool_order, nma_value_u64(v, POOL(row)->r.order))
GET(pool_size, nma_value_u64(v, POOL(row)->r.pool_size))
GET(pool_max_len, nma_value_u64(v, POOL(row)->r.max_len))
GET(pool_hold, nma_value_u64(v, POOL(row)->r.hold_cnt))
GET(pool_release, nma_value_u64(v, POOL(row)->r.release_cnt))
GET_NONZERO(pool_create_ns, POOL(row)->r.create_ns)
GET(pool_stack, nma_value_stack(v, POOL(row)->r.stack, NMA_STACK_LEN))
GET(pool_addr, nma_value_addr(v, POOL(row)->r.pool))
NETNS(pool, POOL(row)->owner.netns)

void nma_owner_value(struct nma_value *v, const struct nma_owner *owner)
{
	if (!owner->gone)
		nma_value_strn(v, owner->ifname, NMA_IFNAME_LEN);
	else if (owner->ifname[0])
		nma_value_fmt(v, "was %.*s", NMA_IFNAME_LEN, owner->ifname);
	else
		nma_value_str(v, "gone");
}

static void pool_gone(const void *row, struct nma_value *v)
{
	if (POOL(row)->owner.gone)
		nma_value_bool(v, true);
}

static void pool_queue(const void *row, struct nma_value *v)
{
	if (POOL(row)->owner.queue != NMA_NO_QUEUE)
		nma_value_u64(v, POOL(row)->owner.queue);
}

static void pool_bytes(const void *row, struct nma_value *v)
{
	__u64 buffer = (__u64)ROW(row)->model->page_size << POOL(row)->r.order;

	if (POOL(row)->r.inflight >= 0)
		nma_value_u64(v, POOL(row)->r.inflight * buffer);
}

static void pool_dir(const void *row, struct nma_value *v)
{
	static const char *const dirs[] = {
		"bidirectional", "to-device", "from-device", "none",
	};

	if (POOL(row)->r.dma_dir < sizeof(dirs) / sizeof(*dirs))
		nma_value_str(v, dirs[POOL(row)->r.dma_dir]);
}

static void pool_detach(const void *row, struct nma_value *v)
{
	if (POOL(row)->r.detached && POOL(row)->r.detach_ns)
		nma_value_u64(v, POOL(row)->r.detach_ns);
}

/* Of a pool that is destroyed: who has what is out of it. */
static void pool_held(const void *row, struct nma_value *v)
{
	const struct nma_sought *s = &POOL(row)->sought;
	__u64 by[NMA_HOLDER_MAX] = { 0 };
	int i;

	if (!POOL(row)->r.detached || !s->looks)
		return;
	nma_held_for_each(ROW(row)->model, held)
		if (held->r.pool_id == POOL(row)->r.pool_id)
			by[held->r.holder] += held->r.buffers;
	if (s->lost)
		by[NMA_HOLDER_UNKNOWN] += s->lost;
	for (i = 0; i < NMA_HOLDER_MAX; i++)
		if (by[i])
			nma_value_count_add(v, nma_holder_name(i), by[i]);
}

/* Which one it is, for those who say other things of it */
static const struct nma_field pool_identity_fields[] = {
	{ "id", "", NMA_FIELD_JSON, pool_id },
	{ "ifname", "", NMA_FIELD_JSON, pool_ifname },
	{ "ifindex", "", NMA_FIELD_JSON, pool_ifindex },
	NETNS_FIELDS(pool),
	{ "queue", "", NMA_FIELD_JSON, pool_queue },
	{ "provider", "", NMA_FIELD_JSON, pool_mp },
	{ "binding_id", "", NMA_FIELD_JSON, pool_binding },
};

static const struct nma_field pool_fields[] = {
	{ "id", "ID", 0, pool_id },
	{ "device", "IF", NMA_FIELD_COLUMN, pool_device },
	{ "ifname", "", NMA_FIELD_JSON, pool_ifname },
	{ "ifindex", "", NMA_FIELD_JSON, pool_ifindex },
	NETNS_FIELDS(pool),
	{ "device_gone", "", NMA_FIELD_JSON, pool_gone },
	{ "attributed_by", "", NMA_FIELD_JSON, pool_by },
	{ "queue", "QUEUE", 0, pool_queue },
	{ "queue_attributed_by", "", NMA_FIELD_JSON, pool_queue_by },
	{ "napi_id", "", NMA_FIELD_JSON, pool_napi },
	{ "provider", "PROVIDER", 0, pool_mp },
	{ "binding_id", "", NMA_FIELD_JSON, pool_binding },
	{ "inflight", "INFLIGHT", 0, pool_inflight },
	{ "inflight_bytes", "", NMA_FIELD_JSON, pool_bytes },
	{ "detached", "DYING", 0, pool_detached },
	{ "held", "", NMA_FIELD_JSON, pool_held },
	{ "detach_time_ns", "", NMA_FIELD_JSON, pool_detach },
	{ "create_time_ns", "", NMA_FIELD_JSON, pool_create_ns },
	{ "hold_pages", "", NMA_FIELD_JSON, pool_hold },
	{ "release_pages", "", NMA_FIELD_JSON, pool_release },
	{ "order", "", NMA_FIELD_JSON, pool_order },
	{ "size_pages", "", NMA_FIELD_JSON, pool_size },
	{ "max_len_bytes", "", NMA_FIELD_JSON, pool_max_len },
	{ "dma_dir", "", NMA_FIELD_JSON, pool_dir },
	{ "flags", "FLAGS", 0, pool_flags },
	{ "created_by", "", NMA_FIELD_VERBOSE, pool_stack },
	{ "pool", "", NMA_FIELD_VERBOSE, pool_addr },
};

/* Bindings */

GET(bind_id, nma_value_u64(v, BINDING(row)->r.binding_id))
GET(bind_ifname, ifname_value(v, row, BINDING(row)->r.netdev))
GET_NONZERO(bind_ifindex, BINDING(row)->r.ifindex)
NETNS(bind, BINDING(row)->r.hdr.netns)
GET(bind_size, nma_value_u64(v, BINDING(row)->r.size))
GET_NONZERO(bind_ino, BINDING(row)->r.dmabuf_ino)
GET(bind_exporter, nma_value_strn(v, BINDING(row)->r.exporter, NMA_NAME_LEN))
GET(bind_addr, nma_value_addr(v, BINDING(row)->r.binding))
GET(bind_dir, nma_value_str(v, BINDING(row)->r.dma_dir == 1 ? "tx" : "rx"))

GET(bind_mp, nma_value_str(v, nma_mp_name(BINDING(row)->r.mp)))
GET(bind_lent, nma_value_u64(v, BINDING(row)->r.lent))
GET_NONZERO(bind_buffers, BINDING(row)->r.buffers)
GET(bind_unbound, nma_value_bool(v, BINDING(row)->unbound_ns))
GET_NONZERO(bind_pid, BINDING(row)->r.owner_pid)
GET_NONZERO(bind_cgroup_id, BINDING(row)->r.owner_cgroup)
GET(bind_cgroup, nma_cgroup_value(v, BINDING(row)->r.owner_cgroup))
GET(bind_owner, nma_task_value(v, BINDING(row)->r.owner_pid, BINDING(row)->r.owner_comm))
GET(bind_comm, nma_value_strn(v, BINDING(row)->r.owner_comm, NMA_COMM_LEN))

static void bind_uid(const void *row, struct nma_value *v)
{
	if (BINDING(row)->r.owner_pid)
		nma_value_u64(v, BINDING(row)->r.owner_uid);
}

static void bind_queues(const void *row, struct nma_value *v)
{
	nma_model_for_each(struct nma_queue, &ROW(row)->model->queues, queue)
		if (queue->r.mp_priv == BINDING(row)->r.binding &&
		    queue->r.netdev == BINDING(row)->r.netdev)
			nma_value_list_add(v, queue->r.queue);
}

/* What is unbound has none. */
static void bind_queues_text(const void *row, struct nma_value *v)
{
	if (BINDING(row)->unbound_ns)
		nma_value_str(v, "unbound");
	else
		bind_queues(row, v);
}

static void bind_tokens(const void *row, struct nma_value *v)
{
	__u64 tokens = 0;

	nma_model_for_each(struct nma_sock, &ROW(row)->model->socks, sock)
		if (sock->r.binding_id == BINDING(row)->r.binding_id)
			tokens += sock->r.outstanding;
	nma_value_u64(v, tokens);
}

static void bind_buffers_free(const void *row, struct nma_value *v)
{
	if (BINDING(row)->r.buffers)
		nma_value_u64(v, BINDING(row)->r.buffers_free);
}

/* Of a dma-buf only the tokens are known. */
static void bind_buffers_app(const void *row, struct nma_value *v)
{
	if (BINDING(row)->r.mp == NMA_MP_IO_URING && BINDING(row)->r.buffers)
		nma_value_u64(v, BINDING(row)->r.buffers_app);
}

static const struct nma_field binding_fields[] = {
	{ "id", "ID", 0, bind_id },
	{ "ifname", "IF", 0, bind_ifname },
	{ "ifindex", "", NMA_FIELD_JSON, bind_ifindex },
	NETNS_FIELDS(bind),
	{ "provider", "PROVIDER", 0, bind_mp },
	{ "direction", "DIR", 0, bind_dir },
	{ "queues", "", NMA_FIELD_JSON, bind_queues },
	{ "queues", "QUEUES", NMA_FIELD_COLUMN, bind_queues_text },
	{ "size_bytes", "BYTES", 0, bind_size },
	{ "tokens_outstanding", "TOKENS", 0, bind_tokens },
	{ "lent_bytes", "", NMA_FIELD_JSON, bind_lent },
	{ "buffers", "BUFS", 0, bind_buffers },
	{ "buffers_free", "", NMA_FIELD_JSON, bind_buffers_free },
	{ "buffers_app", "APP", 0, bind_buffers_app },
	{ "unbound", "", NMA_FIELD_JSON, bind_unbound },
	{ "owner_pid", "", NMA_FIELD_JSON, bind_pid },
	{ "owner_comm", "", NMA_FIELD_JSON, bind_comm },
	{ "owner_uid", "", NMA_FIELD_JSON, bind_uid },
	{ "owner_cgroup_id", "", NMA_FIELD_JSON, bind_cgroup_id },
	{ "owner_cgroup", "", NMA_FIELD_JSON, bind_cgroup },
	{ "owner", "OWNER", NMA_FIELD_COLUMN, bind_owner },
	{ "exporter", "", NMA_FIELD_JSON, bind_exporter },
	{ "dmabuf_inode", "", NMA_FIELD_JSON, bind_ino },
	{ "binding", "", NMA_FIELD_VERBOSE, bind_addr },
};

/* Sockets that hold tokens */

GET_NONZERO(sock_pid, SOCK(row)->r.hdr.pid)
GET(sock_comm, nma_value_strn(v, SOCK(row)->r.hdr.comm, NMA_COMM_LEN))
GET(sock_cookie, nma_value_u64(v, SOCK(row)->r.cookie))
GET_NONZERO(sock_cgroup, SOCK(row)->r.cgroup_id)
GET_NONZERO(sock_binding, SOCK(row)->r.binding_id)
GET(sock_tokens, nma_value_u64(v, SOCK(row)->r.outstanding))
GET(sock_unaged, nma_value_u64(v, SOCK(row)->r.unaged))
GET(sock_bytes, nma_value_u64(v, SOCK(row)->r.bytes))
GET_NONZERO(sock_taken, SOCK(row)->r.taken)
GET_NONZERO(sock_returned, SOCK(row)->r.returned)
GET_NONZERO(sock_oldest, SOCK(row)->r.oldest_ns)
NETNS(sock, SOCK(row)->r.hdr.netns)
GET(sock_local, nma_value_endpoint(v, SOCK(row)->r.family, SOCK(row)->r.src, SOCK(row)->r.sport))
GET(sock_remote, nma_value_endpoint(v, SOCK(row)->r.family, SOCK(row)->r.dst, SOCK(row)->r.dport))

static const struct nma_field token_fields[] = {
	{ "pid", "PID", 0, sock_pid },
	{ "comm", "COMM", 0, sock_comm },
	{ "binding_id", "BINDING", 0, sock_binding },
	{ "tokens_outstanding", "TOKENS", 0, sock_tokens },
	{ "tokens_unaged", "", NMA_FIELD_JSON, sock_unaged },
	{ "outstanding_bytes", "BYTES", 0, sock_bytes },
	{ "tokens_taken", "", NMA_FIELD_JSON, sock_taken },
	{ "tokens_returned", "", NMA_FIELD_JSON, sock_returned },
	{ "oldest_time_ns", "", NMA_FIELD_JSON, sock_oldest },
	{ "cookie", "", NMA_FIELD_JSON, sock_cookie },
	{ "cgroup_id", "", NMA_FIELD_JSON, sock_cgroup },
	NETNS_FIELDS(sock),
	{ "local", "LOCAL", 0, sock_local },
	{ "remote", "REMOTE", 0, sock_remote },
};

#define TABLE(var, name_, fields_) \
	const struct nma_fields var = { \
		.name = name_, .field = fields_, \
		.nr = sizeof(fields_) / sizeof(*(fields_)), \
	}

TABLE(nma_fields_nics, "nics", nic_fields);
TABLE(nma_fields_queues, "queues", queue_fields);
TABLE(nma_fields_pools, "pools", pool_fields);
TABLE(nma_fields_pool_identity, "pools", pool_identity_fields);
TABLE(nma_fields_bindings, "bindings", binding_fields);
TABLE(nma_fields_tokens, "tokens", token_fields);
