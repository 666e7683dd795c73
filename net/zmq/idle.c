// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that have been idle give their buffers back.
 *
 * A socket keeps the pages it wrote messages into, for those are warm; after a
 * burst they are half a megabyte.  Work of the namespace takes them from who
 * sent and received nothing between two of its passes.
 */
#include "idle.h"
#include "net.h"
#include "zmq.h"

#define ZMQ_IDLE_PERIOD		(2 * HZ)

/* What is written when sending; a sender at work has it all to itself. */
static void zmq_idle_trim_tx(struct zmq_sock *zsk)
{
	struct sock *sk = &zsk->sk;

	spin_lock_bh(&sk->sk_lock.slock);
	if (!sock_owned_by_user(sk)) {
		zmq_chunk_free(&zsk->tx_pool);
		/* The block kept by zmq_send_recycle(). */
		if (!zsk->asm_msg.open && !zsk->asm_msg.q.nsegs)
			zmq_segq_free(&zsk->asm_msg.q);
	}
	spin_unlock_bh(&sk->sk_lock.slock);
}

/* What is written when receiving. */
static void zmq_idle_trim_rx(struct zmq_sock *zsk)
{
	struct zmq_chunk_pool *pool = xchg(&zsk->rx_pool, NULL);

	if (pool) {
		zmq_chunk_free(pool);
		kfree(pool);
	}
	spin_lock_bh(&zsk->rx_lock);
	zmq_chunk_free(&zsk->rx_ids);
	spin_unlock_bh(&zsk->rx_lock);
}

static void zmq_idle_work(struct work_struct *work)
{
	struct zmq_net *znet = container_of(to_delayed_work(work),
					    struct zmq_net, idle_work);
	struct zmq_sock *zsk;
	u64 msgs;

	mutex_lock(&znet->mutex);
	list_for_each_entry(zsk, &znet->socks, net_node) {
		msgs = atomic64_read(&zsk->stats.tx_msgs) +
		       atomic64_read(&zsk->stats.rx_msgs);
		if (zsk->idle_msgs == msgs) {
			zmq_idle_trim_tx(zsk);
			zmq_idle_trim_rx(zsk);
		}
		zsk->idle_msgs = msgs;
		cond_resched();
	}
	if (!list_empty(&znet->socks))
		zmq_idle_start(znet);
	mutex_unlock(&znet->mutex);
}

void zmq_idle_start(struct zmq_net *znet)
{
	lockdep_assert_held(&znet->mutex);
	queue_delayed_work(system_power_efficient_wq, &znet->idle_work,
			   round_jiffies_relative(ZMQ_IDLE_PERIOD));
}

void zmq_idle_init(struct zmq_net *znet)
{
	INIT_DELAYED_WORK(&znet->idle_work, zmq_idle_work);
}

/* No socket is left. */
void zmq_idle_exit(struct zmq_net *znet)
{
	cancel_delayed_work_sync(&znet->idle_work);
}
