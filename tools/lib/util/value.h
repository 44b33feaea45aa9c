/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * A value of evidence or of an output field: absent until it is set.
 */
#ifndef NMA_VALUE_H
#define NMA_VALUE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define NMA_STR_LEN	256
#define NMA_LIST_LEN	8
#define NMA_FRAMES	12

enum nma_value_type {
	NMA_VALUE_NONE,
	NMA_VALUE_U64,
	NMA_VALUE_S64,
	NMA_VALUE_BOOL,
	NMA_VALUE_RATIO,	/* u of 10000: a number up to 1 in JSON, percent in text */
	NMA_VALUE_STR,		/* from the kernel or from us; sanitised on output */
	NMA_VALUE_SET,		/* names joined by '|'; an array in JSON */
	NMA_VALUE_COUNTS,	/* "name=N" joined by '|'; an object in JSON */
	NMA_VALUE_ADDR,		/* kernel address: shown with -v only */
	NMA_VALUE_LIST_U64,	/* a few numbers; an array in JSON */
	NMA_VALUE_STACK,	/* return addresses; shown as the creator's name */
};

struct nma_value {
	enum nma_value_type type;
	unsigned int nr;	/* LIST_U64, STACK */
	bool more;		/* LIST_U64: there were more */
	union {
		__u64 u;
		__s64 s;
		bool b;
		char str[NMA_STR_LEN];
		__u64 list[NMA_LIST_LEN];
		__u64 stack[NMA_FRAMES];
	};
};

void nma_value_u64(struct nma_value *v, __u64 u);
void nma_value_s64(struct nma_value *v, __s64 s);
void nma_value_ratio(struct nma_value *v, __u32 of_10000);
void nma_value_bool(struct nma_value *v, bool b);
void nma_value_addr(struct nma_value *v, __u64 addr);
void nma_value_list_add(struct nma_value *v, __u64 u);
/* @nr return addresses, innermost first; 0 ends them early. */
void nma_value_stack(struct nma_value *v, const __u64 *stack, size_t nr);
/* NULL or "" leaves the value absent. At most @len bytes of @s. */
void nma_value_strn(struct nma_value *v, const char *s, size_t len);
void nma_value_str(struct nma_value *v, const char *s);
void nma_value_fmt(struct nma_value *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Adds one name to a set; a set without names is "none". */
void nma_value_set_add(struct nma_value *v, const char *name);
/* "192.0.2.1:80" or "[2001:db8::1]:80"; absent without a port. */
void nma_value_endpoint(struct nma_value *v, int family, const __u8 *addr, __u16 port);
/* Adds "name=@n". */
void nma_value_count_add(struct nma_value *v, const char *name, __u64 n);

#endif /* NMA_VALUE_H */
