// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See holder.h.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "model/holder.h"
#include "util/value.h"

static const char *const holder_names[] = {
#define NMA_HOLDER(id, name) name,
	NMA_HOLDER_LIST
#undef NMA_HOLDER
};

static const char *const holder_texts[] = {
	[NMA_HOLDER_STACK] = "packet",
	[NMA_HOLDER_RING] = "ring",
	[NMA_HOLDER_GRO] = "GRO list",
	[NMA_HOLDER_BACKLOG] = "backlog of a CPU",
	[NMA_HOLDER_SOCKET] = "socket",
	[NMA_HOLDER_TX] = "send queue of a socket",
	[NMA_HOLDER_XDP] = "cpumap",
	[NMA_HOLDER_TOKEN] = "token table",
	[NMA_HOLDER_ZCRX] = "io_uring area",
	[NMA_HOLDER_DEFER] = "deferred-free list",
};

static const char *const where_texts[] = {
#define NMA_WHERE(id, text) text,
	NMA_WHERE_LIST
#undef NMA_WHERE
};

const char *nma_holder_name(__u32 holder)
{
	return holder < NMA_HOLDER_MAX ? holder_names[holder] : NULL;
}

const char *nma_holder_text(__u32 holder)
{
	if (holder >= sizeof(holder_texts) / sizeof(*holder_texts))
		return NULL;
	return holder_texts[holder];
}

const char *nma_where_text(__u32 where)
{
	return where < NMA_WHERE_MAX ? where_texts[where] : "";
}

const char *nma_holder_state(const struct nma_rec_held *r)
{
	static const char *const names[] = {
		NULL, "ESTABLISHED", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1",
		"FIN-WAIT-2", "TIME-WAIT", "CLOSE", "CLOSE-WAIT", "LAST-ACK",
		"LISTEN", "CLOSING", "NEW-SYN-RECV",
	};

	if (r->protocol != IPPROTO_TCP || r->state >= sizeof(names) / sizeof(*names))
		return NULL;
	return names[r->state];
}

static const char *socket_kind(const struct nma_rec_held *r)
{
	switch (r->family) {
	case AF_UNIX:
		return "a unix socket";
	case AF_PACKET:
		return "a packet socket";
	case AF_INET:
	case AF_INET6:
		break;
	default:
		return "a socket";
	}
	switch (r->protocol) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_MPTCP:
		return "MPTCP";
	default:
		break;
	}
	return "a raw socket";
}

/* "TCP 192.0.2.1:7000, python3, pid 4711" */
static void name_socket(char *dst, size_t size, const struct nma_rec_held *r)
{
	struct nma_value local = { 0 };
	const char *state = nma_holder_state(r);
	int n;

	nma_value_endpoint(&local, r->family, r->src, r->sport);
	n = snprintf(dst, size, "%s%s%s%s", r->orphan ? "orphaned " : "", socket_kind(r),
		     local.type ? " " : "", local.type ? local.str : "");
	if (n < 0 || (size_t)n >= size)
		return;
	dst += n;
	size -= n;
	if (r->hdr.pid)
		snprintf(dst, size, ", %.16s, pid %u", r->hdr.comm, r->hdr.pid);
	else if (r->unaccepted && r->family != AF_UNIX)
		snprintf(dst, size, ", not yet accepted");
	else if (r->orphan && state)
		snprintf(dst, size, ", %s", state);
}

/* "packets of nm0 in no known queue", or whose: "packets of TCP 192.0.2.1:7000, in no
 * known queue"
 */
static void name_packets(char *dst, size_t size, const struct nma_rec_held *r)
{
	char who[128] = "";

	if (r->family || r->hdr.pid) {
		name_socket(who, sizeof(who), r);
		snprintf(dst, size, "packets of %s, in no known queue", who);
		return;
	}
	snprintf(dst, size, "packets%s%.16s in no known queue", r->ifname[0] ? " of " : "",
		 r->ifname);
}

void nma_holder_place(char *dst, size_t size, const struct nma_rec_held *r)
{
	char who[128] = "";

	dst[0] = '\0';
	switch (r->holder) {
	case NMA_HOLDER_SOCKET:
	case NMA_HOLDER_TX:
		name_socket(who, sizeof(who), r);
		snprintf(dst, size, "%s of %s", nma_where_text(r->where), who);
		return;
	case NMA_HOLDER_TOKEN:
		name_socket(dst, size, r);
		return;
	case NMA_HOLDER_ZCRX:
		snprintf(dst, size, "%s", nma_where_text(r->where));
		return;
	case NMA_HOLDER_STACK:
		name_packets(dst, size, r);
		return;
	case NMA_HOLDER_XDP:
		snprintf(dst, size, "cpumap %u, CPU %u", r->map_id, r->cpu);
		return;
	case NMA_HOLDER_BACKLOG:
	case NMA_HOLDER_DEFER:
		snprintf(dst, size, "CPU %u", r->cpu);
		return;
	default:
		break;
	}
}

void nma_holder_does(char *dst, size_t size, const struct nma_rec_held *r)
{
	char place[160];

	nma_holder_place(place, sizeof(place), r);
	switch (r->holder) {
	case NMA_HOLDER_SOCKET:
		snprintf(dst, size, "wait unread in the %s", place);
		return;
	case NMA_HOLDER_TX:
		snprintf(dst, size, "wait in the %s", place);
		return;
	case NMA_HOLDER_TOKEN:
		snprintf(dst, size, "are tokens of %s", place);
		return;
	case NMA_HOLDER_ZCRX:
		snprintf(dst, size, r->where == NMA_WHERE_REFILL ?
			 "wait in io_uring's refill queue" :
			 "are lent to an application by io_uring");
		return;
	case NMA_HOLDER_CACHE:
		snprintf(dst, size, "are in the pool's cache");
		return;
	case NMA_HOLDER_RING:
		snprintf(dst, size, "are in the pool's ring");
		return;
	case NMA_HOLDER_STACK:
		snprintf(dst, size, "are in %s", place);
		return;
	case NMA_HOLDER_GRO:
		snprintf(dst, size, "wait in a GRO list");
		return;
	case NMA_HOLDER_XDP:
		snprintf(dst, size, "have been redirected by XDP and wait in %s", place);
		return;
	case NMA_HOLDER_BACKLOG:
		snprintf(dst, size, "wait in the backlog of %s", place);
		return;
	default:
		break;
	}
	snprintf(dst, size, "are freed and wait until %s next receives", place);
}

const char *nma_holder_frees(__u32 holder)
{
	switch (holder) {
	case NMA_HOLDER_DRIVER:
		return "the driver, when it gives back what its device does not use any more";
	case NMA_HOLDER_GRO:
	case NMA_HOLDER_BACKLOG:
		return "that CPU, when it delivers them";
	case NMA_HOLDER_DEFER:
		return "that CPU, when it next receives";
	case NMA_HOLDER_XDP:
		return "the thread of the cpumap on that CPU, when it runs, or the end of the map";
	case NMA_HOLDER_SOCKET:
		return "the application, when it reads them or closes the socket; without one "
		       "the end of the connection";
	case NMA_HOLDER_TX:
		return "the peer, when it acknowledges them, or the end of the connection";
	case NMA_HOLDER_TOKEN:
		return "the application, when it returns the tokens (SO_DEVMEM_DONTNEED) or "
		       "closes the socket; without one the end of the connection";
	case NMA_HOLDER_ZCRX:
		return "the application, through its refill queue or when it ends";
	case NMA_HOLDER_STACK:
		return "whoever keeps the packets, when it sends or drops them: a queueing "
		       "discipline, a tun device, a module";
	default:
		break;
	}
	return NULL;
}
