// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * See standing.h.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "kernel/ksyms.h"
#include "log.h"
#include "rules/rules.h"
#include "standing.h"

/* Wrong contents are the user's to correct (2), an unreadable file is not. */
static int file_error(const struct nma_env *env, int err, const char *error)
{
	nma_err(env, err, "%s", error);
	return err == -EINVAL ? NMA_EXIT_USAGE : NMA_EXIT_ENV;
}

int nma_excuses__load(struct nma_excuses *e, struct nma_env *env,
		      const char *baseline_path, const char *waive_path)
{
	char today[NMA_DAY_LEN], error[512];
	int err = 0;

	*e = (struct nma_excuses){
		.waive_path = waive_path,
		.baseline_path = baseline_path,
		.ksyms = env->out.ksyms,
	};
	nma_clock_today(today);
	if (baseline_path)
		err = nma_baseline__load(baseline_path, &e->baseline, error,
					 sizeof(error));
	if (!err && waive_path)
		err = nma_waivers__load(waive_path, today, &e->waivers, error,
					sizeof(error));
	return err ? file_error(env, err, error) : NMA_EXIT_OK;
}

/* Names of devices and queues may mean something else there. */
void nma_excuses__compare(const struct nma_excuses *e, const struct nma_env *env,
			  const char *release)
{
	const char *kernel = e->baseline ? nma_baseline_kernel(e->baseline) : "";

	if (kernel[0] && strcmp(kernel, release))
		nma_warn(env, "the baseline %s is of kernel %s, this is %s: what it has is known only by the names of devices and queues",
			 e->baseline_path, kernel, release);
}

void nma_excuses__free(struct nma_excuses *e)
{
	nma_baseline__free(e->baseline);
	nma_waivers__free(e->waivers);
}

/* "function [module]": of what is in the kernel itself, nothing */
static bool take_module(const char *name, char *dst, size_t size)
{
	const char *begin = strrchr(name, '['), *end = strrchr(name, ']');

	if (!begin || !end || end < begin)
		return false;
	snprintf(dst, size, "%.*s", (int)(end - begin - 1), begin + 1);
	return true;
}

/* The module that did it, or that made the page_pool. */
static void module_of(struct nma_ksyms *ksyms, const struct nma_finding *f,
		      char *dst, size_t size)
{
	const struct nma_value *v;
	char name[128];
	unsigned int i;

	for (i = 0; i < f->nr_evidence; i++) {
		v = &f->evidence[i].value;
		if (v->type == NMA_VALUE_STACK &&
		    !nma_ksyms__creator(ksyms, v->stack, v->nr, name, sizeof(name)) &&
		    take_module(name, dst, size))
			return;
	}
}

static void driver_of(const struct nma_excuses *e, const struct nma_model *m,
		      const struct nma_finding *f, char *dst, size_t size)
{
	const struct nma_nic *nic = nma_model__nic_by_index(m, f->netns, f->ifindex);

	snprintf(dst, size, "%.*s", NMA_NAME_LEN, nic ? nic->r.driver : "");
	if (!nic && !f->ifname[0])
		module_of(e->ksyms, f, dst, size);
}

struct nma_standing nma_excuses__judge(struct nma_excuses *e,
				       const struct nma_model *m,
				       const struct nma_finding *f)
{
	struct nma_standing st = { .kind = NMA_COUNTS };
	char driver[NMA_NAME_LEN + 1];

	if (e->waivers) {
		driver_of(e, m, f, driver, sizeof(driver));
		st.waiver = nma_waivers__find(e->waivers, f, driver);
	}
	if (st.waiver && !st.waiver->expired)
		st.kind = NMA_WAIVED;
	else if (e->baseline && nma_baseline__take(e->baseline, f))
		st.kind = NMA_KNOWN;
	else if (st.waiver)
		st.kind = NMA_LAPSED;
	return st;
}

static const char *waiver_state(const struct nma_waiver *w)
{
	if (w->expired)
		return "expired";
	return w->used ? "used" : "not needed";
}

void nma_excuses__show(const struct nma_excuses *e, const struct nma_env *env)
{
	const struct nma_waiver *w = e->waivers ? nma_waivers__first(e->waivers) : NULL;

	for (; w; w = w->next) {
		if (!w->used && !w->expired && !env->out.verbose)
			continue;
		nma_out_text(&env->out, 0, "waiver %s:%u %s: %s%s%s%s%s, expires %s: %s",
			     e->waive_path, w->line, waiver_state(w),
			     nma_rules[w->rule].id,
			     w->ifname ? " " : "", w->ifname ? w->ifname : "",
			     w->driver ? " driver " : "", w->driver ? w->driver : "",
			     w->expires, w->reason);
	}
}

static struct json_object *waiver_json(const struct nma_waiver *w)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "line", json_object_new_int64(w->line));
	nma_json_add_str(obj, "rule", nma_rules[w->rule].id);
	nma_json_add_str(obj, "ifname", w->ifname);
	nma_json_add_str(obj, "driver", w->driver);
	if (w->queue != NMA_NO_QUEUE)
		json_object_object_add(obj, "queue", json_object_new_int64(w->queue));
	nma_json_add_str(obj, "reason", w->reason);
	nma_json_add_str(obj, "expires", w->expires);
	json_object_object_add(obj, "expired", json_object_new_boolean(w->expired));
	json_object_object_add(obj, "used", json_object_new_int64(w->used));
	return obj;
}

struct json_object *nma_excuses__json(const struct nma_excuses *e)
{
	const struct nma_waiver *w = e->waivers ? nma_waivers__first(e->waivers) : NULL;
	struct json_object *arr = json_object_new_array();

	for (; w; w = w->next)
		json_object_array_add(arr, waiver_json(w));
	return arr;
}
