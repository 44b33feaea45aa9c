/* SPDX-License-Identifier: GPL-2.0-only */
/* Copyright (c) 2026 netmem-audit authors
 *
 * Functions with two programs each. The kernel skips a program that is already
 * running on this CPU: in a task that was preempted in it, or that the softirq
 * interrupted. What one program of a pair misses the other sees, unless it is
 * running as well: two tasks were preempted, one in each, as loaded machines do
 * since v7.0. (With preemption disabled in a program it would be preempted as it
 * enables it again.)
 *
 * Who comes first leaves a note for the other on this CPU, which is cheap to read
 * and tells the second that there is nothing left to do. The kernel counts what
 * each program missed; we count what the right one saw alone, so that the
 * difference is what neither saw: see session_missed.c.
 */
#ifndef NMA_PAIR_BPF_H
#define NMA_PAIR_BPF_H

#include "nma_core.bpf.h"
#include "nma_prog.h"

enum nma_eye { NMA_EYE_LEFT, NMA_EYE_RIGHT };

/* The call that was last seen here by one program, or by both. */
struct nma_note {
	__u64 what;		/* it is about: netmem_ref or socket */
	__u64 who;		/* nma_who() */
	__u64 alone;		/* calls that the right one has seen alone */
	__u32 eye;		/* that saw it */
	__u32 awaited;		/* is the other one still to come? */
};

/* Of tasks and of softirqs, for each pair */
struct nma_notes_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2 * NMA_PAIR_MAX);
	__type(key, __u32);
	__type(value, struct nma_note);
};

extern struct nma_notes_map nma_notes SEC(".maps");

/* Who calls: the task, and 1 in softirq. */
static __always_inline __u64 nma_who(void)
{
	return bpf_get_current_task() | !!in_softirq();
}

static __always_inline struct nma_note *nma_note_of(enum nma_pair pair, __u64 who)
{
	__u32 slot = 2 * pair | (who & 1);

	return bpf_map_lookup_elem(&nma_notes, &slot);
}

/* True if the twin has handled this call already. Call it before any filter, also
 * where the call turns out to be none of ours, or misses cannot be attributed.
 */
static __always_inline bool nma_pair_second(enum nma_pair pair, __u64 what,
					    __u64 who, enum nma_eye eye)
{
	struct nma_note *note = nma_note_of(pair, who);

	if (!note)
		return false;
	if (note->awaited) {
		if (note->what == what && note->who == who && note->eye != eye) {
			note->awaited = 0;
			return true;
		}
		if (note->eye == NMA_EYE_RIGHT)
			note->alone++;
	}
	note->what = what;
	note->who = who;
	note->eye = eye;
	note->awaited = 1;
	return false;
}

/* It was the second after all: another task has come between the two, here or
 * where the first ran. That one's note is, or will be, taken for one of a call
 * that it saw alone.
 */
static __always_inline void nma_pair_found(enum nma_pair pair, __u64 who,
					   enum nma_eye eye)
{
	struct nma_note *note = nma_note_of(pair, who);

	if (!note)
		return;
	note->awaited = 0;
	if (eye == NMA_EYE_LEFT)
		note->alone--;
}

/* The same where the socket that the call is about is locked, so that one word of
 * its own can be the note: @seen, 0 between calls. Who comes first is the kernel's
 * choice.
 */
static __always_inline bool nma_pair_second_locked(enum nma_pair pair, __u32 *seen,
						   enum nma_eye eye)
{
	struct nma_note *note = nma_note_of(pair, 0);
	bool second = *seen && *seen != 1 + (__u32)eye;

	*seen = second ? 0 : 1 + (__u32)eye;
	if (!note)
		return second;
	/* alone, unless the left one still comes */
	if (second && eye == NMA_EYE_LEFT)
		__sync_fetch_and_add(&note->alone, -1);
	if (!second && eye == NMA_EYE_RIGHT)
		__sync_fetch_and_add(&note->alone, 1);
	return second;
}

#endif /* NMA_PAIR_BPF_H */
