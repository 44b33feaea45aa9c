// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Which receive queue a frame goes to: the first exact-match rule that fits,
 * else the Toeplitz hash of addresses and ports through the indirection table. A
 * rule may leave the choice to the hash, with a table of its own.
 *
 * Settings are read under a seqlock, once per frame and without atomics, so they
 * can be changed from any context while traffic runs.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/string.h>

#include "nmhw_priv.h"

/* 32 bits of @key from bit @at on. */
static u32 key_window(const u8 *key, unsigned int at)
{
	const u8 *p = key + at / 8;
	unsigned int shift = at % 8;
	u32 w = get_unaligned_be32(p);

	return shift ? w << shift | p[4] >> (8 - shift) : w;
}

/* The hash is linear: that of an input is the XOR of those of its bytes, each at
 * its place. That of a byte is the XOR of those of its bits.
 */
static void toeplitz_fill(struct nmhw_steer *st, const u8 *key)
{
	unsigned int place, bit, value;
	u32 *table, hash;

	for (place = 0; place < NMHW_TUPLE_LEN; place++) {
		table = st->toeplitz[place];
		table[0] = 0;
		for (bit = 0; bit < 8; bit++) {
			/* Bit 7 comes first on the wire. */
			hash = key_window(key, 8 * place + 7 - bit);
			for (value = 0; value < BIT(bit); value++)
				table[BIT(bit) + value] = table[value] ^ hash;
		}
	}
}

static u32 toeplitz(const struct nmhw_steer *st, const u8 *p, unsigned int len,
		    unsigned int place)
{
	u32 hash = 0;

	while (len--)
		hash ^= st->toeplitz[place++][*p++];
	return hash;
}

static unsigned int addrs_len(const struct nmhw_pkt *pkt)
{
	return pkt->ip_version == 4 ? 8 : 32;
}

static u32 flow_hash(const struct nmhw_steer *st, const struct nmhw_frame *f)
{
	const struct nmhw_pkt *pkt = &f->pkt;
	u32 hash = toeplitz(st, f->p + pkt->addr_off, addrs_len(pkt), 0);

	if (pkt->l4_proto)
		hash ^= toeplitz(st, f->p + pkt->l4_off, 4, addrs_len(pkt));
	return hash;
}

static bool masked_equal(const u8 *p, const u8 *value, const u8 *mask, unsigned int len)
{
	while (len--) {
		if ((p[len] ^ value[len]) & mask[len])
			return false;
	}
	return true;
}

static bool rule_matches(const struct nmhw_rule *rule, const struct nmhw_frame *f)
{
	const struct nmhw_pkt *pkt = &f->pkt;
	const u8 *addr = f->p + pkt->addr_off;
	unsigned int len = addrs_len(pkt) / 2;
	const __be16 *port = (const __be16 *)(f->p + pkt->l4_off);

	if (rule->ip_version != pkt->ip_version)
		return false;
	if (rule->l4_proto && rule->l4_proto != pkt->l4_proto)
		return false;
	if (rule->sport_mask || rule->dport_mask) {
		if (!pkt->l4_proto ||
		    (get_unaligned(port) ^ rule->sport) & rule->sport_mask ||
		    (get_unaligned(port + 1) ^ rule->dport) & rule->dport_mask)
			return false;
	}
	return masked_equal(addr, rule->src, rule->src_mask, len) &&
	       masked_equal(addr + len, rule->dst, rule->dst_mask, len);
}

static void steer(const struct nmhw_steer *st, const struct nmhw_frame *f,
		  struct nmhw_dest *dest)
{
	const struct nmhw_pkt *pkt = &f->pkt;
	const struct nmhw_rule *rule;
	unsigned int loc, entry;

	dest->hash = flow_hash(st, f);
	dest->flags = pkt->l4_proto ? NMHW_RXC_HASH_L4 : 0;
	entry = dest->hash % NMHW_RSS_INDIR_LEN;
	dest->queue = st->indir[0][entry];
	if (!st->nr_rules)
		return;

	for_each_set_bit(loc, st->used, st->nr_rules) {
		rule = &st->rule[loc];
		if (!rule_matches(rule, f))
			continue;
		dest->queue = rule->queue == NMHW_RULE_HASH ? st->indir[rule->table][entry] :
							      rule->queue;
		dest->flags |= NMHW_RXC_RULE;
		return;
	}
}

void nmhw_steer_frame(struct nmhw_port *port, const struct nmhw_frame *f,
		      struct nmhw_dest *dest)
{
	struct nmhw_steer *st = &port->steer;
	unsigned int seq;

	*dest = (struct nmhw_dest) {};
	if (!f->pkt.ip_version)
		return;
	do {
		seq = read_seqbegin(&st->lock);
		steer(st, f, dest);
	} while (read_seqretry(&st->lock, seq));
}

static bool indir_valid(const struct nmhw_port *port, const u8 *indir)
{
	unsigned int i;

	for (i = 0; i < NMHW_RSS_INDIR_LEN; i++) {
		if (indir[i] >= port->queues)
			return false;
	}
	return true;
}

int nmhw_rss_set(struct nmhw_port *port, const struct nmhw_rss *rss)
{
	struct nmhw_steer *st = &port->steer;
	unsigned long irq;

	if (!indir_valid(port, rss->indir))
		return -ERANGE;
	write_seqlock_irqsave(&st->lock, irq);
	toeplitz_fill(st, rss->key);
	memcpy(st->indir[0], rss->indir, sizeof(st->indir[0]));
	write_sequnlock_irqrestore(&st->lock, irq);
	return 0;
}

int nmhw_rss_table_set(struct nmhw_port *port, unsigned int table,
		       const u8 indir[NMHW_RSS_INDIR_LEN])
{
	struct nmhw_steer *st = &port->steer;
	unsigned long irq;

	if (table >= NMHW_RSS_TABLES || !indir_valid(port, indir))
		return -ERANGE;
	write_seqlock_irqsave(&st->lock, irq);
	memcpy(st->indir[table], indir, sizeof(st->indir[table]));
	write_sequnlock_irqrestore(&st->lock, irq);
	return 0;
}

/* Write side of the lock held. */
static void rules_changed(struct nmhw_steer *st)
{
	unsigned int last = find_last_bit(st->used, NMHW_MAX_RULES);

	st->nr_rules = last < NMHW_MAX_RULES ? last + 1 : 0;
}

int nmhw_rule_set(struct nmhw_port *port, unsigned int loc, const struct nmhw_rule *rule)
{
	struct nmhw_steer *st = &port->steer;
	unsigned long irq;

	if (loc >= NMHW_MAX_RULES)
		return -ERANGE;
	if (rule->queue >= port->queues && rule->queue != NMHW_RULE_DROP &&
	    rule->queue != NMHW_RULE_HASH)
		return -ERANGE;
	if (rule->table >= NMHW_RSS_TABLES)
		return -ERANGE;
	if (rule->ip_version != 4 && rule->ip_version != 6)
		return -EINVAL;
	write_seqlock_irqsave(&st->lock, irq);
	st->rule[loc] = *rule;
	__set_bit(loc, st->used);
	rules_changed(st);
	write_sequnlock_irqrestore(&st->lock, irq);
	return 0;
}

int nmhw_rule_clear(struct nmhw_port *port, unsigned int loc)
{
	struct nmhw_steer *st = &port->steer;
	unsigned long irq;
	int err = -ENOENT;

	write_seqlock_irqsave(&st->lock, irq);
	if (loc < NMHW_MAX_RULES && __test_and_clear_bit(loc, st->used)) {
		rules_changed(st);
		err = 0;
	}
	write_sequnlock_irqrestore(&st->lock, irq);
	return err;
}

void nmhw_steer_init(struct nmhw_steer *st)
{
	seqlock_init(&st->lock);
}
