/* SPDX-License-Identifier: GPL-2.0 */
/* SOCKS 5 (RFC 1928), user and password (RFC 1929): our side of it.  Pure. */
#ifndef _NET_ZMQ_SOCKS_H
#define _NET_ZMQ_SOCKS_H

#include "pure.h"

#define ZMQ_SOCKS_TEXT_MAX	255	/* host, user, password */
#define ZMQ_SOCKS_OUT_MAX	(3 + 2 * ZMQ_SOCKS_TEXT_MAX)
#define ZMQ_SOCKS_IN_MAX		(255 + 2)

enum zmq_socks_state {
	ZMQ_SOCKS_METHOD,	/* which authentication does it want? */
	ZMQ_SOCKS_AUTH,		/* did it take user and password? */
	ZMQ_SOCKS_REPLY,	/* beginning of the answer to our request */
	ZMQ_SOCKS_BOUND,	/* rest of it: an address of no interest */
	ZMQ_SOCKS_DONE,		/* connected: what follows is the peer's */
	ZMQ_SOCKS_FAILED,
};

/**
 * struct zmq_socks - a proxy being asked to connect
 * @state: what is awaited
 * @host: where to: an address or a name, looked up by the proxy; the caller's
 * @port: host byte order
 * @user: NULL: no authentication; the caller's
 * @password: NULL: empty; the caller's
 * @want: bytes to read next, exactly
 * @out: bytes to be sent now; the caller sets @out_len to 0 when it has them
 * @out_len: how many
 */
struct zmq_socks {
	enum zmq_socks_state	state;
	const char		*host;
	u16			port;
	const char		*user;
	const char		*password;
	u32			want;
	u8			out[ZMQ_SOCKS_OUT_MAX];
	u32			out_len;
};

/* The first bytes are in @out then.  Texts have 255 bytes at most. */
void zmq_socks_init(struct zmq_socks *socks, const char *host, u16 port,
		    const char *user, const char *password);

/**
 * zmq_socks_input - the proxy sent something
 * @socks: it
 * @in: socks->want bytes
 *
 * Return: 0, look at @state and @out; -EPROTO: not SOCKS 5; -EACCES: it does
 * not let us; -ECONNREFUSED, -EHOSTUNREACH: it could not connect.
 */
int zmq_socks_input(struct zmq_socks *socks, const u8 *in);

#endif /* _NET_ZMQ_SOCKS_H */
