// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Why the kernel refuses, or would: one world that lacks nothing, of which one thing is
 * broken at a time, and refusals with and without the words of the kernel.
 */
#include <errno.h>
#include <string.h>

#include "cli.h"
#include "command.h"
#include "explain/precondition.h"
#include "fake.h"
#include "world.h"

#define OTHER	0xffff888000009000ull

static struct nma_rec_nic good_nic(void)
{
	struct nma_rec_nic r = rec_nic();

	r.flags |= NMA_NIC_DMA_DEV | NMA_NIC_TX_VALID;
	r.netmem_tx = 1;
	r.parent[0] = 1;
	r.xdp_features = NMA_XDP_KNOWN | NMA_XDP_ZEROCOPY;
	return r;
}

static struct nma_rec_binding owned(void)
{
	struct nma_rec_binding r = rec_binding();

	r.listed = 1;
	r.owner_pid = 4711;
	r.owner_cgroup = 99;
	strcpy(r.owner_comm, "receiver");
	return r;
}

static struct nma_rec_owner xsk_owner(void)
{
	return (struct nma_rec_owner){
		.hdr = { .type = NMA_REC_OWNER, .size = sizeof(struct nma_rec_owner),
			 .cause = NMA_CAUSE_SNAPSHOT },
		.owned = NMA_OWNED_XSK, .netdev = NETDEV, .queue = 0,
		.pid = 815, .comm = "xsk",
	};
}

static struct nma_rec_refused rec_refused(enum nma_req ask, int err, const char *words)
{
	struct nma_rec_refused r = {
		.hdr = { .type = NMA_REC_REFUSED, .size = sizeof(r), .time_ns = 5 * SEC,
			 .pid = 42, .netns = NETNS, .comm = "asker" },
		.netdev = NETDEV, .ask = ask, .ifindex = 3, .err = -err,
		.admin = NMA_ADMIN_YES, .memlock = ~0ull, .ifname = "nm0",
	};

	strncpy(r.words, words, sizeof(r.words) - 1);
	return r;
}

static int setup(void **state)
{
	struct nma_model *m = nma_model__new();
	__u32 q;

	FEED(m, good_nic());
	for (q = 0; q < 4; q++)
		FEED(m, rec_queue(q));
	m->page_size = 4096;
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	nma_model__free(*state);
	return 0;
}

static struct nma_reason reason(struct nma_model *m, struct nma_rec_refused r)
{
	struct nma_reason why;
	struct nma_change c = feed(m, &r);

	assert_int_equal(c.subject, NMA_SUBJ_REFUSED);
	nma_reason__refused(m, &r, &why);
	return why;
}

/* ---- by the words of the kernel ---- */

static const struct {
	enum nma_req ask;
	int err;
	const char *words;
	const char *cause;
} said[] = {
	{ NMA_REQ_BIND_RX, ERANGE, "rx queue index out of range", "no_queue" },
	{ NMA_REQ_BIND_RX, EBUSY, "rx queue leased to a virtual netdev", "leased" },
	{ NMA_REQ_BIND_RX, EOPNOTSUPP, "rx queue belongs to a virtual netdev", "queue_ops" },
	{ NMA_REQ_BIND_RX, EOPNOTSUPP, "Device doesn't support DMA", "dma_device" },
	{ NMA_REQ_BIND_RX, EINVAL,
	  "DMA device mismatch between queue 1 and 2 (multi-PF device?)", "dma_mismatch" },
	{ NMA_REQ_BIND_TX, EOPNOTSUPP, "Driver does not support netmem TX", "netmem_tx" },
	{ NMA_REQ_BIND_TX, EINVAL, "TX dma-buf size must be a multiple of PAGE_SIZE",
	  "alignment" },
	{ NMA_REQ_BIND_RX, EINVAL, "dma-buf SG length must be PAGE_SIZE aligned",
	  "alignment" },
	{ NMA_REQ_BIND_RX, EINVAL, "Failed to bind dmabuf to device", "exporter" },
	{ NMA_REQ_BIND_RX, ENOMEM, "Failed to map dmabuf attachment", "mapping" },
	{ NMA_REQ_BIND_RX, EINVAL, "tcp-data-split is disabled", "tcp_data_split" },
	{ NMA_REQ_BIND_RX, EINVAL, "hds-thresh is not zero", "hds_thresh" },
	{ NMA_REQ_BIND_RX, EEXIST,
	  "unable to custom memory provider to device with XDP program attached", "xdp" },
	{ NMA_REQ_BIND_RX, EEXIST, "unable to bind dmabuf to device with XDP program attached",
	  "xdp" },
	{ NMA_REQ_BIND_RX, EEXIST, "designated queue already memory provider bound",
	  "queue_bound" },
	{ NMA_REQ_BIND_RX, EBUSY, "designated queue already in use by AF_XDP", "af_xdp" },
	{ NMA_REQ_XDP, EBUSY, "unable to install XDP to device using tcp-data-split",
	  "xdp_tcp_data_split" },
	{ NMA_REQ_XDP, EINVAL, "tcp-data-split needs an XDP program with frags",
	  "xdp_tcp_data_split" },
	{ NMA_REQ_XDP, EBUSY, "unable to install XDP to device using memory provider",
	  "xdp_queue_bound" },
	{ NMA_REQ_XDP, EBUSY, "XDP program already attached", "xdp_busy" },
	{ NMA_REQ_CHANNELS, EINVAL,
	  "requested channel counts are too low for existing memory provider setting (4)",
	  "channels_queue_bound" },
	{ NMA_REQ_CHANNELS, EINVAL,
	  "requested channel counts are too low for existing indirection table (2)",
	  "channels_rss" },
	{ NMA_REQ_CHANNELS, EINVAL,
	  "requested channel counts are too low for existing ntuple filter settings",
	  "channels_rules" },
	{ NMA_REQ_RINGS, EINVAL,
	  "can't disable tcp-data-split while device has memory provider enabled",
	  "rings_queue_bound" },
	{ NMA_REQ_RINGS, EINVAL,
	  "can't set non-zero hds_thresh while device is memory provider enabled",
	  "rings_queue_bound" },
	{ NMA_REQ_RINGS, EINVAL,	/* before the core looks, it is the driver's to say */
	  "tcp-data-split cannot be turned off while queue 3 has a memory provider",
	  "rings_queue_bound" },
	{ NMA_REQ_RINGS, EINVAL, "tcp-data-split can not be enabled with single buffer XDP",
	  "rings_xdp" },
	{ NMA_REQ_RINGS, EINVAL, "tcp-data-split needs an XDP program with frags",
	  "rings_xdp" },
	/* of a driver's own, which are not ours to interpret */
	{ NMA_REQ_RINGS, EINVAL, "ring sizes must be powers of two from 64 to 4096",
	  "unknown" },
	{ NMA_REQ_BIND_RX, EINVAL, "the moon is in the way", "unknown" },
};

static void test_words(void **state)
{
	struct nma_reason why;
	size_t i;

	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		why = reason(*state, rec_refused(said[i].ask, said[i].err, said[i].words));
		assert_string_equal(why.key, said[i].cause);
		assert_int_equal(why.by_words, !!strcmp(said[i].cause, "unknown"));
		assert_null(strchr(why.text, '%'));
	}
	assert_non_null(strstr(why.text, "the moon is in the way"));
}

/* ---- by the state of things ---- */

static struct nma_rec_refused zcrx(int err)
{
	return rec_refused(NMA_REQ_ZCRX, err, "");
}

static void expect_cause(struct nma_model *m, struct nma_rec_refused r, const char *cause)
{
	struct nma_reason why = reason(m, r);

	if (strcmp(why.key, cause))
		fail_msg("%s, not %s: %s", why.key, cause, why.text);
	assert_false(why.by_words);
}

static void test_nothing_is_wrong(void **state)
{
	static const int errs[] = { EINVAL, EBUSY, EEXIST, EOPNOTSUPP, ERANGE, EIO };
	size_t i;

	for (i = 0; i < sizeof(errs) / sizeof(errs[0]); i++)
		expect_cause(*state, zcrx(errs[i]), "unknown");
}

static void test_settings(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_nic r = good_nic();

	r.hds = NMA_HDS_UNKNOWN;	/* the default: no kernel takes it */
	FEED(m, r);
	expect_cause(m, zcrx(EINVAL), "tcp_data_split");
	expect_cause(m, zcrx(EBUSY), "unknown");
	r = good_nic();
	r.hds_thresh = 100;
	FEED(m, r);
	expect_cause(m, zcrx(EINVAL), "hds_thresh");
	r = good_nic();
	r.xdp_prog_id[0] = 7;
	FEED(m, r);
	expect_cause(m, zcrx(EEXIST), "xdp");
	assert_non_null(strstr(reason(m, zcrx(EEXIST)).fix, "xdpgeneric off"));
	r = good_nic();
	r.qops = 0;
	FEED(m, r);
	expect_cause(m, zcrx(EOPNOTSUPP), "queue_ops");
	r = good_nic();
	r.flags &= ~NMA_NIC_DMA_DEV;
	FEED(m, r);
	expect_cause(m, zcrx(EOPNOTSUPP), "dma_device");
	/* with words of which there are two meanings */
	assert_string_equal(reason(m, rec_refused(NMA_REQ_BIND_RX, EINVAL,
						  "Failed to bind dmabuf to device")).key,
			    "dma_device");
}

static void test_queue(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_refused r = zcrx(ERANGE);
	struct nma_rec_queue q = rec_queue(0);

	r.queue = 4;
	expect_cause(m, r, "no_queue");
	assert_string_equal(reason(m, r).fix, "ethtool -L nm0 combined 5");
	q.lease_netdev = OTHER;
	q.lease_queue = 1;
	FEED(m, q);
	expect_cause(m, zcrx(EBUSY), "leased");
}

static void test_holder(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_queue q = rec_queue(0);
	struct nma_reason why;

	FEED(m, owned());
	FEED(m, rec_bound(0));
	why = reason(m, zcrx(EEXIST));
	assert_string_equal(why.key, "queue_bound");
	assert_string_equal(why.text, "queue 0 of nm0 is in use already, by receiver, pid 4711");
	assert_int_equal(why.holder_pid, 4711);
	assert_int_equal(why.holder_cgroup, 99);
	why = reason(m, rec_refused(NMA_REQ_XDP, EBUSY, "device using memory provider"));
	assert_int_equal(why.holder_pid, 4711);

	q.xsk = NMA_XSK_COPY;
	FEED(m, q);
	expect_cause(m, zcrx(EBUSY), "af_xdp");
	assert_non_null(strstr(reason(m, zcrx(EBUSY)).text, "not known"));
	FEED(m, xsk_owner());
	assert_int_equal(reason(m, zcrx(EBUSY)).holder_pid, 815);
}

static void test_request(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_refused r = zcrx(EINVAL);

	r.mode = NMA_ZCRX_BAD_RING;
	expect_cause(m, r, "ring");
	r.mode = NMA_ZCRX_UNALIGNED;
	expect_cause(m, r, "alignment");
	r = zcrx(EOPNOTSUPP);
	r.value = 8192;
	expect_cause(m, r, "page_size");
	r.err = -ERANGE;	/* the memory is not in pieces of that size */
	expect_cause(m, r, "page_size");
	r.err = -EEXIST;
	expect_cause(m, r, "unknown");
	r.err = -EOPNOTSUPP;
	r.value = 0;
	expect_cause(m, r, "unknown");
	r = zcrx(ENOMEM);
	expect_cause(m, r, "unknown");
	r.memlock = 65536;
	expect_cause(m, r, "memlock");
	assert_non_null(strstr(reason(m, r).text, "65536 bytes"));
	r = zcrx(EPERM);
	expect_cause(m, r, "policy");
	r.admin = NMA_ADMIN_NO;
	expect_cause(m, r, "permission");
	r = zcrx(ENODEV);
	r.netdev = 0;
	r.ifindex = 77;
	expect_cause(m, r, "no_device");
	expect_cause(m, rec_refused(NMA_REQ_BIND_RX, EBADF, ""), "no_dmabuf");
	expect_cause(m, zcrx(ENODATA), "provider_ignored");
}

/* In our words, whatever else is broken */
static void test_policy(void **state)
{
	struct nma_rec_refused r =
		rec_refused(NMA_REQ_BIND_RX, EPERM, "NM-BIND-09: not you");
	struct nma_model *m = *state;
	struct nma_reason why;
	char rule[16];

	r.admin = NMA_ADMIN_UNKNOWN;
	nma_refused_rule(&r, rule, sizeof(rule));
	assert_string_equal(rule, "");
	r.by = NMA_BY_POLICY;
	nma_refused_rule(&r, rule, sizeof(rule));
	assert_string_equal(rule, "NM-BIND-09");
	expect_cause(m, r, "policy");
	why = reason(m, r);
	assert_string_equal(why.text,
			    "refused by netmem-audit's policy, rule NM-BIND-09: not you");
	assert_string_equal(why.fix, "netmem-audit enforce status");
}

static void test_provider(void **state)
{
	struct nma_rec_pool pool = CAUSED(rec_provided(0, 0), CREATE_FAILED);
	struct nma_model *m = *state;

	pool.err = -EOPNOTSUPP;
	pool.hdr.pid = 42;
	pool.hdr.time_ns = 5 * SEC - 1000;
	FEED(m, pool);
	expect_cause(m, zcrx(EOPNOTSUPP), "provider_init");
	pool.hdr.pid = 43;	/* somebody else's */
	FEED(m, pool);
	expect_cause(m, zcrx(EOPNOTSUPP), "unknown");
}

static void test_xsk(void **state)
{
	struct nma_rec_refused r = rec_refused(NMA_REQ_XSK, EOPNOTSUPP, "");
	struct nma_model *m = *state;
	struct nma_rec_nic nic = good_nic();

	r.mode = NMA_XSK_ASK_ZEROCOPY;
	expect_cause(m, r, "unknown");
	nic.xdp_features = NMA_XDP_KNOWN;
	FEED(m, nic);
	expect_cause(m, r, "xsk_zerocopy");
	r.err = -EBUSY;
	expect_cause(m, r, "unknown");
	FEED(m, owned());
	FEED(m, rec_bound(1));
	expect_cause(m, r, "xsk_queue_bound");
}

/* Before it is tried: nothing is broken, and what only the attempt shows is unsure. */
static void test_before(void **state)
{
	struct nma_request req = {
		.model = *state, .nic = nma_model__nic(*state, NETDEV), .queue = 0,
		.asker = { .known = true, .net_admin = true, .memlock = 8 << 20 },
		.page_size = 4096,
	};
	struct nma_reason why;
	int i;

	for (req.ask = NMA_REQ_BIND_RX; req.ask <= NMA_REQ_ZCRX; req.ask++)
		for (i = 0; i < NMA_PRE_MAX; i++)
			if (nma_precondition__matters(i, req.ask))
				assert_int_not_equal(nma_precondition__test(i, &req),
						     NMA_BROKEN);
	assert_int_equal(nma_precondition__test(NMA_PRE_MEMLOCK, &req), NMA_UNSURE);
	req.asker.ipc_lock = true;
	assert_int_equal(nma_precondition__test(NMA_PRE_MEMLOCK, &req), NMA_MET);
	req.asker.net_admin = false;
	assert_int_equal(nma_precondition__test(NMA_PRE_PERMISSION, &req), NMA_BROKEN);
	req.asker.policy = NMA_BROKEN;
	req.asker.rule = "NM-BIND-09";
	assert_int_equal(nma_precondition__test(NMA_PRE_POLICY, &req), NMA_BROKEN);
	nma_reason__of(NMA_PRE_POLICY, &req, &why);
	assert_string_equal(why.text, "netmem-audit's policy would refuse it, rule NM-BIND-09");
}

/* ---- owners ---- */

static void test_owner(void **state)
{
	struct nma_rec_owner r = xsk_owner();
	struct nma_model *m = *state;
	const struct nma_binding *b;

	FEED(m, rec_binding());
	r.owned = NMA_OWNED_BINDING;
	r.object = PROVIDER;
	FEED(m, r);
	b = nma_model__binding(m, 5);
	assert_int_equal(b->r.owner_pid, 815);
	assert_string_equal(b->r.owner_comm, "xsk");
	r.pid = 816;		/* has it open, too */
	FEED(m, r);
	assert_int_equal(nma_model__binding(m, 5)->r.owner_pid, 815);
	FEED(m, rec_binding());	/* by a walk, which does not know */
	assert_int_equal(nma_model__binding(m, 5)->r.owner_pid, 815);
}

/* A socket goes, and with it whose it was. */
static void test_xsk_owner(void **state)
{
	struct nma_model *m = *state;
	struct nma_rec_queue q = rec_queue(0);

	FEED(m, xsk_owner());
	assert_int_equal(nma_model__queue(m, NETDEV, 0)->xsk.pid, 0);
	q.xsk = NMA_XSK_ZEROCOPY;
	FEED(m, q);
	FEED(m, xsk_owner());
	assert_int_equal(nma_model__queue(m, NETDEV, 0)->xsk.pid, 815);
	FEED(m, rec_queue(0));
	assert_int_equal(nma_model__queue(m, NETDEV, 0)->xsk.pid, 0);
}

/* ---- the commands ---- */

static int world(void **state)
{
	int err = command_setup(state);

	nic.flags |= NMA_NIC_DMA_DEV;
	binding.listed = 1;
	binding.owner_pid = 4711;
	strcpy(binding.owner_comm, "receiver");
	fake.features.io_uring_zcrx = true;
	return err;
}

static void test_command(void **state)
{
	(void)state;
	assert_int_equal(run("explain-bind -i nm0 -q 0"), NMA_EXIT_OK);
	expect_said(out, "nm0 queue 0, a dma-buf: would succeed");
	expect_said(out, "nm0 queue 0, io_uring zero-copy receive: would succeed");
	assert_int_equal(run("explain-bind -i nm0 -q 1"), NMA_EXIT_VIOLATION);
	expect_said(out, "queue 1 of nm0 is in use already, by receiver, pid 4711");
	expect_said(out, "-> end process 4711");
	assert_int_equal(run("-j explain-bind -i nm0 -q 1"), NMA_EXIT_VIOLATION);
	parse();
	assert_string_equal(str(get(doc, "devmem"), "result"), "refused");
	assert_string_equal(str(json_object_array_get_idx(get(get(doc, "zcrx"), "causes"), 0),
				"cause"), "queue_bound");
	assert_int_equal(run("explain-bind"), NMA_EXIT_USAGE);
	assert_int_equal(run("explain-bind -i nm0"), NMA_EXIT_USAGE);
	assert_int_equal(run("explain-bind -i nm0 -q 0 --last"), NMA_EXIT_USAGE);
	expect_said(err, "keeps no note");
	assert_int_equal(run("explain-bind -i nm7 -q 0"), NMA_EXIT_ENV);
}

static void refuse(unsigned int poll)
{
	struct nma_rec_refused r = zcrx(EEXIST);

	r.queue = 1;
	r.hdr.time_ns = fake.now_ns;
	if (poll == 1)
		fake_send(&r);
}

static void test_event(void **state)
{
	(void)state;
	fake.on_poll = refuse;
	assert_int_equal(run("watch -j --duration 2"), NMA_EXIT_OK);
	parse_line(1);
	assert_string_equal(str(doc, "event"), "zcrx_refused");
	assert_string_equal(str(doc, "errno_name"), "EEXIST");
	assert_int_equal(num(doc, "errno"), EEXIST);
	assert_int_equal(num(doc, "pid"), 42);
	assert_int_equal(num(doc, "queue"), 1);
	assert_string_equal(str(doc, "cause"), "queue_bound");
	assert_int_equal(num(doc, "holder_pid"), 4711);
	fake.polls = 0;
	assert_int_equal(run("watch --duration 2"), NMA_EXIT_OK);
	expect_said(out, "zcrx_refused ");
	expect_said(out, "errno=EEXIST");
	expect_said(out, "by=asker 42");
	expect_said(out, "is in use already, by receiver, pid 4711");
}

static void test_show(void **state)
{
	(void)state;
	assert_int_equal(run("show queues"), NMA_EXIT_OK);
	expect_said(out, "receiver 4711");
	assert_int_equal(run("show bindings"), NMA_EXIT_OK);
	expect_said(out, "receiver 4711");
	binding.owner_pid = 0;
	assert_int_equal(run("-j show queues"), NMA_EXIT_OK);
	assert_null(strstr(out, "owner"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_is_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queue, setup, teardown),
		cmocka_unit_test_setup_teardown(test_holder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_policy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_provider, setup, teardown),
		cmocka_unit_test_setup_teardown(test_xsk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_xsk_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_command, world, command_teardown),
		cmocka_unit_test_setup_teardown(test_event, world, command_teardown),
		cmocka_unit_test_setup_teardown(test_show, world, command_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
