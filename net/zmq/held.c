// SPDX-License-Identifier: GPL-2.0
/*
 * Parts that were taken out of a pipe and could not be copied to the user: they
 * stay to be received again, before any other.
 */
#include "held.h"
#include "zmq.h"

/**
 * zmq_held_take - take out the part that was put back
 * @zsk: the socket
 * @frame: the part, to be freed by the caller
 * @len: room the user has
 * @flags: MSG_ZMQ_WHOLE; MSG_PEEK: only look
 *
 * Context: rx_lock held.
 * Return: 0; -EAGAIN if there is none; -EMSGSIZE, -ENOBUFS.
 */
int zmq_held_take(struct zmq_sock *zsk, struct zmq_frame *frame, size_t len,
		  int flags)
{
	struct zmq_frame *held = zmq_held_first(zsk);

	lockdep_assert_held(&zsk->rx_lock);
	if (!held)
		return -EAGAIN;
	if (flags & MSG_ZMQ_WHOLE && held->len > len)
		return -EMSGSIZE;
	*frame = *held;
	if (flags & MSG_PEEK) {
		zmq_segq_init(&frame->q);
		return zmq_segq_copy(&frame->q, &held->q,
				     GFP_ATOMIC | __GFP_NOWARN) ? -ENOBUFS : 0;
	}
	list_del(&held->node);
	kfree(held);
	return 0;
}

/**
 * zmq_held_put - put a part back in front
 * @zsk: the socket
 * @frame: the part, which could not be copied to the user; its body is empty
 *	after
 *
 * Context: process, no lock of ours held.
 */
void zmq_held_put(struct zmq_sock *zsk, struct zmq_frame *frame)
{
	struct zmq_frame *held = kmalloc(sizeof(*held), GFP_KERNEL_ACCOUNT |
					 __GFP_NOFAIL);

	*held = *frame;
	zmq_segq_init(&frame->q);
	spin_lock_bh(&zsk->rx_lock);
	list_add(&held->node, &zsk->rx_held);
	spin_unlock_bh(&zsk->rx_lock);
	zsk->sk.sk_data_ready(&zsk->sk);
}

/**
 * zmq_held_put_run - put whole messages back in front
 * @zsk: the socket
 * @q: their frames; empty after
 *
 * Context: process, no lock of ours held.
 */
void zmq_held_put_run(struct zmq_sock *zsk, struct zmq_segq *q)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOFAIL;
	LIST_HEAD(frames);

	while (!zmq_segq_empty(q)) {
		struct zmq_frame *held = kzalloc(sizeof(*held), gfp);
		struct zmq_zmtp_hdr hdr;

		zmq_segq_header(q, &hdr);
		held->len = hdr.len;
		held->more = hdr.flags & ZMQ_ZMTP_MORE;
		zmq_segq_trim(q, hdr.size);
		if (hdr.len && zmq_segq_take(&held->q, q, hdr.len, gfp))
			zmq_segq_trim(q, hdr.len);	/* cannot be */
		list_add_tail(&held->node, &frames);
	}
	spin_lock_bh(&zsk->rx_lock);
	list_splice(&frames, &zsk->rx_held);
	spin_unlock_bh(&zsk->rx_lock);
	zsk->sk.sk_data_ready(&zsk->sk);
}

/**
 * zmq_held_len - how long what was put back is, up to a message's end
 * @zsk: the socket
 * @more: set if that end is still in the pipe
 *
 * Context: rx_lock held.
 * Return: bytes, with headers.
 */
u64 zmq_held_len(struct zmq_sock *zsk, bool *more)
{
	const struct zmq_frame *held;
	u64 bytes = 0;

	lockdep_assert_held(&zsk->rx_lock);
	*more = false;
	list_for_each_entry(held, &zsk->rx_held, node) {
		bytes += zmq_zmtp_hdr_size(held->len) + held->len;
		*more = held->more;
		if (!held->more)
			break;
	}
	return bytes;
}

/* Append a frame that was put back, header and body; rx_lock held. */
static int zmq_held_copy(struct zmq_sock *zsk, struct zmq_frame *held,
			 struct zmq_segq *q)
{
	u32 len = zmq_zmtp_hdr_size(held->len);
	gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	u8 *p;

	if (!zmq_chunk_reserve(&zsk->rx_ids, len + ZMQ_HELD_SMALL, false, gfp))
		return -ENOBUFS;
	p = zmq_chunk_ptr(&zsk->rx_ids);
	zmq_zmtp_hdr_encode(p, held->more ? ZMQ_ZMTP_MORE : 0, held->len);
	if (held->is_small) {
		memcpy(p + len, held->small + held->off, held->len);
		len += held->len;
	}
	if (zmq_chunk_commit(&zsk->rx_ids, len, q, gfp) ||
	    zmq_segq_copy(q, &held->q, gfp))
		return -ENOBUFS;
	return 0;
}

/**
 * zmq_held_take_run - take out what was put back, up to a message's end
 * @zsk: the socket
 * @q: its frames are appended there
 *
 * Context: rx_lock held.
 * Return: 0, or -ENOBUFS and nothing has changed.
 */
int zmq_held_take_run(struct zmq_sock *zsk, struct zmq_segq *q)
{
	struct zmq_frame *held, *next;
	u64 mark = q->bytes;
	bool more = true;

	lockdep_assert_held(&zsk->rx_lock);
	list_for_each_entry(held, &zsk->rx_held, node) {
		if (zmq_held_copy(zsk, held, q)) {
			zmq_segq_cut(q, q->bytes - mark);
			return -ENOBUFS;
		}
		if (!held->more)
			break;
	}
	list_for_each_entry_safe(held, next, &zsk->rx_held, node) {
		if (!more)
			break;
		more = held->more;
		list_del(&held->node);
		zmq_segq_free(&held->q);
		kfree(held);
	}
	return 0;
}

/**
 * zmq_held_free - drop what was put back
 * @frames: list of struct zmq_frame; empty after
 *
 * Context: any; rx_lock held if it is a socket's.
 */
void zmq_held_free(struct list_head *frames)
{
	struct zmq_frame *held, *next;

	list_for_each_entry_safe(held, next, frames, node) {
		list_del(&held->node);
		zmq_segq_free(&held->q);
		kfree(held);
	}
}
