// SPDX-License-Identifier: GPL-2.0
/* SOCKS 5, see socks.h. */
#include <linux/inet.h>
#include "socks.h"

#define ZMQ_SOCKS_VERSION	5
#define ZMQ_SOCKS_AUTH_VERSION	1
#define ZMQ_SOCKS_CONNECT	1
#define ZMQ_SOCKS_NO_AUTH	0
#define ZMQ_SOCKS_PASSWORD	2

/* Kinds of address. */
enum {
	ZMQ_SOCKS_IPV4		= 1,
	ZMQ_SOCKS_NAME		= 3,
	ZMQ_SOCKS_IPV6		= 4,
};

/* Codes of the reply. */
enum {
	ZMQ_SOCKS_OK		= 0,
	ZMQ_SOCKS_FORBIDDEN	= 2,
	ZMQ_SOCKS_REFUSED	= 5,
};

static void zmq_socks_put(struct zmq_socks *socks, u8 byte)
{
	socks->out[socks->out_len++] = byte;
}

/* A text and its length before it. */
static void zmq_socks_put_text(struct zmq_socks *socks, const char *text)
{
	size_t len = min_t(size_t, strlen(text), ZMQ_SOCKS_TEXT_MAX);

	zmq_socks_put(socks, len);
	memcpy(socks->out + socks->out_len, text, len);
	socks->out_len += len;
}

static int zmq_socks_expect(struct zmq_socks *socks,
			    enum zmq_socks_state state, u32 want)
{
	socks->state = state;
	socks->want = want;
	return 0;
}

void zmq_socks_init(struct zmq_socks *socks, const char *host, u16 port,
		    const char *user, const char *password)
{
	memset(socks, 0, sizeof(*socks));
	socks->host = host;
	socks->port = port;
	socks->user = user;
	socks->password = password ?: "";
	zmq_socks_put(socks, ZMQ_SOCKS_VERSION);
	zmq_socks_put(socks, 1);
	zmq_socks_put(socks, user ? ZMQ_SOCKS_PASSWORD : ZMQ_SOCKS_NO_AUTH);
	zmq_socks_expect(socks, ZMQ_SOCKS_METHOD, 2);
}

static int zmq_socks_request(struct zmq_socks *socks)
{
	size_t len = strlen(socks->host);
	const char *end;
	u8 addr[16];

	zmq_socks_put(socks, ZMQ_SOCKS_VERSION);
	zmq_socks_put(socks, ZMQ_SOCKS_CONNECT);
	zmq_socks_put(socks, 0);
	if (in4_pton(socks->host, len, addr, -1, &end) && !*end) {
		zmq_socks_put(socks, ZMQ_SOCKS_IPV4);
		memcpy(socks->out + socks->out_len, addr, 4);
		socks->out_len += 4;
	} else if (in6_pton(socks->host, len, addr, -1, &end) && !*end) {
		zmq_socks_put(socks, ZMQ_SOCKS_IPV6);
		memcpy(socks->out + socks->out_len, addr, 16);
		socks->out_len += 16;
	} else {
		zmq_socks_put(socks, ZMQ_SOCKS_NAME);
		zmq_socks_put_text(socks, socks->host);
	}
	zmq_socks_put(socks, socks->port >> 8);
	zmq_socks_put(socks, socks->port & 0xff);
	/* Up to the first byte of an address, which may be its length. */
	return zmq_socks_expect(socks, ZMQ_SOCKS_REPLY, 5);
}

static int zmq_socks_method(struct zmq_socks *socks, const u8 *in)
{
	u8 ours = socks->user ? ZMQ_SOCKS_PASSWORD : ZMQ_SOCKS_NO_AUTH;

	if (in[0] != ZMQ_SOCKS_VERSION)
		return -EPROTO;
	if (in[1] != ours)
		return -EACCES;
	if (!socks->user)
		return zmq_socks_request(socks);
	zmq_socks_put(socks, ZMQ_SOCKS_AUTH_VERSION);
	zmq_socks_put_text(socks, socks->user);
	zmq_socks_put_text(socks, socks->password);
	return zmq_socks_expect(socks, ZMQ_SOCKS_AUTH, 2);
}

static int zmq_socks_auth(struct zmq_socks *socks, const u8 *in)
{
	if (in[0] != ZMQ_SOCKS_AUTH_VERSION)
		return -EPROTO;
	return in[1] ? -EACCES : zmq_socks_request(socks);
}

static int zmq_socks_reply(struct zmq_socks *socks, const u8 *in)
{
	if (in[0] != ZMQ_SOCKS_VERSION)
		return -EPROTO;
	if (in[1] == ZMQ_SOCKS_FORBIDDEN)
		return -EACCES;
	if (in[1] == ZMQ_SOCKS_REFUSED)
		return -ECONNREFUSED;
	if (in[1] != ZMQ_SOCKS_OK)
		return -EHOSTUNREACH;
	switch (in[3]) {
	case ZMQ_SOCKS_IPV4:
		return zmq_socks_expect(socks, ZMQ_SOCKS_BOUND, 4 - 1 + 2);
	case ZMQ_SOCKS_IPV6:
		return zmq_socks_expect(socks, ZMQ_SOCKS_BOUND, 16 - 1 + 2);
	case ZMQ_SOCKS_NAME:
		return zmq_socks_expect(socks, ZMQ_SOCKS_BOUND, in[4] + 2);
	default:
		return -EPROTO;
	}
}

int zmq_socks_input(struct zmq_socks *socks, const u8 *in)
{
	int err;

	switch (socks->state) {
	case ZMQ_SOCKS_METHOD:
		err = zmq_socks_method(socks, in);
		break;
	case ZMQ_SOCKS_AUTH:
		err = zmq_socks_auth(socks, in);
		break;
	case ZMQ_SOCKS_REPLY:
		err = zmq_socks_reply(socks, in);
		break;
	case ZMQ_SOCKS_BOUND:
		return zmq_socks_expect(socks, ZMQ_SOCKS_DONE, 0);
	default:
		err = -EPROTO;
		break;
	}
	if (err)
		zmq_socks_expect(socks, ZMQ_SOCKS_FAILED, 0);
	return err;
}
