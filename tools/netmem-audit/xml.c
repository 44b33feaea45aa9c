// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See xml.h.
 */
#include <string.h>

#include "util/text.h"
#include "xml.h"

static void put_char(FILE *f, char c)
{
	switch (c) {
	case '&':
		fputs("&amp;", f);
		break;
	case '<':
		fputs("&lt;", f);
		break;
	case '>':
		fputs("&gt;", f);
		break;
	case '"':
		fputs("&quot;", f);
		break;
	case '\'':
		fputs("&#39;", f);
		break;
	default:
		fputc(c, f);
	}
}

static void put_piece(FILE *f, const char *s, size_t len)
{
	char safe[1025], *p;
	size_t part;

	while (len) {
		/* cut where no character is cut in half */
		part = len;
		if (part > sizeof(safe) / 4 - 1) {
			part = sizeof(safe) / 4 - 1;
			while (part > 1 && (s[part] & 0xc0) == 0x80)
				part--;
		}
		nma_text_safe(safe, sizeof(safe), s, part, NMA_TEXT_TERMINAL);
		for (p = safe; *p; p++)
			put_char(f, *p);
		s += part;
		len -= part;
	}
}

void nma_xml_put(FILE *f, const char *s)
{
	size_t len;

	for (;;) {
		len = strcspn(s, "\n");
		put_piece(f, s, len);
		if (!s[len])
			return;
		fputc('\n', f);
		s += len + 1;
	}
}
