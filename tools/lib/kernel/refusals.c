// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See refusals.h.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kernel/refusals.h"
#include "util/clock.h"

#define PIN(map)	NMA_PINS_DIR "/map-" map

/* Of one rule: so many at once, and then so often. */
#define BURST		8
#define PERIOD_NS	(NMA_NSEC_PER_SEC / 4)

#define COUNTS_SIZE	(NMA_ENFORCE_RULES * sizeof(struct nma_enforce_count))
#define LOG_SIZE	(sizeof(struct nma_refusal) * NMA_ENFORCE_RULES * NMA_ENFORCE_LOG)

static const char *const rule_ids[] = {
#define NMA_RULE(id, name, ...) [NMA_RULE_##id] = name,
#include "nma_rules.def"
};

const char *nma_reason_text(__u32 reason)
{
	static const char *const texts[] = {
#define NMA_REASON(id, err, text) [NMA_REASON_##id] = text,
		NMA_REASON_LIST
#undef NMA_REASON
	};

	return reason < NMA_REASON_MAX ? texts[reason] : "?";
}

const char *nma_reason_name(__u32 reason)
{
	static const char *const names[] = {
#define NMA_REASON(id, err, text) [NMA_REASON_##id] = #id,
		NMA_REASON_LIST
#undef NMA_REASON
	};

	return reason < NMA_REASON_MAX ? names[reason] : "?";
}

/* ---- The maps -------------------------------------------------------------------*/

/* A descriptor for reading only cannot be mapped as what others write to. */
static int open_pin(const char *path)
{
	int fd = bpf_obj_get(path);

	return fd < 0 ? -errno : fd;
}

/* They are of this version if the state says so. */
static int check_state(void)
{
	struct bpf_map_info info = { 0 };
	struct nma_enforce_state s = { 0 };
	__u32 zero = 0, len = sizeof(info);
	int fd, err = 0;

	fd = open_pin(PIN("nma_state"));
	if (fd < 0)
		return fd;
	if (bpf_map_get_info_by_fd(fd, &info, &len))
		err = -errno;
	else if (info.value_size != sizeof(s) || bpf_map_lookup_elem(fd, &zero, &s) ||
		 s.schema != NMA_ENFORCE_SCHEMA)
		err = -EPROTO;
	close(fd);
	return err;
}

static int map_pin(const char *path, size_t size, const void **at)
{
	void *mem;
	int fd = open_pin(path);

	if (fd < 0)
		return fd;
	mem = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (mem == MAP_FAILED)
		return -errno;
	*at = mem;
	return 0;
}

static void unmap(struct nma_refusals *r)
{
	if (r->count)
		munmap((void *)r->count, COUNTS_SIZE);
	if (r->log)
		munmap((void *)r->log, LOG_SIZE);
	r->count = NULL;
	r->log = NULL;
}

/* The state is pinned last: what is there without it is not in force. */
static void map_all(struct nma_refusals *r)
{
	const void *count = NULL, *log = NULL;

	r->err = check_state();
	if (!r->err)
		r->err = map_pin(PIN("nma_counts"), COUNTS_SIZE, &count);
	if (!r->err)
		r->err = map_pin(PIN("nma_log"), LOG_SIZE, &log);
	r->count = count;
	r->log = log;
	if (r->err)
		unmap(r);
	if (r->err == -ENOENT)
		r->err = 0;
}

/* Is it still the same that is in force? */
static bool is_same(struct nma_refusals *r)
{
	struct stat st;
	int err = stat(PIN("nma_state"), &st) ? errno : 0;
	ino_t pin = err ? 0 : st.st_ino;

	/* who may not enter the directory does not know */
	if (err == EACCES)
		r->err = -EACCES;
	if (pin == r->pin)
		return true;
	r->pin = pin;
	return false;
}

static __u64 total_of(const struct nma_refusals *r, __u32 rule)
{
	const volatile struct nma_enforce_count *c = &r->count[rule];

	return c->refused + c->audited;
}

void nma_refusals__open(struct nma_refusals *r, bool zcrx_told)
{
	__u32 rule;

	*r = (struct nma_refusals){ .zcrx_told = zcrx_told };
	if (!is_same(r))
		map_all(r);
	for (rule = 0; r->count && rule < NMA_ENFORCE_RULES; rule++)
		r->told[rule] = total_of(r, rule);
}

void nma_refusals__close(struct nma_refusals *r)
{
	unmap(r);
}

/* ---- From the log to records ------------------------------------------------------*/

/* Is it the one with that number? It may be overwritten meanwhile. */
static bool take(const struct nma_refusals *r, __u32 rule, __u64 nr, struct nma_refusal *e)
{
	const volatile struct nma_refusal *slot =
		&r->log[(size_t)rule * NMA_ENFORCE_LOG + nr % NMA_ENFORCE_LOG];

	if (slot->nr != nr)
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	memcpy(e, (const void *)slot, sizeof(*e));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return slot->nr == nr && e->ask && e->ask < NMA_REQ_MAX && e->rule < NMA_RULE_MAX;
}

/* Enforcement keeps a clock that does not stop while the machine sleeps. */
static __u64 slept_ns(void)
{
	struct timespec boot, mono;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (boot.tv_sec - mono.tv_sec) * (__s64)NMA_NSEC_PER_SEC +
	       (boot.tv_nsec - mono.tv_nsec);
}

static void put_words(char *words, const struct nma_refusal *e)
{
	snprintf(words, NMA_WORDS_LEN, "%s: %s", rule_ids[e->rule],
		 nma_reason_text(e->reason));
}

static int tell_one(const struct nma_refusal *e, __u64 more, nma_rec_fn fn, void *ctx)
{
	struct nma_rec_refused rec = {
		.hdr = { .type = NMA_REC_REFUSED, .size = sizeof(rec), .pid = e->pid,
			 .netns = e->netns, .time_ns = e->time_ns - slept_ns() },
		.netdev = e->netdev,
		.cgroup_id = e->cgroup_id,
		.ask = e->ask,
		.ifindex = e->ifindex,
		.queue = e->ask == NMA_REQ_XSK ? e->asked : NMA_NO_QUEUE,
		.err = -(__s32)e->err,
		.uid = e->uid,
		.admin = NMA_ADMIN_UNKNOWN,
		.by = e->mode == NMA_MODE_ENFORCE ? NMA_BY_POLICY : NMA_BY_NOBODY,
		.more = more > ~0u ? ~0u : more,
	};

	memcpy(rec.hdr.comm, e->comm, sizeof(rec.hdr.comm));
	memcpy(rec.ifname, e->ifname, sizeof(rec.ifname));
	put_words(rec.words, e);
	return fn(ctx, &rec.hdr);
}

/* One that was counted, and is not there: its program may not have got so far. */
static bool is_awaited(struct nma_refusals *r, __u32 rule, __u64 nr)
{
	bool first = r->awaited[rule] != nr;

	r->awaited[rule] = nr;
	return first;
}

static bool told_by_kernel(const struct nma_refusals *r, const struct nma_refusal *e)
{
	return r->zcrx_told && e->ask == NMA_REQ_ZCRX && e->mode == NMA_MODE_ENFORCE;
}

static int tell_each(struct nma_refusals *r, __u32 rule, __u64 total, bool all,
		     nma_rec_fn fn, void *ctx)
{
	struct nma_refusal e;
	__u64 nr, more = 0;
	int err = 0;

	for (nr = r->told[rule] + 1; !err && nr <= total; nr++) {
		if (!take(r, rule, nr, &e)) {
			if (!all && is_awaited(r, rule, nr))
				break;
			more++;		/* counted by the next */
			continue;
		}
		if (!told_by_kernel(r, &e)) {
			err = tell_one(&e, more, fn, ctx);
			r->credit_ns[rule] += PERIOD_NS;
			more = 0;
		}
		r->told[rule] = nr;
	}
	return err;
}

/* The last one stands for all. */
static int tell_last(struct nma_refusals *r, __u32 rule, __u64 total, nma_rec_fn fn,
		     void *ctx)
{
	__u64 nr, behind = total < NMA_ENFORCE_LOG ? total : NMA_ENFORCE_LOG;
	struct nma_refusal e;

	for (nr = total; nr > total - behind && nr > r->told[rule]; nr--) {
		if (!take(r, rule, nr, &e) || told_by_kernel(r, &e))
			continue;
		nr = total - r->told[rule] - 1;
		r->told[rule] = total;
		r->credit_ns[rule] += PERIOD_NS;
		return tell_one(&e, nr, fn, ctx);
	}
	r->told[rule] = total;
	return 0;
}

static int tell_rule(struct nma_refusals *r, __u32 rule, __u64 now_ns, bool all,
		     nma_rec_fn fn, void *ctx)
{
	__u64 total = total_of(r, rule), *credit_ns = &r->credit_ns[rule];
	__u64 room;

	if (total == r->told[rule])
		return 0;
	if (*credit_ns + BURST * PERIOD_NS < now_ns)
		*credit_ns = now_ns - BURST * PERIOD_NS;
	room = *credit_ns < now_ns ? (now_ns - *credit_ns) / PERIOD_NS : 0;
	if (total - r->told[rule] <= room)
		return tell_each(r, rule, total, all, fn, ctx);
	return room || all ? tell_last(r, rule, total, fn, ctx) : 0;
}

int nma_refusals__read(struct nma_refusals *r, __u64 now_ns, bool all, nma_rec_fn fn,
		       void *ctx)
{
	__u32 rule;
	int err = 0;

	for (rule = 0; !err && rule < NMA_RULE_MAX; rule++)
		err = tell_rule(r, rule, now_ns, all, fn, ctx);
	return err;
}

int nma_refusals__tell(struct nma_refusals *r, bool all, nma_rec_fn fn, void *ctx)
{
	int err = 0;

	if (r->count)
		err = nma_refusals__read(r, nma_clock_ns(), all, fn, ctx);
	if (err || is_same(r))
		return err;
	unmap(r);
	memset(r->told, 0, sizeof(r->told));
	map_all(r);
	return r->count && r->log ? nma_refusals__read(r, nma_clock_ns(), all, fn, ctx) : 0;
}

/* ---- The kernel's own answer ------------------------------------------------------*/

/* From our program to the end of the call, on a machine that is busy */
#define CALL_NS		(5 * NMA_NSEC_PER_SEC)

void nma_refusals__claim(const struct nma_refusals *r, struct nma_rec_refused *rec)
{
	const __u32 rule = NMA_RULE_BIND_09;
	struct nma_refusal e;
	__u64 nr, total, ns;

	if (!r->count || rec->ask != NMA_REQ_ZCRX || rec->err != -EPERM)
		return;
	total = total_of(r, rule);
	for (nr = total; nr && nr + NMA_ENFORCE_LOG > total; nr--) {
		if (!take(r, rule, nr, &e) || !told_by_kernel(r, &e) ||
		    e.pid != rec->hdr.pid)
			continue;
		ns = rec->hdr.time_ns - (e.time_ns - slept_ns());
		if (ns > CALL_NS)
			continue;
		rec->by = NMA_BY_POLICY;
		put_words(rec->words, &e);
		return;
	}
}
