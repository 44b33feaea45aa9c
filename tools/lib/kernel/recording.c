// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See recording.h and nmr.h. The file is read once, item by item, so that it may be
 * of any size, and a pipe.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "kernel/again.h"
#include "kernel/cgroup.h"
#include "kernel/netns.h"
#include "kernel/nmr.h"
#include "kernel/recording.h"
#include "util/table.h"

struct answered {
	struct nma_node node;	/* by device and question */
	struct nma_nmr_answer answer;
};

struct ifname {
	char name[NMA_IFNAME_LEN];
};

struct recording {
	struct nma_source base;
	struct nma_recording_opts opts;
	struct nma_recording_info info;
	struct ifname ifname[NMA_STRS_MAX];
	FILE *file;
	__u64 offset;		/* of the item that is read */
	__u32 crc;
	bool held;		/* the item was read, and is still to be taken */
	bool ended;		/* as it should */
	bool looked;		/* at the whole state, once at least */
	struct nma_lost lost;
	struct nma_shortfall fall;
	struct nma_table answers;
	struct nma_heard heard;
	char error[256];
	/* the item: its records have numbers of eight bytes */
	__u64 buf[NMA_NMR_ITEM_MAX / sizeof(__u64) + 1];
};

static const char *const loss_keys[] = {
#define NMA_LOSS(id, key, text) [NMA_LOSS_##id] = key,
	NMA_LOSS_LIST
#undef NMA_LOSS
};

static struct recording *recording_of(const struct nma_source *s)
{
	return (struct recording *)s;
}

static struct nma_nmr_item *item_of(struct recording *r)
{
	return (struct nma_nmr_item *)r->buf;
}

static void *body_of(struct recording *r)
{
	return item_of(r) + 1;
}

static size_t body_size(struct recording *r)
{
	return item_of(r)->size - sizeof(struct nma_nmr_item);
}

__attribute__((format(printf, 3, 4)))
static int refuse(struct recording *r, int err, const char *fmt, ...)
{
	va_list args;
	int len;

	len = snprintf(r->error, sizeof(r->error), "%.100s ", r->opts.path);
	va_start(args, fmt);
	vsnprintf(r->error + len, sizeof(r->error) - len, fmt, args);
	va_end(args);
	return err;
}

/* What was taken in before stays. */
static int cut(struct recording *r, const char *why)
{
	if (!r->fall.cut[0])
		snprintf(r->fall.cut, sizeof(r->fall.cut), "%s at byte %llu", why,
			 r->offset);
	r->base.step = NMA_STEP_END;
	return 0;
}

/* 1: there is an item in the buffer, 0: there is none any more */
static int read_item(struct recording *r)
{
	struct nma_nmr_item *item = item_of(r);
	size_t n;
	__u32 crc;

	if (r->held || r->base.step == NMA_STEP_END)
		return r->held;
	n = fread(item, 1, sizeof(*item), r->file);
	if (!n && !ferror(r->file))
		return r->ended ? 0 : cut(r, "it has no end, for it was interrupted or is still being written:");
	if (n < sizeof(*item))
		return cut(r, ferror(r->file) ? "it cannot be read" : "it ends in the middle of something");
	if (r->ended)
		return cut(r, "there is something behind its end");
	if (item->size < sizeof(*item) || item->size % 8)
		return cut(r, "it is damaged");
	n = fread(item + 1, 1, body_size(r), r->file);
	if (n < body_size(r))
		return cut(r, ferror(r->file) ? "it cannot be read" : "it ends in the middle of something");
	crc = crc32(r->crc, (void *)item, offsetof(struct nma_nmr_item, crc));
	crc = crc32(crc, body_of(r), n);
	if (crc != item->crc)
		return cut(r, "it is damaged");
	r->crc = crc;
	r->offset += item->size;
	r->held = true;
	return 1;
}

/* The text of the item, NULL if it is none. */
static const char *named(struct recording *r, __u64 *value)
{
	const struct nma_nmr_named *n = body_of(r);
	size_t size = body_size(r);

	if (size < sizeof(*n) + 1 || size > sizeof(*n) + NMA_NMR_TEXT_MAX ||
	    !memchr(n->text, '\0', size - sizeof(*n)))
		return NULL;
	*value = n->value;
	return n->text;
}

static void take_hook(struct recording *r, __u64 how, const char *id)
{
	int i;

	for (i = 0; i < NMA_HOOK_MAX; i++) {
		if (strcmp(nma_hook_table[i].id, id))
			continue;
		if (how == NMA_NMR_HOOK_FOUND)
			r->info.features.hooks |= NMA_HOOK_BIT(i);
		else
			r->fall.missing |= NMA_HOOK_BIT(i);
	}
}

static void take_ifname(struct recording *r, const char *name)
{
	struct nma_strs *names = &r->info.ifnames;
	char *copy;

	if (names->nr == NMA_STRS_MAX)
		return;
	copy = r->ifname[names->nr].name;
	snprintf(copy, NMA_IFNAME_LEN, "%s", name);
	names->v[names->nr++] = copy;
}

/* Of a kind that this version does not know, but lost all the same. */
static void take_lost(struct recording *r, __u64 count, const char *key)
{
	int kind;

	for (kind = 0; kind < NMA_LOSS_MAX; kind++) {
		if (strcmp(loss_keys[kind], key))
			continue;
		r->lost.count[kind] = count;
		return;
	}
	if (count)
		snprintf(r->fall.blind, sizeof(r->fall.blind),
			 "the recording has lost %llu of %s", count, key);
}

static int take_answer(struct recording *r)
{
	const struct nma_nmr_answer *answer = body_of(r);
	struct answered *old;

	if (body_size(r) != sizeof(*answer) || answer->err > 0 || answer->hds > NMA_HDS_ON ||
	    answer->module[sizeof(answer->module) - 1])
		return -EINVAL;
	old = nma_table_find(&r->answers, answer->netdev, answer->question);
	if (!old) {
		old = calloc(1, sizeof(*old));
		if (!old || nma_table_add(&r->answers, &old->node, answer->netdev,
					  answer->question)) {
			free(old);
			return -ENOMEM;
		}
	}
	old->answer = *answer;
	return 0;
}

static int take_named(struct recording *r)
{
	__u64 value;
	const char *text = named(r, &value);

	if (!text)
		return -EINVAL;
	switch (item_of(r)->type) {
	case NMA_NMR_LOST:
		take_lost(r, value, text);
		return 0;
	case NMA_NMR_SYMBOL:
		return r->opts.ksyms ? nma_ksyms__learn(r->opts.ksyms, value, text) : 0;
	case NMA_NMR_NETNS:
		return nma_netns__learn(value, text);
	case NMA_NMR_HOOK:
		take_hook(r, value, text);
		return 0;
	case NMA_NMR_IFNAME:
		take_ifname(r, text);
		return 0;
	case NMA_NMR_MISSED_BY:
		snprintf(r->fall.missed_by, sizeof(r->fall.missed_by), "%s", text);
		return 0;
	case NMA_NMR_BLIND:
		snprintf(r->fall.blind, sizeof(r->fall.blind), "%s", text);
		return 0;
	case NMA_NMR_DENIED:
		r->fall.denied_err = -(int)(value >> 32 & 0xffff);
		r->fall.denied_netns = value;
		return 0;
	default:
		break;
	}
	return 0;
}

/* Time does not go back. */
static int take_step(struct recording *r, bool last)
{
	const struct nma_nmr_step *s = body_of(r);

	if (body_size(r) != sizeof(*s) || s->time_ns < r->base.now_ns)
		return -EINVAL;
	if (last ? s->step != NMA_STEP_END :
		   s->step != NMA_STEP_LOOK && s->step != NMA_STEP_TURN)
		return -EINVAL;
	r->base.now_ns = s->time_ns;
	if (last)
		r->ended = true;
	else
		r->base.step = s->step;
	if (s->step != NMA_STEP_LOOK)
		return 0;
	r->looked = true;
	nma_heard__end_look(&r->heard);
	return 0;
}

static int deliver(struct recording *r, const struct nma_rec_hdr *hdr)
{
	return r->opts.fn(r->opts.ctx, hdr) < 0 ? -ECANCELED : 0;
}

static int take_again(struct recording *r)
{
	const struct nma_nmr_again *again = body_of(r);
	const struct nma_rec_hdr *hdr;
	size_t i, nr;
	int err = 0;

	if (body_size(r) < sizeof(*again))
		return -EINVAL;
	nr = (body_size(r) - sizeof(*again)) / sizeof(*again->same);
	for (i = 0; i < nr && !err; i++) {
		hdr = nma_heard__again(&r->heard, again->same[i].number,
				       again->time_ns + again->same[i].later_ns);
		err = hdr ? deliver(r, hdr) : -EINVAL;
	}
	return err;
}

static int take_record(struct recording *r)
{
	const struct nma_rec_hdr *hdr = body_of(r);
	int err;

	if (body_size(r) < sizeof(*hdr) || hdr->size != body_size(r) ||
	    hdr->type != item_of(r)->type || !nma_recording_sane(hdr))
		return -EINVAL;
	err = nma_heard__note(&r->heard, hdr);
	return err ? err : deliver(r, hdr);
}

static int take(struct recording *r)
{
	__u16 type = item_of(r)->type;

	r->held = false;
	if (type < NMA_NMR_SIDE)
		return take_record(r);
	if (type == NMA_NMR_STEP || type == NMA_NMR_END)
		return take_step(r, type == NMA_NMR_END);
	if (type == NMA_NMR_ANSWER)
		return take_answer(r);
	if (type == NMA_NMR_AGAIN)
		return take_again(r);
	if (type > NMA_NMR_SIDE && type < NMA_NMR_END && type != NMA_NMR_BEGIN)
		return take_named(r);
	return 0;	/* of a later version */
}

static int poll(struct nma_source *s, int timeout_ms)
{
	struct recording *r = recording_of(s);
	int nr = 0, err;

	(void)timeout_ms;
	while (read_item(r)) {
		err = take(r);
		if (err == -EINVAL)
			cut(r, "it is damaged");
		else if (err)
			return err;
		if (item_of(r)->type == NMA_NMR_STEP)
			return nr;
		nr++;
	}
	if (!r->looked)
		cut(r, "it has no complete look at the kernel's state");
	s->step = NMA_STEP_END;
	return nr;
}

static int snapshot(struct nma_source *s)
{
	int nr;

	do
		nr = poll(s, 0);
	while (nr >= 0 && s->step != NMA_STEP_END);
	return nr < 0 ? nr : 0;
}

static __u64 now(struct nma_source *s)
{
	return s->now_ns;
}

/* What was not asked then cannot be asked now. */
static const struct nma_nmr_answer *find_answer(const struct nma_source *s,
						const struct nma_rec_nic *nic,
						enum nma_nmr_question question)
{
	static const struct nma_nmr_answer none = { .err = -ENODATA };
	const struct answered *a;

	a = nma_table_find(&recording_of(s)->answers, nic->netdev, question);
	return a ? &a->answer : &none;
}

static int rings(struct nma_source *s, const struct nma_rec_nic *nic,
		 struct nma_rings *rings)
{
	const struct nma_nmr_answer *a = find_answer(s, nic, NMA_NMR_RINGS);

	if (!a->err)
		*rings = (struct nma_rings){
			.hds = a->hds, .thresh_known = a->known, .thresh = a->thresh,
		};
	return a->err;
}

static int rss(struct nma_source *s, const struct nma_rec_nic *nic,
	       struct nma_queue_set *set)
{
	const struct nma_nmr_answer *a = find_answer(s, nic, NMA_NMR_RSS);

	if (a->err)
		return a->err;
	set->known = a->known;
	memcpy(set->bits, a->queues, sizeof(set->bits));
	return 0;
}

static int module(struct nma_source *s, const struct nma_rec_nic *nic, char *name,
		  size_t size)
{
	const struct nma_nmr_answer *a = find_answer(s, nic, NMA_NMR_MODULE);

	if (!a->err)
		snprintf(name, size, "%s", a->module);
	return a->err;
}

static int lost(struct nma_source *s, struct nma_lost *lost)
{
	*lost = recording_of(s)->lost;
	return 0;
}

static void shortfall(struct nma_source *s, struct nma_shortfall *fall)
{
	*fall = recording_of(s)->fall;
}

static const char *error(const struct nma_source *s)
{
	return recording_of(s)->error;
}

static void recording_close(struct nma_source *s)
{
	struct recording *r = recording_of(s);

	if (r->file)
		fclose(r->file);
	nma_table_free(&r->answers);
	nma_heard__free(&r->heard);
	nma_netns__remember();
	nma_cgroup__forget(false);
	free(r);
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
	.close = recording_close,
};

static int open_file(struct recording *r)
{
	struct stat st;

	r->file = fopen(r->opts.path, "re");
	if (!r->file || fstat(fileno(r->file), &st))
		return refuse(r, -errno, "cannot be read: %s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return refuse(r, -EISDIR, "is a directory");
	return 0;
}

static bool is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size);
}

/* The order of these says what is wrong, not what follows from it. */
static int check_header(struct recording *r, struct nma_nmr_header *h, size_t n)
{
	__u32 crc;

	if (!n)
		return refuse(r, ferror(r->file) ? -EIO : -EINVAL, "%s",
			      ferror(r->file) ? "cannot be read" : "is empty");
	if (n < sizeof(h->magic) || memcmp(h->magic, NMA_NMR_MAGIC, sizeof(h->magic)))
		return refuse(r, -EINVAL, "is not a recording of netmem-audit");
	if (n < offsetof(struct nma_nmr_header, size))
		return refuse(r, -EINVAL, "ends in its header");
	if (h->byte_order == __builtin_bswap32(NMA_NMR_BYTE_ORDER))
		return refuse(r, -ENOTSUP, "was made by a machine of the other byte order: judge it on one of its kind");
	if (h->byte_order != NMA_NMR_BYTE_ORDER)
		return refuse(r, -EINVAL, "has a damaged header");
	if (h->schema > NMA_NMR_SCHEMA)
		return refuse(r, -ENOTSUP, "has schema %u, and this version knows %u: judge it with the version that made it, or a newer one",
			      h->schema, NMA_NMR_SCHEMA);
	if (n < sizeof(*h))
		return refuse(r, -EINVAL, "ends in its header");
	crc = h->crc;
	h->crc = 0;
	r->crc = crc32(0, (void *)h, sizeof(*h));
	if (h->size != sizeof(*h) || crc != r->crc || h->schema < NMA_NMR_OLDEST ||
	    !is_text(h->host, sizeof(h->host)) ||
	    !is_text(h->release, sizeof(h->release)) ||
	    !is_text(h->machine, sizeof(h->machine)) ||
	    !is_text(h->version, sizeof(h->version)))
		return refuse(r, -EINVAL, "has a damaged header");
	return 0;
}

static void take_header(struct recording *r, const struct nma_nmr_header *h)
{
	struct nma_features *f = &r->info.features;
	struct nma_origin *o = &r->base.origin;

	memcpy(o->host, h->host, sizeof(o->host));
	memcpy(o->release, h->release, sizeof(o->release));
	memcpy(o->machine, h->machine, sizeof(o->machine));
	o->page_size = h->page_size;
	o->wall_ns = h->wall_ns;
	o->time_ns = h->time_ns;
	r->base.now_ns = h->time_ns;
	memcpy(r->info.version, h->version, sizeof(r->info.version));
	r->info.events = h->flags & NMA_NMR_EVENTS;
	r->info.deep = h->flags & NMA_NMR_DEEP;
	r->info.anonymous = h->flags & NMA_NMR_ANONYMOUS;
	r->info.holders = h->flags & NMA_NMR_HOLDERS;
	*f = (struct nma_features){
		.btf = true,
		.caps = h->caps,
		.netmem = h->flags & NMA_NMR_NETMEM,
		.hds_cfg = h->flags & NMA_NMR_HDS_CFG,
		.devmem_tx = h->flags & NMA_NMR_DEVMEM_TX,
		.io_uring_zcrx = h->flags & NMA_NMR_ZCRX,
		.bpf_lsm = h->flags & NMA_NMR_BPF_LSM,
		.fmod_ret_syscall = h->flags & NMA_NMR_FMOD_RET,
	};
	snprintf(f->release, sizeof(f->release), "%s", h->release);
	nma_netns__forget(h->netns);
	nma_cgroup__forget(true);
	if (r->opts.ksyms)
		nma_ksyms__forget(r->opts.ksyms);
}

/* What it was made with stands before all else. */
static int take_settings(struct recording *r)
{
	int err = 0;

	while (!err && read_item(r)) {
		if (item_of(r)->type == NMA_NMR_BEGIN) {
			r->held = false;
			return 0;
		}
		err = item_of(r)->type < NMA_NMR_SIDE ? -EINVAL : take(r);
	}
	return refuse(r, err ? err : -EINVAL, "ends or is damaged where it begins");
}

int nma_recording__open(const struct nma_recording_opts *opts, struct nma_source **out)
{
	struct recording *r = calloc(1, sizeof(*r));
	struct nma_nmr_header h;
	int err;

	*out = NULL;
	if (!r)
		return -ENOMEM;
	r->base.ops = &ops;
	r->opts = *opts;
	*out = &r->base;
	err = open_file(r);
	if (!err)
		err = check_header(r, &h, fread(&h, 1, sizeof(h), r->file));
	if (err)
		return err;
	r->offset = sizeof(h);
	take_header(r, &h);
	return take_settings(r);
}

const struct nma_recording_info *nma_recording__info(const struct nma_source *s)
{
	return &recording_of(s)->info;
}
