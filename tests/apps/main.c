// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * nma-traffic: traffic for the tests of netmem-audit and nmnic. Receives TCP into
 * a dma-buf (or plainly) and verifies every byte, sends what is to be verified,
 * and misbehaves on request. One JSON document on stdout, messages on stderr.
 */
#include <stdio.h>
#include <string.h>

#include "roles.h"

typedef enum nma_exit role_fn(const struct nma_opts *o, struct nma_report *r);

static const struct {
	struct nma_role_info info;
	role_fn *run;
} roles[] = {
	{ { "recv", NMA_ROLE_RECV, "[ADDRESS]",
	    "Receives and verifies what \"nma-traffic send\" sends. Binds a new dma-buf to\n"
	    "the given queues and receives into it (devmem TCP); with --host plainly.\n"
	    "Steering flows to the queues is up to the caller (ethtool -X, -N)." },
	  nma_recv_run },
	{ { "send", NMA_ROLE_SEND, "ADDRESS",
	    "Sends the pattern and waits until it is acknowledged. With --dmabuf straight\n"
	    "from a dma-buf (devmem TCP), whose pieces are used again when the kernel has\n"
	    "said in the error queue that it is done with them." },
	  nma_send_run },
	{ { "zcrx", NMA_ROLE_ZCRX, "[ADDRESS]",
	    "Receives and verifies as recv does, through io_uring zero-copy receive: the\n"
	    "queue's payload goes into memory of this process." },
	  nma_zcrx_run },
	{ { "udp-recv", NMA_ROLE_UDP_RECV, "[ADDRESS]",
	    "Receives and verifies datagrams. What is lost is not missed: compare\n"
	    "\"datagrams\" with the sender's." },
	  nma_udp_recv_run },
	{ { "udp-send", NMA_ROLE_UDP_SEND, "ADDRESS",
	    "Sends the pattern in datagrams of --chunk bytes." },
	  nma_udp_send_run },
	{ { "xsk-recv", NMA_ROLE_XSK_RECV, NULL,
	    "Receives and verifies frames of \"nma-traffic xsk-send\". Attaches an XDP\n"
	    "program that redirects these frames of one queue to an AF_XDP socket and\n"
	    "lets all others pass." },
	  nma_xsk_recv_run },
	{ { "xsk-send", NMA_ROLE_XSK_SEND, NULL,
	    "Sends the pattern in Ethernet frames through an AF_XDP socket." },
	  nma_xsk_send_run },
	{ { "bind", NMA_ROLE_BIND, NULL,
	    "Binds a new dma-buf to the given queues, and receives nothing." },
	  nma_bind_run },
	{ { "pools", NMA_ROLE_POOLS, NULL,
	    "Lists the page pools of this network namespace (page-pool-get)." },
	  nma_pools_run },
	{ { "lease", NMA_ROLE_LEASE, NULL,
	    "Leases a receive queue of a device to IF, a netkit. IF gets a queue for it." },
	  nma_lease_run },
};

#define ROLES (sizeof(roles) / sizeof(roles[0]))

static const char epilogue[] =
	"\n"
	"A JSON document with what was done goes to stdout, also after SIGINT or\n"
	"SIGTERM; messages go to stderr. Exit status: 0 as it should be; 1 wrong data,\n"
	"lost connection or token; 2 usage; 3 environment (permission, no such device,\n"
	"bind refused); 4 this kernel cannot do it.\n";

static enum nma_exit usage(FILE *to, enum nma_exit status)
{
	size_t i;

	fprintf(to, "Usage: nma-traffic ROLE [OPTION]... [ADDRESS]\n\n");
	for (i = 0; i < ROLES; i++)
		fprintf(to, "  %-8s %.*s\n", roles[i].info.name,
			(int)(strchr(roles[i].info.text, '.') -
			      roles[i].info.text), roles[i].info.text);
	fprintf(to, "\n\"nma-traffic ROLE --help\" has the options of a role.\n");
	if (status == NMA_EXIT_OK)
		fputs(epilogue, to);
	return status;
}

static enum nma_exit run(size_t i, int argc, char **argv)
{
	struct nma_report report = {};
	enum nma_exit status;
	struct nma_opts opts;

	if (nma_opts_parse(&opts, &roles[i].info, argc, argv))
		return NMA_EXIT_USAGE;
	if (opts.help) {
		nma_opts_help(&roles[i].info);
		fputs(epilogue, stdout);
		return NMA_EXIT_OK;
	}
	nma_wait_setup();
	status = roles[i].run(&opts, &report);
	report.interrupted = nma_wait_interrupted();
	if (nma_report_print(&report, &roles[i].info, &opts, status) && !status)
		status = NMA_EXIT_ENV;
	return status;
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return usage(stdout, NMA_EXIT_OK);
	for (i = 0; argc > 1 && i < ROLES; i++) {
		if (!strcmp(argv[1], roles[i].info.name))
			return run(i, argc - 1, argv + 1);
	}
	if (argc > 1)
		nma_fail("no such role: \"%s\"", argv[1]);
	return usage(stderr, NMA_EXIT_USAGE);
}
