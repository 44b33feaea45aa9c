/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * SIGINT, SIGTERM and SIGHUP end a stream with its summary.
 */
#ifndef NMA_STOP_H
#define NMA_STOP_H

#include <stdbool.h>

void nma_stop_catch(void);
bool nma_stopped(void);

#endif /* NMA_STOP_H */
