// SPDX-License-Identifier: MPL-2.0
/*
 * Sending and receiving: one system call for a part, as a rule; where messages
 * come fast prefetch.c has them already.
 */
#include "shim.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/*
 * More than this the kernel cuts off a single send silently (MAX_RW_COUNT).
 */
#define ZS_PART_MAX	((size_t)INT_MAX - 4095)

/* A part is at most so long, but libzmq's calls return an int. */
static int part_size(size_t size)
{
	return size < INT_MAX ? (int)size : INT_MAX;
}

/* send */

static int send_flags(int flags)
{
	return MSG_NOSIGNAL | (flags & ZMQ_DONTWAIT ? MSG_DONTWAIT : 0) |
	       (flags & ZMQ_SNDMORE ? MSG_MORE : 0);
}

/*
 * The call would block (or timed out), and somebody may be waiting for
 * ZMQ_FD: see zs_sock_fd() for why to try again after taking its edge.
 */
static bool retry_drained(struct zs_sock *s)
{
	if (errno != EAGAIN || likely(atomic_load(&s->epfd) < 0))
		return false;
	zs_sock_drain(s);
	return true;
}

static int sock_send(struct zs_sock *s, const void *buf, size_t len, int flags)
{
	bool ring = atomic_load_explicit(&s->ring.wanted, memory_order_relaxed);
	int kflags = send_flags(flags);
	ssize_t n;

	if (ring && zs_ring_send(s, buf, len, flags))
		return len;
	if (unlikely(len > ZS_PART_MAX))
		return zs_fail(EMSGSIZE);
	n = send(s->fd, buf, len, kflags);
	if (unlikely(n < 0) && retry_drained(s))
		n = send(s->fd, buf, len, kflags | MSG_DONTWAIT);
	if (unlikely(n < 0))
		return zs_fail_kernel();
	if (ring)
		zs_ring_count(s, len, flags);
	return part_size(len);
}

/* Room for what goes beside a message. */
union side {
	struct cmsghdr	head;
	char		space[CMSG_SPACE(ZMQ_GROUP_MAX_LENGTH) +
			      CMSG_SPACE(sizeof(uint32_t))];
};

static void side_put(union side *side, struct msghdr *mh, int type,
		     const void *data, size_t len)
{
	memset(side, 0, sizeof(*side));
	side->head.cmsg_level = SOL_ZMQ;
	side->head.cmsg_type = type;
	side->head.cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(&side->head), data, len);
	mh->msg_control = side;
	mh->msg_controllen = CMSG_SPACE(len);
}

/* A message to the peer whose number it has, or to its group. */
static int sock_send_to(struct zs_sock *s, struct zs_msg *m, const void *buf,
			size_t len, int flags)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	int kflags = send_flags(flags);
	union side side;
	ssize_t n;

	if (len > ZS_PART_MAX)
		return zs_fail(EMSGSIZE);
	if (s->numbered)
		side_put(&side, &mh, ZMQ_AF_CMSG_ROUTING_ID, &m->routing_id,
			 sizeof(m->routing_id));
	else if (m->group)
		side_put(&side, &mh, ZMQ_AF_CMSG_GROUP, m->group->name,
			 strlen(m->group->name));
	n = sendmsg(s->fd, &mh, kflags);
	return n >= 0 ? part_size(len) : zs_fail_kernel();
}

int zs_send(void *handle, const void *buf, size_t len, int flags)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);

	return likely(s) ? sock_send(s, buf, len, flags) : -1;
}

/* The kernel copies at once, so a constant buffer is like any other. */
int zs_send_const(void *handle, const void *buf, size_t len, int flags)
{
	return zs_send(handle, buf, len, flags);
}

/* On success the message is taken over and left empty, else untouched. */
int zs_msg_send(zmq_msg_t *msg, void *handle, int flags)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);
	struct zs_msg *m = zs_msg(msg);
	int rc;

	if (unlikely(!s))
		return -1;
	if (unlikely(!zs_msg_valid(m)))
		return zs_fail(EFAULT);
	if (unlikely(s->numbered || s->grouped))
		rc = sock_send_to(s, m, zs_msg_data(msg), zs_msg_size(msg),
				  flags);
	else
		rc = sock_send(s, zs_msg_data(msg), zs_msg_size(msg), flags);
	if (likely(rc >= 0)) {
		zs_msg_drop(m);
		zs_msg_empty(m);
	}
	return rc;
}

int zs_sendmsg(void *handle, zmq_msg_t *msg, int flags)
{
	return zs_msg_send(msg, handle, flags);
}

/* The caller's flags for each part, but never SNDMORE for the last. */
int zs_sendiov(void *handle, struct iovec *iov, size_t count, int flags)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);
	int rc = 0;
	size_t i;

	if (!s)
		return -1;
	if (!count || !iov)
		return zs_fail(EINVAL);
	for (i = 0; i < count && rc >= 0; i++) {
		if (i + 1 == count)
			flags &= ~ZMQ_SNDMORE;
		rc = sock_send(s, iov[i].iov_base, iov[i].iov_len, flags);
	}
	return rc;
}

/* recv */

/* What the kernel tells beside a message.  Return: 0, or -1 and ENOMEM. */
static int side_get(struct msghdr *mh, struct zs_msg *m)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level != SOL_ZMQ)
			continue;
		if (c->cmsg_type == ZMQ_AF_CMSG_ROUTING_ID)
			memcpy(&m->routing_id, CMSG_DATA(c),
			       sizeof(m->routing_id));
		else if (c->cmsg_type == ZMQ_AF_CMSG_GROUP &&
			 zs_group_set(m, (char *)CMSG_DATA(c),
				      c->cmsg_len - CMSG_LEN(0)))
			return -1;
	}
	return 0;
}

/*
 * One part into a buffer, by MSG_* flags; errno is the kernel's.  Returns its
 * size, and sets in @m whether more parts follow.
 */
static ssize_t sock_recv(struct zs_sock *s, struct zs_msg *m, void *buf,
			 size_t len, int kflags)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	union side side;
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &side,
		.msg_controllen = sizeof(side),
	};
	ssize_t n;

	n = recvmsg(s->fd, &mh, kflags);
	if (unlikely(n < 0) && retry_drained(s))
		n = recvmsg(s->fd, &mh, kflags | MSG_DONTWAIT);
	if (unlikely(n < 0))
		return n;
	if (unlikely(s->numbered || s->grouped) && side_get(&mh, m))
		return -1;
	if (unlikely(mh.msg_controllen))
		zs_meta_told(s, &mh);
	m->meta = zs_meta_last(s);
	m->flags = mh.msg_flags & MSG_MORE ? ZS_MSG_MORE : 0;
	atomic_store_explicit(&s->rcvmore, m->flags, memory_order_relaxed);
	return n;
}

static int recv_flags(int flags)
{
	return flags & ZMQ_DONTWAIT ? MSG_DONTWAIT : 0;
}

/* A part that was received ahead into a buffer. */
static int recv_ahead(struct zs_sock *s, const struct zs_part *part, void *buf,
		      size_t len)
{
	size_t size = part->size;

	memcpy(buf, part->data, size < len ? size : len);
	zs_prefetch_put(s, part, true);
	return size;
}

/*
 * What does not fit is lost, but the full size is returned.  recv(2) costs a
 * quarter less than recvmsg(2) here, and few callers ask if there is more:
 * those who do make ZMQ_RCVMORE ask the kernel.
 */
int zs_recv(void *handle, void *buf, size_t len, int flags)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);
	ZS_RECEIVING *receiving = NULL;
	int kflags = recv_flags(flags) | MSG_TRUNC;
	struct zs_part part;
	ssize_t n;

	if (unlikely(!s))
		return -1;
	if (zs_prefetch_get(s, &part))
		return recv_ahead(s, &part, buf, len);
	zs_ring_pause(&s->ring);
	receiving = s;
	n = recv(s->fd, buf, len, kflags);
	if (unlikely(n < 0) && retry_drained(s))
		n = recv(s->fd, buf, len, kflags | MSG_DONTWAIT);
	if (unlikely(n < 0))
		return zs_fail_kernel();
	atomic_store_explicit(&s->rcvmore, ZS_RCVMORE_UNKNOWN,
			      memory_order_relaxed);
	return part_size(n);
}

/*
 * A message is received before its size is known, so it goes into a block
 * that each thread keeps ready.  A small one is then copied into the zmq_msg_t
 * or into a content of its own; a large one is the block, and the thread gets
 * a new one.  The block adapts to what is received: a part too large for it
 * stays in the kernel (MSG_ZMQ_WHOLE), its size is asked for, and from then
 * on the block is that large, up to a bound and until it is long unused.
 */
#define RX_BLOCK_MIN	8192
#define RX_BLOCK_MAX	(1 << 20)
#define RX_COPY_MAX	2048	/* cheaper to copy than to give away */
#define RX_IDLE_MAX	256	/* receives that used an eighth at most */

/**
 * struct rx_block - a thread's receive buffer
 * @content: the block, NULL if given away
 * @size: bytes that @content has, or that the next one is to have
 * @idle: receives since more than an eighth of it was used
 */
struct rx_block {
	struct zs_content	*content;
	size_t			size;
	unsigned int		idle;
};

static _Thread_local struct rx_block rx_block;
static pthread_once_t rx_once = PTHREAD_ONCE_INIT;
static pthread_key_t rx_key;
static bool rx_key_made;

static void rx_free(void *content)
{
	free(content);
	rx_block.content = NULL;
}

static void rx_key_make(void)
{
	rx_key_made = !pthread_key_create(&rx_key, rx_free);
}

/* Set the thread's block; it is freed when the thread ends. */
static void rx_set(struct rx_block *rx, struct zs_content *content)
{
	rx->content = content;
	pthread_once(&rx_once, rx_key_make);
	if (rx_key_made)
		pthread_setspecific(rx_key, content);
}

/* The thread's block, or NULL and ENOMEM. */
static struct rx_block *rx_get(void)
{
	struct rx_block *rx = &rx_block;
	struct zs_content *content;

	if (likely(rx->content))
		return rx;
	if (!rx->size)
		rx->size = RX_BLOCK_MIN;
	content = zs_content_alloc(rx->size);
	if (!content)
		return NULL;
	rx_set(rx, content);
	return rx;
}

static void rx_resize(struct rx_block *rx, size_t size)
{
	free(rx->content);
	rx_set(rx, NULL);
	rx->size = size;
	rx->idle = 0;
}

/* Shrink a block that is far too large for what comes. */
static void rx_adapt(struct rx_block *rx, size_t used)
{
	if (likely(rx->size == RX_BLOCK_MIN))
		return;
	if (used > rx->size / 8)
		rx->idle = 0;
	else if (++rx->idle > RX_IDLE_MAX)
		rx_resize(rx, RX_BLOCK_MIN);
}

/* Make a message of a content with @size bytes of body in it. */
static void fill_content(struct zs_msg *m, struct zs_content *content,
			 size_t size)
{
	content->size = size;
	m->kind = ZS_MSG_CONTENT;
	m->content = content;
}

/* The block itself becomes the message, less what is not used of it. */
static void fill_block(struct zs_msg *m, struct rx_block *rx, size_t size)
{
	struct zs_content *content = rx->content;
	struct zs_content *less;

	rx_set(rx, NULL);
	if (size < rx->size - rx->size / 4) {
		less = realloc(content, sizeof(*content) + size);
		if (less)
			content = less;
		content->data = content + 1;
	}
	fill_content(m, content, size);
}

/* A part of @size bytes is in the block: make it a message. */
static void fill_received(struct zs_msg *m, struct rx_block *rx, size_t size)
{
	struct zs_content *content = NULL;

	if (size <= ZS_VSM_MAX) {
		memcpy(m->vsm, rx->content->data, size);
		m->vsm_size = size;
		rx_adapt(rx, size);
		return;
	}
	if (size <= RX_COPY_MAX)
		content = zs_content_alloc(size);
	if (content) {
		memcpy(content->data, rx->content->data, size);
		fill_content(m, content, size);
	} else {
		fill_block(m, rx, size);
	}
	rx_adapt(rx, size);
}

/* A part too large for the thread to keep blocks of its size. */
static ssize_t recv_huge(struct zs_sock *s, struct zs_msg *m, size_t size,
			 int kflags)
{
	struct zs_content *content = zs_content_alloc(size);
	ssize_t n;

	if (!content)
		return -1;
	n = sock_recv(s, m, content->data, size, kflags);
	if (n < 0) {
		free(content);
		return -1;
	}
	if (n <= ZS_VSM_MAX) {
		memcpy(m->vsm, content->data, n);
		m->vsm_size = n;
		free(content);
	} else {
		fill_content(m, content, n);
	}
	return n;
}

/*
 * The next part does not fit: its size, which another thread may have taken
 * meanwhile, so this is but a hint for the next attempt.
 */
static int part_pending(struct zs_sock *s, size_t *size)
{
	int pending;

	if (ioctl(s->fd, FIONREAD, &pending))
		return -1;
	*size = pending;
	return 0;
}

/* Receive a part into an empty message; its size, or -1 and errno. */
static ssize_t msg_fill(struct zs_sock *s, struct zs_msg *m, int kflags)
{
	struct rx_block *rx;
	size_t size = 0;
	ssize_t n;

	do {
		if (unlikely(size > RX_BLOCK_MAX)) {
			n = recv_huge(s, m, size, kflags);
		} else {
			rx = rx_get();
			if (!rx)
				return -1;
			n = sock_recv(s, m, rx->content->data, rx->size,
				      kflags);
			if (likely(n >= 0))
				fill_received(m, rx, n);
		}
		if (n >= 0 || errno != EMSGSIZE)
			return n;
		if (part_pending(s, &size))
			return -1;
		if (size > rx_block.size && size <= RX_BLOCK_MAX)
			rx_resize(&rx_block, size);
	} while (true);
}

/* Make an empty message of a part that was received ahead. */
static ssize_t msg_fill_ahead(struct zs_sock *s, struct zs_msg *m,
			      const struct zs_part *part)
{
	struct zs_content *content = NULL;

	if (part->size > ZS_VSM_MAX) {
		content = zs_content_alloc(part->size);
		if (!content) {
			zs_prefetch_put(s, part, false);
			return -1;
		}
		memcpy(content->data, part->data, part->size);
		fill_content(m, content, part->size);
	} else {
		memcpy(m->vsm, part->data, part->size);
		m->vsm_size = part->size;
	}
	m->meta = zs_meta_last(s);
	m->flags = part->more ? ZS_MSG_MORE : 0;
	zs_prefetch_put(s, part, true);
	return part->size;
}

/* The message's old content is only given up if there is a new one. */
int zs_msg_recv(zmq_msg_t *msg, void *handle, int flags)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);
	ZS_RECEIVING *receiving = NULL;
	struct zs_msg *m = zs_msg(msg);
	struct zs_msg got;
	struct zs_part part;
	ssize_t n;

	if (unlikely(!s))
		return -1;
	if (unlikely(!zs_msg_valid(m)))
		return zs_fail(EFAULT);
	zs_msg_empty(&got);
	if (zs_prefetch_get(s, &part)) {
		n = msg_fill_ahead(s, &got, &part);
	} else {
		zs_ring_pause(&s->ring);
		receiving = s;
		n = msg_fill(s, &got, recv_flags(flags) | MSG_ZMQ_WHOLE);
	}
	if (unlikely(n < 0))
		return zs_fail_kernel();
	zs_msg_drop(m);
	*m = got;
	return part_size(n);
}

int zs_recvmsg(void *handle, zmq_msg_t *msg, int flags)
{
	return zs_msg_recv(msg, handle, flags);
}

/* A part into memory that the caller frees; its MORE flag, or -1. */
static int recv_iov(void *handle, struct iovec *iov, int flags)
{
	zmq_msg_t msg;
	int more;

	zs_msg_init(&msg);
	if (zs_msg_recv(&msg, handle, flags) < 0)
		return -1;
	iov->iov_len = zs_msg_size(&msg);
	iov->iov_base = malloc(iov->iov_len);
	if (!iov->iov_base && iov->iov_len) {
		zs_msg_close(&msg);
		return zs_fail(ENOMEM);
	}
	memcpy(iov->iov_base, zs_msg_data(&msg), iov->iov_len);
	more = zs_msg_more(&msg);
	zs_msg_close(&msg);
	return more;
}

/* Up to *@count parts of a message; sets *@count to how many, returns it. */
int zs_recviov(void *handle, struct iovec *iov, size_t *count, int flags)
{
	ZS_USING_SOCK *s = zs_sock_get(handle);
	size_t max, n = 0;
	int more = 1;

	if (!s)
		return -1;
	if (!count || !*count || !iov)
		return zs_fail(EINVAL);
	max = *count;
	*count = 0;
	while (more && n < max) {
		more = recv_iov(handle, &iov[n], flags);
		if (more < 0)
			return -1;
		*count = ++n;
	}
	return n;
}
