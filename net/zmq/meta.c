// SPDX-License-Identifier: GPL-2.0
/*
 * Metadata of messages: what is known of the peer that sent them.
 *
 * A pipe has the metadata of its connection.  A receive tells the number of
 * the connection only, as ancillary data; the properties are asked for with
 * that number while the pipe is there, or as long as it is the one told last.
 */
#include <linux/uaccess.h>
#include "conn.h"
#include "ep.h"
#include "meta.h"

#define ZMQ_META_ADDRESS	"Peer-Address"

/* Write a property; NULL: only its size. */
static size_t zmq_meta_property(u8 *p, const u8 *name, size_t name_len,
				const u8 *val, size_t len)
{
	if (p) {
		*p++ = name_len;
		memcpy(p, name, name_len);
		put_unaligned_be32(len, p + name_len);
		memcpy(p + name_len + sizeof(u32), val, len);
	}
	return 1 + name_len + sizeof(u32) + len;
}

/**
 * zmq_meta_alloc - the metadata of a connection
 * @conn: the connection
 * @hs: its handshake, just done; NULL: the peer does not speak ZMTP
 *
 * Return: it, with one reference, or NULL: there is none, as the peer speaks
 * ZMTP 2.0 or older, or no memory.
 */
struct zmq_meta *zmq_meta_alloc(struct zmq_conn *conn,
				const struct zmq_handshake *hs)
{
	size_t props = hs ? hs->meta_len : 0;
	size_t name_len = strlen(ZMQ_META_ADDRESS);
	struct zmq_meta *meta;
	size_t len, size;
	char *address;

	if (hs && hs->version < ZMQ_ZMTP_3_0)
		return NULL;
	address = conn->tp->address(conn);
	if (!address)
		return NULL;
	len = strlen(address);
	size = zmq_meta_property(NULL, NULL, name_len, NULL, len);
	meta = kmalloc(struct_size(meta, data, size + props),
		       GFP_KERNEL_ACCOUNT);
	if (meta) {
		refcount_set(&meta->refs, 1);
		meta->id = conn->id;
		meta->len = size + props;
		zmq_meta_property(meta->data, ZMQ_META_ADDRESS, name_len,
				  address, len);
		if (props)
			memcpy(meta->data + size, hs->meta, props);
	}
	kfree(address);
	return meta;
}

void zmq_meta_put(struct zmq_meta *meta)
{
	if (meta && refcount_dec_and_test(&meta->refs))
		kfree(meta);
}

/* Let a pipe have it; takes over the caller's reference.  lock_sock held. */
void zmq_meta_give(struct zmq_pipe *pipe, struct zmq_meta *meta)
{
	struct zmq_sock *zsk = pipe->zsk;

	sock_owned_by_me(&zsk->sk);
	spin_lock_bh(&zsk->rx_lock);
	swap(pipe->meta, meta);
	spin_unlock_bh(&zsk->rx_lock);
	zmq_meta_put(meta);
}

/* The number of the connection that a pipe's messages come by, or 0. */
u32 zmq_meta_id(const struct zmq_pipe *pipe)
{
	lockdep_assert_held(&pipe->zsk->rx_lock);
	return pipe->meta ? pipe->meta->id : 0;
}

/**
 * zmq_meta_told - a part is received by somebody who asked for its metadata
 * @zsk: the socket
 * @pipe: where the part is from
 * @id: set to the number to tell
 *
 * Context: rx_lock held.
 * Return: false: do not tell, it is the one told last.
 */
bool zmq_meta_told(struct zmq_sock *zsk, struct zmq_pipe *pipe, u32 *id)
{
	struct zmq_meta *meta = pipe->meta;

	lockdep_assert_held(&zsk->rx_lock);
	*id = zmq_meta_id(pipe);
	if (meta == zsk->rx_meta && !zsk->rx_meta_gone)
		return zsk->recvmeta == ZMQ_AF_RECVMETA_ALL;
	zsk->rx_meta_gone = false;
	if (meta)
		refcount_inc(&meta->refs);
	zmq_meta_put(zsk->rx_meta);
	zsk->rx_meta = meta;
	return true;
}

/* That of a connection, with a reference for the caller, or NULL. */
static struct zmq_meta *zmq_meta_find(struct zmq_sock *zsk, u32 id)
{
	struct zmq_meta *meta = NULL;
	struct zmq_pipe *pipe;

	spin_lock_bh(&zsk->rx_lock);
	if (zsk->rx_meta && zsk->rx_meta->id == id)
		meta = zsk->rx_meta;
	if (!meta)
		list_for_each_entry(pipe, &zsk->pipes, node)
			if (pipe->meta && pipe->meta->id == id)
				meta = pipe->meta;
	if (!meta)
		list_for_each_entry(pipe, &zsk->fq, fq_node)
			if (pipe->meta && pipe->meta->id == id)
				meta = pipe->meta;
	if (meta)
		refcount_inc(&meta->refs);
	spin_unlock_bh(&zsk->rx_lock);
	return meta;
}

/**
 * zmq_meta_get - getsockopt(ZMQ_AF_META)
 * @zsk: the socket
 * @val: begins with the number of the connection; gets the properties
 * @optlen: room there; gets their length
 *
 * Return: 0; -EINVAL: no room for the number; -ENOENT: no such connection;
 * -EMSGSIZE: *@optlen tells how much is needed; -EFAULT.
 */
int zmq_meta_get(struct zmq_sock *zsk, char __user *val, int __user *optlen)
{
	struct zmq_meta *meta;
	int len, err = 0;
	u32 id;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < (int)sizeof(id))
		return -EINVAL;
	if (copy_from_user(&id, val, sizeof(id)))
		return -EFAULT;
	meta = zmq_meta_find(zsk, id);
	if (!meta)
		return -ENOENT;
	if (put_user(meta->len, optlen))
		err = -EFAULT;
	else if (len < meta->len)
		err = -EMSGSIZE;
	else if (copy_to_user(val, meta->data, meta->len))
		err = -EFAULT;
	zmq_meta_put(meta);
	return err;
}

/* Is there a property of this name? */
static bool zmq_meta_has(const struct zmq_blob *blob, const u8 *name,
			 size_t name_len)
{
	const u8 *p = blob->data;
	const u8 *end = p + blob->len;

	while (p < end) {
		if (p[0] == name_len && !memcmp(p + 1, name, name_len))
			return true;
		p += 1 + p[0];
		p += sizeof(u32) + get_unaligned_be32(p);
	}
	return false;
}

/**
 * zmq_meta_set_own - ZMQ_METADATA: tell peers a property
 * @opt: options; the caller has their lock
 * @val: "X-name:value"
 * @len: bytes there
 *
 * Properties add up; of two of the same name the first one counts (libzmq).
 *
 * Return: 0; -EINVAL: not of that form, or too long; -ENOSPC: more than
 * ZMQ_META_OWN_MAX together; -ENOMEM.
 */
int zmq_meta_set_own(struct zmq_options *opt, const u8 *val, size_t len)
{
	const struct zmq_blob *old = opt->blob[ZMQ_BLOB_METADATA];
	const u8 *colon = memchr(val, ':', len);
	size_t name_len, size, used;
	u8 *buf;
	int err;

	/* As in libzmq an int is none, whatever it looks like. */
	if (!colon || len == sizeof(int) || colon == val + len - 1)
		return -EINVAL;
	name_len = colon - val;
	if (name_len < 2 || name_len > U8_MAX || val[0] != 'X' || val[1] != '-')
		return -EINVAL;
	if (old && zmq_meta_has(old, val, name_len))
		return 0;
	used = old ? old->len : 0;
	len -= name_len + 1;
	size = zmq_meta_property(NULL, NULL, name_len, NULL, len);
	if (used + size > ZMQ_META_OWN_MAX)
		return -ENOSPC;
	buf = kmalloc(used + size, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	if (old)
		memcpy(buf, old->data, used);
	zmq_meta_property(buf + used, val, name_len, colon + 1, len);
	err = zmq_options_set_blob(opt, ZMQ_BLOB_METADATA, buf, used + size);
	kfree(buf);
	return err;
}
