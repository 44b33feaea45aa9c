// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Requests to the netdev family: see netdev.h.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>

#include <linux/genetlink.h>

#include "compat.h"
#include "err.h"
#include "genl.h"
#include "netdev.h"

static int netdev_open(struct nma_genl **genl, uint8_t cmd, const char *what)
{
	int err;

	err = nma_genl_open(genl, NETDEV_FAMILY_NAME);
	if (err == -ENOENT)
		return nma_missing("this kernel has no netdev netlink family");
	if (err)
		return nma_err(err, "cannot reach the netdev netlink family");
	if (nma_genl_has_cmd(*genl, cmd))
		return 0;
	nma_genl_close(*genl);
	*genl = NULL;
	return nma_missing("this kernel's netdev family has no %s", what);
}

static int ifindex_of(const char *ifname, unsigned int *ifindex)
{
	*ifindex = if_nametoindex(ifname);
	return *ifindex ? 0 : nma_err(-errno, "no interface %s", ifname);
}

static int id_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	uint32_t *id = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == NETDEV_A_DMABUF_ID)
			*id = mnl_attr_get_u32(attr);
	}
	return MNL_CB_OK;
}

static void put_bind(struct nma_genl *genl, unsigned int ifindex,
		     const struct nma_queues *queues, int dmabuf_fd)
{
	struct nlmsghdr *nlh = nma_genl_request(genl, NETDEV_CMD_BIND_RX, 0);
	struct nlattr *nest;
	unsigned int i;

	mnl_attr_put_u32(nlh, NETDEV_A_DMABUF_IFINDEX, ifindex);
	mnl_attr_put_u32(nlh, NETDEV_A_DMABUF_FD, dmabuf_fd);
	for (i = 0; i < queues->n; i++) {
		nest = mnl_attr_nest_start(nlh, NETDEV_A_DMABUF_QUEUES);
		mnl_attr_put_u32(nlh, NETDEV_A_QUEUE_ID, queues->id[i]);
		mnl_attr_put_u32(nlh, NETDEV_A_QUEUE_TYPE,
				 NETDEV_QUEUE_TYPE_RX);
		mnl_attr_nest_end(nlh, nest);
	}
}

/* Sends the request that @genl holds; on success @b owns it. */
static int binding_ask(struct nma_binding *b, struct nma_genl *genl,
		       const char *what)
{
	const char *extack;
	uint32_t id = 0;
	int err;

	err = nma_genl_talk(genl, id_cb, &id);
	if (!err) {
		b->genl = genl;
		b->id = id;
		return 0;
	}
	extack = nma_genl_extack(genl);
	/* -ENOSYS is our own word for a missing capability */
	return nma_err(err == -ENOSYS ? -EOPNOTSUPP : err, "%s refused%s%s%s",
		       what, *extack ? ": \"" : "", extack, *extack ? "\"" : "");
}

int nma_binding_open(struct nma_binding *b, const char *ifname,
		     const struct nma_queues *queues, int dmabuf_fd)
{
	struct nma_genl *genl = NULL;
	unsigned int ifindex;
	char what[64];
	int err;

	err = netdev_open(&genl, NETDEV_CMD_BIND_RX, "bind-rx");
	if (err)
		return err;
	err = ifindex_of(ifname, &ifindex);
	if (err)
		goto out;
	put_bind(genl, ifindex, queues, dmabuf_fd);
	snprintf(what, sizeof(what), "bind-rx of queue %u%s of %s",
		 queues->id[0], queues->n > 1 ? ",..." : "", ifname);
	err = binding_ask(b, genl, what);
out:
	if (err)
		nma_genl_close(genl);
	return err;
}

int nma_binding_open_tx(struct nma_binding *b, const char *ifname, int dmabuf_fd)
{
	struct nma_genl *genl = NULL;
	struct nlmsghdr *nlh;
	unsigned int ifindex;
	char what[64];
	int err;

	err = netdev_open(&genl, NMA_CMD_BIND_TX, "bind-tx");
	if (err)
		return err;
	err = ifindex_of(ifname, &ifindex);
	if (err)
		goto out;
	nlh = nma_genl_request(genl, NMA_CMD_BIND_TX, 0);
	mnl_attr_put_u32(nlh, NETDEV_A_DMABUF_IFINDEX, ifindex);
	mnl_attr_put_u32(nlh, NETDEV_A_DMABUF_FD, dmabuf_fd);
	snprintf(what, sizeof(what), "bind-tx of %s", ifname);
	err = binding_ask(b, genl, what);
out:
	if (err)
		nma_genl_close(genl);
	return err;
}

void nma_binding_close(struct nma_binding *b)
{
	nma_genl_close(b->genl);
	b->genl = NULL;
}

static int queue_id_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	uint32_t *id = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == NETDEV_A_QUEUE_ID)
			*id = mnl_attr_get_u32(attr);
	}
	return MNL_CB_OK;
}

static void put_lease(struct nma_genl *genl, unsigned int ifindex, uint32_t from,
		      int32_t netns, uint32_t queue)
{
	struct nlmsghdr *nlh = nma_genl_request(genl, NMA_CMD_QUEUE_CREATE, 0);
	struct nlattr *lease, *nest;

	mnl_attr_put_u32(nlh, NETDEV_A_QUEUE_IFINDEX, ifindex);
	mnl_attr_put_u32(nlh, NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
	lease = mnl_attr_nest_start(nlh, NMA_QUEUE_LEASE);
	mnl_attr_put_u32(nlh, NMA_LEASE_IFINDEX, from);
	nest = mnl_attr_nest_start(nlh, NMA_LEASE_QUEUE);
	mnl_attr_put_u32(nlh, NETDEV_A_QUEUE_ID, queue);
	mnl_attr_put_u32(nlh, NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_put_u32(nlh, NMA_LEASE_NETNS_ID, netns);
	mnl_attr_nest_end(nlh, lease);
}

int nma_lease(const char *ifname, uint32_t from, int32_t netns, uint32_t queue,
	      uint32_t *leased_as)
{
	struct nma_genl *genl = NULL;
	unsigned int ifindex;
	const char *extack;
	int err;

	err = netdev_open(&genl, NMA_CMD_QUEUE_CREATE, "queue-create");
	if (err)
		return err;
	err = ifindex_of(ifname, &ifindex);
	if (err)
		goto out;
	put_lease(genl, ifindex, from, netns, queue);
	err = nma_genl_talk(genl, queue_id_cb, leased_as);
	if (err) {
		extack = nma_genl_extack(genl);
		err = nma_err(err == -ENOSYS ? -EOPNOTSUPP : err,
			      "lease of queue %u to %s refused%s%s%s", queue, ifname,
			      *extack ? ": \"" : "", extack, *extack ? "\"" : "");
	}
out:
	nma_genl_close(genl);
	return err;
}

static uint64_t attr_uint(const struct nlattr *attr)
{
	/* the "uint" of netlink specs: 4 or 8 bytes as the value needs */
	if (mnl_attr_get_payload_len(attr) == sizeof(uint64_t))
		return mnl_attr_get_u64(attr);
	return mnl_attr_get_u32(attr);
}

static const char *const pool_keys[] = {
	[NETDEV_A_PAGE_POOL_ID] = "id",
	[NETDEV_A_PAGE_POOL_IFINDEX] = "ifindex",
	[NETDEV_A_PAGE_POOL_NAPI_ID] = "napi_id",
	[NETDEV_A_PAGE_POOL_INFLIGHT] = "inflight",
	[NETDEV_A_PAGE_POOL_INFLIGHT_MEM] = "inflight_bytes",
	[NETDEV_A_PAGE_POOL_DETACH_TIME] = "detach_time_s",
	[NETDEV_A_PAGE_POOL_DMABUF] = "dmabuf_id",
};

struct pool_dump {
	unsigned int ifindex;	/* 0: all */
	struct json_object *pools;
};

static void add_pool_attr(struct json_object *pool, const struct nlattr *attr)
{
	uint16_t type = mnl_attr_get_type(attr);

	if (type == NMA_PAGE_POOL_IO_URING)
		json_object_object_add(pool, "io_uring",
				       json_object_new_boolean(true));
	else if (type < MNL_ARRAY_SIZE(pool_keys) && pool_keys[type])
		json_object_object_add(pool, pool_keys[type],
				       json_object_new_uint64(attr_uint(attr)));
}

static int pool_cb(const struct nlmsghdr *nlh, void *data)
{
	struct json_object *pool = json_object_new_object();
	struct pool_dump *dump = data;
	const struct nlattr *attr;
	unsigned int ifindex = 0;
	char name[IF_NAMESIZE];

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == NETDEV_A_PAGE_POOL_IFINDEX)
			ifindex = mnl_attr_get_u32(attr);
		add_pool_attr(pool, attr);
	}
	if (dump->ifindex && dump->ifindex != ifindex) {
		json_object_put(pool);
		return MNL_CB_OK;
	}
	if (ifindex && if_indextoname(ifindex, name))
		json_object_object_add(pool, "ifname",
				       json_object_new_string(name));
	json_object_array_add(dump->pools, pool);
	return MNL_CB_OK;
}

static const char *const stats_keys[] = {
	[NETDEV_A_PAGE_POOL_STATS_ALLOC_FAST] = "alloc_fast",
	[NETDEV_A_PAGE_POOL_STATS_ALLOC_SLOW] = "alloc_slow",
	[NETDEV_A_PAGE_POOL_STATS_ALLOC_SLOW_HIGH_ORDER] = "alloc_slow_high_order",
	[NETDEV_A_PAGE_POOL_STATS_ALLOC_EMPTY] = "alloc_empty",
	[NETDEV_A_PAGE_POOL_STATS_ALLOC_REFILL] = "alloc_refill",
	[NETDEV_A_PAGE_POOL_STATS_ALLOC_WAIVE] = "alloc_waive",
	[NETDEV_A_PAGE_POOL_STATS_RECYCLE_CACHED] = "recycle_cached",
	[NETDEV_A_PAGE_POOL_STATS_RECYCLE_CACHE_FULL] = "recycle_cache_full",
	[NETDEV_A_PAGE_POOL_STATS_RECYCLE_RING] = "recycle_ring",
	[NETDEV_A_PAGE_POOL_STATS_RECYCLE_RING_FULL] = "recycle_ring_full",
	[NETDEV_A_PAGE_POOL_STATS_RECYCLE_RELEASED_REFCNT] = "recycle_released_refcnt",
};

static uint64_t id_of_info(const struct nlattr *info)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, info) {
		if (mnl_attr_get_type(attr) == NETDEV_A_PAGE_POOL_ID)
			return attr_uint(attr);
	}
	return 0;
}

static struct json_object *pool_of(struct json_object *pools, uint64_t id)
{
	struct json_object *pool, *val;
	size_t i;

	for (i = 0; i < json_object_array_length(pools); i++) {
		pool = json_object_array_get_idx(pools, i);
		if (json_object_object_get_ex(pool, "id", &val) &&
		    json_object_get_uint64(val) == id)
			return pool;
	}
	return NULL;
}

static int stats_cb(const struct nlmsghdr *nlh, void *data)
{
	struct json_object *pool = NULL;
	const struct nlattr *attr;
	uint16_t type;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		type = mnl_attr_get_type(attr);
		if (type == NETDEV_A_PAGE_POOL_STATS_INFO)
			pool = pool_of(data, id_of_info(attr));
		else if (pool && type < MNL_ARRAY_SIZE(stats_keys) && stats_keys[type])
			json_object_object_add(pool, stats_keys[type],
					       json_object_new_uint64(attr_uint(attr)));
	}
	return MNL_CB_OK;
}

/* Where the kernel counts. */
static void add_stats(struct nma_genl *genl, struct json_object *pools)
{
	if (!nma_genl_has_cmd(genl, NETDEV_CMD_PAGE_POOL_STATS_GET))
		return;
	nma_genl_request(genl, NETDEV_CMD_PAGE_POOL_STATS_GET, NLM_F_DUMP);
	nma_genl_talk(genl, stats_cb, pools);
}

int nma_pools_get(const char *ifname, struct json_object **pools)
{
	struct pool_dump dump = {};
	struct nma_genl *genl = NULL;
	int err;

	err = netdev_open(&genl, NETDEV_CMD_PAGE_POOL_GET, "page-pool-get");
	if (err)
		return err;
	dump.pools = json_object_new_array();
	if (ifname) {
		err = ifindex_of(ifname, &dump.ifindex);
		if (err)
			goto out;
	}
	nma_genl_request(genl, NETDEV_CMD_PAGE_POOL_GET, NLM_F_DUMP);
	err = nma_genl_talk(genl, pool_cb, &dump);
	if (err) {
		err = nma_err(err, "page-pool-get failed");
		goto out;
	}
	add_stats(genl, dump.pools);
	*pools = dump.pools;
	dump.pools = NULL;
out:
	json_object_put(dump.pools);
	nma_genl_close(genl);
	return err;
}
