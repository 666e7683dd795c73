// SPDX-License-Identifier: GPL-2.0-only
/* The list of a socket's peers: ZMQ_AF_PEERS. */
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "raw.h"

static char buf[1 << 16] __attribute__((aligned(8)));

/* Read the list into @buf: its length, or -1. */
static int list(struct zs *s, size_t room)
{
	socklen_t len = room;

	if (getsockopt(s->fd, SOL_ZMQ, ZMQ_AF_PEERS, buf, &len))
		return errno == EMSGSIZE ? -(int)len : -1;
	return len;
}

static struct zmq_af_peer *at(size_t off)
{
	return (struct zmq_af_peer *)(buf + off);
}

static const char *text(struct zmq_af_peer *p, size_t off)
{
	return (char *)p + off;
}

/* The only peer, in a state that it gets into; NULL: it does not. */
static struct zmq_af_peer *only(struct zs *s, __u32 state)
{
	if (!wait_until(list(s, sizeof(buf)) > 0 && at(0)->state == state &&
			list(s, sizeof(buf)) == (int)at(0)->size))
		return NULL;
	return at(0);
}

TEST(tcp)
{
	struct zs *dealer, *router;
	char endpoint[ZS_ENDPOINT_MAX], mine[ZS_ENDPOINT_MAX];
	struct zmq_af_peer *p;
	__u32 number;

	if (!zs_is_kernel())
		SKIP(return, "system calls only");
	dealer = zs_open(ZMQ_DEALER);
	router = zs_open(ZMQ_ROUTER);
	EXPECT_EQ(0, list(dealer, sizeof(buf)));
	EXPECT_EQ(0, list(dealer, 0));
	ASSERT_OK(zs_set(dealer, ZMQ_ROUTING_ID, "name", 4));
	ASSERT_OK(zs_pair(router, dealer, ZS_TCP, endpoint));
	ASSERT_OK(zs_send_msg(dealer, "abc|d"));
	ASSERT_OK(zs_send_msg(dealer, "e"));
	ASSERT_OK(zs_keep(router));

	/* The second may wait a little for more. */
	ASSERT_TRUE(wait_until(only(dealer, ZMQ_AF_PEER_READY) &&
			       !at(0)->tx_msgs));
	p = at(0);
	EXPECT_EQ(sizeof(*p), p->head);
	EXPECT_EQ(0, p->size % 8);
	EXPECT_EQ(ZMQ_AF_PEER_CONNECTS, p->flags);
	EXPECT_STREQ(endpoint, text(p, p->remote));
	strcpy(mine, text(p, p->local));
	EXPECT_EQ(0, strncmp("tcp://127.0.0.1:", mine, 16));
	EXPECT_EQ(0, p->id_len);
	EXPECT_EQ(0, p->tx_bytes);
	EXPECT_EQ(0, p->rx_msgs);
	number = p->number;
	EXPECT_LE(1 << 20, number);

	ASSERT_TRUE(wait_until(only(router, ZMQ_AF_PEER_READY) &&
			       at(0)->rx_msgs == 2));
	p = at(0);
	EXPECT_EQ(router->meta, p->number);
	EXPECT_NE(number, p->number);
	EXPECT_EQ(0, p->flags);
	EXPECT_STREQ(mine, text(p, p->remote));
	EXPECT_STREQ(endpoint, text(p, p->local));
	ASSERT_EQ(4, p->id_len);
	EXPECT_EQ(0, memcmp("name", text(p, p->id), 4));
	EXPECT_EQ(11, p->rx_bytes);
	EXPECT_EQ(0, p->tx_msgs);

	/* Gone. */
	zs_close_now(dealer);
	EXPECT_TRUE(wait_until(list(router, sizeof(buf)) == 0));
	zs_close_now(router);
}

TEST(states)
{
	char endpoint[ZS_ENDPOINT_MAX];
	struct zmq_af_peer *p;
	int port, fd, conn;
	struct zs *push;

	if (!zs_is_kernel())
		SKIP(return, "system calls only");
	push = zs_open(ZMQ_PUSH);
	port = zs_free_endpoint(endpoint);
	ASSERT_OK(zs_set_int(push, ZMQ_RECONNECT_IVL, 100000));
	ASSERT_OK(zs_connect(push, endpoint));
	p = only(push, ZMQ_AF_PEER_WAITING);
	ASSERT_NE(NULL, p);
	EXPECT_STREQ(endpoint, text(p, p->remote));
	EXPECT_STREQ("", text(p, p->local));
	ASSERT_OK(zs_send_msg(push, "waits"));
	EXPECT_EQ(1, only(push, ZMQ_AF_PEER_WAITING)->tx_msgs);
	EXPECT_EQ(7, at(0)->tx_bytes);
	close(port);
	zs_close_now(push);

	/* Who listens and says nothing. */
	push = zs_open(ZMQ_PUSH);
	fd = raw_listen(endpoint);
	ASSERT_LE(0, fd);
	ASSERT_OK(zs_connect(push, endpoint));
	conn = accept(fd, NULL, NULL);
	ASSERT_LE(0, conn);
	p = only(push, ZMQ_AF_PEER_HANDSHAKE);
	ASSERT_NE(NULL, p);
	EXPECT_STREQ(endpoint, text(p, p->remote));
	close(conn);
	close(fd);
	zs_close_now(push);
}

TEST(inproc)
{
	struct zs *push, *pull;
	struct zmq_af_peer *p;

	if (!zs_is_kernel())
		SKIP(return, "system calls only");
	push = zs_open(ZMQ_PUSH);
	pull = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_connect(push, "inproc://a"));
	p = only(push, ZMQ_AF_PEER_WAITING);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, p->number);
	ASSERT_OK(zs_bind(pull, "inproc://a"));
	ASSERT_OK(zs_send_msg(push, "m"));
	p = only(push, ZMQ_AF_PEER_READY);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(1, p->tx_msgs);
	EXPECT_EQ(3, p->tx_bytes);
	p = only(pull, ZMQ_AF_PEER_READY);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(1, p->rx_msgs);
	EXPECT_EQ(0, p->tx_msgs);
	zs_close_now(push);
	zs_close_now(pull);
}

/* Those that number their peers. */
TEST(numbered)
{
	struct zs *client, *server;
	struct zmq_af_peer *p;

	if (!zs_is_kernel())
		SKIP(return, "system calls only");
	client = zs_open(ZMQ_AF_CLIENT);
	server = zs_open(ZMQ_AF_SERVER);
	ASSERT_OK(zs_pair(server, client, ZS_ABSTRACT, NULL));
	p = only(server, ZMQ_AF_PEER_READY);
	ASSERT_NE(NULL, p);
	EXPECT_NE(0, p->routing_id);
	EXPECT_STREQ("", text(p, p->remote));
	EXPECT_EQ(0, strncmp("ipc://@", text(p, p->local), 7));
	p = only(client, ZMQ_AF_PEER_READY);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, strncmp("ipc://@", text(p, p->remote), 7));
	zs_close_now(client);
	zs_close_now(server);
}

/* All there are; a short buffer has as many as fit, and nothing behind it. */
TEST(many)
{
	char endpoint[ZS_ENDPOINT_MAX];
	struct zs *push[40], *pull;
	struct zmq_af_peer *p;
	int i, len, n, off, room;
	socklen_t optlen;

	if (!zs_is_kernel())
		SKIP(return, "system calls only");
	pull = zs_open(ZMQ_PULL);
	ASSERT_OK(zs_bind_any(pull, ZS_TCP, endpoint));
	for (i = 0; i < 40; i++) {
		push[i] = zs_open(ZMQ_PUSH);
		ASSERT_OK(zs_connect(push[i], endpoint));
	}
	ASSERT_TRUE(zs_wait_peers(pull, 40));
	len = list(pull, sizeof(buf));
	for (n = 0, off = 0; off < len; off += at(off)->size, n++)
		ASSERT_LT(0, at(off)->size);
	EXPECT_EQ(40, n);
	EXPECT_EQ(len, off);
	EXPECT_EQ(-len, list(pull, 0));
	room = len / 2;
	memset(buf, 0x55, sizeof(buf));
	EXPECT_EQ(-len, list(pull, room));
	for (off = 0; off + (int)sizeof(*p) <= room; off += at(off)->size)
		if (at(off)->size > 1000)
			break;
	EXPECT_LT(room - 200, off);
	for (i = off; i < (int)sizeof(buf); i++)
		if (buf[i] != 0x55)
			break;
	EXPECT_EQ(sizeof(buf), i);
	optlen = -1;
	EXPECT_ERRNO(EINVAL, getsockopt(pull->fd, SOL_ZMQ, ZMQ_AF_PEERS, buf,
					&optlen));
	optlen = len;
	EXPECT_ERRNO(EFAULT, getsockopt(pull->fd, SOL_ZMQ, ZMQ_AF_PEERS, NULL,
					&optlen));
	for (i = 0; i < 40; i++)
		zs_close_now(push[i]);
	zs_close_now(pull);
}

TEST_HARNESS_MAIN
