// SPDX-License-Identifier: GPL-2.0-only
/* System calls with random arguments. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/sockios.h>
#include "fuzz_calls.h"
#include "kselftest.h"
#include "zs.h"

#define IOVS 5

const char *const fuzz_op_names[FUZZ_OPS] = {
	"socket",   "close",   "dup",	   "bind", "connect", "endpoint",
	"name",	    "set",     "set int",  "get",  "ioctl",   "mmap",
	"send",	    "sendmsg", "sendmmsg", "recv", "recvmsg", "recvmmsg",
	"read",	    "write",   "splice",   "poll", "epoll",   "fcntl",
	"shutdown", "listen",  "accept",   "pass", "fdinfo",  "pair",
	"talk",
};

/* How often, of 256; what is left over sends and receives. */
static const unsigned char op_weights[FUZZ_OPS] = {
	[FUZZ_OP_SOCKET] = 6,	[FUZZ_OP_CLOSE] = 3,	[FUZZ_OP_DUP] = 2,
	[FUZZ_OP_BIND] = 4,	[FUZZ_OP_CONNECT] = 6,	[FUZZ_OP_ENDPOINT] = 24,
	[FUZZ_OP_NAME] = 3,	[FUZZ_OP_SET] = 12,	[FUZZ_OP_SET_INT] = 24,
	[FUZZ_OP_GET] = 14,	[FUZZ_OP_IOCTL] = 6,	[FUZZ_OP_MMAP] = 1,
	[FUZZ_OP_SEND] = 24,	[FUZZ_OP_SENDMSG] = 18, [FUZZ_OP_SENDMMSG] = 4,
	[FUZZ_OP_RECV] = 24,	[FUZZ_OP_RECVMSG] = 18, [FUZZ_OP_RECVMMSG] = 4,
	[FUZZ_OP_READ] = 4,	[FUZZ_OP_WRITE] = 4,	[FUZZ_OP_SPLICE] = 3,
	[FUZZ_OP_POLL] = 8,	[FUZZ_OP_EPOLL] = 4,	[FUZZ_OP_FCNTL] = 3,
	[FUZZ_OP_SHUTDOWN] = 1, [FUZZ_OP_LISTEN] = 1,	[FUZZ_OP_ACCEPT] = 1,
	[FUZZ_OP_PASS] = 2,	[FUZZ_OP_FDINFO] = 1,	[FUZZ_OP_PAIR] = 6,
	[FUZZ_OP_TALK] = 16,
};

static long do_socket(struct fuzzer *f)
{
	int flags = SOCK_SEQPACKET | (fuzz_pick(f, 2) ? SOCK_NONBLOCK : 0);
	int fd, pipes[2], on = 1;

	switch (fuzz_pick(f, 24)) {
	case 0:
		fd = socket(fuzz_family, fuzz_pick(f, 16), fuzz_pick(f, 300));
		break;
	case 1 ... 2:
		fd = socket(fuzz_family, flags, ZMQ_AF_CONTEXT);
		break;
	case 3:
		fd = pipe2(pipes, O_NONBLOCK);
		if (!fd)
			fuzz_keep(f, pipes[1]);
		fd = fd ? -1 : pipes[0];
		break;
	case 4:
		fd = epoll_create1(0);
		break;
	default:
		fd = socket(fuzz_family, flags, fuzz_any_type(f));
		if (fuzz_pick(f, 2))
			setsockopt(fd, SOL_ZMQ, ZMQ_AF_INPROC_SCOPE, &on,
				   sizeof(on));
		if (fuzz_pick(f, 2))
			setsockopt(fd, SOL_ZMQ, ZMQ_SUBSCRIBE, "", 0);
	}
	fuzz_keep(f, fd);
	return fd;
}

/* Types that talk to each other. */
static const int partners[][2] = {
	{ ZMQ_AF_PUSH, ZMQ_AF_PULL },  { ZMQ_AF_PUB, ZMQ_AF_SUB },
	{ ZMQ_AF_XPUB, ZMQ_AF_XSUB },  { ZMQ_AF_DEALER, ZMQ_AF_ROUTER },
	{ ZMQ_AF_REQ, ZMQ_AF_REP },    { ZMQ_AF_DEALER, ZMQ_AF_DEALER },
	{ ZMQ_AF_PAIR, ZMQ_AF_PAIR },  { ZMQ_AF_CLIENT, ZMQ_AF_SERVER },
	{ ZMQ_AF_RADIO, ZMQ_AF_DISH }, { ZMQ_AF_SCATTER, ZMQ_AF_GATHER },
};

/* Two that are connected, or soon will be. */
static long do_pair(struct fuzzer *f)
{
	static const char *const places[] = {
		"tcp://127.0.0.1:*",
		"ipc://@af_zmq.fuzz.%u",
		"inproc://pair.%u",
	};
	const int *types = partners[fuzz_pick(f, ARRAY_SIZE(partners))];
	char endpoint[ZS_ENDPOINT_MAX];
	socklen_t len = sizeof(endpoint);
	unsigned int at = 2 * fuzz_pick(f, FUZZ_PAIRED / 2), i;
	int fds[2], on = 1;
	long ret;

	for (i = 0; i < 2; i++) {
		fds[i] = socket(fuzz_family, SOCK_SEQPACKET | SOCK_NONBLOCK,
				types[i]);
		setsockopt(fds[i], SOL_ZMQ, ZMQ_AF_INPROC_SCOPE, &on,
			   sizeof(on));
	}
	setsockopt(fds[1], SOL_ZMQ, ZMQ_SUBSCRIBE, "", 0);
	snprintf(endpoint, sizeof(endpoint), places[fuzz_pick(f, 3)],
		 fuzz_pick(f, 1 << 30));
	ret = setsockopt(fds[1], SOL_ZMQ, ZMQ_AF_BIND, endpoint,
			 strlen(endpoint));
	if (!ret)
		ret = getsockopt(fds[1], SOL_ZMQ, ZMQ_LAST_ENDPOINT, endpoint,
				 &len);
	if (!ret)
		ret = setsockopt(fds[0], SOL_ZMQ, ZMQ_AF_CONNECT, endpoint,
				 strlen(endpoint));
	for (i = 0; i < 2; i++)
		fuzz_keep_at(at + i, fds[i]);
	return ret;
}

static long do_address(struct fuzzer *f, long call)
{
	struct {
		struct sockaddr_zmq addr;
		char more[256];
	} a = { .addr.szmq_family = fuzz_family };
	int len;

	len = fuzz_any_endpoint(f, a.addr.szmq_endpoint, 250);
	len += offsetof(struct sockaddr_zmq, szmq_endpoint);
	if (!fuzz_pick(f, 20))
		a.addr.szmq_family = fuzz_pick(f, 46);
	if (!fuzz_pick(f, 20))
		len = fuzz_any_len(f);
	return syscall(call, fuzz_any_fd(f), &a, len);
}

static long do_endpoint(struct fuzzer *f)
{
	static const int calls[] = {
		ZMQ_AF_BIND,	   ZMQ_AF_BIND,		ZMQ_AF_CONNECT,
		ZMQ_AF_CONNECT,	   ZMQ_AF_CONNECT,	ZMQ_AF_UNBIND,
		ZMQ_AF_DISCONNECT, ZMQ_AF_CONNECT_AT,	ZMQ_AF_CTX,
		ZMQ_AF_MONITOR,	   ZMQ_AF_CONNECT_PEER,
	};
	int call = calls[fuzz_pick(f, ARRAY_SIZE(calls))], fd = fuzz_any_fd(f),
	    other;
	struct zmq_af_connect_peer peer = { 0 };
	struct zmq_af_monitor monitor = { .events = fuzz_pick(f, 1 << 17) };
	socklen_t len;

	switch (call) {
	case ZMQ_AF_CTX:
		other = fuzz_any_fd(f);
		return setsockopt(fd, SOL_ZMQ, call, &other, sizeof(other));
	case ZMQ_AF_MONITOR:
		monitor.fd = fuzz_any_fd(f);
		monitor.version = fuzz_pick(f, 4);
		return setsockopt(fd, SOL_ZMQ, call, &monitor, sizeof(monitor));
	case ZMQ_AF_CONNECT_PEER:
		len = fuzz_any_endpoint(f, peer.endpoint, 250) + 4;
		return getsockopt(fd, SOL_ZMQ, call, &peer, &len);
	default:
		return setsockopt(fd, SOL_ZMQ, call, peer.endpoint,
				  fuzz_any_endpoint(f, peer.endpoint, 1000));
	}
}

static long do_name(struct fuzzer *f)
{
	socklen_t len = fuzz_any_len(f);

	return syscall(fuzz_pick(f, 2) ? SYS_getsockname : SYS_getpeername,
		       fuzz_any_fd(f), fuzz_any_room(f, len),
		       fuzz_pick(f, 20) ? &len : fuzz_any_room(f, sizeof(len)));
}

static long do_set(struct fuzzer *f)
{
	size_t len = fuzz_any_len(f);

	return syscall(SYS_setsockopt, fuzz_any_fd(f),
		       fuzz_pick(f, 8) ? SOL_ZMQ : SOL_SOCKET,
		       fuzz_any_option(f), fuzz_any_room(f, len), len);
}

static long do_set_int(struct fuzzer *f)
{
	static const int vals[] = { -1, 0, 1, 2, 3, 10, 1000, 1 << 30 };
	int val = vals[fuzz_pick(f, ARRAY_SIZE(vals))];

	return setsockopt(fuzz_any_fd(f), SOL_ZMQ, fuzz_any_option(f), &val,
			  sizeof(val));
}

static long do_get(struct fuzzer *f)
{
	socklen_t len = fuzz_pick(f, 3) ? fuzz_any_len(f) : sizeof(int);

	return syscall(SYS_getsockopt, fuzz_any_fd(f),
		       fuzz_pick(f, 8) ? SOL_ZMQ : SOL_SOCKET,
		       fuzz_any_option(f), fuzz_any_room(f, len),
		       fuzz_pick(f, 20) ? &len : fuzz_any_room(f, sizeof(len)));
}

static long do_ioctl(struct fuzzer *f)
{
	static const unsigned long calls[] = {
		FIONREAD,   SIOCOUTQ,	 SIOCINQ,     SIOCATMARK,
		FIONBIO,    FIOASYNC,	 SIOCGPGRP,   SIOCSPGRP,
		SIOCGSTAMP, SIOCGIFNAME, SIOCOUTQNSD,
	};
	unsigned long call = fuzz_pick(f, 8) ?
				     calls[fuzz_pick(f, ARRAY_SIZE(calls))] :
				     0x8900 + fuzz_pick(f, 256);

	return syscall(SYS_ioctl, fuzz_any_fd(f), call, fuzz_any_room(f, 64));
}

static long do_mmap(struct fuzzer *f)
{
	void *at = mmap(NULL, 4096 << fuzz_pick(f, 4), fuzz_pick(f, 8),
			1 + fuzz_pick(f, 2), fuzz_any_fd(f), 0);

	if (at != MAP_FAILED)
		munmap(at, 4096);
	return at == MAP_FAILED ? -1 : 0;
}

/* A few whole messages, or nearly, as MSG_ZMQ_PACKED has them. */
static size_t pack(struct fuzzer *f, unsigned char *to, size_t most)
{
	size_t at = 0;
	int len;

	while (fuzz_pick(f, 6)) {
		len = fuzz_pick(f, 40);
		if (at + 2 + len > most)
			break;
		to[at] = fuzz_pick(f, 3)  ? 0 :
			 fuzz_pick(f, 40) ? 1 :
					    fuzz_pick(f, 256);
		to[at + 1] = len;
		at += 2 + len;
	}
	return at;
}

static long do_send(struct fuzzer *f)
{
	unsigned char *buf;
	int flags = fuzz_any_flags(f);
	size_t len = fuzz_any_len(f);

	buf = fuzz_any_room(f, len);
	if (flags & MSG_ZMQ_PACKED && len <= FUZZ_ROOM &&
	    buf == f->room + FUZZ_ROOM - len && fuzz_pick(f, 10))
		len = pack(f, buf, len);
	return syscall(SYS_sendto, fuzz_any_fd(f), buf, len, flags,
		       fuzz_pick(f, 20) ? NULL : fuzz_any_room(f, 128),
		       fuzz_pick(f, 129));
}

/**
 * struct fuzz_msg - a msghdr and what it points to
 * @iov: where
 * @addr: name
 * @control: ancillary data
 */
struct fuzz_msg {
	struct iovec iov[IOVS];
	char addr[128];
	unsigned char control[512] __attribute__((aligned(8)));
};

static size_t any_control(struct fuzzer *f, unsigned char *control)
{
	static const int types[] = {
		ZMQ_AF_CMSG_GROUP,
		ZMQ_AF_CMSG_ROUTING_ID,
		ZMQ_AF_CMSG_META,
		SCM_RIGHTS,
		0,
	};
	struct cmsghdr *c = (void *)control;
	size_t at = 0, len;
	int i;

	for (i = fuzz_pick(f, 3); i > 0; i--) {
		len = fuzz_pick(f, 3) ? 4 : fuzz_pick(f, 100);
		c = (void *)(control + at);
		c->cmsg_level = fuzz_pick(f, 6) ? SOL_ZMQ : SOL_SOCKET;
		c->cmsg_type = types[fuzz_pick(f, ARRAY_SIZE(types))];
		c->cmsg_len =
			fuzz_pick(f, 30) ? CMSG_LEN(len) : fuzz_any_len(f);
		memset(CMSG_DATA(c), 0, len);
		*CMSG_DATA(c) = fuzz_pick(f, 8);
		at += CMSG_SPACE(len);
	}
	return fuzz_pick(f, 30) ? at : fuzz_pick(f, 513);
}

static void any_msg(struct fuzzer *f, struct fuzz_msg *m, struct msghdr *msg)
{
	int i, n = fuzz_pick(f, IOVS + 1);

	memset(msg, 0, sizeof(*msg));
	for (i = 0; i < n; i++) {
		m->iov[i].iov_len = fuzz_any_len(f);
		m->iov[i].iov_base = fuzz_any_room(f, m->iov[i].iov_len);
	}
	msg->msg_iov = m->iov;
	msg->msg_iovlen = fuzz_pick(f, 100) ? (size_t)n : fuzz_any_len(f);
	if (!fuzz_pick(f, 10)) {
		msg->msg_name = m->addr;
		msg->msg_namelen = fuzz_pick(f, 129);
	}
	if (fuzz_pick(f, 2)) {
		msg->msg_control = m->control;
		msg->msg_controllen = any_control(f, m->control);
	}
}

static long do_msg(struct fuzzer *f, long call)
{
	struct fuzz_msg m;
	struct msghdr msg;

	any_msg(f, &m, &msg);
	return syscall(call, fuzz_any_fd(f),
		       fuzz_pick(f, 50) ? &msg : fuzz_any_room(f, 56),
		       fuzz_any_flags(f));
}

static long do_mmsg(struct fuzzer *f, long call)
{
	struct mmsghdr msgs[3];
	struct fuzz_msg m[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(msgs); i++)
		any_msg(f, &m[i], &msgs[i].msg_hdr);
	return syscall(call, fuzz_any_fd(f), msgs,
		       fuzz_pick(f, ARRAY_SIZE(msgs) + 1), fuzz_any_flags(f),
		       NULL);
}

static long do_recv(struct fuzzer *f)
{
	size_t len = fuzz_any_len(f);

	return syscall(SYS_recvfrom, fuzz_any_fd(f), fuzz_any_room(f, len), len,
		       fuzz_any_flags(f),
		       fuzz_pick(f, 20) ? NULL : fuzz_any_room(f, 128),
		       fuzz_pick(f, 20) ? NULL : fuzz_any_room(f, 4));
}

/* Something that arrives, so that whoever receives finds it. */
static long do_talk(struct fuzzer *f)
{
	unsigned int at = fuzz_pick(f, 8) ? 2 * fuzz_pick(f, FUZZ_PAIRED / 2) :
					    fuzz_pick(f, FUZZ_SLOTS);
	int from = __atomic_load_n(&fuzz_slots[at], __ATOMIC_RELAXED);
	int to = __atomic_load_n(&fuzz_slots[at ^ 1], __ATOMIC_RELAXED);
	size_t len =
		fuzz_pick(f, 8) ? fuzz_pick(f, 300) : fuzz_pick(f, FUZZ_ROOM);
	unsigned char *buf = f->room + FUZZ_ROOM - len;
	int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
	unsigned int i;

	if (!fuzz_pick(f, 3)) {
		flags |= MSG_ZMQ_PACKED;
		len = pack(f, buf, len);
	} else if (!fuzz_pick(f, 4)) {
		flags |= MSG_MORE;
	}
	for (i = fuzz_pick(f, 4); i > 0; i--)
		send(from, buf, len, flags);
	len = fuzz_any_len(f);
	return syscall(SYS_recvfrom, to, fuzz_any_room(f, len), len,
		       fuzz_pick(f, 3) ? MSG_DONTWAIT : fuzz_any_flags(f), NULL,
		       NULL);
}

static long do_rw(struct fuzzer *f, long plain, long vector)
{
	struct fuzz_msg m;
	struct msghdr msg;
	size_t len;

	if (fuzz_pick(f, 2)) {
		len = fuzz_any_len(f);
		return syscall(plain, fuzz_any_fd(f), fuzz_any_room(f, len),
			       len);
	}
	any_msg(f, &m, &msg);
	return syscall(vector, fuzz_any_fd(f), msg.msg_iov, msg.msg_iovlen);
}

static long do_poll(struct fuzzer *f)
{
	struct pollfd pfds[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pfds); i++) {
		pfds[i].fd = fuzz_any_fd(f);
		pfds[i].events = fuzz_pick(f, 0x2000);
	}
	return poll(pfds, ARRAY_SIZE(pfds), fuzz_pick(f, 3));
}

static long do_epoll(struct fuzzer *f)
{
	struct epoll_event event = {
		.events = fuzz_pick(f, 2) ? EPOLLIN | EPOLLET :
					    fuzz_pick(f, 0x2000),
	};
	int fd = fuzz_any_fd(f);

	if (fuzz_pick(f, 2))
		return epoll_wait(fd, &event, 1, fuzz_pick(f, 2));
	return epoll_ctl(fd, 1 + fuzz_pick(f, 3), fuzz_any_fd(f), &event);
}

static long do_fcntl(struct fuzzer *f)
{
	static const int calls[] = {
		F_GETFL, F_SETFL, F_SETOWN, F_GETOWN, F_SETSIG, F_GETFD,
	};
	int call = calls[fuzz_pick(f, ARRAY_SIZE(calls))];

	if (call == F_SETFL)
		return fcntl(fuzz_any_fd(f), call,
			     fuzz_pick(f, 2) ? O_NONBLOCK : 0);
	return fcntl(fuzz_any_fd(f), call, 0);
}

/* Through another socket, and perhaps never out of it. */
static long do_pass(struct fuzzer *f)
{
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = "";
	struct iovec iov = { f->room, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = (void *)control;
	int ends[2], fd = fuzz_any_fd(f);
	long ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends))
		return -1;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	ret = sendmsg(ends[0], &msg, 0);
	if (ret > 0 && fuzz_pick(f, 2) && recvmsg(ends[1], &msg, 0) > 0) {
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		fuzz_keep(f, fd);
	}
	close(ends[0]);
	close(ends[1]);
	return ret;
}

static long do_fdinfo(struct fuzzer *f)
{
	char path[64], text[4096];
	int fd;
	long ret;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fuzz_any_fd(f));
	fd = open(fuzz_pick(f, 2) ? path : "/proc/net/zmq", O_RDONLY);
	if (fd < 0)
		return -1;
	ret = read(fd, text, sizeof(text));
	close(fd);
	return ret;
}

long fuzz_call(struct fuzzer *f, enum fuzz_op op)
{
	switch (op) {
	case FUZZ_OP_SOCKET:
		return do_socket(f);
	case FUZZ_OP_CLOSE:
		fuzz_keep(f, open("/dev/null", O_RDWR));
		return 0;
	case FUZZ_OP_DUP:
		fuzz_keep(f, dup(fuzz_any_fd(f)));
		return 0;
	case FUZZ_OP_BIND:
		return do_address(f, SYS_bind);
	case FUZZ_OP_CONNECT:
		return do_address(f, SYS_connect);
	case FUZZ_OP_ENDPOINT:
		return do_endpoint(f);
	case FUZZ_OP_NAME:
		return do_name(f);
	case FUZZ_OP_SET:
		return do_set(f);
	case FUZZ_OP_SET_INT:
		return do_set_int(f);
	case FUZZ_OP_GET:
		return do_get(f);
	case FUZZ_OP_IOCTL:
		return do_ioctl(f);
	case FUZZ_OP_MMAP:
		return do_mmap(f);
	case FUZZ_OP_SEND:
		return do_send(f);
	case FUZZ_OP_SENDMSG:
		return do_msg(f, SYS_sendmsg);
	case FUZZ_OP_SENDMMSG:
		return do_mmsg(f, SYS_sendmmsg);
	case FUZZ_OP_RECV:
		return do_recv(f);
	case FUZZ_OP_RECVMSG:
		return do_msg(f, SYS_recvmsg);
	case FUZZ_OP_RECVMMSG:
		return do_mmsg(f, SYS_recvmmsg);
	case FUZZ_OP_READ:
		return do_rw(f, SYS_read, SYS_readv);
	case FUZZ_OP_WRITE:
		return do_rw(f, SYS_write, SYS_writev);
	case FUZZ_OP_SPLICE:
		return fuzz_pick(f, 2) ?
			       splice(fuzz_any_fd(f), NULL, fuzz_any_fd(f),
				      NULL, fuzz_any_len(f), fuzz_pick(f, 16)) :
			       syscall(SYS_sendfile, fuzz_any_fd(f),
				       fuzz_any_fd(f), NULL, fuzz_any_len(f));
	case FUZZ_OP_POLL:
		return do_poll(f);
	case FUZZ_OP_EPOLL:
		return do_epoll(f);
	case FUZZ_OP_FCNTL:
		return do_fcntl(f);
	case FUZZ_OP_SHUTDOWN:
		return shutdown(fuzz_any_fd(f), fuzz_pick(f, 4));
	case FUZZ_OP_LISTEN:
		return listen(fuzz_any_fd(f), fuzz_pick(f, 8));
	case FUZZ_OP_ACCEPT:
		return accept4(fuzz_any_fd(f), NULL, NULL,
			       fuzz_pick(f, 2) << 11);
	case FUZZ_OP_PASS:
		return do_pass(f);
	case FUZZ_OP_PAIR:
		return do_pair(f);
	case FUZZ_OP_TALK:
		return do_talk(f);
	default:
		return do_fdinfo(f);
	}
}

enum fuzz_op fuzz_any_op(struct fuzzer *f)
{
	int val = fuzz_pick(f, 256), op;

	for (op = 0; op < FUZZ_OPS; op++) {
		val -= op_weights[op];
		if (val < 0)
			return op;
	}
	return fuzz_pick(f, 2) ? FUZZ_OP_SEND : FUZZ_OP_RECV;
}
