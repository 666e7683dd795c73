// SPDX-License-Identifier: GPL-2.0
/*
 * Contexts: groups of sockets that end together.
 *
 * A context is a socket of the family with a protocol number of its own, so
 * that it is a descriptor; it sends and receives nothing.  shutdown(2) is
 * zmq_ctx_shutdown(), polling it readable is the end of zmq_ctx_term().
 */
#include <linux/file.h>
#include "audit.h"
#include "context.h"

/**
 * struct zmq_context_sock - the descriptor of a context
 * @sk: the socket; must be first
 * @ctx: the context; one reference
 */
struct zmq_context_sock {
	struct sock		sk;
	struct zmq_context	*ctx;
};

static struct zmq_context *zmq_context_of(const struct sock *sk)
{
	return container_of(sk, struct zmq_context_sock, sk)->ctx;
}

static void zmq_context_put(struct zmq_context *ctx)
{
	if (!refcount_dec_and_test(&ctx->refs))
		return;
	zmq_inproc_scope_put(ctx->inproc);
	mutex_destroy(&ctx->mutex);
	zmq_audit_gone(ZMQ_AUDIT_CONTEXT, ctx);
	kfree(ctx);
}

/* Shut every member down; further ones cannot join. */
static void zmq_context_down(struct zmq_context *ctx)
{
	struct zmq_sock *zsk;

	mutex_lock(&ctx->mutex);
	WRITE_ONCE(ctx->down, true);
	list_for_each_entry(zsk, &ctx->members, ctx_node)
		zmq_af_shutdown(zsk);
	mutex_unlock(&ctx->mutex);
	zmq_inproc_scope_abandon(ctx->inproc);
}

/* The descriptor is closed: nobody waits for the members' lingering now. */
static void zmq_context_abandon(struct zmq_context *ctx)
{
	mutex_lock(&ctx->mutex);
	WRITE_ONCE(ctx->alive, false);
	ctx->sk = NULL;
	mutex_unlock(&ctx->mutex);
	zmq_inproc_scope_abandon(ctx->inproc);
}

static int zmq_context_release(struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct zmq_context *ctx;

	if (!sk)
		return 0;
	ctx = zmq_context_of(sk);
	zmq_context_abandon(ctx);
	sock_orphan(sk);
	sock->sk = NULL;
	zmq_context_put(ctx);
	sock_put(sk);
	return 0;
}

static int zmq_context_shutdown(struct socket *sock, int how)
{
	zmq_context_down(zmq_context_of(sock->sk));
	sock->sk->sk_state_change(sock->sk);
	return 0;
}

static __poll_t zmq_context_poll(struct file *file, struct socket *sock,
				 struct poll_table_struct *wait)
{
	struct zmq_context *ctx = zmq_context_of(sock->sk);
	__poll_t mask = 0;

	sock_poll_wait(file, sock, wait);
	mutex_lock(&ctx->mutex);
	if (ctx->down && list_empty(&ctx->members))
		mask = EPOLLIN | EPOLLRDNORM;
	mutex_unlock(&ctx->mutex);
	return mask;
}

static int zmq_context_no_setsockopt(struct socket *sock, int level, int opt,
				     sockptr_t val, unsigned int len)
{
	return -ENOPROTOOPT;
}

static int zmq_context_no_getsockopt(struct socket *sock, int level, int opt,
				     char __user *val, int __user *len)
{
	return -ENOPROTOOPT;
}

static const struct proto_ops zmq_context_ops = {
	.family		= PF_ZMQ,
	.owner		= THIS_MODULE,
	.release	= zmq_context_release,
	.bind		= sock_no_bind,
	.connect	= sock_no_connect,
	.socketpair	= sock_no_socketpair,
	.accept		= sock_no_accept,
	.getname	= sock_no_getname,
	.poll		= zmq_context_poll,
	.ioctl		= sock_no_ioctl,
	.listen		= sock_no_listen,
	.shutdown	= zmq_context_shutdown,
	.setsockopt	= zmq_context_no_setsockopt,
	.getsockopt	= zmq_context_no_getsockopt,
	.sendmsg	= sock_no_sendmsg,
	.recvmsg	= sock_no_recvmsg,
	.mmap		= sock_no_mmap,
	ZMQ_COMPAT_PROTO_OPS
};

static struct proto zmq_context_proto = {
	.name		= "ZMQCTX",
	.owner		= THIS_MODULE,
	.obj_size	= sizeof(struct zmq_context_sock),
};

int zmq_context_init(void)
{
	return proto_register(&zmq_context_proto, 0);
}

void zmq_context_exit(void)
{
	proto_unregister(&zmq_context_proto);
}

/**
 * zmq_context_create - socket(AF_ZMQ, SOCK_SEQPACKET, ZMQ_AF_CONTEXT)
 * @net: namespace
 * @sock: the new socket
 * @kern: made by the kernel
 *
 * Return: 0 or -ENOMEM.
 */
int zmq_context_create(struct net *net, struct socket *sock, int kern)
{
	struct zmq_context *ctx;
	struct sock *sk;

	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return -ENOMEM;
	ctx->inproc = zmq_inproc_scope_alloc();
	if (!ctx->inproc)
		goto err_ctx;
	sk = sk_alloc(net, zmq_main_family(), GFP_KERNEL, &zmq_context_proto,
		      kern);
	if (!sk)
		goto err_scope;
	sock_init_data(sock, sk);
	sk->sk_protocol = ZMQ_AF_CONTEXT;
	sock->ops = &zmq_context_ops;
	refcount_set(&ctx->refs, 1);
	mutex_init(&ctx->mutex);
	INIT_LIST_HEAD(&ctx->members);
	ctx->alive = true;
	ctx->sk = sk;
	zmq_audit_made(ZMQ_AUDIT_CONTEXT, ctx);
	container_of(sk, struct zmq_context_sock, sk)->ctx = ctx;
	return 0;

err_scope:
	zmq_inproc_scope_put(ctx->inproc);
err_ctx:
	kfree(ctx);
	return -ENOMEM;
}

/**
 * zmq_context_join - make a socket a member
 * @zsk: the socket
 * @fd: descriptor of the context
 *
 * Context: lock_sock(zsk) held.
 * Return: 0; -EBADF, -ENOTSOCK; -EINVAL: not a context; -EBUSY: has one;
 * -ESHUTDOWN.
 */
int zmq_context_join(struct zmq_sock *zsk, int fd)
{
	struct zmq_context *ctx;
	struct socket *sock;
	int err;

	sock_owned_by_me(&zsk->sk);
	if (zsk->ctx)
		return -EBUSY;
	sock = sockfd_lookup(fd, &err);
	if (!sock)
		return err;
	err = -EINVAL;
	if (sock->ops != &zmq_context_ops)
		goto out;
	ctx = zmq_context_of(sock->sk);
	mutex_lock(&ctx->mutex);
	err = ctx->down ? -ESHUTDOWN : 0;
	if (!err) {
		refcount_inc(&ctx->refs);
		list_add_tail(&zsk->ctx_node, &ctx->members);
		zsk->ctx = ctx;
	}
	mutex_unlock(&ctx->mutex);
out:
	sockfd_put(sock);
	return err;
}

/* The member is gone, lingering included; process context. */
void zmq_context_leave(struct zmq_sock *zsk)
{
	struct zmq_context *ctx = zsk->ctx;

	if (!ctx)
		return;
	mutex_lock(&ctx->mutex);
	list_del(&zsk->ctx_node);
	if (ctx->sk && list_empty(&ctx->members))
		ctx->sk->sk_data_ready(ctx->sk);
	mutex_unlock(&ctx->mutex);
	zmq_context_put(ctx);
}
