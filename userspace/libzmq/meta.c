// SPDX-License-Identifier: MPL-2.0
/*
 * Metadata of messages: zmq_msg_gets().  The kernel tells when a part comes by
 * another connection than the last one (ZMQ_AF_RECVMETA_NEW); its properties
 * are fetched then, and shared by the socket and the messages.  The socket
 * keeps those of some connections, in case they come by again.
 *
 * ZMQ_SRCFD: a descriptor that tells of the connection is made when it is
 * asked for, and is the same until the connection is over.  Then it is closed
 * when others are made, or with the socket.
 */
#include "shim.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Connections are numbered one after the other: few share a slot.  Where many take
 * turns there are more slots, but not where they come and go.
 */
#define METAS_MIN	64
#define METAS_MAX	16384

/**
 * struct zs_meta - properties of a connection
 * @refs: messages, the socket that received the last of them, its slots and
 *	its list of those with descriptors
 * @next: while unused
 * @text: name, NUL, value, NUL ... and an empty name
 * @id: number of the connection
 * @sock: the socket
 * @fd: descriptor that tells of it, or -1; the socket's metas.lock to write
 * @fd_text: @fd as a string
 * @next_fd: in the socket's list while there is @fd; metas.lock
 *
 * The memory is never given back: a thread may look at one that another
 * thread, receiving from the same socket, has just replaced.
 */
struct zs_meta {
	_Atomic uint32_t	refs;
	struct zs_meta		*next;
	char			*text;
	uint32_t		id;
	struct zs_sock		*sock;
	_Atomic int		fd;
	char			fd_text[12];
	struct zs_meta		*next_fd;
};

static pthread_mutex_t meta_lock = PTHREAD_MUTEX_INITIALIZER;
static struct zs_meta *meta_unused;

static struct zs_meta *meta_new(struct zs_sock *s, uint32_t id, char *text)
{
	struct zs_meta *meta;

	pthread_mutex_lock(&meta_lock);
	meta = meta_unused;
	if (meta)
		meta_unused = meta->next;
	pthread_mutex_unlock(&meta_lock);
	if (!meta)
		meta = calloc(1, sizeof(*meta));
	if (!meta)
		return NULL;
	meta->text = text;
	meta->id = id;
	meta->sock = s;
	atomic_store(&meta->fd, -1);
	atomic_store_explicit(&meta->refs, 1, memory_order_release);
	return meta;
}

void zs_meta_put(struct zs_meta *meta)
{
	if (!meta || atomic_fetch_sub_explicit(&meta->refs, 1,
					       memory_order_acq_rel) != 1)
		return;
	free(meta->text);
	pthread_mutex_lock(&meta_lock);
	meta->next = meta_unused;
	meta_unused = meta;
	pthread_mutex_unlock(&meta_lock);
}

/* The caller has a reference. */
void zs_meta_get(struct zs_meta *meta)
{
	if (meta)
		atomic_fetch_add_explicit(&meta->refs, 1,
					  memory_order_relaxed);
}

/* What the last part received by the socket came with, or NULL. */
struct zs_meta *zs_meta_last(struct zs_sock *s)
{
	struct zs_meta *meta = atomic_load(&s->meta);
	uint32_t refs;

	while (meta) {
		refs = atomic_load(&meta->refs);
		while (refs && !atomic_compare_exchange_weak(&meta->refs, &refs,
							     refs + 1))
			;
		if (refs && atomic_load(&s->meta) == meta)
			return meta;
		if (refs)
			zs_meta_put(meta);
		meta = atomic_load(&s->meta);
	}
	return NULL;
}

/* Append a string, which ends at a NUL in it if there is one. */
static char *meta_append(char *to, const unsigned char *p, size_t len)
{
	len = strnlen((const char *)p, len);
	memcpy(to, p, len);
	to[len] = '\0';
	return to + len + 1;
}

/* The kernel's properties as text; it is not longer than they are. */
static char *meta_text(const unsigned char *p, size_t len)
{
	char *text = malloc(len + 1), *to = text;
	const unsigned char *end = p + len;
	const unsigned char *name;
	uint32_t size;

	while (text && p < end) {
		name = p;
		p += 1 + name[0];
		memcpy(&size, p, sizeof(size));
		size = ntohl(size);
		p += sizeof(size);
		/* An empty name would be the end. */
		if (name[0] && name[1]) {
			to = meta_append(to, name + 1, name[0]);
			to = meta_append(to, p, size);
		}
		p += size;
	}
	if (text)
		*to = '\0';
	return text;
}

/* Without memory for it a message has no metadata. */
static struct zs_meta *meta_fetch(struct zs_sock *s, uint32_t id)
{
	unsigned char props[ZMQ_AF_META_MAX];
	socklen_t len = sizeof(props);
	struct zs_meta *meta;
	char *text;

	memcpy(props, &id, sizeof(id));
	if (getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_META, props, &len))
		return NULL;
	text = meta_text(props, len);
	meta = text ? meta_new(s, id, text) : NULL;
	if (!meta)
		free(text);
	return meta;
}

/* One with a descriptor; metas.lock held. */
static struct zs_meta *meta_with_fd(struct zs_sock *s, uint32_t id)
{
	struct zs_meta *meta;

	for (meta = s->metas.with_fd; meta; meta = meta->next_fd)
		if (meta->id == id)
			break;
	return meta;
}

/* The slot of a connection, or NULL; metas.lock held. */
static struct zs_meta **metas_slot(struct zs_metas *metas, uint32_t id)
{
	return metas->slots ? &metas->slots[id & (metas->size - 1)] : NULL;
}

/* Have more slots, if there is memory; metas.lock held. */
static void metas_grow(struct zs_metas *metas)
{
	uint32_t size = metas->slots ? 2 * metas->size : METAS_MIN;
	struct zs_meta **slots = calloc(size, sizeof(*slots));
	uint32_t i;

	metas->again = 0;
	if (!slots)
		return;
	/* No two of them were in one slot. */
	for (i = 0; metas->slots && i < metas->size; i++)
		if (metas->slots[i])
			slots[metas->slots[i]->id & (size - 1)] =
				metas->slots[i];
	free(metas->slots);
	metas->slots = slots;
	metas->size = size;
}

/*
 * One is fetched.  If its slot is a newer connection's, it was there before: where
 * that happens often there are too few.  metas.lock held.
 */
static void metas_missed(struct zs_metas *metas, uint32_t id)
{
	struct zs_meta **slot = metas_slot(metas, id);

	if (!slot)
		metas_grow(metas);
	else if (*slot && (int32_t)((*slot)->id - id) > 0 &&
		 ++metas->again > metas->size / 16 && metas->size < METAS_MAX)
		metas_grow(metas);
}

/* Keep one, in place of what was there; metas.lock held. */
static void metas_keep(struct zs_metas *metas, struct zs_meta *meta)
{
	struct zs_meta **slot;

	metas_missed(metas, meta->id);
	slot = metas_slot(metas, meta->id);
	if (!slot)
		return;
	zs_meta_put(*slot);
	*slot = meta;
	zs_meta_get(meta);
}

/* That of a connection, with a reference for the caller, or NULL. */
static struct zs_meta *meta_of(struct zs_sock *s, uint32_t id)
{
	struct zs_meta **slot, *meta;

	if (!id)
		return NULL;
	pthread_mutex_lock(&s->metas.lock);
	slot = metas_slot(&s->metas, id);
	meta = slot && *slot && (*slot)->id == id ? *slot :
	       meta_with_fd(s, id);
	if (meta) {
		zs_meta_get(meta);
	} else {
		meta = meta_fetch(s, id);
		if (meta)
			metas_keep(&s->metas, meta);
	}
	pthread_mutex_unlock(&s->metas.lock);
	return meta;
}

/* Close the descriptors of connections that are over; metas.lock held. */
static void meta_sweep(struct zs_sock *s)
{
	struct zs_meta **link = &s->metas.with_fd, *meta;
	struct pollfd pfd;

	while ((meta = *link)) {
		pfd.fd = atomic_load(&meta->fd);
		pfd.events = 0;
		if (poll(&pfd, 1, 0) != 1) {
			link = &meta->next_fd;
			continue;
		}
		*link = meta->next_fd;
		atomic_store(&meta->fd, -1);
		/* Unless the user has closed it. */
		if (!(pfd.revents & POLLNVAL))
			close(pfd.fd);
		s->metas.fds--;
		zs_meta_put(meta);
	}
	s->metas.sweep_at = 2 * s->metas.fds + 16;
}

/* In the child of a fork, where meta_lock may be held for ever. */
void zs_meta_orphan(struct zs_sock *s)
{
	struct zs_meta *meta;

	for (meta = s->metas.with_fd; meta; meta = meta->next_fd)
		close(atomic_exchange(&meta->fd, -1));
}

/* The socket is closed. */
void zs_meta_close(struct zs_sock *s)
{
	struct zs_meta *meta;
	uint32_t i;

	zs_meta_orphan(s);
	while ((meta = s->metas.with_fd)) {
		s->metas.with_fd = meta->next_fd;
		zs_meta_put(meta);
	}
	for (i = 0; s->metas.slots && i < s->metas.size; i++)
		zs_meta_put(s->metas.slots[i]);
	free(s->metas.slots);
	s->metas.slots = NULL;
	zs_meta_put(atomic_exchange(&s->meta, NULL));
}

/* A descriptor of a message's connection; metas.lock held. */
static int meta_open(struct zs_sock *s, struct zs_meta *meta)
{
	socklen_t len = sizeof(int);
	int fd = meta->id;

	if (s->metas.fds >= s->metas.sweep_at)
		meta_sweep(s);
	if (getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_PEER_FD, &fd, &len))
		return -1;
	snprintf(meta->fd_text, sizeof(meta->fd_text), "%d", fd);
	zs_meta_get(meta);
	meta->next_fd = s->metas.with_fd;
	s->metas.with_fd = meta;
	s->metas.fds++;
	atomic_store(&meta->fd, fd);
	return fd;
}

/* ZMQ_SRCFD: a descriptor, or -1: there is none, or none any more. */
int zs_meta_fd(struct zs_meta *meta)
{
	int fd = meta ? atomic_load(&meta->fd) : -1;
	ZS_USING_SOCK *s = NULL;

	if (!meta || fd >= 0)
		return fd;
	s = zs_sock_get(meta->sock);
	if (!s)
		return -1;
	pthread_mutex_lock(&s->metas.lock);
	fd = atomic_load(&meta->fd);
	if (fd < 0)
		fd = meta_open(s, meta);
	pthread_mutex_unlock(&s->metas.lock);
	return fd;
}

/* What is received comes by another connection now. */
void zs_meta_set(struct zs_sock *s, uint32_t id)
{
	zs_meta_put(atomic_exchange(&s->meta, meta_of(s, id)));
}

/* A part came with ancillary data: is the connection another one now? */
void zs_meta_told(struct zs_sock *s, struct msghdr *mh)
{
	struct cmsghdr *c;
	uint32_t id;

	for (c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level != SOL_ZMQ || c->cmsg_type != ZMQ_AF_CMSG_META)
			continue;
		memcpy(&id, CMSG_DATA(c), sizeof(id));
		zs_meta_set(s, id);
	}
}

/* A property, or NULL. */
static const char *meta_find(const struct zs_meta *meta, const char *name)
{
	const char *p, *value;

	for (p = meta->text; *p; p = value + strlen(value) + 1) {
		value = p + strlen(p) + 1;
		if (!strcmp(p, name))
			return value;
	}
	return NULL;
}

const char *zs_msg_gets(const zmq_msg_t *msg, const char *property)
{
	struct zs_meta *meta = zs_msg(msg)->meta;
	const char *value = meta ? meta_find(meta, property) : NULL;

	/* The routing id has its old name on the wire. */
	if (meta && !value && !strcmp(property, ZMQ_MSG_PROPERTY_ROUTING_ID))
		value = meta_find(meta, "Identity");
	/* What zmq_msg_get(ZMQ_SRCFD) looks for in libzmq. */
	if (!value && !strcmp(property, "__fd") && zs_meta_fd(meta) >= 0)
		value = meta->fd_text;
	if (!value)
		errno = EINVAL;
	return value;
}
