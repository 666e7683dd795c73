// SPDX-License-Identifier: GPL-2.0
/*
 * One node of the subscription trie, see trie_node.h.
 */
#include "trie_node.h"

#define ZMQ_TRIE_NODE_ROUND	32	/* sizes that slab caches have */
#define ZMQ_TRIE_NODE_SUBS_MIN	4
#define ZMQ_TRIE_NODE_LIST_MIN	4	/* room in an owner's list */
#define ZMQ_TRIE_NODE_KID_SIZE	(sizeof(struct zmq_trie_node *) + 1)

static size_t zmq_trie_node_size(size_t label)
{
	return round_up(offsetof(struct zmq_trie_node, label) + label,
			ZMQ_TRIE_NODE_ROUND);
}

struct zmq_trie_node *zmq_trie_node_alloc(struct zmq_trie *t, size_t len,
					  gfp_t gfp)
{
	size_t size = zmq_trie_node_size(len);
	struct zmq_trie_node *node;

	node = kzalloc(size, gfp);
	if (!node)
		return NULL;
	node->cap = min_t(size_t, ZMQ_TRIE_NODE_LABEL_MAX,
			  size - offsetof(struct zmq_trie_node, label));
	t->bytes += size;
	return node;
}

void zmq_trie_node_free(struct zmq_trie *t, struct zmq_trie_node *node)
{
	t->bytes -= zmq_trie_node_size(node->cap);
	kfree(node);
}

void zmq_trie_node_free_kids(struct zmq_trie *t, struct zmq_trie_node *node)
{
	if (!node->kid_cap)
		return;
	t->bytes -= node->kid_cap * ZMQ_TRIE_NODE_KID_SIZE;
	kfree(node->kids);
	node->kids = NULL;
	node->kid_cap = 0;
}

int zmq_trie_node_reserve_kid(struct zmq_trie *t, struct zmq_trie_node *node,
			      gfp_t gfp)
{
	struct zmq_trie_node **old = zmq_trie_node_kids(node), **kids;
	size_t size = ZMQ_TRIE_NODE_ROUND;
	unsigned int cap, i;

	if (node->n_kids < (node->kid_cap ?: 1))
		return 0;
	while (size / ZMQ_TRIE_NODE_KID_SIZE <= node->n_kids)
		size *= 2;
	cap = min_t(size_t, size / ZMQ_TRIE_NODE_KID_SIZE,
		    ZMQ_TRIE_NODE_KIDS_MAX);

	kids = kmalloc(cap * ZMQ_TRIE_NODE_KID_SIZE, gfp);
	if (!kids)
		return -ENOMEM;
	for (i = 0; i < node->n_kids; i++) {
		kids[i] = old[i];
		((u8 *)(kids + cap))[i] = old[i]->label[0];
	}
	zmq_trie_node_free_kids(t, node);
	node->kids = kids;
	node->kid_cap = cap;
	t->bytes += cap * ZMQ_TRIE_NODE_KID_SIZE;
	return 0;
}

void zmq_trie_node_link(struct zmq_trie_node *node, struct zmq_trie_node *kid)
{
	unsigned int i = zmq_trie_node_kid_pos(node, kid->label[0]);
	unsigned int n = node->n_kids++ - i;
	u8 *keys;

	kid->parent = node;
	if (!node->kid_cap) {
		node->kid = kid;
		return;
	}
	keys = zmq_trie_node_keys(node);
	memmove(keys + i + 1, keys + i, n);
	memmove(node->kids + i + 1, node->kids + i, n * sizeof(*node->kids));
	keys[i] = kid->label[0];
	node->kids[i] = kid;
}

/* A table for one child or none gives way to the small form. */
static void zmq_trie_node_shrink_kids(struct zmq_trie *t,
				      struct zmq_trie_node *node)
{
	struct zmq_trie_node *last;

	if (node->n_kids > 1)
		return;
	last = node->n_kids ? node->kids[0] : NULL;
	zmq_trie_node_free_kids(t, node);
	node->kid = last;
}

void zmq_trie_node_unlink(struct zmq_trie *t, struct zmq_trie_node *kid)
{
	struct zmq_trie_node *node = kid->parent;
	unsigned int i = zmq_trie_node_kid_pos(node, kid->label[0]);
	unsigned int n = --node->n_kids - i;
	u8 *keys;

	kid->parent = NULL;
	if (!node->kid_cap) {
		node->kid = NULL;
		return;
	}
	keys = zmq_trie_node_keys(node);
	memmove(keys + i, keys + i + 1, n);
	memmove(node->kids + i, node->kids + i + 1, n * sizeof(*node->kids));
	zmq_trie_node_shrink_kids(t, node);
}

void zmq_trie_node_replace(struct zmq_trie_node *old,
			   struct zmq_trie_node *kid)
{
	struct zmq_trie_node *node = old->parent;
	unsigned int i = zmq_trie_node_kid_pos(node, old->label[0]);

	zmq_trie_node_kids(node)[i] = kid;
	kid->parent = node;
}

void zmq_trie_node_free_subs(struct zmq_trie *t, struct zmq_trie_node *node)
{
	if (node->n_subs <= 1)
		return;
	t->bytes -= node->sub_cap * sizeof(*node->subs);
	kvfree(node->subs);
}

/* Give an owner's list another size, 0: none. */
static int zmq_trie_node_resize_list(struct zmq_trie *t,
				     struct zmq_trie_owner *sub, u32 cap,
				     gfp_t gfp)
{
	struct zmq_trie_node **nodes = NULL;

	if (cap) {
		nodes = kvmalloc_array(cap, sizeof(*nodes), gfp | __GFP_NOWARN);
		if (!nodes)
			return -ENOMEM;
		if (sub->n)
			memcpy(nodes, sub->nodes, sub->n * sizeof(*nodes));
	}
	kvfree(sub->nodes);
	t->bytes += cap * sizeof(*nodes);
	t->bytes -= sub->cap * sizeof(*nodes);
	sub->nodes = nodes;
	sub->cap = cap;
	return 0;
}

/* Make room for one more node in an owner's list. */
static int zmq_trie_node_reserve_list(struct zmq_trie *t,
				      struct zmq_trie_owner *sub, gfp_t gfp)
{
	u32 cap = max_t(u32, sub->n * 2, ZMQ_TRIE_NODE_LIST_MIN);

	if (t->counted || sub->n < sub->cap)
		return 0;
	if (cap <= sub->n)
		return -ENOMEM;
	return zmq_trie_node_resize_list(t, sub, cap, gfp);
}

/* An empty list needs no memory, a short one not that of a long one. */
static void zmq_trie_node_trim_list(struct zmq_trie *t,
				    struct zmq_trie_owner *sub)
{
	if (!sub->n)
		zmq_trie_node_resize_list(t, sub, 0, 0);
	else if (sub->cap > ZMQ_TRIE_NODE_LIST_MIN && sub->n <= sub->cap / 4)
		zmq_trie_node_resize_list(t, sub, sub->cap / 2,
					  ZMQ_TRIE_GFP_TRY);
}

void zmq_trie_node_forget_all(struct zmq_trie *t, struct zmq_trie_owner *sub)
{
	sub->n = 0;
	zmq_trie_node_trim_list(t, sub);
}

void zmq_trie_node_forget(struct zmq_trie *t, struct zmq_trie_owner *sub,
			  u32 at)
{
	struct zmq_trie_node *last = sub->nodes[--sub->n];

	if (at != sub->n) {
		sub->nodes[at] = last;
		*zmq_trie_node_sub_at(last, zmq_trie_node_find_sub(last, sub)) =
			at;
	}
	zmq_trie_node_trim_list(t, sub);
}

void zmq_trie_node_moved(struct zmq_trie *t, struct zmq_trie_node *node)
{
	u32 i;

	if (t->counted)
		return;
	for (i = 0; i < node->n_subs; i++)
		zmq_trie_node_sub(node, i)->nodes[*zmq_trie_node_sub_at(node, i)] =
			node;
}

/* Index of the first subscriber at the address of @sub or above. */
static u32 zmq_trie_node_sub_pos(const struct zmq_trie_node *node,
				 const struct zmq_trie_owner *sub)
{
	u32 lo = 0, hi = node->n_subs, mid;

	if (hi <= 1)
		return hi && node->sub < sub;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (node->subs[mid].sub < sub)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

s64 zmq_trie_node_find_sub(const struct zmq_trie_node *node,
			   const struct zmq_trie_owner *sub)
{
	u32 i = zmq_trie_node_sub_pos(node, sub);

	if (i == node->n_subs || zmq_trie_node_sub(node, i) != sub)
		return -ENOENT;
	return i;
}

/* Make room for one more subscriber of a node that has some. */
static int zmq_trie_node_reserve_sub(struct zmq_trie *t,
				     struct zmq_trie_node *node, gfp_t gfp)
{
	u32 cap = max_t(u32, node->n_subs * 2, ZMQ_TRIE_NODE_SUBS_MIN);
	struct zmq_trie_sub *subs;

	if (node->n_subs > 1 && node->n_subs < node->sub_cap)
		return 0;
	if (cap <= node->n_subs)
		return -ENOMEM;
	subs = kvmalloc_array(cap, sizeof(*subs), gfp | __GFP_NOWARN);
	if (!subs)
		return -ENOMEM;
	if (node->n_subs == 1) {
		subs[0].sub = node->sub;
		subs[0].count = node->count;
	} else {
		memcpy(subs, node->subs, node->n_subs * sizeof(*subs));
		zmq_trie_node_free_subs(t, node);
	}
	node->subs = subs;
	node->sub_cap = cap;
	t->bytes += cap * sizeof(*subs);
	return 0;
}

/* A subscriber that is not there yet, to be number @i; the list has room. */
static int zmq_trie_node_insert_sub(struct zmq_trie *t,
				    struct zmq_trie_node *node, u32 i,
				    struct zmq_trie_owner *sub, gfp_t gfp)
{
	u32 count = t->counted ? 1 : sub->n;

	if (!node->n_subs) {
		node->n_subs = 1;
		node->sub = sub;
		node->count = count;
		t->topics++;
	} else {
		if (zmq_trie_node_reserve_sub(t, node, gfp))
			return -ENOMEM;
		memmove(node->subs + i + 1, node->subs + i,
			(node->n_subs - i) * sizeof(*node->subs));
		node->subs[i].sub = sub;
		node->subs[i].count = count;
		node->n_subs++;
	}
	t->entries++;
	if (!t->counted)
		sub->nodes[sub->n++] = node;
	return node->n_subs == 1 ? ZMQ_TRIE_ENTRY | ZMQ_TRIE_TOPIC :
				   ZMQ_TRIE_ENTRY;
}

int zmq_trie_node_add_sub(struct zmq_trie *t, struct zmq_trie_node *node,
			  struct zmq_trie_owner *sub, gfp_t gfp)
{
	u32 i = zmq_trie_node_sub_pos(node, sub);
	int rc;

	if (i < node->n_subs && zmq_trie_node_sub(node, i) == sub) {
		if (t->counted)
			(*zmq_trie_node_sub_count(node, i))++;
		return 0;
	}
	if (zmq_trie_node_reserve_list(t, sub, gfp))
		return -ENOMEM;
	rc = zmq_trie_node_insert_sub(t, node, i, sub, gfp);
	if (rc < 0 && !t->counted)
		zmq_trie_node_trim_list(t, sub);
	return rc;
}

int zmq_trie_node_delete_sub(struct zmq_trie *t, struct zmq_trie_node *node,
			     u32 i)
{
	struct zmq_trie_sub last;

	t->entries--;
	switch (node->n_subs) {
	case 1:
		node->n_subs = 0;
		node->sub = NULL;
		t->topics--;
		return ZMQ_TRIE_ENTRY | ZMQ_TRIE_TOPIC;
	case 2:
		last = node->subs[1 - i];
		zmq_trie_node_free_subs(t, node);
		node->n_subs = 1;
		node->sub = last.sub;
		node->count = last.count;
		return ZMQ_TRIE_ENTRY;
	default:
		node->n_subs--;
		memmove(node->subs + i, node->subs + i + 1,
			(node->n_subs - i) * sizeof(*node->subs));
		return ZMQ_TRIE_ENTRY;
	}
}
