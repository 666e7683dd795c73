// SPDX-License-Identifier: GPL-2.0
/* The ipc transport: AF_UNIX stream sockets. */
#include <linux/bvec.h>
#include <linux/cred.h>
#include <linux/fs_struct.h>
#include <linux/namei.h>
#include <linux/pid.h>
#include <linux/security.h>
#include <linux/un.h>
#include <net/af_unix.h>
#include "ep.h"

#define ZMQ_UNIX_FLAGS	(MSG_DONTWAIT | MSG_NOSIGNAL)

/* Socket address of an endpoint.  Return: its length. */
static int zmq_unix_addr(const struct zmq_endpoint *addr,
			 struct sockaddr_un *sun)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (addr->wild)
		return sizeof(sa_family_t);	/* autobind: an abstract name */
	if (addr->abstract) {
		memcpy(sun->sun_path + 1, addr->path, addr->path_len);
		return offsetof(struct sockaddr_un, sun_path) + 1 +
		       addr->path_len;
	}
	memcpy(sun->sun_path, addr->path, addr->path_len);
	return offsetof(struct sockaddr_un, sun_path) + addr->path_len + 1;
}

static int zmq_unix_create(struct zmq_ep *ep, struct socket **res)
{
	int err;

	err = sock_create_kern(sock_net(&ep->zsk->sk), AF_UNIX, SOCK_STREAM, 0,
			       res);
	if (err)
		return err;
	zmq_compat_sk_hold_net((*res)->sk);
	return 0;
}

static void zmq_unix_tune(struct socket *sock, const struct zmq_options *opt)
{
	int val;

	if (opt->sndbuf < 0)
		return;
	val = opt->sndbuf;
	sock_setsockopt(sock, SOL_SOCKET, SO_SNDBUF, KERNEL_SOCKPTR(&val),
			sizeof(val));
}

static char *zmq_unix_name(struct socket *sock, bool peer)
{
	struct sockaddr_un sun = {};
	int len, off = offsetof(struct sockaddr_un, sun_path);

	len = peer ? kernel_getpeername(sock, (struct sockaddr *)&sun) :
		     kernel_getsockname(sock, (struct sockaddr *)&sun);
	if (len <= off)
		return NULL;
	if (sun.sun_path[0])
		return kasprintf(GFP_KERNEL_ACCOUNT, "ipc://%.*s", len - off,
				 sun.sun_path);
	return kasprintf(GFP_KERNEL_ACCOUNT, "ipc://@%.*s", len - off - 1,
			 sun.sun_path + 1);
}

/* Does nobody listen at the address? */
static bool zmq_unix_dead(struct zmq_ep *ep, struct sockaddr_un *sun, int len)
{
	struct socket *probe;
	int err;

	if (zmq_unix_create(ep, &probe))
		return false;
	err = kernel_connect(probe, (zmq_compat_sockaddr *)sun, len,
			     O_NONBLOCK);
	sock_release(probe);
	return err == -ECONNREFUSED;
}

/* Remove a socket from its directory, with the rights of the caller. */
static int zmq_unix_unlink(const struct path *path)
{
	struct dentry *parent = dget_parent(path->dentry);
	struct path dir = { .mnt = path->mnt, .dentry = parent };
	int err;

	err = mnt_want_write(path->mnt);
	if (err)
		goto out;
	inode_lock_nested(d_inode(parent), I_MUTEX_PARENT);
	err = -ENOENT;
	/* Who was faster leaves it as it was for us, but not in the directory. */
	if (path->dentry->d_parent == parent && !d_unhashed(path->dentry) &&
	    d_is_positive(path->dentry) &&
	    S_ISSOCK(d_backing_inode(path->dentry)->i_mode))
		err = security_path_unlink(&dir, path->dentry);
	if (!err)
		err = zmq_compat_unlink(path, d_inode(parent));
	inode_unlock(d_inode(parent));
	mnt_drop_write(path->mnt);
out:
	dput(parent);
	return err;
}

/*
 * Remove a socket that nobody listens on.  It is looked up before it is found
 * dead: another that has come there meanwhile is not removed.
 */
static int zmq_unix_bury(struct zmq_ep *ep, struct sockaddr_un *sun, int len)
{
	struct path path;
	int err;

	err = kern_path(sun->sun_path, 0, &path);
	if (err)
		return err;
	err = -EADDRINUSE;
	if (zmq_unix_dead(ep, sun, len))
		err = zmq_unix_unlink(&path);
	path_put(&path);
	return err;
}

/*
 * A socket nobody listens on that lies in the way is removed, as libzmq does;
 * anything else there, and a socket in use, is EADDRINUSE.
 */
static int zmq_unix_bind(struct zmq_ep *ep, struct socket *sock)
{
	struct sockaddr_un sun;
	int len, err;

	len = zmq_unix_addr(&ep->addr, &sun);
	err = kernel_bind(sock, (zmq_compat_sockaddr *)&sun, len);
	if (err != -EADDRINUSE || ep->addr.abstract || ep->addr.wild ||
	    zmq_unix_bury(ep, &sun, len))
		return err;
	return kernel_bind(sock, (zmq_compat_sockaddr *)&sun, len);
}

static int zmq_unix_listen(struct zmq_ep *ep)
{
	struct socket *sock;
	int err;

	err = zmq_unix_create(ep, &sock);
	if (err)
		return err;
	zmq_unix_tune(sock, &ep->opt);
	err = zmq_unix_bind(ep, sock);
	if (err)
		goto err_release;
	err = kernel_listen(sock, zmq_ep_backlog(ep));
	if (err)
		goto err_release;
	ep->bound = zmq_unix_name(sock, false);
	err = -ENOMEM;
	if (!ep->bound)
		goto err_release;
	ep->listener = sock;
	return 0;

err_release:
	sock_release(sock);
	return err;
}

static int zmq_unix_check(struct zmq_ep *ep, const char *addrs, size_t len)
{
	return 0;
}

/*
 * Connect with the credentials, root and working directory of the endpoint's
 * user: a worker has those of init, or none.
 */
static int zmq_unix_connect_as(struct zmq_ep *ep, struct socket *sock,
			       struct sockaddr_un *sun, int len)
{
	const struct cred *old = override_creds(ep->cred);
	struct fs_struct *saved = current->fs;
	struct fs_struct *fs;
	int err = -ENOMEM;

	/* pivot_root() may change what it finds here, references and all. */
	if (!ep->has_fs) {
		err = kernel_connect(sock, (zmq_compat_sockaddr *)sun, len,
				     O_NONBLOCK);
		goto out;
	}
	fs = kzalloc(sizeof(*fs), GFP_KERNEL);
	if (!fs)
		goto out;
	zmq_compat_fs_init(fs, &ep->root, &ep->pwd);
	task_lock(current);
	current->fs = fs;
	task_unlock(current);
	err = kernel_connect(sock, (zmq_compat_sockaddr *)sun, len, O_NONBLOCK);
	task_lock(current);
	current->fs = saved;
	task_unlock(current);
	path_put(&fs->root);
	path_put(&fs->pwd);
	kfree(fs);
out:
	revert_creds(old);
	return err;
}

/* One socket an attempt: a unix socket cannot be connected twice. */
static int zmq_unix_connect(struct zmq_conn *conn)
{
	struct zmq_ep *ep = conn->ep;
	struct sockaddr_un sun;
	struct socket *sock;
	int len, err;

	err = zmq_unix_create(ep, &sock);
	if (err)
		return err;
	zmq_unix_tune(sock, &ep->opt);
	len = zmq_unix_addr(&ep->addr, &sun);
	err = zmq_unix_connect_as(ep, sock, &sun, len);
	if (err) {
		sock_release(sock);
		return err;
	}
	WRITE_ONCE(conn->lower, sock);
	return zmq_stream_install(conn);
}

/* Drop the skb that the parser has not finished. */
static void zmq_unix_drop_skb(struct zmq_conn *conn)
{
	kfree_skb(conn->rx_skb);
	conn->rx_skb = NULL;
	conn->rx_skb_off = 0;
}

static void zmq_unix_disconnect(struct zmq_conn *conn)
{
	struct socket *sock = conn->lower;

	if (!sock)
		return;
	zmq_stream_remove(conn);
	zmq_tx_stop(conn);
	zmq_stream_lock(conn);
	WRITE_ONCE(conn->lower, NULL);
	zmq_unix_drop_skb(conn);
	zmq_stream_unlock(conn);
	zmq_tx_start(conn);
	sock_release(sock);
}

static int zmq_unix_connected(struct zmq_conn *conn)
{
	return 0;
}

/* @none: what a number is that does not exist in the namespace. */
static bool zmq_unix_listed(const struct zmq_blob *list, u32 id, u32 none)
{
	const u32 *ids;
	u32 i;

	if (!list || id == none)
		return false;
	ids = (const u32 *)list->data;
	for (i = 0; i < list->len / sizeof(*ids); i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* Its group, or one it also belongs to. */
static bool zmq_unix_group_listed(const struct zmq_blob *list,
				  struct user_namespace *ns,
				  const struct cred *peer)
{
	const struct group_info *groups = peer->group_info;
	int i;

	if (!list)
		return false;
	if (zmq_unix_listed(list, from_kgid(ns, peer->egid), -1))
		return true;
	for (i = 0; i < groups->ngroups; i++)
		if (zmq_unix_listed(list, from_kgid(ns, groups->gid[i]), -1))
			return true;
	return false;
}

/* Who is at the other end, as with SO_PEERCRED; both with a reference. */
static const struct cred *zmq_unix_peer(struct sock *sk, struct pid **pid)
{
	const struct cred *cred;

	spin_lock(&sk->sk_peer_lock);
	*pid = get_pid(sk->sk_peer_pid);
	cred = get_cred(sk->sk_peer_cred);
	spin_unlock(&sk->sk_peer_lock);
	return cred;
}

/* Its number for who bound or connected; 0: it has none there. */
static pid_t zmq_unix_pid_nr(const struct zmq_ep *ep, struct pid *pid)
{
	return pid_nr_ns(pid, ns_of_pid(ep->pid));
}

/*
 * Is the peer one of those that ZMQ_IPC_FILTER_* let in?  Who connects is
 * known as with SO_PEERCRED; numbers are those of who bound.
 */
static bool zmq_unix_welcome(const struct zmq_ep *ep, struct sock *sk)
{
	const struct zmq_blob *pids = ep->opt.blob[ZMQ_BLOB_IPC_PID];
	const struct zmq_blob *uids = ep->opt.blob[ZMQ_BLOB_IPC_UID];
	const struct zmq_blob *gids = ep->opt.blob[ZMQ_BLOB_IPC_GID];
	struct user_namespace *ns = ep->cred->user_ns;
	const struct cred *peer;
	struct pid *pid;
	bool welcome;

	if (!pids && !uids && !gids)
		return true;
	peer = zmq_unix_peer(sk, &pid);
	welcome = zmq_unix_listed(pids, zmq_unix_pid_nr(ep, pid), 0);
	if (peer && !welcome)
		welcome = zmq_unix_listed(uids, from_kuid(ns, peer->euid),
					  -1) ||
			  zmq_unix_group_listed(gids, ns, peer);
	put_pid(pid);
	put_cred(peer);
	return welcome;
}

/* libzmq: localhost:uid:gid:pid; numbers as in zmq_unix_welcome(). */
static char *zmq_unix_address(struct zmq_conn *conn)
{
	struct user_namespace *ns = conn->ep->cred->user_ns;
	const struct cred *peer;
	struct pid *pid;
	char *address;

	peer = zmq_unix_peer(conn->lower->sk, &pid);
	if (peer)
		address = kasprintf(GFP_KERNEL, "localhost:%u:%u:%d",
				    from_kuid_munged(ns, peer->euid),
				    from_kgid_munged(ns, peer->egid),
				    zmq_unix_pid_nr(conn->ep, pid));
	else
		address = kstrdup("localhost", GFP_KERNEL);
	put_pid(pid);
	put_cred(peer);
	return address;
}

static int zmq_unix_adopt(struct zmq_conn *conn)
{
	if (!zmq_unix_welcome(conn->ep, conn->lower->sk))
		return -EACCES;
	zmq_unix_tune(conn->lower, zmq_conn_options(conn));
	return 0;
}

static bool zmq_unix_fits(const struct sock *sk)
{
	return sk->sk_family == AF_UNIX && sk->sk_type == SOCK_STREAM;
}

/*
 * Takes the skb from ->read_skb().  Orphaned: else a message longer than the
 * sender's buffer would never be complete.
 */
static int zmq_unix_actor(struct sock *sk, struct sk_buff *skb)
{
	struct zmq_conn *conn;
	int len = skb->len;

	rcu_read_lock();
	conn = rcu_dereference_sk_user_data(sk);
	if (conn && !conn->rx_skb) {
		skb_orphan(skb);
		conn->rx_skb = skb;
		conn->rx_skb_off = 0;
		skb = NULL;
	}
	rcu_read_unlock();
	kfree_skb(skb);
	return len;
}

/* The rest of the skb at hand.  Return: is it used up? */
static bool zmq_unix_feed(struct zmq_conn *conn)
{
	struct sk_buff *skb = conn->rx_skb;
	u32 left = skb->len - conn->rx_skb_off;

	if (left)
		conn->rx_skb_off += zmq_rx_feed(conn, skb, conn->rx_skb_off,
						left);
	if (conn->rx_skb_off < skb->len)
		return false;
	consume_skb(skb);
	conn->rx_skb = NULL;
	return true;
}

/*
 * The next skb.  An error of the socket (the other end closed with something
 * unread) is reported once and instead of data: what came before is read on.
 */
static bool zmq_unix_next(struct zmq_conn *conn, struct socket *sock)
{
	int err;

	/* Who adds one has us look again. */
	if (skb_queue_empty_lockless(&sock->sk->sk_receive_queue))
		return false;
	do {
		err = sock->ops->read_skb(sock->sk, zmq_unix_actor);
	} while (err == -ECONNRESET || err == -EPIPE);
	return conn->rx_skb;
}

static bool zmq_unix_read(struct zmq_conn *conn)
{
	struct socket *sock = conn->lower;
	bool got = false;

	if (!sock)
		return false;
	for (;;) {
		if (!conn->rx_skb && !zmq_unix_next(conn, sock))
			return got;
		got = true;
		if (!zmq_unix_feed(conn))
			return got;
	}
}

static int zmq_unix_send(struct zmq_conn *conn, struct kvec *vec, int n,
			 size_t len, bool more)
{
	struct socket *sock = conn->lower;
	struct msghdr msg = { .msg_flags = ZMQ_UNIX_FLAGS };

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, vec, n, len);
	return sock->ops->sendmsg(sock, &msg, len);
}

static int zmq_unix_send_page(struct zmq_conn *conn, struct page *page,
			      u32 off, u32 len, bool more)
{
	struct socket *sock = conn->lower;
	struct msghdr msg = {
		.msg_flags = ZMQ_UNIX_FLAGS | ZMQ_COMPAT_MSG_SPLICE_PAGES,
	};
	struct bio_vec vec = {
		.bv_page = page,
		.bv_offset = off,
		.bv_len = len,
	};

	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, len);
	return sock->ops->sendmsg(sock, &msg, len);
}

/* As unix_writable(). */
static bool zmq_unix_writable(const struct sock *sk)
{
	return (refcount_read(&sk->sk_wmem_alloc) << 2) <=
	       READ_ONCE(sk->sk_sndbuf);
}

/*
 * Descriptors.  They are dropped when their bytes are read; but if one is of our
 * own socket, and nothing is read as its queue is full, the two would keep each
 * other for ever: the garbage collector of AF_UNIX sees its own sockets only.
 * The walk is bounded by the peer's sndbuf.
 */
static bool zmq_unix_tainted(struct zmq_conn *conn)
{
	struct sk_buff_head *queue;
	const struct sk_buff *skb;
	bool found = false;

	if (!conn->lower)
		return false;
	if (conn->rx_skb && UNIXCB(conn->rx_skb).fp)
		return true;
	queue = &conn->lower->sk->sk_receive_queue;
	if (skb_queue_empty_lockless(queue))
		return false;
	spin_lock_bh(&queue->lock);
	skb_queue_walk(queue, skb) {
		found = UNIXCB(skb).fp;
		if (found)
			break;
	}
	spin_unlock_bh(&queue->lock);
	return found;
}

static bool zmq_unix_has_input(struct zmq_conn *conn)
{
	return conn->rx_skb || (conn->lower &&
		!skb_queue_empty_lockless(&conn->lower->sk->sk_receive_queue));
}

const struct zmq_transport zmq_unix_transport = {
	.proto		= ZMQ_ENDPOINT_IPC,
	.locked		= false,
	.listen		= zmq_unix_listen,
	.check		= zmq_unix_check,
	.connect	= zmq_unix_connect,
	.disconnect	= zmq_unix_disconnect,
	.connected	= zmq_unix_connected,
	.adopt		= zmq_unix_adopt,
	.fits		= zmq_unix_fits,
	.read		= zmq_unix_read,
	.send		= zmq_unix_send,
	.send_page	= zmq_unix_send_page,
	.name		= zmq_unix_name,
	.address	= zmq_unix_address,
	.writable	= zmq_unix_writable,
	.tainted	= zmq_unix_tainted,
	.has_input	= zmq_unix_has_input,
};
