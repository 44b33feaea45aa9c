// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * A hook counts as found when the kernel's BTF has the function and, as far as
 * we may ask, its symbol table has it under exactly that name: a compiler's
 * clone (foo.isra.0) is in BTF as foo and cannot be attached to.
 */
#include "kernel/features.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/filter.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "kernel/btf.h"
#include "kernel/code.h"
#include "kernel/privilege.h"
#include "nma_ksym.h"
#include "nma_prog.h"
#include "probe.skel.h"

_Static_assert(NMA_SYM_MAX <= NMA_FEATURE_SYMS, "more symbols than features.h has room");

/* What a name is looked up as. */
enum kind {
	KIND_FUNC,		/* BTF function and symbol */
	KIND_TP,		/* tracepoint */
	KIND_SYM,		/* variable: symbol only */
	KIND_STRUCT,		/* BTF structure, @member of it if not NULL */
	KIND_VAR,		/* BTF variable */
};

enum item_id {
	/* the hooks come first, under their own numbers, then their newer names */
	ITEM_NET_IOV = 2 * NMA_HOOK_MAX,
	ITEM_NETMEM_DESC,
	ITEM_PAGE,
	ITEM_HDS_CFG,
	ITEM_TX_VEC,
	ITEM_ZCRX,
	ITEM_POOL_STATS,
	ITEM_SYSCALL,
	ITEM_KSYMS,		/* by enum nma_ksym */
	ITEM_MAX = ITEM_KSYMS + NMA_KSYM_MAX
};

#define NEWER(hook)	(NMA_HOOK_MAX + (hook))

struct item {
	const char *name;	/* NULL: nothing is looked for */
	const char *member;
	enum kind kind;
	__u32 btf_id;		/* found: 0 not */
};

static const char *const sym_names[] = {
#define NMA_SYMBOL(id, name, text) [NMA_SYM_##id] = name,
#include "nma_hooks.def"
	[NMA_SYM_DMABUF_OPS] = "dmabuf_devmem_ops",
	[NMA_SYM_ZCRX_OPS] = "io_uring_pp_zc_ops",
	[NMA_SYM_HOTDATA] = "net_hotdata",
	[NMA_SYM_CPU_OFFSETS] = "__per_cpu_offset",
	[NMA_SYM_NODES] = "nr_node_ids",
	[NMA_SYM_VMEMMAP] = "vmemmap_base",
	[NMA_SYM_PAGE_OFFSET] = "page_offset_base",
	[NMA_SYM_MAX_PFN] = "max_pfn",
	[NMA_SYM_NAPI_CACHE] = "napi_alloc_cache",
};

/* The hooks that are symbols, and which. */
static const struct {
	enum nma_hook hook;
	enum nma_sym sym;
} sym_hooks[] = {
#define NMA_SYMBOL(id, ...) { NMA_HOOK_##id, NMA_SYM_##id },
#include "nma_hooks.def"
};

static const struct {
	const char *name;
	const char *why;
} options[NMA_CONFIG_OPTIONS] = {
	{ "CONFIG_PAGE_POOL", "page_pools" },
	{ "CONFIG_PAGE_POOL_STATS", "the kernel's own recycling counters" },
	{ "CONFIG_NET_DEVMEM", "dma-bufs bound to queues" },
	{ "CONFIG_IO_URING_ZCRX", "io_uring zero-copy receive" },
	{ "CONFIG_DMA_SHARED_BUFFER", "dma-bufs" },
	{ "CONFIG_UDMABUF", "dma-bufs made of user memory, for tests" },
	{ "CONFIG_XDP_SOCKETS", "AF_XDP" },
	{ "CONFIG_BPF_SYSCALL", "every audit" },
	{ "CONFIG_DEBUG_INFO_BTF", "every audit" },
	{ "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS", "attaching to functions" },
	{ "CONFIG_KALLSYMS_ALL", "finding what is older than the tool" },
	{ "CONFIG_BPF_LSM", "enforcement" },
};

static void set_item(struct item *item, enum kind kind, const char *name,
		     const char *member)
{
	item->kind = kind;
	item->name = name;
	item->member = member;
}

/* What BTF has for a hook. */
static const char *const hook_btf_names[] = {
#define BTF_NAME_CONTROL(name)		name
#define BTF_NAME_FUNCTION(name)		name
#define BTF_NAME_TRACEPOINT(name)	"btf_trace_" name
#define BTF_NAME_ITERATOR(name)		name
#define BTF_NAME_SYMBOL(name)		name
#define NMA_HOOK(id, kind, groups, needs, name, ...) BTF_NAME_##kind(name),
#include "nma_hooks.def"
};

static const enum kind hook_kinds[] = {
	[NMA_AT_CONTROL] = KIND_FUNC,
	[NMA_AT_FUNCTION] = KIND_FUNC,
	[NMA_AT_TRACEPOINT] = KIND_TP,
	[NMA_AT_ITERATOR] = KIND_STRUCT,	/* its context */
	[NMA_AT_SYMBOL] = KIND_SYM,
};

/* The newer names come behind the hooks, in the places of these. */
static void fill_items(struct item *items)
{
	const struct nma_hook_desc *hook;
	size_t i;

	memset(items, 0, ITEM_MAX * sizeof(*items));
	for (i = 0; i < NMA_HOOK_MAX; i++) {
		hook = &nma_hook_table[i];
		set_item(&items[i], hook_kinds[hook->kind], hook_btf_names[i], NULL);
		if (hook->newer)
			set_item(&items[NEWER(i)], KIND_FUNC, hook->newer, NULL);
	}
	set_item(&items[ITEM_NET_IOV], KIND_STRUCT, "net_iov", NULL);
	set_item(&items[ITEM_NETMEM_DESC], KIND_STRUCT, "netmem_desc", NULL);
	set_item(&items[ITEM_PAGE], KIND_STRUCT, "page", NULL);
	set_item(&items[ITEM_HDS_CFG], KIND_STRUCT, "net_device", "cfg");
	set_item(&items[ITEM_TX_VEC], KIND_STRUCT, "net_devmem_dmabuf_binding",
		 "tx_vec");
	set_item(&items[ITEM_ZCRX], KIND_STRUCT, "io_zcrx_ifq", NULL);
	set_item(&items[ITEM_POOL_STATS], KIND_STRUCT, "page_pool", "alloc_stats");
	set_item(&items[ITEM_SYSCALL], KIND_FUNC, "__x64_sys_recvmsg", NULL);
#define NMA_KSYM(id, kind, name) \
	set_item(&items[ITEM_KSYMS + NMA_KSYM_##id], KIND_##kind, name, NULL);
	NMA_KSYM_LIST
#undef NMA_KSYM
}

static bool has_member(const struct nma_kernel_btf *btf, const struct btf_type *t,
		       const char *member)
{
	const struct btf_member *m = btf_members(t);
	int i;

	for (i = 0; i < btf_vlen(t); i++)
		if (!strcmp(nma_kernel_btf__string(btf, m[i].name_off), member))
			return true;
	return false;
}

static bool item_matches(const struct item *item, const struct nma_kernel_btf *btf,
			 const struct btf_type *t)
{
	if (!item->name ||
	    strcmp(item->name, nma_kernel_btf__string(btf, t->name_off)))
		return false;

	switch (item->kind) {
	case KIND_FUNC:
		return btf_is_func(t);
	case KIND_TP:
		return btf_is_typedef(t);
	case KIND_STRUCT:
		return btf_is_struct(t) &&
		       (!item->member || has_member(btf, t, item->member));
	case KIND_VAR:
		return btf_is_var(t);
	default:
		return false;
	}
}

_Static_assert(ITEM_MAX <= NMA_NAMES_MAX, "each has a place in the index");

static void index_items(struct nma_name_index *index, const struct item *items)
{
	int i;

	for (i = 0; i < ITEM_MAX; i++)
		if (items[i].name)
			nma_name_index__add(index, items[i].name, i);
}

/* One pass over all types: most are dismissed by their first two letters. */
static void find_items(const struct nma_kernel_btf *btf, struct item *items)
{
	struct nma_name_index *index = calloc(1, sizeof(*index));
	const struct btf_type *t;
	const char *name;
	__u32 id;

	if (!index)
		return;
	index_items(index, items);
	for (id = 1; id <= btf->nr; id++) {
		t = nma_kernel_btf__type(btf, id);
		if (!btf_is_func(t) && !btf_is_struct(t) && !btf_is_typedef(t) &&
		    !btf_is_var(t))
			continue;
		name = nma_kernel_btf__string(btf, t->name_off);
		if (!name[0])
			continue;
		nma_name_index__for_each(index, name, i)
			if (!items[i].btf_id && item_matches(&items[i], btf, t))
				items[i].btf_id = id;
	}
	free(index);
}

/* What programs are for is among it. */
static void note_items(const struct item *items)
{
	static const __u32 btf_kinds[] = {
		[KIND_FUNC] = BTF_KIND_FUNC,
		[KIND_TP] = BTF_KIND_TYPEDEF,
		[KIND_VAR] = BTF_KIND_VAR,
	};
	int i;

	for (i = 0; i < ITEM_MAX; i++)
		if (items[i].name && items[i].kind != KIND_SYM &&
		    items[i].kind != KIND_STRUCT)
			nma_kernel_btf__note(items[i].name, btf_kinds[items[i].kind],
					     items[i].btf_id);
}

/* 0 found, -ENOENT not, else could not be asked. */
static int lookup_symbol(struct probe_bpf *probe, const char *name, __u64 *addr)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	snprintf(probe->bss->name, sizeof(probe->bss->name), "%s", name);
	if (bpf_prog_test_run_opts(bpf_program__fd(probe->progs.nma_probe_sym),
				   &run))
		return -errno;
	*addr = probe->bss->addr;
	return (int)run.retval;
}

/* Functions that BTF has but the symbol table has not are taken back. */
static void check_symbols(struct probe_bpf *probe, struct item *items,
			  struct nma_features *f)
{
	__u64 addr = 0;
	int i, err;

	for (i = 0; i < ITEM_MAX; i++) {
		if (items[i].kind != KIND_FUNC || !items[i].btf_id)
			continue;
		err = lookup_symbol(probe, items[i].name, &addr);
		if (err == -ENOENT)
			items[i].btf_id = 0;
		if (!err && i < 2 * NMA_HOOK_MAX)	/* the newer one last */
			f->addr[i % NMA_HOOK_MAX] = addr;
	}

	for (i = 0; i < NMA_SYM_MAX; i++) {
		err = lookup_symbol(probe, sym_names[i], &addr);
		if (!err)
			f->sym[i] = addr;
		f->syms_hidden |= err == -EPERM;
	}
}

/* Reads the code of a function. Its size, 0: it cannot be had, or not all of it. */
static size_t read_code(struct probe_bpf *probe, const char *name, __u64 *addr)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	size_t size;

	if (lookup_symbol(probe, name, addr))
		return 0;
	if (bpf_prog_test_run_opts(bpf_program__fd(probe->progs.nma_probe_code), &run) ||
	    run.retval)
		return 0;
	size = nma_code__size(probe->bss->symbol);
	return size <= sizeof(probe->bss->code) ? size : 0;
}

static enum nma_calls calls(struct probe_bpf *probe, const char *caller, __u64 target)
{
	__u64 addr = 0;
	size_t size = target ? read_code(probe, caller, &addr) : 0;

	if (!size)
		return NMA_CALLS_UNKNOWN;
	return nma_code__calls(probe->bss->code, size, addr, target) ? NMA_CALLS :
								       NMA_CALLS_NOT;
}

/* Of both functions for fragments, one of which may call the other. */
static enum nma_calls frag_calls(struct probe_bpf *probe, const struct nma_features *f)
{
	__u64 target = f->addr[NMA_HOOK_FAST];
	enum nma_calls netmem, page;

	netmem = calls(probe, "page_pool_alloc_frag_netmem", target);
	if (netmem != NMA_CALLS)
		return netmem;
	page = calls(probe, "page_pool_alloc_frag", target);
	if (page != NMA_CALLS_NOT)
		return page;
	return calls(probe, "page_pool_alloc_frag", f->addr[NMA_HOOK_GIVE_FRAG]);
}

static void check_calls(struct probe_bpf *probe, struct nma_features *f)
{
	f->page_calls = calls(probe, "page_pool_alloc_pages", f->addr[NMA_HOOK_FAST]);
	f->frag_calls = frag_calls(probe, f);
}

static nma_hook_set hooks_found(const struct item *items,
				const struct nma_features *f)
{
	nma_hook_set hooks = 0;
	size_t i;

	for (i = 0; i < NMA_HOOK_MAX; i++)
		if (items[i].btf_id || items[NEWER(i)].btf_id)
			hooks |= NMA_HOOK_BIT(i);
	for (i = 0; i < sizeof(sym_hooks) / sizeof(sym_hooks[0]); i++)
		if (f->sym[sym_hooks[i].sym])
			hooks |= NMA_HOOK_BIT(sym_hooks[i].hook);
	return hooks;
}

/* Nothing in BTF tells, so ask the verifier. */
static bool syscall_refusable(__u32 btf_id)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		.expected_attach_type = BPF_MODIFY_RETURN,
		.attach_btf_id = btf_id,
	);
	int fd;

	if (!btf_id)
		return false;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "nma_probe_fmod", "GPL",
			   insns, sizeof(insns) / sizeof(insns[0]), &opts);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool lsm_active(bool *unknown)
{
	char line[512] = "";
	char *name, *save;
	FILE *file;

	file = fopen("/sys/kernel/security/lsm", "re");
	*unknown = !file;
	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);

	for (name = strtok_r(line, ",\n", &save); name;
	     name = strtok_r(NULL, ",\n", &save))
		if (!strcmp(name, "bpf"))
			return true;
	return false;
}

/* "CONFIG_X=y", or "# CONFIG_X is not set" */
static void take_config_line(struct nma_features *f, char *line)
{
	size_t len;
	int i;

	for (i = 0; i < NMA_CONFIG_OPTIONS; i++) {
		len = strlen(options[i].name);
		if (!strncmp(line, options[i].name, len) && line[len] == '=')
			f->config[i].state = line[len + 1];
	}
}

/* Plain or compressed alike: zlib reads both. */
void nma_features__read_config(struct nma_features *f)
{
	char path[128], line[512];
	gzFile file;
	int i;

	f->nr_config = NMA_CONFIG_OPTIONS;
	for (i = 0; i < NMA_CONFIG_OPTIONS; i++) {
		f->config[i].name = options[i].name;
		f->config[i].why = options[i].why;
		f->config[i].state = '?';
	}

	file = gzopen("/proc/config.gz", "re");
	if (!file) {
		snprintf(path, sizeof(path), "/boot/config-%s", f->release);
		file = gzopen(path, "re");
	}
	if (!file)
		return;

	for (i = 0; i < NMA_CONFIG_OPTIONS; i++)
		f->config[i].state = 'n';
	while (gzgets(file, line, sizeof(line)))
		if (line[0] == 'C')
			take_config_line(f, line);
	gzclose(file);
}

static int no_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	(void)level;
	(void)fmt;
	(void)args;
	return 0;
}

static void probe_kernel(struct nma_features *f, const struct nma_kernel_btf *btf)
{
	struct item items[ITEM_MAX];
	struct probe_bpf *probe;
	char missing[64];
	size_t i;

	fill_items(items);
	find_items(btf, items);
	note_items(items);

	probe = probe_bpf__open_and_load();
	/* what it is made of loads with less than our other programs need */
	f->privileged = probe &&
			!*nma_privilege__to_load(f->caps, missing, sizeof(missing));
	if (probe) {
		check_symbols(probe, items, f);
		check_calls(probe, f);
		f->fmod_ret_syscall =
			syscall_refusable(items[ITEM_SYSCALL].btf_id);
	}
	probe_bpf__destroy(probe);

	f->hooks = hooks_found(items, f);
	f->netmem = items[ITEM_NET_IOV].btf_id && (f->hooks & NMA_H(BIND));
	f->page_btf = items[ITEM_PAGE].btf_id;
	f->netmem_btf = items[ITEM_NETMEM_DESC].btf_id ? : items[ITEM_NET_IOV].btf_id;
	f->hds_cfg = items[ITEM_HDS_CFG].btf_id;
	f->devmem_tx = items[ITEM_TX_VEC].btf_id;
	f->io_uring_zcrx = items[ITEM_ZCRX].btf_id;
	f->pool_stats = items[ITEM_POOL_STATS].btf_id;
	for (i = 0; i < NMA_HOOK_MAX; i++)
		if (items[NEWER(i)].btf_id)
			f->newer |= NMA_HOOK_BIT(i);
}

/* A kernel without BTF has the directory above it all the same. */
static int why_no_btf(void)
{
	if (access("/sys/kernel", F_OK))
		return -ENOTDIR;
	return access("/sys/kernel/btf/vmlinux", R_OK) ? -errno : -EINVAL;
}

int nma_features__probe(struct nma_features *f)
{
	libbpf_print_fn_t print;
	const struct nma_kernel_btf *btf;
	struct utsname uts;

	memset(f, 0, sizeof(*f));
	if (uname(&uts))
		return -errno;
	snprintf(f->release, sizeof(f->release), "%s", uts.release);
	f->bpf_lsm = lsm_active(&f->lsm_unknown);
	f->caps = nma_privilege__caps();
	f->kptr_restrict = nma_privilege__kptr_restrict();

	print = libbpf_set_print(no_print);
	btf = nma_kernel_btf();
	f->btf = btf;
	if (btf)
		probe_kernel(f, btf);
	else
		f->btf_err = why_no_btf();
	libbpf_set_print(print);
	return 0;
}
