// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames and commands.  Input: a version, then the bytes of a stream.
 */
#include <string.h>
#include "fuzz.h"
#include "../../net/zmq/zmtp.h"

const struct fuzz_seed fuzz_seeds[] = {
	FUZZ_SEED("\3\0\1A"),
	FUZZ_SEED("\3\1\5HELLO\0\5WORLD"),
	FUZZ_SEED("\3\2\0\0\0\0\0\0\1\0"),
	FUZZ_SEED("\3\2\177\377\377\377\377\377\377\377"),
	FUZZ_SEED("\3\4\13\11SUBSCRIBEA"),
	FUZZ_SEED("\3\4\10\6CANCELA"),
	FUZZ_SEED("\3\4\7\4PING\0\0"),
	FUZZ_SEED("\3\4\27\4PING\0\1ABCDEFGHIJKLMNOP"),
	FUZZ_SEED("\3\4\5\4PONG"),
	FUZZ_SEED("\3\4\5\4JOIN\4\6\5LEAVE"),
	FUZZ_SEED("\3\4\32\5READY\13Socket-Type\0\0\0\4PULL"),
	FUZZ_SEED("\3\4\12\5ERROR\003400"),
	FUZZ_SEED("\2\0\2\1A"),
	FUZZ_SEED("\0\2\0A"),
	FUZZ_SEED("\0\377\0\0\0\0\0\0\0\2\0A"),
	{ 0 },
};

/* A header is known from some byte on, and then does not change. */
static int check_header(struct zmq_zmtp_hdr *hdr, const uint8_t *p,
			size_t len, enum zmq_zmtp_version version)
{
	struct zmq_zmtp_hdr part;
	int rc, part_rc;
	size_t i;

	rc = zmq_zmtp_hdr_decode(hdr, p, len, version);
	for (i = 0; i < len && i < ZMQ_ZMTP_HDR_MAX; i++) {
		part_rc = zmq_zmtp_hdr_decode(&part, p, i, version);
		if (part_rc == rc)
			continue;
		FUZZ_CHECK(!part_rc);
		FUZZ_CHECK(rc < 0 || i < (size_t)rc);
	}
	FUZZ_CHECK(rc || len < ZMQ_ZMTP_HDR_MAX);
	return rc;
}

/* What we would write for the same frame reads the same. */
static void check_encode(const struct zmq_zmtp_hdr *hdr,
			 enum zmq_zmtp_version version)
{
	uint8_t p[ZMQ_ZMTP_HDR_MAX];
	struct zmq_zmtp_hdr again;
	unsigned int n;

	if (version == ZMQ_ZMTP_1_0 && hdr->len + 1 > S64_MAX)
		return;
	if (version == ZMQ_ZMTP_1_0)
		n = zmq_zmtp_hdr_encode_v1(p, hdr->flags, hdr->len);
	else
		n = zmq_zmtp_hdr_encode(p, hdr->flags, hdr->len);
	FUZZ_CHECK(n <= hdr->size);
	FUZZ_CHECK(version == ZMQ_ZMTP_1_0 || n == zmq_zmtp_hdr_size(hdr->len));
	FUZZ_CHECK(zmq_zmtp_hdr_decode(&again, p, n, version) == (int)n);
	FUZZ_CHECK(again.len == hdr->len && again.flags == hdr->flags);
}

static void check_heartbeat(const struct zmq_zmtp_command *cmd)
{
	uint8_t frame[9 + ZMQ_ZMTP_PING_CTX_MAX];
	struct zmq_zmtp_command again;
	size_t n;

	FUZZ_CHECK(cmd->len <= ZMQ_ZMTP_PING_CTX_MAX);
	if (cmd->id == ZMQ_ZMTP_CMD_PING) {
		n = zmq_zmtp_ping_encode(frame, cmd->ttl, cmd->data, cmd->len);
		FUZZ_CHECK(n == 9 + cmd->len);
	} else {
		n = zmq_zmtp_pong_encode(frame, cmd->data, cmd->len);
		FUZZ_CHECK(n == 7 + cmd->len);
	}
	FUZZ_CHECK(!zmq_zmtp_command_parse(&again, frame + 2, n - 2));
	FUZZ_CHECK(again.id == cmd->id && again.ttl == cmd->ttl);
	FUZZ_CHECK(again.len == cmd->len);
	FUZZ_CHECK(!memcmp(again.data, cmd->data, cmd->len));
}

static void check_command(const uint8_t *body, size_t len)
{
	struct zmq_zmtp_command cmd;

	if (zmq_zmtp_command_parse(&cmd, body, len))
		return;
	FUZZ_CHECK(cmd.data > body && cmd.data + cmd.len <= body + len);
	if (cmd.id == ZMQ_ZMTP_CMD_PING || cmd.id == ZMQ_ZMTP_CMD_PONG)
		check_heartbeat(&cmd);
}

static void check_subscribe(const uint8_t *topic, size_t len,
			    enum zmq_zmtp_version version)
{
	size_t room = zmq_zmtp_subscribe_size(len);
	uint8_t *p = malloc(room);
	struct zmq_zmtp_command cmd;
	struct zmq_zmtp_hdr hdr;
	size_t n;

	FUZZ_CHECK(p);
	n = zmq_zmtp_subscribe_encode(p, topic, len, len & 1, version);
	FUZZ_CHECK(n <= room);
	FUZZ_CHECK(zmq_zmtp_hdr_decode(&hdr, p, n, version) > 0);
	FUZZ_CHECK(hdr.size + hdr.len == n);
	if (version == ZMQ_ZMTP_3_1) {
		FUZZ_CHECK(!zmq_zmtp_command_parse(&cmd, p + hdr.size,
						   hdr.len));
		FUZZ_CHECK(cmd.id == (len & 1 ? ZMQ_ZMTP_CMD_SUBSCRIBE :
						ZMQ_ZMTP_CMD_CANCEL));
		FUZZ_CHECK(cmd.len == len && !memcmp(cmd.data, topic, len));
	} else {
		FUZZ_CHECK(p[hdr.size] == (len & 1) && hdr.len == len + 1);
		FUZZ_CHECK(!memcmp(p + hdr.size + 1, topic, len));
	}
	free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum zmq_zmtp_version version;
	struct zmq_zmtp_hdr hdr;
	int rc;

	if (!size)
		return 0;
	version = data[0] % (ZMQ_ZMTP_3_1 + 1);
	data++;
	size--;
	check_subscribe(data, size, version);
	for (;;) {
		rc = check_header(&hdr, data, size, version);
		if (rc <= 0)
			return 0;
		FUZZ_CHECK(rc == hdr.size && hdr.len <= S64_MAX);
		check_encode(&hdr, version);
		data += rc;
		size -= rc;
		if (hdr.len > size)
			return 0;
		check_command(data, hdr.len);
		data += hdr.len;
		size -= hdr.len;
	}
}
