/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Text in XML and HTML, of names that somebody may have chosen to do harm.
 */
#ifndef NMA_XML_H
#define NMA_XML_H

#include <stdio.h>

/* Escaped for attributes and text alike; bytes that neither may have become \xNN. */
void nma_xml_put(FILE *f, const char *s);

#endif /* NMA_XML_H */
