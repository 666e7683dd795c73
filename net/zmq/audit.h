/* SPDX-License-Identifier: GPL-2.0 */
/* How many objects of each kind there are: what is made must go. */
#ifndef _NET_ZMQ_AUDIT_H
#define _NET_ZMQ_AUDIT_H

/* Kinds of objects, in the order of debugfs' zmq/objects. */
enum zmq_audit_kind {
	ZMQ_AUDIT_SOCK,
	ZMQ_AUDIT_CONTEXT,
	ZMQ_AUDIT_EP,
	ZMQ_AUDIT_CONN,
	ZMQ_AUDIT_PIPE,
	ZMQ_AUDIT_VIEW,
	ZMQ_AUDIT_KINDS
};

/* An object was made, is about to be freed.  Any context. */
void zmq_audit_made(enum zmq_audit_kind kind, const void *object);
void zmq_audit_gone(enum zmq_audit_kind kind, const void *object);

void zmq_audit_init(void);
void zmq_audit_exit(void);

#endif /* _NET_ZMQ_AUDIT_H */
