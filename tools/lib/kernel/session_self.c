// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * What we cost the kernel ourselves: see nma_session__self().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/session_priv.h"

static bool runs_are_timed(void)
{
	FILE *file = fopen("/proc/sys/kernel/bpf_stats_enabled", "re");
	int value = 0;

	if (!file)
		return false;
	if (fscanf(file, "%d", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

static __u64 bytes_of_map(const struct bpf_map *map)
{
	char path[64], line[128];
	__u64 bytes = 0;
	FILE *file;

	if (bpf_map__fd(map) < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	fclose(file);
	return bytes;
}

static int add_prog(struct nma_self *self, const struct bpf_program *prog)
{
	struct bpf_prog_info info = {};
	struct nma_prog_cost *cost;
	__u32 len = sizeof(info);

	if (bpf_program__fd(prog) < 0 ||
	    bpf_prog_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return 0;
	cost = realloc(self->prog, (self->nr + 1) * sizeof(*cost));
	if (!cost)
		return -ENOMEM;
	self->prog = cost;
	cost += self->nr++;
	*cost = (struct nma_prog_cost){
		.runs = info.run_cnt,
		.run_ns = info.run_time_ns,
	};
	snprintf(cost->name, sizeof(cost->name), "%s", bpf_program__name(prog));
	return 0;
}

static int add_progs(struct nma_self *self, const struct bpf_object *obj)
{
	struct bpf_program *prog;
	int err;

	bpf_object__for_each_program(prog, obj) {
		err = add_prog(self, prog);
		if (err)
			return err;
	}
	return 0;
}

static int add_object(struct nma_self *self, const struct bpf_object *obj)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
		self->map_bytes += bytes_of_map(map);
	return add_progs(self, obj);
}

int nma_session__self(const struct nma_session *s, struct nma_self *self)
{
	int i, err;

	*self = (struct nma_self){ .timed = runs_are_timed() };
	err = add_object(self, s->skel->obj);
	for (i = 0; !err && i < NMA_LATER_MAX; i++)
		if (s->later[i])	/* its maps are those */
			err = add_progs(self, s->later[i]->obj);
	if (!err && s->held.skel)
		err = add_object(self, s->held.skel->obj);
	return err;
}
