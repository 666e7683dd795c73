/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ZMTP greeting and NULL handshake as a state machine over bytes.  Pure.
 *
 * Speaks 3.1 and 3.0, and steps down to 2.0 and 1.0 peers the way libzmq does
 * ("Backwards interoperability" in 23/ZMTP and 37/ZMTP).
 */
#ifndef _NET_ZMQ_HANDSHAKE_H
#define _NET_ZMQ_HANDSHAKE_H

#include "zmtp.h"

#define ZMQ_HANDSHAKE_CMD_MAX	8192	/* largest handshake command accepted */
#define ZMQ_HANDSHAKE_OWN_MAX	2048	/* properties of the user's in it */
#define ZMQ_HANDSHAKE_OUT_MAX	2560	/* our greeting, id frame and READY */

enum zmq_handshake_state {
	ZMQ_HANDSHAKE_SIGNATURE,	/* first 10 bytes, or a 1.0 identity */
	ZMQ_HANDSHAKE_VERSION,		/* byte 10 */
	ZMQ_HANDSHAKE_GREETING,		/* rest of a 3.x greeting */
	ZMQ_HANDSHAKE_TYPE_2,		/* 2.0: socket type byte */
	ZMQ_HANDSHAKE_IDENTITY,		/* 2.0 and 1.0: identity frame */
	ZMQ_HANDSHAKE_MECHANISM,	/* 3.x: commands up to READY */
	ZMQ_HANDSHAKE_DONE,
	ZMQ_HANDSHAKE_FAILED,
};

/* Why a handshake failed: numbers of libzmq's ZMQ_PROTOCOL_ERROR_*. */
#define ZMQ_HANDSHAKE_ERR_UNSPECIFIED		0x10000000
#define ZMQ_HANDSHAKE_ERR_UNEXPECTED_COMMAND	0x10000001
#define ZMQ_HANDSHAKE_ERR_MALFORMED_COMMAND	0x10000011
#define ZMQ_HANDSHAKE_ERR_MALFORMED_READY	0x10000016
#define ZMQ_HANDSHAKE_ERR_MALFORMED_ERROR	0x10000015
#define ZMQ_HANDSHAKE_ERR_INVALID_METADATA	0x10000018
#define ZMQ_HANDSHAKE_ERR_MECHANISM_MISMATCH	0x11000002
#define ZMQ_HANDSHAKE_ERR_PEER_ERROR		0x2	/* peer sent ERROR */

/**
 * struct zmq_handshake - one handshake
 * @state: where it is
 * @type: our socket type, libzmq's number
 * @send_id: our type announces its routing id (REQ, DEALER, ROUTER)
 * @id: our routing id
 * @id_len: its length
 * @own: properties to add to our READY, in its form, ZMQ_HANDSHAKE_OWN_MAX
 *	bytes at most; the caller sets it, or leaves it NULL
 * @own_len: bytes there
 * @version: result: what is spoken from now on
 * @peer_type: result: peer's socket type number, -1 if not told
 * @peer_id: result: peer's routing id
 * @peer_id_len: its length, 0 = none
 * @subscribe_all: result: the peer is too old to subscribe (unversioned 1.0);
 *	a PUB or XPUB must send it everything
 * @error: ZMQ_HANDSHAKE_ERR_* when FAILED
 * @meta: in @in, until the next input: after DONE with 3.0 or later the
 *	metadata of the peer's READY, checked for form; after FAILED with
 *	PEER_ERROR the peer's reason; else NULL or of no meaning
 * @meta_len: bytes at @meta
 * @out: bytes for the peer; the caller sends them and sets @out_len to 0
 * @out_len: bytes in @out
 * @in: input not yet acted on: greeting, then one command or identity frame
 * @in_len: bytes in @in
 *
 * About 9 KiB: allocate it for the handshake and free it after.
 */
struct zmq_handshake {
	enum zmq_handshake_state	state;
	u8				type;
	bool				send_id;
	u8				id[ZMQ_ZMTP_ID_MAX];
	u8				id_len;
	const u8			*own;
	size_t				own_len;
	enum zmq_zmtp_version		version;
	int				peer_type;
	u8				peer_id[ZMQ_ZMTP_ID_MAX];
	u8				peer_id_len;
	bool				subscribe_all;
	u32				error;
	const u8			*meta;
	size_t				meta_len;
	size_t				out_len;
	u8				out[ZMQ_HANDSHAKE_OUT_MAX];
	size_t				in_len;
	u8				in[ZMQ_HANDSHAKE_CMD_MAX + ZMQ_ZMTP_HDR_MAX];
};

/* Begin; the signature is in @out afterwards. */
void zmq_handshake_init(struct zmq_handshake *hs, u8 type, const u8 *id,
			u8 id_len);

/**
 * zmq_handshake_input - give it bytes from the peer
 * @hs: the handshake
 * @data: bytes
 * @len: how many
 *
 * Takes bytes up to the exact end of the handshake; what follows is traffic.
 * Look at @state and send @out after each call.
 *
 * Return: bytes taken, or -EPROTO with @state FAILED and @error set.
 */
ssize_t zmq_handshake_input(struct zmq_handshake *hs, const u8 *data,
			    size_t len);

/* May sockets of types @a and @b talk (37/ZMTP "Socket-Type")? */
bool zmq_handshake_compatible(u8 a, u8 b);
/* Name of a socket type as in the Socket-Type property, NULL if unknown. */
const char *zmq_handshake_type_name(u8 type);

#endif /* _NET_ZMQ_HANDSHAKE_H */
