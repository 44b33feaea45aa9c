// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * The programs of 55-xdp.sh, one per section. Those in "xdp.frags" sections cope
 * with frames in several buffers. Those of "tc" sections judge what arrives.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VLAN_LEN	4
#define ECHO_REPLY	0	/* linux/icmp.h does not compile for BPF */
#define ECHO_REQUEST	8
#define META_MAGIC	0x6e6d6d65

struct icmp {
	__u8 type;
	__u8 code;
	__sum16 checksum;
};

struct macs {
	__u8 dst[ETH_ALEN];
	__u8 src[ETH_ALEN];
};

struct vlan {
	struct macs macs;
	__be16 tpid;
	__be16 tci;
};

/* Where frames go: the other port, by its queue */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp.frags")
int pass_frags(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* Parses for an ICMP echo request over IPv4, the only thing that @verdict is for. */
static __always_inline int on_echo(struct xdp_md *ctx, int verdict)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct icmp *icmp = (void *)(ip + 1);

	if ((void *)(icmp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
	    ip->protocol != IPPROTO_ICMP || icmp->type != ECHO_REQUEST)
		return XDP_PASS;
	return verdict;
}

SEC("xdp.frags")
int drop(struct xdp_md *ctx)
{
	return on_echo(ctx, XDP_DROP);
}

SEC("xdp.frags")
int aborted(struct xdp_md *ctx)
{
	return on_echo(ctx, XDP_ABORTED);
}

SEC("xdp.frags")
int unknown(struct xdp_md *ctx)
{
	return on_echo(ctx, 77);
}

/* Answers pings in place of the stack. */
SEC("xdp.frags")
int echo(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct icmp *icmp = (void *)(ip + 1);
	__u8 mac[ETH_ALEN];
	__be32 addr;
	__u32 sum;

	if (on_echo(ctx, XDP_TX) != XDP_TX || (void *)(icmp + 1) > end)
		return XDP_PASS;
	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
	addr = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = addr;
	icmp->type = ECHO_REPLY;
	sum = icmp->checksum + bpf_htons(ECHO_REQUEST << 8);
	icmp->checksum = sum + (sum >> 16);
	return XDP_TX;
}

SEC("xdp.frags")
int redirect(struct xdp_md *ctx)
{
	return bpf_redirect_map(&ports, 0, XDP_DROP);
}

SEC("xdp")
int xsk(struct xdp_md *ctx)
{
	return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS);
}

/* Grows the head: a VLAN tag comes in front of the payload. */
SEC("xdp.frags")
int push(struct xdp_md *ctx)
{
	struct vlan *vlan;
	struct macs macs;
	void *end;

	if (bpf_xdp_load_bytes(ctx, 0, &macs, sizeof(macs)) ||
	    bpf_xdp_adjust_head(ctx, -VLAN_LEN))
		return XDP_ABORTED;
	vlan = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if ((void *)(vlan + 1) > end)
		return XDP_ABORTED;
	vlan->macs = macs;
	vlan->tpid = bpf_htons(ETH_P_8021Q);
	vlan->tci = bpf_htons(5);
	return XDP_PASS;
}

/* Shrinks the head: the tag goes. */
SEC("xdp.frags")
int pop(struct xdp_md *ctx)
{
	struct vlan vlan;

	if (bpf_xdp_load_bytes(ctx, 0, &vlan, sizeof(vlan)))
		return XDP_ABORTED;
	if (vlan.tpid != bpf_htons(ETH_P_8021Q))
		return XDP_PASS;
	if (bpf_xdp_adjust_head(ctx, VLAN_LEN) ||
	    bpf_xdp_store_bytes(ctx, 0, &vlan.macs, sizeof(vlan.macs)))
		return XDP_ABORTED;
	return XDP_PASS;
}

/* Grows the tail, and shrinks it by less: padding behind the IP packet. Frames
 * that fill their last buffer have no room for it.
 */
SEC("xdp.frags")
int tail(struct xdp_md *ctx)
{
	if (!bpf_xdp_adjust_tail(ctx, 200) && bpf_xdp_adjust_tail(ctx, -150))
		return XDP_ABORTED;
	return XDP_PASS;
}

/* Leaves a note for "note_is_there". */
SEC("xdp.frags")
int note(struct xdp_md *ctx)
{
	__u32 *meta;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
		return XDP_ABORTED;
	meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) > (void *)(long)ctx->data)
		return XDP_ABORTED;
	*meta = META_MAGIC;
	return XDP_PASS;
}

SEC("tc")
int note_is_there(struct __sk_buff *skb)
{
	__u32 *meta = (void *)(long)skb->data_meta;

	if ((void *)(meta + 1) > (void *)(long)skb->data || *meta != META_MAGIC)
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
