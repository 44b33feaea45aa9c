// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See tape.h. Writing goes through a buffer that is emptied at each step; the first
 * error stays, and whoever polls next hears of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "kernel/again.h"
#include "kernel/anonymous.h"
#include "kernel/netns.h"
#include "kernel/nmr.h"
#include "kernel/tape.h"
#include "util/table.h"

#define BUFFER_BYTES	(256 << 10)
#define STACKS_MAX	3	/* types of records that have one */

/* Something that is written once. */
struct told {
	struct nma_node node;
	bool named;		/* of a namespace: it had a name */
};

/* Written again only when it has changed. */
struct answered {
	struct nma_node node;	/* by device and question */
	struct nma_nmr_answer answer;
};

struct tape {
	struct nma_source base;
	struct nma_tape_opts opts;
	struct nma_source *from;
	struct nma_anonymous *anonymous;	/* NULL: names stay */
	char *part;		/* file while it is written; NULL: no regular file */
	FILE *file;
	__u32 crc;
	int err;		/* of writing */
	bool finished;
	struct nma_tape_size size;
	struct nma_lost lost;		/* as last read */
	struct nma_lost lost_told;
	struct nma_table symbols;	/* struct told, by address */
	struct nma_table netns;		/* struct told, by inode */
	struct nma_table answers;
	struct nma_said said;
	__u32 nr_same;			/* that wait to be written */
	struct {
		struct nma_nmr_again head;
		struct nma_nmr_same same[NMA_NMR_SAME_MAX];
	} again;
	char error[256];
};

static const struct {
	__u16 type;
	size_t stack;
} stacks[STACKS_MAX] = {
	{ NMA_REC_POOL, offsetof(struct nma_rec_pool, stack) },
	{ NMA_REC_OP, offsetof(struct nma_rec_op, stack) },
	{ NMA_REC_ACT, offsetof(struct nma_rec_act, stack) },
};

static const char *const loss_keys[] = {
#define NMA_LOSS(id, key, text) [NMA_LOSS_##id] = key,
	NMA_LOSS_LIST
#undef NMA_LOSS
};

static struct tape *tape_of(const struct nma_source *s)
{
	return (struct tape *)s;
}

static int fail(struct tape *t, int err, const char *what)
{
	if (t->err)
		return t->err;
	snprintf(t->error, sizeof(t->error), "cannot %s %.150s: %s", what, t->opts.path,
		 strerror(-err));
	t->err = err;
	return err;
}

static void put(struct tape *t, const void *bytes, size_t size)
{
	if (t->err || !size)
		return;
	if (fwrite(bytes, 1, size, t->file) != size)
		fail(t, errno ? -errno : -EIO, "write");
	t->size.bytes += size;
}

/* @tail is filled up with zeroes, one at least if there is one. */
static void put_bare(struct tape *t, __u16 type, const void *body, size_t size,
		     const char *tail)
{
	static const char zeroes[8];
	struct nma_nmr_item item = { .type = type };
	size_t len = tail ? strnlen(tail, NMA_NMR_TEXT_MAX - 1) : 0;
	size_t pad = tail ? 8 - len % 8 : 0;

	item.size = sizeof(item) + size + len + pad;
	item.crc = crc32(t->crc, (void *)&item, offsetof(struct nma_nmr_item, crc));
	if (size)
		item.crc = crc32(item.crc, body, size);
	if (tail) {
		item.crc = crc32(item.crc, (void *)tail, len);
		item.crc = crc32(item.crc, (void *)zeroes, pad);
	}
	t->crc = item.crc;
	put(t, &item, sizeof(item));
	put(t, body, size);
	put(t, tail, len);
	put(t, zeroes, pad);
}

static void put_again(struct tape *t)
{
	size_t size = sizeof(t->again.head) + t->nr_same * sizeof(*t->again.same);

	if (t->nr_same)
		put_bare(t, NMA_NMR_AGAIN, &t->again, size, NULL);
	t->nr_same = 0;
}

/* What came before it stands before it. */
static void put_item(struct tape *t, __u16 type, const void *body, size_t size,
		     const char *tail)
{
	put_again(t);
	put_bare(t, type, body, size, tail);
}

static void put_same(struct tape *t, __u32 number, __u64 time_ns)
{
	struct nma_nmr_again *head = &t->again.head;

	if (t->nr_same == NMA_NMR_SAME_MAX || time_ns - head->time_ns > ~0u)
		put_again(t);
	if (!t->nr_same)
		head->time_ns = time_ns;
	t->again.same[t->nr_same].number = number;
	t->again.same[t->nr_same++].later_ns = time_ns - head->time_ns;
}

static void put_named(struct tape *t, enum nma_nmr_type type, __u64 value,
		      const char *text)
{
	put_item(t, type, &value, sizeof(value), text);
}

static void put_step(struct tape *t, enum nma_nmr_type type, enum nma_step step)
{
	const struct nma_nmr_step s = { .time_ns = t->base.now_ns, .step = step };
	int kind;

	for (kind = 0; kind < NMA_LOSS_MAX; kind++)
		if (t->lost.count[kind] != t->lost_told.count[kind])
			put_named(t, NMA_NMR_LOST, t->lost.count[kind], loss_keys[kind]);
	t->lost_told = t->lost;
	put_item(t, type, &s, sizeof(s), NULL);
	if (!t->err && fflush(t->file))
		fail(t, -errno, "write");
}

static struct told *tell_once(struct nma_table *t, __u64 key)
{
	struct told *told = nma_table_find(t, key, 0);

	if (told)
		return told;
	told = calloc(1, sizeof(*told));
	if (told && !nma_table_add(t, &told->node, key, 0))
		return told;
	free(told);
	return NULL;
}

static void put_symbol(struct tape *t, __u64 addr)
{
	char name[NMA_NMR_TEXT_MAX];

	if (nma_table_find(&t->symbols, addr, 0) || !tell_once(&t->symbols, addr))
		return;
	if (!nma_ksyms__name(t->opts.ksyms, addr, name, sizeof(name)))
		put_named(t, NMA_NMR_SYMBOL, addr, name);
}

/* See nma_ksyms__creator() for why it is the byte before. */
static void put_symbols(struct tape *t, const struct nma_rec_hdr *hdr)
{
	const __u64 *stack;
	int i, frame;

	for (i = 0; i < STACKS_MAX; i++) {
		if (stacks[i].type != hdr->type)
			continue;
		stack = (const void *)((const char *)hdr + stacks[i].stack);
		for (frame = 0; frame < NMA_STACK_LEN && stack[frame]; frame++)
			put_symbol(t, stack[frame] - 1);
	}
}

static void name_netns(struct tape *t, struct told *told)
{
	__u32 inode = told->node.key[0];
	char name[NMA_NMR_TEXT_MAX];

	if (nma_netns__name(inode, name, sizeof(name)))
		return;
	told->named = true;
	if (t->anonymous)
		snprintf(name, sizeof(name), "netns%u", inode);
	put_named(t, NMA_NMR_NETNS, inode, name);
}

/* A namespace that has no name yet may get one. */
static void put_netns(struct tape *t, __u32 inode)
{
	struct told *told;

	if (!inode || nma_table_find(&t->netns, inode, 0))
		return;
	told = tell_once(&t->netns, inode);
	if (told)
		name_netns(t, told);
}

static void name_all_netns(struct tape *t)
{
	nma_table_for_each(&t->netns, n) {
		if (!((struct told *)n)->named)
			name_netns(t, (struct told *)n);
	}
}

static void put_record(struct tape *t, const struct nma_rec_hdr *hdr)
{
	__u64 copy[NMA_NMR_ITEM_MAX / sizeof(__u64)];
	__u32 number;
	int err;

	put_symbols(t, hdr);
	put_netns(t, hdr->netns);
	if (t->anonymous) {
		memcpy(copy, hdr, hdr->size);
		hdr = (const void *)copy;
		err = nma_anonymous__record(t->anonymous, (void *)copy);
		if (err)
			fail(t, err, "hide all names of a record in");
	}
	if (nma_said__before(&t->said, hdr, &number))
		put_same(t, number, hdr->time_ns);
	else
		put_item(t, hdr->type, hdr, hdr->size, NULL);
	t->size.records++;
}

int nma_tape__record(void *tape, const struct nma_rec_hdr *hdr)
{
	struct tape *t = tape;
	int ret;

	/* who gets it first may ask about it, and is to get that answer again */
	ret = t->opts.fn(t->opts.ctx, hdr);
	if (hdr->size % 8 || hdr->size > NMA_NMR_ITEM_MAX - sizeof(struct nma_nmr_item))
		fail(t, -EPROTO, "put a record into");
	else
		put_record(t, hdr);
	return ret;
}

static int read_lost(struct tape *t)
{
	return t->from->ops->lost(t->from, &t->lost);
}

static int snapshot(struct nma_source *s)
{
	struct tape *t = tape_of(s);
	int err;

	err = t->from->ops->snapshot(t->from);
	if (!err)
		err = read_lost(t);
	s->now_ns = t->from->now_ns;
	s->step = NMA_STEP_LOOK;
	name_all_netns(t);
	put_step(t, NMA_NMR_STEP, NMA_STEP_LOOK);
	nma_said__end_look(&t->said);
	return err ? err : t->err;
}

static int poll(struct nma_source *s, int timeout_ms)
{
	struct tape *t = tape_of(s);
	int nr, err = 0;

	nr = t->from->ops->poll(t->from, timeout_ms);
	if (nr > 0)
		err = read_lost(t);
	s->now_ns = t->from->now_ns;
	s->step = NMA_STEP_TURN;
	if (t->err || err)
		return t->err ? t->err : err;
	return nr;
}

static __u64 now(struct nma_source *s)
{
	struct tape *t = tape_of(s);

	s->now_ns = t->from->ops->now(t->from);
	put_step(t, NMA_NMR_STEP, NMA_STEP_TURN);
	return s->now_ns;
}

static void put_answer(struct tape *t, const struct nma_nmr_answer *answer)
{
	struct answered *old;

	old = nma_table_find(&t->answers, answer->netdev, answer->question);
	if (old && !memcmp(&old->answer, answer, sizeof(*answer)))
		return;
	if (!old) {
		old = calloc(1, sizeof(*old));
		if (!old || nma_table_add(&t->answers, &old->node, answer->netdev,
					  answer->question)) {
			free(old);
			old = NULL;
		}
	}
	if (old)
		old->answer = *answer;
	put_item(t, NMA_NMR_ANSWER, answer, sizeof(*answer), NULL);
}

static int rings(struct nma_source *s, const struct nma_rec_nic *nic,
		 struct nma_rings *rings)
{
	struct tape *t = tape_of(s);
	struct nma_nmr_answer answer = {
		.netdev = nic->netdev, .question = NMA_NMR_RINGS,
	};

	answer.err = t->from->ops->rings(t->from, nic, rings);
	if (!answer.err) {
		answer.hds = rings->hds;
		answer.known = rings->thresh_known;
		answer.thresh = rings->thresh_known ? rings->thresh : 0;
	}
	put_answer(t, &answer);
	return answer.err;
}

static int rss(struct nma_source *s, const struct nma_rec_nic *nic,
	       struct nma_queue_set *set)
{
	struct tape *t = tape_of(s);
	struct nma_nmr_answer answer = {
		.netdev = nic->netdev, .question = NMA_NMR_RSS,
	};

	answer.err = t->from->ops->rss(t->from, nic, set);
	if (!answer.err) {
		answer.known = set->known;
		memcpy(answer.queues, set->bits, sizeof(answer.queues));
	}
	put_answer(t, &answer);
	return answer.err;
}

static int module(struct nma_source *s, const struct nma_rec_nic *nic, char *name,
		  size_t size)
{
	struct tape *t = tape_of(s);
	struct nma_nmr_answer answer = {
		.netdev = nic->netdev, .question = NMA_NMR_MODULE,
	};

	answer.err = t->from->ops->module(t->from, nic, name, size);
	if (!answer.err)
		snprintf(answer.module, sizeof(answer.module), "%s", name);
	put_answer(t, &answer);
	return answer.err;
}

static int lost(struct nma_source *s, struct nma_lost *lost)
{
	*lost = tape_of(s)->lost;
	return 0;
}

static void shortfall(struct nma_source *s, struct nma_shortfall *fall)
{
	struct tape *t = tape_of(s);
	int i;

	t->from->ops->shortfall(t->from, fall);
	for (i = 0; i < NMA_HOOK_MAX; i++)
		if (fall->missing & NMA_HOOK_BIT(i))
			put_named(t, NMA_NMR_HOOK, NMA_NMR_HOOK_MISSING,
				  nma_hook_table[i].id);
	if (fall->missed_by[0])
		put_named(t, NMA_NMR_MISSED_BY, 0, fall->missed_by);
	if (fall->blind[0])
		put_named(t, NMA_NMR_BLIND, 0, fall->blind);
	if (fall->denied_err) {
		put_named(t, NMA_NMR_DENIED, (__u64)-fall->denied_err << 32 |
			  fall->denied_netns, "");
	}
}

static const char *error(const struct nma_source *s)
{
	const struct tape *t = tape_of(s);

	return t->err || !t->from ? t->error : t->from->ops->error(t->from);
}

static void tape_close(struct nma_source *s)
{
	struct tape *t = tape_of(s);

	if (t->from)
		t->from->ops->close(t->from);
	if (t->file)
		fclose(t->file);
	if (t->file && t->part && !t->finished)
		unlink(t->part);
	nma_anonymous__free(t->anonymous);
	nma_table_free(&t->symbols);
	nma_table_free(&t->netns);
	nma_table_free(&t->answers);
	nma_said__free(&t->said);
	free(t->part);
	free(t);
}

static const struct nma_source_ops ops = {
	.snapshot = snapshot,
	.poll = poll,
	.now = now,
	.rings = rings,
	.rss = rss,
	.module = module,
	.lost = lost,
	.shortfall = shortfall,
	.error = error,
	.close = tape_close,
};

/* What is no regular file has no other name meanwhile. */
static int open_file(struct tape *t)
{
	const char *path = t->opts.path;
	struct stat st;
	int fd;

	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
	} else {
		if (asprintf(&t->part, "%s.part", path) < 0)
			return -ENOMEM;
		/* addresses of the kernel are nobody else's business */
		fd = open(t->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			  0600);
	}
	if (fd < 0)
		return -errno;
	t->file = fdopen(fd, "w");
	if (!t->file)
		return -ENOMEM;
	setvbuf(t->file, NULL, _IOFBF, BUFFER_BYTES);
	return 0;
}

int nma_tape__open(const struct nma_tape_opts *opts, struct nma_source **out)
{
	struct tape *t = calloc(1, sizeof(*t));
	int err;

	*out = NULL;
	if (!t)
		return -ENOMEM;
	t->base.ops = &ops;
	t->opts = *opts;
	*out = &t->base;
	if (opts->anonymous) {
		t->anonymous = nma_anonymous__new();
		if (!t->anonymous)
			return fail(t, -ENOMEM, "write");
	}
	err = open_file(t);
	if (err == -EEXIST) {
		snprintf(t->error, sizeof(t->error),
			 "%.150s.part is there, of a recording that runs or was interrupted: rename or remove it",
			 opts->path);
		t->err = err;
	}
	return err ? fail(t, err, "write") : 0;
}

static __u32 flags_of(const struct nma_tape_opts *o)
{
	const struct nma_features *f = o->features;

	return (o->events ? NMA_NMR_EVENTS : 0) | (o->deep ? NMA_NMR_DEEP : 0) |
	       (o->anonymous ? NMA_NMR_ANONYMOUS : 0) |
	       (o->holders ? NMA_NMR_HOLDERS : 0) |
	       (f->netmem ? NMA_NMR_NETMEM : 0) | (f->hds_cfg ? NMA_NMR_HDS_CFG : 0) |
	       (f->devmem_tx ? NMA_NMR_DEVMEM_TX : 0) |
	       (f->io_uring_zcrx ? NMA_NMR_ZCRX : 0) |
	       (f->bpf_lsm ? NMA_NMR_BPF_LSM : 0) |
	       (f->fmod_ret_syscall ? NMA_NMR_FMOD_RET : 0);
}

static void put_header(struct tape *t)
{
	const struct nma_origin *o = &t->base.origin;
	struct nma_nmr_header h = {
		.byte_order = NMA_NMR_BYTE_ORDER,
		.schema = NMA_NMR_SCHEMA,
		.size = sizeof(h),
		.wall_ns = o->wall_ns,
		.time_ns = o->time_ns,
		.caps = t->opts.features->caps,
		.flags = flags_of(&t->opts),
		.page_size = o->page_size,
		.netns = nma_netns__own(),
		.buffers = t->opts.buffers,
	};

	memcpy(h.magic, NMA_NMR_MAGIC, sizeof(h.magic));
	snprintf(h.host, sizeof(h.host), "%s", t->anonymous ? "host" : o->host);
	snprintf(h.release, sizeof(h.release), "%s", o->release);
	snprintf(h.machine, sizeof(h.machine), "%s", o->machine);
	snprintf(h.version, sizeof(h.version), "%s", t->opts.version);
	h.crc = crc32(0, (void *)&h, sizeof(h));
	t->crc = h.crc;
	put(t, &h, sizeof(h));
}

static void put_settings(struct tape *t)
{
	const struct nma_strs *names = t->opts.ifnames;
	char alias[NMA_IFNAME_LEN];
	size_t i;

	for (i = 0; i < NMA_HOOK_MAX; i++)
		if (t->opts.features->hooks & NMA_HOOK_BIT(i))
			put_named(t, NMA_NMR_HOOK, NMA_NMR_HOOK_FOUND,
				  nma_hook_table[i].id);
	for (i = 0; names && i < names->nr; i++) {
		if (!t->anonymous)
			put_named(t, NMA_NMR_IFNAME, 0, names->v[i]);
		else if (!nma_anonymous__ifname(t->anonymous, names->v[i], alias))
			put_named(t, NMA_NMR_IFNAME, 0, alias);
	}
	put_item(t, NMA_NMR_BEGIN, NULL, 0, NULL);
}

int nma_tape__begin(struct nma_source *tape, struct nma_source *from)
{
	struct tape *t = tape_of(tape);

	t->from = from;
	tape->origin = from->origin;
	tape->now_ns = from->now_ns;
	put_header(t);
	put_settings(t);
	if (!t->err && fflush(t->file))
		fail(t, -errno, "write");
	return t->err;
}

int nma_tape__finish(struct nma_source *tape, struct nma_tape_size *size)
{
	struct tape *t = tape_of(tape);

	put_step(t, NMA_NMR_END, NMA_STEP_END);
	*size = t->size;
	if (!t->part)
		return t->err;
	if (!t->err && fsync(fileno(t->file)))
		fail(t, -errno, "write");
	if (!t->err && rename(t->part, t->opts.path))
		fail(t, -errno, "give its name to");
	t->finished = !t->err;
	return t->err;
}
