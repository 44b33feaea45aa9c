// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Parser and help: see opts.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "opts_rows.h"

static int parse_number(const char *text, uint64_t *value)
{
	static const char suffixes[] = "KMG";
	const char *suffix;
	uint64_t number;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 0);
	if (errno)
		return -errno;
	if (*end) {
		suffix = strchr(suffixes, *end);
		if (!suffix || end[1])
			return -EINVAL;
		if (number >> (64 - 10 * (suffix - suffixes + 1)))
			return -ERANGE;
		number <<= 10 * (suffix - suffixes + 1);
	}
	*value = number;
	return 0;
}

static int parse_queues(const char *text, struct nma_queues *queues)
{
	char item[16];
	uint64_t id;
	size_t len;

	for (queues->n = 0; ; text += len + 1) {
		len = strcspn(text, ",");
		if (len >= sizeof(item) || queues->n == NMA_MAX_QUEUES)
			return -EINVAL;
		memcpy(item, text, len);
		item[len] = '\0';
		if (parse_number(item, &id) || id > UINT32_MAX)
			return -EINVAL;
		queues->id[queues->n++] = id;
		if (!text[len])
			return 0;
	}
}

static int set_number(const struct nma_opt_row *row, const char *text,
		      uint64_t *value)
{
	uint64_t number;

	if (parse_number(text, &number))
		return nma_fail("--%s: \"%s\" is not a number (suffixes K, M, G)",
				row->name, text);
	if (number < row->min || number > row->max)
		return nma_fail("--%s: %s is not within %" PRIu64 "..%" PRIu64,
				row->name, text, row->min, row->max);
	*value = number;
	return 0;
}

static int set_row(struct nma_opts *o, const struct nma_opt_row *row,
		   const char *text)
{
	void *field = (char *)o + row->offset;

	switch (row->type) {
	case NMA_OPT_FLAG:
		*(bool *)field = true;
		return 0;
	case NMA_OPT_STRING:
		*(const char **)field = text;
		return 0;
	case NMA_OPT_NUMBER:
		return set_number(row, text, field);
	case NMA_OPT_QUEUES:
		if (parse_queues(text, field))
			return nma_fail("--%s: \"%s\" is not a list of queue numbers",
					row->name, text);
		return 0;
	}
	return -EINVAL;
}

/* getopt's view of the rows that @role has; val is the row's index + 256. */
static void make_tables(enum nma_role role, struct option *longs, char *shorts)
{
	const struct nma_opt_row *row;

	*shorts++ = ':';
	for (row = nma_opt_rows; row < nma_opt_rows + nma_opt_rows_n; row++) {
		if (!(row->roles & role))
			continue;
		*longs++ = (struct option){
			.name = row->name,
			.has_arg = row->type == NMA_OPT_FLAG ? no_argument :
							   required_argument,
			.val = row - nma_opt_rows + 256,
		};
		if (!row->letter)
			continue;
		*shorts++ = row->letter;
		if (row->type != NMA_OPT_FLAG)
			*shorts++ = ':';
	}
	*longs = (struct option){};
	*shorts = '\0';
}

static const struct nma_opt_row *row_of(int val)
{
	const struct nma_opt_row *row;

	if (val >= 256)
		return &nma_opt_rows[val - 256];
	for (row = nma_opt_rows; row < nma_opt_rows + nma_opt_rows_n; row++) {
		if (row->letter == val)
			return row;
	}
	return NULL;
}

/* All of them are about a dma-buf. */
static int check_misdeeds(const struct nma_opts *o, bool devmem)
{
	size_t i;

	for (i = 0; i < nma_opt_rows_n; i++) {
		if (nma_opt_rows[i].rule && !devmem &&
		    nma_opt_rows[i].type == NMA_OPT_NUMBER &&
		    *(const uint64_t *)((const char *)o + nma_opt_rows[i].offset))
			return nma_fail("--%s: there is no dma-buf to misbehave with",
					nma_opt_rows[i].name);
	}
	return 0;
}

static int check_send(const struct nma_opts *o)
{
	if (!o->address)
		return nma_fail("send: no ADDRESS to send to");
	if (!o->dmabuf && o->ifname)
		return nma_fail("send: -i IF is for a dma-buf: say --dmabuf, too");
	if (!o->dmabuf && o->pages)
		return nma_fail("--pages: there is no dma-buf to send the memory of");
	if (o->dmabuf && o->size / o->flows < 4096)
		return nma_fail("--size: %" PRIu64 " bytes are no page for each of %" PRIu64 " flows",
				o->size, o->flows);
	if (o->misdeeds[NMA_MISDEED_RX_ID] && !o->queues.n)
		return nma_fail("--rx-id: no queue to bind: say -q QUEUE");
	if (!o->misdeeds[NMA_MISDEED_RX_ID] && o->queues.n)
		return nma_fail("send: -q QUEUE is for --rx-id");
	return check_misdeeds(o, o->dmabuf);
}

static int check_required(const struct nma_opts *o, enum nma_role role)
{
	const unsigned int one = NMA_ROLE_ZCRX | NMA_ROLE_XSK_SEND |
				 NMA_ROLE_XSK_RECV | NMA_ROLE_LEASE;
	bool binds_rx = role & (one | NMA_ROLE_BIND) ||
			(role == NMA_ROLE_RECV && !o->host);
	bool binds = binds_rx || o->dmabuf;

	if (role == NMA_ROLE_SEND && check_send(o))
		return -EINVAL;
	if (role == NMA_ROLE_UDP_SEND && !o->address)
		return nma_fail("udp-send: no ADDRESS to send to");
	if (binds && !o->ifname)
		return nma_fail("no interface: say -i IF");
	if (binds_rx && !o->queues.n)
		return nma_fail("no queue: say -q QUEUE[,QUEUE]");
	if (role & one && o->queues.n > 1)
		return nma_fail("--queue: this role uses one queue only");
	if (role == NMA_ROLE_LEASE && !o->lease_ifindex)
		return nma_fail("lease: no device to lease from: say --from IFINDEX");
	if (o->size % 4096)
		return nma_fail("--size: %" PRIu64 " is not a multiple of 4096",
				o->size);
	if (o->host && (o->plain_recv || o->keep_tokens || o->exit_with_tokens))
		return nma_fail("--host has no tokens to misbehave with");
	if (o->keep_tokens && o->exit_with_tokens)
		return nma_fail("--keep-tokens and --exit-with-tokens exclude each other");
	return role == NMA_ROLE_RECV ? check_misdeeds(o, !o->host) : 0;
}

/* IPv4 as ::ffff:a.b.c.d, so that one kind of socket does for both. */
static int parse_address(const char *text, struct in6_addr *addr)
{
	char mapped[INET6_ADDRSTRLEN + 8];

	if (inet_pton(AF_INET6, text, addr) == 1)
		return 0;
	snprintf(mapped, sizeof(mapped), "::ffff:%s", text);
	if (!strchr(text, ':') && inet_pton(AF_INET6, mapped, addr) == 1)
		return 0;
	return nma_fail("\"%s\" is not an IP address", text);
}

static int parse_argument(struct nma_opts *o, const struct nma_role_info *role,
			  int argc, char **argv)
{
	if (optind < argc && role->args)
		o->address = argv[optind++];
	if (optind < argc)
		return nma_fail("%s: unexpected argument \"%s\"", role->name,
				argv[optind]);
	if (o->address && parse_address(o->address, &o->addr))
		return -EINVAL;
	return check_required(o, role->role);
}

int nma_opts_parse(struct nma_opts *o, const struct nma_role_info *role,
		   int argc, char **argv)
{
	struct option longs[NMA_OPT_ROWS_MAX + 1];
	char shorts[2 * NMA_OPT_ROWS_MAX + 2];
	int val;

	*o = nma_opt_defaults;
	make_tables(role->role, longs, shorts);
	opterr = 0;
	while ((val = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (val == ':')
			return nma_fail("%s: option %s needs a value",
					role->name, argv[optind - 1]);
		if (val == '?')
			return nma_fail("%s: no such option: %s", role->name,
					argv[optind - 1]);
		if (set_row(o, row_of(val), optarg))
			return -EINVAL;
	}
	return o->help ? 0 : parse_argument(o, role, argc, argv);
}

static void help_default(const struct nma_opt_row *row)
{
	uint64_t value;

	if (row->type != NMA_OPT_NUMBER)
		return;
	value = *(const uint64_t *)((const char *)&nma_opt_defaults + row->offset);
	if (value)
		printf(" (default %" PRIu64 ")", value);
}

static void help_row(const struct nma_opt_row *row)
{
	char left[48];

	snprintf(left, sizeof(left), "%c%c%s--%s%s%s",
		 row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
		 row->letter ? ", " : "  ", row->name,
		 row->metavar ? " " : "", row->metavar ? row->metavar : "");
	printf("  %-28s%s", left, row->help);
	help_default(row);
	putchar('\n');
	if (row->rule)
		printf("  %-28sbreaks %s\n", "", row->rule);
}

static void help_rows(enum nma_role role, bool misdeeds)
{
	const struct nma_opt_row *row;

	for (row = nma_opt_rows; row < nma_opt_rows + nma_opt_rows_n; row++) {
		if (row->roles & role && misdeeds == !!row->rule)
			help_row(row);
	}
}

void nma_opts_help(const struct nma_role_info *role)
{
	printf("Usage: nma-traffic %s [OPTION]...%s%s\n\n%s\n\n", role->name,
	       role->args ? " " : "", role->args ? role->args : "", role->text);
	help_rows(role->role, false);
	if (!(role->role & (NMA_ROLE_RECV | NMA_ROLE_SEND | NMA_ROLE_ZCRX)))
		return;
	printf("\nMisbehaviours, N times in the run if nothing else is said:\n");
	help_rows(role->role, true);
}
