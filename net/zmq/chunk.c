// SPDX-License-Identifier: GPL-2.0
/* Chunks: recycled pages that message bytes are written into. */
#include "chunk.h"

/*
 * Does nobody else use the page?  The acquire pairs with the release in the
 * last reader's put_page(): its reads are over before we write.
 */
static bool zmq_chunk_idle(struct page *page)
{
	if (page_ref_count(page) != 1)
		return false;
	smp_acquire__after_ctrl_dep();
	return true;
}

/* Put away a page that is full but may still be read. */
static void zmq_chunk_retire(struct zmq_chunk_pool *pool)
{
	u32 i = pool->next++ % ZMQ_CHUNK_SPARE;

	if (pool->spare[i])
		put_page(pool->spare[i]);
	pool->spare[i] = pool->page;
	pool->page = NULL;
}

static bool zmq_chunk_recycle(struct zmq_chunk_pool *pool, bool large)
{
	int i;

	for (i = 0; i < ZMQ_CHUNK_SPARE; i++) {
		struct page *page = pool->spare[i];

		if (!page || (large && !PageCompound(page)) ||
		    !zmq_chunk_idle(page))
			continue;
		pool->spare[i] = NULL;
		pool->page = page;
		pool->size = page_size(page);
		return true;
	}
	return false;
}

static bool zmq_chunk_alloc(struct zmq_chunk_pool *pool, bool large, gfp_t gfp)
{
	struct page *page = NULL;

	if (large)
		page = alloc_pages((gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_COMP |
				   __GFP_NOWARN | __GFP_NORETRY,
				   ZMQ_CHUNK_ORDER);
	if (!page)
		page = alloc_page(gfp | __GFP_NOWARN);
	if (!page)
		return false;
	pool->page = page;
	pool->size = page_size(page);
	return true;
}

/**
 * zmq_chunk_reserve - find room for contiguous bytes
 * @pool: the pool
 * @min: bytes needed, PAGE_SIZE at most
 * @large: much will be written: prefer a 32 KiB chunk
 * @gfp: how to allocate
 *
 * Return: bytes free at zmq_chunk_ptr(), at least @min; 0 for lack of memory.
 */
u32 zmq_chunk_reserve(struct zmq_chunk_pool *pool, u32 min, bool large,
		      gfp_t gfp)
{
	if (pool->page) {
		/* All read: begin again where the cache is warm. */
		if (pool->off && zmq_chunk_idle(pool->page))
			pool->off = 0;
		if (pool->size - pool->off >= min)
			return pool->size - pool->off;
		/* A page that fills up while read late: the next is larger. */
		large = true;
		zmq_chunk_retire(pool);
	}
	pool->off = 0;
	if (!zmq_chunk_recycle(pool, large) &&
	    !zmq_chunk_alloc(pool, large, gfp))
		return 0;
	return pool->size;
}

void zmq_chunk_trim(struct zmq_chunk_pool *pool)
{
	int i;

	for (i = 0; i < ZMQ_CHUNK_SPARE; i++) {
		if (pool->spare[i])
			put_page(pool->spare[i]);
		pool->spare[i] = NULL;
	}
}

void zmq_chunk_free(struct zmq_chunk_pool *pool)
{
	if (pool->page)
		put_page(pool->page);
	zmq_chunk_trim(pool);
	memset(pool, 0, sizeof(*pool));
}
