// SPDX-License-Identifier: GPL-2.0
/*
 * UDP: messages as datagrams.
 *
 * RADIO and DISH: the length of the group in one byte, the group, the body;
 * everything is sent, the DISH looks for its groups.  DGRAM: the body alone,
 * the first part is the other side's address.
 *
 * An endpoint has one pipe and no connection.  Who sends pushes its datagrams
 * into the UDP socket itself, after the socket's lock is released.  Receiving
 * is done by work, with recvmsg: a datagram costs the network far more than
 * that, so there is no parser in softirq for it.
 */
#include <net/ipv6.h>
#include "ep.h"
#include "net.h"
#include "type.h"
#include "udp.h"

/* Datagrams received in one go, then others get the worker. */
#define ZMQ_UDP_BATCH		64
/* All of a message but its body. */
#define ZMQ_UDP_HEAD_MAX	(ZMQ_ZMTP_HDR_SHORT + ZMQ_CMSG_GROUP_MAX + \
				 ZMQ_ZMTP_HDR_LONG)

/* Sending. */

/* "address:port" of DGRAM's first part, which libzmq ends with a NUL. */
int zmq_udp_parse(struct net *net, const u8 *text, size_t len,
		  struct sockaddr_storage *ss)
{
	struct zmq_endpoint_host host;
	int err;

	if (len && !text[len - 1])
		len--;
	if (memchr(text, '\0', len))
		return -EINVAL;
	err = zmq_endpoint_parse_host(&host, (const char *)text, len);
	return err ?: zmq_target_resolve(net, &host, true, false, ss);
}

/*
 * Make a datagram of the first message.  Return: its length; -EMSGSIZE,
 * -EINVAL: there is none for it.
 */
static int zmq_udp_encode(struct zmq_udp *udp, struct sockaddr_storage *to,
			  int *to_len)
{
	const struct zmq_type *type = udp->ep->zsk->type;
	struct zmq_segq *q = &udp->txq;
	struct zmq_zmtp_hdr first, body;
	u32 n = 0, at;

	lockdep_assert_held(&udp->mutex);
	zmq_segq_header(q, &first);
	at = first.size + first.len;
	if (!(first.flags & ZMQ_ZMTP_MORE) || first.len > ZMQ_CMSG_GROUP_MAX ||
	    !zmq_segq_header_at(q, at, &body))
		return -EINVAL;
	zmq_segq_peek(q, first.size, first.len, udp->tx_buf + 1);
	if (type->grouped) {
		udp->tx_buf[0] = first.len;
		n = 1 + first.len;
		memcpy(to, &udp->to, udp->to_len);
		*to_len = udp->to_len;
	} else {
		*to_len = zmq_udp_parse(sock_net(&udp->ep->zsk->sk),
					udp->tx_buf + 1, first.len, to);
		if (*to_len < 0)
			return *to_len;
	}
	if (n + body.len > ZMQ_UDP_MAX)
		return -EMSGSIZE;
	zmq_segq_peek(q, at + body.size, body.len, udp->tx_buf + n);
	return n + body.len;
}

/* Send the first message.  Return: -EAGAIN: no room; else it is done with. */
static int zmq_udp_send_one(struct zmq_udp *udp)
{
	struct zmq_sock *zsk = udp->ep->zsk;
	u64 bytes = zmq_segq_msg_bytes(&udp->txq);
	struct sockaddr_storage to;
	struct msghdr m = {
		.msg_name	= &to,
		.msg_flags	= MSG_DONTWAIT | MSG_NOSIGNAL,
	};
	struct kvec vec = { .iov_base = udp->tx_buf };
	int len;

	len = zmq_udp_encode(udp, &to, &m.msg_namelen);
	if (len >= 0) {
		vec.iov_len = len;
		len = kernel_sendmsg(udp->sock, &m, &vec, 1, len);
	}
	if (len == -EAGAIN)
		return len;
	if (len < 0)
		atomic64_inc(&zsk->stats.tx_drops);
	zmq_segq_trim(&udp->txq, bytes);
	zmq_pipe_sent(udp->pipe, bytes, 1);
	return 0;
}

/* Send what is there, as long as there is room. */
static void zmq_udp_push(struct zmq_udp *udp)
{
	mutex_lock(&udp->mutex);
	while (udp->sock && (!zmq_segq_empty(&udp->txq) ||
			     zmq_pipe_take(udp->pipe, &udp->txq))) {
		if (!zmq_udp_send_one(udp)) {
			clear_bit(ZMQ_UDP_BLOCKED, &udp->flags);
			continue;
		}
		/* Marked first, then tried again: write_space sees it. */
		if (test_and_set_bit(ZMQ_UDP_BLOCKED, &udp->flags))
			break;
	}
	mutex_unlock(&udp->mutex);
}

/* The flusher of a UDP endpoint's pipe. */
void zmq_udp_flush(struct zmq_pipe *pipe)
{
	struct zmq_udp *udp;

	spin_lock_bh(&pipe->tx_lock);
	udp = pipe->udp;
	if (udp)
		zmq_ep_get(udp->ep);
	spin_unlock_bh(&pipe->tx_lock);
	if (!udp)
		return;
	zmq_udp_push(udp);
	zmq_ep_put(udp->ep);
}

static void zmq_udp_tx_work(struct work_struct *work)
{
	zmq_udp_push(container_of(work, struct zmq_udp, tx_work));
}

/* Any context. */
static void zmq_udp_write_space(struct sock *sk)
{
	struct zmq_udp *udp;

	rcu_read_lock();
	udp = rcu_dereference_sk_user_data(sk);
	if (udp && test_bit(ZMQ_UDP_BLOCKED, &udp->flags) && sock_writeable(sk))
		queue_work(zmq_main_wq, &udp->tx_work);
	rcu_read_unlock();
}

/* Receiving. */

/* DGRAM: tell who sent it.  Return: bytes, with a NUL. */
static int zmq_udp_print(const struct sockaddr_storage *ss, char *text)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)ss;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)ss;
	u16 port = ntohs(sin->sin_port);

	if (ss->ss_family == AF_INET)
		return 1 + snprintf(text, ZMQ_UDP_TEXT_MAX, "%pI4:%u",
				    &sin->sin_addr, port);
	if (ipv6_addr_v4mapped(&sin6->sin6_addr))
		return 1 + snprintf(text, ZMQ_UDP_TEXT_MAX, "%pI4:%u",
				    &sin6->sin6_addr.s6_addr32[3], port);
	return 1 + snprintf(text, ZMQ_UDP_TEXT_MAX,
			    sin6->sin6_scope_id ? "%pISpsc" : "%pISpc", sin6);
}

/* Append bytes, the first @whole of them in one piece. */
static int zmq_udp_append(struct zmq_udp *udp, struct zmq_segq *q,
			  const u8 *data, u32 len, u32 whole)
{
	while (len) {
		u32 room = zmq_chunk_reserve(&udp->rx_pool, whole, true,
					     GFP_KERNEL);
		u32 n = min(room, len);

		if (!room)
			return -ENOMEM;
		memcpy(zmq_chunk_ptr(&udp->rx_pool), data, n);
		if (zmq_chunk_commit(&udp->rx_pool, n, q, GFP_KERNEL))
			return -ENOMEM;
		data += n;
		len -= n;
		whole = 1;
	}
	return 0;
}

/* Queue a message of two parts to be received. */
static void zmq_udp_publish(struct zmq_udp *udp, const u8 *first, u32 first_len,
			    const u8 *body, u32 len)
{
	struct zmq_sock *zsk = udp->ep->zsk;
	u8 head[ZMQ_UDP_HEAD_MAX];
	struct zmq_segq q;
	u32 n;

	zmq_segq_init(&q);
	if (zmq_pipe_rx_full(udp->pipe, 0))
		goto drop;
	n = zmq_zmtp_hdr_encode(head, ZMQ_ZMTP_MORE, first_len);
	memcpy(head + n, first, first_len);
	n += first_len;
	n += zmq_zmtp_hdr_encode(head + n, 0, len);
	if (zmq_udp_append(udp, &q, head, n, n) ||
	    zmq_udp_append(udp, &q, body, len, 1))
		goto drop;
	atomic64_inc(&zsk->stats.rx_msgs);
	atomic64_add(first_len + len, &zsk->stats.rx_bytes);
	zmq_pipe_publish(udp->pipe, &q, 1, q.bytes);
	zmq_segq_free(&q);
	return;
drop:
	atomic64_inc(&zsk->stats.rx_drops);
	zmq_segq_free(&q);
}

/* DISH: did it join the group? */
static bool zmq_udp_joined(struct zmq_sock *zsk, const u8 *group, u32 len)
{
	bool joined;

	spin_lock_bh(&zsk->rx_lock);
	joined = zmq_trie_has(&zsk->sub.trie, group, len);
	spin_unlock_bh(&zsk->rx_lock);
	return joined;
}

/* A datagram came from @from.  Return: -EPROTO: it is no message. */
static int zmq_udp_decode(struct zmq_udp *udp, u32 len,
			  const struct sockaddr_storage *from)
{
	struct zmq_sock *zsk = udp->ep->zsk;
	const u8 *data = udp->rx_buf;
	char text[ZMQ_UDP_TEXT_MAX];

	if (!zsk->type->grouped) {
		zmq_udp_publish(udp, text, zmq_udp_print(from, text), data,
				len);
		return 0;
	}
	if (!len || 1 + data[0] > len)
		return -EPROTO;
	zmq_pipe_judge(udp->pipe);
	if (zmq_udp_joined(zsk, data + 1, data[0]))
		zmq_udp_publish(udp, data + 1, data[0], data + 1 + data[0],
				len - 1 - data[0]);
	else
		atomic64_inc(&zsk->stats.rx_drops);
	return 0;
}

static int zmq_udp_recv_one(struct zmq_udp *udp)
{
	struct zmq_sock *zsk = udp->ep->zsk;
	struct sockaddr_storage from;
	struct msghdr m = { .msg_name = &from };
	struct kvec vec = {
		.iov_base	= udp->rx_buf,
		.iov_len	= ZMQ_UDP_MAX,
	};
	int len;

	len = kernel_recvmsg(udp->sock, &m, &vec, 1, ZMQ_UDP_MAX, MSG_DONTWAIT);
	if (len < 0)
		return len;
	if (m.msg_flags & MSG_TRUNC || zmq_udp_decode(udp, len, &from)) {
		zmq_net_count(sock_net(&zsk->sk), ZMQ_NET_BAD_DATAGRAMS);
		atomic64_inc(&zsk->stats.protocol_errors);
	}
	return 0;
}

static void zmq_udp_rx_work(struct work_struct *work)
{
	struct zmq_udp *udp = container_of(work, struct zmq_udp, rx_work);
	int i;

	for (i = 0; i < ZMQ_UDP_BATCH; i++)
		if (zmq_udp_recv_one(udp) == -EAGAIN)
			return;
	queue_work(zmq_main_wq, &udp->rx_work);
}

/* Softirq. */
static void zmq_udp_data_ready(struct sock *sk)
{
	struct zmq_udp *udp;

	rcu_read_lock();
	udp = rcu_dereference_sk_user_data(sk);
	if (udp && udp->rx_buf)
		queue_work(zmq_main_wq, &udp->rx_work);
	rcu_read_unlock();
}

/* Callbacks. */

/* Send and receive from now on. */
void zmq_udp_install(struct zmq_udp *udp)
{
	struct sock *sk = udp->sock->sk;

	INIT_WORK(&udp->tx_work, zmq_udp_tx_work);
	INIT_WORK(&udp->rx_work, zmq_udp_rx_work);
	lock_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	udp->save_data_ready = sk->sk_data_ready;
	udp->save_write_space = sk->sk_write_space;
	__rcu_assign_sk_user_data_with_flags(sk, udp, SK_USER_DATA_NOCOPY);
	sk->sk_data_ready = zmq_udp_data_ready;
	sk->sk_write_space = zmq_udp_write_space;
	write_unlock_bh(&sk->sk_callback_lock);
	release_sock(sk);
	udp->installed = true;
	if (udp->rx_buf)
		queue_work(zmq_main_wq, &udp->rx_work);
}

/* No more; the callbacks have seen it after a grace period. */
void zmq_udp_remove(struct zmq_udp *udp)
{
	struct sock *sk = udp->sock->sk;

	if (!udp->installed)
		return;
	udp->installed = false;
	lock_sock(sk);
	write_lock_bh(&sk->sk_callback_lock);
	rcu_assign_sk_user_data(sk, NULL);
	sk->sk_data_ready = udp->save_data_ready;
	sk->sk_write_space = udp->save_write_space;
	write_unlock_bh(&sk->sk_callback_lock);
	release_sock(sk);
	synchronize_rcu();
	cancel_work_sync(&udp->tx_work);
	cancel_work_sync(&udp->rx_work);
}
