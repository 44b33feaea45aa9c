// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See report.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "report.h"

static void report_json(const struct nma_gate *g, FILE *f)
{
	struct nma_out out = g->env->out;

	out.file = f;
	out.error = NULL;
	nma_out_emit(&out, nma_gate_json(g));
}

static void (*const writers[NMA_REPORT_MAX])(const struct nma_gate *g, FILE *f) = {
	[NMA_REPORT_KTAP] = nma_report_ktap,
	[NMA_REPORT_JUNIT] = nma_report_junit,
	[NMA_REPORT_JSON] = report_json,
	[NMA_REPORT_HTML] = nma_report_html,
};

static int open_one(struct nma_reports *r, int kind, const struct nma_env *env)
{
	const char *path = r->path[kind];
	int fd, err;

	if (!strcmp(path, "-"))
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd >= 0)
		r->file[kind] = fdopen(fd, "w");
	if (r->file[kind])
		return NMA_EXIT_OK;
	err = -errno;
	nma_err(env, err, "cannot write %s: %s", path, strerror(-err));
	return NMA_EXIT_ENV;
}

int nma_reports__open(struct nma_reports *r, const struct nma_env *env)
{
	int kind, ret;

	for (kind = 0; kind < NMA_REPORT_MAX; kind++) {
		ret = r->path[kind] ? open_one(r, kind, env) : NMA_EXIT_OK;
		if (ret)
			return ret;
	}
	return NMA_EXIT_OK;
}

int nma_reports__write(struct nma_reports *r, const struct nma_gate *g)
{
	int kind, ret = NMA_EXIT_OK;
	bool bad;

	for (kind = 0; kind < NMA_REPORT_MAX; kind++) {
		if (!r->file[kind])
			continue;
		errno = 0;
		writers[kind](g, r->file[kind]);
		bad = ferror(r->file[kind]);
		bad |= fclose(r->file[kind]) != 0;
		r->file[kind] = NULL;
		if (!bad)
			continue;
		nma_err(g->env, -errno, "cannot write %s: %s", r->path[kind],
			strerror(errno));
		ret = NMA_EXIT_ENV;
	}
	return ret;
}

void nma_reports__close(struct nma_reports *r)
{
	int kind;

	for (kind = 0; kind < NMA_REPORT_MAX; kind++)
		if (r->file[kind])
			fclose(r->file[kind]);
}
