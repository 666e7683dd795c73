// SPDX-License-Identifier: GPL-2.0
/*
 * Greeting and NULL handshake of handshake.c.  Bytes marked "libzmq" are what
 * libzmq 4.3.4 sent, recorded on a loopback connection.
 */
#include <kunit/test.h>
#include "../handshake.h"

/* Bytes that may have zeroes among them. */
struct handshake_bytes {
	const u8	*p;
	size_t		n;
};

#define BYTES(str)	{ (const u8 *)(str), sizeof(str) - 1 }

#define SIG	"\377\0\0\0\0\0\0\0\1\177"
#define ZEROS16	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZEROS48	"" ZEROS16 ZEROS16 ZEROS16
#define V3(minor)	SIG "\3" minor "NULL" ZEROS48
#define V31	V3("\1")

#define TYPE(len, name)	"\13Socket-Type\0\0\0" len name
#define NO_ID		"\10Identity\0\0\0\0"
/* READY frames as libzmq sends them */
#define READY_PUB	"\4\31\5READY" TYPE("\3", "PUB")
#define READY_SUB	"\4\31\5READY" TYPE("\3", "SUB")
#define READY_REP	"\4\31\5READY" TYPE("\3", "REP")
#define READY_PULL	"\4\32\5READY" TYPE("\4", "PULL")
#define READY_PUSH	"\4\32\5READY" TYPE("\4", "PUSH")
#define READY_REQ	"\4\46\5READY" TYPE("\3", "REQ") NO_ID
#define READY_DEALER	"\4\51\5READY" TYPE("\6", "DEALER") NO_ID
#define READY_ROUTER	"\4\51\5READY" TYPE("\6", "ROUTER") NO_ID

enum {
	PAIR, PUB, SUB, REQ, REP, DEALER, ROUTER, PULL, PUSH, XPUB, XSUB,
	STREAM, TYPES = 21,
};

/* A peer, all it sends in the handshake, and what comes of it. */
static const struct handshake_param {
	const char		*desc;
	u8			type;
	const char		*id;
	struct handshake_bytes	in;
	struct handshake_bytes	out;
	enum zmq_zmtp_version	version;
	int			peer_type;
	const char		*peer_id;
	bool			subscribe_all;
	size_t			meta_len;
} handshake_params[] = {
	{ "libzmq SUB to PUB", PUB, "", BYTES(V31 READY_SUB),
	  BYTES(V31 READY_PUB), ZMQ_ZMTP_3_1, SUB, "", false, 19 },
	{ "libzmq PUB to SUB", SUB, "", BYTES(V31 READY_PUB),
	  BYTES(V31 READY_SUB), ZMQ_ZMTP_3_1, PUB, "", false, 19 },
	{ "libzmq REQ to REP", REP, "", BYTES(V31 READY_REQ),
	  BYTES(V31 READY_REP), ZMQ_ZMTP_3_1, REQ, "", false, 32 },
	{ "libzmq REP to REQ", REQ, "", BYTES(V31 READY_REP),
	  BYTES(V31 READY_REQ), ZMQ_ZMTP_3_1, REP, "", false, 19 },
	{ "libzmq DEALER to ROUTER", ROUTER, "", BYTES(V31 READY_DEALER),
	  BYTES(V31 READY_ROUTER), ZMQ_ZMTP_3_1, DEALER, "", false, 35 },
	{ "libzmq ROUTER to DEALER", DEALER, "", BYTES(V31 READY_ROUTER),
	  BYTES(V31 READY_DEALER), ZMQ_ZMTP_3_1, ROUTER, "", false, 35 },
	{ "libzmq PUSH to PULL", PULL, "", BYTES(V31 READY_PUSH),
	  BYTES(V31 READY_PULL), ZMQ_ZMTP_3_1, PUSH, "", false, 20 },
	{ "libzmq DEALER with ids on both sides", ROUTER, "me",
	  BYTES("\377\0\0\0\0\0\0\0\4\177\3\1NULL" ZEROS48 "\4\54\5READY"
		TYPE("\6", "DEALER") "\10Identity\0\0\0\3you"),
	  BYTES("\377\0\0\0\0\0\0\0\3\177\3\1NULL" ZEROS48 "\4\53\5READY"
		TYPE("\6", "ROUTER") "\10Identity\0\0\0\2me"),
	  ZMQ_ZMTP_3_1, DEALER, "you", false, 38 },
	{ "id of a type that does not announce it", PULL, "me",
	  BYTES(V31 READY_PUSH),
	  BYTES("\377\0\0\0\0\0\0\0\3\177\3\1NULL" ZEROS48 READY_PULL),
	  ZMQ_ZMTP_3_1, PUSH, "", false, 20 },
	{ "3.0", SUB, "", BYTES(V3("\0") READY_PUB), BYTES(V31 READY_SUB),
	  ZMQ_ZMTP_3_0, PUB, "", false, 19 },
	{ "3.2", SUB, "", BYTES(V3("\2") READY_PUB), BYTES(V31 READY_SUB),
	  ZMQ_ZMTP_3_1, PUB, "", false, 19 },
	{ "major 2", SUB, "", BYTES(SIG "\2\0NULL" ZEROS48 READY_PUB),
	  BYTES(V31 READY_SUB), ZMQ_ZMTP_3_1, PUB, "", false, 19 },
	{ "major 4", SUB, "", BYTES(SIG "\4\0NULL" ZEROS48 READY_PUB),
	  BYTES(V31 READY_SUB), ZMQ_ZMTP_3_1, PUB, "", false, 19 },
	{ "as-server and filler are not looked at", SUB, "",
	  BYTES(SIG "\3\1NULL" ZEROS16 "\1" ZEROS16 "\1\2\3\4\5\6\7\10\11\12"
		"\13\14\15\16\17" READY_PUB),
	  BYTES(V31 READY_SUB), ZMQ_ZMTP_3_1, PUB, "", false, 19 },
	{ "padding of the signature is not looked at", SUB, "",
	  BYTES("\377abcdefgh\1\3\1NULL" ZEROS48 READY_PUB),
	  BYTES(V31 READY_SUB), ZMQ_ZMTP_3_1, PUB, "", false, 19 },
	{ "READY without metadata", PULL, "", BYTES(V31 "\4\6\5READY"),
	  BYTES(V31 READY_PULL), ZMQ_ZMTP_3_1, -1, "", false, 0 },
	{ "READY in a long frame", PULL, "",
	  BYTES(V31 "\6\0\0\0\0\0\0\0\32\5READY" TYPE("\4", "PUSH")),
	  BYTES(V31 READY_PULL), ZMQ_ZMTP_3_1, PUSH, "", false, 20 },
	{ "READY without the command flag", PULL, "",
	  BYTES(V31 "\0\32\5READY" TYPE("\4", "PUSH")),
	  BYTES(V31 READY_PULL), ZMQ_ZMTP_3_1, PUSH, "", false, 20 },
	{ "names in another case", ROUTER, "",
	  BYTES(V31
		"\4\52\5READY\13SOCKET-TYPE\0\0\0\6DEALER\10identity\0\0\0\1X"),
	  BYTES(V31 READY_ROUTER), ZMQ_ZMTP_3_1, DEALER, "X", false, 36 },
	{ "other properties", PULL, "",
	  BYTES(V31 "\4\61\5READY\3X-a\0\0\0\4text" TYPE("\4", "PUSH")
		"\1b\0\0\0\0\0\0\0\0\0"),
	  BYTES(V31 READY_PULL), ZMQ_ZMTP_3_1, PUSH, "", false, 43 },
	{ "Identity twice", ROUTER, "",
	  BYTES(V31 "\4\42\5READY\10Identity\0\0\0\1a\10Identity\0\0\0\1b"),
	  BYTES(V31 READY_ROUTER), ZMQ_ZMTP_3_1, -1, "b", false, 28 },

	{ "2.0", DEALER, "", BYTES(SIG "\1\6\0\0"), BYTES(SIG "\3\5\0\0"),
	  ZMQ_ZMTP_2_0, ROUTER, "" },
	{ "2.0 with ids", ROUTER, "me", BYTES(SIG "\1\5\0\3you"),
	  BYTES("\377\0\0\0\0\0\0\0\3\177\3\6\0\2me"),
	  ZMQ_ZMTP_2_0, DEALER, "you" },
	{ "2.0 of a type that does not fit", PULL, "",
	  BYTES(SIG "\1\7\0\0"), BYTES(SIG "\3\7\0\0"),
	  ZMQ_ZMTP_2_0, PULL, "" },
	{ "2.0 of no known type", PULL, "", BYTES(SIG "\1\377\0\0"),
	  BYTES(SIG "\3\7\0\0"), ZMQ_ZMTP_2_0, 255, "" },
	{ "2.0 identity with flags", PULL, "", BYTES(SIG "\1\10\1\1a"),
	  BYTES(SIG "\3\7\0\0"), ZMQ_ZMTP_2_0, PUSH, "a" },
	{ "1.0 with a greeting", DEALER, "", BYTES(SIG "\0\6\1\0"),
	  BYTES(SIG "\3\5\1\0"), ZMQ_ZMTP_1_0, ROUTER, "" },
	{ "1.0 with a greeting and ids", DEALER, "me",
	  BYTES(SIG "\0\6\4\0you"),
	  BYTES("\377\0\0\0\0\0\0\0\3\177\3\5\3\0me"),
	  ZMQ_ZMTP_1_0, ROUTER, "you" },
	{ "1.0", DEALER, "", BYTES("\1\0"), BYTES(SIG),
	  ZMQ_ZMTP_1_0, -1, "" },
	{ "1.0 with ids", DEALER, "me", BYTES("\4\0you"),
	  BYTES("\377\0\0\0\0\0\0\0\3\177me"), ZMQ_ZMTP_1_0, -1, "you" },
	{ "1.0 with a long header", DEALER, "",
	  BYTES("\377\0\0\0\0\0\0\0\4\0you"), BYTES(SIG),
	  ZMQ_ZMTP_1_0, -1, "you" },
	{ "1.0 to PUB", PUB, "", BYTES("\1\0"), BYTES(SIG),
	  ZMQ_ZMTP_1_0, -1, "", true },
	{ "1.0 to XPUB", XPUB, "", BYTES("\1\0"), BYTES(SIG),
	  ZMQ_ZMTP_1_0, -1, "", true },
	{ "1.0 with a greeting to PUB", PUB, "", BYTES(SIG "\0\2\1\0"),
	  BYTES(SIG "\3\1\1\0"), ZMQ_ZMTP_1_0, SUB, "", false },
};

static void handshake_desc(const struct handshake_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(handshake, handshake_params, handshake_desc);

/**
 * struct handshake_run - a handshake and all it sent
 * @hs: it
 * @out: what it sent
 * @out_len: how much
 * @taken: bytes of input it took
 */
struct handshake_run {
	struct zmq_handshake	hs;
	u8			out[ZMQ_HANDSHAKE_OUT_MAX];
	size_t			out_len;
	size_t			taken;
};

static void handshake_drain(struct kunit *test, struct handshake_run *run)
{
	struct zmq_handshake *hs = &run->hs;

	KUNIT_ASSERT_LE(test, hs->out_len, sizeof(run->out) - run->out_len);
	memcpy(run->out + run->out_len, hs->out, hs->out_len);
	run->out_len += hs->out_len;
	hs->out_len = 0;
}

static void handshake_start(struct kunit *test, u8 type, const char *id)
{
	struct handshake_run *run = test->priv;

	memset(run, 0xa5, sizeof(*run));
	run->out_len = 0;
	run->taken = 0;
	zmq_handshake_init(&run->hs, type, (const u8 *)id, strlen(id));
	handshake_drain(test, run);
}

/* Give it @n bytes.  Return: what it returned. */
static ssize_t handshake_feed(struct kunit *test, const u8 *data, size_t n)
{
	struct handshake_run *run = test->priv;
	ssize_t rc;

	rc = zmq_handshake_input(&run->hs, data, n);
	handshake_drain(test, run);
	if (rc > 0)
		run->taken += rc;
	return rc;
}

/* The parameter's handshake is done as it should be. */
static void handshake_check(struct kunit *test, size_t cut)
{
	const struct handshake_param *p = test->param_value;
	struct handshake_run *run = test->priv;
	struct zmq_handshake *hs = &run->hs;

	KUNIT_ASSERT_EQ_MSG(test, hs->state, ZMQ_HANDSHAKE_DONE, "cut at %zu",
			    cut);
	KUNIT_EXPECT_EQ(test, run->taken, p->in.n);
	KUNIT_EXPECT_EQ(test, hs->error, 0);
	KUNIT_EXPECT_EQ(test, hs->version, p->version);
	KUNIT_EXPECT_EQ(test, hs->peer_type, p->peer_type);
	KUNIT_EXPECT_EQ(test, hs->subscribe_all, p->subscribe_all);
	KUNIT_EXPECT_EQ(test, hs->meta_len, p->meta_len);
	KUNIT_ASSERT_EQ(test, hs->peer_id_len, strlen(p->peer_id));
	KUNIT_EXPECT_EQ(test, memcmp(hs->peer_id, p->peer_id, hs->peer_id_len),
			0);
	KUNIT_ASSERT_EQ_MSG(test, run->out_len, p->out.n, "cut at %zu", cut);
	KUNIT_EXPECT_EQ(test, memcmp(run->out, p->out.p, p->out.n), 0);
}

static void input__at_once(struct kunit *test)
{
	const struct handshake_param *p = test->param_value;
	struct handshake_run *run = test->priv;

	handshake_start(test, p->type, p->id);
	handshake_feed(test, p->in.p, p->in.n);
	handshake_check(test, 0);
	if (p->meta_len)
		KUNIT_EXPECT_EQ(test, memcmp(run->hs.meta, p->in.p + p->in.n -
					     p->meta_len, p->meta_len), 0);
}

static void input__every_cut(struct kunit *test)
{
	const struct handshake_param *p = test->param_value;
	struct handshake_run *run = test->priv;
	size_t cut;

	for (cut = 0; cut < p->in.n; cut++) {
		handshake_start(test, p->type, p->id);
		handshake_feed(test, p->in.p, cut);
		KUNIT_EXPECT_EQ_MSG(test, run->taken, cut, "cut at %zu", cut);
		KUNIT_EXPECT_LT(test, run->hs.state, ZMQ_HANDSHAKE_DONE);
		handshake_feed(test, p->in.p + cut, p->in.n - cut);
		handshake_check(test, cut);
	}
}

static void input__bytewise(struct kunit *test)
{
	const struct handshake_param *p = test->param_value;
	size_t i;

	handshake_start(test, p->type, p->id);
	for (i = 0; i < p->in.n; i++)
		KUNIT_EXPECT_EQ(test, handshake_feed(test, p->in.p + i, 1), 1);
	handshake_check(test, i);
}

/* What follows the handshake is left where it is, whatever it is. */
static void input__leaves_traffic(struct kunit *test)
{
	const struct handshake_param *p = test->param_value;
	u8 *in;

	in = kunit_kmalloc(test, p->in.n + 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, in);
	memcpy(in, p->in.p, p->in.n);
	memset(in + p->in.n, 0xff, 100);
	handshake_start(test, p->type, p->id);
	KUNIT_EXPECT_EQ(test, handshake_feed(test, in, p->in.n + 100), p->in.n);
	handshake_check(test, 0);
	KUNIT_EXPECT_EQ(test, handshake_feed(test, in, 100), 0);
	handshake_check(test, 0);
}

/* Our side of the greeting goes out as soon as the peer's version is known. */
static void input__sends_in_step(struct kunit *test)
{
	static const struct {
		size_t	in;
		size_t	out;
	} steps[] = { { 9, 10 }, { 10, 11 }, { 11, 64 }, { 63, 64 },
		      { 64, 91 }, };
	static const u8 in[] = V31 READY_SUB;
	struct handshake_run *run = test->priv;
	size_t i;

	handshake_start(test, PUB, "");
	KUNIT_EXPECT_EQ(test, run->out_len, 10);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		handshake_feed(test, in + run->taken,
			       steps[i].in - run->taken);
		KUNIT_EXPECT_EQ(test, run->out_len, steps[i].out);
	}
}

/* The longest id fits everywhere, in every version. */
static void input__longest_id(struct kunit *test)
{
	static const struct {
		struct handshake_bytes	in;
		size_t			out_len;
	} cases[] = {
		{ BYTES(V31 READY_DEALER), 64 + 9 + 6 + 22 + 13 + 255 },
		{ BYTES(SIG "\1\5\0\0"), 12 + 2 + 255 },
		{ BYTES(SIG "\0\5\1\0"), 12 + 10 + 255 },
		{ BYTES("\1\0"), 10 + 255 },
	};
	struct handshake_run *run = test->priv;
	char id[ZMQ_ZMTP_ID_MAX + 1] = "";
	size_t i;

	memset(id, 'i', ZMQ_ZMTP_ID_MAX);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		handshake_start(test, ROUTER, id);
		handshake_feed(test, cases[i].in.p, cases[i].in.n);
		KUNIT_EXPECT_EQ(test, run->hs.state, ZMQ_HANDSHAKE_DONE);
		KUNIT_EXPECT_EQ(test, run->out_len, cases[i].out_len);
	}
}

/* ... and is taken from a peer, in a frame of either length. */
static void input__longest_peer_id(struct kunit *test)
{
	static const struct {
		struct handshake_bytes	head;
		enum zmq_zmtp_version	version;
	} cases[] = {
		{ BYTES(V31 "\6\0\0\0\0\0\0\1\22\5READY\10Identity\0\0\0\377"),
		  ZMQ_ZMTP_3_1 },
		{ BYTES(SIG "\1\5\0\377"), ZMQ_ZMTP_2_0 },
		{ BYTES("\377\0\0\0\0\0\0\1\0\0"), ZMQ_ZMTP_1_0 },
	};
	struct handshake_run *run = test->priv;
	struct zmq_handshake *hs = &run->hs;
	u8 id[ZMQ_ZMTP_ID_MAX];
	size_t i;

	memset(id, 'i', sizeof(id));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		handshake_start(test, ROUTER, "");
		handshake_feed(test, cases[i].head.p, cases[i].head.n);
		handshake_feed(test, id, sizeof(id));
		KUNIT_EXPECT_EQ(test, hs->state, ZMQ_HANDSHAKE_DONE);
		KUNIT_EXPECT_EQ(test, hs->version, cases[i].version);
		KUNIT_ASSERT_EQ(test, hs->peer_id_len, sizeof(id));
		KUNIT_EXPECT_EQ(test, memcmp(hs->peer_id, id, sizeof(id)), 0);
	}
}

/* Bytes that fail, for PULL; all of them but the last are acceptable. */
static const struct handshake_bad_param {
	const char		*desc;
	struct handshake_bytes	in;
	u32			error;
} handshake_bad_params[] = {
	{ "other mechanism",
	  BYTES(SIG "\3\1PLAIN" ZEROS48), ZMQ_HANDSHAKE_ERR_MECHANISM_MISMATCH },
	{ "mechanism longer than NULL",
	  BYTES(SIG "\3\1NULLX" ZEROS48), ZMQ_HANDSHAKE_ERR_MECHANISM_MISMATCH },
	{ "no mechanism",
	  BYTES(SIG "\3\1\0\0\0\0" ZEROS48),
	  ZMQ_HANDSHAKE_ERR_MECHANISM_MISMATCH },
	{ "PING first", BYTES(V31 "\4\7\4PING\0\0"),
	  ZMQ_HANDSHAKE_ERR_UNEXPECTED_COMMAND },
	{ "SUBSCRIBE first", BYTES(V31 "\4\12\11SUBSCRIBE"),
	  ZMQ_HANDSHAKE_ERR_UNEXPECTED_COMMAND },
	{ "HELLO first", BYTES(V31 "\4\6\5HELLO"),
	  ZMQ_HANDSHAKE_ERR_UNEXPECTED_COMMAND },
	{ "a message first", BYTES(V31 "\0\2\1A"),
	  ZMQ_HANDSHAKE_ERR_UNEXPECTED_COMMAND },
	{ "empty command", BYTES(V31 "\4\0"),
	  ZMQ_HANDSHAKE_ERR_UNEXPECTED_COMMAND },
	{ "name longer than the command", BYTES(V31 "\4\5\5READ"),
	  ZMQ_HANDSHAKE_ERR_UNEXPECTED_COMMAND },
	{ "command with more", BYTES(V31 "\5"),
	  ZMQ_HANDSHAKE_ERR_MALFORMED_COMMAND },
	{ "command of 8193 bytes", BYTES(V31 "\6\0\0\0\0\0\0\40\1"),
	  ZMQ_HANDSHAKE_ERR_MALFORMED_COMMAND },
	{ "command of 2^63 bytes", BYTES(V31 "\6\200\0\0\0\0\0\0\0"),
	  ZMQ_HANDSHAKE_ERR_MALFORMED_COMMAND },
	{ "type that does not fit",
	  BYTES(V31 "\4\32\5READY" TYPE("\4", "PULL")),
	  ZMQ_HANDSHAKE_ERR_INVALID_METADATA },
	{ "unknown type", BYTES(V31 "\4\32\5READY" TYPE("\4", "PUSS")),
	  ZMQ_HANDSHAKE_ERR_INVALID_METADATA },
	{ "type in small letters",
	  BYTES(V31 "\4\32\5READY" TYPE("\4", "push")),
	  ZMQ_HANDSHAKE_ERR_INVALID_METADATA },
	{ "beginning of a type", BYTES(V31 "\4\31\5READY" TYPE("\3", "PUS")),
	  ZMQ_HANDSHAKE_ERR_INVALID_METADATA },
	{ "empty type", BYTES(V31 "\4\26\5READY" TYPE("\0", "")),
	  ZMQ_HANDSHAKE_ERR_INVALID_METADATA },
	{ "identity of 256 bytes",
	  BYTES(V31 "\6\0\0\0\0\0\0\1\23\5READY\10Identity\0\0\1\0" ZEROS48
		ZEROS48 ZEROS48 ZEROS48 ZEROS48 ZEROS16),
	  ZMQ_HANDSHAKE_ERR_INVALID_METADATA },
	{ "a byte too many", BYTES(V31 "\4\33\5READY" TYPE("\4", "PUSH") "\0"),
	  ZMQ_HANDSHAKE_ERR_MALFORMED_READY },
	{ "value cut short", BYTES(V31 "\4\32\5READY" TYPE("\5", "PUSH")),
	  ZMQ_HANDSHAKE_ERR_MALFORMED_READY },
	{ "value of 4 GiB",
	  BYTES(V31 "\4\14\5READY\1a\377\377\377\377"),
	  ZMQ_HANDSHAKE_ERR_MALFORMED_READY },
	{ "length of the value cut short", BYTES(V31 "\4\13\5READY\1a\0\0\0"),
	  ZMQ_HANDSHAKE_ERR_MALFORMED_READY },
	{ "name cut short", BYTES(V31 "\4\10\5READY\2a"),
	  ZMQ_HANDSHAKE_ERR_MALFORMED_READY },
	{ "ERROR", BYTES(V31 "\4\12\5ERROR\003400"),
	  ZMQ_HANDSHAKE_ERR_PEER_ERROR },
	{ "ERROR without text", BYTES(V31 "\4\7\5ERROR\0"),
	  ZMQ_HANDSHAKE_ERR_PEER_ERROR },
	{ "ERROR cut short", BYTES(V31 "\4\11\5ERROR\00340"),
	  ZMQ_HANDSHAKE_ERR_MALFORMED_ERROR },
	{ "ERROR without reason", BYTES(V31 "\4\6\5ERROR"),
	  ZMQ_HANDSHAKE_ERR_MALFORMED_ERROR },
	{ "2.0 identity of 256 bytes", BYTES(SIG "\1\10\2\0\0\0\0\0\0\1\0"),
	  ZMQ_HANDSHAKE_ERR_UNSPECIFIED },
	{ "1.0 identity of 256 bytes", BYTES("\377\0\0\0\0\0\0\1\1\0"),
	  ZMQ_HANDSHAKE_ERR_UNSPECIFIED },
	{ "1.0 frame of length 0", BYTES("\0"), ZMQ_HANDSHAKE_ERR_UNSPECIFIED },
	{ "1.0 frame of 2^64 - 1",
	  BYTES("\377\377\377\377\377\377\377\377\377\0"),
	  ZMQ_HANDSHAKE_ERR_UNSPECIFIED },
};

static void handshake_bad_desc(const struct handshake_bad_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(handshake_bad, handshake_bad_params, handshake_bad_desc);

static void handshake_check_failed(struct kunit *test, ssize_t rc, size_t cut)
{
	const struct handshake_bad_param *p = test->param_value;
	struct handshake_run *run = test->priv;

	KUNIT_EXPECT_EQ_MSG(test, rc, -EPROTO, "cut at %zu", cut);
	KUNIT_EXPECT_EQ(test, run->hs.state, ZMQ_HANDSHAKE_FAILED);
	KUNIT_EXPECT_EQ_MSG(test, run->hs.error, p->error, "cut at %zu", cut);
}

static void input__refused(struct kunit *test)
{
	const struct handshake_bad_param *p = test->param_value;
	ssize_t rc;

	handshake_start(test, PULL, "");
	rc = handshake_feed(test, p->in.p, p->in.n);
	handshake_check_failed(test, rc, 0);
	/* and stays so */
	rc = handshake_feed(test, p->in.p, p->in.n);
	handshake_check_failed(test, rc, 0);
}

static void input__refused_at_every_cut(struct kunit *test)
{
	const struct handshake_bad_param *p = test->param_value;
	ssize_t rc = 0;
	size_t cut;

	for (cut = 0; cut < p->in.n; cut++) {
		handshake_start(test, PULL, "");
		rc = handshake_feed(test, p->in.p, cut);
		if (rc >= 0)
			rc = handshake_feed(test, p->in.p + cut, p->in.n - cut);
		handshake_check_failed(test, rc, cut);
	}
}

/* The text of an ERROR is kept for whoever reports it. */
static void input__keeps_reason(struct kunit *test)
{
	static const u8 in[] = V31 "\4\12\5ERROR\003400";
	struct handshake_run *run = test->priv;

	handshake_start(test, PULL, "");
	handshake_feed(test, in, sizeof(in) - 1);
	KUNIT_ASSERT_EQ(test, run->hs.meta_len, 3);
	KUNIT_EXPECT_EQ(test, memcmp(run->hs.meta, "400", 3), 0);
}

/* All 20 octets of the mechanism count. */
static void input__compares_mechanism(struct kunit *test)
{
	struct handshake_run *run = test->priv;
	u8 in[] = V31;
	size_t i;

	for (i = 0; i < 64; i++) {
		in[i] ^= 0x40;
		handshake_start(test, PULL, "");
		handshake_feed(test, in, 64);
		KUNIT_EXPECT_EQ_MSG(test,
				    run->hs.state == ZMQ_HANDSHAKE_FAILED,
				    i >= 12 && i < 32, "octet %zu", i);
		in[i] ^= 0x40;
	}
}

/* A property larger than all others together, up to the limit. */
static void input__largest_command(struct kunit *test)
{
	static const u8 head[] = V31 "\6\0\0\0\0\0\0\40\0\5READY\1x\0\0\37\364";
	struct handshake_run *run = test->priv;
	size_t n = sizeof(head) - 1, len = 8192 - 12;
	u8 *in;

	in = kunit_kzalloc(test, n + len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, in);
	memcpy(in, head, n);
	handshake_start(test, PULL, "");
	KUNIT_EXPECT_EQ(test, handshake_feed(test, in, n + len), n + len);
	KUNIT_EXPECT_EQ(test, run->hs.state, ZMQ_HANDSHAKE_DONE);
	KUNIT_EXPECT_EQ(test, run->hs.meta_len, 8192 - 6);
}

/* Two of ours, each fed with what the other sent. */
static void input__ours_to_ours(struct kunit *test)
{
	struct handshake_run *a = test->priv, *b;
	int ta, tb, want;

	b = kunit_kmalloc(test, sizeof(*b), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b);
	for (ta = 0; ta < TYPES * TYPES; ta++) {
		tb = ta / TYPES;
		zmq_handshake_init(&a->hs, ta % TYPES, (const u8 *)"a", 1);
		zmq_handshake_init(&b->hs, tb, (const u8 *)"b", 1);
		while (a->hs.out_len || b->hs.out_len) {
			zmq_handshake_input(&b->hs, a->hs.out, a->hs.out_len);
			a->hs.out_len = 0;
			zmq_handshake_input(&a->hs, b->hs.out, b->hs.out_len);
			b->hs.out_len = 0;
		}
		want = zmq_handshake_compatible(ta % TYPES, tb) ?
			       ZMQ_HANDSHAKE_DONE : ZMQ_HANDSHAKE_FAILED;
		KUNIT_EXPECT_EQ_MSG(test, a->hs.state, want, "%d to %d",
				    ta % TYPES, tb);
		KUNIT_EXPECT_EQ(test, b->hs.state, want);
	}
}

/* Nothing a peer sends makes it take more than there is, or say nonsense. */
static void input__mutated(struct kunit *test)
{
	static const u8 good[] = V31 READY_DEALER;
	const size_t n = sizeof(good) - 1;
	struct handshake_run *run = test->priv;
	u8 *in = kunit_kmalloc(test, n, GFP_KERNEL);
	u32 seed = 1, i, flips;
	ssize_t rc;

	KUNIT_ASSERT_NOT_NULL(test, in);
	for (i = 0; i < 1000; i++) {
		memcpy(in, good, n);
		for (flips = 1 + i % 4; flips; flips--) {
			seed = seed * 1664525 + 1013904223;
			in[(seed >> 8) % n] ^= BIT(seed >> 29);
		}
		handshake_start(test, ROUTER, "");
		rc = handshake_feed(test, in, n);
		KUNIT_EXPECT_EQ_MSG(test, rc < 0,
				    run->hs.state == ZMQ_HANDSHAKE_FAILED,
				    "mutation %u", i);
		KUNIT_EXPECT_EQ(test, rc < 0, !!run->hs.error);
		KUNIT_EXPECT_LE(test, run->taken, n);
		KUNIT_EXPECT_LE(test, run->hs.in_len, sizeof(run->hs.in));
	}
}

/* 37/ZMTP's table of stable types, one digit for each peer. */
static void compatible__table(struct kunit *test)
{
	static const char *const table[] = {
		[PAIR]		= "100000000000",
		[PUB]		= "001000000010",
		[SUB]		= "010000000100",
		[REQ]		= "000010100000",
		[REP]		= "000101000000",
		[DEALER]	= "000011100000",
		[ROUTER]	= "000101100000",
		[PULL]		= "000000001000",
		[PUSH]		= "000000010000",
		[XPUB]		= "001000000010",
		[XSUB]		= "010000000100",
		[STREAM]	= "000000000000",
	};
	size_t a, b;

	for (a = 0; a < ARRAY_SIZE(table); a++)
		for (b = 0; b < ARRAY_SIZE(table); b++)
			KUNIT_EXPECT_EQ_MSG(test, zmq_handshake_compatible(a, b),
					    table[a][b] == '1', "%zu to %zu",
					    a, b);
}

static void compatible__symmetric(struct kunit *test)
{
	int a, b;

	for (a = 0; a < 256; a++)
		for (b = 0; b <= a; b++)
			KUNIT_EXPECT_EQ_MSG(test,
					    zmq_handshake_compatible(a, b),
					    zmq_handshake_compatible(b, a),
					    "%d and %d", a, b);
	KUNIT_EXPECT_FALSE(test, zmq_handshake_compatible(TYPES, TYPES));
	KUNIT_EXPECT_FALSE(test, zmq_handshake_compatible(255, 0));
}

static void type_name__known_and_unknown(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, zmq_handshake_type_name(PAIR), "PAIR");
	KUNIT_EXPECT_STREQ(test, zmq_handshake_type_name(ROUTER), "ROUTER");
	KUNIT_EXPECT_STREQ(test, zmq_handshake_type_name(XSUB), "XSUB");
	KUNIT_EXPECT_NULL(test, zmq_handshake_type_name(TYPES));
	KUNIT_EXPECT_NULL(test, zmq_handshake_type_name(255));
}

/* The structure is too large for the stack. */
static int handshake_init(struct kunit *test)
{
	test->priv = kunit_kmalloc(test, sizeof(struct handshake_run),
				   GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static struct kunit_case handshake_cases[] = {
	KUNIT_CASE_PARAM(input__at_once, handshake_gen_params),
	KUNIT_CASE_PARAM(input__every_cut, handshake_gen_params),
	KUNIT_CASE_PARAM(input__bytewise, handshake_gen_params),
	KUNIT_CASE_PARAM(input__leaves_traffic, handshake_gen_params),
	KUNIT_CASE(input__sends_in_step),
	KUNIT_CASE(input__longest_id),
	KUNIT_CASE(input__longest_peer_id),
	KUNIT_CASE_PARAM(input__refused, handshake_bad_gen_params),
	KUNIT_CASE_PARAM(input__refused_at_every_cut, handshake_bad_gen_params),
	KUNIT_CASE(input__keeps_reason),
	KUNIT_CASE(input__compares_mechanism),
	KUNIT_CASE(input__largest_command),
	KUNIT_CASE(input__ours_to_ours),
	KUNIT_CASE(input__mutated),
	KUNIT_CASE(compatible__table),
	KUNIT_CASE(compatible__symmetric),
	KUNIT_CASE(type_name__known_and_unknown),
	{}
};

static struct kunit_suite handshake_suite = {
	.name = "zmq_handshake",
	.init = handshake_init,
	.test_cases = handshake_cases,
};

kunit_test_suite(handshake_suite);
