/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * What all JSON documents of ours have in common, those that are printed and
 * those that are kept in files.
 */
#ifndef NMA_JSON_H
#define NMA_JSON_H

#define NMA_SCHEMA	1

struct json_object;

/* Begins with "schema", and "type" if it is not NULL. */
struct json_object *nma_json_doc(const char *type);
/* @s may come from the kernel or a file: anything. */
struct json_object *nma_json_str(const char *s);
/* Nothing if @s is NULL or empty. */
void nma_json_add_str(struct json_object *obj, const char *key, const char *s);

#endif /* NMA_JSON_H */
