/* SPDX-License-Identifier: GPL-2.0 */
/* Chunks: recycled pages that message bytes are written into. */
#ifndef _NET_ZMQ_CHUNK_H
#define _NET_ZMQ_CHUNK_H

#include <linux/mm.h>
#include "seg.h"

#define ZMQ_CHUNK_ORDER	3	/* 32 KiB where order-3 pages are to be had */
#define ZMQ_CHUNK_SPARE	8

/**
 * struct zmq_chunk_pool - where the next bytes go
 * @page: the page being filled, or NULL; one reference
 * @off: first free byte
 * @size: bytes in @page
 * @next: which spare to look at first
 * @spare: pages filled before, one reference each: whoever reads them holds
 *	more, so page_ref_count() == 1 means free for use again
 *
 * Serialised by its owner's lock.  Recycling saves allocation and zeroing
 * (init_on_alloc) and keeps the bytes in cache.
 */
struct zmq_chunk_pool {
	struct page	*page;
	u32		off;
	u32		size;
	u32		next;
	struct page	*spare[ZMQ_CHUNK_SPARE];
};

/*
 * Make at least @min (<= PAGE_SIZE) contiguous bytes free.
 * Return: how many are, or 0 for lack of memory.
 */
u32 zmq_chunk_reserve(struct zmq_chunk_pool *pool, u32 min, bool large,
		      gfp_t gfp);
void zmq_chunk_free(struct zmq_chunk_pool *pool);
/* Give up all pages but the one being filled. */
void zmq_chunk_trim(struct zmq_chunk_pool *pool);

static inline u8 *zmq_chunk_ptr(const struct zmq_chunk_pool *pool)
{
	return (u8 *)page_address(pool->page) + pool->off;
}

/* Append the next @len bytes of the chunk, already written, to @q. */
static inline int zmq_chunk_commit(struct zmq_chunk_pool *pool, u32 len,
				   struct zmq_segq *q, gfp_t gfp)
{
	struct zmq_seg seg = {
		.ref = (unsigned long)pool->page,
		.off = pool->off,
		.len = len,
	};

	zmq_seg_get(&seg);
	if (zmq_segq_push(q, &seg, gfp)) {
		zmq_seg_put(&seg);
		return -ENOMEM;
	}
	pool->off += len;
	return 0;
}

#endif /* _NET_ZMQ_CHUNK_H */
