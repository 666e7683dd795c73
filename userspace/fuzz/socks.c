// SPDX-License-Identifier: GPL-2.0-only
/*
 * A SOCKS proxy's answers.  Input: with a user or not, how long the host is, then
 * what the proxy sends.
 */
#include <string.h>
#include "fuzz.h"
#include "../../net/zmq/socks.h"

const struct fuzz_seed fuzz_seeds[] = {
	FUZZ_SEED("\0\3" "\5\0" "\5\0\0\1" "\1\2\3\4\0\1"),
	FUZZ_SEED("\0\377" "\5\0" "\5\0\0\4" "0123456789abcdef\0\1"),
	FUZZ_SEED("\1\1" "\5\2" "\1\0" "\5\0\0\3" "\3abc\0\1"),
	FUZZ_SEED("\1\1" "\5\2" "\1\1"),
	FUZZ_SEED("\0\1" "\5\0" "\5\5\0\1" "\0\0\0\0\0\0"),
	{ 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char host[ZMQ_SOCKS_TEXT_MAX + 1], user[ZMQ_SOCKS_TEXT_MAX + 1];
	struct zmq_socks socks;
	uint8_t *in;
	size_t at = 2;
	int err, turns;

	if (size < 2)
		return 0;
	memset(host, 'h', data[1]);
	host[data[1]] = 0;
	memset(user, 'u', data[1]);
	user[data[1]] = 0;
	zmq_socks_init(&socks, host, 5555, data[0] & 1 ? user : NULL, user);
	for (turns = 0; socks.state != ZMQ_SOCKS_DONE; turns++) {
		FUZZ_CHECK(turns < 5);
		FUZZ_CHECK(socks.out_len <= ZMQ_SOCKS_OUT_MAX);
		FUZZ_CHECK(socks.want && socks.want <= ZMQ_SOCKS_IN_MAX);
		socks.out_len = 0;
		if (size - at < socks.want)
			return 0;
		in = malloc(socks.want);
		FUZZ_CHECK(in);
		memcpy(in, data + at, socks.want);
		at += socks.want;
		err = zmq_socks_input(&socks, in);
		free(in);
		if (err) {
			FUZZ_CHECK(socks.state == ZMQ_SOCKS_FAILED);
			FUZZ_CHECK(err == -EPROTO || err == -EACCES ||
				   err == -ECONNREFUSED ||
				   err == -EHOSTUNREACH);
			return 0;
		}
	}
	FUZZ_CHECK(!socks.out_len);
	return 0;
}
