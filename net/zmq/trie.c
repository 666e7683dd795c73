// SPDX-License-Identifier: GPL-2.0
/*
 * Subscription trie, see trie.h.
 *
 * A byte trie with path compression.  Each node but the root stands for the
 * label on the edge to it; no two children of a node begin with the same
 * byte.  A node without subscribers has two children or more, with three
 * exceptions that cost memory only: the root, the inner nodes of a label too
 * long for one node, and a node whose join with its child found no memory.
 */
#include <linux/sched.h>
#include "trie_node.h"

#define ZMQ_TRIE_PATH_MIN	64
/* So many nodes, and somebody else may run. */
#define ZMQ_TRIE_BATCH		1024

/* The trie has become empty. */
static void zmq_trie_clear(struct zmq_trie *t)
{
	t->root = NULL;
	t->max_len = 0;
	t->bytes -= t->path_size;
	kvfree(t->path);
	t->path = NULL;
	t->path_size = 0;
}

/* A copy of @node with room for a longer label, in its place. */
static struct zmq_trie_node *zmq_trie_regrow(struct zmq_trie *t,
					     struct zmq_trie_node *node,
					     size_t len)
{
	struct zmq_trie_node *new;
	unsigned int i;
	u8 cap;

	new = zmq_trie_node_alloc(t, len, ZMQ_TRIE_GFP_TRY);
	if (!new)
		return NULL;
	cap = new->cap;
	memcpy(new, node, offsetof(struct zmq_trie_node, label) + node->len);
	new->cap = cap;
	for (i = 0; i < new->n_kids; i++)
		zmq_trie_node_kids(new)[i]->parent = new;
	zmq_trie_node_replace(node, new);
	zmq_trie_node_moved(t, new);
	zmq_trie_node_free(t, node);
	return new;
}

/* Make one node of @node, without subscribers, and its only child. */
static void zmq_trie_join(struct zmq_trie *t, struct zmq_trie_node *node)
{
	struct zmq_trie_node *kid = zmq_trie_node_kids(node)[0];
	size_t len = node->len + kid->len;

	if (len > ZMQ_TRIE_NODE_LABEL_MAX)
		return;
	if (len > kid->cap) {
		kid = zmq_trie_regrow(t, kid, len);
		if (!kid)
			return;
	}
	memmove(kid->label + node->len, kid->label, kid->len);
	memcpy(kid->label, node->label, node->len);
	kid->len = len;
	zmq_trie_node_replace(node, kid);
	zmq_trie_node_free_kids(t, node);
	zmq_trie_node_free(t, node);
}

/*
 * Remove or join @node if it is not needed any more.
 * Return: true if it is gone and its parent may have to be settled, too.
 */
static bool zmq_trie_settle(struct zmq_trie *t, struct zmq_trie_node *node)
{
	if (node->n_subs || node->n_kids > 1)
		return false;
	if (node->n_kids) {
		if (node->parent)
			zmq_trie_join(t, node);
		return false;
	}
	if (node->parent)
		zmq_trie_node_unlink(t, node);
	else
		zmq_trie_clear(t);
	zmq_trie_node_free_kids(t, node);
	zmq_trie_node_free(t, node);
	return true;
}

static void zmq_trie_tidy(struct zmq_trie *t, struct zmq_trie_node *node)
{
	struct zmq_trie_node *parent;

	for (; node; node = parent) {
		parent = node->parent;
		if (!zmq_trie_settle(t, node))
			return;
	}
}

/* Put a node after the first @len bytes of @kid's label. */
static struct zmq_trie_node *zmq_trie_split(struct zmq_trie *t,
					    struct zmq_trie_node *kid,
					    size_t len, gfp_t gfp)
{
	struct zmq_trie_node *node;

	node = zmq_trie_node_alloc(t, len, gfp);
	if (!node)
		return NULL;
	memcpy(node->label, kid->label, len);
	node->len = len;
	zmq_trie_node_replace(kid, node);
	kid->len -= len;
	memmove(kid->label, kid->label + len, kid->len);
	zmq_trie_node_link(node, kid);
	return node;
}

/* Nodes for the rest of a topic under *@node, which becomes the last one. */
static int zmq_trie_extend(struct zmq_trie *t, struct zmq_trie_node **node,
			   const u8 *topic, size_t len, gfp_t gfp)
{
	struct zmq_trie_node *kid;
	size_t n;

	for (; len; len -= n, topic += n) {
		n = min_t(size_t, len, ZMQ_TRIE_NODE_LABEL_MAX);
		if (zmq_trie_node_reserve_kid(t, *node, gfp))
			return -ENOMEM;
		kid = zmq_trie_node_alloc(t, n, gfp);
		if (!kid)
			return -ENOMEM;
		memcpy(kid->label, topic, n);
		kid->len = n;
		zmq_trie_node_link(*node, kid);
		*node = kid;
	}
	return 0;
}

/**
 * struct zmq_trie_spot - how far a topic is in the trie
 * @node: last node whose whole path is a prefix of the topic
 * @len: bytes of this path
 * @kid: child of @node that has more bytes of the topic but not all of its
 *	label; or NULL
 * @common: how many bytes of its label
 */
struct zmq_trie_spot {
	struct zmq_trie_node	*node;
	size_t			len;
	struct zmq_trie_node	*kid;
	size_t			common;
};

static void zmq_trie_seek(const struct zmq_trie *t, const u8 *topic,
			  size_t len, struct zmq_trie_spot *spot)
{
	struct zmq_trie_node *kid;
	size_t i, n;

	spot->node = t->root;
	spot->len = 0;
	spot->kid = NULL;
	while (spot->len < len) {
		kid = zmq_trie_node_kid_find(spot->node, topic[spot->len]);
		if (!kid)
			return;
		n = min_t(size_t, kid->len, len - spot->len);
		for (i = 1; i < n; i++)
			if (kid->label[i] != topic[spot->len + i])
				break;
		if (i < kid->len) {
			spot->kid = kid;
			spot->common = i;
			return;
		}
		spot->node = kid;
		spot->len += i;
	}
}

/* The node of a topic, or NULL. */
static struct zmq_trie_node *zmq_trie_find(const struct zmq_trie *t,
					   const u8 *topic, size_t len)
{
	struct zmq_trie_spot spot;

	if (!t->root)
		return NULL;
	zmq_trie_seek(t, topic, len, &spot);
	return spot.len == len ? spot.node : NULL;
}

void zmq_trie_init(struct zmq_trie *t, bool counted)
{
	memset(t, 0, sizeof(*t));
	t->counted = counted;
}

void zmq_trie_destroy(struct zmq_trie *t)
{
	struct zmq_trie_node *node = t->root, *parent;
	u32 n = 0, i;

	while (node) {
		if (++n % ZMQ_TRIE_BATCH == 0)
			cond_resched();
		if (node->n_kids) {
			node = zmq_trie_node_kids(node)[node->n_kids - 1];
			continue;
		}
		parent = node->parent;
		if (parent)
			zmq_trie_node_unlink(t, node);
		for (i = 0; !t->counted && i < node->n_subs; i++)
			zmq_trie_node_forget_all(t, zmq_trie_node_sub(node, i));
		zmq_trie_node_free_subs(t, node);
		zmq_trie_node_free(t, node);
		node = parent;
	}
	zmq_trie_clear(t);
	t->topics = 0;
	t->entries = 0;
}

/* The root, and a place where walks can put a topic of @len bytes together. */
static int zmq_trie_prepare(struct zmq_trie *t, size_t len, gfp_t gfp)
{
	size_t size = max_t(size_t, len, ZMQ_TRIE_PATH_MIN);
	u8 *path;

	if (!t->root)
		t->root = zmq_trie_node_alloc(t, 0, gfp);
	if (!t->root)
		return -ENOMEM;
	if (len <= t->path_size)
		return 0;
	path = kvmalloc(size, gfp | __GFP_NOWARN);
	if (!path)
		return -ENOMEM;
	kvfree(t->path);
	t->bytes += size - t->path_size;
	t->path = path;
	t->path_size = size;
	return 0;
}

int zmq_trie_add(struct zmq_trie *t, const u8 *topic, size_t len,
		 struct zmq_trie_owner *sub, gfp_t gfp)
{
	struct zmq_trie_node *node;
	struct zmq_trie_spot spot;
	int rc;

	rc = zmq_trie_prepare(t, len, gfp);
	node = t->root;
	if (rc)
		goto undo;

	zmq_trie_seek(t, topic, len, &spot);
	node = spot.node;
	if (spot.kid) {
		rc = -ENOMEM;
		node = zmq_trie_split(t, spot.kid, spot.common, gfp);
		if (!node)
			return rc;
		spot.len += spot.common;
	}
	rc = zmq_trie_extend(t, &node, topic + spot.len, len - spot.len, gfp);
	if (rc)
		goto undo;
	rc = zmq_trie_node_add_sub(t, node, sub, gfp);
	if (rc < 0)
		goto undo;
	t->max_len = max(t->max_len, len);
	return rc;

undo:
	/* a split kept the child's memory: joining again needs none */
	zmq_trie_tidy(t, node);
	return rc;
}

int zmq_trie_remove(struct zmq_trie *t, const u8 *topic, size_t len,
		    struct zmq_trie_owner *sub)
{
	struct zmq_trie_node *node = zmq_trie_find(t, topic, len);
	s64 i;
	u32 at;
	int rc;

	i = node ? zmq_trie_node_find_sub(node, sub) : -ENOENT;
	if (i < 0)
		return i;
	if (t->counted && --*zmq_trie_node_sub_count(node, i))
		return 0;
	at = *zmq_trie_node_sub_at(node, i);
	rc = zmq_trie_node_delete_sub(t, node, i);
	if (!t->counted)
		zmq_trie_node_forget(t, sub, at);
	zmq_trie_tidy(t, node);
	return rc;
}

static void zmq_trie_call(const struct zmq_trie_node *node,
			  zmq_trie_match_fn fn, void *arg)
{
	u32 i;

	if (node->n_subs == 1)
		fn(node->sub, arg);
	else
		for (i = 0; i < node->n_subs; i++)
			fn(node->subs[i].sub, arg);
}

void zmq_trie_exact(const struct zmq_trie *t, const u8 *topic, size_t len,
		    zmq_trie_match_fn fn, void *arg)
{
	const struct zmq_trie_node *node = zmq_trie_find(t, topic, len);

	if (node)
		zmq_trie_call(node, fn, arg);
}

bool zmq_trie_has(const struct zmq_trie *t, const u8 *topic, size_t len)
{
	const struct zmq_trie_node *node = zmq_trie_find(t, topic, len);

	return node && node->n_subs;
}

/* Does @data go on with a node's label?  Labels are short: no call is made. */
static bool zmq_trie_goes_on(const struct zmq_trie_node *node, const u8 *data,
			     size_t len)
{
	const u8 *label = node->label;
	u32 n = node->len;
	u64 a, b;

	if (len < n)
		return false;
	for (; n >= sizeof(a); n -= sizeof(a)) {
		memcpy(&a, label, sizeof(a));
		memcpy(&b, data, sizeof(b));
		if (a != b)
			return false;
		label += sizeof(a);
		data += sizeof(b);
	}
	for (; n; n--)
		if (*label++ != *data++)
			return false;
	return true;
}

void zmq_trie_match(const struct zmq_trie *t, const u8 *data, size_t len,
		    zmq_trie_match_fn fn, void *arg)
{
	const struct zmq_trie_node *node = t->root;
	size_t pos = 0;

	while (node) {
		if (!zmq_trie_goes_on(node, data + pos, len - pos))
			return;
		pos += node->len;
		zmq_trie_call(node, fn, arg);
		if (pos == len)
			return;
		node = zmq_trie_node_kid_find(node, data[pos]);
	}
}

bool zmq_trie_matches(const struct zmq_trie *t, const u8 *data, size_t len)
{
	const struct zmq_trie_node *node = t->root;
	size_t pos = 0;

	while (node) {
		if (!zmq_trie_goes_on(node, data + pos, len - pos))
			return false;
		if (node->n_subs)
			return true;
		pos += node->len;
		if (pos == len)
			return false;
		node = zmq_trie_node_kid_find(node, data[pos]);
	}
	return false;
}

/* The topic of a node, at the end of t->path. */
static const u8 *zmq_trie_topic(const struct zmq_trie *t,
				const struct zmq_trie_node *node, size_t *len)
{
	u8 *p;

	*len = 0;
	if (!node->parent)
		return NULL;
	p = t->path + t->path_size;
	for (; node->parent; node = node->parent) {
		p -= node->len;
		*len += node->len;
		memcpy(p, node->label, node->len);
	}
	return p;
}

void zmq_trie_remove_sub(struct zmq_trie *t, struct zmq_trie_owner *sub,
			 bool each, zmq_trie_walk_fn gone, void *arg)
{
	struct zmq_trie_node *node;
	const u8 *topic;
	size_t len;
	u32 k;
	int rc;

	/* What is removed here joins nodes, which keeps their places. */
	for (k = 0; k < sub->n; k++) {
		node = sub->nodes[k];
		rc = zmq_trie_node_delete_sub(t, node,
					      zmq_trie_node_find_sub(node, sub));
		if (gone && (each || rc & ZMQ_TRIE_TOPIC)) {
			topic = zmq_trie_topic(t, node, &len);
			gone(topic, len, sub, arg);
		}
		zmq_trie_tidy(t, node);
		if (k % ZMQ_TRIE_BATCH == ZMQ_TRIE_BATCH - 1)
			cond_resched();
	}
	zmq_trie_node_forget_all(t, sub);
}

/* Walks: the topic of the node at hand is the first *@len bytes of @path. */

static void zmq_trie_enter(const struct zmq_trie *t,
			   const struct zmq_trie_node *node, size_t *len)
{
	if (node->len)
		memcpy(t->path + *len, node->label, node->len);
	*len += node->len;
}

/* The node after @node and all below it. */
static struct zmq_trie_node *zmq_trie_after(struct zmq_trie_node *node,
					    size_t *len)
{
	struct zmq_trie_node *next;

	for (; node->parent; node = node->parent) {
		*len -= node->len;
		next = zmq_trie_node_kid_from(node->parent, node->label[0] + 1);
		if (next)
			return next;
	}
	return NULL;
}

int zmq_trie_walk(const struct zmq_trie *t, zmq_trie_walk_fn fn, void *arg,
		  gfp_t gfp)
{
	struct zmq_trie_node *node = t->root;
	size_t len = 0;
	u32 i;

	while (node) {
		zmq_trie_enter(t, node, &len);
		for (i = 0; i < node->n_subs; i++)
			fn(t->path, len, zmq_trie_node_sub(node, i), arg);
		node = node->n_kids ? zmq_trie_node_kids(node)[0] :
				      zmq_trie_after(node, &len);
	}
	return 0;
}
