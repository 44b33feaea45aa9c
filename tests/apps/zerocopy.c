// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Messages and their completions: see zerocopy.h.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h>

#include "err.h"
#include "zerocopy.h"

bool nma_zerocopy_full(const struct nma_zerocopy *zc)
{
	/* not sent - completed: they need not complete in their order */
	return zc->piece[zc->sent % NMA_ZC_MESSAGES];
}

void nma_zerocopy_sent(struct nma_zerocopy *zc, unsigned int piece)
{
	zc->piece[zc->sent++ % NMA_ZC_MESSAGES] = piece + 1;
	zc->pending[piece]++;
}

int nma_zerocopy_done(struct nma_zerocopy *zc, uint32_t lo, uint32_t hi,
		      bool copied)
{
	uint16_t *piece;
	uint32_t id;

	if (hi - lo >= NMA_ZC_MESSAGES)
		return nma_fail("completion of messages %u..%u", lo, hi);
	for (id = lo; id != hi + 1; id++) {
		piece = &zc->piece[id % NMA_ZC_MESSAGES];
		if (zc->sent - 1 - id >= NMA_ZC_MESSAGES || !*piece)
			return nma_fail("completion of message %u, which is not on its way",
					id);
		zc->pending[*piece - 1]--;
		*piece = 0;
		zc->completed++;
		zc->copied += copied;
	}
	return 0;
}

/* One message of the error queue */
static int take(struct nma_zerocopy *zc, struct msghdr *msg)
{
	struct sock_extended_err ee;
	struct cmsghdr *cm;

	for (cm = CMSG_FIRSTHDR(msg); cm; cm = CMSG_NXTHDR(msg, cm)) {
		if (!(cm->cmsg_level == SOL_IP && cm->cmsg_type == IP_RECVERR) &&
		    !(cm->cmsg_level == SOL_IPV6 && cm->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&ee, CMSG_DATA(cm), sizeof(ee));
		if (ee.ee_origin != SO_EE_ORIGIN_ZEROCOPY || ee.ee_errno)
			continue;
		return nma_zerocopy_done(zc, ee.ee_info, ee.ee_data,
					 ee.ee_code & SO_EE_CODE_ZEROCOPY_COPIED);
	}
	return 0;
}

int nma_zerocopy_reap(struct nma_zerocopy *zc, int fd)
{
	uint8_t control[256] __attribute__((aligned(8)));
	struct msghdr msg = {};
	int err = 0;

	while (!err) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return errno == EAGAIN ? 0 :
			       nma_err(-errno, "cannot read the error queue");
		err = take(zc, &msg);
	}
	return err;
}
