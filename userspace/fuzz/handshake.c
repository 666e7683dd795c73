// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handshake.  Input: our socket type, our id's length, how to cut the rest
 * (a shift register), then what the peer sends.
 */
#include <string.h>
#include "fuzz.h"
#include "../../net/zmq/handshake.h"

#define SIG	"\377\0\0\0\0\0\0\0\1\177"
#define ZEROS16	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZEROS256 ZEROS16 ZEROS16 ZEROS16 ZEROS16 ZEROS16 ZEROS16 ZEROS16 \
	ZEROS16 ZEROS16 ZEROS16 ZEROS16 ZEROS16 ZEROS16 ZEROS16 ZEROS16 ZEROS16
#define NULL_31	SIG "\3\1NULL" ZEROS16 ZEROS16 ZEROS16
#define NULL_30	SIG "\3\0NULL" ZEROS16 ZEROS16 ZEROS16

#define TYPE(len, name)	"\13Socket-Type\0\0\0" len name
#define IDENTITY(len, id) "\10Identity\0\0\0" len id

const struct fuzz_seed fuzz_seeds[] = {
	FUZZ_SEED("\5\0\0" NULL_31 "\4\51\5READY" TYPE("\6", "DEALER")
		  IDENTITY("\0", "\0\1A")),
	FUZZ_SEED("\1\0\252" NULL_31 "\4\31\5READY" TYPE("\3", "SUB")),
	FUZZ_SEED("\6\3\377" NULL_30 "\4\52\5READY" TYPE("\6", "ROUTER")
		  IDENTITY("\1", "X")),
	FUZZ_SEED("\10\0\1" NULL_31 "\4\50\5READY\3X-a\0\0\0\6string"
		  TYPE("\4", "PULL")),
	FUZZ_SEED("\4\0\1" NULL_31
		  "\6\0\0\0\0\0\0\1\23\5READY\10Identity\0\0\1\0" ZEROS256),
	FUZZ_SEED("\7\0\1" NULL_31 "\4\12\5ERROR\003400"),
	FUZZ_SEED("\5\0\0" SIG "\1\5\0\0\0\1A"),
	FUZZ_SEED("\5\1\0" SIG "\1\5\0\3abc\0\1A"),
	FUZZ_SEED("\5\0\0" SIG "\0\5\1\0\2\0A"),
	FUZZ_SEED("\1\0\0\1\0\2\0A"),
	FUZZ_SEED("\5\377\0\4\0abc\2\0A"),
	FUZZ_SEED("\5\0\0\377\0\0\0\0\0\0\0\4\0abc\2\0A"),
	{ 0 },
};

/**
 * struct run - a handshake and all it sent
 * @hs: it
 * @rc: what the last input returned
 * @taken: bytes of input it took, unless it failed
 * @out: what it sent
 * @out_len: how much
 */
struct run {
	struct zmq_handshake	hs;
	ssize_t			rc;
	size_t			taken;
	uint8_t			out[ZMQ_HANDSHAKE_OUT_MAX];
	size_t			out_len;
};

static struct run whole, cut;

static void drain(struct run *r)
{
	struct zmq_handshake *hs = &r->hs;

	FUZZ_CHECK(hs->out_len <= sizeof(r->out) - r->out_len);
	memcpy(r->out + r->out_len, hs->out, hs->out_len);
	r->out_len += hs->out_len;
	hs->out_len = 0;
}

static void start(struct run *r, const uint8_t *args)
{
	uint8_t id[ZMQ_ZMTP_ID_MAX];

	memset(r, 0xa5, sizeof(*r));
	memset(id, 'i', sizeof(id));
	r->rc = 0;
	r->taken = 0;
	r->out_len = 0;
	zmq_handshake_init(&r->hs, args[0], id, args[1]);
	drain(r);
}

static void feed(struct run *r, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ?: 1);

	FUZZ_CHECK(copy);
	memcpy(copy, data, len);
	r->rc = zmq_handshake_input(&r->hs, copy, len);
	free(copy);
	drain(r);
	FUZZ_CHECK(r->hs.in_len <= sizeof(r->hs.in));
	if (r->rc < 0) {
		FUZZ_CHECK(r->rc == -EPROTO && r->hs.error);
		FUZZ_CHECK(r->hs.state == ZMQ_HANDSHAKE_FAILED);
		return;
	}
	FUZZ_CHECK(r->hs.state != ZMQ_HANDSHAKE_FAILED && !r->hs.error);
	FUZZ_CHECK((size_t)r->rc == len || (r->hs.state == ZMQ_HANDSHAKE_DONE &&
					    (size_t)r->rc < len));
	r->taken += r->rc;
}

/* Pieces of 1 byte or more; a piece ends where the register gives a one. */
static void feed_cut(struct run *r, const uint8_t *data, size_t len,
		     uint8_t shift)
{
	unsigned int bits = shift | 0x100;
	size_t n = 1, at = 0;

	while (at + n <= len && r->rc >= 0) {
		bits = (bits >> 1) ^ (bits & 1 ? 0x1d8 : 0);
		if (!(bits & 1) && at + n < len) {
			n++;
			continue;
		}
		feed(r, data + at, n);
		at += n;
		n = 1;
	}
}

static void check_same(void)
{
	struct zmq_handshake *a = &whole.hs, *b = &cut.hs;

	FUZZ_CHECK(a->state == b->state && a->error == b->error);
	FUZZ_CHECK(a->version == b->version && a->peer_type == b->peer_type);
	FUZZ_CHECK(a->subscribe_all == b->subscribe_all);
	FUZZ_CHECK(a->peer_id_len == b->peer_id_len);
	FUZZ_CHECK(!memcmp(a->peer_id, b->peer_id, a->peer_id_len));
	FUZZ_CHECK(a->meta_len == b->meta_len);
	FUZZ_CHECK(!a->meta_len || !memcmp(a->meta, b->meta, a->meta_len));
	FUZZ_CHECK(whole.out_len == cut.out_len);
	FUZZ_CHECK(!memcmp(whole.out, cut.out, cut.out_len));
	FUZZ_CHECK(whole.rc < 0 || whole.taken == cut.taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zmq_handshake *hs = &whole.hs;

	if (size < 3)
		return 0;
	start(&whole, data);
	feed(&whole, data + 3, size - 3);
	start(&cut, data);
	feed_cut(&cut, data + 3, size - 3, data[2]);
	check_same();
	FUZZ_CHECK(!hs->meta_len || (hs->meta >= hs->in && hs->meta +
				     hs->meta_len <= hs->in + hs->in_len));
	if (hs->state == ZMQ_HANDSHAKE_DONE &&
	    hs->version >= ZMQ_ZMTP_3_0 && hs->peer_type >= 0)
		FUZZ_CHECK(zmq_handshake_compatible(data[0], hs->peer_type));
	return 0;
}
