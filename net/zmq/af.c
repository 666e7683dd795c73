// SPDX-License-Identifier: GPL-2.0
/* The family: creating, closing, polling sockets; the table of operations. */
#include <linux/poll.h>
#include <asm/ioctls.h>
#include "audit.h"
#include "context.h"
#include "ep.h"
#include "idle.h"
#include "inproc.h"
#include "lookahead.h"
#include "meta.h"
#include "monitor.h"
#include "net.h"
#include "ring.h"
#include "type.h"

/* Wake who waits to send; may be called after close. */
static void zmq_af_write_space(struct sock *sk)
{
	struct socket_wq *wq;

	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_sync_poll(&wq->wait, EPOLLOUT |
						EPOLLWRNORM | EPOLLWRBAND);
	sk_wake_async(sk, SOCK_WAKE_SPACE, POLL_OUT);
	rcu_read_unlock();
	zmq_monitor_resume(zmq_sk(sk));
}

/* Something changed that a blocked sender may wait for; rx_lock not held. */
void zmq_af_writable(struct zmq_sock *zsk)
{
	spin_lock_bh(&zsk->rx_lock);
	zsk->wr_seq++;
	spin_unlock_bh(&zsk->rx_lock);
	zsk->sk.sk_write_space(&zsk->sk);
}

/* Nobody uses the socket any more: take it apart, sleeping if need be. */
static void zmq_af_free_work(struct work_struct *work)
{
	struct zmq_sock *zsk = container_of(work, struct zmq_sock, free_work);
	struct zmq_net *znet = zmq_net(sock_net(&zsk->sk));

	mutex_lock(&znet->mutex);
	list_del(&zsk->net_node);
	mutex_unlock(&znet->mutex);
	zmq_coalesce_fini(zsk);
	if (zsk->type->fini)
		zsk->type->fini(zsk);
	zmq_send_reset(&zsk->asm_msg);
	zmq_chunk_free(&zsk->tx_pool);
	zmq_chunk_free(&zsk->rx_ids);
	zmq_lookahead_free(zsk);
	if (zsk->rx_pool) {
		zmq_chunk_free(zsk->rx_pool);
		kfree(zsk->rx_pool);
	}
	zmq_meta_put(zsk->rx_meta);
	kfree(zsk->last_endpoint);
	zmq_notice_free(zsk);
	zmq_options_free(&zsk->opt);
	zmq_context_leave(zsk);
	/* From here on nobody else finds it, to shut it down. */
	zmq_ring_free(zsk);
	WARN_ON_ONCE(zsk->npipes || !list_empty(&zsk->fq));
	mutex_destroy(&zsk->ep_mutex);
	sk_mem_reclaim_final(&zsk->sk);
	zmq_audit_gone(ZMQ_AUDIT_SOCK, zsk);
	sock_put(&zsk->sk);
}

void zmq_af_put(struct zmq_sock *zsk)
{
	if (refcount_dec_and_test(&zsk->users))
		queue_work(zmq_main_wq, &zsk->free_work);
}

static struct lock_class_key zmq_af_slock_key;
static struct lock_class_key zmq_af_lock_key;

static void zmq_af_init_sock(struct zmq_sock *zsk)
{
	struct zmq_net *znet = zmq_net(sock_net(&zsk->sk));
	struct sock *sk = &zsk->sk;

	sock_lock_init_class_and_name(sk, "slock-AF_ZMQ", &zmq_af_slock_key,
				      "sk_lock-AF_ZMQ", &zmq_af_lock_key);
	sk->sk_write_space = zmq_af_write_space;
	sk->sk_sndbuf = READ_ONCE(znet->wmem_default);
	sk->sk_rcvbuf = READ_ONCE(znet->rmem_default);
	zsk->rcvtimeo = -1;
	zsk->sndtimeo = -1;
	refcount_set(&zsk->users, 1);
	INIT_WORK(&zsk->free_work, zmq_af_free_work);
	mutex_init(&zsk->ep_mutex);
	spin_lock_init(&zsk->rx_lock);
	INIT_LIST_HEAD(&zsk->eps);
	INIT_LIST_HEAD(&zsk->pipes);
	zmq_coalesce_init(zsk);
	INIT_LIST_HEAD(&zsk->fq);
	INIT_LIST_HEAD(&zsk->lb);
	INIT_LIST_HEAD(&zsk->rx_held);
	INIT_LIST_HEAD(&zsk->feeds);
	zmq_options_init(&zsk->opt);
}

static int zmq_af_create(struct net *net, struct socket *sock, int protocol,
			 int kern)
{
	struct zmq_net *znet = zmq_net(net);
	const struct zmq_type *type;
	struct zmq_sock *zsk;
	struct sock *sk;
	int err;

	if (sock->type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	if (protocol == ZMQ_AF_CONTEXT)
		return zmq_context_create(net, sock, kern);
	type = zmq_type_find(protocol);
	if (!type)
		return -EPROTONOSUPPORT;
	sk = sk_alloc(net, zmq_main_family(), GFP_KERNEL, &zmq_af_proto, kern);
	if (!sk)
		return -ENOMEM;
	sock_init_data(sock, sk);
	sock->ops = &zmq_af_ops;
	sk->sk_protocol = protocol;
	zsk = zmq_sk(sk);
	zsk->type = type;
	zmq_af_init_sock(zsk);
	err = type->init ? type->init(zsk) : 0;
	if (err) {
		sock->sk = NULL;
		sock_orphan(sk);
		sock_put(sk);
		return err;
	}
	mutex_lock(&znet->mutex);
	list_add_tail(&zsk->net_node, &znet->socks);
	zmq_idle_start(znet);
	mutex_unlock(&znet->mutex);
	zmq_audit_made(ZMQ_AUDIT_SOCK, zsk);
	return 0;
}

/*
 * The descriptor is closed.  Received messages go; what is to be sent stays
 * with its connections for as long as ZMQ_LINGER and net.zmq.linger_max allow.
 * Nothing here waits for a peer.  At process exit current->fs and nsproxy are gone.
 */
static int zmq_af_release(struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct zmq_sock *zsk;

	if (!sk)
		return 0;
	zsk = zmq_sk(sk);
	zmq_ring_close(zsk);
	lock_sock(sk);
	spin_lock_bh(&zsk->rx_lock);
	WRITE_ONCE(zsk->closing, true);
	zsk->closed_at = jiffies;
	spin_unlock_bh(&zsk->rx_lock);
	zmq_send_reset(&zsk->asm_msg);
	if (zsk->type->release)
		zsk->type->release(zsk);
	sock_orphan(sk);
	zmq_send_release(zsk);
	zmq_coalesce_stop(zsk);
	zmq_recv_purge(zsk);
	zmq_ep_close_all(zsk);
	zmq_inproc_close_all(zsk);
	zmq_monitor_stop(zsk);
	zmq_monitor_cut_all(zsk);
	sock->sk = NULL;
	zmq_af_put(zsk);
	return 0;
}

/* An endpoint from a socket address. */
static int zmq_af_addr(const struct sockaddr_zmq *addr, int len,
		       const char **name, size_t *name_len)
{
	int max = len - offsetof(struct sockaddr_zmq, szmq_endpoint);

	if (max <= 0 || len > sizeof(*addr))
		return -EINVAL;
	if (addr->szmq_family != zmq_main_family())
		return -EAFNOSUPPORT;
	*name = addr->szmq_endpoint;
	*name_len = strnlen(addr->szmq_endpoint, max);
	return 0;
}

static int zmq_af_bind(struct socket *sock, zmq_compat_sockaddr *uaddr, int len)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	const char *name;
	size_t name_len;
	int err;

	err = zmq_af_addr((struct sockaddr_zmq *)uaddr, len, &name, &name_len);
	if (!err && READ_ONCE(zsk->shutdown))
		err = -ESHUTDOWN;
	zmq_ring_recall(zsk);
	return err ?: zmq_ep_bind(zsk, name, name_len);
}

static int zmq_af_connect(struct socket *sock, zmq_compat_sockaddr *uaddr,
			  int len, int flags)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	const char *name;
	size_t name_len;
	int err;

	err = zmq_af_addr((struct sockaddr_zmq *)uaddr, len, &name, &name_len);
	if (!err && READ_ONCE(zsk->shutdown))
		err = -ESHUTDOWN;
	zmq_ring_recall(zsk);
	return err ?: zmq_ep_connect(zsk, name, name_len);
}

static int zmq_af_getname(struct socket *sock, struct sockaddr *uaddr, int peer)
{
	struct sockaddr_zmq *addr = (struct sockaddr_zmq *)uaddr;
	struct zmq_sock *zsk = zmq_sk(sock->sk);

	if (peer)
		return -EOPNOTSUPP;
	memset(addr, 0, sizeof(*addr));
	addr->szmq_family = zmq_main_family();
	mutex_lock(&zsk->ep_mutex);
	if (zsk->last_endpoint)
		strscpy(addr->szmq_endpoint, zsk->last_endpoint,
			sizeof(addr->szmq_endpoint));
	mutex_unlock(&zsk->ep_mutex);
	return sizeof(*addr);
}

/* ZMQ_EVENTS: what would not block now. */
u32 zmq_af_events(struct zmq_sock *zsk)
{
	u32 events = 0;

	spin_lock_bh(&zsk->rx_lock);
	if (zsk->type->receives && zmq_recv_ready(zsk))
		events |= ZMQ_EVENT_IN;
	if (zsk->type->sends && zsk->type->can_send(zsk))
		events |= ZMQ_EVENT_OUT;
	spin_unlock_bh(&zsk->rx_lock);
	if (zsk->type->receives && !(events & ZMQ_EVENT_IN) &&
	    zmq_inproc_pull(zsk))
		events |= ZMQ_EVENT_IN;
	return events;
}

static __poll_t zmq_af_poll(struct file *file, struct socket *sock,
			    struct poll_table_struct *wait)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	__poll_t mask = 0;
	u32 events;

	sock_poll_wait(file, sock, wait);
	zmq_ring_sync(zsk);
	if (READ_ONCE(zsk->shutdown))
		return EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM |
		       EPOLLRDHUP | EPOLLHUP;
	events = zmq_af_events(zsk);
	if (events & ZMQ_EVENT_IN)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (events & ZMQ_EVENT_OUT)
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (READ_ONCE(zsk->look.newcomer))
		mask |= EPOLLPRI;
	if (!(mask & poll_requested_events(wait)))
		zmq_coalesce_block(zsk);
	return mask;
}

/* Every call fails from now on; those that sleep wake up.  Any context. */
void zmq_af_shutdown(struct zmq_sock *zsk)
{
	spin_lock_bh(&zsk->rx_lock);
	WRITE_ONCE(zsk->shutdown, true);
	spin_unlock_bh(&zsk->rx_lock);
	/* Pairs with zmq_ring_make(). */
	smp_mb();
	zmq_ring_shutdown(zsk);
	zsk->sk.sk_state_change(&zsk->sk);
}

static int zmq_af_shutdown_op(struct socket *sock, int how)
{
	if (how != SHUT_RDWR)
		return -EINVAL;
	zmq_af_shutdown(zmq_sk(sock->sk));
	return 0;
}

/* Bytes queued to be sent, framing included; lock_sock held. */
static u64 zmq_af_tx_queued(struct zmq_sock *zsk, u64 *msgs)
{
	struct zmq_pipe *pipe;
	u64 bytes = 0;

	*msgs = 0;
	list_for_each_entry(pipe, &zsk->pipes, node) {
		bytes += READ_ONCE(pipe->tx_in) - READ_ONCE(pipe->tx_out);
		*msgs += zmq_hwm_queued(&pipe->tx);
	}
	return bytes;
}

static int zmq_af_ioctl(struct socket *sock, unsigned int cmd,
			unsigned long arg)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	u64 bytes, msgs;
	int val;

	switch (cmd) {
	case SIOCINQ:
		val = zmq_recv_next_len(zsk);
		break;
	case SIOCOUTQ:
		zmq_ring_sync(zsk);
		lock_sock(sock->sk);
		bytes = zmq_af_tx_queued(zsk, &msgs);
		release_sock(sock->sk);
		val = min_t(u64, bytes, INT_MAX);
		break;
	default:
		return -ENOIOCTLCMD;
	}
	return put_user(val, (int __user *)arg);
}

/* Counters and queues of a socket; process context. */
void zmq_af_stats(struct zmq_sock *zsk, struct zmq_af_stats *st)
{
	struct zmq_pipe *pipe;

	memset(st, 0, sizeof(*st));
	zmq_ring_sync(zsk);
	st->tx_msgs = atomic64_read(&zsk->stats.tx_msgs);
	st->tx_bytes = atomic64_read(&zsk->stats.tx_bytes);
	st->rx_msgs = atomic64_read(&zsk->stats.rx_msgs);
	st->rx_bytes = atomic64_read(&zsk->stats.rx_bytes);
	st->tx_drops = atomic64_read(&zsk->stats.tx_drops);
	st->rx_drops = atomic64_read(&zsk->stats.rx_drops);
	st->protocol_errors = atomic64_read(&zsk->stats.protocol_errors);
	lock_sock(&zsk->sk);
	st->peers = zsk->npipes;
	st->tx_queued_bytes = zmq_af_tx_queued(zsk, &st->tx_queued_msgs);
	spin_lock_bh(&zsk->rx_lock);
	list_for_each_entry(pipe, &zsk->fq, fq_node) {
		st->rx_queued_bytes += pipe->rxq.bytes;
		st->rx_queued_msgs += zmq_hwm_queued(&pipe->rx);
	}
	spin_unlock_bh(&zsk->rx_lock);
	release_sock(&zsk->sk);
}

static void zmq_af_show_fdinfo(struct seq_file *m, struct socket *sock)
{
	struct zmq_sock *zsk = zmq_sk(sock->sk);
	struct zmq_af_stats st;

	zmq_af_stats(zsk, &st);
	seq_printf(m, "zmq-type:\t%s\n", zsk->type->name);
	seq_puts(m, "zmq-endpoints:\t");
	zmq_ep_show(zsk, m);
	seq_printf(m, "\nzmq-peers:\t%llu\n", st.peers);
	seq_printf(m, "zmq-tx:\t%llu msgs %llu bytes queued, %llu dropped\n",
		   st.tx_queued_msgs, st.tx_queued_bytes, st.tx_drops);
	seq_printf(m, "zmq-rx:\t%llu msgs %llu bytes queued, %llu dropped\n",
		   st.rx_queued_msgs, st.rx_queued_bytes, st.rx_drops);
}

const struct proto_ops zmq_af_ops = {
	.family		= PF_ZMQ,
	.owner		= THIS_MODULE,
	.release	= zmq_af_release,
	.bind		= zmq_af_bind,
	.connect	= zmq_af_connect,
	.socketpair	= sock_no_socketpair,
	.accept		= sock_no_accept,
	.getname	= zmq_af_getname,
	.poll		= zmq_af_poll,
	.ioctl		= zmq_af_ioctl,
	.listen		= sock_no_listen,
	.shutdown	= zmq_af_shutdown_op,
	.setsockopt	= zmq_sockopt_set,
	.getsockopt	= zmq_sockopt_get,
	.show_fdinfo	= zmq_af_show_fdinfo,
	.sendmsg	= zmq_send_msg,
	.recvmsg	= zmq_recv_msg,
	.mmap		= zmq_ring_mmap,
	ZMQ_COMPAT_PROTO_OPS
};

static atomic_long_t zmq_af_memory_allocated;
static DEFINE_PER_CPU(int, zmq_af_memory_per_cpu_fw_alloc);
static unsigned long zmq_af_memory_pressure;
static long zmq_af_mem[3] = { LONG_MAX, LONG_MAX, LONG_MAX };
/* Read by a trace event of the core when memory is refused. */
static int zmq_af_rmem[3];
static int zmq_af_wmem[3];

struct proto zmq_af_proto = {
	.name			= "ZMQ",
	.owner			= THIS_MODULE,
	.obj_size		= sizeof(struct zmq_sock),
	.memory_allocated	= &zmq_af_memory_allocated,
	.per_cpu_fw_alloc	= &zmq_af_memory_per_cpu_fw_alloc,
	.memory_pressure	= &zmq_af_memory_pressure,
	.sysctl_mem		= zmq_af_mem,
	.sysctl_rmem		= zmq_af_rmem,
	.sysctl_wmem		= zmq_af_wmem,
};

struct net_proto_family zmq_af_family = {
	.family		= PF_ZMQ,
	.create		= zmq_af_create,
	.owner		= THIS_MODULE,
};
