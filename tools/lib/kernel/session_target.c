// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What function or tracepoint a program is for. libbpf looks through the names
 * of all functions of the kernel for each program, and through its own copy of
 * them.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/hooks.h"
#include "kernel/session_priv.h"

struct section {
	const char *name;	/* as SEC() has it: "fentry/inet_release" */
	const char *prefix;	/* of what BTF has for it */
	__u32 kind;
	enum bpf_attach_type attach_type;
};

static const struct section sections[] = {
	{ "fentry+", "", BTF_KIND_FUNC, BPF_TRACE_FENTRY },
	{ "fexit+", "", BTF_KIND_FUNC, BPF_TRACE_FEXIT },
	{ "tp_btf+", "btf_trace_", BTF_KIND_TYPEDEF, BPF_TRACE_RAW_TP },
	{ "iter+", "bpf_iter_", BTF_KIND_FUNC, BPF_TRACE_ITER },
};

#define NR_SECTIONS	(sizeof(sections) / sizeof(sections[0]))

/* Where the kernel has it under its newer name (nma_hooks.def), it is that. */
static __u32 find_target(const struct section *section, const char *target)
{
	const char *newer = nma_hook_newer(target);
	char name[128];
	__u32 id = 0;

	if (newer)
		id = nma_kernel_btf__find(newer, section->kind);
	if (id)
		return id;
	snprintf(name, sizeof(name), "%s%s", section->prefix, target);
	return nma_kernel_btf__find(name, section->kind);
}

/* What is not found the kernel refuses like any other program. */
static int set_target(struct bpf_program *prog, struct bpf_prog_load_opts *opts,
		      long cookie)
{
	const char *target = strchr(bpf_program__section_name(prog), '/');

	if (!target)
		return -EINVAL;
	opts->attach_btf_id = find_target(&sections[cookie], target + 1);
	return 0;
}

static int attach(const struct bpf_program *prog, long cookie,
		  struct bpf_link **link)
{
	(void)cookie;
	*link = bpf_program__attach_trace(prog);
	return *link ? 0 : -errno;
}

int nma_session_set_targets(void)
{
	static bool done;
	long i;
	int err;

	for (i = 0; !done && i < (long)NR_SECTIONS; i++) {
		LIBBPF_OPTS(libbpf_prog_handler_opts, opts,
			.cookie = i,
			.prog_prepare_load_fn = set_target,
			.prog_attach_fn = attach,
		);

		err = libbpf_register_prog_handler(sections[i].name,
						   BPF_PROG_TYPE_TRACING,
						   sections[i].attach_type, &opts);
		if (err < 0)
			return err;
	}
	done = true;
	return 0;
}
