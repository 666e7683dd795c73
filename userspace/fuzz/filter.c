// SPDX-License-Identifier: GPL-2.0-only
/*
 * Networks of ZMQ_TCP_ACCEPT_FILTER.  Input: IPv6 or not, an address of 16 bytes
 * to look for, then the string.
 */
#include <string.h>
#include "fuzz.h"
#include "../../net/zmq/filter.h"

#define ADDR	"\0\0\0\0\0\0\0\0\0\0\377\377\12\1\2\3"

const struct fuzz_seed fuzz_seeds[] = {
	FUZZ_SEED("\0" ADDR "10.1.2.3"),
	FUZZ_SEED("\0" ADDR "10.0.0.0/8"),
	FUZZ_SEED("\1" ADDR "127.16.0.0/13"),
	FUZZ_SEED("\1" ADDR "fe80::1/10"),
	FUZZ_SEED("\1" ADDR "[::ffff:10.1.2.3]/120"),
	FUZZ_SEED("\1" ADDR "::/0"),
	{ 0 },
};

/* Bit by bit. */
static bool same(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int i;

	for (i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *addr = data + 1;
	struct zmq_filter_net net;
	size_t len;
	char *str;
	int rc;

	if (size < 1 + ZMQ_FILTER_ADDR)
		return 0;
	len = size - 1 - ZMQ_FILTER_ADDR;
	str = malloc(len ?: 1);
	FUZZ_CHECK(str);
	memcpy(str, data + 1 + ZMQ_FILTER_ADDR, len);
	rc = zmq_filter_parse(&net, str, len, data[0] & 1);
	free(str);
	if (rc) {
		FUZZ_CHECK(rc == -EINVAL);
		return 0;
	}
	FUZZ_CHECK(net.bits <= 128 && (data[0] & 1 || net.bits >= 96));
	FUZZ_CHECK(zmq_filter_match(&net, 1, net.addr));
	FUZZ_CHECK(zmq_filter_match(&net, 1, addr) ==
		   same(net.addr, addr, net.bits));
	return 0;
}
