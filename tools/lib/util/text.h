/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Names that come from the kernel (interfaces, processes, drivers) are chosen
 * by whoever made them: before they reach a terminal or a JSON parser they pass
 * through here.
 */
#ifndef NMA_TEXT_H
#define NMA_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum nma_text_for {
	NMA_TEXT_TERMINAL,	/* no control or bidi characters either */
	NMA_TEXT_JSON,		/* valid UTF-8; JSON escapes the rest itself */
};

/* Copies @src up to its NUL or @len bytes, replacing what is not allowed by
 * \xNN. Always terminates, never cuts an escape or a character in half. Returns
 * the length of the result.
 */
size_t nma_text_safe(char *dst, size_t size, const char *src, size_t len,
		     enum nma_text_for use);

/* Is all of @s valid UTF-8? */
bool nma_text_is_utf8(const char *s);

/* Characters, not bytes, of a string that nma_text_safe() made. */
size_t nma_text_width(const char *s);

/* Bytes of @s that fit into @width characters, at a break of @seps if there is
 * one; at least one character.
 */
size_t nma_text_fit(const char *s, size_t width, const char *seps);

/* Prints @text with line breaks at blanks so that no line is longer than @width
 * characters; lines after the first begin with @indent blanks. @column is where
 * the text starts. No line end after the last line.
 */
void nma_text_wrap(FILE *f, const char *text, size_t column, size_t indent,
		   size_t width, const char *seps);

#endif /* NMA_TEXT_H */
