// SPDX-License-Identifier: GPL-2.0
/* Segments and queues of segments. */
#include <linux/uio.h>
#include "seg.h"

static struct kmem_cache *zmq_segblk_cache;

/*
 * The constructor exempts the cache from init_on_alloc: a block is written
 * before it is read.
 */
static void zmq_segblk_ctor(void *p)
{
	struct zmq_segblk *blk = p;

	blk->next = NULL;
}

int zmq_seg_init(void)
{
	zmq_segblk_cache = kmem_cache_create("zmq_segblk",
					     sizeof(struct zmq_segblk), 0,
					     SLAB_ACCOUNT, zmq_segblk_ctor);
	return zmq_segblk_cache ? 0 : -ENOMEM;
}

void zmq_seg_exit(void)
{
	kmem_cache_destroy(zmq_segblk_cache);
}

void zmq_seg_get(const struct zmq_seg *seg)
{
	if (zmq_seg_is_skb(seg))
		skb_get(zmq_seg_skb(seg));
	else
		get_page(zmq_seg_page(seg));
}

void zmq_seg_put(const struct zmq_seg *seg)
{
	if (zmq_seg_is_skb(seg))
		consume_skb(zmq_seg_skb(seg));
	else
		put_page(zmq_seg_page(seg));
}

u32 zmq_seg_overhead(const struct zmq_seg *seg)
{
	const struct sk_buff *skb;

	if (!zmq_seg_is_skb(seg))
		return 0;
	skb = zmq_seg_skb(seg);
	return skb->truesize > skb->len ? skb->truesize - skb->len : 0;
}

/**
 * zmq_seg_copy_to_iter - copy a part of a segment to user memory
 * @seg: the segment
 * @off: first byte, from the segment's start
 * @len: bytes
 * @to: where to
 *
 * Context: process, no lock held.
 * Return: 0 or -EFAULT.
 */
int zmq_seg_copy_to_iter(const struct zmq_seg *seg, u32 off, u32 len,
			 struct iov_iter *to)
{
	if (zmq_seg_is_skb(seg))
		return skb_copy_datagram_iter(zmq_seg_skb(seg), seg->off + off,
					      to, len);
	if (copy_to_iter(zmq_seg_ptr(seg) + off, len, to) != len)
		return -EFAULT;
	return 0;
}

/* Copy @len bytes from byte @off of the segment to kernel memory. */
void zmq_seg_copy(const struct zmq_seg *seg, u32 off, u32 len, u8 *to)
{
	if (!zmq_seg_is_skb(seg))
		memcpy(to, zmq_seg_ptr(seg) + off, len);
	else if (skb_copy_bits(zmq_seg_skb(seg), seg->off + off, to, len))
		memset(to, 0, len);	/* cannot be: the range was checked */
}

static struct zmq_segblk *zmq_segblk_alloc(gfp_t gfp)
{
	struct zmq_segblk *blk = kmem_cache_alloc(zmq_segblk_cache, gfp);

	if (blk) {
		blk->next = NULL;
		blk->first = 0;
		blk->end = 0;
	}
	return blk;
}

static void zmq_segblk_free(struct zmq_segblk *blk)
{
	kmem_cache_free(zmq_segblk_cache, blk);
}

/* Link an empty block at the end. */
static void zmq_segq_link(struct zmq_segq *q, struct zmq_segblk *blk)
{
	if (!q->head)
		q->head = blk;
	else
		q->tail->next = blk;
	q->tail = blk;
}

static struct zmq_seg *zmq_segq_last(const struct zmq_segq *q)
{
	return &q->tail->seg[q->tail->end - 1];
}

/* Does @seg go on where the queue's last segment ends? */
static bool zmq_segq_extends(const struct zmq_segq *q,
			     const struct zmq_seg *seg)
{
	const struct zmq_seg *last;

	if (!q->nsegs || zmq_seg_is_skb(seg))
		return false;
	last = zmq_segq_last(q);
	return last->ref == seg->ref && last->off + last->len == seg->off;
}

/* Room for one more segment in the last block? */
static bool zmq_segq_room(const struct zmq_segq *q)
{
	return q->tail && q->tail->end < ZMQ_SEG_BLOCK;
}

static void zmq_segq_put_last(struct zmq_segq *q, const struct zmq_seg *seg)
{
	q->tail->seg[q->tail->end++] = *seg;
	q->nsegs++;
	WRITE_ONCE(q->bytes, q->bytes + seg->len);
}

/* Make the last segment longer if @seg goes on there; no reference needed. */
static bool zmq_segq_extend(struct zmq_segq *q, const struct zmq_seg *seg)
{
	if (!zmq_segq_extends(q, seg))
		return false;
	zmq_segq_last(q)->len += seg->len;
	WRITE_ONCE(q->bytes, q->bytes + seg->len);
	return true;
}

int zmq_segq_reserve(struct zmq_segq *q, u32 n, gfp_t gfp)
{
	if (q->spare || (q->tail && ZMQ_SEG_BLOCK - q->tail->end >= n))
		return 0;
	q->spare = zmq_segblk_alloc(gfp);
	return q->spare ? 0 : -ENOMEM;
}

/* The block to go on with: the one that was reserved, if any. */
static struct zmq_segblk *zmq_segq_next(struct zmq_segq *q, gfp_t gfp)
{
	struct zmq_segblk *blk = q->spare;

	q->spare = NULL;
	return blk ?: zmq_segblk_alloc(gfp);
}

int zmq_segq_push(struct zmq_segq *q, const struct zmq_seg *seg, gfp_t gfp)
{
	struct zmq_segblk *blk;

	if (zmq_segq_extend(q, seg)) {
		zmq_seg_put(seg);
		return 0;
	}
	if (!zmq_segq_room(q)) {
		blk = zmq_segq_next(q, gfp);
		if (!blk)
			return -ENOMEM;
		zmq_segq_link(q, blk);
	}
	zmq_segq_put_last(q, seg);
	return 0;
}

/* Free the first block unless it is the only one; that one is rewound. */
static void zmq_segq_drop_head(struct zmq_segq *q)
{
	struct zmq_segblk *blk = q->head;

	if (blk == q->tail) {
		blk->first = 0;
		blk->end = 0;
		return;
	}
	q->head = blk->next;
	zmq_segblk_free(blk);
}

/* Take the first segment out, reference and all. */
static struct zmq_seg zmq_segq_pop(struct zmq_segq *q)
{
	struct zmq_segblk *blk = q->head;
	struct zmq_seg seg = blk->seg[blk->first++];

	q->nsegs--;
	WRITE_ONCE(q->bytes, q->bytes - seg.len);
	if (blk->first == blk->end)
		zmq_segq_drop_head(q);
	return seg;
}

/* Onto an empty queue: its block, if it has one, serves @src from now on. */
static void zmq_segq_swap(struct zmq_segq *dst, struct zmq_segq *src)
{
	swap(dst->head, src->head);
	swap(dst->tail, src->tail);
	dst->nsegs = src->nsegs;
	src->nsegs = 0;
	WRITE_ONCE(dst->bytes, src->bytes);
	WRITE_ONCE(src->bytes, 0);
}

void zmq_segq_move(struct zmq_segq *dst, struct zmq_segq *src)
{
	if (!src->nsegs)
		return;
	if (!dst->nsegs) {
		zmq_segq_swap(dst, src);
		return;
	}
	while (src->nsegs) {
		struct zmq_seg seg;

		if (!zmq_segq_extends(dst, zmq_segq_first(src)) &&
		    !zmq_segq_room(dst))
			break;
		seg = zmq_segq_pop(src);
		zmq_segq_push(dst, &seg, 0);
	}
	if (!src->nsegs)
		return;
	/* The rest goes over block by block. */
	dst->tail->next = src->head;
	dst->tail = src->tail;
	dst->nsegs += src->nsegs;
	WRITE_ONCE(dst->bytes, dst->bytes + src->bytes);
	src->head = NULL;
	src->tail = NULL;
	src->nsegs = 0;
	WRITE_ONCE(src->bytes, 0);
}

int zmq_segq_copy(struct zmq_segq *dst, const struct zmq_segq *src, gfp_t gfp)
{
	const struct zmq_segblk *blk;
	u64 done = 0;
	int i;

	for (blk = src->head; blk; blk = blk->next) {
		for (i = blk->first; i < blk->end; i++) {
			const struct zmq_seg *seg = &blk->seg[i];

			if (zmq_segq_extend(dst, seg)) {
				done += seg->len;
				continue;
			}
			zmq_seg_get(seg);
			if (zmq_segq_push(dst, seg, gfp)) {
				zmq_seg_put(seg);
				zmq_segq_cut(dst, done);
				return -ENOMEM;
			}
			done += seg->len;
		}
	}
	return 0;
}

/* Move @bytes, fewer than its first segment has. */
static int zmq_segq_split(struct zmq_segq *dst, struct zmq_segq *src,
			  u64 bytes, gfp_t gfp)
{
	struct zmq_seg *first = zmq_segq_first(src);
	struct zmq_seg seg = *first;

	seg.len = bytes;
	zmq_seg_get(&seg);
	if (zmq_segq_push(dst, &seg, gfp)) {
		zmq_seg_put(&seg);
		return -ENOMEM;
	}
	first->off += bytes;
	first->len -= bytes;
	WRITE_ONCE(src->bytes, src->bytes - bytes);
	return 0;
}

int zmq_segq_take(struct zmq_segq *dst, struct zmq_segq *src, u64 bytes,
		  gfp_t gfp)
{
	struct zmq_segq got;
	int err = -ENOMEM;

	if (bytes == src->bytes) {
		zmq_segq_move(dst, src);
		return 0;
	}
	if (!bytes)
		return 0;
	if (bytes < zmq_segq_first(src)->len)
		return zmq_segq_split(dst, src, bytes, gfp);
	zmq_segq_init(&got);
	while (got.bytes < bytes) {
		struct zmq_seg seg = *zmq_segq_first(src);
		u64 left = bytes - got.bytes;

		if (seg.len <= left) {
			if (!zmq_segq_room(&got)) {
				struct zmq_segblk *blk = zmq_segblk_alloc(gfp);

				if (!blk)
					goto err_back;
				zmq_segq_link(&got, blk);
			}
			zmq_segq_pop(src);
			zmq_segq_put_last(&got, &seg);
			continue;
		}
		seg.len = left;
		zmq_seg_get(&seg);
		if (zmq_segq_push(&got, &seg, gfp)) {
			zmq_seg_put(&seg);
			goto err_back;
		}
		zmq_segq_first(src)->off += left;
		zmq_segq_first(src)->len -= left;
		WRITE_ONCE(src->bytes, src->bytes - left);
	}
	zmq_segq_move(dst, &got);
	err = 0;
	zmq_segq_free(&got);
	return err;

err_back:
	/* What was taken goes back in front. */
	zmq_segq_move(&got, src);
	zmq_segq_free(src);
	*src = got;
	return err;
}

u64 zmq_segq_trim(struct zmq_segq *q, u64 bytes)
{
	u64 overhead = 0;

	while (bytes) {
		struct zmq_seg *first = zmq_segq_first(q);

		if (first->len > bytes) {
			first->off += bytes;
			first->len -= bytes;
			WRITE_ONCE(q->bytes, q->bytes - bytes);
			break;
		}
		bytes -= first->len;
		overhead += zmq_seg_overhead(first);
		zmq_seg_put(first);
		zmq_segq_pop(q);
	}
	return overhead;
}

/* Keep *@keep bytes of a block, drop the segments behind them. */
static void zmq_segblk_cut(struct zmq_segq *q, struct zmq_segblk *blk,
			   u64 *keep)
{
	int end = blk->end;
	int i;

	for (i = blk->first; i < end; i++) {
		struct zmq_seg *seg = &blk->seg[i];

		if (*keep) {
			seg->len = min_t(u64, seg->len, *keep);
			*keep -= seg->len;
			continue;
		}
		zmq_seg_put(seg);
		q->nsegs--;
		blk->end--;
	}
}

void zmq_segq_cut(struct zmq_segq *q, u64 bytes)
{
	u64 keep = q->bytes - bytes;
	struct zmq_segblk *last = q->head;
	struct zmq_segblk *blk, *next;

	WRITE_ONCE(q->bytes, keep);
	for (blk = q->head; blk; blk = next) {
		next = blk->next;
		zmq_segblk_cut(q, blk, &keep);
		if (blk == q->head || blk->first < blk->end)
			last = blk;
		else
			zmq_segblk_free(blk);
	}
	if (!last)
		return;
	last->next = NULL;
	q->tail = last;
	if (!q->nsegs) {
		last->first = 0;
		last->end = 0;
	}
}

void zmq_segq_free(struct zmq_segq *q)
{
	struct zmq_segblk *blk, *next;
	int i;

	for (blk = q->head; blk; blk = next) {
		next = blk->next;
		for (i = blk->first; i < blk->end; i++)
			zmq_seg_put(&blk->seg[i]);
		zmq_segblk_free(blk);
	}
	if (q->spare)
		zmq_segblk_free(q->spare);
	zmq_segq_init(q);
}

u64 zmq_segq_overhead(const struct zmq_segq *q)
{
	const struct zmq_segblk *blk;
	u64 overhead = 0;
	int i;

	for (blk = q->head; blk; blk = blk->next)
		for (i = blk->first; i < blk->end; i++)
			overhead += zmq_seg_overhead(&blk->seg[i]);
	return overhead;
}

void zmq_segq_peek(const struct zmq_segq *q, u64 off, u32 len, u8 *to)
{
	const struct zmq_segblk *blk;
	int i;

	for (blk = q->head; blk && len; blk = blk->next) {
		for (i = blk->first; i < blk->end && len; i++) {
			const struct zmq_seg *seg = &blk->seg[i];
			u32 n;

			if (off >= seg->len) {
				off -= seg->len;
				continue;
			}
			n = min_t(u64, len, seg->len - off);
			zmq_seg_copy(seg, off, n, to);
			to += n;
			len -= n;
			off = 0;
		}
	}
}

void zmq_segq_header(const struct zmq_segq *q, struct zmq_zmtp_hdr *hdr)
{
	const struct zmq_seg *seg = zmq_segq_first(q);

	zmq_zmtp_hdr_decode(hdr, zmq_seg_ptr(seg), seg->len, ZMQ_ZMTP_3_1);
}

bool zmq_segq_header_at(const struct zmq_segq *q, u64 off,
			struct zmq_zmtp_hdr *hdr)
{
	u8 raw[ZMQ_ZMTP_HDR_LONG];
	u32 n = min_t(u64, sizeof(raw), q->bytes - off);

	zmq_segq_peek(q, off, n, raw);
	return zmq_zmtp_hdr_decode(hdr, raw, n, ZMQ_ZMTP_3_1) > 0;
}

/*
 * Short messages of one part, what most are, as far as they lie in one piece.
 * Goes on behind them, not beyond @max messages or @room bytes.
 */
static u32 zmq_segcur_short(struct zmq_segcur *cur, u32 max, u64 room)
{
	const struct zmq_seg *seg = &cur->blk->seg[cur->i];
	u32 end = min_t(u64, seg->len, cur->off + room);
	u32 at = cur->off, next, n;
	const u8 *p;

	if (zmq_seg_is_skb(seg))
		return 0;
	p = zmq_seg_ptr(seg);
	for (n = 0; n < max && at + ZMQ_ZMTP_HDR_SHORT <= end; n++) {
		next = at + ZMQ_ZMTP_HDR_SHORT + p[at + 1];
		/* No flag is set. */
		if (p[at] || next > end)
			break;
		at = next;
	}
	zmq_segcur_skip(cur, at - cur->off);
	return n;
}

u64 zmq_segcur_run(struct zmq_segcur *cur, u32 max, u64 room, u32 *msgs,
		   u64 *body)
{
	struct zmq_segcur at;
	u64 bytes = 0, one, len;
	u32 off, n;

	*msgs = 0;
	*body = 0;
	while (cur->blk && *msgs < max) {
		at = *cur;
		off = cur->off;
		n = bytes < room ?
		    zmq_segcur_short(cur, max - *msgs, room - bytes) : 0;
		if (n) {
			/* All in one segment: it may have ended there. */
			len = (cur->blk == at.blk && cur->i == at.i ? cur->off :
			       at.blk->seg[at.i].len) - off;
			bytes += len;
			*body += len - n * ZMQ_ZMTP_HDR_SHORT;
			*msgs += n;
			continue;
		}
		len = 0;
		one = zmq_segcur_msg(cur, &len);
		if (*msgs && bytes + one > room) {
			*cur = at;
			break;
		}
		bytes += one;
		*body += len;
		++*msgs;
	}
	return bytes;
}

/* The header of the frame that begins there.  Return: is all of it there? */
static bool zmq_segcur_decode(struct zmq_segcur cur, struct zmq_zmtp_hdr *hdr)
{
	u8 raw[ZMQ_ZMTP_HDR_LONG];
	u32 n = 0, len;

	while (cur.blk && n < sizeof(raw)) {
		len = min_t(u32, sizeof(raw) - n, zmq_segcur_len(&cur));
		zmq_seg_copy(&cur.blk->seg[cur.i], cur.off, len, raw + n);
		zmq_segcur_skip(&cur, len);
		n += len;
	}
	return zmq_zmtp_hdr_decode(hdr, raw, n, ZMQ_ZMTP_3_1) > 0;
}

/* Parts and segments are as many as the peer likes: each is looked at once. */
u64 zmq_segq_msg_bytes(const struct zmq_segq *q)
{
	struct zmq_zmtp_hdr hdr;
	struct zmq_segcur cur;
	u64 bytes = 0;

	zmq_segcur_init(&cur, q);
	do {
		if (!zmq_segcur_decode(cur, &hdr))
			return q->bytes;
		bytes += hdr.size + hdr.len;
		zmq_segcur_skip(&cur, hdr.size + hdr.len);
	} while (hdr.flags & ZMQ_ZMTP_MORE && cur.blk);
	return bytes;
}
