/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ZMTP wire format: frames and commands.  Pure: bytes in, bytes out.
 * "23/ZMTP" is ZMTP 3.0, "37/ZMTP" 3.1, "15/ZMTP" 2.0, "13/ZMTP" 1.0.
 */
#ifndef _NET_ZMQ_ZMTP_H
#define _NET_ZMQ_ZMTP_H

#include "pure.h"

/* Frame flags of ZMTP 2.0 and later (37/ZMTP "Framing"). */
#define ZMQ_ZMTP_MORE		0x01
#define ZMQ_ZMTP_LONG		0x02
#define ZMQ_ZMTP_COMMAND	0x04

#define ZMQ_ZMTP_HDR_SHORT	2
#define ZMQ_ZMTP_HDR_LONG	9
#define ZMQ_ZMTP_HDR_MAX	10	/* ZMTP 1.0: FF, 8 bytes length, flags */
#define ZMQ_ZMTP_SHORT_MAX	255	/* largest body with a short header */
#define ZMQ_ZMTP_ID_MAX		255	/* longest routing id */
#define ZMQ_ZMTP_PING_CTX_MAX	16

/* Protocol spoken on a connection. */
enum zmq_zmtp_version {
	ZMQ_ZMTP_RAW,		/* none: bytes as they are (STREAM) */
	ZMQ_ZMTP_1_0,		/* v1 framing */
	ZMQ_ZMTP_2_0,
	ZMQ_ZMTP_3_0,
	ZMQ_ZMTP_3_1,		/* subscriptions are commands */
};

/**
 * struct zmq_zmtp_hdr - a decoded frame header
 * @len: body length in bytes
 * @flags: ZMQ_ZMTP_MORE, ZMQ_ZMTP_COMMAND (never LONG)
 * @size: bytes the header takes
 */
struct zmq_zmtp_hdr {
	u64	len;
	u8	flags;
	u8	size;
};

/* Bytes of the header of a frame with a body of @len bytes (2.0 and later). */
static inline unsigned int zmq_zmtp_hdr_size(u64 len)
{
	return len > ZMQ_ZMTP_SHORT_MAX ? ZMQ_ZMTP_HDR_LONG :
					  ZMQ_ZMTP_HDR_SHORT;
}

/* Write a header at @p (room for ZMQ_ZMTP_HDR_LONG).  Return: its size. */
unsigned int zmq_zmtp_hdr_encode(u8 *p, u8 flags, u64 len);
/* The same in ZMTP 1.0 framing (room for ZMQ_ZMTP_HDR_MAX). */
unsigned int zmq_zmtp_hdr_encode_v1(u8 *p, u8 flags, u64 len);

/**
 * zmq_zmtp_hdr_decode - read a frame header
 * @hdr: result
 * @p: the first bytes of the frame
 * @avail: how many bytes are there
 * @version: framing to use
 *
 * Return: > 0 the header's size; 0 if more bytes are needed; -EPROTO for a
 * length above 2^63 - 1, a 1.0 length of 0, or a command with MORE.
 */
int zmq_zmtp_hdr_decode(struct zmq_zmtp_hdr *hdr, const u8 *p, size_t avail,
			enum zmq_zmtp_version version);

/* Traffic commands (37/ZMTP "Commands"). */
enum zmq_zmtp_cmd {
	ZMQ_ZMTP_CMD_UNKNOWN,	/* well-formed but none of these */
	ZMQ_ZMTP_CMD_READY,
	ZMQ_ZMTP_CMD_ERROR,
	ZMQ_ZMTP_CMD_SUBSCRIBE,
	ZMQ_ZMTP_CMD_CANCEL,
	ZMQ_ZMTP_CMD_PING,
	ZMQ_ZMTP_CMD_PONG,
	ZMQ_ZMTP_CMD_JOIN,
	ZMQ_ZMTP_CMD_LEAVE,
};

/**
 * struct zmq_zmtp_command - a decoded command body
 * @id: which
 * @ttl: PING: 1/10 s
 * @data: after the name: READY: metadata; ERROR: the reason; SUBSCRIBE,
 *	CANCEL, JOIN, LEAVE: the topic; PING (after the ttl), PONG: the context
 * @len: bytes at @data
 */
struct zmq_zmtp_command {
	enum zmq_zmtp_cmd	id;
	u16			ttl;
	const u8		*data;
	size_t			len;
};

/*
 * Take apart a command frame's body.  Return: 0, or -EPROTO: no room for the
 * name or a PING without ttl, or ERROR without its reason.  A PING or PONG
 * context over 16 bytes is -EPROTO too.
 */
int zmq_zmtp_command_parse(struct zmq_zmtp_command *cmd, const u8 *body,
			   size_t len);

/*
 * The header and the name of a command frame at @p, for @len bytes that the
 * caller puts after it.  @id: not ZMQ_ZMTP_CMD_UNKNOWN.  Return: bytes
 * written, ZMQ_ZMTP_HDR_LONG + 10 at most.
 */
size_t zmq_zmtp_command_encode(u8 *p, enum zmq_zmtp_cmd id, size_t len);

/*
 * Build whole frames at @p.  Return: bytes written.  Sizes needed:
 * ping: 9 + 2 + ctx; pong: 7 + ctx; subscribe: @len + 19 at most.
 */
unsigned int zmq_zmtp_ping_encode(u8 *p, u16 ttl, const u8 *ctx, u8 ctx_len);
unsigned int zmq_zmtp_pong_encode(u8 *p, const u8 *ctx, u8 ctx_len);
/*
 * A subscription (@on) or its cancellation, as the version wants it: a
 * command for 3.1, else a message of 1 or 0 and the topic; in v1 framing for
 * ZMTP 1.0.
 */
size_t zmq_zmtp_subscribe_encode(u8 *p, const u8 *topic, size_t len, bool on,
				 enum zmq_zmtp_version version);

/* Longest encoding of a subscription to a topic of @len bytes. */
static inline size_t zmq_zmtp_subscribe_size(size_t len)
{
	return ZMQ_ZMTP_HDR_MAX + 10 + len;
}

#endif /* _NET_ZMQ_ZMTP_H */
