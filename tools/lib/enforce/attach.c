// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * From a policy to programs that are attached and pinned: see enforce.h.
 *
 * Programs ask for the policy at each request, and without one they refuse nothing. So
 * the order is: programs, links, what drivers say, and the policy last, in one store;
 * links that it does not need any more go after that.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "enforce.skel.h"
#include "enforce/needs.h"
#include "enforce/pins.h"
#include "kernel/btf.h"
#include "kernel/features.h"
#include "kernel/genl.h"
#include "rules/rules.h"
#include "util/hash.h"

#define CGROUP_ROOT	"/sys/fs/cgroup"

/* Maps that are looked at from outside; the others live as long as the programs. */
static const char *const pinned_maps[] = { "nma_policies", "nma_counts", "nma_log" };

#define NR_MAPS		(sizeof(pinned_maps) / sizeof(pinned_maps[0]))
#define NEEDS_MAX	32

struct job {
	const struct nma_policy_file *file;
	const struct nma_features *features;
	struct nma_enforce_report *rep;
	struct nma_policy policy;	/* what this kernel needs of it */
	struct nma_pins pins;
	bool fresh;			/* nothing was enforced before */
	__u32 added;			/* links of ours, by row of nma_needs */
};

static int fail(struct job *j, int err, const char *what, const char *name)
{
	snprintf(j->rep->error, sizeof(j->rep->error), "%s%s: %s", what, name,
		 strerror(-err));
	return err;
}

static int fail_pins(struct job *j, int err)
{
	snprintf(j->rep->error, sizeof(j->rep->error), "%s", j->pins.error);
	return err;
}

/* ---- Plan ----------------------------------------------------------------------*/

static bool has_func(const char *func)
{
	return !func || nma_kernel_btf__find(func, BTF_KIND_FUNC);
}

static const char *missing_for(enum nma_rule_id rule, const struct nma_policy *pol)
{
	unsigned int i;

	for (i = 0; i < nma_nr_needs; i++)
		if (nma_needs[i].rules & 1ull << rule && nma_needed(&nma_needs[i], pol) &&
		    !nma_needs[i].acts && !has_func(nma_needs[i].func))
			return nma_needs[i].func;
	return NULL;
}

static void plan_rule(const struct nma_policy_file *f, const struct nma_features *features,
		      enum nma_rule_id rule, struct nma_enforced *e)
{
	const char *func;

	e->mode = f->policy.mode[rule];
	if (e->mode == NMA_MODE_OFF)
		return;
	if (nma_enforced_by_kernel(rule, features)) {
		e->way = NMA_WAY_KERNEL;
		return;
	}
	func = missing_for(rule, &f->policy);
	if (func) {
		e->way = NMA_WAY_MISSING;
		snprintf(e->why, sizeof(e->why), "this kernel has no %s()", func);
		return;
	}
	nma_needs_hooks(rule, &f->policy, e->hooks, sizeof(e->hooks));
	e->way = e->hooks[0] ? NMA_WAY_PROGRAM : NMA_WAY_MISSING;
	if (!e->hooks[0])
		snprintf(e->why, sizeof(e->why), "this version has no program for it");
}

/* The first that is in the way. */
static int refuse_missing(const struct nma_policy_file *f, struct nma_enforce_report *rep)
{
	unsigned int rule;

	for (rule = 0; rule < NMA_RULE_MAX; rule++) {
		if (rep->rule[rule].way != NMA_WAY_MISSING ||
		    f->optional & 1ull << rule)
			continue;
		snprintf(rep->error, sizeof(rep->error),
			 "%s cannot be enforced on this kernel: %s; to go on without it, say \"optional\":true",
			 nma_rules[rule].id, rep->rule[rule].why);
		return -EOPNOTSUPP;
	}
	return 0;
}

static bool any_program(const struct nma_enforce_report *rep)
{
	unsigned int rule;

	for (rule = 0; rule < NMA_RULE_MAX; rule++)
		if (rep->rule[rule].way == NMA_WAY_PROGRAM)
			return true;
	return false;
}

static int check_lsm(const struct nma_features *features, struct nma_enforce_report *rep)
{
	char list[256] = "";
	FILE *file;

	if (features->bpf_lsm || !any_program(rep))
		return 0;
	file = fopen("/sys/kernel/security/lsm", "re");
	if (!file) {
		snprintf(rep->error, sizeof(rep->error),
			 "which security modules are active cannot be read: run mount -t securityfs securityfs /sys/kernel/security");
		return -EOPNOTSUPP;
	}
	if (!fgets(list, sizeof(list), file))
		list[0] = '\0';
	fclose(file);
	list[strcspn(list, "\n")] = '\0';
	snprintf(rep->error, sizeof(rep->error),
		 "no program can refuse anything here: \"bpf\" is not among the security modules of this kernel; boot with lsm=%s%sbpf on its command line",
		 list, list[0] ? "," : "");
	return -EOPNOTSUPP;
}

int nma_enforce__plan(const struct nma_policy_file *f, const struct nma_features *features,
		      struct nma_enforce_report *rep)
{
	unsigned int rule;
	int err;

	memset(rep, 0, sizeof(*rep));
	for (rule = 0; rule < NMA_RULE_MAX; rule++)
		plan_rule(f, features, rule, &rep->rule[rule]);
	err = check_lsm(features, rep);
	return err ? err : refuse_missing(f, rep);
}

/* ---- Load ----------------------------------------------------------------------*/

static const struct nma_need *need_of(const char *prog)
{
	unsigned int i;

	for (i = 0; i < nma_nr_needs; i++)
		if (!strcmp(nma_needs[i].prog, prog))
			return &nma_needs[i];
	return NULL;
}

/* Types of the kernel as held.bpf's are found: see kernel/btf.h. */
static struct enforce_bpf *open_skeleton(int *btf)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct enforce_bpf *skel;
	char path[64];

	*btf = nma_kernel_btf__file(path, sizeof(path));
	if (*btf >= 0)
		opts.btf_custom_path = path;
	skel = enforce_bpf__open_opts(&opts);
	if (!skel || *btf < 0 || !nma_kernel_btf__subset(bpf_object__btf(skel->obj), *btf))
		return skel;
	enforce_bpf__destroy(skel);
	close(*btf);
	*btf = -1;
	return enforce_bpf__open();
}

/* All that this kernel has a place for: another policy may need them. */
static int load(struct enforce_bpf *skel)
{
	const struct nma_need *need;
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, skel->obj) {
		need = need_of(bpf_program__name(prog));
		bpf_program__set_autoload(prog, need && has_func(need->func));
	}
	return enforce_bpf__load(skel);
}

static int pin_all(struct job *j, struct enforce_bpf *skel)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	int err = 0;
	size_t i;

	bpf_object__for_each_program(prog, skel->obj) {
		if (!bpf_program__autoload(prog))
			continue;
		err = nma_pins__put(&j->pins, NMA_PIN_PROG, bpf_program__name(prog),
				    bpf_program__fd(prog));
		if (err)
			return err;
	}
	for (i = 0; !err && i < NR_MAPS; i++) {
		map = bpf_object__find_map_by_name(skel->obj, pinned_maps[i]);
		err = nma_pins__put(&j->pins, NMA_PIN_MAP, pinned_maps[i],
				    bpf_map__fd(map));
	}
	return err;
}

/* What says that all is there comes last, in finish(). */
static int load_and_pin(struct job *j, int *state)
{
	struct enforce_bpf *skel;
	int btf, err;

	skel = open_skeleton(&btf);
	if (!skel)
		return fail(j, -errno, "cannot open the programs", "");
	err = load(skel);
	if (err)
		fail(j, err, "the kernel refuses the programs", "");
	else if ((err = pin_all(j, skel)))
		fail_pins(j, err);
	else
		*state = dup(bpf_map__fd(skel->maps.nma_state));
	enforce_bpf__destroy(skel);
	if (btf >= 0)
		close(btf);
	return err;
}

/* ---- Links ---------------------------------------------------------------------*/

static int attach_to_cgroups(int prog)
{
	struct statfs fs;
	int cgroup, fd;

	if (statfs(CGROUP_ROOT, &fs) || (__u32)fs.f_type != CGROUP2_SUPER_MAGIC)
		return -ENOTSUP;
	cgroup = open(CGROUP_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		return -errno;
	fd = bpf_link_create(prog, cgroup, BPF_CGROUP_SETSOCKOPT, NULL);
	if (fd < 0)
		fd = -errno;
	close(cgroup);
	return fd;
}

static int attach_to_function(int prog)
{
	int fd = bpf_raw_tracepoint_open(NULL, prog);

	return fd < 0 ? -errno : fd;
}

static int attach_row(struct job *j, unsigned int i)
{
	const struct nma_need *n = &nma_needs[i];
	int prog, link, err;

	prog = nma_pins__get(&j->pins, NMA_PIN_PROG, n->prog);
	if (prog < 0)
		return fail(j, prog, "cannot open the program ", n->prog);
	link = n->func ? attach_to_function(prog) : attach_to_cgroups(prog);
	close(prog);
	if (link == -ENOTSUP)
		return fail(j, link, "NM-TOK-02 needs the unified hierarchy of cgroups at ",
			    CGROUP_ROOT);
	if (link < 0)
		return fail(j, link, "cannot attach to ", n->hook);
	err = nma_pins__put(&j->pins, NMA_PIN_LINK, n->prog, link);
	close(link);
	if (err)
		return fail_pins(j, err);
	j->added |= 1u << i;
	return 0;
}

/* Of io_uring only what this kernel has. */
static bool row_applies(const struct job *j, unsigned int i)
{
	const struct nma_need *n = &nma_needs[i];

	return nma_needed(n, &j->policy) &&
	       (!n->acts || nma_pins__has(&j->pins, NMA_PIN_PROG, "nma_zcrx_begin"));
}

static int attach_needed(struct job *j)
{
	unsigned int i;
	int err;

	for (i = 0; i < nma_nr_needs; i++) {
		if (!row_applies(j, i) ||
		    nma_pins__has(&j->pins, NMA_PIN_LINK, nma_needs[i].prog))
			continue;
		err = attach_row(j, i);
		if (err)
			return err;
	}
	return 0;
}

static void detach_unneeded(struct job *j)
{
	unsigned int i;

	for (i = 0; i < nma_nr_needs; i++)
		if (!row_applies(j, i))
			nma_pins__remove(&j->pins, NMA_PIN_LINK, nma_needs[i].prog);
}

/* ---- The policy ------------------------------------------------------------------*/

static int family(const char *name, __u16 *id)
{
	struct nma_genl g;
	int err = nma_genl__open(&g, name, 1);

	*id = err ? 0 : g.family;
	nma_genl__close(&g);
	return err;
}

static int complete_policy(struct job *j)
{
	struct nma_policy *pol = &j->policy;
	unsigned int rule;
	int err;

	*pol = j->file->policy;
	pol->page_size = sysconf(_SC_PAGESIZE);
	for (rule = 0; rule < NMA_RULE_MAX; rule++)
		if (j->rep->rule[rule].way != NMA_WAY_PROGRAM)
			pol->mode[rule] = NMA_MODE_OFF;
	err = family("netdev", &pol->netdev_family);
	if (!err)
		err = family("ethtool", &pol->ethtool_family);
	return err ? fail(j, err, "cannot ask for a family of generic netlink", "") : 0;
}

static int swap_policy(struct job *j)
{
	__u32 zero = 0;
	int outer, inner, err = 0;

	outer = nma_pins__get(&j->pins, NMA_PIN_MAP, "nma_policies");
	inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "nma_policy", sizeof(zero),
			       sizeof(j->policy), 1, NULL);
	if (outer < 0 || inner < 0)
		err = outer < 0 ? outer : inner;
	else if (bpf_map_update_elem(inner, &zero, &j->policy, BPF_ANY) ||
		 bpf_map_update_elem(outer, &zero, &inner, BPF_ANY))
		err = -errno;
	if (outer >= 0)
		close(outer);
	if (inner >= 0)
		close(inner);
	return err ? fail(j, err, "cannot put the policy into force", "") : 0;
}

/* Of what this build would load. */
static __u64 hash_programs(void)
{
	__u64 hash = NMA_HASH_BEGIN;
	const unsigned char *p;
	size_t size, i;

	p = enforce_bpf__elf_bytes(&size);
	for (i = 0; i < size; i++)
		hash = nma_hash_byte(hash, p[i]);
	return hash;
}

static int write_state(struct job *j, int fd)
{
	__u64 programs = hash_programs();
	struct nma_enforce_state s = { 0 };
	struct timespec now;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(fd, &zero, &s))
		return fail(j, -errno, "cannot read what is in force", "");
	clock_gettime(CLOCK_REALTIME, &now);
	s.schema = NMA_ENFORCE_SCHEMA;
	s.generation++;
	s.since_ns = now.tv_sec * 1000000000ull + now.tv_nsec;
	s.hash = j->file->hash;
	if (j->fresh)
		s.programs = programs;
	j->rep->programs_differ = s.programs != programs;
	snprintf(s.path, sizeof(s.path), "%s", j->file->path);
	j->rep->generation = s.generation;
	if (bpf_map_update_elem(fd, &zero, &s, BPF_ANY))
		return fail(j, -errno, "cannot say what is in force", "");
	if (j->fresh && nma_pins__put(&j->pins, NMA_PIN_MAP, "nma_state", fd))
		return fail_pins(j, -EIO);
	return 0;
}

/* Does what is pinned say that it is complete, and ours? -ENOENT: not complete */
static int open_state(struct nma_pins *pins, struct nma_enforce_state *s)
{
	struct bpf_map_info info = { 0 };
	__u32 zero = 0, len = sizeof(info);
	int fd;

	fd = nma_pins__get(pins, NMA_PIN_MAP, "nma_state");
	if (fd < 0)
		return fd;
	if (bpf_map_get_info_by_fd(fd, &info, &len) || info.value_size != sizeof(*s) ||
	    bpf_map_lookup_elem(fd, &zero, s) || s->schema != NMA_ENFORCE_SCHEMA) {
		close(fd);
		return -EPROTO;
	}
	return fd;
}

static int begin(struct job *j, int *state)
{
	struct nma_enforce_state s;
	int err;

	err = nma_pins__open(&j->pins, true);
	if (!err)
		err = nma_pins__check(&j->pins);
	if (err)
		return fail_pins(j, err);
	*state = open_state(&j->pins, &s);
	if (*state >= 0)
		return 0;
	if (*state == -EPROTO) {
		snprintf(j->rep->error, sizeof(j->rep->error),
			 "%s is of another version of netmem-audit: run netmem-audit enforce off first",
			 NMA_PINS_DIR);
		return -EPROTO;
	}
	/* what somebody left who did not get to its end */
	j->fresh = true;
	err = nma_pins__clear(&j->pins);
	nma_pins__close(&j->pins);
	if (!err)
		err = nma_pins__open(&j->pins, true);
	return err ? fail_pins(j, err) : load_and_pin(j, state);
}

static void give_up(struct job *j)
{
	unsigned int i;

	if (j->fresh) {
		nma_pins__clear(&j->pins);
		return;
	}
	for (i = 0; i < nma_nr_needs; i++)
		if (j->added & 1u << i)
			nma_pins__remove(&j->pins, NMA_PIN_LINK, nma_needs[i].prog);
}

int nma_enforce__on(const struct nma_policy_file *f, const struct nma_features *features,
		    struct nma_enforce_report *rep)
{
	struct job j = { .file = f, .features = features, .rep = rep };
	int state = -1, err;

	_Static_assert(sizeof(nma_needs[0]) && NEEDS_MAX <= 32, "bits of struct job");
	j.pins.dir = -1;
	err = nma_enforce__plan(f, features, rep);
	if (!err)
		err = complete_policy(&j);
	if (!err)
		err = begin(&j, &state);
	if (err)
		goto out;
	err = attach_needed(&j);
	if (!err) {
		nma_enforce__prime();
		err = swap_policy(&j);
	}
	if (!err)
		err = write_state(&j, state);
	if (err)
		give_up(&j);
	else
		detach_unneeded(&j);
out:
	if (state >= 0)
		close(state);
	nma_pins__close(&j.pins);
	return err;
}

/* The kernel detaches what is not pinned any more when it gets to it; without a policy
 * programs refuse nothing from now on.
 */
static void drop_policy(const struct nma_pins *pins)
{
	int outer = nma_pins__get(pins, NMA_PIN_MAP, "nma_policies");
	__u32 zero = 0;

	if (outer < 0)
		return;
	bpf_map_delete_elem(outer, &zero);
	close(outer);
}

int nma_enforce__off(char *error, size_t size)
{
	struct nma_pins pins;
	int err = nma_pins__open(&pins, false);

	if (!err) {
		drop_policy(&pins);
		err = nma_pins__clear(&pins);
	}
	snprintf(error, size, "%s", pins.error);
	nma_pins__close(&pins);
	return err;
}

/* ---- Status --------------------------------------------------------------------*/

static int read_policy(struct nma_pins *pins, struct nma_policy *pol)
{
	__u32 zero = 0, id;
	int outer, inner, err;

	outer = nma_pins__get(pins, NMA_PIN_MAP, "nma_policies");
	if (outer < 0)
		return outer;
	err = bpf_map_lookup_elem(outer, &zero, &id) ? -errno : 0;
	close(outer);
	if (err)
		return err;
	inner = bpf_map_get_fd_by_id(id);
	if (inner < 0)
		return -errno;
	err = bpf_map_lookup_elem(inner, &zero, pol) ? -errno : 0;
	close(inner);
	return err;
}

static void read_counts(struct nma_pins *pins, struct nma_enforce_status *st)
{
	int fd = nma_pins__get(pins, NMA_PIN_MAP, "nma_counts");
	__u32 i;

	for (i = 0; fd >= 0 && i < NMA_ENFORCE_RULES; i++)
		bpf_map_lookup_elem(fd, &i, &st->count[i]);
	if (fd >= 0)
		close(fd);
}

static int later_first(const void *a, const void *b)
{
	const struct nma_refusal *x = a, *y = b;

	return x->time_ns < y->time_ns ? 1 : x->time_ns > y->time_ns ? -1 : 0;
}

static void read_log(struct nma_pins *pins, struct nma_enforce_status *st)
{
	int fd = nma_pins__get(pins, NMA_PIN_MAP, "nma_log");
	__u32 i;

	for (i = 0; fd >= 0 && i < NMA_ENFORCE_RULES * NMA_ENFORCE_LOG; i++)
		if (!bpf_map_lookup_elem(fd, &i, &st->last[st->nr_last]) &&
		    st->last[st->nr_last].nr && st->last[st->nr_last].rule < NMA_RULE_MAX)
			st->nr_last++;
	if (fd >= 0)
		close(fd);
	qsort(st->last, st->nr_last, sizeof(st->last[0]), later_first);
}

static void read_links(struct nma_pins *pins, struct nma_enforce_status *st)
{
	unsigned int rule, i;

	for (rule = 0; rule < NMA_RULE_MAX; rule++) {
		st->rule[rule].mode = st->policy.mode[rule];
		if (!st->policy.mode[rule])
			continue;
		st->rule[rule].way = NMA_WAY_PROGRAM;
		nma_needs_hooks(rule, &st->policy, st->rule[rule].hooks,
				sizeof(st->rule[rule].hooks));
	}
	for (i = 0; i < nma_nr_needs; i++)
		if (nma_needed(&nma_needs[i], &st->policy) &&
		    nma_pins__has(pins, NMA_PIN_PROG, nma_needs[i].prog) &&
		    !nma_pins__has(pins, NMA_PIN_LINK, nma_needs[i].prog))
			st->missing_links++;
}

int nma_enforce__status(struct nma_enforce_status *st)
{
	struct nma_pins pins;
	int fd, err;

	memset(st, 0, sizeof(*st));
	err = nma_pins__open(&pins, false);
	snprintf(st->error, sizeof(st->error), "%s", pins.error);
	if (err)
		return err;
	fd = open_state(&pins, &st->state);
	err = fd < 0 ? -EPROTO : read_policy(&pins, &st->policy);
	if (fd >= 0)
		close(fd);
	if (err) {
		snprintf(st->error, sizeof(st->error),
			 "%s is not complete, or of another version: run netmem-audit enforce on, or off",
			 NMA_PINS_DIR);
	} else {
		read_counts(&pins, st);
		read_log(&pins, st);
		read_links(&pins, st);
		st->programs_differ = st->state.programs != hash_programs();
	}
	nma_pins__close(&pins);
	return err;
}
