// SPDX-License-Identifier: MPL-2.0
/*
 * Sending without a system call, see ring.h.
 *
 * A socket gets its ring when it takes part in a burst.  Whenever the kernel is not
 * looking, has no room for certain, or another thread is writing, a send is a
 * system call as before: it takes out what is in the ring first, so the order is
 * kept, and it knows what blocks and what fails.
 */
#include "shim.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RING_SIZE	32768
/* Where the part for which the ring is made is longer than RING_SHORT. */
#define RING_SIZE_LONG	131072
#define RING_SHORT	64
/* Longer bodies are not worth a second copy. */
#define RING_BODY_MAX	1024
/*
 * A thread that sends so often in so many us, whatever sockets by, is in a
 * burst.  A ring pays for those that have so many of these sends, and not more than
 * so many others between two: so many rings would each have few messages.
 */
#define BURST_SENDS	64
#define BURST_US	25000
#define BURST_SHARE	4
#define BURST_OTHERS	256

#define FRAME_MORE	1
#define FRAME_LONG	2
#define SHORT_MAX	255
#define HDR_SHORT	2
#define HDR_LONG	9

static pthread_once_t once = PTHREAD_ONCE_INIT;
static enum { RING_OFF, RING_AUTO, RING_ON } policy = RING_AUTO;

/*
 * 1 in this process, 0 in a child made by a fork that called no handlers: there
 * rings are not mapped.
 */
static volatile int *mapped;

static void ring_set_up(void)
{
	const char *value = getenv("AF_ZMQ_RING");
	void *page;

	if (value && !strcmp(value, "1"))
		policy = RING_ON;
	else if (value && !strcmp(value, "0"))
		policy = RING_OFF;
	page = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED ||
	    madvise(page, getpagesize(), MADV_WIPEONFORK)) {
		policy = RING_OFF;
		return;
	}
	mapped = page;
	*mapped = 1;
}

/* In the child of a fork: its own rings will be mapped. */
void zs_ring_forked(void)
{
	if (mapped)
		*mapped = 1;
}

void zs_ring_init(struct zs_sock *s)
{
	pthread_once(&once, ring_set_up);
	atomic_store(&s->ring.wanted, policy != RING_OFF &&
		     (s->type == ZMQ_PUB || s->type == ZMQ_PUSH ||
		      s->type == ZMQ_DEALER || s->type == ZMQ_ROUTER ||
		      s->type == ZMQ_PAIR));
}

/* Before the descriptor is closed: the mapping keeps the socket open, too. */
void zs_ring_free(struct zs_sock *s)
{
	struct zmq_af_ring *ctl = atomic_load(&s->ring.ctl);

	if (ctl)
		munmap(ctl, s->ring.data - (unsigned char *)ctl + s->ring.size);
}

/* In the child of a fork, which has not got the mapping. */
void zs_ring_orphan(struct zs_sock *s)
{
	atomic_store(&s->ring.wanted, false);
	atomic_store(&s->ring.ctl, NULL);
	atomic_store(&s->ring.busy, false);
}

/*
 * Make the ring, with room for hundreds of parts of @len bytes; @busy is ours.
 */
static void ring_make(struct zs_sock *s, size_t len)
{
	struct zs_ring *ring = &s->ring;
	size_t page = getpagesize();
	struct zmq_af_ring *ctl;
	int size = len > RING_SHORT ? RING_SIZE_LONG : RING_SIZE;

	if (atomic_load(&ring->ctl) || !*mapped)
		return;
	/* Whatever the reason is, it will not go away. */
	atomic_store(&ring->wanted, false);
	if (setsockopt(s->fd, SOL_ZMQ, ZMQ_AF_RING, &size, sizeof(size)))
		return;
	ctl = mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   s->fd, 0);
	if (ctl == MAP_FAILED)
		return;
	ring->data = (unsigned char *)ctl + ctl->offset;
	ring->size = ctl->size;
	ring->max = ctl->max < RING_BODY_MAX ? ctl->max : RING_BODY_MAX;
	atomic_store(&ring->wanted, true);
	atomic_store(&ring->ctl, ctl);
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

/**
 * struct burst - sends of this thread that were system calls
 * @sends: all of them
 * @number: of the burst, or of the time between two
 * @since: us: when the last BURST_SENDS began
 * @on: those before did not take longer than in a burst
 */
static __thread struct burst {
	uint32_t	sends;
	uint32_t	number;
	uint64_t	since;
	bool		on;
} burst;

static void burst_count(void)
{
	bool before = burst.on;
	uint64_t now;

	if (burst.sends++ % BURST_SENDS)
		return;
	now = now_us();
	burst.on = burst.since && now - burst.since < BURST_US;
	burst.since = now;
	if (burst.on != before)
		burst.number++;
}

/* Is the socket one of those that the thread's burst goes by? */
static bool ring_pays(struct zs_ring *ring)
{
	uint32_t last, seen = 0;

	if (policy == RING_ON)
		return true;
	burst_count();
	last = atomic_exchange_explicit(&ring->last, burst.sends,
					memory_order_relaxed);
	if (atomic_exchange_explicit(&ring->burst, burst.number,
				     memory_order_relaxed) == burst.number &&
	    burst.sends - last <= BURST_OTHERS)
		seen = atomic_load_explicit(&ring->seen, memory_order_relaxed);
	atomic_store_explicit(&ring->seen, seen + 1, memory_order_relaxed);
	return burst.on && seen + 1 >= BURST_SHARE;
}

/**
 * zs_ring_count - a part was sent by a system call
 * @s: a socket whose ring is @wanted
 * @len: its length
 * @flags: ZMQ_SNDMORE
 */
void zs_ring_count(struct zs_sock *s, size_t len, int flags)
{
	struct zs_ring *ring = &s->ring;
	int err = errno;

	atomic_store_explicit(&ring->parts, !!(flags & ZMQ_SNDMORE),
			      memory_order_relaxed);
	if (flags & ZMQ_SNDMORE ||
	    atomic_load_explicit(&ring->ctl, memory_order_relaxed) ||
	    !ring_pays(ring) || atomic_exchange(&ring->busy, true))
		return;
	ring_make(s, len);
	atomic_store(&ring->busy, false);
	errno = err;
}

static uint32_t ring_header(size_t len)
{
	return len > SHORT_MAX ? HDR_LONG : HDR_SHORT;
}

/* Bytes that may wrap around the ring's end. */
static void ring_write(struct zs_ring *ring, uint32_t at, const void *from,
		       size_t len)
{
	uint32_t off = at & (ring->size - 1);
	size_t first = ring->size - off;

	if (likely(len <= first)) {
		memcpy(ring->data + off, from, len);
		return;
	}
	memcpy(ring->data + off, from, first);
	memcpy(ring->data, (const char *)from + first, len - first);
}

/* Frame a part, behind those of the message that are there already. */
static void ring_put(struct zs_ring *ring, const void *buf, size_t len,
		     int flags)
{
	unsigned char head[HDR_LONG] = { flags & ZMQ_SNDMORE ? FRAME_MORE : 0 };
	uint32_t at = ring->tail + ring->more;
	uint32_t hdr = ring_header(len);
	uint64_t be;

	if (hdr == HDR_LONG) {
		head[0] |= FRAME_LONG;
		be = __builtin_bswap64(len);
		memcpy(head + 1, &be, sizeof(be));
	} else {
		head[1] = len;
	}
	ring_write(ring, at, head, hdr);
	ring_write(ring, at + hdr, buf, len);
	ring->more += hdr + len;
	ring->body += len;
}

/* Rule 2 of struct zmq_af_ring. */
static bool ring_has_room(struct zs_ring *ring, struct zmq_af_ring *ctl,
			  size_t len)
{
	uint32_t limit = __atomic_load_n(&ctl->limit, __ATOMIC_RELAXED);
	uint32_t head = __atomic_load_n(&ctl->head, __ATOMIC_ACQUIRE);
	uint32_t used = ring->tail + ring->more - head;

	/* A message that has begun may end. */
	return (ring->more || (int32_t)(limit - ring->sent) > 0) &&
	       ring->size - used >= len + ring_header(len) &&
	       ring->body + len <= ring->max && ring->more <= RING_BODY_MAX;
}

/* Rule 3. */
static void ring_commit(struct zs_ring *ring, struct zmq_af_ring *ctl)
{
	ring->sent++;
	ring->tail += ring->more;
	ring->more = 0;
	ring->body = 0;
	__atomic_store_n(&ctl->tail, ring->tail, __ATOMIC_RELEASE);
}

static uint32_t ring_flags(struct zmq_af_ring *ctl)
{
	return __atomic_load_n(&ctl->flags, __ATOMIC_RELAXED);
}

static void ring_read(struct zs_ring *ring, uint32_t at, void *to, size_t len)
{
	unsigned char *p = to;

	while (len--)
		*p++ = ring->data[at++ & (ring->size - 1)];
}

/*
 * The message that has begun cannot end here: its parts are sent by calls after
 * all.  They do not block, as there was room for it when it began.
 */
static void ring_give_up(struct zs_sock *s)
{
	struct zs_ring *ring = &s->ring;
	unsigned char body[RING_BODY_MAX], head[HDR_LONG];
	uint32_t at = ring->tail, end = at + ring->more;
	uint64_t len;

	while (at != end) {
		ring_read(ring, at, head, HDR_SHORT);
		at += HDR_SHORT;
		len = head[1];
		if (head[0] & FRAME_LONG) {
			at -= HDR_SHORT - 1;
			ring_read(ring, at, &len, sizeof(len));
			at += sizeof(len);
			len = __builtin_bswap64(len);
		}
		ring_read(ring, at, body, len);
		at += len;
		send(s->fd, body, len, MSG_MORE | MSG_NOSIGNAL);
	}
	ring->more = 0;
	ring->body = 0;
	atomic_store_explicit(&ring->parts, true, memory_order_relaxed);
}

/* @busy is ours. */
static bool ring_append(struct zs_sock *s, struct zmq_af_ring *ctl,
			const void *buf, size_t len, int flags)
{
	struct zs_ring *ring = &s->ring;

	if (unlikely(!ring_has_room(ring, ctl, len))) {
		if (ring->more)
			ring_give_up(s);
		return false;
	}
	ring_put(ring, buf, len, flags);
	if (!(flags & ZMQ_SNDMORE))
		ring_commit(ring, ctl);
	return true;
}

/**
 * zs_ring_send - send a part by the ring
 * @s: a socket whose ring is @wanted
 * @buf: the part
 * @len: its length
 * @flags: ZMQ_SNDMORE
 *
 * Return: false: send it by a system call.
 */
bool zs_ring_send(struct zs_sock *s, const void *buf, size_t len, int flags)
{
	struct zs_ring *ring = &s->ring;
	struct zmq_af_ring *ctl;
	bool done;

	ctl = atomic_load_explicit(&ring->ctl, memory_order_acquire);
	if (!ctl || unlikely(!*mapped) ||
	    (ring_flags(ctl) && likely(!ring->more)) ||
	    atomic_load_explicit(&ring->parts, memory_order_relaxed))
		return false;
	while (unlikely(atomic_exchange_explicit(&ring->busy, true,
						 memory_order_acquire))) {
		/* A part must go where those before it went. */
		if (!ring->more)
			return false;
		sched_yield();
	}
	done = ring_append(s, ctl, buf, len, flags);
	atomic_store_explicit(&ring->busy, false, memory_order_release);
	/* Rule 4. */
	atomic_thread_fence(memory_order_seq_cst);
	if (unlikely(done && ring_flags(ctl) & ZMQ_AF_RING_WAKE))
		send(s->fd, NULL, 0, MSG_ZMQ_PACKED | MSG_NOSIGNAL);
	return done;
}
