/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * How the functions behind field tables are written: they read like the tables.
 */
#ifndef NMA_GETTER_H
#define NMA_GETTER_H

#include "out/field.h"

/* GET(name, statement about v) */
#define GET(name, ...) \
	static void name(const void *row, struct nma_value *v) { __VA_ARGS__; }

/* A number that is absent when it is 0. */
#define GET_NONZERO(name, expr) \
	static void name(const void *row, struct nma_value *v) \
	{ \
		if (expr) \
			nma_value_u64(v, expr); \
	}

/* True, or absent */
#define GET_TRUE(name, expr) \
	static void name(const void *row, struct nma_value *v) \
	{ \
		if (expr) \
			nma_value_bool(v, true); \
	}

/* NETNS(prefix, inode): the getters of NETNS_FIELDS(prefix) */
#define NETNS(prefix, expr) \
	GET_NONZERO(prefix##_netns, expr) \
	GET(prefix##_netns_name, nma_netns_name_value(v, expr)) \
	GET(prefix##_netns_text, nma_netns_text_value(v, expr))

/* Number and name, if it has one; people see one of them, unless it is our own. */
#define NETNS_FIELDS(prefix) \
	{ "netns", "", NMA_FIELD_JSON, prefix##_netns }, \
	{ "netns_name", "", NMA_FIELD_JSON, prefix##_netns_name }, \
	{ "netns", "NETNS", NMA_FIELD_TEXT, prefix##_netns_text }

/* A control group by its path; a process by both of its names. Nothing: not known. */
void nma_cgroup_value(struct nma_value *v, __u64 id);
void nma_task_value(struct nma_value *v, __u32 pid, const char *comm);

void nma_netns_name_value(struct nma_value *v, __u32 inode);
void nma_netns_text_value(struct nma_value *v, __u32 inode);

#endif /* NMA_GETTER_H */
