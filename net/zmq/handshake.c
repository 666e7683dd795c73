// SPDX-License-Identifier: GPL-2.0
/*
 * ZMTP greeting and NULL handshake, see handshake.h.
 *
 *	SIGNATURE --- 1.0 without a greeting -----------------> IDENTITY
 *	    |                                                      |
 *	 VERSION --- revision 0 or 1 ---> TYPE_2 --------------> IDENTITY
 *	    |                                                      |
 *	 GREETING ------> MECHANISM --- READY --------> DONE <-----+
 *
 * The steps and their order on the wire are libzmq's (zmtp_engine.cpp), so
 * that two peers that both wait for the other cannot come about: the
 * signature goes out at once, the rest of the greeting as the peer's version
 * becomes known.
 *
 * What libzmq 4.3.4 sends, in the order a DEALER without a routing id shows:
 *	3.1	ff 00 00 00 00 00 00 00 01 7f 03 | 01 "NULL" 00*16 00 00*31 |
 *		04 29 05 "READY" 0b "Socket-Type" 00 00 00 06 "DEALER"
 *		      08 "Identity" 00 00 00 00
 *	2.0	ff 00 00 00 00 00 00 00 01 7f 03 | 05 | 00 00
 *	1.0	ff 00 00 00 00 00 00 00 01 7f   (a frame header) | no id bytes
 */
#include "handshake.h"

#define ZMQ_HANDSHAKE_SIG_LEN	10	/* FF, 8 bytes, 7F */
#define ZMQ_HANDSHAKE_V2_LEN	12	/* + revision, socket type */
#define ZMQ_HANDSHAKE_V3_LEN	64	/* + version, mechanism, filler */

#define ZMQ_HANDSHAKE_REV_1_0	0
#define ZMQ_HANDSHAKE_REV_2_0	1
#define ZMQ_HANDSHAKE_REV_3	3

#define ZMQ_HANDSHAKE_MECH_OFF	12
#define ZMQ_HANDSHAKE_MECH_LEN	20

/* Our 37/ZMTP greeting after the major version; as-server and filler are 0. */
static const u8 zmq_handshake_rest[ZMQ_HANDSHAKE_V3_LEN -
				   ZMQ_HANDSHAKE_SIG_LEN - 1] = {
	1, 'N', 'U', 'L', 'L',
};

/* Socket types by libzmq's number; draft types are there for their names. */
enum {
	PAIR, PUB, SUB, REQ, REP, DEALER, ROUTER, PULL, PUSH, XPUB, XSUB,
	STREAM, SERVER, CLIENT, RADIO, DISH, GATHER, SCATTER, DGRAM, PEER,
	CHANNEL,
};

/* @name: value of Socket-Type; @peers: mask of the types that it talks to */
static const struct {
	const char	*name;
	u32		peers;
} zmq_handshake_types[] = {
	[PAIR]		= { "PAIR",	BIT(PAIR) },
	[PUB]		= { "PUB",	BIT(SUB) | BIT(XSUB) },
	[SUB]		= { "SUB",	BIT(PUB) | BIT(XPUB) },
	[REQ]		= { "REQ",	BIT(REP) | BIT(ROUTER) },
	[REP]		= { "REP",	BIT(REQ) | BIT(DEALER) },
	[DEALER]	= { "DEALER",	BIT(REP) | BIT(DEALER) | BIT(ROUTER) },
	[ROUTER]	= { "ROUTER",	BIT(REQ) | BIT(DEALER) | BIT(ROUTER) },
	[PULL]		= { "PULL",	BIT(PUSH) },
	[PUSH]		= { "PUSH",	BIT(PULL) },
	[XPUB]		= { "XPUB",	BIT(SUB) | BIT(XSUB) },
	[XSUB]		= { "XSUB",	BIT(PUB) | BIT(XPUB) },
	[STREAM]	= { "STREAM",	0 },
	[SERVER]	= { "SERVER",	BIT(CLIENT) },
	[CLIENT]	= { "CLIENT",	BIT(SERVER) },
	[RADIO]		= { "RADIO",	BIT(DISH) },
	[DISH]		= { "DISH",	BIT(RADIO) },
	[GATHER]	= { "GATHER",	BIT(SCATTER) },
	[SCATTER]	= { "SCATTER",	BIT(GATHER) },
	[DGRAM]		= { "DGRAM",	BIT(DGRAM) },
	[PEER]		= { "PEER",	BIT(PEER) },
	[CHANNEL]	= { "CHANNEL",	BIT(CHANNEL) },
};

/* Bytes of the peer not yet taken. */
struct zmq_handshake_src {
	const u8	*p;
	size_t		len;
};

/* 37/ZMTP "Socket types": the property of a READY, counted strings. */
#define ZMQ_HANDSHAKE_SOCKET_TYPE	"Socket-Type"
#define ZMQ_HANDSHAKE_IDENTITY_NAME	"Identity"

bool zmq_handshake_compatible(u8 a, u8 b)
{
	if (a >= ARRAY_SIZE(zmq_handshake_types) ||
	    b >= ARRAY_SIZE(zmq_handshake_types))
		return false;
	return zmq_handshake_types[a].peers & BIT(b);
}

const char *zmq_handshake_type_name(u8 type)
{
	if (type >= ARRAY_SIZE(zmq_handshake_types))
		return NULL;
	return zmq_handshake_types[type].name;
}

static void zmq_handshake_put(struct zmq_handshake *hs, const void *p,
			      size_t len)
{
	if (WARN_ON_ONCE(len > sizeof(hs->out) - hs->out_len))
		return;
	if (len)
		memcpy(hs->out + hs->out_len, p, len);
	hs->out_len += len;
}

static void zmq_handshake_put_byte(struct zmq_handshake *hs, u8 byte)
{
	zmq_handshake_put(hs, &byte, 1);
}

void zmq_handshake_init(struct zmq_handshake *hs, u8 type, const u8 *id,
			u8 id_len)
{
	u8 sig[ZMQ_HANDSHAKE_SIG_LEN] = { 0xff };

	/* @in needs no zeroes: @in_len says what is valid */
	memset(hs, 0, offsetof(struct zmq_handshake, in));
	hs->state = ZMQ_HANDSHAKE_SIGNATURE;
	hs->type = type;
	hs->send_id = type == REQ || type == DEALER || type == ROUTER;
	hs->id_len = id_len;
	if (id_len)
		memcpy(hs->id, id, id_len);
	hs->version = ZMQ_ZMTP_3_1;
	hs->peer_type = -1;

	/* to a 1.0 peer this is the header of a frame with our id */
	put_unaligned_be64(id_len + 1, sig + 1);
	sig[9] = 0x7f;
	zmq_handshake_put(hs, sig, sizeof(sig));
}

static int zmq_handshake_fail(struct zmq_handshake *hs, u32 error)
{
	hs->state = ZMQ_HANDSHAKE_FAILED;
	hs->error = error;
	return -EPROTO;
}

/* Take input until @in holds @want bytes.  Return: whether it does now. */
static bool zmq_handshake_fill(struct zmq_handshake *hs, size_t want,
			       struct zmq_handshake_src *src)
{
	size_t n;

	if (hs->in_len >= want)
		return true;
	n = min(want - hs->in_len, src->len);
	if (n)
		memcpy(hs->in + hs->in_len, src->p, n);
	hs->in_len += n;
	src->p += n;
	src->len -= n;
	return hs->in_len >= want;
}

/*
 * The first octet, or bit 0 of the tenth, tells an unversioned 1.0 peer: what
 * came so far is the beginning of its identity frame, and of ours only the id
 * is left to send, the signature being the header.
 */
static int zmq_handshake_unversioned(struct zmq_handshake *hs)
{
	hs->version = ZMQ_ZMTP_1_0;
	hs->subscribe_all = hs->type == PUB || hs->type == XPUB;
	zmq_handshake_put(hs, hs->id, hs->id_len);
	hs->state = ZMQ_HANDSHAKE_IDENTITY;
	return 1;
}

static int zmq_handshake_signature(struct zmq_handshake *hs,
				   struct zmq_handshake_src *src)
{
	if (!zmq_handshake_fill(hs, 1, src))
		return 0;
	if (hs->in[0] != 0xff)
		return zmq_handshake_unversioned(hs);
	if (!zmq_handshake_fill(hs, ZMQ_HANDSHAKE_SIG_LEN, src))
		return 0;
	if (!(hs->in[ZMQ_HANDSHAKE_SIG_LEN - 1] & 1))
		return zmq_handshake_unversioned(hs);

	zmq_handshake_put_byte(hs, ZMQ_HANDSHAKE_REV_3);
	hs->state = ZMQ_HANDSHAKE_VERSION;
	return 1;
}

static int zmq_handshake_revision(struct zmq_handshake *hs,
				  struct zmq_handshake_src *src)
{
	if (!zmq_handshake_fill(hs, ZMQ_HANDSHAKE_SIG_LEN + 1, src))
		return 0;
	switch (hs->in[ZMQ_HANDSHAKE_SIG_LEN]) {
	case ZMQ_HANDSHAKE_REV_1_0:
		hs->version = ZMQ_ZMTP_1_0;
		break;
	case ZMQ_HANDSHAKE_REV_2_0:
		hs->version = ZMQ_ZMTP_2_0;
		break;
	default:
		zmq_handshake_put(hs, zmq_handshake_rest,
				  sizeof(zmq_handshake_rest));
		hs->state = ZMQ_HANDSHAKE_GREETING;
		return 1;
	}
	zmq_handshake_put_byte(hs, hs->type);
	hs->state = ZMQ_HANDSHAKE_TYPE_2;
	return 1;
}

/* 15/ZMTP: after the socket type an identity frame, also from other types. */
static int zmq_handshake_type_2(struct zmq_handshake *hs,
				struct zmq_handshake_src *src)
{
	u8 hdr[ZMQ_ZMTP_HDR_MAX];
	unsigned int n;

	if (!zmq_handshake_fill(hs, ZMQ_HANDSHAKE_V2_LEN, src))
		return 0;
	hs->peer_type = hs->in[ZMQ_HANDSHAKE_V2_LEN - 1];

	if (hs->version == ZMQ_ZMTP_1_0)
		n = zmq_zmtp_hdr_encode_v1(hdr, 0, hs->id_len);
	else
		n = zmq_zmtp_hdr_encode(hdr, 0, hs->id_len);
	zmq_handshake_put(hs, hdr, n);
	zmq_handshake_put(hs, hs->id, hs->id_len);
	hs->in_len = 0;
	hs->state = ZMQ_HANDSHAKE_IDENTITY;
	return 1;
}

/* Write a property at @p, as in 37/ZMTP "metadata".  Return: its end. */
static u8 *zmq_handshake_property(u8 *p, const char *name, const void *val,
				  u32 len)
{
	size_t name_len = strlen(name);

	*p++ = name_len;
	memcpy(p, name, name_len);
	p += name_len;
	put_unaligned_be32(len, p);
	p += sizeof(u32);
	if (len)
		memcpy(p, val, len);
	return p + len;
}

static void zmq_handshake_put_ready(struct zmq_handshake *hs)
{
	const char *type = zmq_handshake_type_name(hs->type);
	u8 frame[ZMQ_ZMTP_HDR_LONG + 10];
	u8 meta[320];
	u8 *p = meta;
	size_t n;

	if (type)
		p = zmq_handshake_property(p, ZMQ_HANDSHAKE_SOCKET_TYPE, type,
					   strlen(type));
	if (hs->send_id)
		p = zmq_handshake_property(p, ZMQ_HANDSHAKE_IDENTITY_NAME,
					   hs->id, hs->id_len);
	n = zmq_zmtp_command_encode(frame, ZMQ_ZMTP_CMD_READY,
				    p - meta + hs->own_len);
	zmq_handshake_put(hs, frame, n);
	zmq_handshake_put(hs, meta, p - meta);
	zmq_handshake_put(hs, hs->own, hs->own_len);
}

/*
 * Octets 32 to 63, as-server and filler, are not looked at, nor is a major
 * version above 3: such a peer speaks 3.1 to us.
 */
static int zmq_handshake_greeting(struct zmq_handshake *hs,
				  struct zmq_handshake_src *src)
{
	const u8 *version = hs->in + ZMQ_HANDSHAKE_SIG_LEN;

	if (!zmq_handshake_fill(hs, ZMQ_HANDSHAKE_V3_LEN, src))
		return 0;
	if (memcmp(hs->in + ZMQ_HANDSHAKE_MECH_OFF, zmq_handshake_rest + 1,
		   ZMQ_HANDSHAKE_MECH_LEN))
		return zmq_handshake_fail(hs,
					  ZMQ_HANDSHAKE_ERR_MECHANISM_MISMATCH);

	if (version[0] == ZMQ_HANDSHAKE_REV_3 && !version[1])
		hs->version = ZMQ_ZMTP_3_0;
	zmq_handshake_put_ready(hs);
	hs->in_len = 0;
	hs->state = ZMQ_HANDSHAKE_MECHANISM;
	return 1;
}

/*
 * Gather one frame with at most @max bytes of body in @in.  Return: 1 if it
 * is complete, 0 if not, -EPROTO for a bad or overlong one.
 */
static int zmq_handshake_frame(struct zmq_handshake *hs,
			       struct zmq_handshake_src *src,
			       struct zmq_zmtp_hdr *hdr, size_t max)
{
	int rc;

	for (;;) {
		rc = zmq_zmtp_hdr_decode(hdr, hs->in, hs->in_len, hs->version);
		if (rc < 0)
			return rc;
		if (rc > 0)
			break;
		if (!zmq_handshake_fill(hs, hs->in_len + 1, src))
			return 0;
	}
	if (hdr->len > max)
		return -EPROTO;
	return zmq_handshake_fill(hs, hdr->size + hdr->len, src);
}

static void zmq_handshake_set_peer_id(struct zmq_handshake *hs, const u8 *id,
				      u8 len)
{
	hs->peer_id_len = len;
	if (len)
		memcpy(hs->peer_id, id, len);
}

/* 15/ZMTP and 13/ZMTP; libzmq does not look at the flags of this frame. */
static int zmq_handshake_identity(struct zmq_handshake *hs,
				  struct zmq_handshake_src *src)
{
	struct zmq_zmtp_hdr hdr;
	int rc;

	rc = zmq_handshake_frame(hs, src, &hdr, ZMQ_ZMTP_ID_MAX);
	if (rc < 0)
		return zmq_handshake_fail(hs, ZMQ_HANDSHAKE_ERR_UNSPECIFIED);
	if (!rc)
		return 0;
	zmq_handshake_set_peer_id(hs, hs->in + hdr.size, hdr.len);
	hs->state = ZMQ_HANDSHAKE_DONE;
	return 1;
}

static int zmq_handshake_type_number(const u8 *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(zmq_handshake_types); i++)
		if (len == strlen(zmq_handshake_types[i].name) &&
		    !memcmp(name, zmq_handshake_types[i].name, len))
			return i;
	return -1;
}

/* 37/ZMTP: property names are case-insensitive. */
static bool zmq_handshake_is(const u8 *name, size_t len, const char *want)
{
	return len == strlen(want) &&
	       !strncasecmp((const char *)name, want, len);
}

/* Act on one property; others than ours are only metadata. */
static int zmq_handshake_got(struct zmq_handshake *hs, const u8 *name,
			     size_t name_len, const u8 *val, size_t len)
{
	int type;

	if (zmq_handshake_is(name, name_len, ZMQ_HANDSHAKE_SOCKET_TYPE)) {
		type = zmq_handshake_type_number(val, len);
		if (type < 0 || !zmq_handshake_compatible(hs->type, type))
			return -EINVAL;
		hs->peer_type = type;
	} else if (zmq_handshake_is(name, name_len,
				    ZMQ_HANDSHAKE_IDENTITY_NAME)) {
		if (len > ZMQ_ZMTP_ID_MAX)
			return -EINVAL;
		zmq_handshake_set_peer_id(hs, val, len);
	}
	return 0;
}

/* metadata = *( name-length name value-length[4] value ), to the last byte */
static int zmq_handshake_metadata(struct zmq_handshake *hs, const u8 *p,
				  size_t len)
{
	const u8 *name;
	size_t n;
	u32 val;

	while (len) {
		n = p[0];
		if (len < 1 + n + sizeof(u32))
			return -EPROTO;
		name = p + 1;
		val = get_unaligned_be32(name + n);
		p += 1 + n + sizeof(u32);
		len -= 1 + n + sizeof(u32);
		if (len < val)
			return -EPROTO;
		if (zmq_handshake_got(hs, name, n, p, val))
			return -EINVAL;
		p += val;
		len -= val;
	}
	return 0;
}

static int zmq_handshake_ready(struct zmq_handshake *hs,
			       const struct zmq_zmtp_command *cmd)
{
	switch (zmq_handshake_metadata(hs, cmd->data, cmd->len)) {
	case 0:
		break;
	case -EINVAL:
		return zmq_handshake_fail(hs,
					  ZMQ_HANDSHAKE_ERR_INVALID_METADATA);
	default:
		return zmq_handshake_fail(hs,
					  ZMQ_HANDSHAKE_ERR_MALFORMED_READY);
	}
	hs->meta = cmd->data;
	hs->meta_len = cmd->len;
	hs->state = ZMQ_HANDSHAKE_DONE;
	return 1;
}

/* 37/ZMTP "The NULL security mechanism": the peer sends READY or ERROR. */
static int zmq_handshake_mechanism(struct zmq_handshake *hs,
				   struct zmq_handshake_src *src)
{
	struct zmq_zmtp_command cmd;
	struct zmq_zmtp_hdr hdr;
	u32 error;
	int rc;

	rc = zmq_handshake_frame(hs, src, &hdr, ZMQ_HANDSHAKE_CMD_MAX);
	if (!rc)
		return 0;
	error = ZMQ_HANDSHAKE_ERR_MALFORMED_COMMAND;
	if (rc < 0)
		return zmq_handshake_fail(hs, error);

	rc = zmq_zmtp_command_parse(&cmd, hs->in + hdr.size, hdr.len);
	if (cmd.id == ZMQ_ZMTP_CMD_ERROR) {
		error = rc ? ZMQ_HANDSHAKE_ERR_MALFORMED_ERROR :
			     ZMQ_HANDSHAKE_ERR_PEER_ERROR;
		hs->meta = cmd.data;
		hs->meta_len = rc ? 0 : cmd.len;
		return zmq_handshake_fail(hs, error);
	}
	/* One without a name, too: that is libzmq's number for it. */
	if (cmd.id != ZMQ_ZMTP_CMD_READY)
		return zmq_handshake_fail(hs,
					  ZMQ_HANDSHAKE_ERR_UNEXPECTED_COMMAND);
	return zmq_handshake_ready(hs, &cmd);
}

/* Return: 1 if the state changed, 0 if more input is needed, or -EPROTO. */
static int zmq_handshake_step(struct zmq_handshake *hs,
			      struct zmq_handshake_src *src)
{
	switch (hs->state) {
	case ZMQ_HANDSHAKE_SIGNATURE:
		return zmq_handshake_signature(hs, src);
	case ZMQ_HANDSHAKE_VERSION:
		return zmq_handshake_revision(hs, src);
	case ZMQ_HANDSHAKE_GREETING:
		return zmq_handshake_greeting(hs, src);
	case ZMQ_HANDSHAKE_TYPE_2:
		return zmq_handshake_type_2(hs, src);
	case ZMQ_HANDSHAKE_IDENTITY:
		return zmq_handshake_identity(hs, src);
	case ZMQ_HANDSHAKE_MECHANISM:
		return zmq_handshake_mechanism(hs, src);
	case ZMQ_HANDSHAKE_DONE:
		return 0;
	default:
		return -EPROTO;
	}
}

ssize_t zmq_handshake_input(struct zmq_handshake *hs, const u8 *data,
			    size_t len)
{
	struct zmq_handshake_src src = { .p = data, .len = len };
	int rc;

	do {
		rc = zmq_handshake_step(hs, &src);
	} while (rc > 0);
	return rc < 0 ? rc : len - src.len;
}
