// SPDX-License-Identifier: GPL-2.0
/*
 * The subscription trie of trie.c and trie_node.c, on its own and against a
 * list of pairs.
 */
#include <kunit/test.h>
#include "../trie_node.h"

#define TRIE_TOPICS	64	/* of the model */
#define TRIE_SUBS	7
#define TRIE_LEN_MAX	600	/* longest topic of the model */

/**
 * struct trie_model - what a trie should hold, as a table
 * @t: the trie
 * @n: topics
 * @topic: they, in byte order; some are prefixes of others
 * @len: their lengths
 * @count: how often which subscriber holds which topic
 * @subs: the subscribers
 * @seen: what a walk or match called back for
 * @last: index of the last topic of a walk
 * @bad: callbacks that should not have come
 * @seed: of the random numbers
 */
struct trie_model {
	struct zmq_trie	t;
	u32		n;
	u8		*topic[TRIE_TOPICS];
	size_t		len[TRIE_TOPICS];
	u32		count[TRIE_TOPICS][TRIE_SUBS];
	struct zmq_trie_owner subs[TRIE_SUBS];
	u32		seen[TRIE_TOPICS][TRIE_SUBS];
	u32		last;
	u32		bad;
	u32		seed;
};

static u32 trie_random(struct trie_model *m, u32 n)
{
	m->seed = m->seed * 1664525 + 1013904223;
	return (m->seed >> 8) % n;
}

static int trie_compare(const u8 *a, size_t a_len, const u8 *b, size_t b_len)
{
	int diff = memcmp(a, b, min(a_len, b_len));

	if (diff)
		return diff;
	return a_len < b_len ? -1 : a_len > b_len;
}

/* Index of a topic, or @m->n. */
static u32 trie_topic_index(struct trie_model *m, const u8 *topic, size_t len)
{
	u32 i;

	for (i = 0; i < m->n; i++)
		if (!trie_compare(topic, len, m->topic[i], m->len[i]))
			break;
	return i;
}

/* One more topic of few different bytes, now and then a long one. */
static void trie_make_topic(struct kunit *test, struct trie_model *m)
{
	u8 *topic = kunit_kmalloc(test, TRIE_LEN_MAX, GFP_KERNEL);
	size_t len, i;

	KUNIT_ASSERT_NOT_NULL(test, topic);
	do {
		len = trie_random(m, m->n % 16 ? 7 : TRIE_LEN_MAX);
		for (i = 0; i < len; i++)
			topic[i] = "ab\xff"[trie_random(m, 3)];
	} while (trie_topic_index(m, topic, len) < m->n);
	m->topic[m->n] = topic;
	m->len[m->n++] = len;
}

static void trie_sort_topics(struct trie_model *m)
{
	u32 i, j;

	for (i = 1; i < m->n; i++)
		for (j = i; j && trie_compare(m->topic[j - 1], m->len[j - 1],
					      m->topic[j], m->len[j]) > 0; j--) {
			swap(m->topic[j - 1], m->topic[j]);
			swap(m->len[j - 1], m->len[j]);
		}
}

static struct trie_model *trie_model_init(struct kunit *test, bool counted)
{
	struct trie_model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->seed = 1 + counted;
	m->topic[m->n++] = (u8 *)"";	/* the empty one */
	while (m->n < TRIE_TOPICS)
		trie_make_topic(test, m);
	trie_sort_topics(m);
	zmq_trie_init(&m->t, counted);
	return m;
}

static bool trie_has_topic(struct trie_model *m, int i)
{
	int s;

	for (s = 0; s < TRIE_SUBS; s++)
		if (m->count[i][s])
			return true;
	return false;
}

static int trie_model_add(struct trie_model *m, int i, int s)
{
	int rc = 0;

	if (!m->count[i][s])
		rc = ZMQ_TRIE_ENTRY;
	if (!trie_has_topic(m, i))
		rc |= ZMQ_TRIE_TOPIC;
	if (!m->count[i][s] || m->t.counted)
		m->count[i][s]++;
	return rc;
}

static int trie_model_remove(struct trie_model *m, int i, int s)
{
	if (!m->count[i][s])
		return -ENOENT;
	if (--m->count[i][s])
		return 0;
	return ZMQ_TRIE_ENTRY | (trie_has_topic(m, i) ? 0 : ZMQ_TRIE_TOPIC);
}

/* Topics must come in order, without repeating a pair. */
static void trie_walk_fn(const u8 *topic, size_t len, struct zmq_trie_owner *sub,
			 void *arg)
{
	struct trie_model *m = arg;
	u32 i = trie_topic_index(m, topic ?: (const u8 *)"", len);
	ptrdiff_t s = sub - m->subs;

	if (i == m->n || s < 0 || s >= TRIE_SUBS || i < m->last) {
		m->bad++;
		return;
	}
	m->seen[i][s]++;
	m->last = i;
}

/* The trie holds what the model does. */
static void trie_check(struct kunit *test, struct trie_model *m)
{
	u32 topics = 0, entries = 0;
	int i, s;

	memset(m->seen, 0, sizeof(m->seen));
	m->last = 0;
	m->bad = 0;
	KUNIT_EXPECT_EQ(test, zmq_trie_walk(&m->t, trie_walk_fn, m, GFP_KERNEL),
			0);
	for (i = 0; i < TRIE_TOPICS; i++) {
		topics += trie_has_topic(m, i);
		for (s = 0; s < TRIE_SUBS; s++) {
			entries += !!m->count[i][s];
			m->bad += m->seen[i][s] != !!m->count[i][s];
		}
		if (trie_has_topic(m, i) && m->len[i] > m->t.max_len)
			m->bad++;
	}
	KUNIT_ASSERT_EQ(test, m->bad, 0);
	KUNIT_EXPECT_EQ(test, m->t.topics, topics);
	KUNIT_EXPECT_EQ(test, m->t.entries, entries);
	KUNIT_EXPECT_EQ(test, !m->t.bytes, !entries);
}

static void trie_match_fn(struct zmq_trie_owner *sub, void *arg)
{
	struct trie_model *m = arg;

	m->seen[0][sub - m->subs]++;
}

/* Each subscriber is called once for each of its topics that is a prefix. */
static void trie_check_match(struct kunit *test, struct trie_model *m,
			     const u8 *data, size_t len)
{
	u32 want[TRIE_SUBS] = { 0 };
	bool any = false;
	int i, s;

	memset(m->seen, 0, sizeof(m->seen));
	zmq_trie_match(&m->t, data, len, trie_match_fn, m);
	for (i = 0; i < TRIE_TOPICS; i++) {
		if (m->len[i] > len || memcmp(m->topic[i], data, m->len[i]))
			continue;
		any |= trie_has_topic(m, i);
		for (s = 0; s < TRIE_SUBS; s++)
			want[s] += !!m->count[i][s];
	}
	KUNIT_EXPECT_EQ(test, memcmp(want, m->seen[0], sizeof(want)), 0);
	KUNIT_EXPECT_EQ(test, zmq_trie_matches(&m->t, data, len), any);
}

static void trie_step(struct kunit *test, struct trie_model *m)
{
	int i = trie_random(m, TRIE_TOPICS), s = trie_random(m, TRIE_SUBS);
	const u8 *topic = m->topic[i];
	size_t len = m->len[i];

	switch (trie_random(m, 4)) {
	case 0:
		trie_check_match(test, m, topic, len);
		break;
	case 1:
		KUNIT_EXPECT_EQ(test, zmq_trie_remove(&m->t, topic, len,
						      &m->subs[s]),
				trie_model_remove(m, i, s));
		break;
	default:
		KUNIT_EXPECT_EQ(test, zmq_trie_add(&m->t, topic, len,
						   &m->subs[s], GFP_KERNEL),
				trie_model_add(m, i, s));
	}
}

static void trie_random_steps(struct kunit *test, bool counted)
{
	struct trie_model *m = trie_model_init(test, counted);
	int i, s;

	for (i = 0; i < 4000; i++) {
		trie_step(test, m);
		if (i % 64 == 0)
			trie_check(test, m);
	}
	/* and all out again, in another order than in */
	for (i = TRIE_TOPICS - 1; i >= 0; i--)
		for (s = 0; s < TRIE_SUBS; s++)
			while (m->count[i][s]) {
				trie_model_remove(m, i, s);
				zmq_trie_remove(&m->t, m->topic[i], m->len[i],
						&m->subs[s]);
			}
	trie_check(test, m);
	zmq_trie_destroy(&m->t);
}

static void trie__random_steps(struct kunit *test)
{
	trie_random_steps(test, false);
}

static void trie__random_steps_counted(struct kunit *test)
{
	trie_random_steps(test, true);
}

static void trie_gone_fn(const u8 *topic, size_t len, struct zmq_trie_owner *sub,
			 void *arg)
{
	struct trie_model *m = arg;
	u32 i = trie_topic_index(m, topic ?: (const u8 *)"", len);

	if (i == m->n)
		m->bad++;
	else
		m->seen[i][sub - m->subs]++;
}

/* Remove one subscriber from all of the model and see which topics are gone */
static void trie_remove_sub(struct kunit *test, struct trie_model *m, int s,
			    bool each)
{
	int i, rc;

	memset(m->seen, 0, sizeof(m->seen));
	m->bad = 0;
	zmq_trie_remove_sub(&m->t, &m->subs[s], each, trie_gone_fn, m);
	for (i = 0; i < TRIE_TOPICS; i++) {
		rc = trie_model_remove(m, i, s);
		m->bad += m->seen[i][s] !=
			  (rc > 0 && (each || rc & ZMQ_TRIE_TOPIC) ? 1 : 0);
	}
	KUNIT_EXPECT_EQ(test, m->bad, 0);
	trie_check(test, m);
}

static void remove_sub__reports_topics(struct kunit *test)
{
	struct trie_model *m = trie_model_init(test, false);
	int round, i, s;

	for (round = 0; round < 6; round++) {
		for (i = 0; i < 200; i++)
			trie_step(test, m);
		for (s = 0; s < TRIE_SUBS; s++)
			trie_remove_sub(test, m, s, round & 1);
		KUNIT_EXPECT_EQ(test, m->t.entries, 0);
		KUNIT_EXPECT_NULL(test, m->t.root);
	}
}

static void remove_sub__without_callback(struct kunit *test)
{
	struct zmq_trie t;
	struct zmq_trie_owner a = {}, b = {};

	zmq_trie_init(&t, false);
	zmq_trie_remove_sub(&t, &a, false, NULL, NULL);
	zmq_trie_add(&t, "x", 1, &a, GFP_KERNEL);
	zmq_trie_add(&t, "x", 1, &b, GFP_KERNEL);
	zmq_trie_remove_sub(&t, &a, false, NULL, NULL);
	KUNIT_EXPECT_EQ(test, t.entries, 1);
	zmq_trie_remove_sub(&t, &b, false, NULL, NULL);
	KUNIT_EXPECT_EQ(test, t.topics, 0);
	KUNIT_EXPECT_EQ(test, t.bytes, 0);
}

static void trie_count_fn(struct zmq_trie_owner *sub, void *arg)
{
	++*(u32 *)arg;
}

/* A subscriber leaves with its topics in their order, and with its list. */
static void trie_order_fn(const u8 *topic, size_t len,
			  struct zmq_trie_owner *sub, void *arg)
{
	strncat(arg, len ? (const char *)topic : "-", len ?: 1);
	strcat(arg, " ");
}

static void remove_sub__in_order(struct kunit *test)
{
	static const char *const topics[] = { "foobar", "", "foo", "b", "fob" };
	struct zmq_trie_owner a = {}, b = {};
	char text[64] = "";
	struct zmq_trie t;
	int i;

	zmq_trie_init(&t, false);
	for (i = 0; i < ARRAY_SIZE(topics); i++)
		zmq_trie_add(&t, topics[i], strlen(topics[i]), &a, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, a.n, 5);
	zmq_trie_add(&t, "b", 1, &b, GFP_KERNEL);
	zmq_trie_remove_sub(&t, &a, false, trie_order_fn, text);
	KUNIT_EXPECT_STREQ(test, text, "foobar - foo fob ");
	KUNIT_EXPECT_NULL(test, a.nodes);
	KUNIT_EXPECT_EQ(test, t.topics, 1);
	/* The last one takes the place of one that is cancelled. */
	for (i = 0; i < ARRAY_SIZE(topics); i++)
		zmq_trie_add(&t, topics[i], strlen(topics[i]), &a, GFP_KERNEL);
	zmq_trie_remove(&t, "foobar", 6, &a);
	text[0] = 0;
	zmq_trie_remove_sub(&t, &a, true, trie_order_fn, text);
	KUNIT_EXPECT_STREQ(test, text, "fob - foo b ");
	zmq_trie_remove_sub(&t, &b, true, NULL, NULL);
	KUNIT_EXPECT_EQ(test, t.bytes, 0);
}

/* The list shrinks with its topics, and is gone with the last. */
static void remove__list_memory(struct kunit *test)
{
	struct zmq_trie_owner a = {};
	struct zmq_trie t;
	u8 topic[2];
	u32 i;

	zmq_trie_init(&t, false);
	for (i = 0; i < 1000; i++) {
		put_unaligned_be16(i, topic);
		zmq_trie_add(&t, topic, 2, &a, GFP_KERNEL);
	}
	KUNIT_EXPECT_EQ(test, a.n, 1000);
	for (i = 0; i < 1000; i++) {
		KUNIT_EXPECT_LE(test, a.cap, max_t(u32, 4 * a.n, 4));
		put_unaligned_be16(i * 7 % 1000, topic);
		zmq_trie_remove(&t, topic, 2, &a);
	}
	KUNIT_EXPECT_NULL(test, a.nodes);
	KUNIT_EXPECT_EQ(test, t.bytes, 0);
}

/* Groups: no prefix, just the one. */
static void exact__not_prefixes(struct kunit *test)
{
	struct zmq_trie_owner a = {}, b = {};
	struct zmq_trie t;
	int calls = 0;

	zmq_trie_init(&t, false);
	KUNIT_EXPECT_FALSE(test, zmq_trie_has(&t, "", 0));
	zmq_trie_exact(&t, "", 0, trie_count_fn, &calls);
	zmq_trie_add(&t, "ab", 2, &a, GFP_KERNEL);
	zmq_trie_add(&t, "abcd", 4, &a, GFP_KERNEL);
	zmq_trie_add(&t, "abcd", 4, &b, GFP_KERNEL);
	zmq_trie_exact(&t, "", 0, trie_count_fn, &calls);
	zmq_trie_exact(&t, "a", 1, trie_count_fn, &calls);
	zmq_trie_exact(&t, "abc", 3, trie_count_fn, &calls);
	zmq_trie_exact(&t, "abcde", 5, trie_count_fn, &calls);
	KUNIT_EXPECT_EQ(test, calls, 0);
	zmq_trie_exact(&t, "ab", 2, trie_count_fn, &calls);
	KUNIT_EXPECT_EQ(test, calls, 1);
	zmq_trie_exact(&t, "abcd", 4, trie_count_fn, &calls);
	KUNIT_EXPECT_EQ(test, calls, 3);
	KUNIT_EXPECT_TRUE(test, zmq_trie_has(&t, "abcd", 4));
	KUNIT_EXPECT_FALSE(test, zmq_trie_has(&t, "abc", 3));
	KUNIT_EXPECT_FALSE(test, zmq_trie_has(&t, "", 0));
	zmq_trie_destroy(&t);
	KUNIT_EXPECT_NULL(test, a.nodes);
	KUNIT_EXPECT_NULL(test, b.nodes);
	KUNIT_EXPECT_EQ(test, t.bytes, 0);
}

static void add__results(struct kunit *test)
{
	struct zmq_trie t;
	struct zmq_trie_owner a = {}, b = {};

	zmq_trie_init(&t, false);
	KUNIT_EXPECT_EQ(test, zmq_trie_add(&t, "ab", 2, &a, GFP_KERNEL),
			ZMQ_TRIE_ENTRY | ZMQ_TRIE_TOPIC);
	KUNIT_EXPECT_EQ(test, zmq_trie_add(&t, "ab", 2, &b, GFP_KERNEL),
			ZMQ_TRIE_ENTRY);
	KUNIT_EXPECT_EQ(test, zmq_trie_add(&t, "ab", 2, &a, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, zmq_trie_add(&t, "a", 1, &a, GFP_KERNEL),
			ZMQ_TRIE_ENTRY | ZMQ_TRIE_TOPIC);
	KUNIT_EXPECT_EQ(test, t.topics, 2);
	KUNIT_EXPECT_EQ(test, t.entries, 3);
	zmq_trie_destroy(&t);
	KUNIT_EXPECT_EQ(test, t.topics, 0);
	KUNIT_EXPECT_EQ(test, t.entries, 0);
	KUNIT_EXPECT_EQ(test, t.bytes, 0);
}

static void add__empty_topic(struct kunit *test)
{
	struct zmq_trie t;
	struct zmq_trie_owner a = {};

	zmq_trie_init(&t, true);
	KUNIT_EXPECT_FALSE(test, zmq_trie_matches(&t, "x", 1));
	KUNIT_EXPECT_EQ(test, zmq_trie_add(&t, NULL, 0, &a, GFP_KERNEL),
			ZMQ_TRIE_ENTRY | ZMQ_TRIE_TOPIC);
	KUNIT_EXPECT_TRUE(test, zmq_trie_matches(&t, "x", 1));
	KUNIT_EXPECT_TRUE(test, zmq_trie_matches(&t, "", 0));
	KUNIT_EXPECT_EQ(test, zmq_trie_remove(&t, NULL, 0, &a),
			ZMQ_TRIE_ENTRY | ZMQ_TRIE_TOPIC);
	KUNIT_EXPECT_FALSE(test, zmq_trie_matches(&t, "", 0));
	KUNIT_EXPECT_EQ(test, t.bytes, 0);
}

/* A topic that no memory is to be had for leaves all as it was. */
static void add__no_memory(struct kunit *test)
{
	struct zmq_trie t;
	size_t bytes;
	struct zmq_trie_owner a = {};

	zmq_trie_init(&t, false);
	KUNIT_EXPECT_EQ(test, zmq_trie_add(&t, "", SIZE_MAX / 2, &a,
					   GFP_KERNEL), -ENOMEM);
	KUNIT_EXPECT_EQ(test, t.bytes, 0);
	zmq_trie_add(&t, "ab", 2, &a, GFP_KERNEL);
	bytes = t.bytes;
	KUNIT_EXPECT_EQ(test, zmq_trie_add(&t, "", SIZE_MAX / 2, &a,
					   GFP_KERNEL), -ENOMEM);
	KUNIT_EXPECT_EQ(test, t.bytes, bytes);
	KUNIT_EXPECT_EQ(test, t.entries, 1);
	KUNIT_EXPECT_EQ(test, t.max_len, 2);
	KUNIT_EXPECT_TRUE(test, zmq_trie_matches(&t, "abc", 3));
	zmq_trie_destroy(&t);
}

static void remove__counts(struct kunit *test)
{
	struct zmq_trie t;
	struct zmq_trie_owner a = {}, b = {};
	int i;

	zmq_trie_init(&t, true);
	for (i = 0; i < 3; i++)
		zmq_trie_add(&t, "topic", 5, &a, GFP_KERNEL);
	zmq_trie_add(&t, "topic", 5, &b, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, zmq_trie_remove(&t, "topic", 5, &a), 0);
	KUNIT_EXPECT_EQ(test, zmq_trie_remove(&t, "topic", 5, &b),
			ZMQ_TRIE_ENTRY);
	KUNIT_EXPECT_EQ(test, zmq_trie_remove(&t, "topic", 5, &b), -ENOENT);
	KUNIT_EXPECT_EQ(test, zmq_trie_remove(&t, "topic", 5, &a), 0);
	KUNIT_EXPECT_TRUE(test, zmq_trie_matches(&t, "topical", 7));
	KUNIT_EXPECT_EQ(test, zmq_trie_remove(&t, "topic", 5, &a),
			ZMQ_TRIE_ENTRY | ZMQ_TRIE_TOPIC);
	KUNIT_EXPECT_EQ(test, zmq_trie_remove(&t, "topic", 5, &a), -ENOENT);
	KUNIT_EXPECT_EQ(test, t.bytes, 0);
}

static const struct trie_absent_param {
	const char	*desc;
	const char	*topic;
} trie_absent_params[] = {
	{ "empty", "" },
	{ "prefix within a label", "to" },
	{ "prefix at a node", "topic" },
	{ "other end of a label", "topicX" },
	{ "longer than a topic", "topic-one-more" },
	{ "other beginning", "x" },
	{ "another one's", "topic-two" },
};

static void trie_absent_desc(const struct trie_absent_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(trie_absent, trie_absent_params, trie_absent_desc);

static void remove__absent(struct kunit *test)
{
	const struct trie_absent_param *p = test->param_value;
	struct zmq_trie t;
	struct zmq_trie_owner a = {}, b = {};

	zmq_trie_init(&t, false);
	KUNIT_EXPECT_EQ(test, zmq_trie_remove(&t, p->topic, strlen(p->topic),
					      &a), -ENOENT);
	zmq_trie_add(&t, "topic-one", 9, &a, GFP_KERNEL);
	zmq_trie_add(&t, "topic.one", 9, &a, GFP_KERNEL);
	zmq_trie_add(&t, "topic-two", 9, &b, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, zmq_trie_remove(&t, p->topic, strlen(p->topic),
					      &a), -ENOENT);
	KUNIT_EXPECT_EQ(test, t.entries, 3);
	zmq_trie_destroy(&t);
}

/* Nodes below the root of a trie with one topic. */
static u32 trie_depth(const struct zmq_trie *t)
{
	struct zmq_trie_node *node = t->root;
	u32 n = 0;

	for (; node->n_kids; n++)
		node = zmq_trie_node_kids(node)[0];
	return n;
}

/* A branch at every byte of a topic, then without them, from either end. */
static void trie_branches(struct kunit *test, bool from_end)
{
	struct zmq_trie_owner a = {};
	u8 topic[300], other[300];
	struct zmq_trie t;
	size_t i, n;

	memset(topic, 'a', sizeof(topic));
	memset(other, 'a', sizeof(other));
	zmq_trie_init(&t, false);
	zmq_trie_add(&t, topic, sizeof(topic), &a, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, trie_depth(&t), 2);
	for (i = 0; i < sizeof(topic); i++) {
		other[i] = 'b';
		zmq_trie_add(&t, other, i + 1, &a, GFP_KERNEL);
		other[i] = 'a';
	}
	KUNIT_EXPECT_EQ(test, trie_depth(&t), sizeof(topic));
	for (i = 0; i < sizeof(topic); i++) {
		n = from_end ? sizeof(topic) - 1 - i : i;
		other[n] = 'b';
		KUNIT_EXPECT_EQ(test, zmq_trie_remove(&t, other, n + 1, &a),
				ZMQ_TRIE_ENTRY | ZMQ_TRIE_TOPIC);
		other[n] = 'a';
	}
	KUNIT_EXPECT_EQ(test, trie_depth(&t), 2);
	KUNIT_EXPECT_TRUE(test, zmq_trie_matches(&t, topic, sizeof(topic)));
	zmq_trie_destroy(&t);
}

static void remove__joins_nodes(struct kunit *test)
{
	trie_branches(test, false);
}

static void remove__joins_nodes_from_end(struct kunit *test)
{
	trie_branches(test, true);
}

/* All bytes as children of one node, in and out. */
static void node__all_bytes(struct kunit *test)
{
	struct zmq_trie t;
	struct zmq_trie_owner a = {};
	u8 topic[2];
	int i;

	zmq_trie_init(&t, false);
	for (i = 0; i < 256; i++) {
		topic[0] = i * 37;
		topic[1] = i;
		KUNIT_EXPECT_EQ(test, zmq_trie_add(&t, topic, 2, &a,
						   GFP_KERNEL),
				ZMQ_TRIE_ENTRY | ZMQ_TRIE_TOPIC);
	}
	KUNIT_EXPECT_EQ(test, t.root->n_kids, 256);
	for (i = 0; i < 256; i++) {
		topic[0] = i * 37;
		topic[1] = i;
		KUNIT_EXPECT_TRUE(test, zmq_trie_matches(&t, topic, 2));
		KUNIT_EXPECT_FALSE(test, zmq_trie_matches(&t, topic, 1));
		zmq_trie_remove(&t, topic, 2, &a);
		KUNIT_EXPECT_FALSE(test, zmq_trie_matches(&t, topic, 2));
	}
	KUNIT_EXPECT_EQ(test, t.bytes, 0);
}

static void trie_ascending_fn(struct zmq_trie_owner *sub, void *arg)
{
	struct zmq_trie_owner **last = arg;

	/* stays NULL once the order was wrong */
	if (*last && sub > *last)
		*last = sub;
	else
		*last = NULL;
}

/* Thousands of subscribers of one topic, added in no order. */
static void node__many_subs(struct kunit *test)
{
	const u32 n = 4096;
	struct zmq_trie t;
	struct zmq_trie_owner *subs, *last;
	u32 i;

	subs = kunit_kzalloc(test, (n + 1) * sizeof(*subs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, subs);
	zmq_trie_init(&t, false);
	for (i = 0; i < n; i++)
		zmq_trie_add(&t, "t", 1, subs + 1 + i * 1031 % n, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, t.entries, n);
	KUNIT_EXPECT_EQ(test, t.topics, 1);
	last = subs;
	zmq_trie_match(&t, "tx", 2, trie_ascending_fn, &last);
	KUNIT_EXPECT_PTR_EQ(test, last, subs + n);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test,
				zmq_trie_remove(&t, "t", 1,
						subs + 1 + i * 2053 % n) &
				ZMQ_TRIE_ENTRY, ZMQ_TRIE_ENTRY);
	KUNIT_EXPECT_EQ(test, t.bytes, 0);
}

/* The memory of many topics, and that all of it comes back. */
static void trie__many_topics(struct kunit *test)
{
	const u32 n = 20000;
	struct zmq_trie t;
	u32 i, len = 0;
	char topic[24];
	struct zmq_trie_owner a = {};

	zmq_trie_init(&t, false);
	for (i = 0; i < n; i++) {
		len = snprintf(topic, sizeof(topic), "feed.%08x",
			       i * 2654435761u);
		KUNIT_ASSERT_EQ(test, zmq_trie_add(&t, topic, len, &a,
						   GFP_KERNEL),
				ZMQ_TRIE_ENTRY | ZMQ_TRIE_TOPIC);
	}
	KUNIT_EXPECT_EQ(test, t.topics, n);
	KUNIT_EXPECT_LE(test, t.bytes, n * 128);
	KUNIT_EXPECT_TRUE(test, zmq_trie_matches(&t, topic, len));
	zmq_trie_remove_sub(&t, &a, false, NULL, NULL);
	KUNIT_EXPECT_EQ(test, t.topics, 0);
	KUNIT_EXPECT_EQ(test, t.bytes, 0);
}

/* A subscriber with a topic and prefixes of it is called for each. */
static void match__every_prefix(struct kunit *test)
{
	static const char data[] = "prefix";
	struct zmq_trie t;
	u32 len, calls;
	struct zmq_trie_owner a = {};

	zmq_trie_init(&t, false);
	for (len = 0; len <= strlen(data); len++)
		zmq_trie_add(&t, data, len, &a, GFP_KERNEL);
	for (len = 0; len <= strlen(data); len++) {
		calls = 0;
		zmq_trie_match(&t, data, len, trie_count_fn, &calls);
		KUNIT_EXPECT_EQ(test, calls, len + 1);
	}
	calls = 0;
	zmq_trie_match(&t, "prefiX", 6, trie_count_fn, &calls);
	KUNIT_EXPECT_EQ(test, calls, 6);
	zmq_trie_destroy(&t);
}

struct trie_text {
	char	buf[64];
	size_t	len;
};

static void trie_print_fn(const u8 *topic, size_t len, struct zmq_trie_owner *sub,
			  void *arg)
{
	struct trie_text *text = arg;

	memcpy(text->buf + text->len, topic, len);
	text->len += len;
	text->buf[text->len++] = ',';
}

static void walk__order(struct kunit *test)
{
	static const char * const topics[] = {
		"b", "abc", "", "ab", "abd", "a", "bb", "\xff", "abca",
	};
	struct trie_text text = { 0 };
	struct zmq_trie t;
	size_t i;
	struct zmq_trie_owner a = {};

	zmq_trie_init(&t, false);
	for (i = 0; i < ARRAY_SIZE(topics); i++)
		zmq_trie_add(&t, topics[i], strlen(topics[i]), &a, GFP_KERNEL);
	zmq_trie_walk(&t, trie_print_fn, &text, GFP_KERNEL);
	KUNIT_EXPECT_STREQ(test, (const char *)text.buf,
			   ",a,ab,abc,abca,abd,b,bb,\xff,");
	zmq_trie_destroy(&t);
}

static void max_len__is_the_longest(struct kunit *test)
{
	struct zmq_trie t;
	struct zmq_trie_owner a = {};

	zmq_trie_init(&t, false);
	zmq_trie_add(&t, "", 0, &a, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, t.max_len, 0);
	zmq_trie_add(&t, "abc", 3, &a, GFP_KERNEL);
	zmq_trie_add(&t, "x", 1, &a, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, t.max_len, 3);
	zmq_trie_destroy(&t);
	KUNIT_EXPECT_EQ(test, t.max_len, 0);
}

static void destroy__leaves_it_usable(struct kunit *test)
{
	struct zmq_trie t;
	struct zmq_trie_owner a = {};

	zmq_trie_init(&t, true);
	zmq_trie_destroy(&t);
	zmq_trie_add(&t, "a", 1, &a, GFP_KERNEL);
	zmq_trie_destroy(&t);
	KUNIT_EXPECT_FALSE(test, zmq_trie_matches(&t, "a", 1));
	KUNIT_EXPECT_EQ(test, zmq_trie_add(&t, "a", 1, &a, GFP_KERNEL),
			ZMQ_TRIE_ENTRY | ZMQ_TRIE_TOPIC);
	KUNIT_EXPECT_EQ(test, zmq_trie_add(&t, "a", 1, &a, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, zmq_trie_remove(&t, "a", 1, &a), 0);
	zmq_trie_destroy(&t);
	KUNIT_EXPECT_EQ(test, t.bytes, 0);
}

static struct kunit_case trie_cases[] = {
	KUNIT_CASE(node__all_bytes),
	KUNIT_CASE(node__many_subs),
	KUNIT_CASE(add__results),
	KUNIT_CASE(add__empty_topic),
	KUNIT_CASE(add__no_memory),
	KUNIT_CASE(remove__counts),
	KUNIT_CASE_PARAM(remove__absent, trie_absent_gen_params),
	KUNIT_CASE(remove__joins_nodes),
	KUNIT_CASE(remove__joins_nodes_from_end),
	KUNIT_CASE(remove_sub__reports_topics),
	KUNIT_CASE(remove_sub__without_callback),
	KUNIT_CASE(remove_sub__in_order),
	KUNIT_CASE(remove__list_memory),
	KUNIT_CASE(exact__not_prefixes),
	KUNIT_CASE(match__every_prefix),
	KUNIT_CASE(walk__order),
	KUNIT_CASE(max_len__is_the_longest),
	KUNIT_CASE(destroy__leaves_it_usable),
	KUNIT_CASE(trie__random_steps),
	KUNIT_CASE(trie__random_steps_counted),
	KUNIT_CASE(trie__many_topics),
	{}
};

static struct kunit_suite trie_suite = {
	.name = "zmq_trie",
	.test_cases = trie_cases,
};

kunit_test_suite(trie_suite);
