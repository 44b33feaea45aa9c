/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * SIGINT, SIGTERM and SIGHUP end a stream with its summary; SIGUSR1 asks for one
 * in between.
 */
#ifndef NMA_STOP_H
#define NMA_STOP_H

#include <stdbool.h>

void nma_stop_catch(void);
bool nma_stopped(void);

void nma_ask_catch(void);
/* Once for each time that somebody has asked, or for several at once. */
bool nma_asked(void);

/* The terminal got another size since the last question. */
void nma_resize_catch(void);
bool nma_resized(void);

/* Of a command that answers to signals itself: what comes to us is for it, but for
 * what the terminal sends to all processes in front of it.
 */
void nma_forward_catch(void);
/* The next one that has come; 0: none */
int nma_forward_next(void);
/* How often somebody wanted us to end */
unsigned int nma_interruptions(void);

#endif /* NMA_STOP_H */
