// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random system calls on random descriptors with random arguments, from several
 * threads without rights.  Nothing is compared: each call comes to an end, the
 * kernel does not complain, others' sockets go on, and nothing stays behind.
 *
 * AF_ZMQ_SEED and AF_ZMQ_SECONDS choose others and more of them.
 */
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/sockios.h>
#include "harness.h"
#include "proc.h"

#define THREADS		6
#define PAIRED		16	/* slots of connected pairs, beside each other */
#define SLOTS		32
#define ROOM		(1 << 16)
#define IOVS		5
#define SECONDS		8
#define ROUND		2	/* seconds a process lives */
#define NOBODY		65534
#define TICK		5	/* ms a call may block */
#define LINGER_MAX	"/proc/sys/net/zmq/linger_max"
#define OBJECTS		"/sys/kernel/debug/zmq/objects"
#define PLACE		"/tmp/af_zmq.fuzz"

/**
 * struct fuzzer - a thread
 * @state: of its random numbers
 * @room: memory for arguments; the page behind it cannot be touched
 */
struct fuzzer {
	unsigned long long	state;
	unsigned char		*room;
};

/* What there is to do. */
enum fuzz_op {
	OP_SOCKET, OP_CLOSE, OP_DUP, OP_BIND, OP_CONNECT, OP_ENDPOINT, OP_NAME,
	OP_SET, OP_SET_INT, OP_GET, OP_IOCTL, OP_MMAP, OP_SEND, OP_SENDMSG,
	OP_SENDMMSG, OP_RECV, OP_RECVMSG, OP_RECVMMSG, OP_READ, OP_WRITE,
	OP_SPLICE, OP_POLL, OP_EPOLL, OP_FCNTL, OP_SHUTDOWN, OP_LISTEN,
	OP_ACCEPT, OP_PASS, OP_FDINFO, OP_PAIR, OP_TALK,
	OPS
};

static const char *const op_names[OPS] = {
	"socket", "close", "dup", "bind", "connect", "endpoint", "name",
	"set", "set int", "get", "ioctl", "mmap", "send", "sendmsg",
	"sendmmsg", "recv", "recvmsg", "recvmmsg", "read", "write",
	"splice", "poll", "epoll", "fcntl", "shutdown", "listen",
	"accept", "pass", "fdinfo", "pair", "talk",
};

/* How often, of 256; what is left over sends and receives. */
static const unsigned char op_weights[OPS] = {
	[OP_SOCKET] = 6, [OP_CLOSE] = 3, [OP_DUP] = 2, [OP_BIND] = 4,
	[OP_CONNECT] = 6, [OP_ENDPOINT] = 24, [OP_NAME] = 3, [OP_SET] = 12,
	[OP_SET_INT] = 24, [OP_GET] = 14, [OP_IOCTL] = 6, [OP_MMAP] = 1,
	[OP_SEND] = 24, [OP_SENDMSG] = 18, [OP_SENDMMSG] = 4, [OP_RECV] = 24,
	[OP_RECVMSG] = 18, [OP_RECVMMSG] = 4, [OP_READ] = 4, [OP_WRITE] = 4,
	[OP_SPLICE] = 3, [OP_POLL] = 8, [OP_EPOLL] = 4, [OP_FCNTL] = 3,
	[OP_SHUTDOWN] = 1, [OP_LISTEN] = 1, [OP_ACCEPT] = 1, [OP_PASS] = 2,
	[OP_FDINFO] = 1, [OP_PAIR] = 6, [OP_TALK] = 16,
};

/**
 * struct fuzz_shared - what processes count together
 * @calls: made
 * @done: of these, did not fail
 * @data: of these, returned more than 0
 */
struct fuzz_shared {
	long	calls[OPS];
	long	done[OPS];
	long	data[OPS];
};

static struct fuzz_shared *shared;
static int slots[SLOTS];
static int family;
static bool stop;

/* xorshift64* */
static unsigned int pick(struct fuzzer *f, unsigned int below)
{
	f->state ^= f->state >> 12;
	f->state ^= f->state << 25;
	f->state ^= f->state >> 27;
	return (f->state * 0x2545f4914f6cdd1dULL >> 33) % below;
}

static int any_fd(struct fuzzer *f)
{
	return __atomic_load_n(&slots[pick(f, SLOTS)], __ATOMIC_RELAXED);
}

static void keep_at(unsigned int slot, int fd)
{
	if (fd >= 0)
		fd = __atomic_exchange_n(&slots[slot], fd, __ATOMIC_SEQ_CST);
	if (fd >= 0)
		close(fd);
}

static void keep(struct fuzzer *f, int fd)
{
	keep_at(PAIRED + pick(f, SLOTS - PAIRED), fd);
}

/* A length: mostly short, sometimes what it must not be. */
static size_t any_len(struct fuzzer *f)
{
	switch (pick(f, 16)) {
	case 0:
		return pick(f, ROOM + 1);
	case 1:
		return (size_t)1 << pick(f, 24);
	case 2:
		return pick(f, 4) ? 0 : (size_t)-1 >> pick(f, 64);
	default:
		return pick(f, 300);
	}
}

/* Memory for so much, with something in it; or not quite. */
static void *any_room(struct fuzzer *f, size_t len)
{
	size_t i;

	switch (pick(f, 64)) {
	case 0:
		return NULL;
	case 1:
		return f->room + ROOM - pick(f, 64);
	case 2:
		return (void *)(-1UL << pick(f, 64));
	}
	if (len > ROOM)
		len = ROOM;
	for (i = 0; i < len && i < 512; i++)
		f->room[ROOM - len + i] = pick(f, 8) ? pick(f, 4) : pick(f, 256);
	return f->room + ROOM - len;
}

static int any_flags(struct fuzzer *f)
{
	static const int flags[] = {
		MSG_DONTWAIT, MSG_DONTWAIT, MSG_MORE, MSG_EOR, MSG_PEEK,
		MSG_TRUNC, MSG_WAITALL, MSG_ZMQ_PACKED, MSG_ZMQ_WHOLE,
		MSG_CMSG_CLOEXEC, MSG_WAITFORONE,
	};
	static const int odd[] = { MSG_OOB, MSG_ERRQUEUE, MSG_ZEROCOPY };
	int val = MSG_NOSIGNAL, i;

	for (i = pick(f, 3); i > 0; i--)
		val |= flags[pick(f, ARRAY_SIZE(flags))];
	if (!pick(f, 20))
		val |= odd[pick(f, ARRAY_SIZE(odd))];
	return pick(f, 50) ? val : val | 1 << pick(f, 32);
}

static int any_option(struct fuzzer *f)
{
	switch (pick(f, 8)) {
	case 0:
		return ZMQ_AF_BASE + pick(f, 16);
	case 1:
		return ZMQ_AF_BASE + pick(f, 128);
	case 2:
		return pick(f, 2) ? (int)pick(f, 0x7fffffff) : -1;
	default:
		return pick(f, 120);
	}
}

/* An endpoint, often one that others use, sometimes no endpoint. */
static int any_endpoint(struct fuzzer *f, char *endpoint, size_t size)
{
	int n = pick(f, 4), len, i;

	switch (pick(f, 9)) {
	case 0 ... 1:
		len = sprintf(endpoint, "tcp://127.0.0.1:%d", 21000 + n);
		break;
	case 2:
		len = sprintf(endpoint, "tcp://127.0.0.1:*");
		break;
	case 3:
		len = sprintf(endpoint, "ipc://" PLACE "/%d", n);
		break;
	case 4:
		len = sprintf(endpoint, "ipc://@af_zmq.fuzz.%d", n);
		break;
	case 5:
		len = sprintf(endpoint, "tcp://[::1]:%d", 21010 + n);
		break;
	case 6:
		len = sprintf(endpoint, "udp://127.0.0.1:%d", 21020 + n);
		break;
	default:
		len = sprintf(endpoint, "inproc://%d", n);
	}
	/* A host that is no number could be looked up: digits stay. */
	for (i = pick(f, 12) ? 0 : 1 + pick(f, 3); i > 0; i--)
		endpoint[pick(f, len)] = "0:/*@.;-%"[pick(f, 9)];
	if (!pick(f, 30)) {
		memset(endpoint + len, '/', size - len);
		len = len + pick(f, size - len);
	}
	endpoint[len] = 0;
	return len + (pick(f, 2) ? 1 : 0);
}

/* Mostly those that find a partner. */
static int any_type(struct fuzzer *f)
{
	static const int types[] = {
		ZMQ_AF_PUSH, ZMQ_AF_PULL, ZMQ_AF_PUB, ZMQ_AF_SUB, ZMQ_AF_XPUB,
		ZMQ_AF_DEALER, ZMQ_AF_ROUTER, ZMQ_AF_REQ, ZMQ_AF_REP,
	};

	return pick(f, 3) ? types[pick(f, ARRAY_SIZE(types))] :
			    (int)pick(f, ZMQ_AF_CHANNEL + 1);
}

static long do_socket(struct fuzzer *f)
{
	int flags = SOCK_SEQPACKET | (pick(f, 2) ? SOCK_NONBLOCK : 0);
	int fd, pipes[2], on = 1;

	switch (pick(f, 24)) {
	case 0:
		fd = socket(family, pick(f, 16), pick(f, 300));
		break;
	case 1 ... 2:
		fd = socket(family, flags, ZMQ_AF_CONTEXT);
		break;
	case 3:
		fd = pipe2(pipes, O_NONBLOCK);
		if (!fd)
			keep(f, pipes[1]);
		fd = fd ? -1 : pipes[0];
		break;
	case 4:
		fd = epoll_create1(0);
		break;
	default:
		fd = socket(family, flags, any_type(f));
		if (pick(f, 2))
			setsockopt(fd, SOL_ZMQ, ZMQ_AF_INPROC_SCOPE, &on,
				   sizeof(on));
		if (pick(f, 2))
			setsockopt(fd, SOL_ZMQ, ZMQ_SUBSCRIBE, "", 0);
	}
	keep(f, fd);
	return fd;
}

/* Types that talk to each other. */
static const int partners[][2] = {
	{ ZMQ_AF_PUSH, ZMQ_AF_PULL }, { ZMQ_AF_PUB, ZMQ_AF_SUB },
	{ ZMQ_AF_XPUB, ZMQ_AF_XSUB }, { ZMQ_AF_DEALER, ZMQ_AF_ROUTER },
	{ ZMQ_AF_REQ, ZMQ_AF_REP }, { ZMQ_AF_DEALER, ZMQ_AF_DEALER },
	{ ZMQ_AF_PAIR, ZMQ_AF_PAIR }, { ZMQ_AF_CLIENT, ZMQ_AF_SERVER },
	{ ZMQ_AF_RADIO, ZMQ_AF_DISH }, { ZMQ_AF_SCATTER, ZMQ_AF_GATHER },
};

/* Two that are connected, or soon will be. */
static long do_pair(struct fuzzer *f)
{
	static const char *const places[] = {
		"tcp://127.0.0.1:*", "ipc://@af_zmq.fuzz.%u",
		"inproc://pair.%u",
	};
	const int *types = partners[pick(f, ARRAY_SIZE(partners))];
	char endpoint[ZS_ENDPOINT_MAX];
	socklen_t len = sizeof(endpoint);
	unsigned int at = 2 * pick(f, PAIRED / 2), i;
	int fds[2], on = 1;
	long ret;

	for (i = 0; i < 2; i++) {
		fds[i] = socket(family, SOCK_SEQPACKET | SOCK_NONBLOCK,
				types[i]);
		setsockopt(fds[i], SOL_ZMQ, ZMQ_AF_INPROC_SCOPE, &on,
			   sizeof(on));
	}
	setsockopt(fds[1], SOL_ZMQ, ZMQ_SUBSCRIBE, "", 0);
	snprintf(endpoint, sizeof(endpoint), places[pick(f, 3)],
		 pick(f, 1 << 30));
	ret = setsockopt(fds[1], SOL_ZMQ, ZMQ_AF_BIND, endpoint,
			 strlen(endpoint));
	if (!ret)
		ret = getsockopt(fds[1], SOL_ZMQ, ZMQ_LAST_ENDPOINT, endpoint,
				 &len);
	if (!ret)
		ret = setsockopt(fds[0], SOL_ZMQ, ZMQ_AF_CONNECT, endpoint,
				 strlen(endpoint));
	for (i = 0; i < 2; i++)
		keep_at(at + i, fds[i]);
	return ret;
}

static long do_address(struct fuzzer *f, long call)
{
	struct {
		struct sockaddr_zmq addr;
		char more[256];
	} a = { .addr.szmq_family = family };
	int len;

	len = any_endpoint(f, a.addr.szmq_endpoint, 250);
	len += offsetof(struct sockaddr_zmq, szmq_endpoint);
	if (!pick(f, 20))
		a.addr.szmq_family = pick(f, 46);
	if (!pick(f, 20))
		len = any_len(f);
	return syscall(call, any_fd(f), &a, len);
}

static long do_endpoint(struct fuzzer *f)
{
	static const int calls[] = {
		ZMQ_AF_BIND, ZMQ_AF_BIND, ZMQ_AF_CONNECT, ZMQ_AF_CONNECT,
		ZMQ_AF_CONNECT, ZMQ_AF_UNBIND, ZMQ_AF_DISCONNECT,
		ZMQ_AF_CONNECT_AT, ZMQ_AF_CTX, ZMQ_AF_MONITOR,
		ZMQ_AF_CONNECT_PEER,
	};
	int call = calls[pick(f, ARRAY_SIZE(calls))], fd = any_fd(f), other;
	struct zmq_af_connect_peer peer = { 0 };
	struct zmq_af_monitor monitor = { .events = pick(f, 1 << 17) };
	socklen_t len;

	switch (call) {
	case ZMQ_AF_CTX:
		other = any_fd(f);
		return setsockopt(fd, SOL_ZMQ, call, &other, sizeof(other));
	case ZMQ_AF_MONITOR:
		monitor.fd = any_fd(f);
		monitor.version = pick(f, 4);
		return setsockopt(fd, SOL_ZMQ, call, &monitor,
				  sizeof(monitor));
	case ZMQ_AF_CONNECT_PEER:
		len = any_endpoint(f, peer.endpoint, 250) + 4;
		return getsockopt(fd, SOL_ZMQ, call, &peer, &len);
	default:
		return setsockopt(fd, SOL_ZMQ, call, peer.endpoint,
				  any_endpoint(f, peer.endpoint, 1000));
	}
}

static long do_name(struct fuzzer *f)
{
	socklen_t len = any_len(f);

	return syscall(pick(f, 2) ? SYS_getsockname : SYS_getpeername,
		       any_fd(f), any_room(f, len),
		       pick(f, 20) ? &len : any_room(f, sizeof(len)));
}

static long do_set(struct fuzzer *f)
{
	size_t len = any_len(f);

	return syscall(SYS_setsockopt, any_fd(f), pick(f, 8) ? SOL_ZMQ :
		       SOL_SOCKET, any_option(f), any_room(f, len), len);
}

static long do_set_int(struct fuzzer *f)
{
	static const int vals[] = { -1, 0, 1, 2, 3, 10, 1000, 1 << 30 };
	int val = vals[pick(f, ARRAY_SIZE(vals))];

	return setsockopt(any_fd(f), SOL_ZMQ, any_option(f), &val, sizeof(val));
}

static long do_get(struct fuzzer *f)
{
	socklen_t len = pick(f, 3) ? any_len(f) : sizeof(int);

	return syscall(SYS_getsockopt, any_fd(f), pick(f, 8) ? SOL_ZMQ :
		       SOL_SOCKET, any_option(f), any_room(f, len),
		       pick(f, 20) ? &len : any_room(f, sizeof(len)));
}

static long do_ioctl(struct fuzzer *f)
{
	static const unsigned long calls[] = {
		FIONREAD, SIOCOUTQ, SIOCINQ, SIOCATMARK, FIONBIO, FIOASYNC,
		SIOCGPGRP, SIOCSPGRP, SIOCGSTAMP, SIOCGIFNAME, SIOCOUTQNSD,
	};
	unsigned long call = pick(f, 8) ? calls[pick(f, ARRAY_SIZE(calls))] :
					  0x8900 + pick(f, 256);

	return syscall(SYS_ioctl, any_fd(f), call, any_room(f, 64));
}

static long do_mmap(struct fuzzer *f)
{
	void *at = mmap(NULL, 4096 << pick(f, 4), pick(f, 8), 1 + pick(f, 2),
			any_fd(f), 0);

	if (at != MAP_FAILED)
		munmap(at, 4096);
	return at == MAP_FAILED ? -1 : 0;
}

/* A few whole messages, or nearly, as MSG_ZMQ_PACKED has them. */
static size_t pack(struct fuzzer *f, unsigned char *to, size_t most)
{
	size_t at = 0;
	int len;

	while (pick(f, 6)) {
		len = pick(f, 40);
		if (at + 2 + len > most)
			break;
		to[at] = pick(f, 3) ? 0 : pick(f, 40) ? 1 : pick(f, 256);
		to[at + 1] = len;
		at += 2 + len;
	}
	return at;
}

static long do_send(struct fuzzer *f)
{
	unsigned char *buf;
	int flags = any_flags(f);
	size_t len = any_len(f);

	buf = any_room(f, len);
	if (flags & MSG_ZMQ_PACKED && len <= ROOM &&
	    buf == f->room + ROOM - len && pick(f, 10))
		len = pack(f, buf, len);
	return syscall(SYS_sendto, any_fd(f), buf, len, flags,
		       pick(f, 20) ? NULL : any_room(f, 128), pick(f, 129));
}

/**
 * struct fuzz_msg - a msghdr and what it points to
 * @iov: where
 * @addr: name
 * @control: ancillary data
 */
struct fuzz_msg {
	struct iovec	iov[IOVS];
	char		addr[128];
	unsigned char	control[512] __attribute__((aligned(8)));
};

static size_t any_control(struct fuzzer *f, unsigned char *control)
{
	static const int types[] = {
		ZMQ_AF_CMSG_GROUP, ZMQ_AF_CMSG_ROUTING_ID, ZMQ_AF_CMSG_META,
		SCM_RIGHTS, 0,
	};
	struct cmsghdr *c = (void *)control;
	size_t at = 0, len;
	int i;

	for (i = pick(f, 3); i > 0; i--) {
		len = pick(f, 3) ? 4 : pick(f, 100);
		c = (void *)(control + at);
		c->cmsg_level = pick(f, 6) ? SOL_ZMQ : SOL_SOCKET;
		c->cmsg_type = types[pick(f, ARRAY_SIZE(types))];
		c->cmsg_len = pick(f, 30) ? CMSG_LEN(len) : any_len(f);
		memset(CMSG_DATA(c), 0, len);
		*CMSG_DATA(c) = pick(f, 8);
		at += CMSG_SPACE(len);
	}
	return pick(f, 30) ? at : pick(f, 513);
}

static void any_msg(struct fuzzer *f, struct fuzz_msg *m, struct msghdr *msg)
{
	int i, n = pick(f, IOVS + 1);

	memset(msg, 0, sizeof(*msg));
	for (i = 0; i < n; i++) {
		m->iov[i].iov_len = any_len(f);
		m->iov[i].iov_base = any_room(f, m->iov[i].iov_len);
	}
	msg->msg_iov = m->iov;
	msg->msg_iovlen = pick(f, 100) ? (size_t)n : any_len(f);
	if (!pick(f, 10)) {
		msg->msg_name = m->addr;
		msg->msg_namelen = pick(f, 129);
	}
	if (pick(f, 2)) {
		msg->msg_control = m->control;
		msg->msg_controllen = any_control(f, m->control);
	}
}

static long do_msg(struct fuzzer *f, long call)
{
	struct fuzz_msg m;
	struct msghdr msg;

	any_msg(f, &m, &msg);
	return syscall(call, any_fd(f), pick(f, 50) ? &msg : any_room(f, 56),
		       any_flags(f));
}

static long do_mmsg(struct fuzzer *f, long call)
{
	struct mmsghdr msgs[3];
	struct fuzz_msg m[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(msgs); i++)
		any_msg(f, &m[i], &msgs[i].msg_hdr);
	return syscall(call, any_fd(f), msgs, pick(f, ARRAY_SIZE(msgs) + 1),
		       any_flags(f), NULL);
}

static long do_recv(struct fuzzer *f)
{
	size_t len = any_len(f);

	return syscall(SYS_recvfrom, any_fd(f), any_room(f, len), len,
		       any_flags(f), pick(f, 20) ? NULL : any_room(f, 128),
		       pick(f, 20) ? NULL : any_room(f, 4));
}

/* Something that arrives, so that whoever receives finds it. */
static long do_talk(struct fuzzer *f)
{
	unsigned int at = pick(f, 8) ? 2 * pick(f, PAIRED / 2) : pick(f, SLOTS);
	int from = __atomic_load_n(&slots[at], __ATOMIC_RELAXED);
	int to = __atomic_load_n(&slots[at ^ 1], __ATOMIC_RELAXED);
	size_t len = pick(f, 8) ? pick(f, 300) : pick(f, ROOM);
	unsigned char *buf = f->room + ROOM - len;
	int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
	unsigned int i;

	if (!pick(f, 3)) {
		flags |= MSG_ZMQ_PACKED;
		len = pack(f, buf, len);
	} else if (!pick(f, 4)) {
		flags |= MSG_MORE;
	}
	for (i = pick(f, 4); i > 0; i--)
		send(from, buf, len, flags);
	len = any_len(f);
	return syscall(SYS_recvfrom, to, any_room(f, len), len,
		       pick(f, 3) ? MSG_DONTWAIT : any_flags(f), NULL, NULL);
}

static long do_rw(struct fuzzer *f, long plain, long vector)
{
	struct fuzz_msg m;
	struct msghdr msg;
	size_t len;

	if (pick(f, 2)) {
		len = any_len(f);
		return syscall(plain, any_fd(f), any_room(f, len), len);
	}
	any_msg(f, &m, &msg);
	return syscall(vector, any_fd(f), msg.msg_iov, msg.msg_iovlen);
}

static long do_poll(struct fuzzer *f)
{
	struct pollfd pfds[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pfds); i++) {
		pfds[i].fd = any_fd(f);
		pfds[i].events = pick(f, 0x2000);
	}
	return poll(pfds, ARRAY_SIZE(pfds), pick(f, 3));
}

static long do_epoll(struct fuzzer *f)
{
	struct epoll_event event = {
		.events = pick(f, 2) ? EPOLLIN | EPOLLET : pick(f, 0x2000),
	};
	int fd = any_fd(f);

	if (pick(f, 2))
		return epoll_wait(fd, &event, 1, pick(f, 2));
	return epoll_ctl(fd, 1 + pick(f, 3), any_fd(f), &event);
}

static long do_fcntl(struct fuzzer *f)
{
	static const int calls[] = {
		F_GETFL, F_SETFL, F_SETOWN, F_GETOWN, F_SETSIG, F_GETFD,
	};
	int call = calls[pick(f, ARRAY_SIZE(calls))];

	if (call == F_SETFL)
		return fcntl(any_fd(f), call, pick(f, 2) ? O_NONBLOCK : 0);
	return fcntl(any_fd(f), call, 0);
}

/* Through another socket, and perhaps never out of it. */
static long do_pass(struct fuzzer *f)
{
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = "";
	struct iovec iov = { f->room, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = (void *)control;
	int ends[2], fd = any_fd(f);
	long ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends))
		return -1;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	ret = sendmsg(ends[0], &msg, 0);
	if (ret > 0 && pick(f, 2) && recvmsg(ends[1], &msg, 0) > 0) {
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		keep(f, fd);
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

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", any_fd(f));
	fd = open(pick(f, 2) ? path : "/proc/net/zmq", O_RDONLY);
	if (fd < 0)
		return -1;
	ret = read(fd, text, sizeof(text));
	close(fd);
	return ret;
}

static long one_call(struct fuzzer *f, enum fuzz_op op)
{
	switch (op) {
	case OP_SOCKET:
		return do_socket(f);
	case OP_CLOSE:
		keep(f, open("/dev/null", O_RDWR));
		return 0;
	case OP_DUP:
		keep(f, dup(any_fd(f)));
		return 0;
	case OP_BIND:
		return do_address(f, SYS_bind);
	case OP_CONNECT:
		return do_address(f, SYS_connect);
	case OP_ENDPOINT:
		return do_endpoint(f);
	case OP_NAME:
		return do_name(f);
	case OP_SET:
		return do_set(f);
	case OP_SET_INT:
		return do_set_int(f);
	case OP_GET:
		return do_get(f);
	case OP_IOCTL:
		return do_ioctl(f);
	case OP_MMAP:
		return do_mmap(f);
	case OP_SEND:
		return do_send(f);
	case OP_SENDMSG:
		return do_msg(f, SYS_sendmsg);
	case OP_SENDMMSG:
		return do_mmsg(f, SYS_sendmmsg);
	case OP_RECV:
		return do_recv(f);
	case OP_RECVMSG:
		return do_msg(f, SYS_recvmsg);
	case OP_RECVMMSG:
		return do_mmsg(f, SYS_recvmmsg);
	case OP_READ:
		return do_rw(f, SYS_read, SYS_readv);
	case OP_WRITE:
		return do_rw(f, SYS_write, SYS_writev);
	case OP_SPLICE:
		return pick(f, 2) ? splice(any_fd(f), NULL, any_fd(f), NULL,
					   any_len(f), pick(f, 16)) :
				    syscall(SYS_sendfile, any_fd(f), any_fd(f),
					    NULL, any_len(f));
	case OP_POLL:
		return do_poll(f);
	case OP_EPOLL:
		return do_epoll(f);
	case OP_FCNTL:
		return do_fcntl(f);
	case OP_SHUTDOWN:
		return shutdown(any_fd(f), pick(f, 4));
	case OP_LISTEN:
		return listen(any_fd(f), pick(f, 8));
	case OP_ACCEPT:
		return accept4(any_fd(f), NULL, NULL, pick(f, 2) << 11);
	case OP_PASS:
		return do_pass(f);
	case OP_PAIR:
		return do_pair(f);
	case OP_TALK:
		return do_talk(f);
	default:
		return do_fdinfo(f);
	}
}

static enum fuzz_op any_op(struct fuzzer *f)
{
	int val = pick(f, 256), op;

	for (op = 0; op < OPS; op++) {
		val -= op_weights[op];
		if (val < 0)
			return op;
	}
	return pick(f, 2) ? OP_SEND : OP_RECV;
}

static void *run(void *arg)
{
	struct fuzzer *f = arg;
	enum fuzz_op op;
	long ret;

	f->room = mmap(NULL, ROOM + 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (f->room == MAP_FAILED || mprotect(f->room + ROOM, 4096, PROT_NONE))
		return arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		op = any_op(f);
		ret = one_call(f, op);
		__atomic_fetch_add(&shared->calls[op], 1, __ATOMIC_RELAXED);
		if (ret >= 0)
			__atomic_fetch_add(&shared->done[op], 1,
					   __ATOMIC_RELAXED);
		if (ret > 0)
			__atomic_fetch_add(&shared->data[op], 1,
					   __ATOMIC_RELAXED);
	}
	return NULL;
}

static void on_tick(int sig)
{
}

/* Whoever hears of input by SIGIO has asked for it. */
static int tame_signals(void)
{
	struct sigaction tick = { .sa_handler = on_tick };
	int sig;

	for (sig = SIGRTMIN; sig <= SIGRTMAX; sig++)
		signal(sig, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	return sigaction(SIGUSR1, &tick, NULL);
}

/* Only what anybody may. */
static int drop_rights(void)
{
	struct rlimit files = { 512, 512 };

	return setrlimit(RLIMIT_NOFILE, &files) ||
	       (!getuid() && (setgroups(0, NULL) || setgid(NOBODY) ||
			      setuid(NOBODY)));
}

/* A process: 0 if all its threads came to an end. */
static int fuzz(unsigned long seed, int ms)
{
	struct fuzzer fuzzers[THREADS] = {};
	long long end = wait_now() + ms;
	pthread_t threads[THREADS];
	void *failed;
	int i;

	memset(slots, -1, sizeof(slots));
	if (tame_signals() || drop_rights())
		return 2;
	for (i = 0; i < THREADS; i++) {
		fuzzers[i].state = (seed * THREADS + i + 1) *
				   0x9e3779b97f4a7c15ULL;
		if (pthread_create(&threads[i], NULL, run, &fuzzers[i]))
			return 3;
	}
	/* What blocks is interrupted, again and again. */
	while (wait_now() < end) {
		poll(NULL, 0, TICK);
		for (i = 0; i < THREADS; i++)
			pthread_kill(threads[i], SIGUSR1);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < THREADS; i++)
		while (pthread_tryjoin_np(threads[i], &failed)) {
			pthread_kill(threads[i], SIGUSR1);
			poll(NULL, 0, TICK);
		}
	return 0;
}

static long sum(const long *counts)
{
	long all = 0;
	int op;

	for (op = 0; op < OPS; op++)
		all += __atomic_load_n(&counts[op], __ATOMIC_RELAXED);
	return all;
}

static int get_number(const char *path)
{
	FILE *file = fopen(path, "r");
	int val = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &val) != 1)
		val = -1;
	fclose(file);
	return val;
}

static int put_number(const char *path, int val)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -1;
	fprintf(file, "%d\n", val);
	return fclose(file);
}

/* Objects of the module that there are; 0 if it does not tell. */
static long objects(void)
{
	FILE *file = fopen(OBJECTS, "r");
	long live, all = 0;

	if (!file)
		return 0;
	while (fscanf(file, "%*s %ld %*d", &live) == 1)
		all += live;
	fclose(file);
	return all;
}

/* The last process has ended, within the limit. */
static bool ended(pid_t pid, int *status)
{
	return wait_until(waitpid(pid, status, WNOHANG) == pid);
}

FIXTURE(fuzz) {
	int linger_max;
	int seconds;
	unsigned long seed;
};

FIXTURE_SETUP(fuzz)
{
	const char *seed = getenv("AF_ZMQ_SEED");
	const char *seconds = getenv("AF_ZMQ_SECONDS");

	self->seed = seed ? strtoul(seed, NULL, 0) : 1;
	self->seconds = seconds ? atoi(seconds) : SECONDS;
	self->linger_max = get_number(LINGER_MAX);
	put_number(LINGER_MAX, 200);
	mkdir(PLACE, 0777);
	chmod(PLACE, 0777);
	family = zs_family();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
}

FIXTURE_TEARDOWN(fuzz)
{
	char path[64];
	int i;

	if (self->linger_max >= 0)
		put_number(LINGER_MAX, self->linger_max);
	for (i = 0; i < 4; i++) {
		sprintf(path, PLACE "/%d", i);
		unlink(path);
	}
	rmdir(PLACE);
}

TEST_F(fuzz, system_calls)
{
	struct zs *pull, *push;
	int status, i, op;
	long long end;
	pid_t pid;

	if (!zs_is_kernel() || getuid())
		SKIP(return, "as root, with system calls");
	pull = zs_open(ZMQ_PULL);
	push = zs_open(ZMQ_PUSH);
	ASSERT_OK(zs_pair(pull, push, ZS_TCP, NULL));
	end = wait_now() + self->seconds * 1000LL;
	for (i = 0; i == 0 || wait_now() < end; i++) {
		long before = sum(shared->calls);

		/* Every other one is killed in the middle of it. */
		pid = harness_fork();
		if (!pid)
			_exit(fuzz(self->seed + i, i % 2 ? INT_MAX :
				   ROUND * 1000 * wait_slow()));
		if (i % 2) {
			EXPECT_TRUE(wait_until(sum(shared->calls) >
					       before + 1000));
			kill(pid, SIGKILL);
		}
		ASSERT_TRUE(ended(pid, &status))
			TH_LOG("seed %lu: a call does not end",
			       self->seed + i);
		EXPECT_EQ(i % 2 ? SIGKILL : 0, status)
			TH_LOG("seed %lu: status 0x%x", self->seed + i,
			       status);
		/* Others' sockets do not notice. */
		ASSERT_OK(zs_send_msg(push, "x"));
		ASSERT_TRUE(zs_recv_is(pull, "x"));
	}
	zs_close_now(push);
	zs_close_now(pull);
	TH_LOG("%ld calls, %ld of them succeeded, %d processes",
	       sum(shared->calls), sum(shared->done), i);
	for (op = 0; op < OPS; op++) {
		TH_LOG("%s: %ld, %ld succeeded, %ld with data", op_names[op],
		       shared->calls[op], shared->done[op], shared->data[op]);
		/* Else they would be no test of it; if there were enough. */
		if (shared->calls[op] > 300 && op != OP_MMAP &&
		    op != OP_LISTEN && op != OP_ACCEPT)
			EXPECT_LT(0, shared->done[op]);
		/* With one in twenty nobody would say that it receives. */
		if (shared->calls[op] > 300 && op == OP_TALK)
			EXPECT_LT(shared->calls[op] / 20, shared->data[op]);
	}
	EXPECT_TRUE(wait_until(!proc_count()));
	EXPECT_TRUE(wait_until(!proc_stat("connections")));
	EXPECT_TRUE(wait_until(!objects()))
		TH_LOG("%ld objects", objects());
}

TEST_HARNESS_MAIN
