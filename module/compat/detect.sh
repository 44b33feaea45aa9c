#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# detect.sh KDIR: look into a kernel's headers and print what they have as
# NMA_HAVE_*. Presence, not version: distributions and stable trees backport.
# compat.h implements what is missing and tests nothing else.

set -eu

kdir=$1

# Debian and others keep the version-independent headers in a second tree,
# which the Makefile of the first one includes.
common=$kdir
if [ ! -e "$kdir/include/linux/netdevice.h" ]; then
	common=$(sed -n 's/^include \(.*\)\/Makefile$/\1/p' "$kdir/Makefile")
fi
if [ ! -e "$common/include/linux/netdevice.h" ]; then
	echo "detect.sh: no kernel headers in $kdir" >&2
	exit 1
fi

# have NAME HEADER PATTERN: NMA_HAVE_NAME if PATTERN (basic) is in HEADER
have() {
	if [ ! -e "$common/include/$2" ]; then
		echo "detect.sh: $common/include/$2 is missing" >&2
		exit 1
	fi
	if grep -q "$3" "$common/include/$2"; then
		echo "#define NMA_HAVE_$1 1"
	else
		echo "/* #undef NMA_HAVE_$1 */"
	fi
}

# have_new NAME HEADER REGEX: where the header itself is new
have_new() {
	[ -e "$common/include/$2" ] || set -- "$1" linux/netdevice.h "$3"
	have "$@"
}

echo '/* Written by compat/detect.sh. Do not edit. */'

netdev=linux/netdevice.h
queues=net/netdev_queues.h
pp_types=net/page_pool/types.h
pp_helpers=net/page_pool/helpers.h

have NETDEV_INSTANCE_LOCK $netdev 'napi_enable_locked('
have_new OPS_LOCK_DEREFERENCE net/netdev_lock.h 'define netdev_ops_lock_dereference('
have NAPI_CONFIG $netdev 'netif_napi_add_config('
have SET_RX_MODE_ASYNC $netdev 'ndo_set_rx_mode_async)'
have QUEUE_CONFIG $queues 'QCFG_RX_PAGE_SIZE'
have HDS_CONFIG $queues 'hds_config'
have HDS_THRESH linux/ethtool.h 'hds_thresh_max;'
have RXQ_HAS_UNREADABLE_MP $queues 'netif_rxq_has_unreadable_mp('
have PP_ENABLE_DIRECT_RECYCLING $pp_types 'page_pool_enable_direct_recycling('
have PP_USER_NAPI_ID $pp_types 'u32 napi_id;'
have PP_ALLOC_NETMEMS $pp_types 'page_pool_alloc_netmems('
have PP_DMA_SYNC_NETMEM $pp_helpers '^page_pool_dma_sync_netmem_for_cpu('
have IMPORT_NS_STRING linux/module.h '^#define MODULE_IMPORT_NS(ns).*import_ns, ns)'
have ALLOC_OBJS linux/slab.h 'kvzalloc_objs('
have HRTIMER_SETUP linux/hrtimer.h ' hrtimer_setup('
have XDP_ADD_FRAG net/xdp.h '^static inline bool xdp_buff_add_frag('
have XDP_SKB_FRAGS_INFO net/xdp.h '^xdp_update_skb_frags_info('
have NETMEM_DMA_UNMAP net/netmem.h 'netmem_dma_unmap_page_attrs('
have NETMEM_TX $netdev 'netmem_tx:[0-9]'
have NET_IOV_AREA net/netmem.h '^struct net_iov_area {'
have NETMEM_TX_MODE $netdev 'NETMEM_TX_DMA,'
have ETHTOOL_RX_RING_COUNT linux/ethtool.h '(\*get_rx_ring_count)('
have ETHTOOL_NEEDS_RTNL linux/ethtool.h 'op_needs_rtnl;'
have ETHTOOL_RXFH_FIELDS linux/ethtool.h '(\*get_rxfh_fields)('
have DEBUGFS_CHANGE_NAME linux/debugfs.h 'debugfs_change_name('
