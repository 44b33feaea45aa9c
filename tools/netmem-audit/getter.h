/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * How the functions behind field tables are written: they read like the tables.
 */
#ifndef NMA_GETTER_H
#define NMA_GETTER_H

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

#endif /* NMA_GETTER_H */
