// SPDX-License-Identifier: MPL-2.0
/*
 * Handles: what the void * of sockets and contexts point to.
 *
 * State of a handle, besides the count of calls using it:
 *
 *	(none) --open--> OPEN --close--> CLOSING --last call left--> (none)
 *	OPEN or CLOSING --fork, in the child--> ORPHAN --close--> CLOSING ...
 *
 * A call through a stale pointer may bump the count of a handle in any state,
 * even of one already used again, for a moment: transitions never overwrite
 * the count.
 */
#include "shim.h"

#include <stdlib.h>
#include <string.h>

static struct zs_pool * const pools[] = { &zs_ctx_pool, &zs_sock_pool };

/* Order: contexts before sockets; no other lock is held while taking one. */
static void fork_prepare(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pools); i++)
		pthread_mutex_lock(&pools[i]->lock);
}

static void fork_parent(void)
{
	size_t i;

	for (i = ARRAY_SIZE(pools); i-- > 0; )
		pthread_mutex_unlock(&pools[i]->lock);
}

/*
 * The parent's sockets are descriptors that the child has too, and a kernel
 * socket lives until its last descriptor is closed.  Were they left open
 * here, then a zmq_close() in the parent would not disconnect its peers, and
 * zmq_ctx_term() not return, before the child is gone.  So the child lets go
 * of them at once; it could not use them with libzmq either.
 *
 * Only the forking thread exists here: no call is using any handle.
 */
static void fork_child(void)
{
	struct zs_handle *h;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pools); i++) {
		for (h = pools[i]->all; h; h = h->next_all) {
			if (!(atomic_load(&h->state) &
			      (ZS_HANDLE_OPEN | ZS_HANDLE_CLOSING)))
				continue;
			pools[i]->orphan(h);
			atomic_store(&h->state, pools[i]->keeps ?
				     ZS_HANDLE_OPEN : ZS_HANDLE_ORPHAN);
		}
	}
	zs_ring_forked();
	fork_parent();
}

static void fork_watch(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

/**
 * zs_handle_new - a zeroed object of a pool, not open yet
 * @pool: which
 *
 * To be followed by zs_handle_open() or zs_handle_abandon().  The object
 * unused for the longest time is taken, to keep stale pointers stale.
 *
 * Return: the object's handle, or NULL and ENOMEM.
 */
struct zs_handle *zs_handle_new(struct zs_pool *pool)
{
	static pthread_once_t watch = PTHREAD_ONCE_INIT;
	struct zs_handle *h;

	pthread_once(&watch, fork_watch);

	pthread_mutex_lock(&pool->lock);
	h = pool->free_head;
	if (h) {
		pool->free_head = h->next_free;
		if (!pool->free_head)
			pool->free_tail = &pool->free_head;
		pthread_mutex_unlock(&pool->lock);
		memset(h + 1, 0, pool->size - sizeof(*h));
		return h;
	}

	h = calloc(1, pool->size);
	if (h) {
		h->pool = pool;
		h->next_all = pool->all;
		pool->all = h;
	}
	pthread_mutex_unlock(&pool->lock);
	return h;
}

/* The object is set up: let calls use it. */
void zs_handle_open(struct zs_handle *h)
{
	atomic_fetch_or_explicit(&h->state, ZS_HANDLE_OPEN,
				 memory_order_release);
}

/* Give an object back that was never opened. */
void zs_handle_abandon(struct zs_handle *h)
{
	struct zs_pool *pool = h->pool;

	pthread_mutex_lock(&pool->lock);
	h->next_free = NULL;
	*pool->free_tail = h;
	pool->free_tail = &h->next_free;
	pthread_mutex_unlock(&pool->lock);
}

/**
 * zs_handle_close - no further call may use the object
 * @h: a handle of any state
 *
 * The object is released when its last user leaves: at once, if there is
 * none.
 *
 * Return: false if it was closed before.
 */
bool zs_handle_close(struct zs_handle *h)
{
	uint32_t old = atomic_fetch_add(&h->state, 1) + 1;
	bool closed = true;
	uint32_t new;

	do {
		if (!(old & (ZS_HANDLE_OPEN | ZS_HANDLE_ORPHAN))) {
			closed = false;
			break;
		}
		new = old & ~(ZS_HANDLE_OPEN | ZS_HANDLE_ORPHAN);
		new |= ZS_HANDLE_CLOSING;
	} while (!atomic_compare_exchange_weak(&h->state, &old, new));

	zs_handle_put(h);
	return closed;
}

/* The count fell to zero on a closed handle: release it, once. */
void zs_handle_left(struct zs_handle *h)
{
	uint32_t old = ZS_HANDLE_CLOSING;

	if (!atomic_compare_exchange_strong(&h->state, &old, 0))
		return;
	h->pool->release(h);
	zs_handle_abandon(h);
}
