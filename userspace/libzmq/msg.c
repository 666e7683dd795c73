// SPDX-License-Identifier: MPL-2.0
/*
 * Messages.  A zmq_msg_t is opaque to clients; here it is a struct zs_msg.
 * Memory that is not a message, zeroed or closed before, is told by its kind
 * and gives EFAULT.
 */
#include "shim.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Set up memory of any content as a message without a body. */
void zs_msg_empty(struct zs_msg *m)
{
	m->kind = ZS_MSG_VSM;
	m->flags = 0;
	m->vsm_size = 0;
	m->routing_id = 0;
	m->group = NULL;
	m->meta = NULL;
}

/* A content with room for @size bytes behind it, or NULL and ENOMEM. */
struct zs_content *zs_content_alloc(size_t size)
{
	struct zs_content *content;

	if (size > SIZE_MAX - sizeof(*content)) {
		errno = ENOMEM;
		return NULL;
	}
	content = malloc(sizeof(*content) + size);
	if (!content)
		return NULL;
	atomic_init(&content->refs, 1);
	content->size = size;
	content->data = content + 1;
	content->ffn = NULL;
	content->hint = NULL;
	return content;
}

static void content_put(struct zs_content *content)
{
	if (atomic_fetch_sub_explicit(&content->refs, 1,
				      memory_order_acq_rel) != 1)
		return;
	if (content->ffn)
		content->ffn(content->data, content->hint);
	free(content);
}

static void group_put(struct zs_group *group)
{
	if (group && atomic_fetch_sub_explicit(&group->refs, 1,
					       memory_order_acq_rel) == 1)
		free(group);
}

/* Give up what a message holds; what is left of it is no message. */
void zs_msg_drop(struct zs_msg *m)
{
	struct zs_msg old = *m;

	m->kind = 0;
	if (old.kind == ZS_MSG_CONTENT)
		content_put(old.content);
	group_put(old.group);
	zs_meta_put(old.meta);
}

int zs_msg_init(zmq_msg_t *msg)
{
	zs_msg_empty(zs_msg(msg));
	return 0;
}

int zs_msg_init_size(zmq_msg_t *msg, size_t size)
{
	struct zs_msg *m = zs_msg(msg);
	struct zs_content *content;

	if (size <= ZS_VSM_MAX) {
		zs_msg_empty(m);
		m->vsm_size = size;
		return 0;
	}
	content = zs_content_alloc(size);
	if (!content)
		return -1;
	zs_msg_empty(m);
	m->kind = ZS_MSG_CONTENT;
	m->content = content;
	return 0;
}

int zs_msg_init_buffer(zmq_msg_t *msg, const void *buf, size_t size)
{
	if (zs_msg_init_size(msg, size))
		return -1;
	if (size)
		memcpy(zs_msg_data(msg), buf, size);
	return 0;
}

int zs_msg_init_data(zmq_msg_t *msg, void *data, size_t size,
		     zmq_free_fn *ffn, void *hint)
{
	struct zs_msg *m = zs_msg(msg);
	struct zs_content *content;

	if (!ffn) {
		zs_msg_empty(m);
		m->kind = ZS_MSG_CONST;
		m->cdata = data;
		m->csize = size;
		return 0;
	}
	content = zs_content_alloc(0);
	if (!content)
		return -1;
	content->size = size;
	content->data = data;
	content->ffn = ffn;
	content->hint = hint;
	zs_msg_empty(m);
	m->kind = ZS_MSG_CONTENT;
	m->content = content;
	return 0;
}

int zs_msg_close(zmq_msg_t *msg)
{
	struct zs_msg *m = zs_msg(msg);

	if (!zs_msg_valid(m))
		return zs_fail(EFAULT);
	zs_msg_drop(m);
	return 0;
}

int zs_msg_move(zmq_msg_t *dest, zmq_msg_t *src)
{
	struct zs_msg *to = zs_msg(dest);
	struct zs_msg *from = zs_msg(src);

	if (!zs_msg_valid(from) || !zs_msg_valid(to))
		return zs_fail(EFAULT);
	if (from == to)
		return 0;
	zs_msg_drop(to);
	*to = *from;
	zs_msg_empty(from);
	return 0;
}

int zs_msg_copy(zmq_msg_t *dest, zmq_msg_t *src)
{
	struct zs_msg *to = zs_msg(dest);
	struct zs_msg *from = zs_msg(src);

	if (!zs_msg_valid(from) || !zs_msg_valid(to))
		return zs_fail(EFAULT);
	if (from == to)
		return 0;
	zs_msg_drop(to);
	if (from->kind == ZS_MSG_CONTENT) {
		atomic_fetch_add_explicit(&from->content->refs, 1,
					  memory_order_relaxed);
		from->flags |= ZS_MSG_COPIED;
	}
	if (from->group)
		atomic_fetch_add_explicit(&from->group->refs, 1,
					  memory_order_relaxed);
	zs_meta_get(from->meta);
	*to = *from;
	return 0;
}

void *zs_msg_data(zmq_msg_t *msg)
{
	struct zs_msg *m = zs_msg(msg);

	switch (m->kind) {
	case ZS_MSG_VSM:
		return m->vsm;
	case ZS_MSG_CONTENT:
		return m->content->data;
	case ZS_MSG_CONST:
		return m->cdata;
	default:
		return NULL;
	}
}

size_t zs_msg_size(const zmq_msg_t *msg)
{
	const struct zs_msg *m = zs_msg(msg);

	switch (m->kind) {
	case ZS_MSG_VSM:
		return m->vsm_size;
	case ZS_MSG_CONTENT:
		return m->content->size;
	case ZS_MSG_CONST:
		return m->csize;
	default:
		return 0;
	}
}

int zs_msg_more(const zmq_msg_t *msg)
{
	return zs_msg(msg)->flags & ZS_MSG_MORE ? 1 : 0;
}

int zs_msg_get(const zmq_msg_t *msg, int property)
{
	const struct zs_msg *m = zs_msg(msg);
	int fd;

	switch (property) {
	case ZMQ_MORE:
		return zs_msg_more(msg);
	case ZMQ_SHARED:
		return m->kind == ZS_MSG_CONST || m->flags & ZS_MSG_COPIED;
	case ZMQ_SRCFD:
		fd = zs_meta_fd(m->meta);
		return fd < 0 ? zs_fail(EINVAL) : fd;
	default:
		return zs_fail(EINVAL);
	}
}

/* No property of a message can be set. */
int zs_msg_set(zmq_msg_t *msg, int property, int value)
{
	(void)msg;
	(void)property;
	(void)value;
	return zs_fail(EINVAL);
}

int zs_msg_set_routing_id(zmq_msg_t *msg, uint32_t routing_id)
{
	if (!routing_id)
		return zs_fail(EINVAL);
	zs_msg(msg)->routing_id = routing_id;
	return 0;
}

uint32_t zs_msg_routing_id(zmq_msg_t *msg)
{
	return zs_msg(msg)->routing_id;
}

/* Give a message a group, @len bytes of @name.  0, or -1 and ENOMEM. */
int zs_group_set(struct zs_msg *m, const char *name, size_t len)
{
	struct zs_group *group = malloc(sizeof(*group) + len + 1);

	if (!group)
		return -1;
	atomic_init(&group->refs, 1);
	memcpy(group->name, name, len);
	group->name[len] = '\0';
	group_put(m->group);
	m->group = group;
	return 0;
}

int zs_msg_set_group(zmq_msg_t *msg, const char *name)
{
	size_t len = strnlen(name, ZMQ_GROUP_MAX_LENGTH + 1);

	if (len > ZMQ_GROUP_MAX_LENGTH)
		return zs_fail(EINVAL);
	return zs_group_set(zs_msg(msg), name, len);
}

const char *zs_msg_group(zmq_msg_t *msg)
{
	struct zs_group *group = zs_msg(msg)->group;

	return group ? group->name : "";
}
