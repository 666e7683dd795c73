/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Subscription trie: sets of subscribers keyed by topic prefix.  Pure.
 *
 * The caller serialises every call (a PUB's trie: lock_sock of its socket, a
 * SUB's: the socket's rx_lock); callbacks must not call back with the same
 * trie.  No function recurses or sleeps except in an allocation with the
 * caller's flags.
 *
 * Cost, with L the length of the topic or of the data, S the subscribers of
 * one topic: add and remove O(L + log S) comparisons and a memmove of S
 * entries; match and exact O(L) and the matches, whatever the number of
 * topics; remove_sub as much as to remove each of the subscriber's own topics;
 * walk visits every node.
 */
#ifndef _NET_ZMQ_TRIE_H
#define _NET_ZMQ_TRIE_H

#include "pure.h"

struct zmq_trie_node;

/**
 * struct zmq_trie_owner - a subscriber
 * @nodes: its topics in the order they were added, but for the last one taking
 *	the place of one removed; NULL if @cap is 0
 * @n: how many
 * @cap: room at @nodes
 *
 * Part of what subscribes; begins zeroed, and has no memory of its own when it
 * has no topics.  One owner belongs to one trie.  A counted trie does not keep
 * the list.
 */
struct zmq_trie_owner {
	struct zmq_trie_node	**nodes;
	u32			n;
	u32			cap;
};

/**
 * struct zmq_trie - the tree
 * @root: node of the empty prefix, or NULL
 * @counted: a subscriber may hold a topic several times (SUB); otherwise
 *	adding again is no change (PUB, XPUB)
 * @topics: topics that have at least one subscriber
 * @entries: (topic, subscriber) pairs
 * @bytes: memory the nodes and the owners' lists occupy, for limits
 * @max_len: an upper bound of the length of the topics inside, in bytes: the
 *	longest there has been since the trie was last empty
 * @path: where walks put the topic together, @path_size >= @max_len bytes;
 *	NULL if there has been no topic but the empty one
 * @path_size: its size
 */
struct zmq_trie {
	struct zmq_trie_node	*root;
	bool			counted;
	u32			topics;
	u32			entries;
	size_t			bytes;
	size_t			max_len;
	u8			*path;
	size_t			path_size;
};

/* What zmq_trie_add() and zmq_trie_remove() changed. */
#define ZMQ_TRIE_ENTRY	0x1	/* the pair is new / is gone */
#define ZMQ_TRIE_TOPIC	0x2	/* the topic is new / is gone */

typedef void (*zmq_trie_match_fn)(struct zmq_trie_owner *sub, void *arg);
typedef void (*zmq_trie_walk_fn)(const u8 *topic, size_t len,
				 struct zmq_trie_owner *sub, void *arg);

void zmq_trie_init(struct zmq_trie *t, bool counted);
/* Free all nodes; the trie is empty and usable afterwards.  May reschedule. */
void zmq_trie_destroy(struct zmq_trie *t);

/* Return: mask of ZMQ_TRIE_*, or -ENOMEM with the trie unchanged. */
int zmq_trie_add(struct zmq_trie *t, const u8 *topic, size_t len,
		 struct zmq_trie_owner *sub, gfp_t gfp);
/*
 * Return: mask of ZMQ_TRIE_*, or -ENOENT if the pair is not there.  Never
 * fails for lack of memory.
 */
int zmq_trie_remove(struct zmq_trie *t, const u8 *topic, size_t len,
		    struct zmq_trie_owner *sub);
/*
 * Remove every pair of @sub, in the order of its list.  Calls @gone (may be
 * NULL) for each topic that lost its last subscriber, or with @each for every
 * topic.  Not for counted tries.  May reschedule.
 */
void zmq_trie_remove_sub(struct zmq_trie *t, struct zmq_trie_owner *sub,
			 bool each, zmq_trie_walk_fn gone, void *arg);
/*
 * Call @fn for every (topic, sub) whose topic is a prefix of @data, shorter
 * topics first; a sub with two such topics is called twice.
 */
void zmq_trie_match(const struct zmq_trie *t, const u8 *data, size_t len,
		    zmq_trie_match_fn fn, void *arg);
/* Call @fn for every sub of just this topic. */
void zmq_trie_exact(const struct zmq_trie *t, const u8 *topic, size_t len,
		    zmq_trie_match_fn fn, void *arg);
/* Is any topic a prefix of @data? */
bool zmq_trie_matches(const struct zmq_trie *t, const u8 *data, size_t len);
/* Is there just this topic? */
bool zmq_trie_has(const struct zmq_trie *t, const u8 *topic, size_t len);
/*
 * Call @fn for every pair, topics in byte order, parents first.  @topic is
 * valid during the call; it may be NULL for the empty topic.  @gfp: nothing is
 * allocated at present.  Return: 0.
 */
int zmq_trie_walk(const struct zmq_trie *t, zmq_trie_walk_fn fn, void *arg,
		  gfp_t gfp);

#endif /* _NET_ZMQ_TRIE_H */
