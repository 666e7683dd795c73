// SPDX-License-Identifier: MPL-2.0
/*
 * Metadata of messages: zmq_msg_gets().  The kernel tells when a part comes by
 * another connection than the last one (ZMQ_AF_RECVMETA_NEW); its properties
 * are fetched then, once, and shared by the socket and the messages.
 */
#include "shim.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/**
 * struct zs_meta - properties of a connection
 * @refs: messages, and the socket that received the last of them
 * @next: while unused
 * @text: name, NUL, value, NUL ... and an empty name
 *
 * The memory is never given back: a thread may look at one that another
 * thread, receiving from the same socket, has just replaced.
 */
struct zs_meta {
	_Atomic uint32_t	refs;
	struct zs_meta		*next;
	char			*text;
};

static pthread_mutex_t meta_lock = PTHREAD_MUTEX_INITIALIZER;
static struct zs_meta *meta_unused;

static struct zs_meta *meta_new(char *text)
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
	if (!id || getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_META, props, &len))
		return NULL;
	text = meta_text(props, len);
	meta = text ? meta_new(text) : NULL;
	if (!meta)
		free(text);
	return meta;
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
		zs_meta_put(atomic_exchange(&s->meta, meta_fetch(s, id)));
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
	const struct zs_meta *meta = zs_msg(msg)->meta;
	const char *value = meta ? meta_find(meta, property) : NULL;

	/* The routing id has its old name on the wire. */
	if (meta && !value && !strcmp(property, ZMQ_MSG_PROPERTY_ROUTING_ID))
		value = meta_find(meta, "Identity");
	if (!value)
		errno = EINVAL;
	return value;
}
