/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Endpoint syntax: "tcp://...", "ipc://...", "inproc://...",
 * "udp://...".  Pure.
 */
#ifndef _NET_ZMQ_ENDPOINT_H
#define _NET_ZMQ_ENDPOINT_H

#include "pure.h"

#define ZMQ_ENDPOINT_MAX	1023	/* ZMQ_AF_ENDPOINT_MAX */
#define ZMQ_ENDPOINT_HOST_MAX	253	/* of a DNS name */
#define ZMQ_ENDPOINT_PATH_MAX	107	/* sun_path less its NUL */

enum zmq_endpoint_proto {
	ZMQ_ENDPOINT_TCP,
	ZMQ_ENDPOINT_IPC,
	ZMQ_ENDPOINT_INPROC,
	ZMQ_ENDPOINT_UDP,
};

/**
 * struct zmq_endpoint_host - one "host:port"
 * @host: numeric address without brackets, host name, or interface name
 * @wild: host is "*"
 * @bracketed: host was written in [ ]
 * @port: host byte order; 0 for "*" and "0"
 */
struct zmq_endpoint_host {
	char	host[ZMQ_ENDPOINT_HOST_MAX + 1];
	bool	wild;
	bool	bracketed;
	u16	port;
};

/**
 * struct zmq_endpoint - a parsed endpoint
 * @proto: transport
 * @tcp: TCP, UDP: the address to bind, or to connect to
 * @src: what is before ';': TCP connect: an address; UDP: an interface, or its
 *	address, without a port
 * @has_src: @src is there
 * @path: IPC: path, or abstract name without its '@'; NUL-terminated
 * @path_len: bytes in @path without the NUL
 * @abstract: IPC: "@name"
 * @wild: IPC: "*"
 */
struct zmq_endpoint {
	enum zmq_endpoint_proto		proto;
	struct zmq_endpoint_host	tcp;
	struct zmq_endpoint_host	src;
	bool				has_src;
	char				path[ZMQ_ENDPOINT_PATH_MAX + 1];
	u8				path_len;
	bool				abstract;
	bool				wild;
};

/**
 * zmq_endpoint_parse - take an endpoint string apart
 * @ep: result
 * @str: the string, not necessarily NUL-terminated
 * @len: its length without any NUL
 * @bind: for bind: "*" hosts, "*" or 0 ports, interface names and the ipc
 *	wildcard are allowed, a TCP source is not.  For connect the other way
 *	round: the port must be 1..65535 (the source's may be 0).
 *
 * Whether a host is numeric, a host name (connect) or an interface name (bind,
 * source) is not found out here.
 *
 * Return: 0; -EINVAL for bad syntax; -EPROTONOSUPPORT for an unknown
 * transport; -ENAMETOOLONG for an ipc path over 107 bytes.
 */
int zmq_endpoint_parse(struct zmq_endpoint *ep, const char *str, size_t len,
		       bool bind);

/* "host:port" to connect to, as in a tcp endpoint.  Return: 0 or -EINVAL. */
int zmq_endpoint_parse_host(struct zmq_endpoint_host *host, const char *str,
			    size_t len);

#endif /* _NET_ZMQ_ENDPOINT_H */
