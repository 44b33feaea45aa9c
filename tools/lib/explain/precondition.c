// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See precondition.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "explain/precondition.h"

#define NO_LIMIT	(~0ull)

/* The queue that memory would be installed on: that of the physical device if this one
 * stands for it.
 */
struct place {
	const struct nma_nic *nic;
	const struct nma_queue *queue;
};

static bool physical(const struct nma_nic *nic)
{
	return nic->r.parent[0];
}

static struct place place_of(const struct nma_request *req)
{
	struct place p = { .nic = req->nic };
	const struct nma_nic *other;

	if (!req->nic || req->queue == NMA_NO_QUEUE)
		return p;
	p.queue = nma_model__queue(req->model, req->nic->r.netdev, req->queue);
	if (!p.queue || !p.queue->r.lease_netdev || physical(req->nic))
		return p;
	other = nma_model__nic(req->model, p.queue->r.lease_netdev);
	if (!other)
		return p;
	p.queue = nma_model__queue(req->model, other->r.netdev, p.queue->r.lease_queue);
	p.nic = other;
	return p;
}

static int err_of(const struct nma_request *req)
{
	return req->refused ? -req->refused->err : 0;
}

static enum nma_state broken_if(bool broken)
{
	return broken ? NMA_BROKEN : NMA_MET;
}

/* ---- one test for each row -------------------------------------------------- */

static enum nma_state test_DEVICE(const struct nma_request *req, const struct place *p)
{
	(void)p;
	return broken_if(!req->nic);
}

static enum nma_state test_PERMISSION(const struct nma_request *req, const struct place *p)
{
	(void)p;
	if (req->refused)
		return broken_if(req->refused->admin == NMA_ADMIN_NO);
	return req->asker.known ? broken_if(!req->asker.net_admin) : NMA_UNSURE;
}

static enum nma_state test_POLICY(const struct nma_request *req, const struct place *p)
{
	(void)p;
	if (req->refused)
		return broken_if(req->refused->admin == NMA_ADMIN_YES &&
				 (err_of(req) == EPERM || err_of(req) == EACCES));
	return req->asker.policy;
}

static enum nma_state test_RING(const struct nma_request *req, const struct place *p)
{
	(void)p;
	if (!req->refused)
		return NMA_UNSURE;
	return broken_if(req->refused->mode & NMA_ZCRX_BAD_RING);
}

static enum nma_state test_QUEUE(const struct nma_request *req, const struct place *p)
{
	(void)p;
	if (!req->nic || req->queue == NMA_NO_QUEUE)
		return NMA_MET;
	return broken_if(req->queue >= req->nic->r.real_num_rx_queues);
}

static enum nma_state test_LEASED(const struct nma_request *req, const struct place *p)
{
	return broken_if(p->queue && p->queue->r.lease_netdev && physical(p->nic) &&
			 p->nic == req->nic);
}

static enum nma_state test_QUEUE_OPS(const struct nma_request *req, const struct place *p)
{
	(void)req;
	return broken_if(p->nic && (p->nic->r.qops & NMA_QOPS_ALL) != NMA_QOPS_ALL);
}

static enum nma_state test_DMA(const struct nma_request *req, const struct place *p)
{
	(void)req;
	return broken_if(p->nic && !(p->nic->r.flags & NMA_NIC_DMA_DEV));
}

/* Only the kernel's words tell. */
static enum nma_state unsure(const struct nma_request *req)
{
	return req->refused ? NMA_MET : NMA_UNSURE;
}

static enum nma_state test_DMA_MIX(const struct nma_request *req, const struct place *p)
{
	(void)req;
	(void)p;
	return NMA_MET;		/* of one queue there is one */
}

static enum nma_state test_NETMEM_TX(const struct nma_request *req, const struct place *p)
{
	(void)req;
	if (!p->nic || !(p->nic->r.flags & NMA_NIC_TX_VALID))
		return NMA_UNSURE;
	return broken_if(!p->nic->r.netmem_tx);
}

static enum nma_state test_ALIGNMENT(const struct nma_request *req, const struct place *p)
{
	(void)p;
	if (req->refused && req->ask == NMA_REQ_ZCRX)
		return broken_if(req->refused->mode & NMA_ZCRX_UNALIGNED);
	return unsure(req);
}

static enum nma_state test_EXPORTER(const struct nma_request *req, const struct place *p)
{
	(void)p;
	return unsure(req);
}

static enum nma_state test_MAPPING(const struct nma_request *req, const struct place *p)
{
	(void)p;
	return unsure(req);
}

/* Where the core keeps it, it must have been turned on; the default will not do. */
static enum nma_state test_SPLIT(const struct nma_request *req, const struct place *p)
{
	(void)req;
	if (!p->nic)
		return NMA_MET;
	if (p->nic->r.flags & NMA_NIC_HDS_VALID)
		return broken_if(p->nic->r.hds != NMA_HDS_ON);
	if (nma_nic_hds(p->nic) == NMA_HDS_UNKNOWN)
		return NMA_UNSURE;
	return broken_if(nma_nic_hds(p->nic) == NMA_HDS_OFF);
}

static enum nma_state test_THRESH(const struct nma_request *req, const struct place *p)
{
	__u32 thresh = 0;

	(void)req;
	return broken_if(p->nic && nma_nic_hds_thresh(p->nic, &thresh) && thresh);
}

static int xdp_mode(const struct nma_nic *nic)
{
	int i;

	for (i = 0; nic && i < 3; i++)
		if (nic->r.xdp_prog_id[i])
			return i;
	return -1;
}

static enum nma_state test_XDP(const struct nma_request *req, const struct place *p)
{
	(void)req;
	return broken_if(xdp_mode(p->nic) >= 0);
}

static enum nma_state test_BUFFER_SIZE(const struct nma_request *req, const struct place *p)
{
	__u64 bytes = req->refused ? req->refused->value : 0;

	(void)p;
	if (!bytes)
		return NMA_MET;
	if (bytes & (bytes - 1) || bytes < req->page_size)
		return broken_if(err_of(req) == EINVAL);
	return broken_if(err_of(req) == EOPNOTSUPP || err_of(req) == ERANGE);
}

static enum nma_state test_BOUND(const struct nma_request *req, const struct place *p)
{
	(void)req;
	return broken_if(p->queue && nma_queue_bound(p->queue));
}

static enum nma_state test_XSK(const struct nma_request *req, const struct place *p)
{
	(void)req;
	return broken_if(p->queue && p->queue->r.xsk);
}

/* The page_pool that was refused right before, in the same call */
static enum nma_state test_PROVIDER(const struct nma_request *req, const struct place *p)
{
	const struct nma_rec_pool *pool = &req->model->failed_pool.r;

	if (!req->refused || !p->queue)
		return unsure(req);
	return broken_if(pool->mp != NMA_MP_NONE && pool->err == req->refused->err &&
			 pool->netdev == p->nic->r.netdev && pool->queue == p->queue->r.queue &&
			 pool->hdr.pid == req->refused->hdr.pid &&
			 pool->hdr.time_ns <= req->refused->hdr.time_ns &&
			 req->refused->hdr.time_ns - pool->hdr.time_ns < 1000000000ull);
}

static enum nma_state test_IGNORED(const struct nma_request *req, const struct place *p)
{
	(void)p;
	return req->refused ? broken_if(err_of(req) == ENODATA) : NMA_UNSURE;
}

static enum nma_state test_MEMLOCK(const struct nma_request *req, const struct place *p)
{
	(void)p;
	if (req->refused)
		return broken_if(err_of(req) == ENOMEM && req->refused->memlock != NO_LIMIT);
	if (!req->asker.known || req->asker.ipc_lock || req->asker.memlock == NO_LIMIT)
		return NMA_MET;
	return NMA_UNSURE;
}

/* The last thing that it can be */
static enum nma_state test_DMABUF(const struct nma_request *req, const struct place *p)
{
	(void)p;
	if (!req->refused)
		return NMA_UNSURE;
	return broken_if(!req->refused->words[0] && (err_of(req) == EBADF ||
						     err_of(req) == EINVAL));
}

static enum nma_state test_XDP_SPLIT(const struct nma_request *req, const struct place *p)
{
	(void)req;
	(void)p;
	return NMA_MET;		/* as the kernel says, or not at all */
}

#define test_XDP_THERE		test_XDP_SPLIT
#define test_CHANNELS_RSS	test_XDP_SPLIT
#define test_CHANNELS_RULES	test_XDP_SPLIT
#define test_CHANNELS_XSK	test_XDP_SPLIT
#define test_RINGS_XDP		test_XDP_SPLIT

static bool any_bound(const struct nma_request *req)
{
	return req->nic && nma_model__bound_queues(req->model, req->nic->r.netdev);
}

static enum nma_state test_XDP_BOUND(const struct nma_request *req, const struct place *p)
{
	(void)p;
	return broken_if(any_bound(req));
}

#define test_CHANNELS_BOUND	test_XDP_SPLIT
#define test_RINGS_BOUND	test_XDP_BOUND
#define test_XSK_THERE		test_XSK

static enum nma_state test_XSK_BOUND(const struct nma_request *req, const struct place *p)
{
	(void)p;
	return broken_if(any_bound(req) &&
			 (!req->refused || req->refused->mode & NMA_XSK_ASK_ZEROCOPY));
}

static enum nma_state test_XSK_ZEROCOPY(const struct nma_request *req,
					const struct place *p)
{
	__u8 features = p->nic ? p->nic->r.xdp_features : 0;

	if (req->refused && !(req->refused->mode & NMA_XSK_ASK_ZEROCOPY))
		return NMA_MET;
	return features & NMA_XDP_KNOWN ? broken_if(!(features & NMA_XDP_ZEROCOPY)) :
					  NMA_UNSURE;
}

/* ---- the table -------------------------------------------------------------- */

#define ASK(id)	(1u << NMA_REQ_##id)

static const struct row {
	const char *key;
	unsigned int asks;
	int err[2];
	const char *words;
	const char *text;
	const char *fix;
	enum nma_state (*test)(const struct nma_request *req, const struct place *p);
} rows[NMA_PRE_MAX] = {
#define NMA_PRE(id, key, asks, err, err2, words, text, fix) \
	[NMA_PRE_##id] = { key, asks, { err, err2 }, words, text, fix, test_##id },
#include "explain/preconditions.def"
};

enum nma_state nma_precondition__test(enum nma_pre_id id, const struct nma_request *req)
{
	struct place p = place_of(req);

	return rows[id].test(req, &p);
}

bool nma_precondition__matters(enum nma_pre_id id, enum nma_req ask)
{
	return rows[id].asks & 1u << ask;
}

const char *nma_precondition_key(enum nma_pre_id id)
{
	return id < NMA_PRE_MAX ? rows[id].key : "unknown";
}

/* ---- in words --------------------------------------------------------------- */

static void hold_by(struct nma_reason *why, __u32 pid, __u64 cgroup, const char *comm)
{
	why->holder_pid = pid;
	why->holder_cgroup = cgroup;
	memcpy(why->holder_comm, comm, NMA_COMM_LEN);
	why->holder_comm[NMA_COMM_LEN - 1] = '\0';
}

static const struct nma_queue *first_bound(const struct nma_request *req)
{
	nma_model_for_each(struct nma_queue, &req->model->queues, queue)
		if (req->nic && queue->r.netdev == req->nic->r.netdev &&
		    nma_queue_bound(queue))
			return queue;
	return NULL;
}

/* Who has the queue, or the first one that is bound if none was asked for */
static void find_holder(enum nma_pre_id id, const struct nma_request *req,
			struct nma_reason *why)
{
	const struct nma_queue *queue = place_of(req).queue;
	const struct nma_binding *binding;

	if (!strstr(rows[id].text, "%h"))
		return;
	if (id == NMA_PRE_XSK || id == NMA_PRE_XSK_THERE) {
		if (queue)
			hold_by(why, queue->xsk.pid, queue->xsk.cgroup_id, queue->xsk.comm);
		return;
	}
	if (!queue || !nma_queue_bound(queue))
		queue = first_bound(req);
	binding = queue ? nma_model__provider(req->model, queue) : NULL;
	if (binding)
		hold_by(why, binding->r.owner_pid, binding->r.owner_cgroup,
			binding->r.owner_comm);
}

static int put_xdp(char *dst, size_t room, const struct nma_nic *nic)
{
	static const char *const names[] = { "xdpgeneric", "xdpdrv", "xdpoffload" };
	int mode = xdp_mode(nic);

	return snprintf(dst, room, "%s", mode < 0 ? "xdp" : names[mode]);
}

static int put(char *dst, size_t room, char what, const struct nma_request *req,
	       const struct nma_reason *why)
{
	const struct place p = place_of(req);
	const struct nma_nic *nic = req->nic, *other = NULL;
	__u32 thresh = 0;

	if (p.queue && p.queue->r.lease_netdev)
		other = nma_model__nic(req->model, p.queue->r.lease_netdev);
	switch (what) {
	case 'i':
		return snprintf(dst, room, "%.*s", NMA_IFNAME_LEN, nic ? nic->r.ifname :
				req->refused ? req->refused->ifname : "it");
	case 'd':
		return snprintf(dst, room, "%.*s", NMA_NAME_LEN, p.nic && p.nic->r.driver[0] ?
				p.nic->r.driver : "the driver");
	case 'q':
		return snprintf(dst, room, "%u", req->queue);
	case 'n':
		return snprintf(dst, room, "%u", req->queue + 1);
	case 'h':
		if (!why->holder_pid)
			return snprintf(dst, room, "a process that is not known");
		return snprintf(dst, room, "%s, pid %u", why->holder_comm, why->holder_pid);
	case 'p':
		if (!why->holder_pid)
			return snprintf(dst, room, "it");
		return snprintf(dst, room, "process %u", why->holder_pid);
	case 'x':
		return put_xdp(dst, room, p.nic);
	case 'g':
		return snprintf(dst, room, "%u", xdp_mode(p.nic) < 0 ? 0 :
				p.nic->r.xdp_prog_id[xdp_mode(p.nic)]);
	case 't':
		if (p.nic)
			nma_nic_hds_thresh(p.nic, &thresh);
		return snprintf(dst, room, "%u", thresh);
	case 'b':
		return snprintf(dst, room, "%llu", !req->refused ? req->asker.memlock :
				req->refused->err == -ENOMEM ? req->refused->memlock :
				req->refused->value);
	case 'l':
		return snprintf(dst, room, "%.*s", NMA_IFNAME_LEN,
				other ? other->r.ifname : "another device");
	case 'm':
		return snprintf(dst, room, "%u", p.queue ? p.queue->r.lease_queue : 0);
	default:
		break;
	}
	return 0;
}

static void write_text(char *dst, size_t size, const char *fmt,
		       const struct nma_request *req, const struct nma_reason *why)
{
	size_t len = 0;
	int n;

	dst[0] = '\0';
	for (; *fmt && len + 1 < size; fmt++) {
		if (*fmt != '%') {
			dst[len++] = *fmt;
			dst[len] = '\0';
			continue;
		}
		n = put(dst + len, size - len, *++fmt, req, why);
		len = len + n < size ? len + n : size - 1;
	}
}

/* Whom a policy of ours would refuse, not knowing the program that will ask */
static void would_by_policy(const struct nma_request *req, struct nma_reason *why)
{
	snprintf(why->text, sizeof(why->text),
		 "netmem-audit's policy would refuse it, rule %s", req->asker.rule);
	snprintf(why->fix, sizeof(why->fix), "netmem-audit enforce status");
}

void nma_reason__of(enum nma_pre_id id, const struct nma_request *req,
		    struct nma_reason *why)
{
	*why = (struct nma_reason){ .id = id, .key = rows[id].key };
	if (id == NMA_PRE_POLICY && !req->refused) {
		would_by_policy(req, why);
		return;
	}
	find_holder(id, req, why);
	write_text(why->text, sizeof(why->text), rows[id].text, req, why);
	write_text(why->fix, sizeof(why->fix), rows[id].fix, req, why);
}

/* ---- after a refusal -------------------------------------------------------- */

/* One of the parts of @words is in what the kernel said. */
static bool said(const char *words, const char *kernel)
{
	size_t len;

	for (; *words; words += len + (words[len] == '|')) {
		len = strcspn(words, "|");
		if (len && memmem(kernel, strlen(kernel), words, len))
			return true;
	}
	return false;
}

static bool errs_with(const struct row *row, int err)
{
	return !row->err[0] || row->err[0] == err || row->err[1] == err;
}

/* The first row for which the kernel has the words, and that is so as things are if
 * @broken.
 */
static enum nma_pre_id by_words(const struct nma_request *req, const char *kernel,
				bool broken)
{
	int i;

	for (i = 0; i < NMA_PRE_MAX; i++)
		if (nma_precondition__matters(i, req->ask) && said(rows[i].words, kernel) &&
		    (!broken || nma_precondition__test(i, req) == NMA_BROKEN))
			break;
	return i;
}

/* What is broken and refused with that errno. Words that we do not know mean something
 * else than what has words of its own.
 */
static enum nma_pre_id by_state(const struct nma_request *req, const char *kernel)
{
	int i;

	for (i = 0; i < NMA_PRE_MAX; i++)
		if (nma_precondition__matters(i, req->ask) &&
		    !(kernel[0] && rows[i].words[0]) &&
		    errs_with(&rows[i], err_of(req)) &&
		    nma_precondition__test(i, req) == NMA_BROKEN)
			break;
	return i;
}

static enum nma_pre_id find(const struct nma_request *req, const char *kernel)
{
	enum nma_pre_id id = by_words(req, kernel, true);

	if (id == NMA_PRE_MAX)
		id = by_words(req, kernel, false);
	return id == NMA_PRE_MAX ? by_state(req, kernel) : id;
}

struct nma_request nma_request_of(const struct nma_model *m,
				  const struct nma_rec_refused *r)
{
	struct nma_request req = {
		.model = m, .ask = r->ask, .queue = r->queue, .refused = r,
		.nic = nma_model__nic(m, r->netdev), .page_size = m->page_size,
	};

	if (req.nic || r->netdev)
		return req;
	if (r->ifindex) {
		req.nic = nma_model__nic_by_index(m, r->hdr.netns, r->ifindex);
		return req;
	}
	nma_model_for_each(struct nma_nic, &m->nics, nic)
		if (nic->r.hdr.netns == r->hdr.netns && r->ifname[0] &&
		    !strncmp(nic->r.ifname, r->ifname, NMA_IFNAME_LEN))
			req.nic = nic;
	return req;
}

void nma_refused_rule(const struct nma_rec_refused *r, char *buf, size_t size)
{
	snprintf(buf, size, "%.*s", r->by ? (int)strcspn(r->words, ":") : 0, r->words);
}

/* The words are ours. */
static void by_policy(const struct nma_rec_refused *r, struct nma_reason *why)
{
	*why = (struct nma_reason){
		.id = NMA_PRE_POLICY, .key = rows[NMA_PRE_POLICY].key,
		.fix = "netmem-audit enforce status",
	};
	snprintf(why->text, sizeof(why->text), "%s netmem-audit's policy, rule %.*s",
		 r->by == NMA_BY_POLICY ? "refused by" : "would be refused by",
		 NMA_WORDS_LEN, r->words);
}

void nma_reason__refused(const struct nma_model *m, const struct nma_rec_refused *r,
			 struct nma_reason *why)
{
	struct nma_request req = nma_request_of(m, r);
	char kernel[NMA_WORDS_LEN];
	enum nma_pre_id id;

	if (r->by) {
		by_policy(r, why);
		return;
	}
	snprintf(kernel, sizeof(kernel), "%.*s", NMA_WORDS_LEN - 1, r->words);
	id = find(&req, kernel);
	if (id < NMA_PRE_MAX) {
		nma_reason__of(id, &req, why);
		why->by_words = said(rows[id].words, kernel);
		return;
	}
	*why = (struct nma_reason){ .id = NMA_PRE_MAX, .key = "unknown" };
	snprintf(why->text, sizeof(why->text), "%s%s", kernel[0] ? "as the kernel says: " :
		 "no reason that we know of: ", kernel[0] ? kernel : strerror(-r->err));
}
