// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Sanitising and wrapping of text.
 */
#include <string.h>

#include "util/text.h"

/* Length of the UTF-8 sequence at @s (at most @len bytes), 0 if it is none:
 * overlong forms, surrogates and values above U+10FFFF are none.
 */
static size_t utf8_decode(const unsigned char *s, size_t len, unsigned int *cp)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n, i;

	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	*cp = s[0] & (0xff >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3f);
	}
	if (*cp < least[n] || *cp > 0x10ffff || (*cp & 0xfffff800) == 0xd800)
		return 0;
	return n;
}

bool nma_text_is_utf8(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n, len = strlen(text);
	unsigned int cp;

	for (; len; s += n, len -= n) {
		n = utf8_decode(s, len, &cp);
		if (!n)
			return false;
	}
	return true;
}

/* Characters that move the cursor or reorder what a terminal shows. */
static bool terminal_unsafe(unsigned int cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ||
	       cp == 0x61c || (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f) ||
	       cp == 0xfeff || cp == '\\';
}

static size_t put_escaped(char *dst, const unsigned char *src, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	if (n == 1 && src[0] == '\\') {
		dst[0] = '\\';
		dst[1] = '\\';
		return 2;
	}
	for (i = 0; i < n; i++) {
		*dst++ = '\\';
		*dst++ = 'x';
		*dst++ = hex[src[i] >> 4];
		*dst++ = hex[src[i] & 15];
	}
	return 4 * n;
}

size_t nma_text_safe(char *dst, size_t size, const char *src, size_t len,
		     enum nma_text_for use)
{
	const unsigned char *s = (const unsigned char *)src;
	size_t out = 0, in = 0, n, add;
	char piece[4 * 4];
	unsigned int cp;

	if (!size)
		return 0;
	while (in < len && s[in]) {
		n = utf8_decode(s + in, len - in, &cp);
		if (!n) {
			n = 1;
			add = put_escaped(piece, s + in, 1);
		} else if (use == NMA_TEXT_TERMINAL && terminal_unsafe(cp)) {
			add = put_escaped(piece, s + in, n);
		} else {
			memcpy(piece, s + in, n);
			add = n;
		}
		if (out + add >= size)
			break;
		memcpy(dst + out, piece, add);
		out += add;
		in += n;
	}
	dst[out] = '\0';
	return out;
}

size_t nma_text_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		if ((*s & 0xc0) != 0x80)
			n++;
	return n;
}

size_t nma_text_fit(const char *s, size_t width, const char *seps)
{
	size_t i, chars = 0, best = 0;

	for (i = 0; s[i]; i++) {
		if ((s[i] & 0xc0) != 0x80 && ++chars > width)
			break;
		/* a blank may hang over the edge, it is not printed */
		if (i && s[i] == ' ' && strchr(seps, ' '))
			best = i;
		else if (strchr(seps, s[i]) && s[i] != ' ')
			best = i + 1;
	}
	if (!s[i])
		return i;
	if (s[i] == ' ' && strchr(seps, ' '))
		return i;
	if (best)
		return best;
	if (!i)
		for (i = 1; (s[i] & 0xc0) == 0x80; i++)
			;
	return i;
}

void nma_text_wrap(FILE *f, const char *text, size_t column, size_t indent,
		   size_t width, const char *seps)
{
	size_t n;

	for (;;) {
		n = nma_text_fit(text, width > column ? width - column : 1, seps);
		fwrite(text, 1, n, f);
		text += n;
		while (*text == ' ')
			text++;
		if (!*text)
			return;
		fprintf(f, "\n%*s", (int)indent, "");
		column = indent;
	}
}
