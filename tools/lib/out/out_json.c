// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * JSON emission through json-c.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/ksyms.h"
#include "nma_event.h"
#include "out/out.h"
#include "util/lost.h"

static const char *const loss_keys[] = {
#define NMA_LOSS(id, key, text) [NMA_LOSS_##id] = key,
	NMA_LOSS_LIST
#undef NMA_LOSS
};

static struct json_object *json_set(const struct nma_value *v)
{
	struct json_object *arr = json_object_new_array();
	char names[NMA_STR_LEN], *save = NULL, *name;

	memcpy(names, v->str, sizeof(names));
	for (name = strtok_r(names, "|", &save); name; name = strtok_r(NULL, "|", &save))
		json_object_array_add(arr, nma_json_str(name));
	return arr;
}

static struct json_object *json_counts(const struct nma_value *v)
{
	struct json_object *obj = json_object_new_object();
	char text[NMA_STR_LEN], *save = NULL, *name, *n;

	memcpy(text, v->str, sizeof(text));
	for (name = strtok_r(text, "|", &save); name; name = strtok_r(NULL, "|", &save)) {
		n = strchr(name, '=');
		if (!n)
			continue;
		*n++ = '\0';
		json_object_object_add(obj, name,
				       json_object_new_uint64(strtoull(n, NULL, 10)));
	}
	return obj;
}

static struct json_object *json_list(const struct nma_value *v)
{
	struct json_object *arr = json_object_new_array();
	unsigned int i;

	for (i = 0; i < v->nr; i++)
		json_object_array_add(arr, json_object_new_uint64(v->list[i]));
	return arr;
}

static struct json_object *json_ratio(__u64 of_10000)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu.%04llu", of_10000 / 10000, of_10000 % 10000);
	return json_object_new_double_s(of_10000 / 10000.0, text);
}

static struct json_object *json_addr(__u64 addr)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", addr);
	return json_object_new_string(text);
}

static struct json_object *json_creator(const struct nma_out *out,
					const struct nma_value *v)
{
	char name[NMA_STR_LEN];

	if (nma_ksyms__creator(out->ksyms, v->stack, v->nr, name, sizeof(name)))
		return NULL;
	return nma_json_str(name);
}

static struct json_object *json_value(const struct nma_out *out,
				      const struct nma_value *v)
{
	switch (v->type) {
	case NMA_VALUE_NONE:
		return NULL;
	case NMA_VALUE_U64:
		return json_object_new_uint64(v->u);
	case NMA_VALUE_S64:
		return json_object_new_int64(v->s);
	case NMA_VALUE_RATIO:
		return json_ratio(v->u);
	case NMA_VALUE_BOOL:
		return json_object_new_boolean(v->b);
	case NMA_VALUE_STR:
		return nma_json_str(v->str);
	case NMA_VALUE_SET:
		return json_set(v);
	case NMA_VALUE_COUNTS:
		return json_counts(v);
	case NMA_VALUE_ADDR:
		return out->verbose ? json_addr(v->u) : NULL;
	case NMA_VALUE_LIST_U64:
		return json_list(v);
	case NMA_VALUE_STACK:
		return json_creator(out, v);
	}
	return NULL;
}

void nma_out_add(const struct nma_out *out, struct json_object *obj,
		 const char *key, const struct nma_value *v)
{
	struct json_object *val = json_value(out, v);

	if (val)
		json_object_object_add(obj, key, val);
}

void nma_out_fill(const struct nma_out *out, struct json_object *obj,
		  const struct nma_fields *fields, const void *row)
{
	size_t i;

	for (i = 0; i < fields->nr; i++) {
		struct nma_value v = { 0 };

		if (fields->field[i].flags & (NMA_FIELD_TEXT | NMA_FIELD_COLUMN) ||
		    (fields->field[i].flags & NMA_FIELD_VERBOSE && !out->verbose))
			continue;
		fields->field[i].get(row, &v);
		nma_out_add(out, obj, fields->field[i].key, &v);
	}
}

struct json_object *nma_out_object(const struct nma_out *out,
				   const struct nma_fields *fields,
				   const void *row)
{
	struct json_object *obj = json_object_new_object();

	nma_out_fill(out, obj, fields, row);
	return obj;
}

struct json_object *nma_out_array(const struct nma_out *out,
				  const struct nma_fields *fields,
				  const void *const *rows, size_t nr)
{
	struct json_object *arr = json_object_new_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_object_array_add(arr, nma_out_object(out, fields, rows[i]));
	return arr;
}

static struct json_object *json_lost(const struct nma_lost *lost)
{
	struct json_object *obj = json_object_new_object();
	int i;

	for (i = 0; lost && i < NMA_LOSS_MAX; i++)
		json_object_object_add(obj, loss_keys[i],
				       json_object_new_uint64(lost->count[i]));
	return obj;
}

int nma_out_emit(const struct nma_out *out, struct json_object *doc)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text;

	flags |= out->pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED :
			       JSON_C_TO_STRING_PLAIN;
	json_object_object_add(doc, "lost", json_lost(out->lost));
	text = json_object_to_json_string_ext(doc, flags);
	if (text)
		fprintf(out->file, "%s\n", text);
	json_object_put(doc);
	return text ? nma_out_finish(out) : -ENOMEM;
}

int nma_out_error(const struct nma_out *out, int err, const char *message)
{
	struct json_object *doc = nma_json_doc(NULL);
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "message", nma_json_str(message));
	if (err)
		json_object_object_add(obj, "errno", json_object_new_int(-err));
	json_object_object_add(doc, "error", obj);
	return nma_out_emit(out, doc);
}
