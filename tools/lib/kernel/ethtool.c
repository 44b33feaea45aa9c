// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * ETHTOOL_MSG_RINGS_GET and ETHTOOL_MSG_RSS_GET over generic netlink.
 */
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <stdlib.h>

#include "kernel/genl.h"
#include "kernel/netns.h"
#include "kernel/ethtool.h"

/* ETHTOOL_A_RINGS_HDS_THRESH, since 6.14; older headers lack it. */
#define A_RINGS_HDS_THRESH	17

struct nma_ethtool {
	struct nma_genl own;	/* of our namespace; the others' are not kept */
};

struct nma_ethtool *nma_ethtool__new(void)
{
	return calloc(1, sizeof(struct nma_ethtool));
}

void nma_ethtool__free(struct nma_ethtool *e)
{
	if (!e)
		return;
	nma_genl__close(&e->own);
	free(e);
}

static int open_here(struct nma_genl *g)
{
	int err = nma_genl__open(g, ETHTOOL_GENL_NAME, ETHTOOL_GENL_VERSION);

	if (err)
		nma_genl__close(g);
	return err;
}

/* A socket keeps its namespace alive, so those of foreign ones are closed right
 * after use: we must not delay the end of what we watch.
 */
static int open_foreign(__u32 netns, struct nma_genl *g)
{
	int err, left, back;

	err = nma_netns__enter(netns, &back);
	if (err)
		return err;
	err = open_here(g);
	left = nma_netns__leave(back);
	if (!err && left) {
		nma_genl__close(g);
		err = left;
	}
	return err;
}

static int rings_cb(const struct nlmsghdr *nlh, void *data)
{
	struct nma_rings *rings = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case ETHTOOL_A_RINGS_TCP_DATA_SPLIT:
			/* ETHTOOL_TCP_DATA_SPLIT_* and enum nma_hds agree */
			rings->hds = mnl_attr_get_u8(attr);
			break;
		case ETHTOOL_A_RINGS_RX:
		case ETHTOOL_A_RINGS_RX_MINI:
		case ETHTOOL_A_RINGS_RX_JUMBO:
			rings->slots += mnl_attr_get_u32(attr);
			break;
		case A_RINGS_HDS_THRESH:
			rings->thresh = mnl_attr_get_u32(attr);
			rings->thresh_known = true;
			break;
		default:
			break;
		}
	}
	return MNL_CB_OK;
}

static int rss_cb(const struct nlmsghdr *nlh, void *data)
{
	struct nma_queue_set *set = data;
	const struct nlattr *attr;
	const __u32 *table;
	__u32 i, nr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != ETHTOOL_A_RSS_INDIR)
			continue;
		table = mnl_attr_get_payload(attr);
		nr = mnl_attr_get_payload_len(attr) / sizeof(*table);
		for (i = 0; i < nr; i++)
			nma_queue_set_add(set, table[i]);
		set->known = nr;
	}
	return MNL_CB_OK;
}

/* A question about one device; all of them begin with the same header. */
struct question {
	__u32 netns;
	__u32 ifindex;
	__u8 cmd;
	__u16 header;
	mnl_cb_t cb;
};

static int ask(struct nma_genl *g, const struct question *q, void *answer)
{
	char buf[NMA_GENL_BUF];
	struct nlmsghdr *nlh;
	struct nlattr *nest;

	nlh = nma_genl__request(g, buf, q->cmd);
	nest = mnl_attr_nest_start(nlh, q->header);
	mnl_attr_put_u32(nlh, ETHTOOL_A_HEADER_DEV_INDEX, q->ifindex);
	mnl_attr_nest_end(nlh, nest);
	return nma_genl__talk(g, nlh, q->cb, answer);
}

static int ask_there(struct nma_ethtool *e, const struct question *q, void *answer)
{
	struct nma_genl foreign = { 0 };
	int err = 0;

	if (q->netns != nma_netns__own() || (!e->own.nl && nma_netns__away()))
		err = open_foreign(q->netns, &foreign);
	else if (!e->own.nl)
		err = open_here(&e->own);
	if (err)
		return err;
	err = ask(foreign.nl ? &foreign : &e->own, q, answer);
	nma_genl__close(&foreign);
	return err;
}

int nma_ethtool__rings(struct nma_ethtool *e, __u32 netns, __u32 ifindex,
		       struct nma_rings *rings)
{
	const struct question q = {
		.netns = netns, .ifindex = ifindex, .cmd = ETHTOOL_MSG_RINGS_GET,
		.header = ETHTOOL_A_RINGS_HEADER, .cb = rings_cb,
	};
	struct nma_rings got = { .hds = NMA_HDS_UNKNOWN };
	int err = ask_there(e, &q, &got);

	if (!err)
		*rings = got;
	return err;
}

int nma_ethtool__rss(struct nma_ethtool *e, __u32 netns, __u32 ifindex,
		     struct nma_queue_set *set)
{
	const struct question q = {
		.netns = netns, .ifindex = ifindex, .cmd = ETHTOOL_MSG_RSS_GET,
		.header = ETHTOOL_A_RSS_HEADER, .cb = rss_cb,
	};
	struct nma_queue_set got = { 0 };
	int err = ask_there(e, &q, &got);

	if (!err)
		*set = got;
	return err;
}
