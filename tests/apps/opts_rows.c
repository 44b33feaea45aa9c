// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The table of options: see opts_rows.h. Misbehaviours are rows of misdeeds.def.
 */
#include "compat.h"
#include "opts_rows.h"

#define RECV	NMA_ROLE_RECV
#define SEND	NMA_ROLE_SEND
#define BIND	NMA_ROLE_BIND
#define POOLS	NMA_ROLE_POOLS
#define ZCRX	NMA_ROLE_ZCRX
#define UDP_SEND NMA_ROLE_UDP_SEND
#define UDP_RECV NMA_ROLE_UDP_RECV
#define XSK_SEND NMA_ROLE_XSK_SEND
#define XSK_RECV NMA_ROLE_XSK_RECV
#define LEASE	NMA_ROLE_LEASE
#define SENDS	(SEND | UDP_SEND | XSK_SEND)
#define RECVS	(RECV | ZCRX | UDP_RECV | XSK_RECV)
#define XSK	(XSK_SEND | XSK_RECV)
#define UDP	(UDP_SEND | UDP_RECV)
#define FLAG	NMA_OPT_FLAG
#define NUMBER	NMA_OPT_NUMBER
#define STRING	NMA_OPT_STRING
#define QUEUES	NMA_OPT_QUEUES

#define FIELD(member) offsetof(struct nma_opts, member)

const struct nma_opt_row nma_opt_rows[] = {
	{ "interface", 'i', STRING, RECV | SEND | BIND | POOLS | ZCRX | XSK | LEASE,
	  FIELD(ifname),
	  0, 0, "IF", "network interface", NULL },
	{ "queue", 'q', QUEUES, RECV | SEND | BIND | ZCRX | XSK | LEASE, FIELD(queues),
	  0, 0, "QUEUE[,QUEUE]", "receive queues to bind the dma-buf to, or to lease",
	  NULL },
	{ "from", 0, NUMBER, LEASE, FIELD(lease_ifindex),
	  1, INT32_MAX, "IFINDEX", "of the device that has the queue", NULL },
	{ "netns", 0, NUMBER, LEASE, FIELD(lease_netns),
	  0, INT32_MAX, "ID", "of that device's namespace (ip netns set)", NULL },
	{ "dmabuf", 'd', FLAG, SEND, FIELD(dmabuf),
	  0, 0, NULL, "send from a dma-buf that is bound to IF (-i)", NULL },
	{ "size", 's', NUMBER, RECV | SEND | BIND | ZCRX, FIELD(size),
	  4096, 1ULL << 40, "BYTES", "size of the dma-buf", NULL },
	{ "exporter", 0, STRING, BIND, FIELD(exporter),
	  0, 0, "FILE", "takes UDMABUF_CREATE; default: /dev/udmabuf", NULL },
	{ "iovecs", 0, NUMBER, SEND, FIELD(iovecs),
	  1, NMA_MAX_IOVECS, "N",
	  "parts of the dma-buf in one message, last part first", NULL },
	{ "pages", 0, FLAG, SEND, FIELD(pages),
	  0, 0, NULL, "every other message not from the dma-buf but from its memory",
	  NULL },
	{ "zerocopy", 'z', FLAG, XSK, FIELD(zerocopy),
	  0, 0, NULL, "bind with XDP_ZEROCOPY; default: XDP_COPY", NULL },
	{ "generic", 'g', FLAG, XSK_RECV, FIELD(generic),
	  0, 0, NULL, "XDP of the stack, not of the driver", NULL },
	{ "host", 'H', FLAG, RECV, FIELD(host),
	  0, 0, NULL, "ordinary TCP: no dma-buf, no binding", NULL },
	{ "port", 'p', NUMBER, RECV | SEND | ZCRX | UDP, FIELD(port),
	  1, 65535, "PORT", "TCP port", NULL },
	{ "bytes", 'b', NUMBER, RECVS | SENDS, FIELD(bytes),
	  0, UINT64_MAX, "BYTES", "of each connection; 0: no set end", NULL },
	{ "rate", 'r', NUMBER, SENDS, FIELD(rate),
	  0, UINT32_MAX, "BYTES", "of each connection in a second; 0: no limit",
	  NULL },
	{ "flows", 'f', NUMBER, RECV | SEND | ZCRX, FIELD(flows),
	  1, NMA_MAX_FLOWS, "N", "connections to make or to accept", NULL },
	{ "source-port", 0, NUMBER, SEND, FIELD(source_port),
	  0, 65535, "PORT", "of the first connection, then counted up; 0: any",
	  NULL },
	{ "count", 'n', NUMBER, BIND, FIELD(count),
	  0, UINT32_MAX, "N", "cycles of bind and unbind; 0: bind and stay",
	  NULL },
	{ "chunk", 0, NUMBER, RECV | SENDS, FIELD(chunk),
	  1, NMA_MAX_CHUNK, "BYTES", "of one message, at most", NULL },
	{ "control", 0, NUMBER, RECV, FIELD(control),
	  1, NMA_MAX_FRAGS, "N", "control messages to have room for", NULL },
	{ "batch", 0, NUMBER, RECV, FIELD(batch),
	  1, NMA_DONTNEED_MAX, "N", "tokens to return at once", NULL },
	{ "seed", 0, NUMBER, RECVS | SENDS, FIELD(seed),
	  0, UINT32_MAX, "N", "of the pattern, the same at both ends", NULL },
	{ "keep-tokens", 0, NUMBER, RECV, FIELD(keep_tokens),
	  0, 1 << 20, "N",
	  "keep each connection's first N for --hold", "NM-TOK-01" },
	{ "exit-with-tokens", 0, NUMBER, RECV, FIELD(exit_with_tokens),
	  0, 1 << 20, "N", "exit without returning each connection's first N",
	  "NM-TOK-03" },
	{ "plain-recv", 0, FLAG, RECV, FIELD(plain_recv),
	  0, 0, NULL, "only recv() as if there were no dma-buf, and end",
	  "NM-TOK-05" },
	{ "hold", 0, NUMBER, RECV | SEND | BIND | ZCRX, FIELD(hold),
	  0, 86400, "SEC", "what is kept stays so long; 0: until a signal",
	  NULL },
	{ "timeout", 't', NUMBER, RECVS | SENDS, FIELD(timeout),
	  0, 86400, "SEC", "give up when nothing moves; 0: never", NULL },
	{ "wait", 0, NUMBER, XSK, FIELD(wait),
	  0, 86400, "SEC", "for who has the queue: a socket leaves it after its end",
	  NULL },
	{ "ready", 0, STRING, RECVS | SEND | BIND, FIELD(ready),
	  0, 0, "FILE", "append \"ready\" when set up, \"held\" when holding",
	  NULL },
#define NMA_MISDEED(id, name, roles, rule, text)			\
	{ name, 0, NUMBER, roles, FIELD(misdeeds[NMA_MISDEED_##id]),	\
	  0, UINT32_MAX, "N", text, rule },
#include "misdeeds.def"
#undef NMA_MISDEED
	{ "help", 'h', FLAG, RECVS | SENDS | BIND | POOLS | LEASE, FIELD(help),
	  0, 0, NULL, "this text", NULL },
};

const size_t nma_opt_rows_n = sizeof(nma_opt_rows) / sizeof(nma_opt_rows[0]);

_Static_assert(sizeof(nma_opt_rows) / sizeof(nma_opt_rows[0]) <= NMA_OPT_ROWS_MAX,
	       "more options than the parser has room for");

const struct nma_opts nma_opt_defaults = {
	.port = 9000,
	.size = 16 << 20,
	.iovecs = 3,
	.control = NMA_MAX_FRAGS,
	.flows = 1,
	.batch = 64,
	.timeout = 30,
};
