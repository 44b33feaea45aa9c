// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Strings are made valid UTF-8 first: json-c passes bytes through as they are.
 */
#include <json-c/json.h>

#include "util/json.h"
#include "util/text.h"

struct json_object *nma_json_str(const char *s)
{
	char safe[4 * 1024 + 1];

	nma_text_safe(safe, sizeof(safe), s, 1024, NMA_TEXT_JSON);
	return json_object_new_string(safe);
}

void nma_json_add_str(struct json_object *obj, const char *key, const char *s)
{
	if (s && s[0])
		json_object_object_add(obj, key, nma_json_str(s));
}

struct json_object *nma_json_doc(const char *type)
{
	struct json_object *doc = json_object_new_object();

	json_object_object_add(doc, "schema", json_object_new_int(NMA_SCHEMA));
	if (type)
		json_object_object_add(doc, "type", json_object_new_string(type));
	return doc;
}
