// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * XDP programs that the device runs itself (ip link set DEV xdpoffload).
 *
 * The kernel hands such a program over to be translated for the device; the host
 * does not run it. This device has no processor, only a switch between "take
 * every frame" and "discard every frame". So a program that says the same of
 * every frame is taken, and any other is refused with a line in the verifier's log.
 */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/filter.h>

#include "nmnic.h"

/* XDP_PASS or XDP_DROP if that is all the program has to say, or -EOPNOTSUPP */
static int constant_verdict(const struct bpf_prog *prog)
{
	const struct bpf_insn *insn = prog->insnsi;

	if (prog->len != 2 || insn[1].code != (BPF_JMP | BPF_EXIT))
		return -EOPNOTSUPP;
	if (insn[0].code != (BPF_ALU64 | BPF_MOV | BPF_K) &&
	    insn[0].code != (BPF_ALU | BPF_MOV | BPF_K))
		return -EOPNOTSUPP;
	if (insn[0].dst_reg != BPF_REG_0)
		return -EOPNOTSUPP;
	return insn[0].imm == XDP_PASS || insn[0].imm == XDP_DROP ? insn[0].imm : -EOPNOTSUPP;
}

static int offload_insn(struct bpf_verifier_env *env, int insn, int prev)
{
	return 0;
}

static int offload_finalize(struct bpf_verifier_env *env)
{
	int verdict = constant_verdict(env->prog);

	if (verdict < 0)
		bpf_verifier_log_write(env,
				       "nmnic runs programs that only return XDP_PASS or XDP_DROP\n");
	return min(verdict, 0);
}

static int offload_prepare(struct bpf_prog *prog)
{
	return prog->type == BPF_PROG_TYPE_XDP ? 0 : -EOPNOTSUPP;
}

static int offload_translate(struct bpf_prog *prog)
{
	return min(constant_verdict(prog), 0);
}

/* Nothing was kept. */
static void offload_destroy(struct bpf_prog *prog)
{
}

static const struct bpf_prog_offload_ops offload_ops = {
	.insn_hook	= offload_insn,
	.finalize	= offload_finalize,
	.prepare	= offload_prepare,
	.translate	= offload_translate,
	.destroy	= offload_destroy,
};

/* Takes over the caller's reference to @prog, which is NULL to go back to taking
 * every frame.
 */
int nmnic_offload_setup(struct nmnic_port *np, struct bpf_prog *prog,
			struct netlink_ext_ack *extack)
{
	int verdict = XDP_PASS;

	if (prog) {
		if (!bpf_offload_dev_match(prog, np->netdev)) {
			NL_SET_ERR_MSG(extack, "the program was not loaded for this device");
			return -EINVAL;
		}
		verdict = constant_verdict(prog);
		if (verdict < 0)
			return verdict;
	}
	nmhw_rx_discard_set(np->hw, verdict == XDP_DROP);
	if (np->offload_prog)
		bpf_prog_put(np->offload_prog);
	np->offload_prog = prog;
	return 0;
}

/* ndo_init: part of registration, under rtnl_lock(), as the core wants it */
int nmnic_offload_init(struct net_device *netdev)
{
	struct nmnic_port *np = netdev_priv(netdev);
	int err;

	np->offload_dev = bpf_offload_dev_create(&offload_ops, np);
	if (IS_ERR(np->offload_dev))
		return PTR_ERR(np->offload_dev);
	err = bpf_offload_dev_netdev_register(np->offload_dev, netdev);
	if (err)
		bpf_offload_dev_destroy(np->offload_dev);
	return err;
}

/* ndo_uninit: the core has taken its program off before. */
void nmnic_offload_uninit(struct net_device *netdev)
{
	struct nmnic_port *np = netdev_priv(netdev);

	bpf_offload_dev_netdev_unregister(np->offload_dev, netdev);
	bpf_offload_dev_destroy(np->offload_dev);
}
