// SPDX-License-Identifier: GPL-2.0
/* Values of options: defaults, and those of any length. */
#include <linux/slab.h>
#include "zmq.h"

/* Items a list takes. */
#define ZMQ_OPTIONS_ITEMS	1024

/* Values of a new socket. */
void zmq_options_init(struct zmq_options *opt)
{
	*opt = (struct zmq_options) {
		.sndhwm			= 1000,
		.rcvhwm			= 1000,
		.linger			= -1,
		.reconnect_ivl		= 100,
		.handshake_ivl		= 30000,
		.heartbeat_timeout	= -1,
		.backlog		= 100,
		.sndbuf			= -1,
		.rcvbuf			= -1,
		.keepalive		= -1,
		.keepalive_cnt		= -1,
		.keepalive_idle		= -1,
		.keepalive_intvl	= -1,
		.use_fd			= -1,
		.multicast_hops		= 1,
		.multicast_loop		= 1,
		.multicast_maxtpdu	= 1500,
		.rate			= 100,
		.recovery_ivl		= 10000,
		.in_batch_size		= 8192,
		.out_batch_size		= 8192,
		.maxmsgsize		= -1,
	};
}

static void zmq_options_put(struct zmq_blob *blob)
{
	if (blob && refcount_dec_and_test(&blob->refs))
		kfree_sensitive(blob);
}

/* @to had nothing; the caller keeps @from from changing. */
void zmq_options_copy(struct zmq_options *to, const struct zmq_options *from)
{
	int i;

	*to = *from;
	for (i = 0; i < ZMQ_BLOB_COUNT; i++)
		if (to->blob[i])
			refcount_inc(&to->blob[i]->refs);
}

void zmq_options_free(struct zmq_options *opt)
{
	int i;

	for (i = 0; i < ZMQ_BLOB_COUNT; i++) {
		zmq_options_put(opt->blob[i]);
		opt->blob[i] = NULL;
	}
}

/**
 * zmq_options_set_blob - give a value of any length
 * @opt: options; the caller has their lock
 * @which: the value
 * @val: bytes
 * @len: how many; 0: none
 *
 * Return: 0 or -ENOMEM.
 */
int zmq_options_set_blob(struct zmq_options *opt, enum zmq_options_blob which,
			 const void *val, size_t len)
{
	struct zmq_blob *blob = NULL;

	if (len) {
		blob = kmalloc(struct_size(blob, data, len + 1),
			       GFP_KERNEL_ACCOUNT);
		if (!blob)
			return -ENOMEM;
		refcount_set(&blob->refs, 1);
		blob->len = len;
		memcpy(blob->data, val, len);
		blob->data[len] = 0;
	}
	zmq_options_put(opt->blob[which]);
	opt->blob[which] = blob;
	return 0;
}

/**
 * zmq_options_append - add an item to a value that is a list
 * @opt: options; the caller has their lock
 * @which: the value
 * @item: the item
 * @size: its bytes, the same for all of them
 *
 * Return: 0, -ENOMEM, -ENOSPC.
 */
int zmq_options_append(struct zmq_options *opt, enum zmq_options_blob which,
		       const void *item, size_t size)
{
	struct zmq_blob *old = opt->blob[which];
	u32 len = old ? old->len : 0;
	struct zmq_blob *blob;

	if (len >= ZMQ_OPTIONS_ITEMS * size)
		return -ENOSPC;
	blob = kmalloc(struct_size(blob, data, len + size + 1),
		       GFP_KERNEL_ACCOUNT);
	if (!blob)
		return -ENOMEM;
	refcount_set(&blob->refs, 1);
	blob->len = len + size;
	if (old)
		memcpy(blob->data, old->data, len);
	memcpy(blob->data + len, item, size);
	blob->data[blob->len] = 0;
	zmq_options_put(old);
	opt->blob[which] = blob;
	return 0;
}
