/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between the kernels this module builds for (6.1 to 7.x).  The
 * sources are written for the newest kernel; only this file, which is included
 * before every other, tests LINUX_VERSION_CODE.
 */
#ifndef _NET_ZMQ_COMPAT_H
#define _NET_ZMQ_COMPAT_H

#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/sysctl.h>
#include <linux/version.h>
#include <net/af_unix.h>
#include <net/busy_poll.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#include <net/proto_memory.h>
#endif

/* 6.19: addresses of bind and connect have a type of their own. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
typedef struct sockaddr_unsized zmq_compat_sockaddr;
#else
typedef struct sockaddr zmq_compat_sockaddr;
#endif

/* 6.5: sendpage became MSG_SPLICE_PAGES. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define ZMQ_COMPAT_PROTO_OPS
static inline int zmq_compat_tcp_send_page(struct sock *sk, struct page *page,
					   int off, size_t len, int flags)
{
	struct msghdr msg = { .msg_flags = flags | MSG_SPLICE_PAGES };
	struct bio_vec bvec;

	bvec_set_page(&bvec, page, len, off);
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, &bvec, 1, len);
	return tcp_sendmsg_locked(sk, &msg, len);
}
#else
#define ZMQ_COMPAT_PROTO_OPS	.sendpage = sock_no_sendpage,
static inline int zmq_compat_tcp_send_page(struct sock *sk, struct page *page,
					   int off, size_t len, int flags)
{
	if (flags & MSG_MORE)
		flags |= MSG_SENDPAGE_NOTLAST;
	return tcp_sendpage_locked(sk, page, off, len, flags);
}
#endif

/* 6.13: setting up a timer got its function, too. */
static inline void
zmq_compat_hrtimer_setup(struct hrtimer *timer,
			 enum hrtimer_restart (*fn)(struct hrtimer *),
			 clockid_t clock, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, fn, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
#endif
}

/* 6.3: flags of a mapping are changed by functions. */
static inline void zmq_compat_vm_flags(struct vm_area_struct *vma,
				       unsigned long set, unsigned long clear)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

/* 6.2: directions of iov_iter got names. */
#ifndef ITER_SOURCE
#define ITER_SOURCE	WRITE
#endif

/*
 * 6.2: whether a socket's bytes are copied to current->task_frag is told by a flag.
 * Before, sk_allocation told it, which nobody in softirq leaves at GFP_KERNEL.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
static inline bool zmq_compat_use_task_frag(struct sock *sk, bool use)
{
	bool before = sk->sk_use_task_frag;

	sk->sk_use_task_frag = use;
	return before;
}
#else
static inline bool zmq_compat_use_task_frag(struct sock *sk, bool use)
{
	return use;
}
#endif

/*
 * 6.5: pages by reference for TCP and unix stream sockets.  By our own sendmsg
 * not honoured.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define ZMQ_COMPAT_MSG_SPLICE_PAGES	MSG_SPLICE_PAGES
#else
#define ZMQ_COMPAT_MSG_SPLICE_PAGES	0
#endif

/*
 * A socket the kernel made holds no reference on its network namespace; ours
 * outlive the descriptor that caused them, and TCP's timers outlive us.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
static inline void __zmq_compat_sk_hold_net(struct sock *sk)
{
	sk_net_refcnt_upgrade(sk);
}
#else
static inline void __zmq_compat_sk_hold_net(struct sock *sk)
{
	struct net *net = sock_net(sk);

	sk->sk_net_refcnt = 1;
	get_net_track(net, &sk->ns_tracker, GFP_KERNEL);
	sock_inuse_add(net, 1);
}
#endif

static inline void zmq_compat_sk_hold_net(struct sock *sk)
{
	/* A child that TCP accepted took one itself, as its listener has. */
	if (!sk->sk_net_refcnt)
		__zmq_compat_sk_hold_net(sk);
}

/* 6.6: the table's size is passed, later the empty last row is an error. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define ZMQ_COMPAT_SYSCTL_END
#else
#define ZMQ_COMPAT_SYSCTL_END	{ }
#endif

static inline struct ctl_table_header *
zmq_compat_register_sysctl(struct net *net, const char *path,
			   struct ctl_table *table, size_t rows)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return register_net_sysctl_sz(net, path, table, rows);
#else
	return register_net_sysctl(net, path, table);
#endif
}

/* The argument of the handlers of a sysctl. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
typedef const struct ctl_table zmq_compat_ctl_table;
#else
typedef struct ctl_table zmq_compat_ctl_table;
#endif

/* Make @fs, zeroed, stand for two directories; takes references to them. */
static inline void zmq_compat_fs_init(struct fs_struct *fs,
				      const struct path *root,
				      const struct path *pwd)
{
	fs->users = 1;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	seqlock_init(&fs->seq);
#else
	spin_lock_init(&fs->lock);
	seqcount_spinlock_init(&fs->seq, &fs->lock);
#endif
	fs->umask = 0022;
	fs->root = *root;
	fs->pwd = *pwd;
	path_get(&fs->root);
	path_get(&fs->pwd);
}

/*
 * 6.15: what AF_UNIX keeps with its buffers is its own affair, and its garbage
 * collector does not see our sockets, see zmq_unix_tainted().  Name and order are
 * those of net/unix/af_unix.h, so that the layout is, randomized or not.
 */
#ifndef UNIXCB
struct unix_skb_parms {
	struct pid		*pid;
	kuid_t			uid;
	kgid_t			gid;
	struct scm_fp_list	*fp;
#ifdef CONFIG_SECURITY_NETWORK
	u32			secid;
#endif
	u32			consumed;
} __randomize_layout;

#define UNIXCB(skb)	(*(struct unix_skb_parms *)&((skb)->cb))
#endif

/* 6.3: mounts have an idmap instead of a user namespace. */
static inline int zmq_compat_unlink(const struct path *path, struct inode *dir)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	return vfs_unlink(mnt_idmap(path->mnt), dir, path->dentry, NULL);
#else
	return vfs_unlink(mnt_user_ns(path->mnt), dir, path->dentry, NULL);
#endif
}

/* SO_BUSY_POLL, us; there is none without CONFIG_NET_RX_BUSY_POLL. */
#ifdef CONFIG_NET_RX_BUSY_POLL
static inline unsigned int zmq_compat_busy_poll(const struct sock *sk)
{
	return READ_ONCE(sk->sk_ll_usec);
}

static inline void zmq_compat_set_busy_poll(struct sock *sk, unsigned int us)
{
	WRITE_ONCE(sk->sk_ll_usec, us);
}

/* @sk is fed by the device queue that @from is fed by. */
static inline void zmq_compat_copy_napi_id(struct sock *sk,
					   const struct sock *from)
{
	unsigned int id = READ_ONCE(from->sk_napi_id);

	if (READ_ONCE(sk->sk_napi_id) != id)
		WRITE_ONCE(sk->sk_napi_id, id);
}

static inline bool zmq_compat_busy_timeout(struct sock *sk,
					   unsigned long start)
{
	return sk_busy_loop_timeout(sk, start);
}

static inline void zmq_compat_busy_loop(struct sock *sk,
					bool (*end)(void *, unsigned long),
					void *arg)
{
	unsigned int id = READ_ONCE(sk->sk_napi_id);

	if (id >= MIN_NAPI_ID && sk_can_busy_loop(sk))
		napi_busy_loop(id, end, arg, READ_ONCE(sk->sk_prefer_busy_poll),
			       READ_ONCE(sk->sk_busy_poll_budget) ?:
			       BUSY_POLL_BUDGET);
}
#else
static inline unsigned int zmq_compat_busy_poll(const struct sock *sk)
{
	return 0;
}

static inline bool zmq_compat_busy_timeout(struct sock *sk,
					   unsigned long start)
{
	return true;
}

static inline void zmq_compat_busy_loop(struct sock *sk,
					bool (*end)(void *, unsigned long),
					void *arg)
{
}

static inline void zmq_compat_set_busy_poll(struct sock *sk, unsigned int us)
{
}

static inline void zmq_compat_copy_napi_id(struct sock *sk,
					   const struct sock *from)
{
}
#endif

#endif /* _NET_ZMQ_COMPAT_H */
