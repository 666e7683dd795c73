// SPDX-License-Identifier: GPL-2.0
/*
 * Views: descriptors that tell of a connection (ZMQ_AF_PEER_FD).
 *
 * Who has the lower socket's own descriptor could read, write, shut down and
 * layer upon it, under the parser.  So a view is a socket of its own, of our
 * family, which no part of the kernel takes for a TCP or unix socket.  It has
 * copies of the addresses and the peer's credentials, asks the lower socket
 * for TCP_INFO and its like, and refuses all else.
 *
 * It keeps nothing alive: it is on the list of its connection, whose end takes
 * the lower socket away from it.  Addresses and credentials stay.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>
#include "audit.h"
#include "conn.h"
#include "ep.h"
#include "view.h"

/**
 * struct zmq_view - a view of a connection
 * @sk: a socket; must be first; its credentials are the peer's
 * @node: in conn->views; zmq_view_mutex
 * @lower: the lower socket, one reference; NULL: the connection is over;
 *	zmq_view_mutex to write
 * @name: addresses of our end and of the peer; constant
 * @name_len: lengths of these
 */
struct zmq_view {
	struct sock		sk;
	struct hlist_node	node;
	struct sock		*lower;
	struct sockaddr_storage	name[2];
	int			name_len[2];
};

/* All lists of views; inside conn->mutex. */
static DEFINE_MUTEX(zmq_view_mutex);

static struct zmq_view *zmq_view_of(const struct socket *sock)
{
	return container_of(sock->sk, struct zmq_view, sk);
}

static void zmq_view_detach(struct zmq_view *view)
{
	lockdep_assert_held(&zmq_view_mutex);
	if (!view->lower)
		return;
	hlist_del_init(&view->node);
	sock_put(view->lower);
	WRITE_ONCE(view->lower, NULL);
}

/* The connection is over; conn->mutex held, unless nobody else has it. */
void zmq_view_end(struct zmq_conn *conn)
{
	struct hlist_node *next;
	struct zmq_view *view;

	/* Views are added under conn->mutex. */
	if (hlist_empty(&conn->views))
		return;
	mutex_lock(&zmq_view_mutex);
	hlist_for_each_entry_safe(view, next, &conn->views, node) {
		zmq_view_detach(view);
		view->sk.sk_state_change(&view->sk);
	}
	mutex_unlock(&zmq_view_mutex);
}

static int zmq_view_release(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (!sk)
		return 0;
	mutex_lock(&zmq_view_mutex);
	zmq_view_detach(zmq_view_of(sock));
	mutex_unlock(&zmq_view_mutex);
	zmq_audit_gone(ZMQ_AUDIT_VIEW, zmq_view_of(sock));
	sock_orphan(sk);
	sock->sk = NULL;
	sock_put(sk);
	return 0;
}

/* Also what was, once the connection is over. */
static int zmq_view_getname(struct socket *sock, struct sockaddr *addr,
			    int peer)
{
	const struct zmq_view *view = zmq_view_of(sock);

	memcpy(addr, &view->name[!!peer], view->name_len[!!peer]);
	return view->name_len[!!peer];
}

static __poll_t zmq_view_poll(struct file *file, struct socket *sock,
			      struct poll_table_struct *wait)
{
	sock_poll_wait(file, sock, wait);
	return READ_ONCE(zmq_view_of(sock)->lower) ? 0 :
						     EPOLLHUP | EPOLLRDHUP;
}

static int zmq_view_setsockopt(struct socket *sock, int level, int opt,
			       sockptr_t val, unsigned int len)
{
	return -EOPNOTSUPP;
}

/* What changes nothing (as TCP_ZEROCOPY_RECEIVE would). */
static bool zmq_view_readable(const struct sock *lower, int level, int opt)
{
	if (level != SOL_TCP || lower->sk_protocol != IPPROTO_TCP)
		return false;
	switch (opt) {
	case TCP_INFO:
	case TCP_CC_INFO:
	case TCP_CONGESTION:
	case TCP_NODELAY:
	case TCP_MAXSEG:
	case TCP_KEEPIDLE:
	case TCP_KEEPINTVL:
	case TCP_KEEPCNT:
	case TCP_USER_TIMEOUT:
		return true;
	default:
		return false;
	}
}

/* SOL_SOCKET does not come here: the system has answered it by the sock. */
static int zmq_view_getsockopt(struct socket *sock, int level, int opt,
			       char __user *val, int __user *optlen)
{
	struct zmq_view *view = zmq_view_of(sock);
	struct sock *lower;
	int err;

	mutex_lock(&zmq_view_mutex);
	lower = view->lower;
	if (lower)
		sock_hold(lower);
	mutex_unlock(&zmq_view_mutex);
	if (!lower)
		return -ENOTCONN;
	err = -EOPNOTSUPP;
	if (zmq_view_readable(lower, level, opt))
		err = lower->sk_prot->getsockopt(lower, level, opt, val,
						 optlen);
	sock_put(lower);
	/* A connector's lower socket may be another connection's by now. */
	return READ_ONCE(view->lower) ? err : -ENOTCONN;
}

static const struct proto_ops zmq_view_ops = {
	.family		= PF_ZMQ,
	.owner		= THIS_MODULE,
	.release	= zmq_view_release,
	.bind		= sock_no_bind,
	.connect	= sock_no_connect,
	.socketpair	= sock_no_socketpair,
	.accept		= sock_no_accept,
	.getname	= zmq_view_getname,
	.poll		= zmq_view_poll,
	.ioctl		= sock_no_ioctl,
	.listen		= sock_no_listen,
	.shutdown	= sock_no_shutdown,
	.setsockopt	= zmq_view_setsockopt,
	.getsockopt	= zmq_view_getsockopt,
	.sendmsg	= sock_no_sendmsg,
	.recvmsg	= sock_no_recvmsg,
	.mmap		= sock_no_mmap,
	ZMQ_COMPAT_PROTO_OPS
};

static struct proto zmq_view_proto = {
	.name		= "ZMQVIEW",
	.owner		= THIS_MODULE,
	.obj_size	= sizeof(struct zmq_view),
};

int zmq_view_init(void)
{
	return proto_register(&zmq_view_proto, 0);
}

void zmq_view_exit(void)
{
	proto_unregister(&zmq_view_proto);
}

/* Who the peer is, as SO_PEERCRED tells it. */
static void zmq_view_copy_peer(struct sock *sk, struct sock *lower)
{
	spin_lock(&lower->sk_peer_lock);
	sk->sk_peer_pid = get_pid(lower->sk_peer_pid);
	if (lower->sk_peer_cred)
		sk->sk_peer_cred = get_cred(lower->sk_peer_cred);
	spin_unlock(&lower->sk_peer_lock);
}

static int zmq_view_copy_names(struct zmq_view *view, struct socket *lower)
{
	struct sockaddr *name = (struct sockaddr *)view->name;
	int len;

	len = kernel_getsockname(lower, name);
	if (len < 0)
		return len;
	view->name_len[0] = len;
	name = (struct sockaddr *)&view->name[1];
	len = kernel_getpeername(lower, name);
	if (len < 0)
		return len;
	view->name_len[1] = len;
	return 0;
}

/* A view of a connection; conn->mutex held. */
static int zmq_view_make(struct zmq_conn *conn, struct socket **res)
{
	struct net *net = sock_net(&conn->zsk->sk);
	struct sock *lower = conn->lower->sk;
	struct zmq_view *view;
	struct socket *sock;
	struct sock *sk;
	int err;

	lockdep_assert_held(&conn->mutex);
	err = sock_create_lite(zmq_main_family(), SOCK_STREAM, 0, &sock);
	if (err)
		return err;
	err = -ENOMEM;
	sk = sk_alloc(net, zmq_main_family(), GFP_KERNEL, &zmq_view_proto, 0);
	if (!sk)
		goto err_sock;
	sock_init_data(sock, sk);
	view = container_of(sk, struct zmq_view, sk);
	zmq_view_copy_peer(sk, lower);
	err = zmq_view_copy_names(view, conn->lower);
	if (err)
		goto err_sk;
	sock_hold(lower);
	view->lower = lower;
	mutex_lock(&zmq_view_mutex);
	hlist_add_head(&view->node, &conn->views);
	mutex_unlock(&zmq_view_mutex);
	/* The release of the socket puts it. */
	__module_get(THIS_MODULE);
	sock->ops = &zmq_view_ops;
	zmq_audit_made(ZMQ_AUDIT_VIEW, view);
	*res = sock;
	return 0;

err_sk:
	sock_orphan(sk);
	sock_put(sk);
	sock->sk = NULL;
err_sock:
	sock_release(sock);
	return err;
}

/* The connection of a number, with a reference for the caller, or NULL. */
static struct zmq_conn *zmq_view_find(struct zmq_sock *zsk, u32 id)
{
	struct zmq_conn *conn, *found = NULL;
	struct zmq_ep *ep;

	mutex_lock(&zsk->ep_mutex);
	list_for_each_entry(ep, &zsk->eps, node) {
		spin_lock_bh(&ep->lock);
		list_for_each_entry(conn, &ep->conns, node)
			if (READ_ONCE(conn->id) == id && zmq_conn_get(conn)) {
				found = conn;
				break;
			}
		spin_unlock_bh(&ep->lock);
		if (found)
			break;
	}
	mutex_unlock(&zsk->ep_mutex);
	return found;
}

static int zmq_view_open(struct zmq_sock *zsk, u32 id, struct socket **sock)
{
	struct zmq_conn *conn = zmq_view_find(zsk, id);
	int err = -ENOENT;

	if (!conn)
		return err;
	if (mutex_lock_killable(&conn->mutex)) {
		err = -EINTR;
		goto out;
	}
	/* It may have been lost, and be another attempt by now. */
	if (conn->id == id && (conn->state == ZMQ_CONN_HANDSHAKE ||
			       conn->state == ZMQ_CONN_READY))
		err = zmq_view_make(conn, sock);
	mutex_unlock(&conn->mutex);
out:
	zmq_conn_put(conn);
	return err == -ENOTCONN ? -ENOENT : err;
}

/**
 * zmq_view_get - getsockopt(ZMQ_AF_PEER_FD)
 * @zsk: the socket
 * @val: begins with the number of the connection; gets a descriptor
 * @optlen: room there; gets the length of a descriptor
 *
 * Context: the syscall of its user, whose descriptor it will be.
 * Return: 0; -EINVAL: no room for the number; -ENOENT: no such connection, or
 * not connected; -EMFILE, -ENFILE, -ENOMEM, -EFAULT.
 */
int zmq_view_get(struct zmq_sock *zsk, char __user *val, int __user *optlen)
{
	struct socket *sock;
	struct file *file;
	int fd, len, err;
	u32 id;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < (int)sizeof(id))
		return -EINVAL;
	if (copy_from_user(&id, val, sizeof(id)))
		return -EFAULT;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	err = zmq_view_open(zsk, id, &sock);
	if (err)
		goto err_fd;
	file = sock_alloc_file(sock, 0, NULL);
	err = PTR_ERR_OR_ZERO(file);
	if (err)
		goto err_fd;
	if (copy_to_user(val, &fd, sizeof(fd)) ||
	    put_user(sizeof(fd), optlen)) {
		err = -EFAULT;
		goto err_file;
	}
	fd_install(fd, file);
	return 0;

err_file:
	fput(file);
err_fd:
	put_unused_fd(fd);
	return err;
}
