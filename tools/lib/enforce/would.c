// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See would.h; the same as bpf/enforce/ finds when it is tried.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enforce/would.h"

#define CGROUPS	"/sys/fs/cgroup"

/* Each level of a path below the root of cgroups */
static void find_levels(struct nma_identity *self, const char *path)
{
	char at[4096];
	struct stat st;
	size_t len;

	for (len = 0; self->nr_cgroups < NMA_CGROUP_LEVELS; len++) {
		if (path[len] && path[len] != '/')
			continue;
		snprintf(at, sizeof(at), CGROUPS "%.*s", (int)len, path);
		if (!stat(at, &st))
			self->cgroup[self->nr_cgroups++] = st.st_ino;
		if (!path[len] || !strcmp(path + len, "/"))
			return;
	}
}

void nma_identity__find(struct nma_identity *self)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[4096];

	*self = (struct nma_identity){ .uid = geteuid() };
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "0::", 3))
			find_levels(self, line + 3);
	}
	if (file)
		fclose(file);
}

static bool covers(const struct nma_policy *pol, const char *ifname)
{
	char name[NMA_IFNAME_LEN + 1];
	__u32 i;

	snprintf(name, sizeof(name), "%.*s", NMA_IFNAME_LEN, ifname);
	for (i = 0; i < pol->nr_ports && i < NMA_ENFORCE_PORTS; i++) {
		const char *port = pol->port[i];
		size_t len = strcspn(port, "*");

		if (port[len] ? !strncmp(port, name, len) : !strcmp(port, name))
			return true;
	}
	return !pol->nr_ports;
}

static bool fits(const struct nma_who *who, const struct nma_identity *self)
{
	if (who->has & NMA_WHO_UID && who->uid != self->uid)
		return false;
	return !(who->has & NMA_WHO_CGROUP) ||
	       (who->cgroup_level < self->nr_cgroups &&
		self->cgroup[who->cgroup_level] == who->cgroup_id);
}

static enum nma_answer may(const struct nma_policy *pol, const struct nma_identity *self,
			   enum nma_act_kind act)
{
	enum nma_answer answer = NMA_ANSWER_NO;
	__u32 i;

	if (!(pol->restricted & 1u << act))
		return NMA_ANSWER_YES;
	for (i = 0; i < pol->nr_who && i < NMA_ENFORCE_ROWS; i++) {
		const struct nma_who *who = &pol->who[i];

		if (!(who->acts & 1u << act) || !fits(who, self))
			continue;
		if (!(who->has & NMA_WHO_EXE))
			return NMA_ANSWER_YES;
		answer = NMA_ANSWER_UNSURE;
	}
	return answer;
}

static bool enforces(const struct nma_policy *pol, enum nma_rule_id rule)
{
	return pol->mode[rule] == NMA_MODE_ENFORCE;
}

enum nma_answer nma_would(const struct nma_policy *pol, const struct nma_identity *self,
			  enum nma_act_kind act, const struct nma_nic *nic, __u32 queue,
			  enum nma_rule_id *rule)
{
	enum nma_answer answer = NMA_ANSWER_YES;

	if (act != NMA_WHO_ZCRX && !covers(pol, nic->r.ifname))
		return NMA_ANSWER_YES;
	*rule = NMA_RULE_BIND_09;
	if (enforces(pol, NMA_RULE_BIND_09)) {
		answer = may(pol, self, act);
		if (answer == NMA_ANSWER_YES && act != NMA_WHO_ZCRX && pol->dmabuf_bytes != ~0ull)
			answer = NMA_ANSWER_UNSURE;
	}
	if (answer == NMA_ANSWER_NO || act != NMA_WHO_BIND_RX)
		return answer;
	if (enforces(pol, NMA_RULE_BIND_07) && nic->rss.known &&
	    nma_queue_set_has(&nic->rss, queue)) {
		*rule = NMA_RULE_BIND_07;
		return NMA_ANSWER_NO;
	}
	return answer;
}
