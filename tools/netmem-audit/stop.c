// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See stop.h.
 */
#include <signal.h>
#include <stddef.h>

#include "stop.h"

static volatile sig_atomic_t stopped, asked, resized;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

void nma_stop_catch(void)
{
	/* A write that waits for a slow reader is resumed; a wait for events or for
	 * time returns all the same (signal(7)).
	 */
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART }, old;

	stopped = 0;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	/* nohup means it */
	sigaction(SIGHUP, NULL, &old);
	if (old.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &sa, NULL);
}

bool nma_stopped(void)
{
	return stopped;
}

static void on_question(int sig)
{
	(void)sig;
	asked = 1;
}

void nma_ask_catch(void)
{
	struct sigaction sa = { .sa_handler = on_question, .sa_flags = SA_RESTART };

	asked = 0;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGUSR1, &sa, NULL);
}

bool nma_asked(void)
{
	bool was = asked;

	if (was)
		asked = 0;
	return was;
}

static void on_resize(int sig)
{
	(void)sig;
	resized = 1;
}

void nma_resize_catch(void)
{
	struct sigaction sa = { .sa_handler = on_resize, .sa_flags = SA_RESTART };

	resized = 0;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGWINCH, &sa, NULL);
}

bool nma_resized(void)
{
	bool was = resized;

	if (was)
		resized = 0;
	return was;
}

static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

#define NR_FORWARDED	(sizeof(forwarded) / sizeof(*forwarded))

static volatile sig_atomic_t waiting[NR_FORWARDED], interruptions;

static void on_forward(int sig, siginfo_t *info, void *context)
{
	size_t i;

	(void)context;
	if (sig != SIGUSR1 && sig != SIGUSR2)
		interruptions++;
	for (i = 0; i < NR_FORWARDED; i++)
		if (forwarded[i] == sig && info->si_code != SI_KERNEL)
			waiting[i] = 1;
}

void nma_forward_catch(void)
{
	struct sigaction sa = { .sa_sigaction = on_forward,
				.sa_flags = SA_RESTART | SA_SIGINFO }, old;
	size_t i;

	interruptions = 0;
	sigemptyset(&sa.sa_mask);
	for (i = 0; i < NR_FORWARDED; i++) {
		waiting[i] = 0;
		sigaction(forwarded[i], NULL, &old);
		/* nohup means it */
		if (forwarded[i] != SIGHUP || old.sa_handler != SIG_IGN)
			sigaction(forwarded[i], &sa, NULL);
	}
}

int nma_forward_next(void)
{
	size_t i;

	for (i = 0; i < NR_FORWARDED; i++) {
		if (!waiting[i])
			continue;
		waiting[i] = 0;
		return forwarded[i];
	}
	return 0;
}

unsigned int nma_interruptions(void)
{
	return interruptions;
}
