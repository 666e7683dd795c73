// SPDX-License-Identifier: GPL-2.0-only
/*
 * The subscription trie against a list of all pairs.  Input: counted or not,
 * then operations: an octet, and a topic as a length and its bytes.
 */
#include <string.h>
#include <linux/slab.h>
#include "fuzz.h"
#include "../../net/zmq/trie.h"

#define PAIRS_MAX	256
#define SUBS		5
#define LEN_SCALE	40	/* lengths from here on are long */

#define A20	"aaaaaaaaaaaaaaaaaaaa"

const struct fuzz_seed fuzz_seeds[] = {
	/* a join that gets no memory */
	FUZZ_SEED("\0\0\34" A20 "bbbbbbbb\0\34" A20 "cccccccc\101\34" A20
		  "bbbbbbbb\3\34" A20 "cccccccc"),
	FUZZ_SEED("\0\0\0\0\1A\0\2AB\0\3ABC\0\2AC\1\2AB\4\3ABC"),
	FUZZ_SEED("\1\0\1A\0\1A\1\1A\1\1A\1\1A"),
	FUZZ_SEED("\0\0\3foo\10\3foo\20\3foo\30\3foo\40\3foo\2\0\12\0"),
	FUZZ_SEED("\0\0\52x\0\53y\1\52x\0\52x\10\54x\2\0"),
	FUZZ_SEED("\0\0\3aaa\0\3aab\0\3aba\0\3baa\1\3aaa\1\3aab\1\3aba"),
	FUZZ_SEED("\0\0\2aa\3\3aab\0\4aabb\13\2ab\23\1b\1\2aa\1\4aabb"),
	FUZZ_SEED("\0\0\1a\0\1b\0\1c\0\1d\0\1e\0\1f\0\1g\0\1h\1\1d\3\2da"),
	{ 0 },
};

/**
 * struct pair - what the trie should hold
 * @topic: allocated
 * @len: its length
 * @sub: who
 * @count: how often
 */
struct pair {
	uint8_t		*topic;
	size_t		len;
	struct zmq_trie_owner *sub;
	unsigned int	count;
};

static struct pair pairs[PAIRS_MAX];
static size_t n_pairs;
static struct zmq_trie trie;
static struct zmq_trie_owner subs[SUBS];

/* Topics in byte order, prefixes first; then by subscriber. */
static int compare(const uint8_t *a, size_t a_len, const struct zmq_trie_owner *a_sub,
		   const struct pair *b)
{
	int diff = memcmp(a, b->topic, a_len < b->len ? a_len : b->len);

	if (diff)
		return diff;
	if (a_len != b->len)
		return a_len < b->len ? -1 : 1;
	return a_sub < b->sub ? -1 : a_sub > b->sub;
}

static size_t find(const uint8_t *topic, size_t len, struct zmq_trie_owner *sub)
{
	size_t i = 0;

	while (i < n_pairs && compare(topic, len, sub, &pairs[i]) > 0)
		i++;
	return i;
}

static bool is_at(size_t i, const uint8_t *topic, size_t len, struct zmq_trie_owner *sub)
{
	return i < n_pairs && !compare(topic, len, sub, &pairs[i]);
}

static bool same_topic(size_t i, size_t j)
{
	return j < n_pairs && pairs[i].len == pairs[j].len &&
	       !memcmp(pairs[i].topic, pairs[j].topic, pairs[i].len);
}

/* Has pair @i its topic for itself? */
static bool lonely(size_t i)
{
	return !same_topic(i, i + 1) && !(i && same_topic(i, i - 1));
}

static int model_add(const uint8_t *topic, size_t len, struct zmq_trie_owner *sub)
{
	size_t i = find(topic, len, sub);

	if (is_at(i, topic, len, sub)) {
		pairs[i].count += trie.counted;
		return 0;
	}
	memmove(pairs + i + 1, pairs + i, (n_pairs++ - i) * sizeof(*pairs));
	pairs[i] = (struct pair){ malloc(len ?: 1), len, sub, 1 };
	FUZZ_CHECK(pairs[i].topic);
	memcpy(pairs[i].topic, topic, len);
	return ZMQ_TRIE_ENTRY | (lonely(i) ? ZMQ_TRIE_TOPIC : 0);
}

static int model_drop(size_t i)
{
	int rc = ZMQ_TRIE_ENTRY | (lonely(i) ? ZMQ_TRIE_TOPIC : 0);

	free(pairs[i].topic);
	memmove(pairs + i, pairs + i + 1, (--n_pairs - i) * sizeof(*pairs));
	return rc;
}

static int model_remove(const uint8_t *topic, size_t len, struct zmq_trie_owner *sub)
{
	size_t i = find(topic, len, sub);

	if (!is_at(i, topic, len, sub))
		return -ENOENT;
	if (--pairs[i].count)
		return 0;
	return model_drop(i);
}

/* Return: topics that lost their last subscriber */
static size_t model_remove_sub(void *sub)
{
	size_t gone = 0, i = 0;

	while (i < n_pairs)
		if (pairs[i].sub == sub)
			gone += !!(model_drop(i) & ZMQ_TRIE_TOPIC);
		else
			i++;
	return gone;
}

static void walk_fn(const uint8_t *topic, size_t len, struct zmq_trie_owner *sub, void *arg)
{
	size_t *i = arg;

	FUZZ_CHECK(len <= trie.max_len);
	FUZZ_CHECK(is_at(*i, topic ?: (const uint8_t *)"", len, sub));
	++*i;
}

/* Each subscriber's list has as many topics as it. */
static void check_lists(void)
{
	size_t i, s, n;

	for (s = 0; s < SUBS; s++) {
		for (n = 0, i = 0; i < n_pairs; i++)
			n += pairs[i].sub == &subs[s];
		FUZZ_CHECK(subs[s].n == (trie.counted ? 0 : n));
		FUZZ_CHECK(subs[s].n <= subs[s].cap);
		FUZZ_CHECK(!subs[s].n == !subs[s].nodes);
	}
}

static void check_all(void)
{
	size_t i, topics = 0;

	for (i = 0; i < n_pairs; i++)
		topics += !(i && same_topic(i, i - 1));
	FUZZ_CHECK(trie.entries == n_pairs && trie.topics == topics);
	FUZZ_CHECK(!trie.root == !n_pairs && !trie.bytes == !n_pairs);
	i = 0;
	FUZZ_CHECK(!zmq_trie_walk(&trie, walk_fn, &i, GFP_KERNEL));
	FUZZ_CHECK(i == n_pairs);
}

/* The next pair of the model whose topic is a prefix, from *@i on */
static bool next_match(const uint8_t *data, size_t len, size_t *i)
{
	for (; *i < n_pairs; ++*i)
		if (pairs[*i].len <= len &&
		    !memcmp(pairs[*i].topic, data, pairs[*i].len))
			return true;
	return false;
}

struct match {
	const uint8_t	*data;
	size_t		len;
	size_t		i;
};

/* Prefixes of the same data come in the model's order. */
static void match_fn(struct zmq_trie_owner *sub, void *arg)
{
	struct match *m = arg;

	FUZZ_CHECK(next_match(m->data, m->len, &m->i));
	FUZZ_CHECK(pairs[m->i].sub == sub);
	m->i++;
}

static void check_match(const uint8_t *data, size_t len)
{
	struct match m = { .data = data, .len = len };

	zmq_trie_match(&trie, data, len, match_fn, &m);
	FUZZ_CHECK(!next_match(data, len, &m.i));
	m.i = 0;
	FUZZ_CHECK(zmq_trie_matches(&trie, data, len) ==
		   next_match(data, len, &m.i));
}

static void gone_fn(const uint8_t *topic, size_t len, struct zmq_trie_owner *sub, void *arg)
{
	size_t i = find(topic ?: (const uint8_t *)"", len, sub);

	FUZZ_CHECK(is_at(i, topic ?: (const uint8_t *)"", len, sub));
	FUZZ_CHECK(lonely(i));
	++*(size_t *)arg;
}

/* An add with @budget allocations; if they are not enough, another. */
static void add(const uint8_t *topic, size_t len, struct zmq_trie_owner *sub, long budget)
{
	int rc;

	fuzz_alloc_budget = budget;
	rc = zmq_trie_add(&trie, topic, len, sub, GFP_KERNEL);
	fuzz_alloc_budget = -1;
	if (rc == -ENOMEM) {
		FUZZ_CHECK(budget >= 0);
		check_all();
		rc = zmq_trie_add(&trie, topic, len, sub, GFP_KERNEL);
	}
	FUZZ_CHECK(rc == model_add(topic, len, sub));
}

static void run_op(uint8_t op, const uint8_t *topic, size_t len)
{
	struct zmq_trie_owner *sub = &subs[(op >> 3) % SUBS];
	size_t gone = 0;

	/* the high bits say which allocations fail; removal must not mind */
	fuzz_alloc_budget = op & 0x40 ? op >> 7 : -1;
	switch (op & 7) {
	case 1:
		FUZZ_CHECK(zmq_trie_remove(&trie, topic, len, sub) ==
			   model_remove(topic, len, sub));
		break;
	case 2:
		if (trie.counted)
			break;
		zmq_trie_remove_sub(&trie, sub, false, gone_fn, &gone);
		FUZZ_CHECK(gone == model_remove_sub(sub));
		break;
	case 3:
		check_match(topic, len);
		break;
	default:
		if (n_pairs < PAIRS_MAX)
			add(topic, len, sub, op & 0x40 ? op & 3 : -1);
	}
	fuzz_alloc_budget = -1;
}

/* Take a topic off the input; long ones repeat what there is. */
static size_t take_topic(uint8_t *topic, const uint8_t **data, size_t *size)
{
	size_t want = **data, have, i;

	++*data;
	--*size;
	have = want < *size ? want : *size;
	if (want >= LEN_SCALE && want < 2 * LEN_SCALE) {
		have = have ? 1 : 0;
		want = (want - LEN_SCALE) * 100;
	} else {
		want = have;
	}
	for (i = 0; i < want; i++)
		topic[i] = have ? (*data)[i % have] : 'z';
	*data += have;
	*size -= have;
	return want;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t topic[LEN_SCALE * 100 + 256];
	uint8_t *copy;
	uint8_t op;
	size_t len;

	if (!size)
		return 0;
	zmq_trie_init(&trie, data[0] & 1);
	for (data++, size--; size >= 2;) {
		op = *data++;
		size--;
		len = take_topic(topic, &data, &size);
		copy = malloc(len ?: 1);
		FUZZ_CHECK(copy);
		memcpy(copy, topic, len);
		run_op(op, copy, len);
		free(copy);
		check_all();
		check_lists();
	}
	zmq_trie_destroy(&trie);
	while (n_pairs)
		model_drop(n_pairs - 1);
	check_all();
	check_lists();
	return 0;
}
