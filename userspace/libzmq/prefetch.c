// SPDX-License-Identifier: MPL-2.0
/*
 * Receiving ahead: one system call copies many short messages, which are then
 * handed out one by one (ZMQ_AF_LOOKAHEAD).
 *
 * The kernel keeps what it only showed: it learns how many were handed out with
 * the next look, or at the latest when something is asked or changed that
 * depends on it (zs_prefetch_settle(), zs_prefetch_stop()).  So polls, marks and
 * subscriptions are right without knowing of this, and what is thrown away here
 * is received again.
 *
 * It is done while it pays: after a while of single receives one look is tried,
 * sooner if the last one found much, later if it did not.
 */
#include "shim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* libzmq, too, notices other peers' messages after a hundred at the latest. */
#define PREFETCH_MSGS	100
#define PREFETCH_ROOM	8192
/* Longer messages are not worth a second copy. */
#define PREFETCH_SIZE	(2048 + 9)

#define PREFETCH_PAYS	8	/* handed out between two pauses */
#define PREFETCH_PAUSE	4	/* single receives before the first look */
#define PREFETCH_PAUSE_MAX	256

enum { PREFETCH_NEVER, PREFETCH_ALWAYS, PREFETCH_AUTO };

static pthread_once_t policy_once = PTHREAD_ONCE_INIT;
static int policy = PREFETCH_AUTO;

static void policy_read(void)
{
	const char *value = getenv("AF_ZMQ_PREFETCH");

	if (value && !strcmp(value, "0"))
		policy = PREFETCH_NEVER;
	else if (value && !strcmp(value, "1"))
		policy = PREFETCH_ALWAYS;
}

/* Types that receive without doing anything else, and not in threads. */
static bool type_can(int type)
{
	return type == ZMQ_PAIR || type == ZMQ_PULL || type == ZMQ_DEALER ||
	       type == ZMQ_ROUTER || type == ZMQ_SUB || type == ZMQ_XSUB;
}

void zs_prefetch_init(struct zs_prefetch *pf, int type)
{
	pthread_once(&policy_once, policy_read);
	pthread_mutex_init(&pf->lock, NULL);
	pf->able = policy != PREFETCH_NEVER && type_can(type);
	pf->pause = policy == PREFETCH_ALWAYS ? 0 : PREFETCH_PAUSE;
	atomic_store(&pf->left, pf->pause);
}

/* Nobody else uses it any more. */
void zs_prefetch_fini(struct zs_prefetch *pf)
{
	free(pf->look);
	pf->look = NULL;
	pthread_mutex_destroy(&pf->lock);
}

/* In the child of a fork what was looked at is the parent's. */
void zs_prefetch_orphan(struct zs_prefetch *pf)
{
	pthread_mutex_init(&pf->lock, NULL);
}

static bool prefetch_leased(struct zs_prefetch *pf)
{
	return atomic_load(&pf->state) & ZS_PREFETCH_LEASED;
}

/* From now on all receives come here, unless some are in the kernel now. */
static bool prefetch_lease(struct zs_prefetch *pf)
{
	uint32_t none = 0;

	if (atomic_compare_exchange_strong(&pf->state, &none,
					   ZS_PREFETCH_LEASED))
		return true;
	atomic_store(&pf->left, pf->pause);
	return false;
}

/* Nothing is left here: single receives again.  Caller holds @pf->lock. */
static void prefetch_release(struct zs_prefetch *pf)
{
	pf->next = pf->end;
	if (pf->pause && pf->run >= PREFETCH_PAYS)
		pf->pause = pf->pause > 1 ? pf->pause / 2 : 1;
	else if (pf->pause && pf->pause < PREFETCH_PAUSE_MAX)
		pf->pause *= 2;
	pf->run = 0;
	atomic_store(&pf->left, pf->pause);
	atomic_fetch_and(&pf->state, ~ZS_PREFETCH_LEASED);
}

/* One call: tell what was handed out, and look at @max messages. */
static int prefetch_call(struct zs_sock *s, uint32_t max)
{
	struct zmq_af_lookahead *look = s->prefetch.look;
	socklen_t len = sizeof(*look) + (max ? PREFETCH_ROOM : 0);
	int rc;

	look->max = max;
	look->size_max = PREFETCH_SIZE;
	look->flags = max ? ZMQ_AF_LOOKAHEAD_PEERS : 0;
	rc = getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_LOOKAHEAD, look, &len);
	look->taken = 0;
	look->parts = 0;
	return rc;
}

static bool prefetch_alloc(struct zs_prefetch *pf)
{
	if (!pf->look)
		pf->look = calloc(1, sizeof(*pf->look) + PREFETCH_ROOM);
	return pf->look;
}

/* Look at more.  False: there is nothing, and no lease any more. */
static bool prefetch_fill(struct zs_sock *s)
{
	struct zs_prefetch *pf = &s->prefetch;

	zs_ring_pause(&s->ring);
	if (!prefetch_alloc(pf) || prefetch_call(s, PREFETCH_MSGS) ||
	    !pf->look->count) {
		prefetch_release(pf);
		return false;
	}
	if (pf->look->flags & ZMQ_AF_LOOKAHEAD_META)
		zs_meta_set(s, pf->look->meta);
	pf->told = false;
	pf->next = pf->look->data;
	pf->end = pf->next + pf->look->bytes;
	return true;
}

/* Tell what was handed out, forget the rest.  Caller holds @pf->lock. */
static void prefetch_return(struct zs_sock *s)
{
	struct zs_prefetch *pf = &s->prefetch;

	if (!prefetch_leased(pf))
		return;
	if (pf->look->taken || pf->look->parts)
		prefetch_call(s, 0);
	prefetch_release(pf);
}

/* Which connection did the message come by that begins here? */
static const unsigned char *prefetch_peer(struct zs_sock *s,
					  const unsigned char *p)
{
	struct zs_prefetch *pf = &s->prefetch;
	uint32_t id;

	memcpy(&id, p, sizeof(id));
	if (!pf->told || pf->id != id)
		zs_meta_set(s, id);
	pf->told = true;
	pf->id = id;
	return p + sizeof(id);
}

/* The part that comes next. */
static void prefetch_part(struct zs_sock *s, struct zs_part *part)
{
	struct zs_prefetch *pf = &s->prefetch;
	const unsigned char *p = pf->next;
	size_t size;
	int i;

	if (pf->look->flags & ZMQ_AF_LOOKAHEAD_PEERS && !pf->look->parts)
		p = prefetch_peer(s, p);
	size = p[1];
	part->more = p[0] & ZS_FRAME_MORE;
	part->data = p + 2;
	if (unlikely(p[0] & ZS_FRAME_LONG)) {
		for (size = 0, i = 1; i <= 8; i++)
			size = size << 8 | p[i];
		part->data = p + 9;
	}
	part->size = size;
}

/* Is there a part here, or can one be got?  Caller holds @pf->lock. */
static bool prefetch_ready(struct zs_sock *s)
{
	struct zs_prefetch *pf = &s->prefetch;

	if (unlikely(atomic_load(&s->ctx->shut))) {
		prefetch_return(s);
		return false;
	}
	if (prefetch_leased(pf) && pf->next < pf->end)
		return true;
	return (prefetch_leased(pf) || prefetch_lease(pf)) && prefetch_fill(s);
}

/* What zs_prefetch_get() does where it is not just a single receive. */
bool zs_prefetch_get_slow(struct zs_sock *s, struct zs_part *part)
{
	struct zs_prefetch *pf = &s->prefetch;

	pthread_mutex_lock(&pf->lock);
	if (likely(prefetch_ready(s))) {
		prefetch_part(s, part);
		return true;
	}
	/* Nobody gets a lease meanwhile: that takes the lock. */
	atomic_fetch_add(&pf->state, 1);
	pthread_mutex_unlock(&pf->lock);
	return false;
}

/**
 * zs_prefetch_put - done with what zs_prefetch_get() gave
 * @s: the socket
 * @part: the part
 * @took: it was handed out; else it will be the next one again
 */
void zs_prefetch_put(struct zs_sock *s, const struct zs_part *part, bool took)
{
	struct zs_prefetch *pf = &s->prefetch;

	if (likely(took)) {
		pf->next = (const unsigned char *)part->data + part->size;
		atomic_store_explicit(&s->rcvmore, part->more,
				      memory_order_relaxed);
		if (part->more) {
			pf->look->parts++;
		} else {
			pf->look->parts = 0;
			pf->look->taken++;
			pf->run++;
		}
		/* A sender may wait for this. */
		if (pf->next == pf->end &&
		    pf->look->flags & ZMQ_AF_LOOKAHEAD_PROMPT)
			prefetch_fill(s);
	}
	pthread_mutex_unlock(&pf->lock);
}

/* What zs_prefetch_settle() does if there is something to do. */
void zs_prefetch_settle_slow(struct zs_sock *s)
{
	int err = errno;

	pthread_mutex_lock(&s->prefetch.lock);
	prefetch_return(s);
	pthread_mutex_unlock(&s->prefetch.lock);
	errno = err;
}

/* What zs_prefetch_here() does if there may be one. */
bool zs_prefetch_here_slow(struct zs_sock *s)
{
	struct zs_prefetch *pf = &s->prefetch;
	int err = errno;
	bool here;

	pthread_mutex_lock(&pf->lock);
	here = prefetch_leased(pf) && pf->next < pf->end &&
	       !atomic_load(&s->ctx->shut);
	if (!here)
		prefetch_return(s);
	pthread_mutex_unlock(&pf->lock);
	errno = err;
	return here;
}

/**
 * zs_prefetch_stop - what is queued in the kernel may be changed
 * @s: the socket
 *
 * Until zs_prefetch_go() nothing is looked at.
 */
void zs_prefetch_stop(struct zs_sock *s)
{
	if (!s->prefetch.able)
		return;
	pthread_mutex_lock(&s->prefetch.lock);
	prefetch_return(s);
}

/* Keeps errno. */
void zs_prefetch_go(struct zs_sock *s)
{
	if (s->prefetch.able)
		pthread_mutex_unlock(&s->prefetch.lock);
}
