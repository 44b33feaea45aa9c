// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What function or tracepoint a program is for, and what else of the kernel it names.
 * libbpf looks through the names of all functions of the kernel for each program, and
 * through its own copy of them.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/hooks.h"
#include "kernel/session_priv.h"
#include "nma_ksym.h"

struct section {
	const char *name;	/* as SEC() has it: "fentry/inet_release" */
	const char *prefix;	/* of what BTF has for it */
	__u32 kind;		/* 0: it names no target */
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	__u32 flags;
};

/* Until they are loaded programs pass for another type: for one that traces libbpf
 * reads all types of the kernel, for a target that is found here.
 */
static const struct section sections[] = {
	{ "fentry+", "", BTF_KIND_FUNC, BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, 0 },
	{ "fexit+", "", BTF_KIND_FUNC, BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, 0 },
	{ "tp_btf+", "btf_trace_", BTF_KIND_TYPEDEF, BPF_PROG_TYPE_TRACING,
	  BPF_TRACE_RAW_TP, 0 },
	{ "iter+", "bpf_iter_", BTF_KIND_FUNC, BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER,
	  0 },
	{ "kprobe.session+", "", 0, BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_SESSION,
	  0 },
	{ "syscall", "", 0, BPF_PROG_TYPE_SYSCALL, 0, BPF_F_SLEEPABLE },
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

static const struct ksym {
	const char *name;
	__u32 kind;
} ksyms[] = {
#define NMA_KSYM(id, kind, name) [NMA_KSYM_##id] = { name, BTF_KIND_##kind },
	NMA_KSYM_LIST
#undef NMA_KSYM
};

static const struct ksym *ksym_of(__s32 imm, __u32 kind)
{
	__u32 i = (__u32)imm - NMA_KSYM_FIRST;

	return i < NMA_KSYM_MAX && ksyms[i].kind == kind ? &ksyms[i] : NULL;
}

static void put_func(struct bpf_insn *insn, const struct ksym *ksym)
{
	__u32 id = ksym ? nma_kernel_btf__find(ksym->name, ksym->kind) : 0;

	if (!id)
		return;		/* and the verifier refuses it */
	insn->src_reg = BPF_PSEUDO_KFUNC_CALL;
	insn->imm = id;
}

static void put_var(struct bpf_insn *insn, const struct ksym *ksym)
{
	__u32 id;

	if (!ksym || insn[1].imm != NMA_KSYM_FIRST)
		return;
	id = nma_kernel_btf__find(ksym->name, ksym->kind);
	insn[0].src_reg = id ? BPF_PSEUDO_BTF_ID : 0;
	insn[0].imm = id;
	insn[1].imm = 0;
}

/* See nma_ksym.h. */
static int put_ksyms(struct bpf_program *prog)
{
	size_t i, nr = bpf_program__insn_cnt(prog);
	struct bpf_insn *insns = calloc(nr, sizeof(*insns)), *insn;
	int err;

	if (!insns)
		return -ENOMEM;
	memcpy(insns, bpf_program__insns(prog), nr * sizeof(*insns));
	for (i = 0; i < nr; i++) {
		insn = &insns[i];
		if (insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg)
			put_func(insn, ksym_of(insn->imm, BTF_KIND_FUNC));
		if (insn->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (!insn->src_reg && i + 1 < nr)
			put_var(insn, ksym_of(insn->imm, BTF_KIND_VAR));
		i++;		/* the second word is no instruction */
	}
	err = bpf_program__set_insns(prog, insns, nr);
	free(insns);
	return err;
}

/* What is not found the kernel refuses like any other program. Only now it becomes
 * what it is: see sections.
 */
static int prepare(struct bpf_program *prog, struct bpf_prog_load_opts *opts,
		   long cookie)
{
	const struct section *section = &sections[cookie];
	const char *target = strchr(bpf_program__section_name(prog), '/');
	int err;

	if (section->kind && !target)
		return -EINVAL;
	if (section->kind)
		opts->attach_btf_id = find_target(section, target + 1);
	opts->prog_flags |= section->flags;
	err = put_ksyms(prog);
	return err ? err : bpf_program__set_type(prog, section->type);
}

int nma_session_set_targets(void)
{
	static bool done;
	long i;
	int err;

	for (i = 0; !done && i < (long)NR_SECTIONS; i++) {
		LIBBPF_OPTS(libbpf_prog_handler_opts, opts,
			.cookie = i,
			.prog_prepare_load_fn = prepare,
		);

		err = libbpf_register_prog_handler(sections[i].name,
						   BPF_PROG_TYPE_TRACEPOINT,
						   sections[i].attach_type, &opts);
		if (err < 0)
			return err;
	}
	done = true;
	return 0;
}
