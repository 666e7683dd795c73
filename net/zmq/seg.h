/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments: the one representation of message bytes.
 *
 * A queue of messages, on the way out, on the way in and everywhere between,
 * is a list of segments; a segment is a range of bytes of a page or of a
 * received skb.  Concatenated, the ranges are ZMTP 2.0+ frames.  There is no
 * object per message.  A frame's header never crosses a segment boundary and
 * always lies in a page of ours, so it can be parsed in place.
 */
#ifndef _NET_ZMQ_SEG_H
#define _NET_ZMQ_SEG_H

#include <linux/mm.h>
#include <linux/skbuff.h>
#include "zmtp.h"

/**
 * struct zmq_seg - a range of bytes
 * @ref: struct page *, or struct sk_buff * with bit 0 set; one reference
 * @off: first byte, from the start of the page or of the skb's data
 * @len: bytes
 */
struct zmq_seg {
	unsigned long	ref;
	u32		off;
	u32		len;
};

#define ZMQ_SEG_SKB	1UL

static inline bool zmq_seg_is_skb(const struct zmq_seg *seg)
{
	return seg->ref & ZMQ_SEG_SKB;
}

static inline struct page *zmq_seg_page(const struct zmq_seg *seg)
{
	return (struct page *)seg->ref;
}

static inline struct sk_buff *zmq_seg_skb(const struct zmq_seg *seg)
{
	return (struct sk_buff *)(seg->ref & ~ZMQ_SEG_SKB);
}

static inline u8 *zmq_seg_ptr(const struct zmq_seg *seg)
{
	return (u8 *)page_address(zmq_seg_page(seg)) + seg->off;
}

#define ZMQ_SEG_BLOCK	15

/**
 * struct zmq_segblk - a block of segments in a queue
 * @next: next block
 * @first: index of the first segment in use
 * @end: index after the last one
 * @seg: the segments
 */
struct zmq_segblk {
	struct zmq_segblk	*next;
	u16			first;
	u16			end;
	struct zmq_seg		seg[ZMQ_SEG_BLOCK];
};

/**
 * struct zmq_segq - a queue of segments
 * @head: first block; may be empty only if it is the only one
 * @tail: last block
 * @spare: a block for the next segments, see zmq_segq_reserve(), or NULL
 * @bytes: bytes in all segments
 * @nsegs: segments
 *
 * Serialised by its owner's lock.  It owns one reference per segment.
 */
struct zmq_segq {
	struct zmq_segblk	*head;
	struct zmq_segblk	*tail;
	struct zmq_segblk	*spare;
	u64			bytes;
	u32			nsegs;
};

/**
 * struct zmq_segcur - a place in a queue that does not change meanwhile
 * @blk: block, NULL at the end
 * @i: segment
 * @off: byte of it
 */
struct zmq_segcur {
	const struct zmq_segblk	*blk;
	u32			i;
	u32			off;
};

int zmq_seg_init(void);
void zmq_seg_exit(void);

void zmq_seg_get(const struct zmq_seg *seg);
void zmq_seg_put(const struct zmq_seg *seg);
/* Memory a received skb costs beyond the bytes in it; 0 for a page. */
u32 zmq_seg_overhead(const struct zmq_seg *seg);
int zmq_seg_copy_to_iter(const struct zmq_seg *seg, u32 off, u32 len,
			 struct iov_iter *to);
void zmq_seg_copy(const struct zmq_seg *seg, u32 off, u32 len, u8 *to);

static inline void zmq_segq_init(struct zmq_segq *q)
{
	memset(q, 0, sizeof(*q));
}

static inline bool zmq_segq_empty(const struct zmq_segq *q)
{
	return !READ_ONCE(q->bytes);
}

/* First segment; the queue is not empty. */
static inline struct zmq_seg *zmq_segq_first(const struct zmq_segq *q)
{
	return &q->head->seg[q->head->first];
}

static inline void zmq_segcur_init(struct zmq_segcur *cur,
				   const struct zmq_segq *q)
{
	cur->blk = q->nsegs ? q->head : NULL;
	cur->i = q->nsegs ? q->head->first : 0;
	cur->off = 0;
}

/* The bytes there: at a frame's beginning they have its whole header. */
static inline const u8 *zmq_segcur_ptr(const struct zmq_segcur *cur)
{
	return zmq_seg_ptr(&cur->blk->seg[cur->i]) + cur->off;
}

/* How many bytes lie there in one piece. */
static inline u32 zmq_segcur_len(const struct zmq_segcur *cur)
{
	return cur->blk->seg[cur->i].len - cur->off;
}

/* Go on by @bytes, to the end of the queue at most. */
static inline void zmq_segcur_skip(struct zmq_segcur *cur, u64 bytes)
{
	while (bytes >= zmq_segcur_len(cur)) {
		bytes -= zmq_segcur_len(cur);
		cur->off = 0;
		if (++cur->i < cur->blk->end)
			continue;
		cur->blk = cur->blk->next;
		if (!cur->blk)
			return;
		cur->i = cur->blk->first;
	}
	cur->off += bytes;
}

/* Decode the header of the frame that begins there. */
static inline void zmq_segcur_header(const struct zmq_segcur *cur,
				     struct zmq_zmtp_hdr *hdr)
{
	const u8 *p = zmq_segcur_ptr(cur);
	bool is_long = p[0] & ZMQ_ZMTP_LONG;

	hdr->flags = p[0] & ZMQ_ZMTP_MORE;
	hdr->size = is_long ? ZMQ_ZMTP_HDR_LONG : ZMQ_ZMTP_HDR_SHORT;
	hdr->len = is_long ? get_unaligned_be64(p + 1) : p[1];
}

/*
 * Go on to the next message.  Return: bytes of this one; those of its bodies
 * are added to *@body.
 */
static inline u64 zmq_segcur_msg(struct zmq_segcur *cur, u64 *body)
{
	struct zmq_zmtp_hdr hdr;
	u64 bytes = 0;

	do {
		zmq_segcur_header(cur, &hdr);
		bytes += hdr.size + hdr.len;
		*body += hdr.len;
		zmq_segcur_skip(cur, hdr.size + hdr.len);
	} while (hdr.flags & ZMQ_ZMTP_MORE);
	return bytes;
}

/*
 * The same of several messages: @max at most, the first in any case, others only
 * as long as all are of @room bytes at most.  *@body: bytes of their bodies;
 * *@msgs: how many.  Return: bytes.
 */
u64 zmq_segcur_run(struct zmq_segcur *cur, u32 max, u64 room, u32 *msgs,
		   u64 *body);
/*
 * Have room for @n more segments, ZMQ_SEG_BLOCK at most: so many
 * zmq_segq_push() calls that follow on this queue cannot fail.
 */
int zmq_segq_reserve(struct zmq_segq *q, u32 n, gfp_t gfp);
/*
 * Append a segment, taking over the caller's reference; a range that goes on
 * where the last one ends extends it instead.  -ENOMEM leaves @q unchanged and
 * the reference with the caller.
 */
int zmq_segq_push(struct zmq_segq *q, const struct zmq_seg *seg, gfp_t gfp);
/*
 * Append all of @src to @dst; needs no memory.  @src is empty afterwards; what
 * was reserved for either is not any more.
 */
void zmq_segq_move(struct zmq_segq *dst, struct zmq_segq *src);
/* Append references to all of @src to @dst.  All or nothing: -ENOMEM. */
int zmq_segq_copy(struct zmq_segq *dst, const struct zmq_segq *src, gfp_t gfp);
/* Move the first @bytes of @src to @dst.  All or nothing: -ENOMEM. */
int zmq_segq_take(struct zmq_segq *dst, struct zmq_segq *src, u64 bytes,
		  gfp_t gfp);
/* Sum of zmq_seg_overhead(). */
u64 zmq_segq_overhead(const struct zmq_segq *q);
/* Drop the first @bytes.  Return: overhead of the segments that ended. */
u64 zmq_segq_trim(struct zmq_segq *q, u64 bytes);
/* Drop the last @bytes. */
void zmq_segq_cut(struct zmq_segq *q, u64 bytes);
/* Drop everything, and the blocks. */
void zmq_segq_free(struct zmq_segq *q);
/* Copy @len bytes from byte @off of the queue. */
void zmq_segq_peek(const struct zmq_segq *q, u64 off, u32 len, u8 *to);
/* Bytes of the first message, which is complete. */
u64 zmq_segq_msg_bytes(const struct zmq_segq *q);
/* Decode the header of the first frame, which is complete. */
void zmq_segq_header(const struct zmq_segq *q, struct zmq_zmtp_hdr *hdr);
/* The same of the frame that begins at byte @off.  Return: false: none does. */
bool zmq_segq_header_at(const struct zmq_segq *q, u64 off,
			struct zmq_zmtp_hdr *hdr);

#endif /* _NET_ZMQ_SEG_H */
