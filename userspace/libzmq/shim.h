/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libzmq.so.5 over AF_ZMQ sockets: what the files of the library share.
 *
 * A zmq socket is a kernel socket (socket.c), a context a kernel context
 * (ctx.c); messages, options and polling are thin translations.  There are no
 * threads and nothing runs between calls.
 *
 *	entry.c		the exported functions: native or fallback
 *	fallback.c	finds the real libzmq and its functions
 *	handle.c	handles that are safe to use stale; fork
 *	ctx.c socket.c endpoint.c opts.c absent.c
 *	msg.c meta.c sendrecv.c ring.c prefetch.c
 *	poll.c poller.c proxy.c monitor.c
 *	error.c version.c util.c timers.c z85.c draft.c
 */
#ifndef ZS_SHIM_H
#define ZS_SHIM_H

#define ZMQ_BUILD_DRAFT_API
#include <zmq.h>
#include <linux/zmq.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include "ring.h"

/*
 * For each function of the ABI the prototype of what is exported, which the
 * compiler compares with <zmq.h>, and of our own, which does it.
 */
#define ZS_EXPORT	__attribute__((visibility("default")))
#define FN(ret, fail, name, params, args)	\
	ZS_EXPORT ret zmq_##name params;	\
	ret zs_##name params;
#define FN_VOID(name, params, args)		\
	ZS_EXPORT void zmq_##name params;	\
	void zs_##name params;
#include "abi.h"
#undef FN
#undef FN_VOID

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* error.c */

int zs_fail(int err);
int zs_fail_kernel(void);

/* entry.c, fallback.c */

/**
 * struct zs_real - the functions of the real libzmq
 *
 * Member names are those of the functions without "zmq_"; NULL for draft
 * functions that the library found was not built with.
 */
struct zs_real {
#define FN(ret, fail, name, params, args)	ret (*fn_##name) params;
#define FN_VOID(name, params, args)		void (*fn_##name) params;
#include "abi.h"
#undef FN
#undef FN_VOID
};

/*
 * Found in the text of every build of this library and of no other: tells
 * fallback.c that a libzmq.so.5 on disk is this library again.
 */
#define ZS_NAME		"libzmq (AF_ZMQ shim)"

bool zs_real_load(struct zs_real *real);

/* handle.c */

#define ZS_HANDLE_OPEN		0x80000000u
#define ZS_HANDLE_CLOSING	0x40000000u
#define ZS_HANDLE_ORPHAN	0x20000000u

struct zs_pool;

/**
 * struct zs_handle - first member of what a void * of the API points to
 * @pool: the kind of handle; constant for ever
 * @state: ZS_HANDLE_* and, in the low bits, how many calls are using it
 * @next_all: every handle of the pool; constant once linked
 * @next_free: free handles of the pool, protected by the pool's lock
 *
 * The memory of a handle is never given back, so a call with a handle that
 * is closed already, or is being closed by another thread, finds that out
 * instead of crashing.  The object is released by whoever leaves it last:
 * its descriptor cannot be closed, and its number be reused for another
 * file, under a call still using it.
 */
struct zs_handle {
	struct zs_pool		*pool;
	_Atomic uint32_t	state;
	struct zs_handle	*next_all;
	struct zs_handle	*next_free;
};

/**
 * struct zs_pool - all handles of one kind
 * @size: bytes of one object, its struct zs_handle first
 * @release: closed and no longer in use: free what the object owns
 * @orphan: in the child of a fork: drop what belongs to the parent
 * @keeps: orphans stay usable (contexts) rather than closed (sockets)
 * @lock: protects the lists and is held across fork()
 * @all: every object ever made
 * @free_head: unused ones, longest unused first
 * @free_tail: last link of @free_head
 */
struct zs_pool {
	size_t			size;
	void			(*release)(struct zs_handle *h);
	void			(*orphan)(struct zs_handle *h);
	bool			keeps;
	pthread_mutex_t		lock;
	struct zs_handle	*all;
	struct zs_handle	*free_head;
	struct zs_handle	**free_tail;
};

extern struct zs_pool zs_ctx_pool;
extern struct zs_pool zs_sock_pool;

struct zs_handle *zs_handle_new(struct zs_pool *pool);
void zs_handle_open(struct zs_handle *h);
void zs_handle_abandon(struct zs_handle *h);
bool zs_handle_close(struct zs_handle *h);
void zs_handle_left(struct zs_handle *h);

static inline void zs_handle_put(struct zs_handle *h)
{
	uint32_t old = atomic_fetch_sub_explicit(&h->state, 1,
						 memory_order_release);

	if (unlikely(old == (ZS_HANDLE_CLOSING | 1)))
		zs_handle_left(h);
}

/* False for NULL, for something else's handle and for a closed one. */
static inline bool zs_handle_get(struct zs_handle *h, struct zs_pool *pool)
{
	if (unlikely(!h || h->pool != pool))
		return false;
	if (likely(atomic_fetch_add_explicit(&h->state, 1,
					     memory_order_acquire) &
		   ZS_HANDLE_OPEN))
		return true;
	zs_handle_put(h);
	return false;
}

/* ctx.c */

#define ZS_THREAD_NAME_MAX	16

/**
 * struct zs_ctx - a context
 * @h: handle
 * @lock: protects everything below
 * @fd: the kernel's context, -1 before the first socket
 * @shut: zmq_ctx_shutdown() or zmq_ctx_term() was called
 * @sockets: open ones
 * @started: what IO_THREADS was at the first socket
 * @max_sockets: and the rest: the options of zmq_ctx_set()
 */
struct zs_ctx {
	struct zs_handle	h;
	pthread_mutex_t		lock;
	int			fd;
	_Atomic bool		shut;
	int			sockets;
	int			started;
	int			max_sockets;
	int			io_threads;
	int			max_msgsz;
	int			thread_policy;
	int			zero_copy;
	int			ipv6;
	int			blocky;
	uint64_t		cpus[16];
	char			thread_name[ZS_THREAD_NAME_MAX + 1];
};

int zs_ctx_enter(struct zs_ctx *ctx);
void zs_ctx_leave(struct zs_ctx *ctx);

/* zs_handle_get() for contexts, left at the end of the caller's block. */
#define ZS_USING_CTX	__attribute__((cleanup(zs_ctx_done))) struct zs_ctx

static inline void zs_ctx_done(struct zs_ctx **ctx)
{
	if (*ctx)
		zs_handle_put(&(*ctx)->h);
}

/* The context of a handle, or NULL and EFAULT. */
static inline struct zs_ctx *zs_ctx_get_handle(void *handle)
{
	if (zs_handle_get(handle, &zs_ctx_pool))
		return handle;
	errno = EFAULT;
	return NULL;
}

/* prefetch.c */

#define ZS_PREFETCH_LEASED	0x80000000u

/* The flags octet of a frame. */
#define ZS_FRAME_MORE		1
#define ZS_FRAME_LONG		2

/**
 * struct zs_prefetch - messages looked at ahead of receiving them
 * @state: ZS_PREFETCH_LEASED: receives take what is here, under @lock; else how
 *	many of them are in the kernel
 * @able: the socket may do this; constant
 * @left: single receives before the next look
 * @lock: protects what follows; held to set ZS_PREFETCH_LEASED
 * @pause: what @left begins with, 0: always look
 * @run: messages handed out since the lease began
 * @look: for the kernel: what was handed out; from it: the messages; or NULL
 * @next: in @look: the next part
 * @end: in @look: behind the last one
 * @told: the metadata of the socket are those of connection @id
 * @id: number of the connection that the last message came by
 */
struct zs_prefetch {
	_Atomic uint32_t	state;
	bool			able;
	_Atomic int		left;
	pthread_mutex_t		lock;
	int			pause;
	unsigned int		run;
	struct zmq_af_lookahead	*look;
	const unsigned char	*next;
	const unsigned char	*end;
	bool			told;
	uint32_t		id;
};

/* socket.c */

struct zs_endpoint;
struct zs_meta;

#define ZS_RCVMORE_UNKNOWN	-1

/**
 * struct zs_metas - metadata that a socket keeps (meta.c)
 * @lock: protects what follows
 * @slots: of connections messages came by, by number; NULL: none yet
 * @size: how many slots, a power of two
 * @again: how often a newer connection had taken one's slot, since there are @size
 * @with_fd: those of which there is a descriptor
 * @fds: how many
 * @sweep_at: how many make it worth to look for ones that are over
 */
struct zs_metas {
	pthread_mutex_t		lock;
	struct zs_meta		**slots;
	uint32_t		size;
	uint32_t		again;
	struct zs_meta		*with_fd;
	int			fds;
	int			sweep_at;
};

/**
 * struct zs_sock - a socket
 * @h: handle
 * @fd: the kernel's socket
 * @epfd: what ZMQ_FD gives, -1 before it is asked for
 * @type: ZMQ_SUB etc.
 * @thread_safe: one of the types that libzmq calls so: no multipart, no ZMQ_FD
 * @numbered: peers are told by number, zmq_msg_routing_id()
 * @grouped: messages are of groups, zmq_msg_group()
 * @rcvmore: ZMQ_RCVMORE, or that only the kernel knows it
 * @ring: messages sent without system calls
 * @prefetch: what is received ahead
 * @ctx: its context, which cannot end before all its sockets are closed
 * @lock: protects what follows
 * @endpoints: those whose name in the kernel is not the user's (endpoint.c)
 * @meta: what the part received last came with, or NULL (meta.c)
 * @metas: what others came with
 * @monitor: handle of the socket its events are sent into, or NULL
 */
struct zs_sock {
	struct zs_handle	h;
	int			fd;
	_Atomic int		epfd;
	int			type;
	bool			thread_safe;
	bool			numbered;
	bool			grouped;
	_Atomic int		rcvmore;
	struct zs_ring		ring;
	struct zs_prefetch	prefetch;
	struct zs_ctx		*ctx;
	pthread_mutex_t		lock;
	struct zs_endpoint	*endpoints;
	struct zs_meta		*_Atomic meta;
	struct zs_metas		metas;
	void			*monitor;
};

/* Undone by the end of the caller's block, or its cancellation. */
#define ZS_USING_SOCK	__attribute__((cleanup(zs_sock_done))) struct zs_sock

static inline void zs_sock_done(struct zs_sock **s)
{
	if (likely(*s))
		zs_handle_put(&(*s)->h);
}

/* The socket of a handle, or NULL and ENOTSOCK. */
static inline struct zs_sock *zs_sock_get(void *handle)
{
	if (likely(zs_handle_get(handle, &zs_sock_pool)))
		return handle;
	errno = ENOTSOCK;
	return NULL;
}

int zs_family(void);
bool zs_family_missing(int err);

/* prefetch.c, with sockets */

/**
 * struct zs_part - a part that was received ahead
 * @data: its body
 * @size: bytes there
 * @more: more parts follow
 */
struct zs_part {
	const void	*data;
	size_t		size;
	bool		more;
};

void zs_prefetch_init(struct zs_prefetch *pf, int type);
void zs_prefetch_fini(struct zs_prefetch *pf);
void zs_prefetch_orphan(struct zs_prefetch *pf);
bool zs_prefetch_get_slow(struct zs_sock *s, struct zs_part *part);
void zs_prefetch_put(struct zs_sock *s, const struct zs_part *part, bool took);
bool zs_prefetch_here_slow(struct zs_sock *s);
void zs_prefetch_settle_slow(struct zs_sock *s);
void zs_prefetch_stop(struct zs_sock *s);
void zs_prefetch_go(struct zs_sock *s);

/**
 * zs_prefetch_get - what a receive begins with
 * @s: the socket
 * @part: result
 *
 * Return: true: here is the part, until zs_prefetch_put(); false: receive it
 * from the kernel, then zs_prefetch_received().
 */
static inline bool zs_prefetch_get(struct zs_sock *s, struct zs_part *part)
{
	struct zs_prefetch *pf = &s->prefetch;
	int left;

	if (!pf->able)
		return false;
	left = atomic_load_explicit(&pf->left, memory_order_relaxed);
	if (left > 0) {
		atomic_store_explicit(&pf->left, left - 1,
				      memory_order_relaxed);
		if (likely(!(atomic_fetch_add(&pf->state, 1) &
			     ZS_PREFETCH_LEASED)))
			return false;
		atomic_fetch_sub(&pf->state, 1);
	}
	return zs_prefetch_get_slow(s, part);
}

static inline void zs_prefetch_received(struct zs_sock **s)
{
	if (*s && (*s)->prefetch.able)
		atomic_fetch_sub(&(*s)->prefetch.state, 1);
}

/* A receive from the kernel, over at the end of the block or if cancelled. */
#define ZS_RECEIVING	__attribute__((cleanup(zs_prefetch_received))) \
	struct zs_sock

/* The kernel is about to be asked: tell it what was handed out. */
static inline void zs_prefetch_settle(struct zs_sock *s)
{
	if (unlikely(atomic_load_explicit(&s->prefetch.state,
					  memory_order_relaxed) &
		     ZS_PREFETCH_LEASED))
		zs_prefetch_settle_slow(s);
}

/*
 * Before the socket is polled: is there a message that was received ahead?  If not
 * the kernel is told what was handed out.
 */
static inline bool zs_prefetch_here(struct zs_sock *s)
{
	return unlikely(atomic_load_explicit(&s->prefetch.state,
					     memory_order_relaxed) &
			ZS_PREFETCH_LEASED) && zs_prefetch_here_slow(s);
}

/* endpoint.c */

void zs_endpoints_clean(struct zs_sock *s);
void zs_endpoints_free(struct zs_sock *s);

/* opts.c */

int zs_sock_events(struct zs_sock *s);
void zs_sock_drain(struct zs_sock *s);

/* meta.c */

struct msghdr;

void zs_meta_get(struct zs_meta *meta);
void zs_meta_put(struct zs_meta *meta);
struct zs_meta *zs_meta_last(struct zs_sock *s);
void zs_meta_set(struct zs_sock *s, uint32_t id);
void zs_meta_told(struct zs_sock *s, struct msghdr *mh);
int zs_meta_fd(struct zs_meta *meta);
void zs_meta_close(struct zs_sock *s);
void zs_meta_orphan(struct zs_sock *s);

/* absent.c */

int zs_absent_set(int option, const void *value, size_t len);
int zs_absent_get(int option, void *value, size_t *len);

/* msg.c */

#define ZS_VSM_MAX	33

/**
 * struct zs_content - body of a message that is not stored in zmq_msg_t
 * @refs: messages that have it
 * @size: of the body
 * @data: the body: behind this struct, or the user's
 * @ffn: frees the user's @data, NULL if the data follows this struct
 * @hint: for @ffn
 */
struct zs_content {
	_Atomic uint32_t	refs;
	size_t			size;
	void			*data;
	zmq_free_fn		*ffn;
	void			*hint;
};

/**
 * struct zs_group - a group name, shared by copies of a message
 * @refs: messages that have it
 * @name: NUL-terminated
 */
struct zs_group {
	_Atomic uint32_t	refs;
	char			name[];
};

/* Kinds of message: libzmq's numbers; anything else is no message. */
enum {
	ZS_MSG_VSM	= 101,	/* in zmq_msg_t itself */
	ZS_MSG_CONTENT	= 102,	/* in a struct zs_content */
	ZS_MSG_CONST	= 104,	/* the user's, never freed */
};

#define ZS_MSG_MORE	1	/* zs_msg.flags: more parts follow */
#define ZS_MSG_COPIED	2	/* zs_msg.flags: content was shared */

/**
 * struct zs_msg - what is in a zmq_msg_t
 * @vsm: kind ZS_MSG_VSM: the body
 * @content: kind ZS_MSG_CONTENT: the body, one reference
 * @cdata: kind ZS_MSG_CONST: the body
 * @csize: kind ZS_MSG_CONST: its size
 * @kind: ZS_MSG_*
 * @flags: ZS_MSG_MORE etc.
 * @vsm_size: bytes in @vsm
 * @routing_id: of a SERVER's peer, 0 for none
 * @group: of RADIO and DISH, NULL for none, one reference
 * @meta: of one received, or NULL, one reference
 */
struct zs_msg {
	union {
		unsigned char		vsm[ZS_VSM_MAX];
		struct zs_content	*content;
		struct {
			void		*cdata;
			size_t		csize;
		};
	};
	uint8_t			kind;
	uint8_t			flags;
	uint8_t			vsm_size;
	uint32_t		routing_id;
	struct zs_group		*group;
	struct zs_meta		*meta;
};

_Static_assert(sizeof(struct zs_msg) <= sizeof(zmq_msg_t),
	       "zs_msg must fit in zmq_msg_t");
_Static_assert(_Alignof(struct zs_msg) <= _Alignof(zmq_msg_t),
	       "zs_msg must be aligned like zmq_msg_t");

static inline struct zs_msg *zs_msg(const zmq_msg_t *msg)
{
	return (struct zs_msg *)msg;
}

static inline bool zs_msg_valid(const struct zs_msg *m)
{
	return m->kind == ZS_MSG_VSM || m->kind == ZS_MSG_CONTENT ||
	       m->kind == ZS_MSG_CONST;
}

struct zs_content *zs_content_alloc(size_t size);
void zs_msg_drop(struct zs_msg *m);
void zs_msg_empty(struct zs_msg *m);
int zs_group_set(struct zs_msg *m, const char *name, size_t len);

/* util.c */

int64_t zs_now_ms(void);
int64_t zs_deadline(long timeout);

/* Milliseconds until then, 0 if it has passed. */
static inline long zs_ms_left(int64_t end)
{
	int64_t left = end - zs_now_ms();

	return left > 0 ? left : 0;
}

#endif /* ZS_SHIM_H */
