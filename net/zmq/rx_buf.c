// SPDX-License-Identifier: GPL-2.0
/*
 * The parser's buffer: the end of a chunk that the connections of a socket
 * borrow in turn.  Bytes are copied there once, as they came, and are queued by
 * reference.
 */
#include "conn.h"
#include "rx_buf.h"

/**
 * zmq_rx_buf_copy - copy bytes of an skb
 * @skb: the skb
 * @off: first byte
 * @to: where to
 * @len: how many
 *
 * Most are in one piece, in front or in its first page.
 * Return: 0 or -EFAULT.
 */
int zmq_rx_buf_copy(const struct sk_buff *skb, u32 off, u8 *to, u32 len)
{
	u32 head = skb_headlen(skb);
	const skb_frag_t *frag = &skb_shinfo(skb)->frags[0];
	const u8 *from;

	if (off < head && len <= head - off) {
		memcpy(to, skb->data + off, len);
		return 0;
	}
	if (off >= head && skb_shinfo(skb)->nr_frags && skb_frag_page(frag) &&
	    (u64)off - head + len <= skb_frag_size(frag)) {
		from = skb_frag_address_safe(frag);
		if (from) {
			memcpy(to, from + off - head, len);
			return 0;
		}
	}
	return skb_copy_bits(skb, off, to, len);
}

/**
 * zmq_rx_buf_flush - append copied bytes to the queue
 * @rx: the parser
 * @end: up to here, an offset in the chunk
 *
 * Context: level 3.
 * Return: 0 or -ENOMEM, and nothing has changed.
 */
int zmq_rx_buf_flush(struct zmq_rx *rx, u32 end)
{
	u32 len = end - rx->run;

	if (!rx->pool || !len)
		return 0;
	rx->pool->off = rx->run;
	if (zmq_chunk_commit(rx->pool, len, &rx->q, GFP_ATOMIC | __GFP_NOWARN))
		return -ENOMEM;
	rx->run = end;
	rx->mem += len;
	return 0;
}

/* Have a chunk to copy into. */
static bool zmq_rx_buf_borrow(struct zmq_conn *conn, u32 need)
{
	struct zmq_rx *rx = &conn->rx;
	struct zmq_chunk_pool *pool;

	pool = xchg(&conn->zsk->rx_pool, NULL);
	if (!pool)
		pool = kzalloc(sizeof(*pool), GFP_ATOMIC | __GFP_NOWARN);
	if (!pool)
		return false;
	if (!zmq_chunk_reserve(pool, need, false, GFP_ATOMIC)) {
		zmq_chunk_free(pool);
		kfree(pool);
		return false;
	}
	rx->pool = pool;
	rx->run = pool->off;
	rx->frame = pool->off;
	rx->fill = pool->off;
	return true;
}

/**
 * zmq_rx_buf_return - let the next pass have the chunk
 * @conn: the connection, of which nothing is in it that is not queued
 *
 * Context: level 3.
 */
void zmq_rx_buf_return(struct zmq_conn *conn)
{
	struct zmq_chunk_pool *pool = conn->rx.pool;

	conn->rx.pool = NULL;
	pool->off = conn->rx.fill;
	if (!cmpxchg(&conn->zsk->rx_pool, NULL, pool))
		return;
	zmq_chunk_free(pool);
	kfree(pool);
}

/**
 * zmq_rx_buf_room - make bytes free behind the copied ones
 * @conn: the connection
 * @need: how many
 *
 * A frame that does not fit into what is left of the chunk moves to the next
 * one, so that short frames and headers are always contiguous.
 * Context: level 3.
 * Return: false for lack of memory.
 */
bool zmq_rx_buf_room(struct zmq_conn *conn, u32 need)
{
	struct zmq_rx *rx = &conn->rx;
	struct page *old;
	u32 partial;
	bool ok;

	if (!rx->pool)
		return zmq_rx_buf_borrow(conn, need);
	if (rx->pool->size - rx->fill >= need)
		return true;
	if (zmq_rx_buf_flush(rx, rx->frame))
		return false;
	partial = rx->fill - rx->frame;
	old = rx->pool->page;
	get_page(old);
	rx->pool->off = rx->fill;
	ok = zmq_chunk_reserve(rx->pool, partial + need, true, GFP_ATOMIC);
	if (ok) {
		memcpy(zmq_chunk_ptr(rx->pool), page_address(old) + rx->frame,
		       partial);
		rx->run = rx->pool->off;
		rx->frame = rx->run;
		rx->fill = rx->run + partial;
	} else {
		/* The pool gave its page up: take it back. */
		zmq_chunk_free(rx->pool);
		rx->pool->page = old;
		rx->pool->size = page_size(old);
		return false;
	}
	put_page(old);
	return ok;
}

/**
 * zmq_rx_buf_cut - have the next bytes not queued
 * @rx: the parser
 * @size: bytes from the frame's beginning on, all of them copied
 *
 * Context: level 3.
 * Return: 0 or -ENOMEM.
 */
int zmq_rx_buf_cut(struct zmq_rx *rx, u32 size)
{
	int err = zmq_rx_buf_flush(rx, rx->frame);

	if (err)
		return err;
	rx->frame += size;
	rx->run = rx->frame;
	return 0;
}
