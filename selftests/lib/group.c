// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "group.h"
#include "zs_shim.h"

int group_join(struct zs *s, const char *group)
{
	if (!zs_is_kernel())
		return ZS_SHIM(int, join, (void *, const char *))(s->handle,
								  group);
	return zs_set(s, ZMQ_AF_JOIN, group, strlen(group));
}

int group_leave(struct zs *s, const char *group)
{
	if (!zs_is_kernel())
		return ZS_SHIM(int, leave, (void *, const char *))(s->handle,
								   group);
	return zs_set(s, ZMQ_AF_LEAVE, group, strlen(group));
}

static int shim_flags(int flags)
{
	return (flags & MSG_MORE ? ZMQ_SNDMORE : 0) |
	       (flags & MSG_DONTWAIT ? ZMQ_DONTWAIT : 0);
}

static ssize_t shim_send(struct zs *s, const char *group, const void *buf,
			 size_t len, int flags)
{
	zmq_msg_t msg;
	int ret = 0;

	ZS_SHIM(int, msg_init_size, (zmq_msg_t *, size_t))(&msg, len);
	memcpy(ZS_SHIM(void *, msg_data, (zmq_msg_t *))(&msg), buf, len);
	if (group)
		ret = ZS_SHIM(int, msg_set_group, (zmq_msg_t *, const char *))
			(&msg, group);
	if (!ret)
		ret = ZS_SHIM(int, msg_send, (zmq_msg_t *, void *, int))
			(&msg, s->handle, shim_flags(flags));
	if (ret < 0)
		ZS_SHIM(int, msg_close, (zmq_msg_t *))(&msg);
	return ret;
}

static ssize_t shim_recv(struct zs *s, char *group, void *buf, size_t len,
			 int flags)
{
	zmq_msg_t msg;
	int ret;

	ZS_SHIM(int, msg_init, (zmq_msg_t *))(&msg);
	ret = ZS_SHIM(int, msg_recv, (zmq_msg_t *, void *, int))
		(&msg, s->handle, shim_flags(flags));
	if (ret >= 0) {
		const char *its = ZS_SHIM(const char *, msg_group,
					  (zmq_msg_t *))(&msg);
		int more = ZS_SHIM(int, msg_more, (zmq_msg_t *))(&msg);

		strcpy(group, more ? "(flags)" : its);
		memcpy(buf, ZS_SHIM(void *, msg_data, (zmq_msg_t *))(&msg),
		       (size_t)ret < len ? (size_t)ret : len);
	}
	ZS_SHIM(int, msg_close, (zmq_msg_t *))(&msg);
	return ret;
}

/* sendmsg(2) with a group, NULL: none; flags as there. */
ssize_t group_send(struct zs *s, const char *group, const void *buf,
		   size_t len, int flags)
{
	union {
		struct cmsghdr	head;
		char		space[CMSG_SPACE(300)];
	} control = {};
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (!zs_is_kernel())
		return shim_send(s, group, buf, len, flags);
	if (group) {
		control.head.cmsg_level = SOL_ZMQ;
		control.head.cmsg_type = ZMQ_AF_CMSG_GROUP;
		control.head.cmsg_len = CMSG_LEN(strlen(group));
		memcpy(CMSG_DATA(&control.head), group, strlen(group));
		mh.msg_control = &control;
		mh.msg_controllen = CMSG_SPACE(strlen(group));
	}
	return sendmsg(s->fd, &mh, flags | MSG_NOSIGNAL);
}

int group_send_str(struct zs *s, const char *group, const char *body)
{
	return group_send(s, group, body, strlen(body), 0) < 0 ? -1 : 0;
}

/* recvmsg(2) with its group, which it ends with a NUL.  Return: length. */
ssize_t group_recv(struct zs *s, char *group, void *buf, size_t len,
		   int flags)
{
	union {
		struct cmsghdr	head;
		char		space[CMSG_SPACE(255)];
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr mh = {
		.msg_iov	= &iov,
		.msg_iovlen	= 1,
		.msg_control	= &control,
		.msg_controllen	= sizeof(control),
	};
	struct cmsghdr *c;
	ssize_t n;

	if (!zs_is_kernel())
		return shim_recv(s, group, buf, len, flags);
	n = recvmsg(s->fd, &mh, flags);
	if (n < 0)
		return n;
	strcpy(group, "(none)");
	for (c = CMSG_FIRSTHDR(&mh); c; c = CMSG_NXTHDR(&mh, c)) {
		if (c->cmsg_level != SOL_ZMQ ||
		    c->cmsg_type != ZMQ_AF_CMSG_GROUP)
			continue;
		memcpy(group, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
		group[c->cmsg_len - CMSG_LEN(0)] = 0;
	}
	if (mh.msg_flags & (MSG_MORE | MSG_CTRUNC))
		strcpy(group, "(flags)");
	return n;
}

bool group_recv_is(struct zs *s, const char *group, const char *body)
{
	char got[300], buf[300];
	ssize_t len = group_recv(s, got, buf, sizeof(buf), 0);

	if (len == (ssize_t)strlen(body) && !memcmp(buf, body, len) &&
	    !strcmp(got, group))
		return true;
	printf("# wanted %s %s, got %s %.*s\n", group, body, got,
	       len > 0 ? (int)len : 0, buf);
	return false;
}
