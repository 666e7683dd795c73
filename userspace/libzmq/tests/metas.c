// SPDX-License-Identifier: MPL-2.0
/* Metadata of many peers: how often it is asked of the kernel. */
#include "sockets.h"
#include "linux/zmq.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PEERS		600
#define ROUNDS		8

static int fetched;

/* In place of the C library's, for the library, too. */
int getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
	if (level == SOL_ZMQ && name == ZMQ_AF_META)
		fetched++;
	return syscall(SYS_getsockopt, fd, level, name, val, len);
}

static bool names_sender(void *dealer)
{
	const char *name;
	zmq_msg_t msg;
	bool right;

	zmq_msg_init(&msg);
	right = zmq_msg_recv(&msg, dealer, 0) == 4;
	name = zmq_msg_gets(&msg, "Identity");
	right = right && name && strlen(name) == 4 &&
		!memcmp(name, zmq_msg_data(&msg), 4);
	zmq_msg_close(&msg);
	return right;
}

/* A message from each, which is received. */
static bool one_round(void *dealer, void **peers)
{
	char name[8];
	int i;

	for (i = 0; i < PEERS; i++) {
		snprintf(name, sizeof(name), "%04d", i);
		if (send_text(peers[i], name, 0))
			return false;
	}
	for (i = 0; i < PEERS; i++)
		if (!names_sender(dealer))
			return false;
	return true;
}

/* Once they are known, that of peers that take turns is not fetched again. */
static void in_turn(void)
{
	void *dealer = new_socket(ctx, ZMQ_DEALER), *peers[PEERS];
	char name[8];
	int i;

	CHECK(!zmq_bind(dealer, "ipc://*"));
	for (i = 0; i < PEERS; i++) {
		peers[i] = new_socket(ctx, ZMQ_DEALER);
		CHECK(peers[i]);
		snprintf(name, sizeof(name), "%04d", i);
		CHECK(!zmq_setsockopt(peers[i], ZMQ_ROUTING_ID, name, 4));
		CHECK(!zmq_connect(peers[i], last_endpoint(dealer)));
	}
	CHECK(one_round(dealer, peers));
	CHECK(fetched == PEERS);
	for (i = 0; i < ROUNDS; i++)
		CHECK(one_round(dealer, peers));
	fetched = 0;
	CHECK(one_round(dealer, peers));
	CHECK(fetched == 0);
	for (i = 0; i < PEERS; i++)
		zmq_close(peers[i]);
	zmq_close(dealer);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "peers in turn", in_turn, no_sockets },
	};
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	return sockets_main(tests, ARRAY_SIZE(tests));
}
