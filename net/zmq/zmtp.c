// SPDX-License-Identifier: GPL-2.0
/*
 * ZMTP frames and commands, see zmtp.h.
 *
 * Where the RFCs and libzmq differ in what a receiver accepts, libzmq decides:
 * reserved flag bits are ignored, a long header may carry a short length, and
 * a command of unknown name is well-formed.
 */
#include "zmtp.h"

#define ZMQ_ZMTP_V1_LONG	0xff	/* 13/ZMTP: 8 bytes of length follow */
#define ZMQ_ZMTP_TTL_LEN	2

/* Command names as on the wire: the length, then the characters. */
static const char *const zmq_zmtp_names[] = {
	[ZMQ_ZMTP_CMD_READY]		= "\005READY",
	[ZMQ_ZMTP_CMD_ERROR]		= "\005ERROR",
	[ZMQ_ZMTP_CMD_SUBSCRIBE]	= "\011SUBSCRIBE",
	[ZMQ_ZMTP_CMD_CANCEL]		= "\006CANCEL",
	[ZMQ_ZMTP_CMD_PING]		= "\004PING",
	[ZMQ_ZMTP_CMD_PONG]		= "\004PONG",
	[ZMQ_ZMTP_CMD_JOIN]		= "\004JOIN",
	[ZMQ_ZMTP_CMD_LEAVE]		= "\005LEAVE",
};

unsigned int zmq_zmtp_hdr_encode(u8 *p, u8 flags, u64 len)
{
	if (len <= ZMQ_ZMTP_SHORT_MAX) {
		p[0] = flags;
		p[1] = len;
		return ZMQ_ZMTP_HDR_SHORT;
	}
	p[0] = flags | ZMQ_ZMTP_LONG;
	put_unaligned_be64(len, p + 1);
	return ZMQ_ZMTP_HDR_LONG;
}

/* 13/ZMTP "Framing": the length counts the flags octet. */
unsigned int zmq_zmtp_hdr_encode_v1(u8 *p, u8 flags, u64 len)
{
	if (len + 1 < ZMQ_ZMTP_V1_LONG) {
		p[0] = len + 1;
		p[1] = flags & ZMQ_ZMTP_MORE;
		return 2;
	}
	p[0] = ZMQ_ZMTP_V1_LONG;
	put_unaligned_be64(len + 1, p + 1);
	p[9] = flags & ZMQ_ZMTP_MORE;
	return ZMQ_ZMTP_HDR_MAX;
}

static int zmq_zmtp_hdr_decode_v1(struct zmq_zmtp_hdr *hdr, const u8 *p,
				  size_t avail)
{
	unsigned int size = 2;
	u64 len;

	if (!avail)
		return 0;
	len = p[0];
	if (len == ZMQ_ZMTP_V1_LONG) {
		size = ZMQ_ZMTP_HDR_MAX;
		if (avail < size - 1)
			return 0;
		len = get_unaligned_be64(p + 1);
	}
	if (!len || len > S64_MAX)
		return -EPROTO;
	if (avail < size)
		return 0;

	hdr->len = len - 1;
	hdr->flags = p[size - 1] & ZMQ_ZMTP_MORE;
	hdr->size = size;
	return size;
}

int zmq_zmtp_hdr_decode(struct zmq_zmtp_hdr *hdr, const u8 *p, size_t avail,
			enum zmq_zmtp_version version)
{
	u8 flags;

	if (version == ZMQ_ZMTP_1_0)
		return zmq_zmtp_hdr_decode_v1(hdr, p, avail);

	if (!avail)
		return 0;
	flags = p[0] & (ZMQ_ZMTP_MORE | ZMQ_ZMTP_COMMAND);
	if (flags == (ZMQ_ZMTP_MORE | ZMQ_ZMTP_COMMAND))
		return -EPROTO;

	if (p[0] & ZMQ_ZMTP_LONG) {
		if (avail < ZMQ_ZMTP_HDR_LONG)
			return 0;
		hdr->len = get_unaligned_be64(p + 1);
		hdr->size = ZMQ_ZMTP_HDR_LONG;
		if (hdr->len > S64_MAX)
			return -EPROTO;
	} else {
		if (avail < ZMQ_ZMTP_HDR_SHORT)
			return 0;
		hdr->len = p[1];
		hdr->size = ZMQ_ZMTP_HDR_SHORT;
	}
	hdr->flags = flags;
	return hdr->size;
}

static enum zmq_zmtp_cmd zmq_zmtp_command_id(const u8 *body)
{
	unsigned int i;

	for (i = ZMQ_ZMTP_CMD_READY; i < ARRAY_SIZE(zmq_zmtp_names); i++)
		if (body[0] == zmq_zmtp_names[i][0] &&
		    !memcmp(body + 1, zmq_zmtp_names[i] + 1, body[0]))
			return i;
	return ZMQ_ZMTP_CMD_UNKNOWN;
}

/* 37/ZMTP "Connection heartbeating": ttl (PING only), then the context. */
static int zmq_zmtp_heartbeat_parse(struct zmq_zmtp_command *cmd)
{
	if (cmd->id == ZMQ_ZMTP_CMD_PING) {
		if (cmd->len < ZMQ_ZMTP_TTL_LEN)
			return -EPROTO;
		cmd->ttl = get_unaligned_be16(cmd->data);
		cmd->data += ZMQ_ZMTP_TTL_LEN;
		cmd->len -= ZMQ_ZMTP_TTL_LEN;
	}
	return cmd->len > ZMQ_ZMTP_PING_CTX_MAX ? -EPROTO : 0;
}

/* 37/ZMTP "The NULL security mechanism": error-reason is a short string. */
static int zmq_zmtp_error_parse(struct zmq_zmtp_command *cmd)
{
	if (!cmd->len || cmd->data[0] > cmd->len - 1)
		return -EPROTO;
	cmd->len = cmd->data[0];
	cmd->data++;
	return 0;
}

int zmq_zmtp_command_parse(struct zmq_zmtp_command *cmd, const u8 *body,
			   size_t len)
{
	cmd->id = ZMQ_ZMTP_CMD_UNKNOWN;
	cmd->ttl = 0;
	cmd->data = NULL;
	cmd->len = 0;
	if (!len || body[0] > len - 1)
		return -EPROTO;

	cmd->id = zmq_zmtp_command_id(body);
	cmd->data = body + 1 + body[0];
	cmd->len = len - 1 - body[0];
	switch (cmd->id) {
	case ZMQ_ZMTP_CMD_ERROR:
		return zmq_zmtp_error_parse(cmd);
	case ZMQ_ZMTP_CMD_PING:
	case ZMQ_ZMTP_CMD_PONG:
		return zmq_zmtp_heartbeat_parse(cmd);
	default:
		return 0;
	}
}

size_t zmq_zmtp_command_encode(u8 *p, enum zmq_zmtp_cmd id, size_t len)
{
	const char *name = zmq_zmtp_names[id];
	size_t name_len = name[0] + 1;
	size_t n;

	n = zmq_zmtp_hdr_encode(p, ZMQ_ZMTP_COMMAND, name_len + len);
	memcpy(p + n, name, name_len);
	return n + name_len;
}

unsigned int zmq_zmtp_ping_encode(u8 *p, u16 ttl, const u8 *ctx, u8 ctx_len)
{
	size_t n;

	n = zmq_zmtp_command_encode(p, ZMQ_ZMTP_CMD_PING,
				    ZMQ_ZMTP_TTL_LEN + ctx_len);
	put_unaligned_be16(ttl, p + n);
	n += ZMQ_ZMTP_TTL_LEN;
	if (ctx_len)
		memcpy(p + n, ctx, ctx_len);
	return n + ctx_len;
}

unsigned int zmq_zmtp_pong_encode(u8 *p, const u8 *ctx, u8 ctx_len)
{
	size_t n;

	n = zmq_zmtp_command_encode(p, ZMQ_ZMTP_CMD_PONG, ctx_len);
	if (ctx_len)
		memcpy(p + n, ctx, ctx_len);
	return n + ctx_len;
}

size_t zmq_zmtp_subscribe_encode(u8 *p, const u8 *topic, size_t len, bool on,
				 enum zmq_zmtp_version version)
{
	size_t n;

	if (version == ZMQ_ZMTP_3_1) {
		n = zmq_zmtp_command_encode(p, on ? ZMQ_ZMTP_CMD_SUBSCRIBE :
						    ZMQ_ZMTP_CMD_CANCEL, len);
	} else {
		if (version == ZMQ_ZMTP_1_0)
			n = zmq_zmtp_hdr_encode_v1(p, 0, len + 1);
		else
			n = zmq_zmtp_hdr_encode(p, 0, len + 1);
		p[n++] = on;
	}
	if (len)
		memcpy(p + n, topic, len);
	return n + len;
}
