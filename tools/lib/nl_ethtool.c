// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * ETHTOOL_MSG_RINGS_GET over generic netlink.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <stdlib.h>

#include "netns.h"
#include "nl_ethtool.h"

/* ETHTOOL_A_RINGS_HDS_THRESH, since 6.14; older headers lack it. */
#define A_RINGS_HDS_THRESH	17

#define BUF_SIZE	8192

struct nma_ethtool {
	struct mnl_socket *own;	/* of our namespace; the others' are not kept */
	__u16 family;
	__u32 seq;
};

struct nma_ethtool *nma_ethtool__new(void)
{
	return calloc(1, sizeof(struct nma_ethtool));
}

void nma_ethtool__free(struct nma_ethtool *e)
{
	if (!e)
		return;
	if (e->own)
		mnl_socket_close(e->own);
	free(e);
}

/* Sends one request and hands the answer to @cb. */
static int talk(struct nma_ethtool *e, struct mnl_socket *nl,
		struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	char buf[BUF_SIZE];
	ssize_t n;
	int ret;

	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = ++e->seq;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		ret = mnl_cb_run(buf, n, e->seq, mnl_socket_get_portid(nl), cb, data);
	} while (ret > MNL_CB_STOP);
	return ret < 0 ? -errno : 0;
}

static struct nlmsghdr *request(char *buf, __u16 type, __u8 cmd, __u8 version)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

static int family_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			*(__u16 *)data = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

/* Family numbers are the same in every namespace. */
static int find_family(struct nma_ethtool *e, struct mnl_socket *nl)
{
	char buf[BUF_SIZE];
	struct nlmsghdr *nlh;

	if (e->family)
		return 0;
	nlh = request(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, ETHTOOL_GENL_NAME);
	return talk(e, nl, nlh, family_cb, &e->family);
}

static int open_here(struct mnl_socket **out)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	int err;

	if (!nl)
		return -errno;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		err = -errno;
		mnl_socket_close(nl);
		return err;
	}
	*out = nl;
	return 0;
}

/* A socket keeps its namespace alive, so those of foreign ones are closed right
 * after use: we must not delay the end of what we watch.
 */
static int open_foreign(__u32 netns, struct mnl_socket **out)
{
	int err, left, back;

	err = nma_netns__enter(netns, &back);
	if (err)
		return err;
	err = open_here(out);
	left = nma_netns__leave(back);
	if (!err && left) {
		mnl_socket_close(*out);
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

static int ask(struct nma_ethtool *e, struct mnl_socket *nl, __u32 ifindex,
	       struct nma_rings *rings)
{
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	char buf[BUF_SIZE];
	int err;

	err = find_family(e, nl);
	if (err)
		return err;
	nlh = request(buf, e->family, ETHTOOL_MSG_RINGS_GET, ETHTOOL_GENL_VERSION);
	nest = mnl_attr_nest_start(nlh, ETHTOOL_A_RINGS_HEADER);
	mnl_attr_put_u32(nlh, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	mnl_attr_nest_end(nlh, nest);
	return talk(e, nl, nlh, rings_cb, rings);
}

int nma_ethtool__rings(struct nma_ethtool *e, __u32 netns, __u32 ifindex,
		       struct nma_rings *rings)
{
	struct nma_rings got = { .hds = NMA_HDS_UNKNOWN };
	struct mnl_socket *foreign = NULL;
	int err = 0;

	if (netns != nma_netns__own())
		err = open_foreign(netns, &foreign);
	else if (!e->own)
		err = open_here(&e->own);
	if (err)
		return err;
	err = ask(e, foreign ? foreign : e->own, ifindex, &got);
	if (foreign)
		mnl_socket_close(foreign);
	if (!err)
		*rings = got;
	return err;
}
