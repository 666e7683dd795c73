// SPDX-License-Identifier: GPL-2.0
/*
 * Rings: messages sent by writing them into memory shared with the kernel.
 *
 * The user is the only producer.  The consumer is whoever has lock_sock: every
 * call on the socket takes out what is there before it does anything else, and
 * while the socket is busy the coalescer's timer has @work do so.
 */
#include <linux/log2.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/vmalloc.h>
#include "net.h"
#include "ring.h"

/* Messages a publisher may put in before the kernel has looked: any number. */
#define ZMQ_RING_ANY		65536
/* Pipes that are looked at for their credit. */
#define ZMQ_RING_PIPES		16
/* With fewer messages each time the timer looks, single sends do as well. */
#define ZMQ_RING_BUSY		4
/* Calls at most after which the kernel does not look, as that did not pay. */
#define ZMQ_RING_SPARE_MAX	63
/* Without memory: when to try again. */
#define ZMQ_RING_RETRY		msecs_to_jiffies(10)

static void zmq_ring_flag(struct zmq_ring *ring, int flags)
{
	atomic_or(flags, (atomic_t *)&ring->ctl->flags);
}

/* The user broke the rules: what is in the ring is not looked at any more. */
static void zmq_ring_stop(struct zmq_ring *ring)
{
	WRITE_ONCE(ring->stopped, true);
	zmq_ring_flag(ring, ZMQ_AF_RING_STOPPED | ZMQ_AF_RING_WAKE);
}

/* Copy the next round of @n bytes in the ring, and check it. */
static int zmq_ring_fill(struct zmq_ring *ring, u32 n)
{
	u32 off = ring->head & (ring->size - 1);
	u32 first = min(n, ring->size - off);
	struct kvec vec[] = {
		{ .iov_base = ring->data + off, .iov_len = first },
		{ .iov_base = ring->data, .iov_len = n - first },
	};
	struct zmq_batch *b = &ring->batch;
	struct iov_iter from;
	int err;

	iov_iter_kvec(&from, ITER_SOURCE, vec, ARRAY_SIZE(vec), n);
	b->copied = 0;
	b->whole = 0;
	b->body_left = 0;
	b->need = 0;
	b->parts = 0;
	b->bytes = 0;
	err = zmq_batch_fill(ring->zsk, b, &from, n);
	if (err) {
		zmq_segq_free(&b->q);
		return err;
	}
	WRITE_ONCE(ring->head, ring->head + (u32)b->whole);
	/* What was read there may be overwritten. */
	smp_store_release(&ring->ctl->head, ring->head);
	return 0;
}

/* Have something in @ring->batch.  Return: 0; 1: all before @end was taken. */
static int zmq_ring_next(struct zmq_ring *ring, u32 end)
{
	u32 n = end - ring->head;
	int err;

	if (!zmq_segq_empty(&ring->batch.q))
		return 0;
	/* Others may have gone beyond it. */
	if ((s32)n <= 0 || ring->stopped)
		return 1;
	err = zmq_ring_fill(ring, n);
	if (!err || err == -ENOBUFS)
		return err;
	zmq_ring_stop(ring);
	return 1;
}

/*
 * No pipe has room.  Whoever makes room looks at @stalled, so this is set first
 * and then tried again.
 */
static bool zmq_ring_stall(struct zmq_ring *ring)
{
	if (ring->stalled)
		return true;
	WRITE_ONCE(ring->stalled, true);
	/* Pairs with the one in zmq_ring_room(). */
	smp_mb();
	return false;
}

/*
 * ZMQ_ROUTER_MANDATORY was set while the first message, to nobody or to who is
 * full, was being put in: there is no call that could fail.  lock_sock held.
 * Return: 0, as if it had been sent.
 */
static int zmq_ring_drop(struct zmq_ring *ring)
{
	struct zmq_batch *b = &ring->batch;
	struct zmq_segcur cur;
	u64 body = 0;

	sock_owned_by_me(&ring->zsk->sk);
	zmq_segcur_init(&cur, &b->q);
	zmq_segq_trim(&b->q, zmq_segcur_msg(&cur, &body));
	b->msgs++;
	atomic64_inc(&ring->zsk->stats.tx_drops);
	return 0;
}

/**
 * zmq_ring_drain - hand over what is in the ring
 * @zsk: the socket; it has a ring
 *
 * That is what was there when this began: a user who goes on writing keeps
 * nobody here.
 *
 * Context: lock_sock(zsk) held; released and taken again where queues are full
 * and to be flushed.
 * Return: 0: all was handed over, or must wait for the message in assembly;
 * -EAGAIN: some waits for room; -ENOBUFS.
 */
int zmq_ring_drain(struct zmq_sock *zsk)
{
	struct zmq_ring *ring = zsk->ring;
	/* What is before it was written before. */
	u32 end = smp_load_acquire(&ring->ctl->tail);
	int err;

	sock_owned_by_me(&zsk->sk);
	if (!ring->stopped && end - ring->head > ring->size)
		zmq_ring_stop(ring);
	for (;;) {
		if (zsk->asm_msg.open)
			return 0;
		err = zmq_ring_next(ring, end);
		if (!err) {
			err = zmq_batch_pass(zsk, &ring->batch);
			if (err == -EHOSTUNREACH)
				err = zmq_ring_drop(ring);
			if (!err)
				WRITE_ONCE(ring->stalled, false);
		}
		/* Full: what is flushed makes room without waiting. */
		if (zsk->co.urgent) {
			zmq_send_release(zsk);
			cond_resched();
			lock_sock(&zsk->sk);
			continue;
		}
		if (err == -EAGAIN && !zmq_ring_stall(ring))
			continue;
		if (err) {
			ring->nomem = err == -ENOBUFS;
			return min(err, 0);
		}
		cond_resched();
	}
}

/* How many messages are taken for certain. */
static u32 zmq_ring_credit(struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe;
	u32 credit = 0;
	int n = 0;
	u64 room;

	if (zsk->type->publishes)
		return zsk->pub.nodrop ? 0 : ZMQ_RING_ANY;
	/* Calls tell who cannot be reached. */
	if (zsk->type->prefixes)
		return zsk->router.mandatory || zsk->opt.raw ? 0 : ZMQ_RING_ANY;
	spin_lock_bh(&zsk->rx_lock);
	list_for_each_entry(pipe, &zsk->lb, lb_node) {
		u32 one = zmq_pipe_tx_credit(pipe, &room);

		/* Bytes are counted when they come; a ring more fits in. */
		if (!pipe->conflate && room >= zsk->ring->size)
			credit += min_t(u32, one, ZMQ_RING_ANY);
		if (++n == ZMQ_RING_PIPES)
			break;
	}
	spin_unlock_bh(&zsk->rx_lock);
	return credit;
}

/*
 * Is it worth while to look?  On the sender's own processor it takes from the
 * sender's time, and what it finds is no more than the sender has put in before:
 * the more often that is little, the more calls pass before the next try.
 * Elsewhere the sender goes on meanwhile, however little there is.
 */
static void zmq_ring_judge(struct zmq_ring *ring, u32 msgs)
{
	sock_owned_by_me(&ring->zsk->sk);
	if (msgs >= ZMQ_RING_BUSY || ring->cpu != raw_smp_processor_id())
		ring->poor = 0;
	else
		ring->poor = min(ring->poor * 2 + 1, ZMQ_RING_SPARE_MAX);
	ring->spare = ring->poor;
}

/* The kernel looks by itself while the timer is armed; lock_sock held. */
static bool zmq_ring_wake(struct zmq_ring *ring)
{
	struct zmq_sock *zsk = ring->zsk;
	struct zmq_coalesce *co = &zsk->co;

	if (ring->awake)
		return true;
	if (ring->spare) {
		ring->spare--;
		return false;
	}
	ring->cpu = raw_smp_processor_id();
	spin_lock_bh(&co->lock);
	if (co->armed && !zsk->closing)
		WRITE_ONCE(ring->awake, true);
	spin_unlock_bh(&co->lock);
	return ring->awake;
}

static void zmq_ring_queue(struct zmq_ring *ring, unsigned long delay)
{
	zmq_af_get(ring->zsk);
	if (!queue_delayed_work(zmq_main_wq, &ring->work, delay))
		zmq_af_put(ring->zsk);
}

/**
 * zmq_ring_publish - tell the user how to go on
 * @zsk: the socket; it has a ring
 *
 * Context: lock_sock(zsk) held; co.armed is decided.
 */
void zmq_ring_publish(struct zmq_sock *zsk)
{
	struct zmq_ring *ring = zsk->ring;

	sock_owned_by_me(&zsk->sk);
	if (ring->stopped)
		return;
	WRITE_ONCE(ring->ctl->limit, ring->batch.msgs + zmq_ring_credit(zsk));
	/* It waits for the end of a message in parts, or for memory. */
	if (zmq_ring_pending(zsk) && !zsk->asm_msg.open && !ring->stalled)
		zmq_ring_queue(ring, ring->nomem ? ZMQ_RING_RETRY : 0);
	if (zmq_ring_wake(ring))
		atomic_andnot(ZMQ_AF_RING_WAKE, (atomic_t *)&ring->ctl->flags);
}

/* What may be taken is to be asked for again; lock_sock held. */
void zmq_ring_revoke(struct zmq_sock *zsk)
{
	if (zsk->ring)
		WRITE_ONCE(zsk->ring->ctl->limit, zsk->ring->batch.msgs);
}

/**
 * zmq_ring_kick - the user asks to look at the ring
 * @zsk: the socket
 *
 * Context: lock_sock(zsk) held.
 * Return: 0; -EINVAL: it is stopped.
 */
int zmq_ring_kick(struct zmq_sock *zsk)
{
	if (!zsk->ring)
		return 0;
	zmq_ring_before(zsk);
	return zsk->ring->stopped ? -EINVAL : 0;
}

/* Hand over what is in the ring; no lock. */
void zmq_ring_take(struct zmq_sock *zsk)
{
	lock_sock(&zsk->sk);
	zmq_ring_drain(zsk);
	zmq_ring_publish(zsk);
	zmq_send_release(zsk);
}

/* The same before something is changed that sending depends on. */
void zmq_ring_recall(struct zmq_sock *zsk)
{
	if (!READ_ONCE(zsk->ring))
		return;
	lock_sock(&zsk->sk);
	zmq_ring_before(zsk);
	zmq_ring_revoke(zsk);
	zmq_send_release(zsk);
}

/* Calls are to fail: by the ring none would.  Any context. */
void zmq_ring_shutdown(struct zmq_sock *zsk)
{
	struct zmq_ring *ring = READ_ONCE(zsk->ring);

	if (ring)
		zmq_ring_flag(ring, ZMQ_AF_RING_STOPPED);
}

/* A pipe may have room again; any context, no lock. */
void zmq_ring_room(struct zmq_sock *zsk)
{
	struct zmq_ring *ring = READ_ONCE(zsk->ring);

	if (!ring)
		return;
	/* Pairs with the one in zmq_ring_stall(). */
	smp_mb();
	if (READ_ONCE(ring->stalled))
		zmq_ring_queue(ring, 0);
}

/**
 * zmq_ring_timer - the coalescer's timer has run out
 * @zsk: the socket; its reference for the timer goes to the work
 *
 * Context: co.lock held.
 * Return: true: work flushes the pipes, too.
 */
bool zmq_ring_timer(struct zmq_sock *zsk)
{
	lockdep_assert_held(&zsk->co.lock);
	if (!zmq_ring_awake(zsk))
		return false;
	if (!queue_delayed_work(zmq_main_wq, &zsk->ring->work, 0))
		zmq_af_put(zsk);
	return true;
}

/* Nothing came for a while: the user has to tell from now on. */
static void zmq_ring_sleep(struct zmq_ring *ring)
{
	struct zmq_sock *zsk = ring->zsk;

	spin_lock_bh(&zsk->co.lock);
	WRITE_ONCE(ring->awake, false);
	spin_unlock_bh(&zsk->co.lock);
	zmq_ring_flag(ring, ZMQ_AF_RING_WAKE);
	/* Pairs with the user's: one of both sees the other's write. */
	smp_mb__after_atomic();
	zmq_ring_before(zsk);
}

static void zmq_ring_work(struct work_struct *work)
{
	struct zmq_ring *ring = container_of(work, struct zmq_ring, work.work);
	struct zmq_sock *zsk = ring->zsk;
	u64 start = ktime_get_ns();
	struct mem_cgroup *old;
	bool again;
	u32 msgs;

	old = set_active_memcg(ring->memcg);
	lock_sock(&zsk->sk);
	msgs = ring->batch.msgs;
	zmq_ring_before(zsk);
	msgs = ring->batch.msgs - msgs;
	again = msgs >= ZMQ_RING_BUSY && !zsk->closing && !ring->stopped;
	if (!again && ring->awake)
		zmq_ring_sleep(ring);
	if (!zsk->closing)
		zmq_coalesce_round(zsk, msgs, again, start);
	zmq_ring_publish(zsk);
	zmq_ring_judge(ring, msgs);
	zmq_send_release(zsk);
	set_active_memcg(old);
	zmq_af_put(zsk);
}

/*
 * At close: what is left goes to a pipe whether it has room or not; of a ROUTER,
 * which has to wait by mistake only (zmq_ring_drop()), the first is dropped.
 */
static void zmq_ring_force(struct zmq_ring *ring)
{
	struct zmq_pipe *pipe = list_first_entry_or_null(&ring->zsk->pipes,
							 struct zmq_pipe, node);
	struct zmq_segcur cur;
	u64 bytes = 0, body = 0;
	u32 msgs = 0;

	if (ring->zsk->type->prefixes) {
		zmq_ring_drop(ring);
		return;
	}
	if (!pipe || pipe->conflate) {
		zmq_segq_free(&ring->batch.q);
		return;
	}
	zmq_segcur_init(&cur, &ring->batch.q);
	while (bytes < ring->batch.q.bytes) {
		bytes += zmq_segcur_msg(&cur, &body);
		msgs++;
	}
	zmq_pipe_push_run(pipe, &ring->batch.q, msgs);
	zmq_coalesce_dirty(ring->zsk, pipe);
	zmq_send_count(ring->zsk, msgs, body);
}

/**
 * zmq_ring_close - the socket's last descriptor and mapping are gone
 * @zsk: the socket
 *
 * What was put into the ring was sent.
 *
 * Context: process, no lock.
 */
void zmq_ring_close(struct zmq_sock *zsk)
{
	struct zmq_ring *ring = zsk->ring;

	if (!ring)
		return;
	lock_sock(&zsk->sk);
	zmq_send_reset(&zsk->asm_msg);
	/* Nobody writes any more; each time round takes some of it. */
	while (zmq_ring_before(zsk) == -EAGAIN)
		zmq_ring_force(ring);
	zmq_send_release(zsk);
}

/* The socket is taken apart. */
void zmq_ring_free(struct zmq_sock *zsk)
{
	struct zmq_ring *ring = zsk->ring;

	if (!ring)
		return;
	zmq_segq_free(&ring->batch.q);
	zmq_segq_free(&ring->batch.one);
	mem_cgroup_put(ring->memcg);
	vfree(ring->ctl);
	kfree(ring);
}

static struct zmq_ring *zmq_ring_alloc(struct zmq_sock *zsk, u32 size)
{
	const struct zmq_net *znet = zmq_net(sock_net(&zsk->sk));
	struct zmq_ring *ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);

	if (!ring)
		return NULL;
	ring->ctl = __vmalloc(PAGE_SIZE + size,
			      GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
	if (!ring->ctl) {
		kfree(ring);
		return NULL;
	}
	ring->zsk = zsk;
	ring->data = (u8 *)ring->ctl + PAGE_SIZE;
	ring->size = size;
	/* Later changes of net.zmq.msg_max are none for it. */
	ring->batch.msg_max = min_t(u64, READ_ONCE(znet->msg_max), size / 4);
	ring->memcg = get_mem_cgroup_from_mm(current->mm);
	INIT_DELAYED_WORK(&ring->work, zmq_ring_work);
	ring->ctl->size = size;
	ring->ctl->offset = PAGE_SIZE;
	ring->ctl->max = ring->batch.msg_max;
	ring->ctl->flags = ZMQ_AF_RING_WAKE;
	return ring;
}

/* ZMQ_AF_RING; lock_sock held. */
int zmq_ring_make(struct zmq_sock *zsk, const u8 *val, size_t len)
{
	struct zmq_ring *ring;
	int size;

	sock_owned_by_me(&zsk->sk);
	if (!zsk->type->rings)
		return -EOPNOTSUPP;
	if (len != sizeof(size))
		return -EINVAL;
	memcpy(&size, val, sizeof(size));
	if (size < max_t(int, ZMQ_AF_RING_MIN, PAGE_SIZE) ||
	    size > ZMQ_AF_RING_MAX || !is_power_of_2(size))
		return -EINVAL;
	if (zsk->ring)
		return -EBUSY;
	ring = zmq_ring_alloc(zsk, size);
	if (!ring)
		return -ENOBUFS;
	/* Pairs with READ_ONCE() of those who have no lock. */
	smp_store_release(&zsk->ring, ring);
	/* Pairs with zmq_af_shutdown(). */
	smp_mb();
	if (READ_ONCE(zsk->shutdown))
		zmq_ring_shutdown(zsk);
	return 0;
}

/* proto_ops.mmap: all of it, shared.  Called under mmap_lock: no lock_sock. */
int zmq_ring_mmap(struct file *file, struct socket *sock,
		  struct vm_area_struct *vma)
{
	struct zmq_ring *ring = READ_ONCE(zmq_sk(sock->sk)->ring);
	unsigned long off, len = vma->vm_end - vma->vm_start;
	int err;

	if (!ring)
		return -ENODEV;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	if (vma->vm_pgoff || len != PAGE_SIZE + ring->size ||
	    !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	zmq_compat_vm_flags(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP,
			    VM_MAYEXEC);
	for (off = 0; off < len; off += PAGE_SIZE) {
		err = vm_insert_page(vma, vma->vm_start + off,
				     vmalloc_to_page((u8 *)ring->ctl + off));
		if (err)
			return err;
	}
	return 0;
}
