// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Changes of ethtool settings that must be refused while a queue is bound: see
 * attempt.h. The old value is known before the new one is asked for.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <string.h>

#include "probe/attempt.h"
#include "kernel/genl.h"

/* ETHTOOL_A_RINGS_HDS_THRESH and its maximum, since 6.14; older headers lack them. */
#define A_RINGS_HDS_THRESH	17

#define ATTRS	32		/* more than rings or channels have */

struct setting {
	__u8 get;
	__u8 set;
	__u16 header;		/* attribute that holds the device */
	const char *what;	/* as ethtool calls it */
};

static const struct setting rings = {
	ETHTOOL_MSG_RINGS_GET, ETHTOOL_MSG_RINGS_SET, ETHTOOL_A_RINGS_HEADER, "-G",
};

static const struct setting channels = {
	ETHTOOL_MSG_CHANNELS_GET, ETHTOOL_MSG_CHANNELS_SET, ETHTOOL_A_CHANNELS_HEADER, "-L",
};

/* Numbers by attribute; ~0 absent. */
struct values {
	__u32 v[ATTRS];
};

#define ABSENT	(~0u)

static int values_cb(const struct nlmsghdr *nlh, void *data)
{
	struct values *values = data;
	const struct nlattr *attr;
	unsigned int type;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		type = mnl_attr_get_type(attr);
		if (type >= ATTRS)
			continue;
		if (mnl_attr_get_payload_len(attr) == sizeof(__u8))
			values->v[type] = mnl_attr_get_u8(attr);
		else if (mnl_attr_get_payload_len(attr) == sizeof(__u32))
			values->v[type] = mnl_attr_get_u32(attr);
	}
	return MNL_CB_OK;
}

static struct nlmsghdr *begin(const struct nma_genl *g, char *buf, __u8 cmd,
			      const struct setting *s, __u32 ifindex)
{
	struct nlmsghdr *nlh = nma_genl__request(g, buf, cmd);
	struct nlattr *nest = mnl_attr_nest_start(nlh, s->header);

	mnl_attr_put_u32(nlh, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

static int get(struct nma_genl *g, const struct setting *s, __u32 ifindex,
	       struct values *values)
{
	char buf[NMA_GENL_BUF];

	memset(values, 0xff, sizeof(*values));
	return nma_genl__talk(g, begin(g, buf, s->get, s, ifindex), values_cb, values);
}

static int set(struct nma_genl *g, const struct setting *s, __u32 ifindex,
	       __u16 attr, __u32 value)
{
	char buf[NMA_GENL_BUF];
	struct nlmsghdr *nlh = begin(g, buf, s->set, s, ifindex);

	if (attr == ETHTOOL_A_RINGS_TCP_DATA_SPLIT && s == &rings)
		mnl_attr_put_u8(nlh, attr, value);
	else
		mnl_attr_put_u32(nlh, attr, value);
	return nma_genl__talk(g, nlh, NULL, NULL);
}

static struct nma_attempt outcome(enum nma_outcome outcome, int err, const char *text)
{
	struct nma_attempt a = { .outcome = outcome, .err = err };

	snprintf(a.text, sizeof(a.text), "%s", text[0] || !err ? text : strerror(-err));
	return a;
}

/* Sets @attr to @wrong and, if that was allowed, back to @old. */
static struct nma_attempt try_value(struct nma_genl *g, const struct setting *s,
				    __u32 ifindex, __u16 attr, __u32 wrong, __u32 old)
{
	struct nma_attempt a;
	int err;

	err = set(g, s, ifindex, attr, wrong);
	if (err == -EPERM || err == -ENODEV || err == -ENOMEM)
		return outcome(NMA_UNTRIED, err, g->text);
	if (err)
		return outcome(NMA_REFUSED, err, g->text);
	err = set(g, s, ifindex, attr, old);
	if (!err)
		return outcome(NMA_UNDONE, 0, "");
	a = outcome(NMA_STUCK, err, "");
	snprintf(a.text, sizeof(a.text), "ethtool %s cannot go back to %u: %.100s",
		 s->what, old, g->text[0] ? g->text : strerror(-err));
	return a;
}

/* The settings of the device in @values, or why not in @a. */
static bool prepare(struct nma_genl *g, const struct setting *s, __u32 ifindex,
		    struct values *values, struct nma_attempt *a)
{
	int err;

	err = nma_genl__open(g, ETHTOOL_GENL_NAME, ETHTOOL_GENL_VERSION);
	if (!err)
		err = get(g, s, ifindex, values);
	if (err)
		*a = outcome(NMA_UNTRIED, err, g->text);
	return !err;
}

struct nma_attempt nma_attempt__split_off(const struct nma_attempt_at *at)
{
	const __u16 attr = ETHTOOL_A_RINGS_TCP_DATA_SPLIT;
	struct nma_genl g = { 0 };
	struct values values;
	struct nma_attempt a;

	if (prepare(&g, &rings, at->ifindex, &values, &a)) {
		if (values.v[attr] == ETHTOOL_TCP_DATA_SPLIT_ENABLED)
			a = try_value(&g, &rings, at->ifindex, attr,
				      ETHTOOL_TCP_DATA_SPLIT_DISABLED,
				      ETHTOOL_TCP_DATA_SPLIT_ENABLED);
		else
			a = outcome(NMA_UNTRIED, 0, "tcp-data-split is not on");
	}
	nma_genl__close(&g);
	return a;
}

struct nma_attempt nma_attempt__hds_thresh(const struct nma_attempt_at *at)
{
	const __u16 attr = A_RINGS_HDS_THRESH;
	struct nma_genl g = { 0 };
	struct values values;
	struct nma_attempt a;

	if (prepare(&g, &rings, at->ifindex, &values, &a)) {
		if (values.v[attr] == ABSENT)
			a = outcome(NMA_UNTRIED, 0,
				    "neither kernel nor driver have an hds-thresh");
		else
			a = try_value(&g, &rings, at->ifindex, attr, 1, values.v[attr]);
	}
	nma_genl__close(&g);
	return a;
}

struct nma_attempt nma_attempt__channels(const struct nma_attempt_at *at)
{
	__u16 attr = ETHTOOL_A_CHANNELS_COMBINED_COUNT;
	struct nma_genl g = { 0 };
	struct values values;
	struct nma_attempt a;

	if (prepare(&g, &channels, at->ifindex, &values, &a)) {
		if (values.v[attr] == ABSENT || !values.v[attr])
			attr = ETHTOOL_A_CHANNELS_RX_COUNT;
		if (values.v[attr] == ABSENT || values.v[attr] <= at->queue)
			a = outcome(NMA_UNTRIED, 0, "the driver does not tell its channels");
		else if (!at->queue)
			a = outcome(NMA_UNTRIED, 0, "there is no fewer than one queue");
		else
			a = try_value(&g, &channels, at->ifindex, attr, at->queue,
				      values.v[attr]);
	}
	nma_genl__close(&g);
	return a;
}
