// SPDX-License-Identifier: GPL-2.0
/* Socket options: libzmq's numbers, formats, ranges and errnos at SOL_ZMQ. */
#include <linux/capability.h>
#include <linux/sizes.h>
#include "batch.h"
#include "context.h"
#include "ep.h"
#include "filter.h"
#include "lookahead.h"
#include "meta.h"
#include "monitor.h"
#include "peer.h"
#include "peers.h"
#include "ring.h"
#include "type.h"
#include "view.h"

/**
 * struct zmq_sockopt - an int option kept in struct zmq_options
 * @opt: its number
 * @off: offset of its value
 * @min: least value
 * @max: greatest value
 * @boolean: kept as 0 or 1
 */
struct zmq_sockopt {
	int	opt;
	size_t	off;
	int	min;
	int	max;
	bool	boolean;
};

#define ZMQ_SOCKOPT(num, field, lo, hi)				\
	{							\
		.opt	= ZMQ_OPT_##num,			\
		.off	= offsetof(struct zmq_options, field),	\
		.min	= lo,					\
		.max	= hi,					\
	}

/* Anything but 0 is 1. */
#define ZMQ_SOCKOPT_BOOL(num, field)				\
	{							\
		.opt	= ZMQ_OPT_##num,			\
		.off	= offsetof(struct zmq_options, field),	\
		.min	= INT_MIN,				\
		.max	= INT_MAX,				\
		.boolean = true,				\
	}

/* Ranges: zmq_setsockopt(3) and libzmq's options.cpp. */
static const struct zmq_sockopt zmq_sockopts[] = {
	ZMQ_SOCKOPT(RATE, rate, 1, INT_MAX),
	ZMQ_SOCKOPT(RECOVERY_IVL, recovery_ivl, 0, INT_MAX),
	ZMQ_SOCKOPT(SNDBUF, sndbuf, -1, INT_MAX),
	ZMQ_SOCKOPT(RCVBUF, rcvbuf, -1, INT_MAX),
	ZMQ_SOCKOPT(LINGER, linger, -1, INT_MAX),
	ZMQ_SOCKOPT(RECONNECT_IVL, reconnect_ivl, -1, INT_MAX),
	ZMQ_SOCKOPT(BACKLOG, backlog, 0, INT_MAX),
	ZMQ_SOCKOPT(RECONNECT_IVL_MAX, reconnect_ivl_max, 0, INT_MAX),
	ZMQ_SOCKOPT(SNDHWM, sndhwm, 0, INT_MAX),
	ZMQ_SOCKOPT(RCVHWM, rcvhwm, 0, INT_MAX),
	ZMQ_SOCKOPT(MULTICAST_HOPS, multicast_hops, 1, INT_MAX),
	ZMQ_SOCKOPT(TCP_KEEPALIVE, keepalive, -1, 1),
	ZMQ_SOCKOPT(TCP_KEEPALIVE_CNT, keepalive_cnt, -1, INT_MAX),
	ZMQ_SOCKOPT(TCP_KEEPALIVE_IDLE, keepalive_idle, -1, INT_MAX),
	ZMQ_SOCKOPT(TCP_KEEPALIVE_INTVL, keepalive_intvl, -1, INT_MAX),
	ZMQ_SOCKOPT(IMMEDIATE, immediate, 0, 1),
	ZMQ_SOCKOPT(IPV6, ipv6, 0, 1),
	ZMQ_SOCKOPT(CONFLATE, conflate, 0, 1),
	ZMQ_SOCKOPT(TOS, tos, 0, INT_MAX),
	ZMQ_SOCKOPT(HANDSHAKE_IVL, handshake_ivl, 0, INT_MAX),
	ZMQ_SOCKOPT_BOOL(INVERT_MATCHING, invert_matching),
	ZMQ_SOCKOPT(HEARTBEAT_IVL, heartbeat_ivl, 0, INT_MAX),
	/* Rounded towards 0, to 100 ms. */
	ZMQ_SOCKOPT(HEARTBEAT_TTL, heartbeat_ttl, -99, 6553599),
	ZMQ_SOCKOPT(HEARTBEAT_TIMEOUT, heartbeat_timeout, 0, INT_MAX),
	ZMQ_SOCKOPT(CONNECT_TIMEOUT, connect_timeout, 0, INT_MAX),
	ZMQ_SOCKOPT(TCP_MAXRT, tcp_maxrt, 0, INT_MAX),
	ZMQ_SOCKOPT(ROUTER_NOTIFY, router_notify, 0, 3),
	ZMQ_SOCKOPT(MULTICAST_MAXTPDU, multicast_maxtpdu, 1, INT_MAX),
	ZMQ_SOCKOPT(USE_FD, use_fd, -1, INT_MAX),
	ZMQ_SOCKOPT_BOOL(LOOPBACK_FASTPATH, loopback_fastpath),
	ZMQ_SOCKOPT_BOOL(MULTICAST_LOOP, multicast_loop),
	ZMQ_SOCKOPT(IN_BATCH_SIZE, in_batch_size, 1, INT_MAX),
	ZMQ_SOCKOPT(OUT_BATCH_SIZE, out_batch_size, 1, INT_MAX),
	{
		.opt	= ZMQ_AF_RETRY,
		.off	= offsetof(struct zmq_options, retry),
		.max	= 1,
	},
	ZMQ_SOCKOPT(RECONNECT_STOP, reconnect_stop, INT_MIN, INT_MAX),
	ZMQ_SOCKOPT(PRIORITY, priority, 0, INT_MAX),
	ZMQ_SOCKOPT(BUSY_POLL, busy_poll, 0, INT_MAX),
};

static const struct zmq_sockopt *zmq_sockopt_find(int opt)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(zmq_sockopts); i++)
		if (zmq_sockopts[i].opt == opt)
			return &zmq_sockopts[i];
	return NULL;
}

static int *zmq_sockopt_field(struct zmq_options *opt,
			      const struct zmq_sockopt *so)
{
	return (int *)((u8 *)opt + so->off);
}

/* The marks apply to existing pipes too. */
static void zmq_sockopt_apply_hwm(struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe;

	list_for_each_entry(pipe, &zsk->pipes, node)
		zmq_pipe_set_hwm(pipe, zsk->opt.sndhwm, zsk->opt.rcvhwm);
}

/* What the caller could not set on a socket of its own is refused. */
static bool zmq_sockopt_permitted(struct zmq_sock *zsk, int opt, int val)
{
	struct user_namespace *ns = sock_net(&zsk->sk)->user_ns;

	switch (opt) {
	case ZMQ_OPT_PRIORITY:
		return val <= 6 || ns_capable(ns, CAP_NET_RAW) ||
		       ns_capable(ns, CAP_NET_ADMIN);
	case ZMQ_OPT_BUSY_POLL:
		return val <= zmq_compat_busy_poll(&zsk->sk) ||
		       capable(CAP_NET_ADMIN);
	default:
		return true;
	}
}

static int zmq_sockopt_set_int(struct zmq_sock *zsk,
			       const struct zmq_sockopt *so, const u8 *buf,
			       size_t len)
{
	int val;

	if (len != sizeof(val))
		return -EINVAL;
	memcpy(&val, buf, sizeof(val));
	if (val < so->min || val > so->max)
		return -EINVAL;
	if (!zmq_sockopt_permitted(zsk, so->opt, val))
		return -EPERM;
	if (so->opt == ZMQ_OPT_HEARTBEAT_TTL)
		val -= val % 100;
	if (so->boolean)
		val = !!val;
	/* Read back without a lock. */
	WRITE_ONCE(*zmq_sockopt_field(&zsk->opt, so), val);
	if (so->opt == ZMQ_OPT_BUSY_POLL)
		zmq_compat_set_busy_poll(&zsk->sk, val);
	if (so->opt == ZMQ_OPT_SNDHWM || so->opt == ZMQ_OPT_RCVHWM)
		zmq_sockopt_apply_hwm(zsk);
	return 0;
}

/*
 * ZMQ_RCVTIMEO and ZMQ_SNDTIMEO are SO_RCVTIMEO and SO_SNDTIMEO in ms: the
 * jiffies @timeo count; @ms remembers what was set, to be read back.
 */
static int zmq_sockopt_set_timeo(long *timeo, int *ms, const u8 *buf,
				 size_t len)
{
	int val;

	if (len != sizeof(val))
		return -EINVAL;
	memcpy(&val, buf, sizeof(val));
	if (val < -1)
		return -EINVAL;
	WRITE_ONCE(*ms, val);
	WRITE_ONCE(*timeo, val < 0 ? MAX_SCHEDULE_TIMEOUT :
				     msecs_to_jiffies(val));
	return 0;
}

static int zmq_sockopt_get_timeo(long timeo, int ms)
{
	if (timeo == MAX_SCHEDULE_TIMEOUT)
		return -1;
	return timeo == msecs_to_jiffies(ms) ? ms : jiffies_to_msecs(timeo);
}

static int zmq_sockopt_set_id(struct zmq_sock *zsk, const u8 *buf, size_t len)
{
	if (!len || len > ZMQ_ZMTP_ID_MAX)
		return -EINVAL;
	memcpy(zsk->opt.id, buf, len);
	zsk->opt.id_len = len;
	return 0;
}

static int zmq_sockopt_set_device(struct zmq_sock *zsk, const u8 *buf,
				  size_t len)
{
	if (buf && !len)
		return -EINVAL;
	len = buf ? strnlen(buf, len) : 0;
	if (len >= IFNAMSIZ)
		return -EINVAL;
	memset(zsk->opt.device, 0, IFNAMSIZ);
	memcpy(zsk->opt.device, buf, len);
	return 0;
}

static int zmq_sockopt_set_affinity(struct zmq_sock *zsk, const u8 *buf,
				    size_t len)
{
	if (len != sizeof(zsk->opt.affinity))
		return -EINVAL;
	memcpy(&zsk->opt.affinity, buf, len);
	return 0;
}

/* @least: 1 if only NULL takes the value back. */
static int zmq_sockopt_set_text(struct zmq_sock *zsk,
				enum zmq_options_blob which, const u8 *buf,
				size_t len, size_t least, size_t most)
{
	if (buf && (len < least || len > most))
		return -EINVAL;
	if (buf && len && !buf[len - 1])
		len--;
	return zmq_options_set_blob(&zsk->opt, which, buf, buf ? len : 0);
}

/* One more network that may connect by TCP; NULL: any again. */
static int zmq_sockopt_set_tcp_filter(struct zmq_sock *zsk, const u8 *buf,
				      size_t len)
{
	struct zmq_filter_net net;
	int err;

	if (!buf)
		return zmq_options_set_blob(&zsk->opt, ZMQ_BLOB_TCP_FILTER,
					    NULL, 0);
	if (!len || len > U8_MAX)
		return -EINVAL;
	err = zmq_filter_parse(&net, buf, strnlen(buf, len), zsk->opt.ipv6);
	return err ?: zmq_options_append(&zsk->opt, ZMQ_BLOB_TCP_FILTER, &net,
					 sizeof(net));
}

/* One more process, user or group that may connect by ipc; NULL: any again. */
static int zmq_sockopt_set_ipc_filter(struct zmq_sock *zsk,
				      enum zmq_options_blob which,
				      const u8 *buf, size_t len)
{
	static_assert(sizeof(pid_t) == sizeof(u32));
	static_assert(sizeof(uid_t) == sizeof(u32));
	static_assert(sizeof(gid_t) == sizeof(u32));

	if (!buf)
		return zmq_options_set_blob(&zsk->opt, which, NULL, 0);
	if (len != sizeof(u32))
		return -EINVAL;
	return zmq_options_append(&zsk->opt, which, buf, len);
}

/* Options that are neither plain ints nor the type's. */
static int zmq_sockopt_set_other(struct zmq_sock *zsk, int opt, const u8 *buf,
				 size_t len)
{
	struct sock *sk = &zsk->sk;
	int on;

	switch (opt) {
	case ZMQ_OPT_ROUTING_ID:
		return zmq_sockopt_set_id(zsk, buf, len);
	case ZMQ_OPT_MAXMSGSIZE:
		if (len != sizeof(s64) || get_unaligned((s64 *)buf) < -1)
			return -EINVAL;
		WRITE_ONCE(zsk->opt.maxmsgsize, get_unaligned((s64 *)buf));
		return 0;
	case ZMQ_OPT_RCVTIMEO:
		return zmq_sockopt_set_timeo(&sk->sk_rcvtimeo, &zsk->rcvtimeo,
					     buf, len);
	case ZMQ_OPT_SNDTIMEO:
		return zmq_sockopt_set_timeo(&sk->sk_sndtimeo, &zsk->sndtimeo,
					     buf, len);
	case ZMQ_OPT_BINDTODEVICE:
		return zmq_sockopt_set_device(zsk, buf, len);
	case ZMQ_OPT_AFFINITY:
		return zmq_sockopt_set_affinity(zsk, buf, len);
	case ZMQ_OPT_SOCKS_PROXY:
		return zmq_sockopt_set_text(zsk, ZMQ_BLOB_SOCKS_PROXY, buf, len,
					    1, ZMQ_AF_ENDPOINT_MAX);
	case ZMQ_OPT_SOCKS_USERNAME:
		return zmq_sockopt_set_text(zsk, ZMQ_BLOB_SOCKS_USERNAME, buf,
					    len, 0, U8_MAX);
	case ZMQ_OPT_SOCKS_PASSWORD:
		return zmq_sockopt_set_text(zsk, ZMQ_BLOB_SOCKS_PASSWORD, buf,
					    len, 0, U8_MAX);
	case ZMQ_OPT_TCP_ACCEPT_FILTER:
		return zmq_sockopt_set_tcp_filter(zsk, buf, len);
	case ZMQ_OPT_IPC_FILTER_PID:
		return zmq_sockopt_set_ipc_filter(zsk, ZMQ_BLOB_IPC_PID, buf,
						  len);
	case ZMQ_OPT_IPC_FILTER_UID:
		return zmq_sockopt_set_ipc_filter(zsk, ZMQ_BLOB_IPC_UID, buf,
						  len);
	case ZMQ_OPT_IPC_FILTER_GID:
		return zmq_sockopt_set_ipc_filter(zsk, ZMQ_BLOB_IPC_GID, buf,
						  len);
	case ZMQ_OPT_IPV4ONLY:
		on = zmq_type_bool(buf, len);
		if (on >= 0)
			WRITE_ONCE(zsk->opt.ipv6, !on);
		return min(on, 0);
	case ZMQ_AF_DISCONNECT_PEER:
		return zmq_peer_disconnect(zsk, buf, len);
	case ZMQ_AF_EINTR:
		on = zmq_type_bool(buf, len);
		if (on >= 0)
			WRITE_ONCE(zsk->eintr, on);
		return min(on, 0);
	case ZMQ_AF_INPROC_SCOPE:
		on = zmq_type_bool(buf, len);
		if (on >= 0)
			WRITE_ONCE(zsk->inproc_user, on);
		return min(on, 0);
	case ZMQ_AF_COALESCE:
		if (len != sizeof(on))
			return -EINVAL;
		memcpy(&on, buf, sizeof(on));
		if (on < -1 || on > ZMQ_AF_COALESCE_MAX)
			return -EINVAL;
		WRITE_ONCE(zsk->co.usec, on);
		return 0;
	case ZMQ_OPT_METADATA:
		return zmq_meta_set_own(&zsk->opt, buf, len);
	case ZMQ_AF_RECVMETA:
		if (len != sizeof(on))
			return -EINVAL;
		memcpy(&on, buf, sizeof(on));
		if (on < 0 || on > ZMQ_AF_RECVMETA_NEW)
			return -EINVAL;
		WRITE_ONCE(zsk->recvmeta, on);
		return 0;
	case ZMQ_AF_PACKED:
		on = zmq_type_bool(buf, len);
		if (on >= 0)
			WRITE_ONCE(zsk->packed, on);
		return min(on, 0);
	case ZMQ_AF_RING:
		return zmq_ring_make(zsk, buf, len);
	default:
		return -EINVAL;
	}
}

static int zmq_sockopt_set_locked(struct zmq_sock *zsk, int opt, const u8 *buf,
				  size_t len)
{
	const struct zmq_sockopt *so;
	int err;

	if (READ_ONCE(zsk->shutdown))
		return -ESHUTDOWN;
	if (zsk->type->setsockopt) {
		err = zsk->type->setsockopt(zsk, opt, buf, len);
		if (err != -ENOPROTOOPT)
			return err;
	}
	err = zmq_notice_set(zsk, opt, buf, len);
	if (err != -ENOPROTOOPT)
		return err;
	so = zmq_sockopt_find(opt);
	if (so)
		return zmq_sockopt_set_int(zsk, so, buf, len);
	return zmq_sockopt_set_other(zsk, opt, buf, len);
}

/* "endpoint NUL addresses of its host" */
static int zmq_sockopt_connect_at(struct zmq_sock *zsk, const char *buf,
				  size_t len)
{
	size_t name = strnlen(buf, len);
	size_t addrs = min(name + 1, len);

	return zmq_ep_connect_at(zsk, buf, name, buf + addrs, len - addrs);
}

/* Endpoints: these take other locks than the socket's. */
static int zmq_sockopt_endpoint(struct zmq_sock *zsk, int opt, const u8 *buf,
				size_t len)
{
	const char *name = buf ?: (const u8 *)"";

	if (len && !name[len - 1])
		len--;
	if (READ_ONCE(zsk->shutdown))
		return -ESHUTDOWN;
	switch (opt) {
	case ZMQ_AF_BIND:
		return zmq_ep_bind(zsk, name, len);
	case ZMQ_AF_CONNECT:
		return zmq_ep_connect(zsk, name, len);
	case ZMQ_AF_CONNECT_AT:
		return zmq_sockopt_connect_at(zsk, name, len);
	default:
		return zmq_ep_term(zsk, name, len);
	}
}

static int zmq_sockopt_join(struct zmq_sock *zsk, const u8 *buf, size_t len)
{
	int fd, err;

	if (len != sizeof(fd))
		return -EINVAL;
	memcpy(&fd, buf, sizeof(fd));
	mutex_lock(&zsk->ep_mutex);
	lock_sock(&zsk->sk);
	err = list_empty(&zsk->eps) ? zmq_context_join(zsk, fd) : -EBUSY;
	release_sock(&zsk->sk);
	mutex_unlock(&zsk->ep_mutex);
	return err;
}

static int zmq_sockopt_set_buf(struct zmq_sock *zsk, int opt, const u8 *buf,
			       size_t len)
{
	int err;

	switch (opt) {
	case ZMQ_AF_BIND:
	case ZMQ_AF_CONNECT:
	case ZMQ_AF_CONNECT_AT:
	case ZMQ_AF_UNBIND:
	case ZMQ_AF_DISCONNECT:
		return zmq_sockopt_endpoint(zsk, opt, buf, len);
	case ZMQ_AF_CTX:
		return zmq_sockopt_join(zsk, buf, len);
	case ZMQ_AF_MONITOR:
	case ZMQ_AF_MONITOR_PIPES:
		if (READ_ONCE(zsk->shutdown))
			return -ESHUTDOWN;
		return opt == ZMQ_AF_MONITOR ? zmq_monitor_set(zsk, buf, len) :
					       zmq_monitor_pipes_stats(zsk);
	default:
		lock_sock(&zsk->sk);
		err = zmq_sockopt_set_locked(zsk, opt, buf, len);
		/* Subscriptions are sent as messages are. */
		if (zsk->type->subscribes)
			zmq_send_done(zsk, 0);
		else
			zmq_send_release(zsk);
		return err;
	}
}

/* Largest value an option takes: a topic. */
#define ZMQ_SOCKOPT_MAX		SZ_1M

/* proto_ops.setsockopt */
int zmq_sockopt_set(struct socket *sock, int level, int opt, sockptr_t val,
		    unsigned int len)
{
	u8 *buf;
	int err;

	if (level != SOL_ZMQ)
		return -ENOPROTOOPT;
	if (len > ZMQ_SOCKOPT_MAX)
		return -EINVAL;
	/* One byte more: strings can be looked at as such. */
	buf = kvmalloc(len + 1, GFP_KERNEL_ACCOUNT);
	if (!buf)
		return -ENOMEM;
	/* What was sent before was sent with the options as they were. */
	zmq_ring_recall(zmq_sk(sock->sk));
	err = -EFAULT;
	if (!copy_from_sockptr(buf, val, len)) {
		buf[len] = 0;
		/* No value at all takes some values back. */
		err = zmq_sockopt_set_buf(zmq_sk(sock->sk), opt,
					  len || !sockptr_is_null(val) ?
					  buf : NULL, len);
	}
	kvfree(buf);
	return err;
}

/* Values copied to the user: address and length of the value. */
struct zmq_sockopt_value {
	union {
		int			i;
		s64			ll;
		struct zmq_af_stats	stats;
		struct zmq_af_monitor	monitor;
		u8			bytes[ZMQ_ZMTP_ID_MAX];
		char			str[ZMQ_AF_ENDPOINT_MAX + 1];
	};
	int	len;
	bool	prefix;
};

/* Its own function: the string is on the stack of nobody else. */
static void zmq_sockopt_get_endpoint(struct zmq_sock *zsk,
				     struct zmq_sockopt_value *v)
{
	mutex_lock(&zsk->ep_mutex);
	v->len = strscpy(v->str, zsk->last_endpoint ?: "", sizeof(v->str)) + 1;
	mutex_unlock(&zsk->ep_mutex);
}

static int zmq_sockopt_get_text(struct zmq_sock *zsk,
				enum zmq_options_blob which,
				struct zmq_sockopt_value *v)
{
	lock_sock(&zsk->sk);
	v->len = strscpy(v->str, zmq_options_str(&zsk->opt, which) ?: "",
			 sizeof(v->str)) + 1;
	release_sock(&zsk->sk);
	return 0;
}

/* What is no errno, whatever it is, or -EINVAL. */
static int zmq_sockopt_get_int(struct zmq_sock *zsk, int opt)
{
	int val, on;

	if (zsk->type->getsockopt) {
		val = zsk->type->getsockopt(zsk, opt);
		if (val != -ENOPROTOOPT)
			return val;
	}
	switch (opt) {
	case ZMQ_OPT_RCVMORE:
		return READ_ONCE(zsk->rx_more);
	case ZMQ_OPT_EVENTS:
		on = zmq_af_events(zsk);
		/* Who asks and finds nothing goes to wait. */
		if (!(on & ZMQ_EVENT_IN))
			zmq_coalesce_block(zsk);
		return on;
	case ZMQ_OPT_TYPE:
		return zsk->type->id;
	case ZMQ_OPT_RCVTIMEO:
		return zmq_sockopt_get_timeo(READ_ONCE(zsk->sk.sk_rcvtimeo),
					     READ_ONCE(zsk->rcvtimeo));
	case ZMQ_OPT_SNDTIMEO:
		return zmq_sockopt_get_timeo(READ_ONCE(zsk->sk.sk_sndtimeo),
					     READ_ONCE(zsk->sndtimeo));
	case ZMQ_OPT_IPV4ONLY:
		return !READ_ONCE(zsk->opt.ipv6);
	case ZMQ_AF_EINTR:
		return READ_ONCE(zsk->eintr);
	case ZMQ_AF_INPROC_SCOPE:
		return READ_ONCE(zsk->inproc_user);
	case ZMQ_AF_COALESCE:
		return READ_ONCE(zsk->co.usec);
	case ZMQ_AF_RECVMETA:
		return READ_ONCE(zsk->recvmeta);
	case ZMQ_AF_PACKED:
		return READ_ONCE(zsk->packed);
	case ZMQ_AF_RING:
		return zmq_ring_size(zsk);
	case ZMQ_OPT_THREAD_SAFE:
		/* What libzmq means by it. */
		return zsk->type->single_part;
	case ZMQ_OPT_MECHANISM:
		return 0;
	default:
		return -EINVAL;
	}
}

static int zmq_sockopt_get_value(struct zmq_sock *zsk, int opt,
				 struct zmq_sockopt_value *v)
{
	const struct zmq_sockopt *so = zmq_sockopt_find(opt);

	if (so) {
		v->i = READ_ONCE(*zmq_sockopt_field(&zsk->opt, so));
		v->len = sizeof(v->i);
		return 0;
	}
	switch (opt) {
	case ZMQ_OPT_LAST_ENDPOINT:
		zmq_sockopt_get_endpoint(zsk, v);
		return 0;
	case ZMQ_OPT_MAXMSGSIZE:
		v->ll = READ_ONCE(zsk->opt.maxmsgsize);
		v->len = sizeof(v->ll);
		return 0;
	case ZMQ_OPT_SOCKS_PROXY:
		return zmq_sockopt_get_text(zsk, ZMQ_BLOB_SOCKS_PROXY, v);
	case ZMQ_OPT_SOCKS_USERNAME:
		return zmq_sockopt_get_text(zsk, ZMQ_BLOB_SOCKS_USERNAME, v);
	case ZMQ_OPT_SOCKS_PASSWORD:
		return zmq_sockopt_get_text(zsk, ZMQ_BLOB_SOCKS_PASSWORD, v);
	case ZMQ_OPT_AFFINITY:
		v->ll = zsk->opt.affinity;
		v->len = sizeof(v->ll);
		return 0;
	case ZMQ_OPT_ROUTING_ID:
		lock_sock(&zsk->sk);
		v->len = zsk->opt.id_len;
		memcpy(v->bytes, zsk->opt.id, v->len);
		release_sock(&zsk->sk);
		return 0;
	case ZMQ_OPT_BINDTODEVICE:
		lock_sock(&zsk->sk);
		v->len = strscpy(v->str, zsk->opt.device, IFNAMSIZ) + 1;
		release_sock(&zsk->sk);
		return 0;
	case ZMQ_AF_PACKED_LEN:
		v->ll = zmq_batch_next_len(zsk);
		v->len = sizeof(v->ll);
		return 0;
	case ZMQ_AF_STATS:
		zmq_af_stats(zsk, &v->stats);
		v->len = sizeof(v->stats);
		v->prefix = true;
		return 0;
	case ZMQ_AF_MONITOR:
		zmq_monitor_get(zsk, &v->monitor);
		v->len = sizeof(v->monitor);
		v->prefix = true;
		return 0;
	default:
		v->i = zmq_sockopt_get_int(zsk, opt);
		v->len = sizeof(v->i);
		return v->i == -EINVAL ? -EINVAL : 0;
	}
}

/* proto_ops.getsockopt; too small a buffer is -EINVAL, as in libzmq. */
int zmq_sockopt_get(struct socket *sock, int level, int opt, char __user *val,
		    int __user *optlen)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	struct zmq_sockopt_value *v;
	int len, err;

	if (level != SOL_ZMQ)
		return -ENOPROTOOPT;
	if (get_user(len, optlen))
		return -EFAULT;
	if (READ_ONCE(zsk->shutdown))
		return -ESHUTDOWN;
	zmq_ring_sync(zsk);
	err = zmq_peer_getsockopt(zsk, opt, val, optlen, len);
	if (err != -ENOPROTOOPT)
		return err;
	if (opt == ZMQ_AF_PEERS)
		return zmq_peers_get(zsk, val, optlen);
	if (opt == ZMQ_AF_PEER_FD)
		return zmq_view_get(zsk, val, optlen);
	if (opt == ZMQ_AF_META)
		return zmq_meta_get(zsk, val, optlen);
	if (opt == ZMQ_AF_LOOKAHEAD)
		return zmq_lookahead_get(zsk, val, optlen);
	v = kzalloc(sizeof(*v), GFP_KERNEL);
	if (!v)
		return -ENOMEM;
	err = zmq_sockopt_get_value(zsk, opt, v);
	if (err)
		goto out;
	err = -EINVAL;
	if (len < 0 || (len < v->len && !v->prefix))
		goto out;
	len = min(len, v->len);
	err = -EFAULT;
	if (!copy_to_user(val, v, len) && !put_user(len, optlen))
		err = 0;
out:
	kfree(v);
	return err;
}
