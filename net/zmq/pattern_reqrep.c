// SPDX-License-Identifier: GPL-2.0
/* REQ and REP: question and answer in lock-step (28/REQREP). */
#include <linux/random.h>
#include "lb.h"
#include "router.h"
#include "rx.h"
#include "type.h"

/* Longer envelopes are kept as they came, not copied. */
#define ZMQ_REP_ENVELOPE_MAX	PAGE_SIZE

static int zmq_req_init(struct zmq_sock *zsk)
{
	zsk->req.id = get_random_u32();
	return 0;
}

/*
 * A request begins: not while a reply is due, unless relaxed.  Replies that
 * came late are dropped (libzmq's req.cpp eats all readable input here).
 */
static int zmq_req_send_begin(struct zmq_sock *zsk, struct iov_iter *from,
			      size_t len, bool more)
{
	struct zmq_req_state *req = &zsk->req;
	int err = 0;

	spin_lock_bh(&zsk->rx_lock);
	if (req->waiting && !req->relaxed)
		err = -EBADFD;
	else if (!zmq_lb_ready(zsk))
		err = -EAGAIN;
	else
		zmq_recv_skip_all(zsk);
	spin_unlock_bh(&zsk->rx_lock);
	if (err)
		return err;
	if (req->correlate) {
		req->id++;
		err = zmq_send_append(zsk, &zsk->asm_msg, (u8 *)&req->id,
				      sizeof(req->id), true);
	}
	if (!err)
		err = zmq_send_append(zsk, &zsk->asm_msg, NULL, 0, true);
	if (err)
		zmq_send_reset(&zsk->asm_msg);
	return err;
}

static int zmq_req_send(struct zmq_sock *zsk, struct zmq_asm *msg)
{
	struct zmq_pipe *pipe = zmq_lb_next(zsk);

	if (!pipe)
		return -EAGAIN;
	spin_lock_bh(&zsk->rx_lock);
	zsk->req.waiting = true;
	zsk->req.pipe = pipe;
	spin_unlock_bh(&zsk->rx_lock);
	zmq_lb_push(zsk, pipe, msg);
	return 1;
}

static bool zmq_req_can_send(struct zmq_sock *zsk)
{
	return (!zsk->req.waiting || zsk->req.relaxed) && zmq_lb_ready(zsk);
}

static int zmq_req_recv_check(struct zmq_sock *zsk)
{
	return zsk->req.waiting ? 0 : -EBADFD;
}

/* Is the message in front the reply?  Then strip what is not for the user. */
static bool zmq_req_strip(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	struct zmq_zmtp_hdr hdr;
	u32 id;

	if (zsk->req.pipe && zsk->req.pipe != pipe)
		return false;
	zmq_segq_header(&pipe->rxq, &hdr);
	if (zsk->req.correlate) {
		if (hdr.len != sizeof(id) || !(hdr.flags & ZMQ_ZMTP_MORE))
			return false;
		zmq_segq_peek(&pipe->rxq, hdr.size, sizeof(id), (u8 *)&id);
		if (id != zsk->req.id)
			return false;
		zmq_recv_strip(pipe, hdr.size + hdr.len);
		zmq_segq_header(&pipe->rxq, &hdr);
	}
	if (hdr.len || !(hdr.flags & ZMQ_ZMTP_MORE))
		return false;
	zmq_recv_strip(pipe, hdr.size);
	return true;
}

static int zmq_req_recv_begin(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	if (zmq_req_strip(zsk, pipe))
		return 0;
	zmq_recv_skip(zsk, pipe);
	return -EAGAIN;
}

static void zmq_req_recv_end(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	zsk->req.waiting = false;
	zsk->req.pipe = NULL;
	/* Who waits for the socket to become writable. */
	zsk->wr_seq++;
	zsk->sk.sk_write_space(&zsk->sk);
}

/* The reply will not come from there: take one from anybody (libzmq). */
static void zmq_req_detach(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	spin_lock_bh(&zsk->rx_lock);
	if (zsk->req.pipe == pipe)
		zsk->req.pipe = NULL;
	spin_unlock_bh(&zsk->rx_lock);
}

/* libzmq's req_session_t: [4-byte id] empty body..., else off with the peer. */
static int zmq_req_accept(struct zmq_sock *zsk, struct zmq_rx *rx)
{
	if (rx->delim == 0 || (rx->delim == 1 && rx->first_len == 4))
		return 1;
	return -EPROTO;
}

static int zmq_req_setsockopt(struct zmq_sock *zsk, int opt, const u8 *val,
			      size_t len)
{
	bool *flag;
	int on;

	switch (opt) {
	case ZMQ_OPT_REQ_CORRELATE:
		flag = &zsk->req.correlate;
		break;
	case ZMQ_OPT_REQ_RELAXED:
		flag = &zsk->req.relaxed;
		break;
	default:
		return zmq_router_probe_setsockopt(zsk, opt, val, len);
	}
	on = zmq_type_switch(val, len);
	if (on < 0)
		return on;
	spin_lock_bh(&zsk->rx_lock);
	*flag = on;
	spin_unlock_bh(&zsk->rx_lock);
	zmq_af_writable(zsk);
	return 0;
}

const struct zmq_type zmq_pattern_req = {
	.id		= ZMQ_AF_REQ,
	.name		= "REQ",
	.dedupes	= true,
	.sends		= true,
	.prompt		= true,
	.receives	= true,
	.init		= zmq_req_init,
	.send_begin	= zmq_req_send_begin,
	.send		= zmq_req_send,
	.can_send	= zmq_req_can_send,
	.attach		= zmq_router_probe,
	.detach		= zmq_req_detach,
	.recv_check	= zmq_req_recv_check,
	.recv_begin	= zmq_req_recv_begin,
	.recv_end	= zmq_req_recv_end,
	.rx_accept	= zmq_req_accept,
	.setsockopt	= zmq_req_setsockopt,
};

/* Forget whom to answer.  Return: the pipe, for the caller to put. */
static struct zmq_pipe *zmq_rep_forget(struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe;

	spin_lock_bh(&zsk->rx_lock);
	pipe = zsk->rep.pipe;
	zsk->rep.pipe = NULL;
	zsk->rep.replying = false;
	spin_unlock_bh(&zsk->rx_lock);
	return pipe;
}

static void zmq_rep_release(struct zmq_sock *zsk)
{
	struct zmq_pipe *pipe = zmq_rep_forget(zsk);

	if (pipe)
		zmq_pipe_put(pipe);
}

static void zmq_rep_fini(struct zmq_sock *zsk)
{
	kfree(zsk->rep.envelope);
	zmq_segq_free(&zsk->rep.large);
}

/* The reply begins with the request's envelope. */
static int zmq_rep_send_begin(struct zmq_sock *zsk, struct iov_iter *from,
			      size_t len, bool more)
{
	if (!READ_ONCE(zsk->rep.replying))
		return -EBADFD;
	if (zmq_segq_empty(&zsk->rep.large))
		return zmq_send_raw(zsk, &zsk->asm_msg, zsk->rep.envelope,
				    zsk->rep.len);
	return zmq_send_frames(zsk, &zsk->asm_msg, &zsk->rep.large);
}

/* To a peer that is gone or full: dropped, and on to the next request. */
static int zmq_rep_send(struct zmq_sock *zsk, struct zmq_asm *msg)
{
	struct zmq_pipe *pipe = zmq_rep_forget(zsk);
	int peers = 0;

	if (pipe && pipe->attached && !zmq_pipe_tx_full(pipe)) {
		zmq_pipe_push(pipe, &msg->q, false);
		zmq_coalesce_dirty(zsk, pipe);
		peers = 1;
	} else {
		atomic64_inc(&zsk->stats.tx_drops);
	}
	if (pipe)
		zmq_pipe_put(pipe);
	/* Requests that waited can be read now. */
	zsk->sk.sk_data_ready(&zsk->sk);
	return peers;
}

static bool zmq_rep_can_send(struct zmq_sock *zsk)
{
	return zsk->rep.replying;
}

static int zmq_rep_recv_check(struct zmq_sock *zsk)
{
	return zsk->rep.replying ? -EBADFD : 0;
}

/* Length of the frames up to and with the first empty one. */
static u64 zmq_rep_envelope_len(const struct zmq_segq *q)
{
	struct zmq_zmtp_hdr hdr;
	struct zmq_segcur cur;
	u64 len = 0;

	zmq_segcur_init(&cur, q);
	do {
		zmq_segcur_header(&cur, &hdr);
		len += hdr.size + hdr.len;
		zmq_segcur_skip(&cur, hdr.size + hdr.len);
	} while (hdr.len && cur.blk);
	return len;
}

/* Take the @len bytes of an envelope off the request. */
static int zmq_rep_take(struct zmq_rep_state *rep, struct zmq_pipe *pipe,
			u64 len)
{
	gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	u8 *envelope;

	zmq_segq_free(&rep->large);
	if (len > ZMQ_REP_ENVELOPE_MAX) {
		if (zmq_segq_take(&rep->large, &pipe->rxq, len, gfp))
			return -ENOMEM;
		zmq_pipe_uncharge(pipe, len + zmq_segq_overhead(&rep->large));
		return 0;
	}
	envelope = kmalloc(len, gfp);
	if (!envelope)
		return -ENOMEM;
	zmq_segq_peek(&pipe->rxq, 0, len, envelope);
	zmq_recv_strip(pipe, len);
	kfree(rep->envelope);
	rep->envelope = envelope;
	rep->len = len;
	return 0;
}

/* Keep the envelope for the reply; there is one, see zmq_rep_accept(). */
static int zmq_rep_recv_begin(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	struct zmq_rep_state *rep = &zsk->rep;

	lockdep_assert_held(&zsk->rx_lock);
	if (zmq_rep_take(rep, pipe, zmq_rep_envelope_len(&pipe->rxq)))
		return -ENOBUFS;
	if (rep->pipe)
		zmq_pipe_put(rep->pipe);
	zmq_pipe_get(pipe);
	rep->pipe = pipe;
	return 0;
}

static void zmq_rep_recv_end(struct zmq_sock *zsk, struct zmq_pipe *pipe)
{
	zsk->rep.replying = true;
	zsk->sk.sk_write_space(&zsk->sk);
}

/* Without an envelope it is no request (libzmq: dropped silently). */
static int zmq_rep_accept(struct zmq_sock *zsk, struct zmq_rx *rx)
{
	return rx->delim >= 0;
}

const struct zmq_type zmq_pattern_rep = {
	.id		= ZMQ_AF_REP,
	.name		= "REP",
	.sends		= true,
	.prompt		= true,
	.receives	= true,
	.fini		= zmq_rep_fini,
	.release	= zmq_rep_release,
	.send_begin	= zmq_rep_send_begin,
	.send		= zmq_rep_send,
	.can_send	= zmq_rep_can_send,
	.recv_check	= zmq_rep_recv_check,
	.recv_begin	= zmq_rep_recv_begin,
	.recv_end	= zmq_rep_recv_end,
	.rx_accept	= zmq_rep_accept,
};
