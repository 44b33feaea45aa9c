/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Runs a whole command against the fake kernel and takes its output apart.
 */
#ifndef NMA_COMMAND_H
#define NMA_COMMAND_H

#include <json-c/json.h>

#include "nma_event.h"

/* A device with a queue without and one with a binding, each with two pools: what
 * the fake kernel has after command_setup(). The socket must be added.
 */
extern struct nma_rec_nic nic;
extern struct nma_rec_queue queue[2];
extern struct nma_rec_pool pool[4];
extern struct nma_rec_binding binding;
extern struct nma_rec_sock sock;

int command_setup(void **state);
int command_teardown(void **state);

extern char *out, *err;			/* of the last command */
extern struct json_object *doc;		/* last document that was parsed */

/* Runs "netmem-audit" with the words of @line; returns its exit status. */
int run(const char *line);

/* The output as a document; the n-th line of it. */
struct json_object *parse_line(unsigned int n);
struct json_object *parse(void);

/* Members, which must be there. */
struct json_object *get(struct json_object *obj, const char *key);
const char *str(struct json_object *obj, const char *key);
int num(struct json_object *obj, const char *key);
struct json_object *first(struct json_object *obj, const char *key);
size_t length(struct json_object *obj, const char *key);

void expect_said(const char *text, const char *words);
unsigned int count_lines(const char *what);	/* occurrences in @out */

/* Of the last document, which is that of a gate */
struct json_object *assertion(const char *text);
/* That one alone is not so. */
void only_violated(const char *metric, int value);

#endif /* NMA_COMMAND_H */
