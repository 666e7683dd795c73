/* SPDX-License-Identifier: GPL-2.0 */
/* One node of the subscription trie: its children and subscribers.  Pure. */
#ifndef _NET_ZMQ_TRIE_NODE_H
#define _NET_ZMQ_TRIE_NODE_H

#include "trie.h"

#define ZMQ_TRIE_NODE_LABEL_MAX	255
#define ZMQ_TRIE_NODE_KIDS_MAX	256

/* Allocations that make removal tidier but that it can do without. */
#define ZMQ_TRIE_GFP_TRY	(GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT)

/*
 * A subscriber of a topic; how often it holds it if the trie is counted, else
 * where the node is in the subscriber's list.
 */
struct zmq_trie_sub {
	struct zmq_trie_owner	*sub;
	union {
		u32		count;
		u32		at;
	};
};

/**
 * struct zmq_trie_node - a topic or a common prefix of topics
 * @parent: node above; NULL for the root
 * @kid: the only child, if @kid_cap is 0 and @n_kids is 1
 * @kids: children if @kid_cap > 0: as many pointers, then as many first
 *	bytes, both in the order of the latter
 * @sub: the only subscriber, if @n_subs is 1
 * @subs: subscribers by address, if @n_subs > 1
 * @n_subs: how many subscribers
 * @count: of @sub, in a counted trie
 * @at: of @sub, in another
 * @sub_cap: room at @subs
 * @n_kids: how many children
 * @kid_cap: room at @kids
 * @len: bytes of label
 * @cap: room at @label
 * @label: bytes from the parent to here, the first one included
 *
 * Both lists have a form for the commonest size, one, that needs no memory of
 * its own.  A node is 64 bytes up to a label of 26.
 */
struct zmq_trie_node {
	struct zmq_trie_node		*parent;
	union {
		struct zmq_trie_node	*kid;
		struct zmq_trie_node	**kids;
	};
	union {
		struct zmq_trie_owner	*sub;
		struct zmq_trie_sub	*subs;
	};
	u32				n_subs;
	union {
		u32			count;
		u32			at;
		u32			sub_cap;
	};
	u16				n_kids;
	u16				kid_cap;
	u8				len;
	u8				cap;
	u8				label[];
};

/* A node with room for @len bytes of label, linked nowhere; or NULL. */
struct zmq_trie_node *zmq_trie_node_alloc(struct zmq_trie *t, size_t len,
					  gfp_t gfp);
/* The node alone: not its children and subscribers. */
void zmq_trie_node_free(struct zmq_trie *t, struct zmq_trie_node *node);

/* Have room for one more child.  Return: 0 or -ENOMEM. */
int zmq_trie_node_reserve_kid(struct zmq_trie *t, struct zmq_trie_node *node,
			      gfp_t gfp);
/* Put @kid under @node; there is room for it and none like it. */
void zmq_trie_node_link(struct zmq_trie_node *node, struct zmq_trie_node *kid);
/* Take @kid from under its parent. */
void zmq_trie_node_unlink(struct zmq_trie *t, struct zmq_trie_node *kid);
/* Put @kid where @old was, which begins with the same byte. */
void zmq_trie_node_replace(struct zmq_trie_node *old,
			   struct zmq_trie_node *kid);
/* Free the table of children if there is one; not the children. */
void zmq_trie_node_free_kids(struct zmq_trie *t, struct zmq_trie_node *node);

/* Add @sub, or count it again.  Return: mask of ZMQ_TRIE_*, or -ENOMEM. */
int zmq_trie_node_add_sub(struct zmq_trie *t, struct zmq_trie_node *node,
			  struct zmq_trie_owner *sub, gfp_t gfp);
/*
 * Remove subscriber number @i whatever its count; its list of nodes is left
 * alone.  Return: the mask.
 */
int zmq_trie_node_delete_sub(struct zmq_trie *t, struct zmq_trie_node *node,
			     u32 i);
/* @node is at another address now: tell its subscribers' lists. */
void zmq_trie_node_moved(struct zmq_trie *t, struct zmq_trie_node *node);
/* Take node number @at off a subscriber's list. */
void zmq_trie_node_forget(struct zmq_trie *t, struct zmq_trie_owner *sub,
			  u32 at);
/* Free the list. */
void zmq_trie_node_forget_all(struct zmq_trie *t, struct zmq_trie_owner *sub);
/* Forget all subscribers; of no use but before freeing the node. */
void zmq_trie_node_free_subs(struct zmq_trie *t, struct zmq_trie_node *node);
/* Number of @sub among the subscribers, or -ENOENT. */
s64 zmq_trie_node_find_sub(const struct zmq_trie_node *node,
			   const struct zmq_trie_owner *sub);

/* The children, @n_kids pointers. */
static inline struct zmq_trie_node **
zmq_trie_node_kids(struct zmq_trie_node *node)
{
	return node->kid_cap ? node->kids : &node->kid;
}

/* First bytes of the children, if @kid_cap > 0. */
static inline u8 *zmq_trie_node_keys(const struct zmq_trie_node *node)
{
	return (u8 *)(node->kids + node->kid_cap);
}

/* Index of the first child whose label begins with @byte (0..256) or more. */
static inline unsigned int
zmq_trie_node_kid_pos(const struct zmq_trie_node *node, unsigned int byte)
{
	unsigned int lo = 0, hi = node->n_kids, mid;
	const u8 *keys;

	if (!node->kid_cap)
		return hi && node->kid->label[0] < byte;
	keys = zmq_trie_node_keys(node);
	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (keys[mid] < byte)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* First child whose label begins with @byte (0..256) or more, or NULL. */
static inline struct zmq_trie_node *
zmq_trie_node_kid_from(const struct zmq_trie_node *node, unsigned int byte)
{
	unsigned int i = zmq_trie_node_kid_pos(node, byte);

	if (i == node->n_kids)
		return NULL;
	return node->kid_cap ? node->kids[i] : node->kid;
}

/* The child whose label begins with @byte, or NULL. */
static inline struct zmq_trie_node *
zmq_trie_node_kid_find(const struct zmq_trie_node *node, u8 byte)
{
	struct zmq_trie_node *kid = zmq_trie_node_kid_from(node, byte);

	return kid && kid->label[0] == byte ? kid : NULL;
}

/* Subscriber number @i, which is there. */
static inline struct zmq_trie_owner *
zmq_trie_node_sub(const struct zmq_trie_node *node, u32 i)
{
	return node->n_subs == 1 ? node->sub : node->subs[i].sub;
}

/* How often it holds the topic. */
static inline u32 *zmq_trie_node_sub_count(struct zmq_trie_node *node, u32 i)
{
	return node->n_subs == 1 ? &node->count : &node->subs[i].count;
}

/* Where the node is in its list. */
static inline u32 *zmq_trie_node_sub_at(struct zmq_trie_node *node, u32 i)
{
	return node->n_subs == 1 ? &node->at : &node->subs[i].at;
}

#endif /* _NET_ZMQ_TRIE_NODE_H */
