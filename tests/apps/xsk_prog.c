// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * A small XDP program, see xsk_prog.h: too small for a compiler at run time or an
 * object file to carry about.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>

#include "err.h"
#include "xsk_prog.h"

#define QUEUES	64

#define INSN(c, d, s, o, i) \
	{ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }
#define MOV(d, s)	INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV_IMM(d, i)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD_IMM(d, i)	INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define LOAD(w, d, s, o) INSN(BPF_LDX | BPF_MEM | (w), d, s, o, 0)
#define EXIT		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static int load(int map)
{
	const struct bpf_insn insns[] = {
		LOAD(BPF_W, BPF_REG_2, BPF_REG_1, 0),	/* data */
		LOAD(BPF_W, BPF_REG_3, BPF_REG_1, 4),	/* data_end */
		MOV(BPF_REG_4, BPF_REG_2),
		ADD_IMM(BPF_REG_4, 14),
		/* too short for an Ethernet header, or of another type: pass */
		INSN(BPF_JMP | BPF_JGT | BPF_X, BPF_REG_4, BPF_REG_3, 8, 0),
		LOAD(BPF_H, BPF_REG_5, BPF_REG_2, 12),
		INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_5, 0, 6,
		     htons(NMA_XSK_TYPE)),
		LOAD(BPF_W, BPF_REG_2, BPF_REG_1, 16),	/* rx_queue_index */
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0,
		     map),
		INSN(0, 0, 0, 0, 0),
		MOV_IMM(BPF_REG_3, XDP_PASS),		/* no socket there */
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect_map),
		EXIT,
		MOV_IMM(BPF_REG_0, XDP_PASS),
		EXIT,
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "nma_xsk", "GPL", insns,
			     sizeof(insns) / sizeof(insns[0]), NULL);
}

int nma_xsk_prog_open(struct nma_xsk_prog *p, unsigned int ifindex,
		      const char *ifname, uint32_t queue, int fd, bool generic)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);

	p->map = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "nma_xsk", sizeof(queue),
				sizeof(fd), QUEUES, NULL);
	if (p->map < 0)
		return nma_err(-errno, "cannot create an XSKMAP");
	if (bpf_map_update_elem(p->map, &queue, &fd, BPF_ANY))
		return nma_err(-errno, "queue %u in an XSKMAP", queue);
	p->prog = load(p->map);
	if (p->prog < 0)
		return nma_err(-errno, "cannot load an XDP program");
	p->link = bpf_link_create(p->prog, ifindex, BPF_XDP, &opts);
	if (p->link < 0)
		return nma_err(-errno, "cannot attach XDP to %s%s", ifname,
			       generic ? "" : " (--generic does without its driver)");
	return 0;
}

void nma_xsk_prog_close(struct nma_xsk_prog *p)
{
	if (p->link >= 0)
		close(p->link);
	if (p->prog >= 0)
		close(p->prog);
	if (p->map >= 0)
		close(p->map);
	*p = (struct nma_xsk_prog)NMA_XSK_PROG_NONE;
}
