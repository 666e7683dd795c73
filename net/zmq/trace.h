/* SPDX-License-Identifier: GPL-2.0 */
/* Trace events of AF_ZMQ. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM zmq

#if !defined(_NET_ZMQ_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _NET_ZMQ_TRACE_H

#include <linux/tracepoint.h>
#include "conn.h"

/* A connection goes from one state to another, see enum zmq_conn_state. */
TRACE_EVENT(zmq_conn_state,
	TP_PROTO(const struct zmq_conn *conn, int state),
	TP_ARGS(conn, state),
	TP_STRUCT__entry(
		__field(const void *, conn)
		__field(int, type)
		__field(int, from)
		__field(int, to)
	),
	TP_fast_assign(
		__entry->conn = conn;
		__entry->type = conn->zsk->sk.sk_protocol;
		__entry->from = conn->state;
		__entry->to = state;
	),
	TP_printk("conn=%p type=%d from=%d to=%d", __entry->conn,
		  __entry->type, __entry->from, __entry->to)
);

/* A peer broke the protocol; error is a ZMQ_PROTOCOL_ERROR_* of libzmq. */
TRACE_EVENT(zmq_protocol_error,
	TP_PROTO(const struct zmq_conn *conn, u32 error),
	TP_ARGS(conn, error),
	TP_STRUCT__entry(
		__field(const void *, conn)
		__field(int, type)
		__field(u32, error)
	),
	TP_fast_assign(
		__entry->conn = conn;
		__entry->type = conn->zsk->sk.sk_protocol;
		__entry->error = error;
	),
	TP_printk("conn=%p type=%d error=0x%08x", __entry->conn,
		  __entry->type, __entry->error)
);

/* An object is made, or about to be freed; kind is an enum zmq_audit_kind. */
TRACE_EVENT(zmq_object,
	TP_PROTO(int kind, const void *object, bool made),
	TP_ARGS(kind, object, made),
	TP_STRUCT__entry(
		__field(const void *, object)
		__field(int, kind)
		__field(bool, made)
	),
	TP_fast_assign(
		__entry->object = object;
		__entry->kind = kind;
		__entry->made = made;
	),
	TP_printk("%s kind=%d object=%p", __entry->made ? "made" : "gone",
		  __entry->kind, __entry->object)
);

#endif /* _NET_ZMQ_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
