// SPDX-License-Identifier: GPL-2.0-only
/* Copyright (c) 2026 netmem-audit authors
 *
 * Looked for in memory itself: the pages that name a pool, to know how many there
 * are, and packets that are in no queue that we know of (a queueing discipline, a tun
 * device, a module that keeps them): their structures in the slabs of the kernel's
 * cache for them.
 *
 * A slab also has structures that are free, with old contents. Which ones is known
 * from the slab's list of free objects, whose links are in the objects, scrambled;
 * and from where the allocator and the network stack keep free ones at hand. So the
 * scan only notes packets that have what was not found elsewhere, then those at hand
 * are struck off, and what remains is looked at.
 */
#include "nma_core_slab.bpf.h"
#include "nma_held.bpf.h"
#include "nma_page.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define PP_MAGIC_BITS	0x7cull		/* of it, those that do not hold an index */
#define PP_MAGIC	0x40ull
#define BARN_SHEAVES	64		/* the kernel keeps ten full ones */
#define SHEAF_OBJECTS	1024
#define NAPI_SKBS	256		/* the kernel keeps 64 */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NMA_HELD_ROOM);
	__type(key, __u64);
	__type(value, __u32);
} nma_held_packets SEC(".maps");

struct scan {
	__u64 page;		/* the next */
	__u64 vmemmap;
	__u64 page_offset;
	__u64 cache;
	__u64 random;
	__u64 objects;		/* address of the first of the slab */
	__u64 end;
	__u64 list;		/* objects that are free */
	__u32 size;
	__u32 link;		/* offset of the link in a free object */
	__u32 pad;
	__u32 page_size;
	__u64 node;		/* a sheaf on a list */
	__u64 object;		/* the next of the slab */
	__u64 pool;		/* of the last pages */
	__u32 pages;		/* how many of it in a row */
	__u32 slab;		/* the next */
	__u32 nr_slabs;
	__u32 noted;		/* packets of this slice */
	__u32 rsvd;
};

static struct scan scan SEC(".bss.scan");

/* Those of a section; looked into when it was scanned, or calls would nest too deep. */
static __u64 slabs[NMA_HELD_SECTION] SEC(".bss.slabs");

/* One object only may name the kernel's function: the linker of libbpf cannot do more. */
__noinline __u64 nma_load_word(__u64 addr)
{
	return nma_word_at(addr);
}

static long step_free(__u32 i, void *unused)
{
	__u64 object = nma_read_word(scan.list + 8 * (__u64)i);

	bpf_map_delete_elem(&nma_held_packets, &object);
	return 0;
}

static __always_inline void free_objects(__u64 list, __u32 nr, __u32 most)
{
	scan.list = list;
	if (nr <= most)			/* else it is none */
		bpf_loop(nr, step_free, NULL, 0);
}

static __always_inline void free_sheaf(__u64 addr)
{
	struct slab_sheaf *sheaf = (void *)addr;

	if (addr)
		free_objects((__u64)__builtin_preserve_access_index(&sheaf->objects),
			     BPF_CORE_READ(sheaf, size), SHEAF_OBJECTS);
}

static __noinline int free_sheaves_of_cpu(__u64 off)
{
	struct kmem_cache___with_sheaves *cache = (void *)scan.cache;
	struct slub_percpu_sheaves *sheaves = BPF_CORE_READ(cache, cpu_sheaves);

	if (!sheaves)
		return 0;
	sheaves = (void *)sheaves + off;
	free_sheaf((__u64)BPF_CORE_READ(sheaves, main));
	free_sheaf((__u64)BPF_CORE_READ(sheaves, spare));
	free_sheaf((__u64)BPF_CORE_READ(sheaves, rcu_free));
	return 0;
}

static long step_barn(__u32 i, const __u64 *end)
{
	if (!scan.node || scan.node == *end)
		return 1;
	free_sheaf(scan.node - bpf_core_field_offset(struct slab_sheaf, barn_list));
	scan.node = nma_read_word(scan.node);
	return 0;
}

static __noinline int free_sheaves_of_node(__u32 node)
{
	__u64 barn = kmem_cache_barn(scan.cache, node), full;

	if (!barn)
		return 0;
	full = barn + bpf_core_field_offset(struct node_barn, sheaves_full);
	scan.node = nma_read_word(full);
	bpf_loop(BARN_SHEAVES, step_barn, &full, 0);
	return 0;
}

/* Those that the network stack has at hand on a CPU, and the allocator. */
static __noinline int free_of_cpu(__u32 cpu)
{
	__u64 off = nma_read_word(nma_cfg.sym[NMA_SYM_CPU_OFFSETS] + 8 * (__u64)cpu);
	struct napi_alloc_cache *nc = (void *)(nma_cfg.sym[NMA_SYM_NAPI_CACHE] + off);

	free_objects((__u64)__builtin_preserve_access_index(&nc->skb_cache),
		     BPF_CORE_READ(nc, skb_count), NAPI_SKBS);
	if (kmem_cache_has_sheaves())
		free_sheaves_of_cpu(off);
	return 0;
}

/* On the slab's own list: the link is to none, or to an object of the slab. */
static __always_inline bool linked_as_free(__u64 object)
{
	__u64 at = object + scan.link, to;

	to = nma_read_word(at) ^ scan.random ^ __builtin_bswap64(at);
	return !to || (to >= scan.objects && to < scan.end &&
		       !((to - scan.objects) % scan.size));
}

static __always_inline void look_at_packet(__u64 addr)
{
	struct sk_buff *skb = (void *)addr;
	__u64 sk = (__u64)BPF_CORE_READ(skb, sk);
	__u64 dev = (__u64)BPF_CORE_READ(skb, dev);

	nma_begin_place(NMA_HOLDER_STACK, dev);
	nma_look.netdev = dev;
	nma_look.destructor = (__u64)BPF_CORE_READ(skb, destructor);
	if (nma_look.destructor && sk) {
		nma_look.sk = sk;
		nma_look.object = sk;
	}
	nma_held_list(addr, 0, NMA_WHERE_ANY, NMA_LOOK_ONE);
}

/* Its first buffer, or its last fragment, was not found elsewhere: those in between
 * went the same way. Packets of a frag_list are in the slabs, too.
 */
static __noinline bool has_news(__u64 addr)
{
	struct sk_buff *skb = (void *)addr;
	__u64 head = (__u64)BPF_CORE_READ(skb, head);
	struct skb_shared_info *si;
	__u32 nr;

	if (!head)
		return false;
	si = (void *)head + BPF_CORE_READ(skb, end);
	nr = BPF_CORE_READ(si, nr_frags);
	if (nr && nr <= MAX_SKB_FRAGS_MOST &&
	    (nma_held_is_news(nma_read_word(nma_frag_of((__u64)si, 0))) ||
	     nma_held_is_news(nma_read_word(nma_frag_of((__u64)si, nr - 1)))))
		return true;
	return nma_held_is_news(nma_page_of(head));
}

/* The next slab of those that were noted; false: there is none. */
static __always_inline bool next_slab(void)
{
	__u32 nr = scan.slab;
	__u64 page;

	if (nr >= scan.nr_slabs || nr >= NMA_HELD_SECTION)
		return false;
	page = slabs[nr];
	scan.slab++;
	scan.object = scan.page_offset + ((page - scan.vmemmap) / scan.page_size << 12) +
		      scan.pad;
	scan.objects = scan.object;
	scan.end = scan.object + (__u64)slab_objects(page) * scan.size;
	return true;
}

static long step_object(__u32 i, void *unused)
{
	__u64 object = scan.object;
	__u32 one = 1;
	long err;

	if (object >= scan.end)
		return !next_slab();
	scan.object += scan.size;
	if (linked_as_free(object) || !has_news(object))
		return 0;
	err = bpf_map_update_elem(&nma_held_packets, &object, &one, BPF_ANY);
	if (err)
		nma_held_failed(NMA_HELD_PACKETS, err);
	return 0;
}

static __always_inline void note_slab(__u64 page)
{
	__u32 nr = scan.nr_slabs;

	if (nma_read_word(page + bpf_core_field_offset(struct slab, slab_cache)) != scan.cache ||
	    nr >= NMA_HELD_SECTION)
		return;
	slabs[nr] = page;
	scan.nr_slabs = nr + 1;
}

static __always_inline void end_pages(void)
{
	struct nma_held_pool *held = bpf_map_lookup_elem(&nma_held_pools, &scan.pool);

	if (held)
		held->pages += scan.pages;
	scan.pool = 0;
	scan.pages = 0;
}

__noinline int nma_held_page(__u64 page)
{
	__u64 pool = nma_load_word(page + bpf_core_field_offset(struct page, pp));

	if (pool != scan.pool)
		end_pages();
	scan.pool = pool;
	scan.pages++;
	return 0;
}

/* Read without a call, for there are many. The loader has the numbers of the types:
 * CO-RE would take them from the part of the kernel's BTF that it is given.
 */
static __always_inline __u32 page_type(__u64 addr)
{
	struct page *page = nma_at(addr, nma_cfg.page_btf);

	return page->page_type >> 24;
}

static long step_page(__u32 i, void *unused)
{
	if (page_type(scan.page) == PGTY_SLAB)
		note_slab(scan.page);
	else if ((nma_page_magic(scan.page) & PP_MAGIC_BITS) == PP_MAGIC)
		nma_held_page(scan.page);
	scan.page += scan.page_size;
	return 0;
}

static __always_inline void begin_scan(void)
{
	struct net_hotdata *hot = (void *)nma_cfg.sym[NMA_SYM_HOTDATA];
	struct kmem_cache *cache = BPF_CORE_READ(hot, skbuff_cache);

	scan.vmemmap = nma_read_word(nma_cfg.sym[NMA_SYM_VMEMMAP]);
	scan.page_offset = nma_read_word(nma_cfg.sym[NMA_SYM_PAGE_OFFSET]);
	scan.page_size = bpf_core_type_size(struct page);
	scan.cache = (__u64)cache;
	scan.size = BPF_CORE_READ(cache, size);
	scan.link = BPF_CORE_READ(cache, offset);
	scan.random = kmem_cache_random(scan.cache);
	scan.pad = 0;
	if (BPF_CORE_READ(cache, flags) & SLAB_RED_ZONE)
		scan.pad = BPF_CORE_READ(cache, red_left_pad);
	/* what cannot be told apart is not looked at */
	if (!kmem_cache_hardened() || !scan.size)
		scan.cache = ~0ull;
}

/* A slice of them; they need not be kept. */
static long look_noted(struct bpf_map *map, const __u64 *object, void *value, void *unused)
{
	__u64 addr = *object;

	bpf_map_delete_elem(map, &addr);
	look_at_packet(addr);
	scan.noted++;
	return scan.noted >= NMA_HELD_SLICE;
}

static long forget(struct bpf_map *map, const void *key, void *value, void *unused)
{
	bpf_map_delete_elem(map, key);
	return 0;
}

/* A part of the map of memory; where there is no memory, there is no map. */
static __always_inline void look_at_pages(__u64 first, __u64 nr)
{
	__u64 word;

	scan.page = scan.vmemmap + first * scan.page_size;
	if (bpf_probe_read_kernel(&word, sizeof(word), (void *)scan.page))
		return;
	bpf_loop(nr, step_page, NULL, 0);
	end_pages();
	scan.slab = 0;
	scan.object = 0;
	scan.end = 0;
}

/* A slice of the objects in those slabs; true: there are more. */
static __noinline __u64 look_at_objects(void)
{
	bpf_loop(NMA_HELD_SLICE, step_object, NULL, 0);
	return scan.object < scan.end || scan.slab < scan.nr_slabs;
}

static __always_inline __u64 look_at_noted(void)
{
	scan.noted = 0;
	bpf_for_each_map_elem(&nma_held_packets, look_noted, NULL, 0);
	return scan.noted >= NMA_HELD_SLICE;
}

SEC("?syscall")
int nma_held_memory(struct nma_held_call *call)
{
	switch (call->step) {
	case NMA_HELD_BEGIN:
		bpf_for_each_map_elem(&nma_held_packets, forget, NULL, 0);
		begin_scan();
		call->next = scan.cache != ~0ull;
		break;
	case NMA_HELD_MAX_PFN:
		call->next = nma_read_word(nma_cfg.sym[NMA_SYM_MAX_PFN]);
		break;
	case NMA_HELD_CPU:
		free_of_cpu(call->id);
		break;
	case NMA_HELD_NODE:
		if (kmem_cache_has_sheaves() && call->id < nma_nr_nodes())
			free_sheaves_of_node(call->id);
		break;
	case NMA_HELD_PAGES:
		scan.nr_slabs = 0;
		look_at_pages(call->addr, NMA_HELD_SECTION);
		call->next = scan.nr_slabs;
		break;
	case NMA_HELD_OBJECTS:
		call->next = look_at_objects();
		break;
	case NMA_HELD_PACKETS_NOTED:
		call->next = look_at_noted();
		break;
	}
	return 0;
}
