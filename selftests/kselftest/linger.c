// SPDX-License-Identifier: GPL-2.0-only
/* What becomes of messages when their socket is closed. */
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"

#define MSGS	50
#define SYSCTL	"/proc/sys/net/zmq/linger_max"

FIXTURE(linger) {
	char endpoint[ZS_ENDPOINT_MAX];
	int port;
	struct zs *push;
};

FIXTURE_SETUP(linger)
{
	int i;

	self->port = zs_free_endpoint(self->endpoint);
	ASSERT_LE(0, self->port);
	self->push = zs_open(ZMQ_PUSH);
	ASSERT_OK(zs_connect(self->push, self->endpoint));
	for (i = 0; i < MSGS; i++)
		ASSERT_OK(zs_send_int(self->push, i, 0));
}

FIXTURE_TEARDOWN(linger)
{
	close(self->port);
}

/* Bind where the messages go to, and count those that come in order. */
static int receive(const char *endpoint, int msgs)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	int i;

	if (zs_bind(pull, endpoint))
		return -1;
	for (i = 0; i < msgs; i++)
		if (zs_recv_int(pull, 0) != i)
			break;
	zs_close_now(pull);
	return i;
}

/* The same where none must come: one that is sent now is the first. */
static bool receive_none(const char *endpoint)
{
	struct zs *pull = zs_open(ZMQ_PULL), *push = zs_open(ZMQ_PUSH);
	bool none;

	none = !zs_bind(pull, endpoint) && !zs_connect(push, endpoint) &&
	       !zs_send_int(push, 4711, 0) && zs_recv_int(pull, 0) == 4711 &&
	       zs_recv_int(pull, ZS_DONTWAIT) == -1;
	zs_close_now(push);
	zs_close_now(pull);
	return none;
}

/* Closing does not wait, and the messages arrive later. */
TEST_F(linger, for_ever)
{
	long long begin = wait_now();

	ASSERT_OK(zs_close(self->push));
	EXPECT_GT(1000 * wait_slow(), wait_now() - begin);
	EXPECT_EQ(MSGS, receive(self->endpoint, MSGS));
	EXPECT_EQ(0, zs_finish());
}

/* A closed socket that waits for its peer is shown so. */
TEST_F(linger, is_shown)
{
	struct proc_sock sock;
	char word[300];

	if (!zs_is_ours())
		SKIP(return, "not with libzmq");
	ASSERT_OK(zs_close(self->push));
	snprintf(word, sizeof(word), "c:%s", self->endpoint);
	ASSERT_TRUE(proc_find_endpoint(word, &sock));
	EXPECT_STREQ("lingering", sock.state);
	EXPECT_STREQ("PUSH", sock.type);
	EXPECT_EQ(MSGS, sock.tx_msgs);
	EXPECT_EQ(MSGS, receive(self->endpoint, MSGS));
	EXPECT_TRUE(wait_until(!proc_find_endpoint(word, &sock)));
}

/* Without lingering they are lost, and the socket goes at once. */
TEST_F(linger, none)
{
	ASSERT_OK(zs_close_now(self->push));
	ASSERT_EQ(0, zs_finish());
	EXPECT_TRUE(receive_none(self->endpoint));
}

/* The value that counts is that at the time of closing. */
TEST_F(linger, limited)
{
	long long begin = wait_now(), took;

	ASSERT_OK(zs_set_int(self->push, ZMQ_LINGER, 300));
	ASSERT_OK(zs_close(self->push));
	ASSERT_EQ(0, zs_finish());
	took = wait_now() - begin;
	EXPECT_LE(290, took);
	EXPECT_GT(WAIT_LIMIT / 2, took);
	EXPECT_TRUE(receive_none(self->endpoint));
}

/* Within the limit they arrive. */
TEST_F(linger, limited_in_time)
{
	ASSERT_OK(zs_set_int(self->push, ZMQ_LINGER, WAIT_LIMIT));
	ASSERT_OK(zs_close(self->push));
	EXPECT_EQ(MSGS, receive(self->endpoint, MSGS));
	EXPECT_EQ(0, zs_finish());
}

/* With a peer there it is quick, however much is queued. */
TEST(connected)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	static char body[65536];
	int i;

	ASSERT_OK(zs_pair(pull, push, ZS_TCP, NULL));
	for (i = 0; i < 100; i++) {
		memcpy(body, &i, sizeof(i));
		ASSERT_LT(0, zs_send(push, body, sizeof(body), 0));
	}
	ASSERT_OK(zs_close(push));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(sizeof(body), zs_recv(pull, body, sizeof(body), 0));
		ASSERT_EQ(0, memcmp(body, &i, sizeof(i)));
	}
	ASSERT_OK(zs_close(pull));
	EXPECT_EQ(0, zs_finish());
}

/* The side that bound lingers as well. */
TEST(bind_side)
{
	struct zs *push = zs_open(ZMQ_PUSH), *pull = zs_open(ZMQ_PULL);
	static char body[65536];
	int i;

	ASSERT_OK(zs_pair(push, pull, ZS_TCP, NULL));
	for (i = 0; i < 100; i++)
		ASSERT_LT(0, zs_send(push, body, sizeof(body), 0));
	ASSERT_OK(zs_close(push));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(sizeof(body), zs_recv(pull, body, sizeof(body), 0));
	ASSERT_OK(zs_close(pull));
	EXPECT_EQ(0, zs_finish());
}

/* A SUB never lingers, nor does a socket with nothing to send. */
TEST(nothing_to_send)
{
	struct zs *sub = zs_open(ZMQ_SUB), *dealer = zs_open(ZMQ_DEALER);
	char endpoint[ZS_ENDPOINT_MAX];
	int port;

	port = zs_free_endpoint(endpoint);
	ASSERT_OK(zs_subscribe(sub, "x"));
	ASSERT_OK(zs_connect(sub, endpoint));
	ASSERT_OK(zs_connect(dealer, endpoint));
	ASSERT_OK(zs_close(sub));
	ASSERT_OK(zs_close(dealer));
	EXPECT_EQ(0, zs_finish());
	close(port);
}

/* In a child: send, and end in the given way. */
static void send_and_die(const char *endpoint, int sig)
{
	struct zs *push = zs_open(ZMQ_PUSH);
	int i;

	if (zs_connect(push, endpoint))
		_exit(1);
	for (i = 0; i < MSGS; i++)
		if (zs_send_int(push, i, 0))
			_exit(1);
	if (sig)
		raise(sig);
	_exit(0);
}

/* Answers to somebody who has closed do not take back what was asked. */
TEST(answered_when_closed)
{
	struct zs *router = zs_open(ZMQ_ROUTER), *dealer = zs_open(ZMQ_DEALER);
	static char body[5000];
	char endpoint[ZS_ENDPOINT_MAX], id[256];
	struct zmq_af_stats st;
	ssize_t len;
	int i;

	if (!zs_is_kernel())
		SKIP(return, "libzmq loses them");
	/* So that most of it is in the sender's TCP socket. */
	ASSERT_OK(zs_set_int(router, ZMQ_RCVHWM, 2));
	ASSERT_OK(zs_set_int(router, ZMQ_RCVBUF, sizeof(body)));
	ASSERT_OK(zs_set_int(dealer, ZMQ_SNDBUF, MSGS * sizeof(body)));
	ASSERT_OK(zs_bind_any(router, ZS_TCP, endpoint));
	ASSERT_OK(zs_connect(dealer, endpoint));
	for (i = 0; i < MSGS; i++)
		ASSERT_EQ((ssize_t)sizeof(body),
			  zs_send(dealer, body, sizeof(body), 0));
	/* All of it is TCP's. */
	EXPECT_TRUE(wait_until(zs_stats(dealer, &st) || !st.tx_queued_msgs));
	ASSERT_OK(zs_close(dealer));
	for (i = 0; i < MSGS; i++) {
		len = zs_recv(router, id, sizeof(id), 0);
		ASSERT_LT(0, len) TH_LOG("%d came", i);
		ASSERT_EQ((ssize_t)sizeof(body),
			  zs_recv(router, body, sizeof(body), 0));
		/* It may be gone, as all of its messages have come. */
		zs_send(router, id, len, ZS_MORE);
		zs_send(router, "x", 1, 0);
	}
	ASSERT_OK(zs_close_now(router));
	ASSERT_EQ(0, zs_finish());
}

/* Messages outlive the process that sent them. */
TEST(process_exits)
{
	char endpoint[ZS_ENDPOINT_MAX];
	int port, child;

	if (!zs_is_ours())
		SKIP(return, "not with libzmq");
	port = zs_free_endpoint(endpoint);
	child = harness_fork();
	if (!child)
		send_and_die(endpoint, 0);
	ASSERT_EQ(0, harness_wait(child));
	EXPECT_EQ(MSGS, receive(endpoint, MSGS));
	EXPECT_TRUE(wait_until(!proc_lingering()));
	close(port);
}

TEST(process_is_killed)
{
	char endpoint[ZS_ENDPOINT_MAX];
	int port, child, status;

	if (!zs_is_ours())
		SKIP(return, "not with libzmq");
	port = zs_free_endpoint(endpoint);
	child = harness_fork();
	if (!child)
		send_and_die(endpoint, SIGKILL);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(MSGS, receive(endpoint, MSGS));
	EXPECT_TRUE(wait_until(!proc_lingering()));
	close(port);
}

/* A process that lived for one message, to a peer that is there. */
TEST(one_shot)
{
	struct zs *pull = zs_open(ZMQ_PULL);
	char endpoint[ZS_ENDPOINT_MAX];
	int i, child;

	if (!zs_is_ours())
		SKIP(return, "not with libzmq");
	ASSERT_OK(zs_bind_any(pull, ZS_IPC, endpoint));
	for (i = 0; i < 10; i++) {
		child = harness_fork();
		if (!child) {
			struct zs *push = zs_open(ZMQ_PUSH);

			_exit(zs_connect(push, endpoint) ||
			      zs_send_int(push, i, 0));
		}
		ASSERT_EQ(0, harness_wait(child));
		ASSERT_EQ(i, zs_recv_int(pull, 0));
	}
	zs_close_now(pull);
	EXPECT_TRUE(wait_until(!proc_lingering()));
}

static int sysctl_write(const char *text)
{
	FILE *file = fopen(SYSCTL, "w");

	if (!file)
		return -1;
	fputs(text, file);
	return fclose(file);
}

/* The administrator's limit holds for sockets nobody waits for. */
TEST(capped)
{
	char endpoint[ZS_ENDPOINT_MAX], before[32] = "";
	long long begin, took;
	FILE *file;
	int port, child;

	if (!zs_is_kernel())
		SKIP(return, "only with system calls");
	file = fopen(SYSCTL, "r");
	ASSERT_NE(NULL, file);
	ASSERT_NE(NULL, fgets(before, sizeof(before), file));
	fclose(file);
	ASSERT_OK(sysctl_write("400"));
	port = zs_free_endpoint(endpoint);
	begin = wait_now();
	child = harness_fork();
	if (!child)
		send_and_die(endpoint, 0);
	EXPECT_EQ(0, harness_wait(child));
	EXPECT_TRUE(wait_until(!proc_lingering()));
	took = wait_now() - begin;
	ASSERT_OK(sysctl_write(before));
	EXPECT_LE(390, took);
	EXPECT_GT(WAIT_LIMIT / 2, took);
	EXPECT_TRUE(receive_none(endpoint));
	close(port);
}

TEST_HARNESS_MAIN
