// SPDX-License-Identifier: GPL-2.0
/*
 * Queues of segments of seg.c against arrays of bytes, and the references they
 * hold counted one by one.
 */
#include "fixture.h"

#define SEG_QUEUES	3
#define SEG_PAGES	4
#define SEG_SKBS	4
#define SEG_SKB_LEN	3000
#define SEG_BYTES	6000	/* longest queue of the model */
#define SEG_UNIT	7	/* bytes of a segment where their number counts */

/**
 * struct seg_queue - a queue, and what should be in it
 * @q: the queue
 * @want: its bytes
 * @len: how many
 */
struct seg_queue {
	struct zmq_segq	q;
	u8		want[SEG_BYTES];
	u32		len;
};

/**
 * struct seg_model - some queues, and what their segments are made of
 * @queue: the queues
 * @page: pages of random bytes, one reference each
 * @skb: the same, half of the bytes in the linear part
 * @got: for bytes read back
 * @seed: of the random numbers
 */
struct seg_model {
	struct seg_queue	queue[SEG_QUEUES];
	struct page		*page[SEG_PAGES];
	struct sk_buff		*skb[SEG_SKBS];
	u8			got[SEG_BYTES];
	u32			seed;
};

static u32 seg_random(struct seg_model *m, u32 n)
{
	m->seed = m->seed * 1664525 + 1013904223;
	return (m->seed >> 8) % n;
}

static void seg_random_bytes(struct seg_model *m, u8 *p, u32 len)
{
	while (len--)
		*p++ = seg_random(m, 256);
}

static struct sk_buff *seg_make_skb(struct seg_model *m)
{
	struct sk_buff *skb;
	int err;

	skb = alloc_skb_with_frags(SEG_SKB_LEN / 2, SEG_SKB_LEN / 2, 0, &err,
				   GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_put(skb, SEG_SKB_LEN / 2);
	skb->data_len = SEG_SKB_LEN / 2;
	skb->len += skb->data_len;
	seg_random_bytes(m, m->got, SEG_SKB_LEN);
	skb_store_bits(skb, 0, m->got, SEG_SKB_LEN);
	return skb;
}

static int seg_init(struct kunit *test)
{
	struct seg_model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	int i;

	if (!m)
		return -ENOMEM;
	test->priv = m;
	m->seed = 1;
	for (i = 0; i < SEG_PAGES; i++) {
		m->page[i] = alloc_page(GFP_KERNEL);
		if (!m->page[i])
			return -ENOMEM;
		seg_random_bytes(m, page_address(m->page[i]), PAGE_SIZE);
	}
	for (i = 0; i < SEG_SKBS; i++) {
		m->skb[i] = seg_make_skb(m);
		if (!m->skb[i])
			return -ENOMEM;
	}
	return 0;
}

/* How many segments of all queues refer to @ref? */
static int seg_count_refs(struct seg_model *m, unsigned long ref)
{
	const struct zmq_segblk *blk;
	int i, j, n = 0;

	for (i = 0; i < SEG_QUEUES; i++)
		for (blk = m->queue[i].q.head; blk; blk = blk->next)
			for (j = blk->first; j < blk->end; j++)
				n += blk->seg[j].ref == ref;
	return n;
}

/* Each page and skb has a reference per segment, besides the model's own. */
static void seg_check_refs(struct kunit *test)
{
	struct seg_model *m = test->priv;
	unsigned long ref;
	int i;

	for (i = 0; i < SEG_PAGES; i++) {
		ref = (unsigned long)m->page[i];
		KUNIT_EXPECT_EQ(test, page_ref_count(m->page[i]),
				1 + seg_count_refs(m, ref));
	}
	for (i = 0; i < SEG_SKBS; i++) {
		ref = (unsigned long)m->skb[i] | ZMQ_SEG_SKB;
		KUNIT_EXPECT_EQ(test, refcount_read(&m->skb[i]->users),
				1 + seg_count_refs(m, ref));
	}
}

/* The blocks are linked as they should be and count what the queue says. */
static void seg_check_blocks(struct kunit *test, const struct zmq_segq *q)
{
	const struct zmq_segblk *blk, *last = NULL;
	u32 nsegs = 0;
	u64 bytes = 0, overhead = 0;
	int i;

	for (blk = q->head; blk; blk = blk->next) {
		KUNIT_EXPECT_LE(test, blk->end, ZMQ_SEG_BLOCK);
		if (blk->first == blk->end)
			KUNIT_EXPECT_PTR_EQ(test, q->head, q->tail);
		for (i = blk->first; i < blk->end; i++) {
			KUNIT_EXPECT_GT(test, blk->seg[i].len, 0);
			bytes += blk->seg[i].len;
			overhead += zmq_seg_overhead(&blk->seg[i]);
			nsegs++;
		}
		last = blk;
	}
	KUNIT_EXPECT_PTR_EQ(test, (const struct zmq_segblk *)q->tail, last);
	KUNIT_EXPECT_EQ(test, q->nsegs, nsegs);
	KUNIT_EXPECT_EQ(test, q->bytes, bytes);
	KUNIT_EXPECT_EQ(test, zmq_segq_overhead(q), overhead);
	KUNIT_EXPECT_EQ(test, zmq_segq_empty(q), !bytes);
}

/* Everything is as in the model. */
static void seg_check(struct kunit *test)
{
	struct seg_model *m = test->priv;
	struct seg_queue *a;
	int i;

	for (i = 0; i < SEG_QUEUES; i++) {
		a = &m->queue[i];
		seg_check_blocks(test, &a->q);
		KUNIT_ASSERT_EQ(test, a->q.bytes, a->len);
		zmq_segq_peek(&a->q, 0, a->len, m->got);
		KUNIT_ASSERT_EQ(test, memcmp(m->got, a->want, a->len), 0);
	}
	seg_check_refs(test);
}

static void seg_exit(struct kunit *test)
{
	struct seg_model *m = test->priv;
	int i;

	if (!m)
		return;
	for (i = 0; i < SEG_QUEUES; i++) {
		zmq_segq_free(&m->queue[i].q);
		KUNIT_EXPECT_NULL(test, m->queue[i].q.head);
		KUNIT_EXPECT_NULL(test, m->queue[i].q.tail);
		KUNIT_EXPECT_EQ(test, m->queue[i].q.bytes, 0);
		KUNIT_EXPECT_EQ(test, m->queue[i].q.nsegs, 0);
	}
	for (i = 0; i < SEG_PAGES && m->page[i]; i++) {
		KUNIT_EXPECT_EQ(test, page_ref_count(m->page[i]), 1);
		__free_page(m->page[i]);
	}
	for (i = 0; i < SEG_SKBS && m->skb[i]; i++) {
		KUNIT_EXPECT_EQ(test, refcount_read(&m->skb[i]->users), 1);
		kfree_skb(m->skb[i]);
	}
}

/* Operations on the queues and on the model alike. */

static void seg_push(struct kunit *test, struct seg_queue *a,
		     const struct zmq_seg *seg)
{
	zmq_seg_copy(seg, 0, seg->len, a->want + a->len);
	zmq_seg_get(seg);
	a->len += seg->len;
	KUNIT_EXPECT_EQ(test, zmq_segq_push(&a->q, seg, GFP_KERNEL), 0);
}

static void seg_push_page(struct kunit *test, struct seg_queue *a, int i,
			  u32 off, u32 len)
{
	struct seg_model *m = test->priv;
	struct zmq_seg seg = {
		.ref = (unsigned long)m->page[i],
		.off = off,
		.len = len,
	};

	seg_push(test, a, &seg);
}

static void seg_push_skb(struct kunit *test, struct seg_queue *a, int i,
			 u32 off, u32 len)
{
	struct seg_model *m = test->priv;
	struct zmq_seg seg = {
		.ref = (unsigned long)m->skb[i] | ZMQ_SEG_SKB,
		.off = off,
		.len = len,
	};

	seg_push(test, a, &seg);
}

/* @n segments that do not touch each other. */
static void seg_push_units(struct kunit *test, struct seg_queue *a, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		seg_push_page(test, a, i % SEG_PAGES, i * (SEG_UNIT + 1),
			      SEG_UNIT);
}

static void seg_model_append(struct seg_queue *dst, const u8 *p, u32 n)
{
	memcpy(dst->want + dst->len, p, n);
	dst->len += n;
}

static void seg_model_trim(struct seg_queue *a, u32 n)
{
	a->len -= n;
	memmove(a->want, a->want + n, a->len);
}

static void seg_trim(struct kunit *test, struct seg_queue *a, u32 n)
{
	u64 overhead = zmq_segq_overhead(&a->q);

	overhead -= zmq_segq_trim(&a->q, n);
	seg_model_trim(a, n);
	KUNIT_EXPECT_EQ(test, zmq_segq_overhead(&a->q), overhead);
}

static void seg_cut(struct seg_queue *a, u32 n)
{
	zmq_segq_cut(&a->q, n);
	a->len -= n;
}

static void seg_move(struct seg_queue *dst, struct seg_queue *src)
{
	zmq_segq_move(&dst->q, &src->q);
	seg_model_append(dst, src->want, src->len);
	src->len = 0;
}

static void seg_copy(struct kunit *test, struct seg_queue *dst,
		     struct seg_queue *src)
{
	KUNIT_EXPECT_EQ(test, zmq_segq_copy(&dst->q, &src->q, GFP_KERNEL), 0);
	seg_model_append(dst, src->want, src->len);
}

static void seg_take(struct kunit *test, struct seg_queue *dst,
		     struct seg_queue *src, u32 n)
{
	KUNIT_EXPECT_EQ(test, zmq_segq_take(&dst->q, &src->q, n, GFP_KERNEL),
			0);
	seg_model_append(dst, src->want, n);
	seg_model_trim(src, n);
}

static void seg_free(struct seg_queue *a)
{
	zmq_segq_free(&a->q);
	a->len = 0;
}

static void seg_peek(struct kunit *test, struct seg_queue *a)
{
	struct seg_model *m = test->priv;
	u32 off = seg_random(m, a->len + 1);
	u32 len = seg_random(m, a->len - off + 1);

	zmq_segq_peek(&a->q, off, len, m->got);
	KUNIT_EXPECT_EQ(test, memcmp(m->got, a->want + off, len), 0);
}

/* One more segment, often where the last one ends. */
static void seg_push_random(struct kunit *test, struct seg_queue *a)
{
	struct seg_model *m = test->priv;
	u32 len = 1 + seg_random(m, seg_random(m, 8) ? 40 : 600);
	u32 off = seg_random(m, SEG_SKB_LEN - 1000);
	int i = seg_random(m, SEG_PAGES);
	const struct zmq_seg *last;

	if (a->q.nsegs && seg_random(m, 2)) {
		last = &a->q.tail->seg[a->q.tail->end - 1];
		if (last->off + last->len + len <= SEG_SKB_LEN)
			off = last->off + last->len;
		while (seg_random(m, 2) &&
		       last->ref != (unsigned long)m->page[i])
			i = seg_random(m, SEG_PAGES);
	}
	if (seg_random(m, 3))
		seg_push_page(test, a, i, off, len);
	else
		seg_push_skb(test, a, i, off, len);
}

static void seg_step(struct kunit *test)
{
	struct seg_model *m = test->priv;
	int i = seg_random(m, SEG_QUEUES);
	struct seg_queue *a = &m->queue[i];
	struct seg_queue *b = &m->queue[(i + 1) % SEG_QUEUES];
	u32 n = seg_random(m, 4) ? seg_random(m, a->len + 1) / 4 : a->len;

	/* There is room for all that may come. */
	if (a->len + b->len > SEG_BYTES - 600)
		seg_trim(test, a, a->len);
	n = min(n, a->len);
	switch (seg_random(m, 16)) {
	case 0:
		return seg_move(b, a);
	case 1:
		return seg_copy(test, b, a);
	case 2:
		return seg_take(test, b, a, n);
	case 3:
		return seg_trim(test, a, n);
	case 4:
		return seg_cut(a, n);
	case 5:
		return seg_random(m, 8) ? seg_peek(test, a) : seg_free(a);
	default:
		return seg_push_random(test, a);
	}
}

static void segq__random_steps(struct kunit *test)
{
	int i;

	for (i = 0; i < 20000; i++) {
		seg_step(test);
		seg_check(test);
	}
}

/* Numbers of segments around a block's. */
static const u32 seg_counts[] = {
	1, 2, ZMQ_SEG_BLOCK - 1, ZMQ_SEG_BLOCK, ZMQ_SEG_BLOCK + 1,
	2 * ZMQ_SEG_BLOCK - 1, 2 * ZMQ_SEG_BLOCK, 2 * ZMQ_SEG_BLOCK + 1,
	3 * ZMQ_SEG_BLOCK,
};

static void seg_count_desc(const u32 *n, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u segments", *n);
}

KUNIT_ARRAY_PARAM(seg_count, seg_counts, seg_count_desc);

static void segq_push__blocks(struct kunit *test)
{
	u32 n = *(const u32 *)test->param_value;
	struct seg_model *m = test->priv;
	const struct zmq_segblk *blk;
	u32 blocks = 0;

	seg_push_units(test, &m->queue[0], n);
	seg_check(test);
	for (blk = m->queue[0].q.head; blk; blk = blk->next)
		blocks++;
	KUNIT_EXPECT_EQ(test, m->queue[0].q.nsegs, n);
	KUNIT_EXPECT_EQ(test, blocks, DIV_ROUND_UP(n, ZMQ_SEG_BLOCK));
}

static void segq_take__every_length(struct kunit *test)
{
	u32 n = *(const u32 *)test->param_value;
	struct seg_model *m = test->priv;
	struct seg_queue *a = &m->queue[0], *b = &m->queue[1];
	u32 len;

	for (len = 0; len <= n * SEG_UNIT; len++) {
		seg_push_units(test, a, n);
		seg_push_units(test, b, len % (ZMQ_SEG_BLOCK + 2));
		seg_take(test, b, a, len);
		seg_check(test);
		seg_trim(test, a, a->len);
		seg_trim(test, b, b->len);
		seg_check(test);
	}
}

static void segq_trim__every_length(struct kunit *test)
{
	u32 n = *(const u32 *)test->param_value;
	struct seg_model *m = test->priv;
	struct seg_queue *a = &m->queue[0];
	u32 len;

	for (len = 0; len <= n * SEG_UNIT; len++) {
		seg_push_units(test, a, n);
		seg_trim(test, a, len);
		seg_check(test);
		seg_cut(a, a->len);
	}
}

/* Also with segments in front that are gone, and others pushed after. */
static void segq_cut__every_length(struct kunit *test)
{
	u32 n = *(const u32 *)test->param_value;
	struct seg_model *m = test->priv;
	struct seg_queue *a = &m->queue[0];
	u32 len;

	for (len = 0; len <= n * SEG_UNIT; len++) {
		seg_push_units(test, a, n + len % ZMQ_SEG_BLOCK);
		seg_trim(test, a, len % ZMQ_SEG_BLOCK * SEG_UNIT);
		seg_cut(a, len);
		seg_check(test);
		seg_push_skb(test, a, 0, 1, 5);
		seg_check(test);
		if (len % 2)
			seg_free(a);
		else
			seg_trim(test, a, a->len);
	}
}

static void segq_move__onto_any(struct kunit *test)
{
	u32 n = *(const u32 *)test->param_value;
	struct seg_model *m = test->priv;
	struct seg_queue *a = &m->queue[0], *b = &m->queue[1];
	u32 there;

	for (there = 0; there <= 2 * ZMQ_SEG_BLOCK + 1; there++) {
		seg_push_units(test, a, n + there % 3);
		seg_trim(test, a, there % 3 * SEG_UNIT);
		seg_push_units(test, b, there);
		seg_move(b, a);
		seg_check(test);
		seg_push_skb(test, a, 1, 0, 3);
		seg_push_skb(test, b, 1, 0, 3);
		seg_check(test);
		seg_trim(test, a, a->len);
		seg_trim(test, b, b->len);
	}
}

static void segq_copy__leaves_the_source(struct kunit *test)
{
	u32 n = *(const u32 *)test->param_value;
	struct seg_model *m = test->priv;

	seg_push_units(test, &m->queue[0], n);
	seg_push_units(test, &m->queue[1], 3);
	seg_copy(test, &m->queue[1], &m->queue[0]);
	seg_copy(test, &m->queue[2], &m->queue[0]);
	seg_check(test);
	seg_free(&m->queue[0]);
	seg_check(test);
}

/* A queue that ran empty keeps one block, from its beginning. */
static void segq_trim__empty_block_stays(struct kunit *test)
{
	struct seg_model *m = test->priv;
	struct seg_queue *a = &m->queue[0];

	seg_push_units(test, a, 2 * ZMQ_SEG_BLOCK + 1);
	seg_trim(test, a, a->len);
	KUNIT_ASSERT_NOT_NULL(test, a->q.head);
	KUNIT_EXPECT_PTR_EQ(test, a->q.head, a->q.tail);
	KUNIT_EXPECT_NULL(test, a->q.head->next);
	KUNIT_EXPECT_EQ(test, a->q.head->first, 0);
	KUNIT_EXPECT_EQ(test, a->q.head->end, 0);
	seg_push_units(test, a, ZMQ_SEG_BLOCK);
	KUNIT_EXPECT_PTR_EQ(test, a->q.head, a->q.tail);
	seg_cut(a, a->len);
	KUNIT_ASSERT_NOT_NULL(test, a->q.head);
	KUNIT_EXPECT_EQ(test, a->q.head->first, 0);
	KUNIT_EXPECT_EQ(test, a->q.head->end, 0);
	seg_check(test);
}

/* Blocks of a queue, reserved or not. */
static u32 seg_blocks(const struct zmq_segq *q)
{
	const struct zmq_segblk *blk;
	u32 n = !!q->spare;

	for (blk = q->head; blk; blk = blk->next)
		n++;
	return n;
}

/* What was reserved is there to be used, whatever has gone on since. */
static void segq_reserve__is_used(struct kunit *test)
{
	u32 n = *(const u32 *)test->param_value;
	struct seg_model *m = test->priv;
	struct seg_queue *a = &m->queue[0];
	u32 want, i;

	seg_push_units(test, a, n);
	for (want = 1; want <= ZMQ_SEG_BLOCK; want++) {
		u32 blocks;

		KUNIT_ASSERT_EQ(test, zmq_segq_reserve(&a->q, want,
						       GFP_KERNEL), 0);
		blocks = seg_blocks(&a->q);
		/* Once more is no more. */
		KUNIT_EXPECT_EQ(test, zmq_segq_reserve(&a->q, want, 0), 0);
		KUNIT_EXPECT_EQ(test, seg_blocks(&a->q), blocks);
		seg_check(test);
		for (i = 0; i < want; i++)
			seg_push_units(test, a, 1);
		KUNIT_EXPECT_EQ(test, seg_blocks(&a->q), blocks);
		seg_check(test);
		seg_trim(test, a, want * SEG_UNIT);
	}
}

/* It stays with the queue when what is in it goes, and ends with it. */
static void segq_reserve__stays(struct kunit *test)
{
	u32 n = *(const u32 *)test->param_value;
	struct seg_model *m = test->priv;
	struct seg_queue *a = &m->queue[0];

	seg_push_units(test, a, n);
	KUNIT_ASSERT_EQ(test, zmq_segq_reserve(&a->q, ZMQ_SEG_BLOCK,
					       GFP_KERNEL), 0);
	seg_move(&m->queue[1], a);
	seg_check(test);
	KUNIT_EXPECT_LE(test, 1, seg_blocks(&a->q));
	KUNIT_EXPECT_EQ(test, zmq_segq_reserve(&a->q, ZMQ_SEG_BLOCK, 0), 0);
	seg_push_units(test, a, ZMQ_SEG_BLOCK);
	seg_check(test);
	KUNIT_ASSERT_EQ(test, zmq_segq_reserve(&a->q, 1, GFP_KERNEL), 0);
	seg_free(a);
	KUNIT_EXPECT_NULL(test, a->q.spare);
	seg_check(test);
}

static void segq_push__extends(struct kunit *test)
{
	struct seg_model *m = test->priv;
	struct seg_queue *a = &m->queue[0];

	seg_push_page(test, a, 0, 10, 5);
	seg_push_page(test, a, 0, 15, 1);
	KUNIT_EXPECT_EQ(test, a->q.nsegs, 1);
	KUNIT_EXPECT_EQ(test, page_ref_count(m->page[0]), 2);
	seg_push_page(test, a, 0, 17, 1);	/* a gap */
	seg_push_page(test, a, 1, 18, 1);	/* another page */
	seg_push_skb(test, a, 0, 0, 4);
	seg_push_skb(test, a, 0, 4, 4);		/* never */
	KUNIT_EXPECT_EQ(test, a->q.nsegs, 5);
	seg_check(test);
	/* No memory is needed, so none is missing. */
	seg_trim(test, a, a->len);
	seg_push_units(test, a, ZMQ_SEG_BLOCK);
	seg_push_page(test, a, (ZMQ_SEG_BLOCK - 1) % SEG_PAGES,
		      (ZMQ_SEG_BLOCK - 1) * (SEG_UNIT + 1) + SEG_UNIT, 3);
	KUNIT_EXPECT_PTR_EQ(test, a->q.head, a->q.tail);
	seg_check(test);
}

static void seg_overhead__of_skb_and_page(struct kunit *test)
{
	struct seg_model *m = test->priv;
	struct seg_queue *a = &m->queue[0];
	u32 each = m->skb[0]->truesize - SEG_SKB_LEN;

	seg_push_page(test, a, 0, 0, 100);
	KUNIT_EXPECT_EQ(test, zmq_segq_overhead(&a->q), 0);
	seg_push_skb(test, a, 0, 0, 10);
	seg_push_skb(test, a, 0, 10, 10);
	KUNIT_EXPECT_EQ(test, zmq_segq_overhead(&a->q), 2 * each);
	/* It ends with the segment's last byte. */
	KUNIT_EXPECT_EQ(test, zmq_segq_trim(&a->q, 109), 0);
	KUNIT_EXPECT_EQ(test, zmq_segq_trim(&a->q, 1), each);
	m->skb[0]->truesize -= each + 1;
	KUNIT_EXPECT_EQ(test, zmq_segq_overhead(&a->q), 0);
	m->skb[0]->truesize += each + 1;
}

static void seg_copy_to_iter__of_skb_and_page(struct kunit *test)
{
	struct seg_model *m = test->priv;
	struct kvec vec = { .iov_base = m->got, .iov_len = 1000 };
	struct zmq_seg seg[2] = {
		{ (unsigned long)m->page[0], 100, 1200 },
		{ (unsigned long)m->skb[0] | ZMQ_SEG_SKB, 1000, 1200 },
	};
	struct iov_iter to;
	u8 *want;
	int i;

	want = kunit_kmalloc(test, 1000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, want);
	for (i = 0; i < 2; i++) {
		iov_iter_kvec(&to, READ, &vec, 1, 1000);
		KUNIT_EXPECT_EQ(test, zmq_seg_copy_to_iter(&seg[i], 150, 1000,
							   &to), 0);
		KUNIT_EXPECT_EQ(test, iov_iter_count(&to), 0);
		zmq_seg_copy(&seg[i], 150, 1000, want);
		KUNIT_EXPECT_EQ(test, memcmp(m->got, want, 1000), 0);
	}
	/* No room there. */
	KUNIT_EXPECT_EQ(test, zmq_seg_copy_to_iter(&seg[0], 0, 1, &to),
			-EFAULT);
}

/* Messages of one and of several parts, cut into segments of each length. */
static void segq_msg_bytes__any_segments(struct kunit *test)
{
	static const u32 lens[] = { 0, 255, 256, 3, 300 };
	struct seg_model *m = test->priv;
	struct seg_queue *a = &m->queue[0];
	u8 *p = page_address(m->page[0]);
	u32 i, n = 0, msg = 0, off, seg;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		n += zmq_zmtp_hdr_encode(p + n, i < 3 ? ZMQ_ZMTP_MORE : 0,
					 lens[i]);
		n += lens[i];
		if (i == 3)
			msg = n;
	}
	for (seg = 1; seg <= 20; seg++) {
		/* They would be joined if they lay in one page. */
		memcpy(page_address(m->page[1]), p, n);
		for (off = 0; off < n; off += seg)
			seg_push_page(test, a, off / seg % 2, off,
				      min(seg, n - off));
		KUNIT_EXPECT_EQ(test, zmq_segq_msg_bytes(&a->q), msg);
		seg_trim(test, a, msg);
		KUNIT_EXPECT_EQ(test, zmq_segq_msg_bytes(&a->q), 9 + 300);
		seg_trim(test, a, a->len);
	}
}

/* Parts of the messages that segcur_run__as_one_by_one() looks at. */
static const struct {
	u32	len;
	u8	flags;
} seg_run_parts[] = {
	{ 5 }, { 0 }, { 255 }, { 3, ZMQ_ZMTP_MORE }, { 0, ZMQ_ZMTP_MORE },
	{ 7 }, { 300 }, { 1 }, { 2 }, { 256, ZMQ_ZMTP_MORE }, { 9 }, { 4 },
};

/*
 * Put them into @a, each header in one piece, each body cut after @cut bytes.
 * Return: bytes.
 */
static u32 seg_push_parts(struct kunit *test, struct seg_queue *a, u32 cut)
{
	struct seg_model *m = test->priv;
	u8 *p = page_address(m->page[0]);
	u32 i, n, first, off = 0, page = 0;

	for (i = 0; i < ARRAY_SIZE(seg_run_parts); i++) {
		n = zmq_zmtp_hdr_encode(p + off, seg_run_parts[i].flags,
					seg_run_parts[i].len);
		first = n + min(seg_run_parts[i].len, cut);
		n += seg_run_parts[i].len;
		memcpy(page_address(m->page[1]) + off, p + off, n);
		seg_push_page(test, a, page, off, first);
		if (n > first) {
			page = !page;
			seg_push_page(test, a, page, off + first, n - first);
		}
		off += n;
	}
	return off;
}

/* What zmq_segcur_run() should find, message by message. */
static u64 seg_run_want(const struct zmq_segq *q, u32 max, u64 room, u32 *msgs,
			u64 *body)
{
	struct zmq_segcur cur;
	u64 bytes = 0, one, len;

	zmq_segcur_init(&cur, q);
	*msgs = 0;
	*body = 0;
	while (cur.blk && *msgs < max) {
		len = 0;
		one = zmq_segcur_msg(&cur, &len);
		if (*msgs && bytes + one > room)
			break;
		bytes += one;
		*body += len;
		++*msgs;
	}
	return bytes;
}

static void segcur_run__as_one_by_one(struct kunit *test)
{
	struct seg_model *m = test->priv;
	struct seg_queue *a = &m->queue[0];
	u32 cut, max, room, n, msgs, want_msgs;
	u64 body, want_body, bytes;
	struct zmq_segcur cur, end;

	for (cut = 0; cut < 300; cut += 50) {
		n = seg_push_parts(test, a, cut);
		for (room = 0; room <= n + 1; room++) {
			max = 1 + room % 10;
			zmq_segcur_init(&cur, &a->q);
			bytes = zmq_segcur_run(&cur, max, room, &msgs, &body);
			KUNIT_ASSERT_EQ(test, bytes,
					seg_run_want(&a->q, max, room,
						     &want_msgs, &want_body));
			KUNIT_ASSERT_EQ(test, msgs, want_msgs);
			KUNIT_ASSERT_EQ(test, body, want_body);
			zmq_segcur_init(&end, &a->q);
			zmq_segcur_skip(&end, bytes);
			KUNIT_ASSERT_PTR_EQ(test, cur.blk, end.blk);
			KUNIT_ASSERT_EQ(test, cur.off, end.off);
		}
		seg_trim(test, a, a->len);
	}
}

static void segq_header__in_place(struct kunit *test)
{
	struct seg_model *m = test->priv;
	struct seg_queue *a = &m->queue[0];
	u8 *p = page_address(m->page[0]);
	struct zmq_zmtp_hdr hdr;

	zmq_zmtp_hdr_encode(p, ZMQ_ZMTP_MORE, 5);
	zmq_zmtp_hdr_encode(p + 7, 0, 70000);
	seg_push_page(test, a, 0, 0, 7);
	seg_push_page(test, a, 0, 7, ZMQ_ZMTP_HDR_LONG);
	seg_push_skb(test, a, 0, 0, 100);
	zmq_segq_header(&a->q, &hdr);
	KUNIT_EXPECT_EQ(test, hdr.len, 5);
	KUNIT_EXPECT_EQ(test, hdr.size, ZMQ_ZMTP_HDR_SHORT);
	KUNIT_EXPECT_EQ(test, hdr.flags, ZMQ_ZMTP_MORE);
	seg_trim(test, a, 7);
	zmq_segq_header(&a->q, &hdr);
	KUNIT_EXPECT_EQ(test, hdr.len, 70000);
	KUNIT_EXPECT_EQ(test, hdr.size, ZMQ_ZMTP_HDR_LONG);
	KUNIT_EXPECT_EQ(test, hdr.flags, 0);
}

static struct kunit_case seg_cases[] = {
	KUNIT_CASE(segq__random_steps),
	KUNIT_CASE_PARAM(segq_push__blocks, seg_count_gen_params),
	KUNIT_CASE_PARAM(segq_take__every_length, seg_count_gen_params),
	KUNIT_CASE_PARAM(segq_trim__every_length, seg_count_gen_params),
	KUNIT_CASE_PARAM(segq_cut__every_length, seg_count_gen_params),
	KUNIT_CASE_PARAM(segq_move__onto_any, seg_count_gen_params),
	KUNIT_CASE_PARAM(segq_copy__leaves_the_source, seg_count_gen_params),
	KUNIT_CASE(segq_trim__empty_block_stays),
	KUNIT_CASE_PARAM(segq_reserve__is_used, seg_count_gen_params),
	KUNIT_CASE_PARAM(segq_reserve__stays, seg_count_gen_params),
	KUNIT_CASE(segq_push__extends),
	KUNIT_CASE(seg_overhead__of_skb_and_page),
	KUNIT_CASE(seg_copy_to_iter__of_skb_and_page),
	KUNIT_CASE(segq_msg_bytes__any_segments),
	KUNIT_CASE(segcur_run__as_one_by_one),
	KUNIT_CASE(segq_header__in_place),
	{}
};

static struct kunit_suite seg_suite = {
	.name = "zmq_seg",
	.suite_init = zmq_fixture_start,
	.suite_exit = zmq_fixture_stop,
	.init = seg_init,
	.exit = seg_exit,
	.test_cases = seg_cases,
};

kunit_test_suite(seg_suite);
