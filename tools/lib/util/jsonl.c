// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See jsonl.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/jsonl.h"
#include "util/json.h"
#include "util/text.h"

#define DEPTH	4	/* of nesting */

int nma_jsonl__bad(struct nma_jsonl *f, const char *fmt, ...)
{
	va_list ap;
	int len;

	len = snprintf(f->error, sizeof(f->error), "%.255s:%u: ", f->path, f->line);
	va_start(ap, fmt);
	vsnprintf(f->error + len, sizeof(f->error) - len, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* Sets @f->error for the file as a whole. */
static int fail(struct nma_jsonl *f, int err)
{
	snprintf(f->error, sizeof(f->error), "%.255s: %s", f->path, strerror(-err));
	return err;
}

/* How often the outermost object of @s names a key: json-c keeps the last of two. */
static int keys_of(const char *s)
{
	int depth = 0, nr = 0;
	char quote = '\0';

	for (; *s; s++) {
		if (quote && *s == '\\' && s[1])
			s++;
		else if (quote)
			quote = *s == quote ? '\0' : quote;
		else if (*s == '"' || *s == '\'')
			quote = *s;
		else if (*s == '{' || *s == '[')
			depth++;
		else if (*s == '}' || *s == ']')
			depth--;
		else if (*s == ':' && depth == 1)
			nr++;
	}
	return nr;
}

static int parse(struct nma_jsonl *f, size_t len)
{
	struct json_tokener *tok;
	enum json_tokener_error error;
	size_t column;

	if (!nma_text_is_utf8(f->buf))
		return nma_jsonl__bad(f, "not UTF-8");
	/* not strict: json-c 0.18 then takes UTF-8 for control characters */
	tok = json_tokener_new_ex(DEPTH);
	if (!tok)
		return fail(f, -ENOMEM);
	/* with the NUL, so that a number at the end is known to be over */
	f->doc = json_tokener_parse_ex(tok, f->buf, len + 1);
	error = json_tokener_get_error(tok);
	column = json_tokener_get_parse_end(tok) + 1;
	json_tokener_free(tok);
	if (error == json_tokener_continue || error == json_tokener_error_parse_eof)
		return nma_jsonl__bad(f, "the JSON document is cut off");
	if (error != json_tokener_success)
		return nma_jsonl__bad(f, "column %zu: not JSON: %s", column,
				      json_tokener_error_desc(error));
	if (f->buf[column - 1 + strspn(f->buf + column - 1, " \t\r")])
		return nma_jsonl__bad(f, "column %zu: more behind the document", column);
	if (!json_object_is_type(f->doc, json_type_object))
		return nma_jsonl__bad(f, "not a JSON object");
	if (keys_of(f->buf) != json_object_object_length(f->doc))
		return nma_jsonl__bad(f, "a key is given twice");
	return 1;
}

/* Takes one line of @len bytes; 1 if it has a document. */
static int take_line(struct nma_jsonl *f, size_t len)
{
	f->line++;
	if (strlen(f->buf) != len)
		return nma_jsonl__bad(f, "a NUL byte: not a text file");
	if (len && f->buf[len - 1] == '\n')
		f->buf[--len] = '\0';
	else if (len == sizeof(f->buf) - 1)
		return nma_jsonl__bad(f, "the line is too long");
	if (!f->buf[strspn(f->buf, " \t\r")] || f->buf[0] == '#')
		return 0;
	return parse(f, len);
}

int nma_jsonl__next(struct nma_jsonl *f)
{
	const char *end;
	int ret = 0;

	json_object_put(f->doc);
	f->doc = NULL;
	while (!ret) {
		errno = 0;
		/* the last NUL will be that of fgets() */
		memset(f->buf, '\n', sizeof(f->buf));
		if (!fgets(f->buf, sizeof(f->buf), f->file))
			return ferror(f->file) ? fail(f, errno ? -errno : -EIO) : 0;
		end = memrchr(f->buf, '\0', sizeof(f->buf));
		ret = take_line(f, end - f->buf);
	}
	return ret;
}

static int check_header(struct nma_jsonl *f, const char *type)
{
	const char *found = "";
	__u32 schema = 0;
	int err;

	err = nma_jsonl__str(f, "type", true, &found);
	if (!err)
		err = nma_jsonl__u32(f, "schema", true, &schema);
	if (err)
		return err;
	if (strcmp(found, type))
		return nma_jsonl__bad(f, "type is \"%.64s\", not \"%s\"", found, type);
	if (schema != NMA_SCHEMA)
		return nma_jsonl__bad(f, "schema %u, this version knows schema %u only",
				      schema, NMA_SCHEMA);
	return 0;
}

/* A pipe that nobody writes to is empty, and nothing to wait for. */
static FILE *open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *file;

	if (fd < 0)
		return NULL;
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK))
		goto err_close;
	file = fdopen(fd, "r");
	if (file)
		return file;
err_close:
	close(fd);
	return NULL;
}

int nma_jsonl__open(struct nma_jsonl *f, const char *path, const char *type)
{
	int ret;

	f->path = path;
	f->line = 0;
	f->doc = NULL;
	f->error[0] = '\0';
	f->file = open_file(path);
	if (!f->file)
		return fail(f, -errno);
	ret = nma_jsonl__next(f);
	if (ret < 0)
		return ret;
	if (!ret) {
		snprintf(f->error, sizeof(f->error),
			 "%.255s: empty; its first line must be {\"schema\":%u,\"type\":\"%s\"}",
			 path, NMA_SCHEMA, type);
		return -EINVAL;
	}
	return check_header(f, type);
}

void nma_jsonl__close(struct nma_jsonl *f)
{
	json_object_put(f->doc);
	f->doc = NULL;
	if (f->file)
		fclose(f->file);
	f->file = NULL;
}

/* 1: there, 0: not and need not be */
static int member(struct nma_jsonl *f, const char *key, bool must,
		  enum json_type type, struct json_object **val)
{
	if (!json_object_object_get_ex(f->doc, key, val))
		return must ? nma_jsonl__bad(f, "\"%s\" is missing", key) : 0;
	if (!json_object_is_type(*val, type))
		return nma_jsonl__bad(f, "\"%s\" must be %s", key,
				      type == json_type_int ? "a number" :
				      type == json_type_boolean ? "true or false" :
				      "a string");
	return 1;
}

int nma_jsonl__str(struct nma_jsonl *f, const char *key, bool must, const char **s)
{
	struct json_object *val;
	int ret = member(f, key, must, json_type_string, &val);

	if (ret <= 0)
		return ret;
	*s = json_object_get_string(val);
	if (!(*s)[0] || strlen(*s) != (size_t)json_object_get_string_len(val))
		return nma_jsonl__bad(f, "\"%s\" is empty or has a NUL in it", key);
	return 0;
}

int nma_jsonl__u64(struct nma_jsonl *f, const char *key, bool must, __u64 *u)
{
	struct json_object *val;
	int ret = member(f, key, must, json_type_int, &val);

	if (ret <= 0)
		return ret;
	if (json_object_get_int64(val) < 0)
		return nma_jsonl__bad(f, "\"%s\" is out of range", key);
	*u = json_object_get_int64(val);
	return 0;
}

int nma_jsonl__bool(struct nma_jsonl *f, const char *key, bool must, bool *b)
{
	struct json_object *val;
	int ret = member(f, key, must, json_type_boolean, &val);

	if (ret <= 0)
		return ret;
	*b = json_object_get_boolean(val);
	return 0;
}

int nma_jsonl__u32(struct nma_jsonl *f, const char *key, bool must, __u32 *u)
{
	struct json_object *val;
	int ret = member(f, key, must, json_type_int, &val);
	__s64 n;

	if (ret <= 0)
		return ret;
	n = json_object_get_int64(val);
	if (n < 0 || n > 0xffffffffll)
		return nma_jsonl__bad(f, "\"%s\" is out of range", key);
	*u = n;
	return 0;
}

int nma_jsonl__only(struct nma_jsonl *f, const char *const *keys)
{
	const char *const *key;

	json_object_object_foreach(f->doc, name, val) {
		(void)val;
		for (key = keys; *key && strcmp(*key, name); key++)
			;
		if (!*key)
			return nma_jsonl__bad(f, "unknown key \"%.64s\"", name);
	}
	return 0;
}
