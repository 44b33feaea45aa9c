// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See audit.h. Records arrive in on_record(), whether a snapshot or an event
 * sent them.
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "audit.h"
#include "log.h"
#include "kernel/live.h"
#include "kernel/netns.h"
#include "kernel/privilege.h"
#include "kernel/recording.h"
#include "kernel/tape.h"

const char *const nma_fail_on_names[] = {
	[NMA_FAIL_ON_ERROR] = "error",
	[NMA_FAIL_ON_WARN] = "warn",
	NULL
};

/* Without them nothing can be found, so nothing may be called right. */
#define SYMBOLS	(NMA_H(NETS) | NMA_H(POOLS) | NMA_H(BINDINGS))

#define BURST		32	/* lines per rule and second that one can read */

static const char *const loss_texts[] = {
#define NMA_LOSS(id, key, text) [NMA_LOSS_##id] = text,
	NMA_LOSS_LIST
#undef NMA_LOSS
};

/* A driver without an answer is one thing, one that we may not ask another. */
static void note_unasked(struct nma_audit *a, const struct nma_nic *nic, int err)
{
	if (err == -ENODEV || err == -EOPNOTSUPP || a->unasked_err ||
	    !nma_audit__wanted(a, nic->r.hdr.netns, nic->r.ifname))
		return;
	a->unasked_err = err;
	memcpy(a->unasked, nic->r.ifname, sizeof(a->unasked));
}

/* Only drivers that claim to have the setting are asked, and only where the
 * core has no answer: asking takes the device's lock.
 */
static void ask_driver(struct nma_audit *a, const struct nma_nic *nic)
{
	struct nma_rings rings;
	int err;

	if (nic->r.flags & NMA_NIC_HDS_VALID && nic->r.hds != NMA_HDS_UNKNOWN)
		return;
	if (!(nic->r.rings & NMA_RINGS_GET) || !(nic->r.rings & NMA_RINGS_HDS))
		return;
	err = a->source->ops->rings(a->source, &nic->r, &rings);
	if (err) {
		note_unasked(a, nic, err);
		rings = (struct nma_rings){ .hds = NMA_HDS_UNKNOWN };
	}
	nma_model__set_hds(a->model, nic->r.netdev, rings.hds,
			   rings.thresh_known ? &rings.thresh : NULL);
}

/* How many buffers may be posted, where more are out of a page_pool at rest than it was
 * made for. A change of the rings makes new page_pools.
 */
static void ask_slots(struct nma_audit *a, const struct nma_pool *pool)
{
	const struct nma_nic *nic = nma_model__nic(a->model, pool->owner.netdev);
	struct nma_rings rings = { 0 };

	if (!a->judge || !nic || !pool->sought.still || !(nic->r.rings & NMA_RINGS_GET) ||
	    nic->slots_asked == a->model->generation)
		return;
	if (a->source->ops->rings(a->source, &nic->r, &rings))
		rings.slots = 0;
	nma_model__set_slots(a->model, nic->r.netdev, rings.slots);
}

static void ask_module(struct nma_audit *a, const struct nma_nic *nic)
{
	char name[NMA_NAME_LEN];

	if (!nic->r.driver[0] && nic->r.open_fn &&
	    !a->source->ops->module(a->source, &nic->r, name, sizeof(name)))
		nma_model__set_module(a->model, nic->r.netdev, name);
}

/* Only devices with a provider are asked, when one of their queues or something
 * of their own has changed.
 */
static void ask_rss(struct nma_audit *a, __u64 netdev)
{
	const struct nma_nic *nic = nma_model__nic(a->model, netdev);
	struct nma_queue_set rss = { 0 };
	int err;

	if (!nic || !nma_model__bound_queues(a->model, netdev))
		return;
	err = a->source->ops->rss(a->source, &nic->r, &rss);
	if (err) {
		note_unasked(a, nic, err);
		rss.known = false;
	}
	nma_model__set_rss(a->model, netdev, &rss);
}

static void ask(struct nma_audit *a, const struct nma_change *change)
{
	if (change->hdr->cause == NMA_CAUSE_GONE)
		return;
	if (change->subject == NMA_SUBJ_NIC) {
		ask_module(a, change->ref.nic);
		ask_driver(a, change->ref.nic);
		if (change->hdr->cause != NMA_CAUSE_SNAPSHOT)
			ask_rss(a, change->ref.nic->r.netdev);
	} else if (change->subject == NMA_SUBJ_POOL) {
		ask_slots(a, change->ref.pool);
	} else if (change->subject == NMA_SUBJ_QUEUE && change->ref.queue->r.mp) {
		ask_rss(a, change->ref.queue->r.netdev);
	}
}

static int on_record(void *ctx, const struct nma_rec_hdr *hdr)
{
	struct nma_audit *a = ctx;
	struct nma_change change;

	if (nma_model__apply(a->model, hdr, &change)) {
		a->bad_records++;
		return 0;
	}
	if (!change.ref.any)
		return 0;
	ask(a, &change);
	if (a->opts.event)
		a->opts.event(a->opts.ctx, &change);
	if (a->judge)
		nma_judge__record(a->judge, &change, hdr->time_ns);
	return 0;
}

/* A kernel that has none is another matter than one that does not show it. */
static int refuse_without_btf(struct nma_audit *a)
{
	const struct nma_features *f = &a->features;

	if (f->btf_err == -ENOENT) {
		nma_err(a->env, -EOPNOTSUPP,
			"kernel %s has no BTF (/sys/kernel/btf/vmlinux, CONFIG_DEBUG_INFO_BTF)",
			f->release);
		return NMA_EXIT_SKIP;
	}
	nma_err(a->env, f->btf_err, "cannot read /sys/kernel/btf/vmlinux: %s",
		f->btf_err == -ENOTDIR ? "/sys is not mounted" :
		f->btf_err == -EINVAL ? "it is damaged or too new" :
					strerror(-f->btf_err));
	return NMA_EXIT_ENV;
}

/* What the kernel lacks can be told without privilege, so it comes first. */
static int check_kernel(struct nma_audit *a)
{
	const struct nma_features *f = &a->features;
	char why[128];
	int err;

	err = nma_features__probe(&a->features);
	if (err) {
		nma_err(a->env, err, "cannot find out what this kernel can do: %s",
			strerror(-err));
		return NMA_EXIT_ENV;
	}
	if (!f->btf)
		return refuse_without_btf(a);
	if (!f->netmem) {
		nma_err(a->env, -EOPNOTSUPP,
			"kernel %s has no network memory (it needs 6.12 or newer with CONFIG_NET_DEVMEM)",
			f->release);
		return NMA_EXIT_SKIP;
	}
	if (!f->privileged) {
		nma_privilege__to_load(f->caps, why, sizeof(why));
		nma_err(a->env, -EPERM,
			"no privilege to look into the kernel%s%s: run as root outside a container, or with CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN and CAP_SYSLOG",
			why[0] ? ", missing " : "", why);
		return NMA_EXIT_ENV;
	}
	if (SYMBOLS & ~f->hooks && f->syms_hidden) {
		nma_err(a->env, -EPERM,
			"the kernel hides its symbols, so nothing that is older than the tool can be seen: %s",
			nma_privilege__to_see_symbols(f->caps, f->kptr_restrict, why,
						      sizeof(why)));
		return NMA_EXIT_ENV;
	}
	if (SYMBOLS & ~f->hooks) {
		nma_err(a->env, -EOPNOTSUPP,
			"the kernel has no symbols for its data (net_namespace_list, page_pools): it needs CONFIG_KALLSYMS_ALL");
		return NMA_EXIT_SKIP;
	}
	return NMA_EXIT_OK;
}

static int out_of_memory(struct nma_audit *a)
{
	nma_err(a->env, -ENOMEM, "out of memory");
	return NMA_EXIT_ENV;
}

static int find_netns(struct nma_audit *a)
{
	const struct nma_strs *s = a->opts.netns;
	size_t i;
	int err;

	for (i = 0; s && i < s->nr; i++) {
		err = nma_netns__find(s->v[i], &a->netns.inode[i]);
		if (err == -EINVAL) {
			nma_err(a->env, err, "--netns needs a name, a process or an inode number, not '%s'",
				s->v[i]);
			return NMA_EXIT_USAGE;
		}
		if (err) {
			nma_err(a->env, err, "no network namespace '%s'", s->v[i]);
			return NMA_EXIT_ENV;
		}
		a->netns.nr++;
	}
	return NMA_EXIT_OK;
}

static int source_failed(struct nma_audit *a, int err)
{
	const char *why;

	if (!a->source)
		return out_of_memory(a);
	why = a->source->ops->error(a->source);
	nma_err(a->env, err, "%s", why[0] ? why : strerror(-err));
	return err == -EOPNOTSUPP ? NMA_EXIT_SKIP : NMA_EXIT_ENV;
}

/* Records pass through the tape, if there is one. */
static int open_kernel(struct nma_audit *a)
{
	struct nma_session_opts opts = {
		.features = &a->features,
		.fn = a->source ? nma_tape__record : on_record,
		.ctx = a->source ? (void *)a->source : a,
		.events = a->opts.events,
		.tokens = true,
		.deep = a->opts.deep,
		/* who reads the file may want to know */
		.recycle = a->opts.recycle || a->opts.to,
		.circulate = a->opts.circulate,
		.holders = a->opts.holders || a->opts.to,
		.only_holders = a->opts.holders,
		.over_at_rest = a->opts.over_at_rest,
		.ages = a->opts.ages,
		.stacks = a->opts.stacks,
		.hist = a->opts.hist,
		.max_bufs = a->opts.max_bufs,
	};
	struct nma_source *tape = a->source;
	int err;

	err = nma_live__open(&opts, &a->source);
	if (err || !tape)
		goto out;
	err = nma_tape__begin(tape, a->source);
	a->source = tape;
	tape = NULL;
out:
	if (tape)
		tape->ops->close(tape);
	return err ? source_failed(a, err) : NMA_EXIT_OK;
}

static int open_tape(struct nma_audit *a)
{
	const struct nma_tape_opts opts = {
		.path = a->opts.to,
		.version = NMA_VERSION,
		.features = &a->features,
		.ifnames = a->opts.ifnames,
		.ksyms = a->env->out.ksyms,
		.events = a->opts.events,
		.deep = a->opts.deep,
		.holders = true,
		.buffers = a->opts.max_bufs,
		.anonymous = a->opts.anonymous,
		.fn = on_record,
		.ctx = a,
	};
	int err;

	if (!opts.path)
		return NMA_EXIT_OK;
	err = nma_tape__open(&opts, &a->source);
	return err ? source_failed(a, err) : NMA_EXIT_OK;
}

/* What it was made with counts, and for whom, unless somebody wants to know more. */
static int open_recording(struct nma_audit *a)
{
	const struct nma_recording_opts opts = {
		.path = a->opts.from,
		.ksyms = a->env->out.ksyms,
		.fn = on_record,
		.ctx = a,
	};
	const struct nma_recording_info *info;
	int err;

	err = nma_recording__open(&opts, &a->source);
	if (err) {
		source_failed(a, err);
		return err == -EINVAL ? NMA_EXIT_USAGE : NMA_EXIT_ENV;
	}
	info = nma_recording__info(a->source);
	a->features = info->features;
	a->opts.events = info->events;
	a->opts.deep = info->deep;
	if (!a->opts.ifnames || !a->opts.ifnames->nr)
		a->opts.ifnames = &info->ifnames;
	return NMA_EXIT_OK;
}

static int open_source(struct nma_audit *a)
{
	int ret;

	if (a->opts.from) {
		ret = open_recording(a);
		return ret ? ret : find_netns(a);
	}
	ret = find_netns(a);
	if (!ret)
		ret = check_kernel(a);
	if (!ret)
		ret = open_tape(a);
	return ret ? ret : open_kernel(a);
}

int nma_audit__open(struct nma_audit *a, struct nma_env *env,
		    const struct nma_audit_opts *opts)
{
	int ret;

	*a = (struct nma_audit){ .env = env, .opts = *opts };
	a->model = nma_model__new();
	if (!a->model)
		return out_of_memory(a);
	ret = open_source(a);
	if (ret)
		return ret;
	a->now_ns = a->source->now_ns;
	a->model->page_size = a->source->origin.page_size;
	a->model->sees_ends = a->opts.events && a->features.hooks & NMA_H(BIND_FREE);
	env->out.lost = &a->lost;
	return NMA_EXIT_OK;
}

void nma_audit__close(struct nma_audit *a)
{
	a->env->out.lost = NULL;
	nma_judge__free(a->judge);
	if (a->source)
		a->source->ops->close(a->source);
	nma_model__free(a->model);
}

/* A rule that was asked for by name must not be left out silently. */
static int refuse_rule(struct nma_audit *a, enum nma_rule_id rule,
		       nma_hook_set missing)
{
	int i;

	for (i = 0; i < NMA_HOOK_MAX && !(missing & NMA_HOOK_BIT(i)); i++)
		;
	nma_err(a->env, -EOPNOTSUPP, "%s cannot be observed on kernel %s: it needs %s",
		nma_rules[rule].id, a->features.release, nma_hook_name(i));
	return NMA_EXIT_SKIP;
}

/* A rule whose hooks are attached only when that is asked for. */
static bool too_deep(const struct nma_audit *a, enum nma_rule_id rule)
{
	return !a->opts.deep && nma_rule_is_deep(rule);
}

/* Can it be judged in this run, and if not, what would help? */
static enum nma_cover cover_of(struct nma_audit *a, enum nma_rule_id rule)
{
	nma_hook_set *missing = &a->coverage.missing[rule];

	if (nma_rule_state(rule, &a->features, missing) == NMA_RULE_UNAVAILABLE)
		return NMA_COVER_NO_HOOK;
	if (too_deep(a, rule))
		return NMA_COVER_NEEDS_DEEP;
	if (!a->opts.events && nma_coverage_needs_events(rule))
		return NMA_COVER_NEEDS_WATCH;
	return NMA_COVER_NO_OCCASION;	/* yet */
}

static int choose_rules(struct nma_audit *a, const struct nma_strs *ids)
{
	enum nma_rule_id rule;
	nma_hook_set missing;
	size_t i;

	for (i = 0; i < NMA_RULE_MAX; i++)
		a->coverage.cover[i] = ids && ids->nr ? NMA_COVER_NOT_ASKED :
							cover_of(a, i);
	for (i = 0; ids && i < ids->nr; i++) {
		rule = nma_rule_find(ids->v[i]);
		if (nma_rule_state(rule, &a->features, &missing) == NMA_RULE_UNAVAILABLE)
			return refuse_rule(a, rule, missing);
		if (too_deep(a, rule)) {
			nma_err(a->env, -EINVAL, "%s looks at every packet or buffer: it needs watch --deep",
				nma_rules[rule].id);
			return NMA_EXIT_USAGE;
		}
		a->coverage.cover[rule] = NMA_COVER_NO_OCCASION;
	}
	for (i = 0; i < NMA_RULE_MAX; i++)
		if (a->coverage.cover[i] == NMA_COVER_NO_OCCASION)
			a->rules |= 1ull << i;
	if (a->rules)
		return NMA_EXIT_OK;
	nma_err(a->env, -EOPNOTSUPP, "kernel %s has none of the hooks the rules need",
		a->features.release);
	return NMA_EXIT_SKIP;
}

int nma_audit__judge(struct nma_audit *a, const struct nma_strs *ids,
		     const struct nma_limits *limits, nma_report_fn report,
		     nma_storm_fn storm, void *ctx)
{
	struct nma_judge_opts opts = {
		.model = a->model,
		.limits = *limits,
		.ifnames = a->opts.ifnames,
		.coverage = &a->coverage,
		.netns = &a->netns,
		.report = report,
		.storm = storm,
		.burst = storm ? BURST : 0,
		.history = a->opts.from || a->opts.history,
		.ctx = ctx,
	};
	int ret;

	ret = choose_rules(a, ids);
	if (ret)
		return ret;
	opts.rules = a->rules;
	a->judge = nma_judge__new(&opts);
	return a->judge ? NMA_EXIT_OK : out_of_memory(a);
}

static int read_lost(struct nma_audit *a)
{
	int err = a->source->ops->lost(a->source, &a->lost);

	/* the end of a binding may be among them: what no walk meets is gone, then */
	if (a->lost.count[NMA_LOSS_RING])
		a->model->sees_ends = false;
	return err;
}

int nma_audit__snapshot(struct nma_audit *a)
{
	int err;

	err = read_lost(a);
	if (!err)
		err = a->source->ops->snapshot(a->source);
	a->now_ns = a->source->now_ns;
	if (!err)
		err = read_lost(a);
	return err ? source_failed(a, err) : NMA_EXIT_OK;
}

void nma_audit__seek_over(struct nma_audit *a, bool over)
{
	if (a->source->ops->seek_over)
		a->source->ops->seek_over(a->source, over);
}

static bool name_exists(const struct nma_audit *a, const char *ifname)
{
	nma_model_for_each(struct nma_nic, &a->model->nics, nic)
		if (!strncmp(nic->r.ifname, ifname, NMA_IFNAME_LEN) &&
		    nma_netns_match(&a->netns, nic->r.hdr.netns))
			return true;
	return false;
}

/* Each has a loopback device. */
static bool netns_exists(const struct nma_model *m, __u32 inode)
{
	nma_model_for_each(struct nma_nic, &m->nics, nic)
		if (nic->r.hdr.netns == inode)
			return true;
	return false;
}

int nma_audit__check_names(struct nma_audit *a)
{
	const struct nma_strs *names = a->opts.ifnames;
	size_t i;

	for (i = 0; names && i < names->nr; i++) {
		if (name_exists(a, names->v[i]))
			continue;
		nma_err(a->env, -ENODEV, "no device '%s' in %s network namespace",
			names->v[i], a->netns.nr ? "that" : "any");
		return NMA_EXIT_ENV;
	}
	for (i = 0; i < a->netns.nr; i++) {
		if (netns_exists(a->model, a->netns.inode[i]))
			continue;
		nma_err(a->env, -ENOENT, "no network namespace '%s'",
			a->opts.netns->v[i]);
		return NMA_EXIT_ENV;
	}
	return NMA_EXIT_OK;
}

int nma_audit__poll(struct nma_audit *a, int timeout_ms)
{
	int err;

	err = a->source->ops->poll(a->source, timeout_ms);
	a->now_ns = a->source->now_ns;
	/* costs a system call per program: not while nothing happens, but at the end */
	if (err > 0 || err == -EINTR)
		err = read_lost(a);
	if (err >= 0)
		return NMA_EXIT_OK;
	if (a->opts.to)
		return source_failed(a, err);
	nma_err(a->env, err, "cannot read events: %s", strerror(-err));
	return NMA_EXIT_ENV;
}

void nma_audit__turn(struct nma_audit *a)
{
	a->now_ns = a->source->ops->now(a->source);
}

int nma_audit__save(struct nma_audit *a, struct nma_tape_size *size)
{
	int err = nma_tape__finish(a->source, size);

	return err ? source_failed(a, err) : NMA_EXIT_OK;
}

bool nma_audit__wanted(const struct nma_audit *a, __u32 netns, const char *ifname)
{
	return nma_netns_match(&a->netns, netns) &&
	       (!ifname[0] || nma_strs_match(a->opts.ifnames, ifname, NMA_IFNAME_LEN));
}

static nma_hook_set needed_hooks(const struct nma_audit *a)
{
	nma_hook_set hooks = 0;
	int i;

	for (i = 0; i < NMA_RULE_MAX; i++)
		if (a->rules & 1ull << i)
			hooks |= nma_rules[i].hooks;
	if (a->opts.ages)
		hooks |= NMA_H(TAKE);
	return hooks;
}

static void say_lost(const struct nma_audit *a, enum nma_loss kind, const char *missed_by)
{
	const char *who = kind == NMA_LOSS_MISSED ? missed_by : "";

	nma_warn(a->env, "%llu %s%s%s", a->lost.count[kind], loss_texts[kind],
		 who[0] ? ": " : "", who);
}

/* Rules with hooks that could not be attached see a part at best. */
static void drop_from_coverage(struct nma_audit *a, nma_hook_set missing)
{
	int i;

	for (i = 0; i < NMA_RULE_MAX; i++) {
		if (!(a->rules & 1ull << i) || !(nma_rules[i].hooks & missing))
			continue;
		a->coverage.cover[i] = NMA_COVER_NO_HOOK;
		a->coverage.missing[i] = nma_rules[i].hooks & missing;
	}
}

static void say_blind(const struct nma_audit *a)
{
	const struct nma_blind *b = a->coverage.blind;

	for (; b < a->coverage.blind + a->coverage.nr_blind; b++)
		if (b->incomplete)
			nma_warn(a->env, "%s could not be judged on %.*s: %s",
				 b->rule < NMA_RULE_MAX ? nma_rules[b->rule].id : "rules",
				 NMA_IFNAME_LEN, b->ifname[0] ? b->ifname : "all devices",
				 b->reason);
}

static const char *why_unasked(const struct nma_audit *a)
{
	if (!(a->features.caps & 1ull << CAP_SYS_ADMIN))
		return "to enter its network namespace takes CAP_SYS_ADMIN";
	return strerror(-a->unasked_err);
}

/* Who holds tokens is asked in each namespace: another privilege than ours. */
static void note_denied(struct nma_audit *a, const struct nma_shortfall *fall)
{
	if (fall->denied_err)
		nma_coverage__blind(&a->coverage, NMA_RULE_TOK_01, NULL, true,
				    "network namespace %u cannot be entered to look at its sockets: %s (CAP_SYS_ADMIN)",
				    fall->denied_netns, strerror(-fall->denied_err));
}

/* What is counted. true: nothing */
static bool nothing_lost(const struct nma_audit *a, const struct nma_shortfall *fall)
{
	bool nothing = true;
	int i;

	for (i = 0; i < NMA_LOSS_MAX; i++) {
		if (!a->lost.count[i])
			continue;
		say_lost(a, i, fall->missed_by);
		nothing = false;
	}
	if (a->judge && a->judge->dropped) {
		nma_warn(a->env, "%llu findings did not fit and were dropped",
			 a->judge->dropped);
		nothing = false;
	}
	if (a->bad_records) {
		nma_warn(a->env, "%u records could not be understood", a->bad_records);
		nothing = false;
	}
	return nothing;
}

/* What was out of sight. true: nothing */
static bool all_seen(const struct nma_audit *a, const struct nma_shortfall *fall)
{
	nma_hook_set missing = fall->missing & needed_hooks(a);
	int i;

	for (i = 0; i < NMA_HOOK_MAX; i++)
		if (missing & NMA_HOOK_BIT(i))
			nma_warn(a->env, "could not attach to %s: %s are not seen",
				 nma_hook_name(i), nma_hook_text(i));
	if (fall->blind[0])
		nma_warn(a->env, "%s: what happened since is not known", fall->blind);
	if (fall->cut[0])
		nma_warn(a->env, "only a part of %s was judged: %s", a->opts.from,
			 fall->cut);
	if (fall->unread_err)
		nma_warn(a->env, "what the policy in force refuses is not told: %s",
			 fall->unread_err == -EPROTO ?
			 "it is of another version of netmem-audit (enforce off, then on)" :
			 strerror(-fall->unread_err));
	if (a->unasked_err)
		nma_warn(a->env, "the driver of %.*s could not be asked for its settings: %s",
			 NMA_IFNAME_LEN, a->unasked, why_unasked(a));
	return !missing && !fall->blind[0] && !fall->cut[0] && !a->unasked_err &&
	       !fall->unread_err;
}

bool nma_audit__complete(struct nma_audit *a)
{
	struct nma_shortfall fall;
	bool lost_nothing;

	a->source->ops->shortfall(a->source, &fall);
	note_denied(a, &fall);
	say_blind(a);
	drop_from_coverage(a, fall.missing & needed_hooks(a));
	lost_nothing = nothing_lost(a, &fall);
	a->ends_early = fall.cut[0];
	return all_seen(a, &fall) && lost_nothing && !a->coverage.incomplete;
}

struct nma_limits nma_limits_of(const struct nma_judge_args *args)
{
	struct nma_limits limits = NMA_LIMITS_DEFAULT;

	limits.strict = args->strict;
	limits.stall_ns = args->stall_ns;
	limits.token_age_ns = args->token_age_ns;
	return limits;
}

bool nma_severity_fails(enum nma_severity sev, int fail_on)
{
	return sev >= (fail_on == NMA_FAIL_ON_ERROR ? NMA_SEV_E : NMA_SEV_W);
}
