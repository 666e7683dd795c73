// SPDX-License-Identifier: GPL-2.0
/*
 * Objects there are, for debugfs, and that none is left when the module goes.
 * The trace event zmq_object tells of each.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include "audit.h"
#include "conn.h"
#include "trace.h"

static const char *const zmq_audit_names[ZMQ_AUDIT_KINDS] = {
	[ZMQ_AUDIT_SOCK]	= "sockets",
	[ZMQ_AUDIT_CONTEXT]	= "contexts",
	[ZMQ_AUDIT_EP]		= "endpoints",
	[ZMQ_AUDIT_CONN]	= "connections",
	[ZMQ_AUDIT_PIPE]	= "pipes",
	[ZMQ_AUDIT_VIEW]	= "views",
};

/**
 * struct zmq_audit - a kind of object
 * @live: how many there are
 * @made: how many there were ever
 */
struct zmq_audit {
	atomic_long_t	live;
	atomic_long_t	made;
};

static struct zmq_audit zmq_audit[ZMQ_AUDIT_KINDS];
static struct dentry *zmq_audit_dir;

void zmq_audit_made(enum zmq_audit_kind kind, const void *object)
{
	trace_zmq_object(kind, object, true);
	atomic_long_inc(&zmq_audit[kind].live);
	atomic_long_inc(&zmq_audit[kind].made);
}

void zmq_audit_gone(enum zmq_audit_kind kind, const void *object)
{
	trace_zmq_object(kind, object, false);
	atomic_long_dec(&zmq_audit[kind].live);
}

/* A line a kind: name, how many there are, how many there were ever. */
static int zmq_audit_show(struct seq_file *m, void *v)
{
	int i;

	for (i = 0; i < ZMQ_AUDIT_KINDS; i++)
		seq_printf(m, "%s %ld %ld\n", zmq_audit_names[i],
			   atomic_long_read(&zmq_audit[i].live),
			   atomic_long_read(&zmq_audit[i].made));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(zmq_audit);

void zmq_audit_init(void)
{
	zmq_audit_dir = debugfs_create_dir("zmq", NULL);
	debugfs_create_file("objects", 0444, zmq_audit_dir, NULL,
			    &zmq_audit_fops);
}

/* All work and all RCU callbacks are over. */
void zmq_audit_exit(void)
{
	long live;
	int i;

	debugfs_remove_recursive(zmq_audit_dir);
	for (i = 0; i < ZMQ_AUDIT_KINDS; i++) {
		live = atomic_long_read(&zmq_audit[i].live);
		WARN(live, "af_zmq: %ld %s left behind\n", live,
		     zmq_audit_names[i]);
	}
}
