// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Gates: functions that do nothing and are called before something is done. A BPF
 * program may stand in front of each (fmod_ret) and say no by an errno, which the
 * request then fails with. Why is said in the request's extack where there is one,
 * else in the kernel log.
 */
#include <linux/btf.h>
#include <linux/btf_ids.h>

#include "nmnic.h"

/* Whoever looks only at the functions must not conclude what they return. */
static __always_inline int nobody_refuses(void)
{
	int err = 0;

	OPTIMIZER_HIDE_VAR(err);
	return err;
}

/* Called as it is, whoever calls */
#define gate	__used __noclone noinline

__bpf_hook_start();

/* A page_pool is about to be created, as @pp says. */
gate int nmnic_gate_pool(struct net_device *netdev, unsigned int queue,
			 const struct page_pool_params *pp)
{
	return nobody_refuses();
}

/* A queue is about to receive into the memory of a provider. */
gate int nmnic_gate_queue(struct net_device *netdev, unsigned int queue)
{
	return nobody_refuses();
}

/* An XDP program is about to be attached. */
gate int nmnic_gate_xdp(struct net_device *netdev, const struct bpf_prog *prog)
{
	return nobody_refuses();
}

/* Rings are about to be of that size, with headers split from payload or not. */
gate int nmnic_gate_rings(struct net_device *netdev, unsigned int rx, unsigned int tx,
			  bool split)
{
	return nobody_refuses();
}

__bpf_hook_end();

BTF_SET8_START(nmnic_gates)
BTF_ID_FLAGS(func, nmnic_gate_pool, KF_SLEEPABLE)
BTF_ID_FLAGS(func, nmnic_gate_queue, KF_SLEEPABLE)
BTF_ID_FLAGS(func, nmnic_gate_xdp, KF_SLEEPABLE)
BTF_ID_FLAGS(func, nmnic_gate_rings, KF_SLEEPABLE)
BTF_SET8_END(nmnic_gates)

static const struct btf_kfunc_id_set gates = {
	.owner	= THIS_MODULE,
	.set	= &nmnic_gates,
};

/* Without type information nobody can stand there, and all goes its way. */
void nmnic_gate_init(void)
{
	int err = register_btf_fmodret_id_set(&gates);

	if (err)
		pr_warn("nmnic: no program can be attached to the gates: error %d\n", err);
}

/* Whatever a program returns, a request fails with an errno. */
static int refusal(int err)
{
	return err >= -MAX_ERRNO && err <= 0 ? err : -EPERM;
}

int nmnic_may_create_pool(struct nmnic_port *np, unsigned int queue,
			  const struct page_pool_params *pp)
{
	int err = refusal(nmnic_gate_pool(np->netdev, queue, pp));

	if (err && net_ratelimit())
		netdev_err(np->netdev, "queue %u: a program does not let its page_pool be created\n",
			   queue);
	return err;
}

int nmnic_may_provide(struct nmnic_port *np, unsigned int queue, struct netlink_ext_ack *extack)
{
	int err = refusal(nmnic_gate_queue(np->netdev, queue));

	if (!err)
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "a program does not let queue %u have a memory provider",
			   queue);
	if (!extack && net_ratelimit())
		netdev_err(np->netdev, "queue %u: a program does not let it have a memory provider\n",
			   queue);
	return err;
}

int nmnic_may_attach(struct nmnic_port *np, const struct bpf_prog *prog,
		     struct netlink_ext_ack *extack)
{
	int err = refusal(nmnic_gate_xdp(np->netdev, prog));

	if (err)
		NL_SET_ERR_MSG(extack, "a program does not let this XDP program be attached");
	return err;
}

int nmnic_may_set_rings(struct nmnic_port *np, const struct nmnic_cfg *cfg,
			struct netlink_ext_ack *extack)
{
	int err = refusal(nmnic_gate_rings(np->netdev, cfg->rx_ring, cfg->tx_ring, cfg->split));

	if (err)
		NL_SET_ERR_MSG(extack, "a program does not let the rings be changed");
	return err;
}
