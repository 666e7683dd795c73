// SPDX-License-Identifier: MPL-2.0
/* zmq_msg_*: what holds for every libzmq. */
#include "tap.h"

#include <stdlib.h>

#define INLINE_MAX	33	/* bytes that libzmq stores in zmq_msg_t */

static int freed;
static void *freed_data, *freed_hint;

static void count_free(void *data, void *hint)
{
	freed++;
	freed_data = data;
	freed_hint = hint;
}

static void sizes(void)
{
	static const size_t sizes[] = { 0, 1, INLINE_MAX, INLINE_MAX + 1, 100,
					8192, 1 << 20 };
	zmq_msg_t msg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		CHECK(zmq_msg_init_size(&msg, sizes[i]) == 0);
		CHECK(zmq_msg_size(&msg) == sizes[i]);
		CHECK(zmq_msg_data(&msg));
		memset(zmq_msg_data(&msg), 0xa5, sizes[i]);
		CHECK(zmq_msg_more(&msg) == 0);
		CHECK(zmq_msg_close(&msg) == 0);
	}
}

static void init_is_empty(void)
{
	zmq_msg_t msg;

	memset(&msg, 0xff, sizeof(msg));
	CHECK(zmq_msg_init(&msg) == 0);
	CHECK(zmq_msg_size(&msg) == 0);
	CHECK(zmq_msg_get(&msg, ZMQ_MORE) == 0);
	CHECK(zmq_msg_get(&msg, ZMQ_SHARED) == 0);
	CHECK(zmq_msg_close(&msg) == 0);
}

static void no_memory(void)
{
	zmq_msg_t msg;

	CHECK_FAILS(zmq_msg_init_size(&msg, (size_t)-1 / 2), ENOMEM);
}

static void invalid(void)
{
	zmq_msg_t zeroed, closed, good;

	memset(&zeroed, 0, sizeof(zeroed));
	CHECK(zmq_msg_init(&good) == 0);
	CHECK(zmq_msg_init(&closed) == 0);
	CHECK(zmq_msg_close(&closed) == 0);

	CHECK_FAILS(zmq_msg_close(&zeroed), EFAULT);
	CHECK_FAILS(zmq_msg_close(&closed), EFAULT);
	CHECK_FAILS(zmq_msg_copy(&good, &closed), EFAULT);
	CHECK_FAILS(zmq_msg_move(&good, &closed), EFAULT);
	CHECK_FAILS(zmq_msg_copy(&closed, &good), EFAULT);
	CHECK_FAILS(zmq_msg_move(&zeroed, &good), EFAULT);
	CHECK(zmq_msg_close(&good) == 0);
}

static void copy_inline(void)
{
	zmq_msg_t a, b;

	CHECK(zmq_msg_init_size(&a, INLINE_MAX) == 0);
	memset(zmq_msg_data(&a), 'x', INLINE_MAX);
	CHECK(zmq_msg_init(&b) == 0);
	CHECK(zmq_msg_copy(&b, &a) == 0);
	CHECK(zmq_msg_data(&a) != zmq_msg_data(&b));
	CHECK(zmq_msg_size(&b) == INLINE_MAX);
	CHECK(!memcmp(zmq_msg_data(&a), zmq_msg_data(&b), INLINE_MAX));
	CHECK(zmq_msg_get(&b, ZMQ_SHARED) == 0);
	CHECK(zmq_msg_close(&a) == 0);
	CHECK(zmq_msg_close(&b) == 0);
}

static void copy_shares(void)
{
	zmq_msg_t a, b, c;

	CHECK(zmq_msg_init_size(&a, 1000) == 0);
	CHECK(zmq_msg_get(&a, ZMQ_SHARED) == 0);
	CHECK(zmq_msg_init(&b) == 0);
	CHECK(zmq_msg_init(&c) == 0);
	CHECK(zmq_msg_copy(&b, &a) == 0);
	CHECK(zmq_msg_copy(&c, &b) == 0);
	CHECK(zmq_msg_data(&a) == zmq_msg_data(&b));
	CHECK(zmq_msg_data(&a) == zmq_msg_data(&c));
	CHECK(zmq_msg_get(&a, ZMQ_SHARED) == 1);
	CHECK(zmq_msg_get(&b, ZMQ_SHARED) == 1);
	CHECK(zmq_msg_close(&a) == 0);
	CHECK(zmq_msg_close(&b) == 0);
	memset(zmq_msg_data(&c), 1, zmq_msg_size(&c));
	CHECK(zmq_msg_close(&c) == 0);
}

static void move(void)
{
	zmq_msg_t a, b;
	void *data;

	CHECK(zmq_msg_init_size(&a, 500) == 0);
	CHECK(zmq_msg_init_size(&b, 600) == 0);
	data = zmq_msg_data(&a);
	CHECK(zmq_msg_move(&b, &a) == 0);
	CHECK(zmq_msg_data(&b) == data);
	CHECK(zmq_msg_size(&b) == 500);
	CHECK(zmq_msg_size(&a) == 0);
	CHECK(zmq_msg_close(&a) == 0);
	CHECK(zmq_msg_close(&b) == 0);
}

/* The user's data is freed once, with the last message that has it. */
static void init_data(void)
{
	char data[100], hint;
	zmq_msg_t a, b;

	freed = 0;
	CHECK(zmq_msg_init_data(&a, data, sizeof(data), count_free,
				&hint) == 0);
	CHECK(zmq_msg_data(&a) == data);
	CHECK(zmq_msg_size(&a) == sizeof(data));
	CHECK(zmq_msg_init(&b) == 0);
	CHECK(zmq_msg_copy(&b, &a) == 0);
	CHECK(zmq_msg_close(&a) == 0);
	CHECK(freed == 0);
	CHECK(zmq_msg_data(&b) == data);
	CHECK(zmq_msg_close(&b) == 0);
	CHECK(freed == 1);
	CHECK(freed_data == data);
	CHECK(freed_hint == &hint);
}

/* Closed by being overwritten. */
static void init_data_overwritten(void)
{
	char data[10];
	zmq_msg_t a, b;

	freed = 0;
	CHECK(zmq_msg_init_data(&a, data, sizeof(data), count_free,
				NULL) == 0);
	CHECK(zmq_msg_init(&b) == 0);
	CHECK(zmq_msg_move(&a, &b) == 0);
	CHECK(freed == 1);
	CHECK(zmq_msg_close(&a) == 0);
	CHECK(zmq_msg_close(&b) == 0);
	CHECK(freed == 1);
}

static void constant(void)
{
	static char data[200] = "constant";
	zmq_msg_t a, b;

	CHECK(zmq_msg_init_data(&a, data, sizeof(data), NULL, NULL) == 0);
	CHECK(zmq_msg_get(&a, ZMQ_SHARED) == 1);
	CHECK(zmq_msg_init(&b) == 0);
	CHECK(zmq_msg_copy(&b, &a) == 0);
	CHECK(zmq_msg_data(&b) == data);
	CHECK(zmq_msg_close(&a) == 0);
	CHECK(zmq_msg_close(&b) == 0);
	CHECK(!strcmp(data, "constant"));
}

static void properties(void)
{
	zmq_msg_t msg;

	CHECK(zmq_msg_init(&msg) == 0);
	CHECK_FAILS(zmq_msg_get(&msg, 999), EINVAL);
	CHECK_FAILS(zmq_msg_set(&msg, ZMQ_MORE, 1), EINVAL);
	CHECK(zmq_msg_get(&msg, ZMQ_SRCFD) == -1);
	errno = 0;
	CHECK(!zmq_msg_gets(&msg, "Socket-Type"));
	CHECK(zmq_errno() == EINVAL);
	CHECK(zmq_msg_close(&msg) == 0);
}

/* Sending fails: the message is still the caller's. */
static void send_keeps_on_failure(void)
{
	char data[64];
	zmq_msg_t msg;

	freed = 0;
	CHECK(zmq_msg_init_data(&msg, data, sizeof(data), count_free,
				NULL) == 0);
	CHECK_FAILS(zmq_msg_send(&msg, NULL, 0), ENOTSOCK);
	CHECK_FAILS(zmq_msg_recv(&msg, NULL, 0), ENOTSOCK);
	CHECK(freed == 0);
	CHECK(zmq_msg_data(&msg) == data);
	CHECK(zmq_msg_close(&msg) == 0);
	CHECK(freed == 1);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "messages of all sizes", sizes, NULL },
		{ "zmq_msg_init gives an empty message", init_is_empty, NULL },
		{ "a size no memory has is ENOMEM", no_memory, NULL },
		{ "what is no message is EFAULT", invalid, NULL },
		{ "copy of a small message", copy_inline, NULL },
		{ "copies of a large message share it", copy_shares, NULL },
		{ "move empties its source", move, NULL },
		{ "user's data is freed once", init_data, NULL },
		{ "overwriting a message frees it", init_data_overwritten,
		  NULL },
		{ "constant data is not copied", constant, NULL },
		{ "properties", properties, NULL },
		{ "a message not sent is kept", send_keeps_on_failure, NULL },
	};

	return tap_main(tests, ARRAY_SIZE(tests));
}
