// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "group.h"

int group_join(struct zs *s, const char *group)
{
	return zs_set(s, ZMQ_AF_JOIN, group, strlen(group));
}

int group_leave(struct zs *s, const char *group)
{
	return zs_set(s, ZMQ_AF_LEAVE, group, strlen(group));
}

/* sendmsg(2) with a group, NULL: none. */
ssize_t group_send(struct zs *s, const char *group, const void *buf,
		   size_t len, int flags)
{
	union {
		struct cmsghdr	head;
		char		space[CMSG_SPACE(300)];
	} control = {};
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

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
	ssize_t n = recvmsg(s->fd, &mh, flags);

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
