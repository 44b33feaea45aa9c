// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Setters of values.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/value.h"

void nma_value_u64(struct nma_value *v, __u64 u)
{
	v->type = NMA_VALUE_U64;
	v->u = u;
}

void nma_value_s64(struct nma_value *v, __s64 s)
{
	v->type = NMA_VALUE_S64;
	v->s = s;
}

void nma_value_ratio(struct nma_value *v, __u32 of_10000)
{
	v->type = NMA_VALUE_RATIO;
	v->u = of_10000;
}

void nma_value_bool(struct nma_value *v, bool b)
{
	v->type = NMA_VALUE_BOOL;
	v->b = b;
}

void nma_value_addr(struct nma_value *v, __u64 addr)
{
	v->type = NMA_VALUE_ADDR;
	v->u = addr;
}

void nma_value_list_add(struct nma_value *v, __u64 u)
{
	v->type = NMA_VALUE_LIST_U64;
	if (v->nr < NMA_LIST_LEN)
		v->list[v->nr++] = u;
	else
		v->more = true;
}

void nma_value_stack(struct nma_value *v, const __u64 *stack, size_t nr)
{
	if (!nr || !stack[0])
		return;
	v->type = NMA_VALUE_STACK;
	v->nr = nr < NMA_FRAMES ? nr : NMA_FRAMES;
	memcpy(v->stack, stack, v->nr * sizeof(*stack));
}

void nma_value_strn(struct nma_value *v, const char *s, size_t len)
{
	if (!s)
		return;
	len = strnlen(s, len);
	if (!len)
		return;
	if (len >= sizeof(v->str))
		len = sizeof(v->str) - 1;
	v->type = NMA_VALUE_STR;
	memcpy(v->str, s, len);
	v->str[len] = '\0';
}

void nma_value_str(struct nma_value *v, const char *s)
{
	nma_value_strn(v, s, NMA_STR_LEN);
}

void nma_value_fmt(struct nma_value *v, const char *fmt, ...)
{
	va_list ap;

	v->type = NMA_VALUE_STR;
	va_start(ap, fmt);
	vsnprintf(v->str, sizeof(v->str), fmt, ap);
	va_end(ap);
}

static void join(struct nma_value *v, enum nma_value_type type, const char *text)
{
	size_t len;

	if (v->type != type) {
		v->type = type;
		v->str[0] = '\0';
	}
	len = strlen(v->str);
	snprintf(v->str + len, sizeof(v->str) - len, "%s%s", len ? "|" : "", text);
}

void nma_value_set_add(struct nma_value *v, const char *name)
{
	join(v, NMA_VALUE_SET, name);
}

void nma_value_count_add(struct nma_value *v, const char *name, __u64 n)
{
	char text[64];

	snprintf(text, sizeof(text), "%s=%llu", name, n);
	join(v, NMA_VALUE_COUNTS, text);
}

void nma_value_endpoint(struct nma_value *v, int family, const __u8 *addr, __u16 port)
{
	char text[INET6_ADDRSTRLEN];

	if (!port || (family != AF_INET && family != AF_INET6))
		return;
	/* IPv4 through a socket for both */
	if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)addr)) {
		family = AF_INET;
		addr += 12;
	}
	if (!inet_ntop(family, addr, text, sizeof(text)))
		return;
	nma_value_fmt(v, family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, port);
}
