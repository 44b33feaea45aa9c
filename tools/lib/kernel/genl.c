// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See genl.h.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <string.h>

#include "kernel/genl.h"

struct nlmsghdr *nma_genl__request(const struct nma_genl *g, char *buf, __u8 cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = g->family;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = g->version;
	return nlh;
}

/* The sentence of a refusal (extack). */
static void take_text(struct nma_genl *g, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	size_t skip = sizeof(*error);

	if (nlh->nlmsg_type != NLMSG_ERROR || !(nlh->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    mnl_nlmsg_get_payload_len(nlh) < skip)
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += error->msg.nlmsg_len - sizeof(error->msg);
	mnl_attr_for_each(attr, nlh, skip)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(g->text, sizeof(g->text), "%s", mnl_attr_get_str(attr));
}

int nma_genl__talk(struct nma_genl *g, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	char buf[NMA_GENL_BUF];
	ssize_t n;
	int ret;

	g->text[0] = '\0';
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = ++g->seq;
	if (mnl_socket_sendto(g->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(g->nl, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		if ((size_t)n >= sizeof(struct nlmsghdr))
			take_text(g, (const struct nlmsghdr *)buf);
		ret = mnl_cb_run(buf, n, g->seq, mnl_socket_get_portid(g->nl), cb, data);
	} while (ret > MNL_CB_STOP);
	return ret < 0 ? -errno : 0;
}

static int family_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			*(__u16 *)data = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int find_family(struct nma_genl *g, const char *name)
{
	struct nma_genl ctrl = { .family = GENL_ID_CTRL, .version = 1 };
	char buf[NMA_GENL_BUF];
	struct nlmsghdr *nlh;

	nlh = nma_genl__request(&ctrl, buf, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	return nma_genl__talk(g, nlh, family_cb, &g->family);
}

int nma_genl__open(struct nma_genl *g, const char *family, __u8 version)
{
	int on = 1;

	*g = (struct nma_genl){ .version = version };
	g->nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!g->nl)
		return -errno;
	if (mnl_socket_bind(g->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	/* without them there are only error numbers */
	mnl_socket_setsockopt(g->nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(g->nl, NETLINK_CAP_ACK, &on, sizeof(on));
	return find_family(g, family);
}

void nma_genl__close(struct nma_genl *g)
{
	if (g->nl)
		mnl_socket_close(g->nl);
	g->nl = NULL;
}
