// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Generic netlink through libmnl. libmnl turns an error message into errno and
 * drops the text that comes with it, so errors have a control callback here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "genl.h"

#define BUF_SIZE	32768	/* largest dump chunk the kernel makes */
#define MAX_CMD		256

struct nma_genl {
	struct mnl_socket *sock;
	uint32_t seq;
	uint16_t family;
	bool cmds[MAX_CMD];
	char extack[256];
	mnl_cb_t cb;
	void *cb_data;
	char buf[BUF_SIZE];
};

static int extack_attr(const struct nlattr *attr, void *data)
{
	struct nma_genl *genl = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attr, MNL_TYPE_STRING) == 0)
		snprintf(genl->extack, sizeof(genl->extack), "%.*s",
			 (int)mnl_attr_get_payload_len(attr),
			 mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

static int finish(int err)
{
	if (!err)
		return MNL_CB_STOP;
	errno = -err;
	return MNL_CB_ERROR;
}

static int error_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlmsgerr *msg = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*msg);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*msg))
		return finish(-EBADMSG);
	/* the request is quoted between the error and the attributes */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += msg->msg.nlmsg_len - NLMSG_HDRLEN;
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS &&
	    mnl_nlmsg_get_payload_len(nlh) > skip)
		mnl_attr_parse(nlh, skip, extack_attr, data);
	return finish(msg->error);
}

static int done_cb(const struct nlmsghdr *nlh, void *data)
{
	const int *err = mnl_nlmsg_get_payload(nlh);

	(void)data;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*err))
		return finish(0);
	return finish(*err < 0 ? *err : 0);
}

static const mnl_cb_t control_cbs[] = {
	[NLMSG_ERROR] = error_cb,
	[NLMSG_DONE] = done_cb,
};

static int answer_cb(const struct nlmsghdr *nlh, void *data)
{
	struct nma_genl *genl = data;

	return genl->cb ? genl->cb(nlh, genl->cb_data) : MNL_CB_OK;
}

struct nlmsghdr *nma_genl_request(struct nma_genl *genl, uint8_t cmd,
				  uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(genl->buf);
	struct genlmsghdr *genlh;

	nlh->nlmsg_type = genl->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nlh->nlmsg_seq = ++genl->seq;
	genlh = mnl_nlmsg_put_extra_header(nlh, sizeof(*genlh));
	genlh->cmd = cmd;
	genlh->version = 1;
	return nlh;
}

int nma_genl_talk(struct nma_genl *genl, mnl_cb_t cb, void *data)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)genl->buf;
	unsigned int portid = mnl_socket_get_portid(genl->sock);
	ssize_t n;
	int ret;

	genl->extack[0] = '\0';
	genl->cb = cb;
	genl->cb_data = data;
	if (mnl_socket_sendto(genl->sock, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(genl->sock, genl->buf, BUF_SIZE);
		if (n < 0)
			return -errno;
		ret = mnl_cb_run2(genl->buf, n, genl->seq, portid, answer_cb,
				  genl, control_cbs, MNL_ARRAY_SIZE(control_cbs));
	} while (ret > MNL_CB_STOP);
	return ret < 0 ? -errno : 0;
}

const char *nma_genl_extack(const struct nma_genl *genl)
{
	return genl->extack;
}

static void parse_ops(struct nma_genl *genl, const struct nlattr *ops)
{
	const struct nlattr *attr;
	const struct nlattr *op;

	mnl_attr_for_each_nested(op, ops) {
		mnl_attr_for_each_nested(attr, op) {
			if (mnl_attr_get_type(attr) == CTRL_ATTR_OP_ID)
				genl->cmds[mnl_attr_get_u32(attr) % MAX_CMD] = true;
		}
	}
}

static int family_cb(const struct nlmsghdr *nlh, void *data)
{
	struct nma_genl *genl = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			genl->family = mnl_attr_get_u16(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_OPS)
			parse_ops(genl, attr);
	}
	return MNL_CB_OK;
}

static int resolve(struct nma_genl *genl, const char *family)
{
	struct nlmsghdr *nlh;

	genl->family = GENL_ID_CTRL;
	nlh = nma_genl_request(genl, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, family);
	return nma_genl_talk(genl, family_cb, genl);
}

int nma_genl_open(struct nma_genl **genl, const char *family)
{
	struct nma_genl *g;
	int one = 1;
	int err;

	g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	g->seq = time(NULL);
	g->sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!g->sock || mnl_socket_bind(g->sock, 0, MNL_SOCKET_AUTOPID)) {
		err = -errno;
		goto out;
	}
	mnl_socket_setsockopt(g->sock, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(g->sock, NETLINK_CAP_ACK, &one, sizeof(one));
	err = resolve(g, family);
	if (err)
		goto out;
	*genl = g;
	g = NULL;
out:
	nma_genl_close(g);
	return err;
}

void nma_genl_close(struct nma_genl *genl)
{
	if (!genl)
		return;
	if (genl->sock)
		mnl_socket_close(genl->sock);
	free(genl);
}

bool nma_genl_has_cmd(const struct nma_genl *genl, uint8_t cmd)
{
	return genl->cmds[cmd];
}
