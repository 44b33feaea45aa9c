/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Variables and functions of the kernel that programs name, with their type in BTF.
 * Declared as __ksym, they would have libbpf read all types of the kernel and of its
 * modules to find them: a quarter of what a short command takes. So a program has a
 * number in that place, and the loader puts in what it stands for
 * (tools/lib/kernel/session_target.c): 0 for a variable that this kernel does not
 * have; with a function that it does not have, the program does not load.
 */
#ifndef NMA_KSYM_H
#define NMA_KSYM_H

#define NMA_KSYM_LIST \
	NMA_KSYM(PREEMPT_COUNT, VAR, "__preempt_count") \
	NMA_KSYM(PCPU_HOT, VAR, "pcpu_hot") \
	NMA_KSYM(SESSION_IS_RETURN, FUNC, "bpf_session_is_return") \
	NMA_KSYM(RDONLY_CAST, FUNC, "bpf_rdonly_cast")

enum nma_ksym {
#define NMA_KSYM(id, kind, name) NMA_KSYM_##id,
	NMA_KSYM_LIST
#undef NMA_KSYM
	NMA_KSYM_MAX
};

/* No helper has such a number, and no other constant its bits twice. */
#define NMA_KSYM_FIRST		0x6e6d6100

#ifdef __bpf__
/* The address of a variable, as an instruction of two words */
#define nma_ksym_var(id) ({						\
	const void *addr_;						\
	asm("%0 = %1 ll" : "=r"(addr_) :				\
	    "i"((__u64)NMA_KSYM_FIRST << 32 | (NMA_KSYM_FIRST + NMA_KSYM_##id))); \
	addr_;								\
})

#define nma_ksym_func(id)	((void *)(NMA_KSYM_FIRST + (long)NMA_KSYM_##id))
#endif

#endif /* NMA_KSYM_H */
