// SPDX-License-Identifier: GPL-2.0
/*
 * Options about one peer of a socket that addresses its peers.  Those that
 * answer read their buffer first, as SCTP_SOCKOPT_CONNECTX3 does.
 */
#include <linux/uaccess.h>
#include "ep.h"
#include "lb.h"
#include "peer.h"
#include "router.h"
#include "type.h"

/* ZMQ_AF_DISCONNECT_PEER; lock_sock held. */
int zmq_peer_disconnect(struct zmq_sock *zsk, const u8 *id, size_t len)
{
	struct zmq_pipe *pipe = NULL;

	if (!zsk->type->addresses)
		return -EOPNOTSUPP;
	if (len <= ZMQ_ZMTP_ID_MAX)
		pipe = zmq_router_find(zsk, id, len);
	if (!pipe)
		return -EHOSTUNREACH;
	zmq_pipe_get(pipe);
	zmq_router_hang_up(zsk, pipe);
	zmq_pipe_put(pipe);
	return 0;
}

/* ZMQ_AF_CONNECT_PEER */
static int zmq_peer_connect(struct zmq_sock *zsk,
			    struct zmq_af_connect_peer *arg, size_t len)
{
	size_t name, addrs;

	if (!(zsk->type->cmsg & ZMQ_CMSG_ROUTING_ID))
		return -EOPNOTSUPP;
	/* There is no peer before it has answered. */
	if (READ_ONCE(zsk->opt.immediate))
		return -EINVAL;
	name = strnlen(arg->endpoint, len);
	addrs = min(name + 1, len);
	return zmq_ep_connect_peer(zsk, arg->endpoint, name,
				   arg->endpoint + addrs,
				   strnlen(arg->endpoint + addrs, len - addrs),
				   &arg->routing_id);
}

/* ZMQ_AF_PEER_STATE */
static int zmq_peer_state(struct zmq_sock *zsk, struct zmq_af_peer_state *arg,
			  size_t len)
{
	struct zmq_pipe *pipe;

	if (!zsk->type->addresses)
		return -EOPNOTSUPP;
	lock_sock(&zsk->sk);
	pipe = zmq_router_find(zsk, arg->id, len);
	if (pipe)
		arg->events = zmq_pipe_tx_full(pipe) ? 0 : ZMQ_EVENT_OUT;
	release_sock(&zsk->sk);
	return pipe ? 0 : -EHOSTUNREACH;
}

/* An argument: an answer of 32 bits, and behind it what is asked. */
union zmq_peer_arg {
	__u32				answer;
	struct zmq_af_connect_peer	connect;
	struct zmq_af_peer_state	state;
};

/**
 * zmq_peer_getsockopt - getsockopt(2) for options of one peer
 * @zsk: the socket
 * @opt: the option
 * @val: its buffer
 * @optlen: where its length is
 * @len: its length
 *
 * Return: 0, an error, or -ENOPROTOOPT: it is none of ours.
 */
int zmq_peer_getsockopt(struct zmq_sock *zsk, int opt, char __user *val,
			int __user *optlen, int len)
{
	union zmq_peer_arg *arg;
	size_t max;
	int err;

	if (opt == ZMQ_AF_CONNECT_PEER)
		max = sizeof(arg->connect);
	else if (opt == ZMQ_AF_PEER_STATE)
		max = sizeof(arg->state);
	else
		return -ENOPROTOOPT;
	if (len < (int)sizeof(arg->answer) || len > max)
		return -EINVAL;
	arg = memdup_user(val, len);
	if (IS_ERR(arg))
		return PTR_ERR(arg);
	len -= sizeof(arg->answer);
	err = opt == ZMQ_AF_CONNECT_PEER ?
	      zmq_peer_connect(zsk, &arg->connect, len) :
	      zmq_peer_state(zsk, &arg->state, len);
	if (!err && (copy_to_user(val, arg, sizeof(arg->answer)) ||
		     put_user(sizeof(arg->answer), optlen)))
		err = -EFAULT;
	kfree(arg);
	return err;
}
