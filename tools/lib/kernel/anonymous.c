// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See anonymous.h. Everything that is replaced has 16 bytes, as much as the key of a
 * table.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/anonymous.h"
#include "util/table.h"

#define NAME_LEN	16

_Static_assert(NMA_IFNAME_LEN == NAME_LEN && NMA_COMM_LEN == NAME_LEN, "key of a table");

enum kind {
	IFNAME,
	COMM,
	IPV4,
	IPV6,
	KINDS
};

struct alias {
	struct nma_node node;	/* by what it was */
	__u32 number;		/* from 1 */
};

struct nma_anonymous {
	struct nma_table aliases[KINDS];
};

/* Of each type of record, where names are beside the header's. A type without a row
 * has none.
 */
static const struct place {
	__u16 type;
	enum kind kind;
	size_t offset;
} places[] = {
	{ NMA_REC_NIC, IFNAME, offsetof(struct nma_rec_nic, ifname) },
	{ NMA_REC_POOL, IFNAME, offsetof(struct nma_rec_pool, ifname) },
	{ NMA_REC_OP, IFNAME, offsetof(struct nma_rec_op, ifname) },
	{ NMA_REC_ACT, IFNAME, offsetof(struct nma_rec_act, ifname) },
	{ NMA_REC_HELD, IFNAME, offsetof(struct nma_rec_held, ifname) },
	{ NMA_REC_REFUSED, IFNAME, offsetof(struct nma_rec_refused, ifname) },
	{ NMA_REC_BINDING, COMM, offsetof(struct nma_rec_binding, owner_comm) },
	{ NMA_REC_OWNER, COMM, offsetof(struct nma_rec_owner, comm) },
};

/* Both ends of a socket. */
static const struct ends {
	__u16 type;
	size_t family;
	size_t src;
	size_t dst;
} ends[] = {
#define ENDS(type, rec) \
	{ type, offsetof(struct rec, family), offsetof(struct rec, src), \
	  offsetof(struct rec, dst) }
	ENDS(NMA_REC_SOCK, nma_rec_sock),
	ENDS(NMA_REC_USE, nma_rec_use),
	ENDS(NMA_REC_HELD, nma_rec_held),
};

/* Sizes of the types that were looked through for names. */
static const __u16 sizes[] = {
	[NMA_REC_NIC] = sizeof(struct nma_rec_nic),
	[NMA_REC_QUEUE] = sizeof(struct nma_rec_queue),
	[NMA_REC_POOL] = sizeof(struct nma_rec_pool),
	[NMA_REC_BINDING] = sizeof(struct nma_rec_binding),
	[NMA_REC_SOCK] = sizeof(struct nma_rec_sock),
	[NMA_REC_OP] = sizeof(struct nma_rec_op),
	[NMA_REC_MARK] = sizeof(struct nma_rec_mark),
	[NMA_REC_ACT] = sizeof(struct nma_rec_act),
	[NMA_REC_USE] = sizeof(struct nma_rec_use),
	[NMA_REC_EDGE] = sizeof(struct nma_rec_edge),
	[NMA_REC_HELD] = sizeof(struct nma_rec_held),
	[NMA_REC_RECYCLE] = sizeof(struct nma_rec_recycle),
	[NMA_REC_CENSUS] = sizeof(struct nma_rec_census),
	[NMA_REC_OWNER] = sizeof(struct nma_rec_owner),
	[NMA_REC_REFUSED] = sizeof(struct nma_rec_refused),
};

#define NR(array)	(sizeof(array) / sizeof((array)[0]))

struct nma_anonymous *nma_anonymous__new(void)
{
	return calloc(1, sizeof(struct nma_anonymous));
}

void nma_anonymous__free(struct nma_anonymous *a)
{
	int kind;

	for (kind = 0; a && kind < KINDS; kind++)
		nma_table_free(&a->aliases[kind]);
	free(a);
}

/* Its number, 0 without memory. */
static __u32 number_of(struct nma_anonymous *a, enum kind kind, const __u8 what[NAME_LEN])
{
	struct nma_table *t = &a->aliases[kind];
	struct alias *alias;
	__u64 key[2];

	memcpy(key, what, sizeof(key));
	alias = nma_table_find(t, key[0], key[1]);
	if (alias)
		return alias->number;
	alias = calloc(1, sizeof(*alias));
	if (!alias || nma_table_add(t, &alias->node, key[0], key[1])) {
		free(alias);
		return 0;
	}
	alias->number = t->nr;
	return alias->number;
}

/* What follows the end of a name is not part of it. */
static int rename_it(struct nma_anonymous *a, enum kind kind, char name[NAME_LEN])
{
	__u8 what[NAME_LEN] = { 0 };
	__u32 number;

	memcpy(what, name, strnlen(name, NAME_LEN));
	if (!what[0] || (kind == IFNAME && !strcmp((char *)what, "lo"))) {
		memcpy(name, what, NAME_LEN);
		return 0;
	}
	number = number_of(a, kind, what);
	memset(name, 0, NAME_LEN);
	snprintf(name, NAME_LEN, "%s%u", kind == IFNAME ? "if" : "process", number);
	return number ? 0 : -ENOMEM;
}

/* 10.0.0.0/8. No address and the host itself stay what they are. */
static int move_ipv4(struct nma_anonymous *a, __u8 addr[4])
{
	__u8 what[NAME_LEN] = { 0 };
	__u32 number;

	memcpy(what, addr, 4);
	if (addr[0] == 127 || !(addr[0] | addr[1] | addr[2] | addr[3]))
		return 0;
	number = number_of(a, IPV4, what);
	addr[0] = 10;
	addr[1] = number >> 16;
	addr[2] = number >> 8;
	addr[3] = number;
	return number ? 0 : -ENOMEM;
}

/* fd00::/8 */
static int move_ipv6(struct nma_anonymous *a, __u8 addr[16])
{
	struct in6_addr in6;
	__u32 number;

	memcpy(&in6, addr, sizeof(in6));
	if (IN6_IS_ADDR_UNSPECIFIED(&in6) || IN6_IS_ADDR_LOOPBACK(&in6))
		return 0;
	if (IN6_IS_ADDR_V4MAPPED(&in6))
		return move_ipv4(a, addr + 12);
	number = number_of(a, IPV6, addr);
	memset(addr, 0, 16);
	addr[0] = 0xfd;
	addr[12] = number >> 24;
	addr[13] = number >> 16;
	addr[14] = number >> 8;
	addr[15] = number;
	return number ? 0 : -ENOMEM;
}

static int move_address(struct nma_anonymous *a, __u16 family, __u8 addr[16])
{
	if (family == AF_INET6)
		return move_ipv6(a, addr);
	memset(addr + 4, 0, 12);
	if (family == AF_INET)
		return move_ipv4(a, addr);
	memset(addr, 0, 4);	/* whatever it is */
	return 0;
}

int nma_anonymous__record(struct nma_anonymous *a, struct nma_rec_hdr *hdr)
{
	char *rec = (char *)hdr;
	__u16 family;
	int err;
	size_t i;

	if (hdr->type >= NR(sizes) || !hdr->size || sizes[hdr->type] != hdr->size)
		return -EPROTO;
	err = rename_it(a, COMM, hdr->comm);
	for (i = 0; i < NR(places) && !err; i++)
		if (places[i].type == hdr->type)
			err = rename_it(a, places[i].kind, rec + places[i].offset);
	for (i = 0; i < NR(ends) && !err; i++) {
		if (ends[i].type != hdr->type)
			continue;
		memcpy(&family, rec + ends[i].family, sizeof(family));
		err = move_address(a, family, (__u8 *)rec + ends[i].src);
		if (!err)
			err = move_address(a, family, (__u8 *)rec + ends[i].dst);
	}
	return err;
}

int nma_anonymous__ifname(struct nma_anonymous *a, const char *name,
			  char dst[NMA_IFNAME_LEN])
{
	memset(dst, 0, NMA_IFNAME_LEN);
	memcpy(dst, name, strnlen(name, NMA_IFNAME_LEN - 1));
	return rename_it(a, IFNAME, dst);
}
