// SPDX-License-Identifier: GPL-2.0-only
/* Subscriptions over broken connections, in bad company and in bulk. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "group.h"
#include "harness.h"
#include "proc.h"
#include "raw.h"

#define SYSCTL(name)	"/proc/sys/net/zmq/" name

static int get_number(const char *path)
{
	FILE *file = fopen(path, "r");
	int val = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &val) != 1)
		val = -1;
	fclose(file);
	return val;
}

/*
 * A SUB that subscribes and cancels all the time while its publisher comes and
 * goes gets a connection, and its messages, each time.
 */
struct subscriber {
	struct zs *sub;
	volatile bool stop;
	volatile bool failed;
};

static void *subscribe_on(void *arg)
{
	struct subscriber *s = arg;
	char topic[16];
	int i;

	for (i = 0; !s->stop; i++) {
		sprintf(topic, "t%d", i % 1000);
		if (zs_subscribe(s->sub, topic) ||
		    zs_unsubscribe(s->sub, topic))
			s->failed = true;
	}
	return NULL;
}

TEST(subscribing_while_publishers_restart)
{
	struct zs *sub = zs_open(ZMQ_SUB), *pub;
	struct subscriber s = { .sub = sub };
	char endpoint[ZS_ENDPOINT_MAX];
	int i, port = zs_free_endpoint(endpoint);
	bool got = true;
	pthread_t thread;

	if (!zs_is_kernel())
		SKIP(return, "libzmq's sockets are not for two threads");
	ASSERT_OK(zs_set_int(sub, ZMQ_RECONNECT_IVL, 5));
	ASSERT_OK(zs_subscribe(sub, "m"));
	ASSERT_OK(zs_connect(sub, endpoint));
	ASSERT_OK(pthread_create(&thread, NULL, subscribe_on, &s));
	for (i = 0; got && i < 50; i++) {
		pub = zs_open(ZMQ_PUB);
		got = wait_until(!zs_bind(pub, endpoint)) &&
		      wait_until(!zs_send_msg(pub, "m") &&
				 zs_poll(sub, ZMQ_POLLIN, 5));
		zs_close_now(pub);
		while (zs_recv_msg(sub, ZS_DONTWAIT))
			;
	}
	s.stop = true;
	pthread_join(thread, NULL);
	EXPECT_TRUE(got)
		TH_LOG("nothing received in round %d", i);
	EXPECT_FALSE(s.failed);
	zs_close_now(sub);
	close(port);
}

/* What the first frames of each connection are, whatever went before. */
TEST(greeting_comes_first)
{
	struct zs *sub = zs_open(ZMQ_SUB);
	struct subscriber s = { .sub = sub };
	int i, fd, listener, bad = 0;
	char endpoint[ZS_ENDPOINT_MAX];
	unsigned char start[10];
	pthread_t thread;

	if (!zs_is_kernel())
		SKIP(return, "libzmq's sockets are not for two threads");
	listener = raw_listen(endpoint);
	ASSERT_OK(zs_set_int(sub, ZMQ_RECONNECT_IVL, 1));
	ASSERT_OK(zs_connect(sub, endpoint));
	ASSERT_OK(pthread_create(&thread, NULL, subscribe_on, &s));
	for (i = 0; i < 100; i++) {
		fd = raw_accept(listener);
		if (fd < 0)
			break;
		if (i & 1) {
			bad += !!raw_greet(fd, "PUB", NULL);
		} else {
			bad += raw_read(fd, start, sizeof(start)) ||
			       start[0] != 0xff || start[9] != 0x7f;
		}
		close(fd);
	}
	s.stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(100, i);
	EXPECT_EQ(0, bad);
	close(listener);
	zs_close_now(sub);
}

static bool ready(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, ms) == 1;
}

/* A PUB that connects publishes to a subscriber that is away for a while. */
TEST(publishing_in_an_outage)
{
	struct zs *pub = zs_open(ZMQ_PUB);
	char endpoint[ZS_ENDPOINT_MAX], buf[16];
	int fd, flags, listener = raw_listen(endpoint);
	long long disconnects;

	if (!zs_is_ours())
		SKIP(return, "needs /proc/net/zmq_stat");
	ASSERT_OK(zs_set_int(pub, ZMQ_RECONNECT_IVL, 20));
	ASSERT_OK(zs_connect(pub, endpoint));
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "SUB", NULL));
	ASSERT_OK(raw_send(fd, 0, "\1A", 2));
	ASSERT_TRUE(wait_until(!zs_send_msg(pub, "A1") && ready(fd, 20)));
	disconnects = proc_stat("disconnects");
	close(fd);
	ASSERT_TRUE(wait_until(proc_stat("disconnects") > disconnects));
	ASSERT_OK(zs_send_msg(pub, "A2"));
	ASSERT_OK(zs_send_msg(pub, "B2"));
	ASSERT_OK(zs_send_msg(pub, "A3"));
	fd = raw_accept(listener);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "SUB", NULL));
	EXPECT_EQ(2, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "A2", 2));
	EXPECT_EQ(2, raw_recv(fd, &flags, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "A3", 2));
	close(fd);
	close(listener);
	zs_close_now(pub);
}

/* One that never stops subscribing cannot keep a PUB from being closed. */
struct stream {
	int fd;
	volatile long sent;
	volatile bool stop;
};

static void *stream_on(void *arg)
{
	static char frames[8 * 1024];
	struct stream *s = arg;
	size_t at;

	for (at = 0; at < sizeof(frames); at += 8)
		memcpy(frames + at, "\0\2\1A\0\2\0A", 8);
	while (!s->stop && !raw_write(s->fd, frames, sizeof(frames)))
		s->sent += sizeof(frames);
	return NULL;
}

TEST(endless_subscriptions)
{
	struct zs *pub = zs_open(ZMQ_PUB);
	char endpoint[ZS_ENDPOINT_MAX];
	struct stream s = {};
	pthread_t thread;

	ASSERT_OK(zs_bind_any(pub, ZS_TCP, endpoint));
	s.fd = raw_connect(endpoint, 0);
	ASSERT_LE(0, s.fd);
	ASSERT_OK(raw_greet(s.fd, "SUB", NULL));
	ASSERT_OK(pthread_create(&thread, NULL, stream_on, &s));
	EXPECT_TRUE(wait_until(s.sent > 1 << 20));
	ASSERT_OK(zs_close(pub));
	EXPECT_EQ(0, zs_finish());
	s.stop = true;
	shutdown(s.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(s.fd);
}

/* How much may be subscribed to. */
FIXTURE(limit) {
	struct zs *pub;
	struct zs *sub;
	char endpoint[ZS_ENDPOINT_MAX];
	int before;
};

FIXTURE_VARIANT(limit) {
	const char *sysctl;
	int value;
	int fits;		/* at least so many topics of 100 bytes */
	int too_many;
};

FIXTURE_VARIANT_ADD(limit, topics) {
	SYSCTL("topics_max"), 10, 10, 11
};

FIXTURE_VARIANT_ADD(limit, bytes) {
	SYSCTL("topic_mem"), 10000, 20, 120
};

FIXTURE_SETUP(limit)
{
	if (!zs_is_kernel())
		SKIP_IN_SETUP("libzmq has no such limits");
	self->before = get_number(variant->sysctl);
	self->pub = zs_open(ZMQ_PUB);
	self->sub = zs_open(ZMQ_SUB);
	ASSERT_OK(zs_bind_any(self->pub, ZS_TCP, self->endpoint));
	ASSERT_LT(variant->value, self->before);
	ASSERT_OK(proc_put(variant->sysctl, variant->value));
}

FIXTURE_TEARDOWN(limit)
{
	if (!zs_is_kernel())
		return;
	proc_put(variant->sysctl, self->before);
	zs_close_now(self->pub);
	zs_close_now(self->sub);
}

/* Topics of which no two begin alike. */
static const char *topic(int i)
{
	static char text[101];

	memset(text, 'x', 100);
	text[0] = ' ' + i;
	return text;
}

TEST_F(limit, own)
{
	int i;

	if (!zs_is_kernel())
		SKIP(return, "libzmq has no such limits");
	for (i = 0; i < variant->fits; i++)
		ASSERT_OK(zs_subscribe(self->sub, topic(i)));
	while (i < variant->too_many && !zs_subscribe(self->sub, topic(i)))
		i++;
	EXPECT_GT(variant->too_many, i);
	EXPECT_EQ(ENOMEM, errno);
	/* One that goes makes room for another. */
	while (i > variant->fits / 2)
		ASSERT_OK(zs_unsubscribe(self->sub, topic(--i)));
	EXPECT_EQ(0, zs_subscribe(self->sub, topic(i)));
}

TEST_F(limit, of_a_peer)
{
	char frame[102] = "\1";
	int i, fd;

	if (!zs_is_kernel())
		SKIP(return, "libzmq has no such limits");
	fd = raw_connect(self->endpoint, 0);
	ASSERT_LE(0, fd);
	ASSERT_OK(raw_greet(fd, "SUB", NULL));
	for (i = 0; i < variant->fits; i++) {
		memcpy(frame + 1, topic(i), 100);
		ASSERT_OK(raw_send(fd, 0, frame, 101));
	}
	/* All of them are in force. */
	ASSERT_TRUE(wait_until(!zs_send_msg(self->pub, topic(i - 1)) &&
			       ready(fd, 20)));
	for (; i < variant->too_many; i++) {
		memcpy(frame + 1, topic(i), 100);
		if (raw_send(fd, 0, frame, 101))
			break;
	}
	EXPECT_EQ(0, raw_gone(fd));
	EXPECT_TRUE(zs_wait_peers(self->pub, 0));
	close(fd);
	/* What it had asked for counts no longer. */
	proc_put(variant->sysctl, self->before);
	ASSERT_OK(zs_subscribe(self->sub, "y"));
	ASSERT_OK(zs_connect(self->sub, self->endpoint));
	ASSERT_TRUE(zs_join(self->pub, self->sub));
}

/* What is no longer wanted does not come, also if it was on its way in. */
struct leaving {
	struct zs *from;
	struct zs *to;
	pthread_t sender;
	int turn;
};

FIXTURE(leaving) {
	struct leaving l;
};

FIXTURE_VARIANT(leaving) {
	enum zs_transport transport;
	int type;
};

FIXTURE_VARIANT_ADD(leaving, sub_tcp) { ZS_TCP, ZMQ_SUB };
FIXTURE_VARIANT_ADD(leaving, sub_ipc) { ZS_IPC, ZMQ_SUB };
FIXTURE_VARIANT_ADD(leaving, dish_tcp) { ZS_TCP, DISH };
FIXTURE_VARIANT_ADD(leaving, dish_ipc) { ZS_IPC, DISH };

FIXTURE_SETUP(leaving)
{
	char endpoint[ZS_ENDPOINT_MAX];

	if (!zs_is_kernel())
		SKIP_IN_SETUP("libzmq filters once, what comes");
	self->l.from = zs_open(variant->type == DISH ? RADIO : ZMQ_PUB);
	self->l.to = zs_open(variant->type);
	/* A round is more than half a mark, of which nothing may be dropped. */
	ASSERT_OK(zs_set_int(self->l.from, ZMQ_SNDHWM, 0));
	ASSERT_OK(zs_set_int(self->l.to, ZMQ_RCVHWM, 0));
	ASSERT_OK(zs_bind_any(self->l.from, variant->transport, endpoint));
	ASSERT_OK(zs_connect(self->l.to, endpoint));
	ASSERT_TRUE(zs_wait_peers(self->l.from, 1));
}

FIXTURE_TEARDOWN(leaving)
{
	zs_close_now(self->l.from);
	zs_close_now(self->l.to);
}

/* Behind a message that is wanted no more, so many that parsing takes long. */
#define LEAVING_STAY	500

/* Frames of such length that the parser does not get them all at once. */
#define LEAVING_SIZE	60

/* By one call; groups are not for packed messages. */
static bool leaving_send_all(struct leaving *l)
{
	static char buf[LEAVING_STAY + 2][2 + LEAVING_SIZE];
	int i;

	for (i = 0; i < LEAVING_STAY + 2; i++)
		sprintf(buf[i] + 1, "%c%s", LEAVING_SIZE, !i ? "gone" :
			i <= LEAVING_STAY ? "stay" : "stop");
	return send(l->from->fd, buf, sizeof(buf), MSG_ZMQ_PACKED) ==
	       sizeof(buf);
}

/* The first one leaves at once, the others together. */
static bool leaving_radiate(struct leaving *l)
{
	int i, err;

	err = group_send_str(l->from, "stay", "") ?:
	      group_send_str(l->from, "gone", "");
	for (i = 0; !err && i < LEAVING_STAY; i++)
		err = group_send_str(l->from, "stay", "");
	return !err && !group_send_str(l->from, "stop", "");
}

/* A round whenever @turn has grown. */
static void *leaving_send(void *arg)
{
	struct leaving *l = arg;
	int turn, last = 0;
	bool ok = true;

	while (ok && (turn = __atomic_load_n(&l->turn,
					     __ATOMIC_ACQUIRE)) >= 0) {
		if (turn == last)
			sched_yield();
		else if (l->to->type == DISH)
			ok = leaving_radiate(l);
		else
			ok = leaving_send_all(l);
		last = turn;
	}
	return ok ? NULL : l;
}

static int leaving_send_one(struct leaving *l, const char *topic)
{
	return l->to->type == DISH ?
	       group_send_str(l->from, topic, "") :
	       zs_send_msg(l->from, topic);
}

/* The third letter of the next message's topic or group: n, a, o; or 0. */
static char leaving_next(struct leaving *l)
{
	char topic[300] = "", body[16];
	ssize_t n;

	if (l->to->type == DISH)
		n = group_recv(l->to, topic, body, sizeof(body), 0);
	else
		n = zs_recv(l->to, topic, sizeof(topic), 0);
	return n < 0 ? 0 : topic[2];
}

static int leaving_want(struct leaving *l, const char *what, bool on)
{
	if (l->to->type == DISH)
		return on ? group_join(l->to, what) :
			    group_leave(l->to, what);
	return on ? zs_subscribe(l->to, what) :
		    zs_unsubscribe(l->to, what);
}

/* Until it is known that it is wanted; what was seen is not judged again. */
static bool leaving_settle(struct leaving *l, const char *what)
{
	return wait_until(!leaving_send_one(l, what) &&
			  zs_poll(l->to, ZMQ_POLLIN, 10)) &&
	       leaving_next(l) == 'n';
}

/* Each round is left a bit later. */
TEST_F(leaving, while_it_comes)
{
	int slow = wait_slow(), rounds = 300 / slow;
	volatile int spin;
	char got = 'o';
	void *failed;
	int i;

	ASSERT_OK(leaving_want(&self->l, "stay", true));
	ASSERT_OK(leaving_want(&self->l, "stop", true));
	ASSERT_OK(pthread_create(&self->l.sender, NULL, leaving_send, &self->l));
	for (i = 0; got == 'o' && i < rounds; i++) {
		if (leaving_want(&self->l, "gone", true) ||
		    !leaving_settle(&self->l, "gone"))
			break;
		__atomic_fetch_add(&self->l.turn, 1, __ATOMIC_RELEASE);
		for (spin = 0; spin < i * 1000 * slow; spin++)
			;
		if (leaving_want(&self->l, "gone", false))
			break;
		do {
			got = leaving_next(&self->l);
		} while (got == 'a');
	}
	__atomic_store_n(&self->l.turn, -1, __ATOMIC_RELEASE);
	pthread_join(self->l.sender, &failed);
	EXPECT_EQ(NULL, failed);
	EXPECT_EQ('o', got);
	EXPECT_EQ(rounds, i);
}

TEST_HARNESS_MAIN
