// SPDX-License-Identifier: GPL-2.0-only
/* AF_ZMQ sockets by system calls. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "proc.h"
#include "zs.h"

/* The family's number on this machine. */
int zs_family(void)
{
	FILE *file = fopen("/sys/module/af_zmq/parameters/family", "r");
	int family = AF_ZMQ;

	if (file) {
		if (fscanf(file, "%d", &family) != 1)
			family = AF_ZMQ;
		fclose(file);
	}
	return family;
}

static int zs_kernel_open(struct zs *s)
{
	struct stat st;

	s->fd = socket(zs_family(), SOCK_SEQPACKET | SOCK_CLOEXEC, s->type);
	if (s->fd < 0 || fstat(s->fd, &st))
		return -1;
	s->inode = st.st_ino;
	return 0;
}

static int zs_kernel_close(struct zs *s)
{
	int ret = close(s->fd);

	if (s->feed >= 0)
		close(s->feed);
	return ret;
}

/* By way of an abstract ipc endpoint. */
static int zs_kernel_watch(struct zs *s, struct zs *reader, int events)
{
	struct zmq_af_monitor mon = { .events = events, .version = 1 };
	char endpoint[ZS_ENDPOINT_MAX];
	int feed, linger = 0;

	feed = socket(zs_family(), SOCK_SEQPACKET | SOCK_CLOEXEC, ZMQ_PAIR);
	if (feed < 0)
		return -1;
	mon.fd = feed;
	strcpy(endpoint, zs_any(ZS_ABSTRACT));
	if (setsockopt(feed, SOL_ZMQ, ZMQ_LINGER, &linger, sizeof(linger)) ||
	    setsockopt(feed, SOL_ZMQ, ZMQ_AF_BIND, endpoint, strlen(endpoint)) ||
	    setsockopt(s->fd, SOL_ZMQ, ZMQ_AF_MONITOR, &mon, sizeof(mon)) ||
	    zs_connect(reader, endpoint)) {
		close(feed);
		return -1;
	}
	if (s->feed >= 0)
		close(s->feed);
	s->feed = feed;
	return 0;
}

static int zs_kernel_set(struct zs *s, int opt, const void *val, size_t len)
{
	return setsockopt(s->fd, SOL_ZMQ, opt, val, len);
}

static int zs_kernel_get(struct zs *s, int opt, void *val, size_t *len)
{
	socklen_t optlen = *len;

	if (getsockopt(s->fd, SOL_ZMQ, opt, val, &optlen))
		return -1;
	*len = optlen;
	return 0;
}

/* Names of inproc live in a context: one for all, as the libraries have it. */
static int zs_kernel_ctx = -1;

int zs_kernel_join(struct zs *s)
{
	if (zs_kernel_ctx < 0)
		zs_kernel_ctx = socket(zs_family(), SOCK_SEQPACKET |
				       SOCK_CLOEXEC, ZMQ_AF_CONTEXT);
	if (setsockopt(s->fd, SOL_ZMQ, ZMQ_AF_CTX, &zs_kernel_ctx,
		       sizeof(zs_kernel_ctx)) && errno != EBUSY)
		return -1;
	return 0;
}

static int zs_kernel_endpoint(struct zs *s, int opt, const char *endpoint)
{
	if (!strncmp(endpoint, "inproc://", 9) && zs_kernel_join(s))
		return -1;
	return setsockopt(s->fd, SOL_ZMQ, opt, endpoint, strlen(endpoint));
}

static int zs_kernel_bind(struct zs *s, const char *endpoint)
{
	return zs_kernel_endpoint(s, ZMQ_AF_BIND, endpoint);
}

static int zs_kernel_connect(struct zs *s, const char *endpoint)
{
	return zs_kernel_endpoint(s, ZMQ_AF_CONNECT, endpoint);
}

static int zs_kernel_unbind(struct zs *s, const char *endpoint)
{
	return zs_kernel_endpoint(s, ZMQ_AF_UNBIND, endpoint);
}

static int zs_kernel_disconnect(struct zs *s, const char *endpoint)
{
	return zs_kernel_endpoint(s, ZMQ_AF_DISCONNECT, endpoint);
}

static int zs_kernel_flags(int flags)
{
	return (flags & ZS_MORE ? MSG_MORE : 0) |
	       (flags & ZS_DONTWAIT ? MSG_DONTWAIT : 0);
}

static ssize_t zs_kernel_send(struct zs *s, const void *buf, size_t len,
			      int flags)
{
	return send(s->fd, buf, len, zs_kernel_flags(flags));
}

static ssize_t zs_kernel_recv(struct zs *s, void *buf, size_t len, int flags)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t ret;

	ret = recvmsg(s->fd, &msg, zs_kernel_flags(flags) | MSG_TRUNC);
	if (ret >= 0)
		s->more = msg.msg_flags & MSG_MORE;
	return ret;
}

static int zs_kernel_keep(struct zs *s)
{
	char control[CMSG_SPACE(sizeof(s->meta))], buf[256];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int all = ZMQ_AF_RECVMETA_ALL;
	struct cmsghdr *c;

	if (setsockopt(s->fd, SOL_ZMQ, ZMQ_AF_RECVMETA, &all, sizeof(all)) ||
	    recvmsg(s->fd, &msg, 0) < 0)
		return -1;
	s->more = msg.msg_flags & MSG_MORE;
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_level != SOL_ZMQ ||
	    c->cmsg_type != ZMQ_AF_CMSG_META) {
		errno = ENOMSG;
		return -1;
	}
	memcpy(&s->meta, CMSG_DATA(c), sizeof(s->meta));
	return 0;
}

static const char *zs_kernel_gets(struct zs *s, const char *property)
{
	static char value[ZMQ_AF_META_MAX];
	unsigned char props[ZMQ_AF_META_MAX];
	socklen_t len = sizeof(props);
	unsigned int at, name, size;

	memcpy(props, &s->meta, sizeof(s->meta));
	if (getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_META, props, &len))
		return NULL;
	for (at = 0; at < len; at += name + 5 + size) {
		name = props[at];
		memcpy(&size, props + at + 1 + name, 4);
		size = ntohl(size);
		if (name != strlen(property) ||
		    memcmp(props + at + 1, property, name))
			continue;
		memcpy(value, props + at + name + 5, size);
		value[size] = 0;
		return value;
	}
	errno = EINVAL;
	return NULL;
}

static int zs_kernel_srcfd(struct zs *s)
{
	socklen_t len = sizeof(int);
	int fd = s->meta;

	return getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_PEER_FD, &fd, &len) ? -1 : fd;
}

static int zs_kernel_poll(struct zs *s, int events, int ms)
{
	struct pollfd pfd = {
		.fd = s->fd,
		.events = (events & ZMQ_POLLIN ? POLLIN : 0) |
			  (events & ZMQ_POLLOUT ? POLLOUT : 0),
	};

	if (poll(&pfd, 1, ms) < 1)
		return 0;
	return (pfd.revents & POLLIN ? ZMQ_POLLIN : 0) |
	       (pfd.revents & POLLOUT ? ZMQ_POLLOUT : 0);
}

int zs_stats(struct zs *s, struct zmq_af_stats *stats)
{
	socklen_t len = sizeof(*stats);

	return getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_STATS, stats, &len);
}

long long zs_rx_queued(struct zs *s)
{
	struct zmq_af_stats stats;

	return zs_stats(s, &stats) ? -1 : (long long)stats.rx_queued_msgs;
}

static int zs_kernel_peers(struct zs *s)
{
	struct zmq_af_stats stats;

	return zs_stats(s, &stats) ? -1 : (int)stats.peers;
}

/* Tests run alone: no socket at all may linger. */
static int zs_kernel_finish(void)
{
	if (zs_kernel_ctx >= 0) {
		shutdown(zs_kernel_ctx, SHUT_RDWR);
		close(zs_kernel_ctx);
		zs_kernel_ctx = -1;
	}
	return wait_until(!proc_lingering()) ? 0 : -1;
}

const struct zs_ops zs_kernel_ops = {
	.name		= "kernel",
	.open		= zs_kernel_open,
	.close		= zs_kernel_close,
	.set		= zs_kernel_set,
	.get		= zs_kernel_get,
	.bind		= zs_kernel_bind,
	.connect	= zs_kernel_connect,
	.unbind		= zs_kernel_unbind,
	.disconnect	= zs_kernel_disconnect,
	.send		= zs_kernel_send,
	.recv		= zs_kernel_recv,
	.poll		= zs_kernel_poll,
	.watch		= zs_kernel_watch,
	.keep		= zs_kernel_keep,
	.gets		= zs_kernel_gets,
	.srcfd		= zs_kernel_srcfd,
	.peers		= zs_kernel_peers,
	.finish		= zs_kernel_finish,
};
