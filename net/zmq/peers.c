// SPDX-License-Identifier: GPL-2.0
/*
 * The list of a socket's peers: ZMQ_AF_PEERS.
 *
 * What is known of a peer is under two locks, its connection's mutex and the
 * socket's, which is the inner one: pipes are collected first, and each is
 * looked at then by itself.
 */
#include <linux/uaccess.h>
#include "ep.h"
#include "peers.h"

/**
 * struct zmq_peers_record - one peer as the user gets it
 * @peer: the beginning
 * @text: strings behind it
 */
struct zmq_peers_record {
	struct zmq_af_peer	peer;
	u8			text[2 * (ZMQ_AF_ENDPOINT_MAX + 1) +
				     ZMQ_ZMTP_ID_MAX + sizeof(u64)];
};

/**
 * struct zmq_peers - peers being told
 * @val: the user's buffer
 * @room: bytes there
 * @used: bytes needed so far
 * @rec: the one being told
 * @n: pipes in @pipes
 * @pipes: one reference each
 */
struct zmq_peers {
	char __user		*val;
	u64			room;
	u64			used;
	struct zmq_peers_record	rec;
	u32			n;
	struct zmq_pipe		*pipes[];
};

/* All pipes there are now, or an error pointer. */
static struct zmq_peers *zmq_peers_collect(struct zmq_sock *zsk)
{
	u32 room = READ_ONCE(zsk->npipes) + 16;
	struct zmq_peers *peers;
	struct zmq_pipe *pipe;

	peers = kvzalloc(struct_size(peers, pipes, room), GFP_KERNEL_ACCOUNT);
	if (!peers)
		return ERR_PTR(-ENOMEM);
	lock_sock(&zsk->sk);
	list_for_each_entry(pipe, &zsk->pipes, node) {
		/* Some more came since: they will be in the next list. */
		if (peers->n == room)
			break;
		zmq_pipe_get(pipe);
		peers->pipes[peers->n++] = pipe;
	}
	release_sock(&zsk->sk);
	return peers;
}

static void zmq_peers_free(struct zmq_peers *peers)
{
	while (peers->n)
		zmq_pipe_put(peers->pipes[--peers->n]);
	kvfree(peers);
}

/* Append a string; its offset in the record. */
static u16 zmq_peers_text(struct zmq_peers_record *rec, const char *text)
{
	u16 at = rec->peer.size;
	char *to = (char *)rec + at;

	strscpy(to, text, ZMQ_AF_ENDPOINT_MAX + 1);
	rec->peer.size += strlen(to) + 1;
	return at;
}

static u32 zmq_peers_conn_state(const struct zmq_conn *conn)
{
	switch (conn->state) {
	case ZMQ_CONN_CONNECTING:
	case ZMQ_CONN_PROXY:
		return ZMQ_AF_PEER_CONNECTING;
	case ZMQ_CONN_HANDSHAKE:
		return ZMQ_AF_PEER_HANDSHAKE;
	case ZMQ_CONN_READY:
		return ZMQ_AF_PEER_READY;
	default:
		return ZMQ_AF_PEER_WAITING;
	}
}

/* The part of the connection, if there is one.  0 or -EINTR. */
static int zmq_peers_conn(struct zmq_peers_record *rec, struct zmq_conn *conn)
{
	const char *local = NULL, *remote = NULL;

	if (conn) {
		if (mutex_lock_killable(&conn->mutex))
			return -EINTR;
		rec->peer.state = zmq_peers_conn_state(conn);
		rec->peer.number = conn->id;
		/* An attempt under way has the names of the one before. */
		if (rec->peer.state >= ZMQ_AF_PEER_HANDSHAKE) {
			local = conn->local;
			remote = conn->remote;
		} else if (!conn->accepted) {
			remote = conn->ep->name;
		}
	}
	rec->peer.local = zmq_peers_text(rec, local ?: "");
	rec->peer.remote = zmq_peers_text(rec, remote ?: "");
	if (conn)
		mutex_unlock(&conn->mutex);
	return 0;
}

/* The part of the pipe; lock_sock held. */
static void zmq_peers_pipe(struct zmq_peers_record *rec,
			   const struct zmq_pipe *pipe, bool conn)
{
	const struct zmq_pipe *to = pipe->peer;
	struct zmq_af_peer *peer = &rec->peer;

	sock_owned_by_me(&pipe->zsk->sk);
	if (!conn)
		peer->state = to || READ_ONCE(pipe->udp) ?
			      ZMQ_AF_PEER_READY : ZMQ_AF_PEER_WAITING;
	if (pipe->connects)
		peer->flags |= ZMQ_AF_PEER_CONNECTS;
	peer->routing_id = pipe->routing_id;
	peer->tx_msgs = zmq_hwm_queued(&pipe->tx);
	peer->tx_bytes = READ_ONCE(pipe->tx_in) - READ_ONCE(pipe->tx_out);
	/* By inproc it is in the other's queue at once. */
	if (to) {
		peer->tx_msgs += zmq_hwm_queued(&to->rx);
		peer->tx_bytes += READ_ONCE(to->rxq.bytes);
	}
	peer->rx_msgs = zmq_hwm_queued(&pipe->rx);
	peer->rx_bytes = READ_ONCE(pipe->rxq.bytes);
	peer->id = peer->size;
	peer->id_len = pipe->id_len;
	memcpy((u8 *)rec + peer->size, pipe->id, pipe->id_len);
	peer->size += pipe->id_len;
}

/* Return: 0, -EFAULT or -EINTR. */
static int zmq_peers_tell(struct zmq_peers *peers, struct zmq_pipe *pipe)
{
	struct zmq_conn *conn = zmq_conn_get_pipe(pipe);
	struct zmq_peers_record *rec = &peers->rec;
	int err;

	memset(rec, 0, sizeof(*rec));
	rec->peer.head = sizeof(rec->peer);
	rec->peer.size = sizeof(rec->peer);
	err = zmq_peers_conn(rec, conn);
	lock_sock(&pipe->zsk->sk);
	zmq_peers_pipe(rec, pipe, conn);
	release_sock(&pipe->zsk->sk);
	if (conn)
		zmq_conn_put(conn);
	if (err)
		return err;
	rec->peer.size = ALIGN(rec->peer.size, sizeof(u64));
	peers->used += rec->peer.size;
	if (peers->used > peers->room)
		return 0;
	return copy_to_user(peers->val + peers->used - rec->peer.size, rec,
			    rec->peer.size) ? -EFAULT : 0;
}

/**
 * zmq_peers_get - getsockopt(ZMQ_AF_PEERS)
 * @zsk: the socket
 * @val: gets a struct zmq_af_peer and its strings for each peer
 * @optlen: room there; gets the length of them all
 *
 * Context: process, no lock held.
 * Return: 0; -EMSGSIZE: *@optlen tells how much is needed; -EINVAL: no length;
 * -ENOMEM, -EFAULT, -EINTR (killed).
 */
int zmq_peers_get(struct zmq_sock *zsk, char __user *val, int __user *optlen)
{
	struct zmq_peers *peers;
	int len, err = 0;
	u32 i;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	peers = zmq_peers_collect(zsk);
	if (IS_ERR(peers))
		return PTR_ERR(peers);
	peers->val = val;
	peers->room = len;
	for (i = 0; i < peers->n && !err; i++) {
		err = zmq_peers_tell(peers, peers->pipes[i]);
		cond_resched();
	}
	if (!err && put_user(min_t(u64, peers->used, INT_MAX), optlen))
		err = -EFAULT;
	if (!err && peers->used > peers->room)
		err = -EMSGSIZE;
	zmq_peers_free(peers);
	return err;
}
