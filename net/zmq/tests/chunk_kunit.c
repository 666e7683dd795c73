// SPDX-License-Identifier: GPL-2.0
/*
 * Chunk pools of chunk.c: what was handed out is not written again while
 * somebody reads it, and is used again when nobody does.
 */
#include "fixture.h"

#define CHUNK_LARGE	((u32)PAGE_SIZE << ZMQ_CHUNK_ORDER)
#define CHUNK_READERS	6
#define CHUNK_BYTES	(4 * CHUNK_LARGE)	/* a reader's at most */

/**
 * struct chunk_reader - who reads what was written
 * @q: unread bytes
 * @seed: of the number that the first of them is
 * @next: and of the next to be written
 */
struct chunk_reader {
	struct zmq_segq	q;
	u32		seed;
	u32		next;
};

/**
 * struct chunk_model - a pool and its readers
 * @pool: the pool
 * @reader: the readers
 * @seed: of the random numbers
 */
struct chunk_model {
	struct zmq_chunk_pool	pool;
	struct chunk_reader	reader[CHUNK_READERS];
	u32			seed;
};

/* The next of a row of bytes that repeats itself late. */
static u8 chunk_byte(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 24;
}

static u32 chunk_random(struct chunk_model *m, u32 n)
{
	chunk_byte(&m->seed);
	return (m->seed >> 8) % n;
}

static int chunk_init(struct kunit *test)
{
	struct chunk_model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	int i;

	if (!m)
		return -ENOMEM;
	test->priv = m;
	m->seed = 1;
	for (i = 0; i < CHUNK_READERS; i++) {
		m->reader[i].seed = i;
		m->reader[i].next = i;
	}
	return 0;
}

static void chunk_exit(struct kunit *test)
{
	struct chunk_model *m = test->priv;
	int i;

	if (!m)
		return;
	zmq_chunk_free(&m->pool);
	KUNIT_EXPECT_NULL(test, memchr_inv(&m->pool, 0, sizeof(m->pool)));
	for (i = 0; i < CHUNK_READERS; i++)
		zmq_segq_free(&m->reader[i].q);
}

/* Write @len bytes for reader @i, in one piece. */
static void chunk_write(struct kunit *test, int i, u32 len, bool large)
{
	struct chunk_model *m = test->priv;
	struct chunk_reader *r = &m->reader[i];
	u32 room, n;
	u8 *p;

	room = zmq_chunk_reserve(&m->pool, len, large, GFP_KERNEL);
	KUNIT_ASSERT_GE(test, room, len);
	KUNIT_EXPECT_EQ(test, room, m->pool.size - m->pool.off);
	KUNIT_EXPECT_EQ(test, m->pool.size, page_size(m->pool.page));
	p = zmq_chunk_ptr(&m->pool);
	for (n = 0; n < len; n++)
		p[n] = chunk_byte(&r->next);
	KUNIT_EXPECT_EQ(test, zmq_chunk_commit(&m->pool, len, &r->q,
					       GFP_KERNEL), 0);
}

/* Reader @i reads @len bytes and finds what was written for it. */
static void chunk_read(struct kunit *test, int i, u32 len)
{
	struct chunk_model *m = test->priv;
	struct chunk_reader *r = &m->reader[i];
	u8 got[256];
	u32 n, k, bad = 0;

	for (; len; len -= n) {
		n = min_t(u32, len, sizeof(got));
		zmq_segq_peek(&r->q, 0, n, got);
		for (k = 0; k < n; k++)
			bad += got[k] != chunk_byte(&r->seed);
		zmq_segq_trim(&r->q, n);
	}
	KUNIT_ASSERT_EQ(test, bad, 0);
}

static void chunk_read_all(struct kunit *test, int i)
{
	struct chunk_model *m = test->priv;

	chunk_read(test, i, m->reader[i].q.bytes);
}

static void chunk_reserve__small_is_a_page(struct kunit *test)
{
	struct chunk_model *m = test->priv;
	u8 *p;

	KUNIT_ASSERT_EQ(test, zmq_chunk_reserve(&m->pool, 1, false, GFP_KERNEL),
			PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, m->pool.off, 0);
	/* Nothing was written: it stays where it is. */
	p = zmq_chunk_ptr(&m->pool);
	KUNIT_ASSERT_EQ(test, zmq_chunk_reserve(&m->pool, PAGE_SIZE, false,
						GFP_KERNEL), PAGE_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, zmq_chunk_ptr(&m->pool), p);
}

static void chunk_reserve__large(struct kunit *test)
{
	struct chunk_model *m = test->priv;

	KUNIT_EXPECT_EQ(test, zmq_chunk_reserve(&m->pool, 1, true, GFP_KERNEL),
			CHUNK_LARGE);
	KUNIT_EXPECT_TRUE(test, PageCompound(m->pool.page));
}

static void chunk_commit__queues_what_was_written(struct kunit *test)
{
	struct chunk_model *m = test->priv;
	struct zmq_segq *q = &m->reader[0].q;

	chunk_write(test, 0, 100, false);
	KUNIT_EXPECT_EQ(test, m->pool.off, 100);
	KUNIT_EXPECT_EQ(test, q->bytes, 100);
	KUNIT_EXPECT_EQ(test, page_ref_count(m->pool.page), 2);
	/* The next bytes for the same reader go on in the same segment. */
	chunk_write(test, 0, 50, false);
	KUNIT_EXPECT_EQ(test, q->nsegs, 1);
	KUNIT_EXPECT_EQ(test, page_ref_count(m->pool.page), 2);
	chunk_write(test, 1, 7, false);
	chunk_write(test, 0, 7, false);
	KUNIT_EXPECT_EQ(test, q->nsegs, 2);
	KUNIT_EXPECT_EQ(test, page_ref_count(m->pool.page), 4);
	chunk_read_all(test, 0);
	chunk_read_all(test, 1);
	KUNIT_EXPECT_EQ(test, page_ref_count(m->pool.page), 1);
}

static void chunk_reserve__begins_again_if_all_is_read(struct kunit *test)
{
	struct chunk_model *m = test->priv;
	struct page *page;

	chunk_write(test, 0, 100, false);
	page = m->pool.page;
	KUNIT_EXPECT_EQ(test, zmq_chunk_reserve(&m->pool, 1, false, GFP_KERNEL),
			PAGE_SIZE - 100);
	chunk_read(test, 0, 99);
	KUNIT_EXPECT_EQ(test, zmq_chunk_reserve(&m->pool, 1, false, GFP_KERNEL),
			PAGE_SIZE - 100);
	chunk_read(test, 0, 1);
	KUNIT_EXPECT_EQ(test, zmq_chunk_reserve(&m->pool, 1, false, GFP_KERNEL),
			PAGE_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, m->pool.page, page);
}

/* To the last byte; then the next chunk is a large one, and the old one kept. */
static void chunk_reserve__full_page_is_put_away(struct kunit *test)
{
	struct chunk_model *m = test->priv;
	struct page *page;

	chunk_write(test, 0, PAGE_SIZE - 10, false);
	page = m->pool.page;
	chunk_write(test, 0, 10, false);
	KUNIT_EXPECT_PTR_EQ(test, m->pool.page, page);
	chunk_write(test, 0, 1, false);
	KUNIT_EXPECT_PTR_NE(test, m->pool.page, page);
	KUNIT_EXPECT_PTR_EQ(test, m->pool.spare[0], page);
	KUNIT_EXPECT_EQ(test, m->pool.size, CHUNK_LARGE);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 2);
	chunk_read(test, 0, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	chunk_read(test, 0, 1);
}

/* Bytes that do not fit any more are left over, not split. */
static void chunk_reserve__never_splits(struct kunit *test)
{
	struct chunk_model *m = test->priv;

	chunk_write(test, 0, PAGE_SIZE - 10, false);
	chunk_write(test, 0, 11, false);
	KUNIT_EXPECT_EQ(test, m->pool.off, 11);
	KUNIT_EXPECT_EQ(test, m->reader[0].q.nsegs, 2);
	chunk_read_all(test, 0);
}

static void chunk_reserve__idle_spare_is_used_again(struct kunit *test)
{
	struct chunk_model *m = test->priv;
	struct page *first, *second;
	int i;

	chunk_write(test, 0, PAGE_SIZE, true);
	first = m->pool.page;
	for (i = 1; i < BIT(ZMQ_CHUNK_ORDER); i++)
		chunk_write(test, 0, PAGE_SIZE, true);
	chunk_write(test, 1, 1, true);
	second = m->pool.page;
	KUNIT_EXPECT_PTR_NE(test, second, first);
	for (i = 1; i < BIT(ZMQ_CHUNK_ORDER); i++)
		chunk_write(test, 1, PAGE_SIZE, true);
	/* The first is read; the second is full and is not. */
	chunk_read_all(test, 0);
	chunk_write(test, 2, PAGE_SIZE, true);
	KUNIT_EXPECT_PTR_EQ(test, m->pool.page, first);
	KUNIT_EXPECT_EQ(test, m->pool.off, PAGE_SIZE);
	chunk_read_all(test, 1);
	chunk_read_all(test, 2);
}

/* A single page is no substitute where much will be written. */
static void chunk_reserve__small_spare_is_not_large(struct kunit *test)
{
	struct chunk_model *m = test->priv;
	struct page *small;

	chunk_write(test, 0, PAGE_SIZE, false);
	small = m->pool.page;
	chunk_write(test, 1, 1, true);
	chunk_read_all(test, 0);
	KUNIT_EXPECT_PTR_EQ(test, m->pool.spare[0], small);
	KUNIT_EXPECT_EQ(test, page_ref_count(small), 1);
	KUNIT_EXPECT_EQ(test, m->pool.size, CHUNK_LARGE);
	while (m->pool.size - m->pool.off >= PAGE_SIZE)
		chunk_write(test, 1, PAGE_SIZE, true);
	chunk_write(test, 1, PAGE_SIZE, true);
	KUNIT_EXPECT_PTR_NE(test, m->pool.page, small);
	KUNIT_EXPECT_EQ(test, m->pool.size, CHUNK_LARGE);
	chunk_read_all(test, 1);
}

/* There are as many spares as there is place; the oldest is let go. */
static void chunk_reserve__oldest_spare_is_let_go(struct kunit *test)
{
	struct chunk_model *m = test->priv;
	struct page *page[ZMQ_CHUNK_SPARE + 2];
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(page); i++) {
		for (k = 0; k < BIT(ZMQ_CHUNK_ORDER); k++)
			chunk_write(test, 0, PAGE_SIZE, true);
		page[i] = m->pool.page;
	}
	/* Its readers have it, the pool no more. */
	KUNIT_EXPECT_EQ(test, page_ref_count(page[0]), 1);
	for (i = 1; i < ARRAY_SIZE(page); i++)
		KUNIT_EXPECT_EQ(test, page_ref_count(page[i]), 2);
	for (i = 0; i < ZMQ_CHUNK_SPARE; i++)
		KUNIT_EXPECT_PTR_EQ(test, m->pool.spare[i],
				    page[i ? i : ZMQ_CHUNK_SPARE]);
	chunk_read_all(test, 0);
}

static void chunk_trim__keeps_the_page_being_filled(struct kunit *test)
{
	struct chunk_model *m = test->priv;
	struct page *page;
	int i;

	for (i = 0; i < 5; i++)
		chunk_write(test, i, PAGE_SIZE, false);
	page = m->pool.page;
	zmq_chunk_trim(&m->pool);
	for (i = 0; i < ZMQ_CHUNK_SPARE; i++)
		KUNIT_EXPECT_NULL(test, m->pool.spare[i]);
	KUNIT_EXPECT_PTR_EQ(test, m->pool.page, page);
	chunk_write(test, 0, 100, false);
	KUNIT_EXPECT_PTR_EQ(test, m->pool.page, page);
	for (i = 0; i < 5; i++)
		chunk_read_all(test, i);
}

/* The pool goes first; its readers have all they need. */
static void chunk_free__readers_go_on(struct kunit *test)
{
	struct chunk_model *m = test->priv;
	int i;

	for (i = 0; i < 30; i++)
		chunk_write(test, i % CHUNK_READERS, 3000, i % 2);
	zmq_chunk_free(&m->pool);
	for (i = 0; i < CHUNK_READERS; i++)
		chunk_read_all(test, i);
	chunk_write(test, 0, 1, false);
	chunk_read_all(test, 0);
}

/* Many readers, each as far behind as chance will have it. */
static void chunk__random_steps(struct kunit *test)
{
	struct chunk_model *m = test->priv;
	struct chunk_reader *r;
	int i, k;

	for (i = 0; i < 6000; i++) {
		k = chunk_random(m, CHUNK_READERS);
		r = &m->reader[k];
		if (r->q.bytes > CHUNK_BYTES || !chunk_random(m, 8))
			chunk_read_all(test, k);
		else if (!chunk_random(m, 3))
			chunk_read(test, k, chunk_random(m, r->q.bytes + 1));
		else
			chunk_write(test, k, 1 + chunk_random(m, PAGE_SIZE),
				    chunk_random(m, 2));
	}
	for (k = 0; k < CHUNK_READERS; k++)
		chunk_read_all(test, k);
	KUNIT_EXPECT_EQ(test, page_ref_count(m->pool.page), 1);
	for (k = 0; k < ZMQ_CHUNK_SPARE; k++)
		if (m->pool.spare[k])
			KUNIT_EXPECT_EQ(test, page_ref_count(m->pool.spare[k]),
					1);
}

static struct kunit_case chunk_cases[] = {
	KUNIT_CASE(chunk_reserve__small_is_a_page),
	KUNIT_CASE(chunk_reserve__large),
	KUNIT_CASE(chunk_commit__queues_what_was_written),
	KUNIT_CASE(chunk_reserve__begins_again_if_all_is_read),
	KUNIT_CASE(chunk_reserve__full_page_is_put_away),
	KUNIT_CASE(chunk_reserve__never_splits),
	KUNIT_CASE(chunk_reserve__idle_spare_is_used_again),
	KUNIT_CASE(chunk_reserve__small_spare_is_not_large),
	KUNIT_CASE(chunk_reserve__oldest_spare_is_let_go),
	KUNIT_CASE(chunk_trim__keeps_the_page_being_filled),
	KUNIT_CASE(chunk_free__readers_go_on),
	KUNIT_CASE(chunk__random_steps),
	{}
};

static struct kunit_suite chunk_suite = {
	.name = "zmq_chunk",
	.suite_init = zmq_fixture_start,
	.suite_exit = zmq_fixture_stop,
	.init = chunk_init,
	.exit = chunk_exit,
	.test_cases = chunk_cases,
};

kunit_test_suite(chunk_suite);
