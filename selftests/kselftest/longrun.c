// SPDX-License-Identifier: GPL-2.0-only
/*
 * All patterns at once for a long time, with sockets that come, go and connect
 * again.  Some stay all the while: in rounds of ten seconds at most what was sent
 * must have been received or be counted as dropped, nobody who waits may be
 * forgotten, and memory may not grow.
 *
 * AF_ZMQ_SECONDS says for how long (3600 for an hour), AF_ZMQ_SEED what happens.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "proc.h"

#define SECONDS		12
#define ROUND		10	/* s, at most */
#define ROUNDS		3	/* at least */
#define LOGGED		6	/* memory of each such round is told */
#define LONG_BODY	20000
#define GROWTH		(16 << 20)
#define REP_ENDPOINT	"ipc://@af_zmq.longrun.rep"

static int first_seed = 1;
static int family;
static bool stop;		/* senders */
static bool sent_all;		/* they have ended */
static const char *wrong;	/* the first thing that was */
static int wrong_errno;

/**
 * struct count - messages of a kind, of all threads
 * @sent: by senders; @got: by receivers
 * @sent_sum: sum of their numbers; @got_sum: the same
 */
struct count {
	long	sent;
	long	got;
	long	sent_sum;
	long	got_sum;
};

static struct count pipeline, requests, routed;
static long published, heard, echoes, retries, restarts, opened, tokens;
static __thread unsigned int seed;

/* What stays: descriptors, and where they are. */
static int pull, pub, sub, router;
static char pull_at[3][ZS_ENDPOINT_MAX];
static char router_at[2][ZS_ENDPOINT_MAX];

static long add(long *to, long val)
{
	return __atomic_add_fetch(to, val, __ATOMIC_SEQ_CST);
}

static long value(long *of)
{
	return __atomic_load_n(of, __ATOMIC_SEQ_CST);
}

static bool flag(bool *of)
{
	return __atomic_load_n(of, __ATOMIC_SEQ_CST);
}

static void set_flag(bool *of, bool val)
{
	__atomic_store_n(of, val, __ATOMIC_SEQ_CST);
}

static unsigned int pick(unsigned int below)
{
	return rand_r(&seed) % below;
}

/* Something is wrong: everybody stops. */
static void *fail(const char *what)
{
	const char *none = NULL;
	int err = errno;

	if (__atomic_compare_exchange_n(&wrong, &none, what, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		wrong_errno = err;
	set_flag(&stop, true);
	return NULL;
}

static bool failed(void)
{
	return __atomic_load_n(&wrong, __ATOMIC_SEQ_CST);
}

static int set_int(int fd, int opt, int val)
{
	return setsockopt(fd, SOL_ZMQ, opt, &val, sizeof(val));
}

static int new_socket(int type, int linger)
{
	int fd = socket(family, SOCK_SEQPACKET | SOCK_CLOEXEC, type);

	if (fd < 0)
		return -1;
	add(&opened, 1);
	set_int(fd, ZMQ_LINGER, linger);
	set_int(fd, ZMQ_SNDTIMEO, WAIT_LIMIT);
	set_int(fd, ZMQ_RCVTIMEO, WAIT_LIMIT);
	set_int(fd, ZMQ_RECONNECT_IVL, 5);
	set_int(fd, ZMQ_AF_INPROC_SCOPE, ZMQ_AF_INPROC_USER);
	return fd;
}

static int call(int fd, int opt, const char *endpoint)
{
	return setsockopt(fd, SOL_ZMQ, opt, endpoint, strlen(endpoint));
}

static int bind_at(int fd, const char *where, char *endpoint)
{
	socklen_t len = ZS_ENDPOINT_MAX;

	return call(fd, ZMQ_AF_BIND, where) ||
	       getsockopt(fd, SOL_ZMQ, ZMQ_LAST_ENDPOINT, endpoint, &len);
}

static struct zmq_af_stats stats_of(int fd)
{
	struct zmq_af_stats st = {};
	socklen_t len = sizeof(st);

	getsockopt(fd, SOL_ZMQ, ZMQ_AF_STATS, &st, &len);
	return st;
}

/* A message is a number and more bytes, all alike. */
static ssize_t send_number(int fd, long number, size_t len, int flags)
{
	char body[LONG_BODY];

	if (len < sizeof(number))
		len = sizeof(number);
	memset(body, number, len);
	memcpy(body, &number, sizeof(number));
	return send(fd, body, len, flags | MSG_NOSIGNAL);
}

/* The number of the next message; -1 and errno: EBADMSG if it is damaged. */
static long recv_number(int fd, int flags)
{
	char body[LONG_BODY];
	ssize_t len = recv(fd, body, sizeof(body), flags), i;
	long number;

	if (len < 0)
		return -1;
	memcpy(&number, body, sizeof(number));
	for (i = sizeof(number); i < len; i++)
		if (body[i] != (char)number)
			len = 0;
	if (len >= (ssize_t)sizeof(number))
		return number;
	errno = EBADMSG;
	return -1;
}

static size_t any_size(void)
{
	return pick(50) ? pick(300) : pick(LONG_BODY);
}

/*
 * PUSH and PULL: senders come, connect by any transport, and leave what they
 * have sent behind.
 */
static long push_some(int fd)
{
	int i, n = 1 + pick(40);
	long number;

	for (i = 0; i < n; i++) {
		number = pick(1 << 30);
		if (send_number(fd, number, any_size(), 0) < 0)
			return -1;
		add(&pipeline.sent, 1);
		add(&pipeline.sent_sum, number);
	}
	return 0;
}

static void *run_pusher(void *arg)
{
	const char *where;
	int fd;

	seed = (long)arg;
	while (!flag(&stop)) {
		fd = new_socket(ZMQ_AF_PUSH, -1);
		where = pull_at[pick(3)];
		if (fd < 0 || call(fd, ZMQ_AF_CONNECT, where) || push_some(fd))
			return fail("push");
		if (!pick(4)) {
			if (call(fd, ZMQ_AF_DISCONNECT, where) ||
			    call(fd, ZMQ_AF_CONNECT, pull_at[pick(3)]) ||
			    push_some(fd))
				return fail("push after disconnecting");
		}
		close(fd);
	}
	return NULL;
}

/* Have all of a kind arrived? */
static bool complete(struct count *count)
{
	return flag(&sent_all) && value(&count->got) == value(&count->sent);
}

static void *run_puller(void *arg)
{
	long long limit = 0;
	long number;

	set_int(pull, ZMQ_RCVTIMEO, 20);
	while (!complete(&pipeline) && !failed()) {
		number = recv_number(pull, 0);
		if (number >= 0) {
			add(&pipeline.got, 1);
			add(&pipeline.got_sum, number);
			limit = 0;
		} else if (errno != EAGAIN) {
			return fail("pull");
		} else if (!flag(&sent_all)) {
			continue;
		} else if (!limit) {
			limit = wait_now() + WAIT_LIMIT;
		} else if (wait_now() > limit) {
			return fail("pull: messages are missing");
		}
	}
	return NULL;
}

/* REQ and REP: the server restarts, clients repeat their requests. */
static long ask(int fd, long number)
{
	long long limit = wait_now() + WAIT_LIMIT;
	long got;

	do {
		if (send_number(fd, number, any_size(), 0) < 0)
			return -1;
		got = recv_number(fd, 0);
		if (got < 0 && errno != EAGAIN)
			return -1;
		if (got < 0)
			add(&retries, 1);
	} while (got < 0 && wait_now() < limit);
	return got;
}

static int new_asker(void)
{
	int fd = new_socket(ZMQ_AF_REQ, 0);

	if (fd < 0 || set_int(fd, ZMQ_REQ_RELAXED, 1) ||
	    set_int(fd, ZMQ_REQ_CORRELATE, 1) ||
	    set_int(fd, ZMQ_RCVTIMEO, 300 * wait_slow()) ||
	    call(fd, ZMQ_AF_CONNECT, REP_ENDPOINT))
		return -1;
	return fd;
}

static void *run_asker(void *arg)
{
	int fd = -1;
	long number;

	seed = (long)arg;
	while (!flag(&stop)) {
		if (fd < 0 || !pick(50)) {
			if (fd >= 0)
				close(fd);
			fd = new_asker();
		}
		number = pick(1 << 30);
		add(&requests.sent, 1);
		if (fd < 0 || ask(fd, number) != number)
			return fail("request");
		add(&requests.got, 1);
	}
	close(fd);
	return NULL;
}

static int new_server(void)
{
	int fd = new_socket(ZMQ_AF_REP, 0);

	if (fd < 0 || set_int(fd, ZMQ_RCVTIMEO, 20) ||
	    !wait_until(!call(fd, ZMQ_AF_BIND, REP_ENDPOINT)))
		return -1;
	return fd;
}

static void *run_server(void *arg)
{
	int fd = -1, left = 0;
	long number;

	seed = (long)arg;
	while (!flag(&sent_all) && !failed()) {
		if (left-- <= 0) {
			if (fd >= 0)
				close(fd);
			add(&restarts, 1);
			left = 50 + pick(500);
			fd = new_server();
			if (fd < 0)
				return fail("bind again");
		}
		number = recv_number(fd, 0);
		if (number < 0 && errno == EAGAIN)
			continue;
		if (number < 0 || send_number(fd, number, any_size(), 0) < 0)
			return fail("reply");
	}
	close(fd);
	return NULL;
}

/* ROUTER and DEALER: some do not wait for their replies. */
static void *run_dealer(void *arg)
{
	int fd, i, n, wanted;
	long number;

	seed = (long)arg;
	while (!flag(&stop)) {
		fd = new_socket(ZMQ_AF_DEALER, -1);
		if (fd < 0 || call(fd, ZMQ_AF_CONNECT, router_at[pick(2)]))
			return fail("dealer");
		n = 1 + pick(20);
		wanted = pick(2) ? n : (int)pick(n);
		for (i = 0; i < n; i++) {
			number = pick(1 << 30);
			if (send_number(fd, number, any_size(), 0) < 0)
				return fail("dealer's send");
			add(&routed.sent, 1);
			add(&routed.sent_sum, number);
		}
		for (i = 0; i < wanted; i++)
			if (recv_number(fd, 0) < 0)
				return fail("dealer's receive");
		close(fd);
	}
	return NULL;
}

static void *run_router(void *arg)
{
	long long limit = 0;
	char id[256];
	ssize_t len;
	long number;

	set_int(router, ZMQ_RCVTIMEO, 20);
	while (!complete(&routed) && !failed()) {
		len = recv(router, id, sizeof(id), 0);
		if (len < 0 && errno == EAGAIN) {
			if (!flag(&sent_all))
				continue;
			if (!limit)
				limit = wait_now() + WAIT_LIMIT;
			if (wait_now() > limit)
				return fail("router: messages are missing");
			continue;
		}
		number = recv_number(router, 0);
		if (len < 0 || number < 0)
			return fail("router's receive");
		add(&routed.got, 1);
		add(&routed.got_sum, number);
		if (send(router, id, len, MSG_MORE) != len ||
		    send_number(router, number, 0, 0) < 0)
			return fail("router's send");
		add(&echoes, 1);
	}
	return NULL;
}

/* PUB and SUB: one who is sometimes too slow. */
static void *run_publisher(void *arg)
{
	int i;

	seed = (long)arg;
	while (!flag(&stop)) {
		for (i = pick(400); i >= 0; i--)
			if (send_number(pub, add(&published, 1), any_size(),
					0) < 0)
				return fail("publish");
		poll(NULL, 0, pick(3));
	}
	return NULL;
}

/* All that was published has been heard or counted. */
static bool all_heard(void)
{
	return flag(&sent_all) &&
	       value(&heard) + (long)stats_of(pub).tx_drops +
	       (long)stats_of(sub).rx_drops == value(&published);
}

static void *run_subscriber(void *arg)
{
	static long last;
	long long limit = 0;
	long number;

	seed = (long)arg;
	set_int(sub, ZMQ_RCVTIMEO, 20);
	while (!failed()) {
		number = recv_number(sub, 0);
		if (number >= 0) {
			if (number <= last)
				return fail("an older message");
			last = number;
			add(&heard, 1);
			if (!flag(&stop) && !pick(1000))
				poll(NULL, 0, pick(100));
		} else if (errno != EAGAIN) {
			return fail("subscriber");
		} else if (all_heard()) {
			break;
		} else if (!flag(&sent_all)) {
			continue;
		} else if (!limit) {
			limit = wait_now() + WAIT_LIMIT;
		} else if (wait_now() > limit) {
			return fail("published messages are missing");
		}
	}
	return NULL;
}

/* A token there and back: who waits for it is woken. */
static long wait_token(int fd, int epoll)
{
	struct epoll_event event;
	long number;

	if (pick(2))
		return recv_number(fd, 0);
	/* By edges: look first, then wait. */
	while ((number = recv_number(fd, MSG_DONTWAIT)) < 0) {
		if (errno != EAGAIN)
			return -1;
		if (epoll_wait(epoll, &event, 1, WAIT_LIMIT) != 1) {
			errno = recv_number(fd, MSG_DONTWAIT) < 0 ? ETIME :
								    EALREADY;
			return -1;
		}
	}
	return number;
}

/**
 * struct player - one of two with the token
 * @fd: of a PAIR
 * @first: begins
 * @seed: of random numbers
 */
struct player {
	int		fd;
	bool		first;
	unsigned int	seed;
};

static void *run_player(void *arg)
{
	struct player *player = arg;
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC), spin;
	long number = 0;

	seed = player->seed;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, player->fd, &event))
		return fail("epoll");
	if (player->first && send_number(player->fd, 1, 0, 0) < 0)
		return fail("first token");
	do {
		number = wait_token(player->fd, epoll);
		if (number < 0)
			return fail(errno == EALREADY ?
				    "a wake-up was lost" : "no token");
		add(&tokens, 1);
		for (spin = pick(2000); spin > 0; spin--)
			__asm__ volatile("");
		/* 0 is the end, and goes round once. */
		if (flag(&stop))
			number = 0;
		if (send_number(player->fd, number ? number + 1 : 0, 0, 0) < 0)
			return fail("token");
	} while (number);
	close(epoll);
	return NULL;
}

static int open_players(struct player *players, int round)
{
	static const char *const where[] = {
		"tcp://127.0.0.1:*", "ipc://*", "inproc://longrun.token",
	};
	char endpoint[ZS_ENDPOINT_MAX];
	int i;

	for (i = 0; i < 2; i++) {
		players[i].fd = new_socket(ZMQ_AF_PAIR, 0);
		players[i].first = i;
		players[i].seed = first_seed * 1000 + round * 2 + i;
	}
	return bind_at(players[0].fd, where[round % 3], endpoint) ||
	       call(players[1].fd, ZMQ_AF_CONNECT, endpoint);
}

/* Those who send, those who end when all has arrived. */
static void *(*const senders[])(void *) = {
	run_pusher, run_pusher, run_pusher, run_asker, run_asker,
	run_dealer, run_dealer, run_publisher,
};

static void *(*const receivers[])(void *) = {
	run_puller, run_server, run_router, run_subscriber,
};

static int play(int round, int ms)
{
	pthread_t sending[ARRAY_SIZE(senders)], playing[2];
	pthread_t receiving[ARRAY_SIZE(receivers)];
	struct player players[2];
	long long end = wait_now() + ms;
	unsigned long i, base = (first_seed * 1000 + round) * 100;
	int err;

	set_flag(&stop, false);
	set_flag(&sent_all, false);
	err = open_players(players, round);
	for (i = 0; i < ARRAY_SIZE(receivers); i++)
		err |= pthread_create(&receiving[i], NULL, receivers[i],
				      (void *)(base + i));
	for (i = 0; i < ARRAY_SIZE(senders); i++)
		err |= pthread_create(&sending[i], NULL, senders[i],
				      (void *)(base + 50 + i));
	for (i = 0; i < ARRAY_SIZE(playing); i++)
		err |= pthread_create(&playing[i], NULL, run_player,
				      &players[i]);
	if (err)
		return -1;
	while (!flag(&stop) && wait_now() < end)
		poll(NULL, 0, 10);
	set_flag(&stop, true);
	for (i = 0; i < ARRAY_SIZE(senders); i++)
		pthread_join(sending[i], NULL);
	set_flag(&sent_all, true);
	for (i = 0; i < ARRAY_SIZE(receivers); i++)
		pthread_join(receiving[i], NULL);
	for (i = 0; i < ARRAY_SIZE(playing); i++)
		pthread_join(playing[i], NULL);
	close(players[0].fd);
	close(players[1].fd);
	return failed() ? -1 : 0;
}

/* Memory of the kernel itself, bytes. */
static long kernel_memory(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	long val, sum = 0;
	char name[64];

	if (!file)
		return 0;
	while (fscanf(file, "%63s %ld%*[^\n]", name, &val) == 2)
		if (!strcmp(name, "Slab:") || !strcmp(name, "Percpu:") ||
		    !strcmp(name, "VmallocUsed:"))
			sum += val;
	fclose(file);
	return sum << 10;
}

#define STAYING	4

FIXTURE(longrun) {
	int seconds;
};

FIXTURE_SETUP(longrun)
{
	char endpoint[ZS_ENDPOINT_MAX];
	struct zmq_af_stats st;

	self->seconds = getenv("AF_ZMQ_SECONDS") ?
			atoi(getenv("AF_ZMQ_SECONDS")) : SECONDS;
	if (getenv("AF_ZMQ_SEED"))
		first_seed = atoi(getenv("AF_ZMQ_SEED"));
	if (!zs_is_kernel())
		return;
	family = zs_family();
	pull = new_socket(ZMQ_AF_PULL, 0);
	pub = new_socket(ZMQ_AF_PUB, 0);
	sub = new_socket(ZMQ_AF_SUB, 0);
	router = new_socket(ZMQ_AF_ROUTER, 0);
	ASSERT_OK(bind_at(pull, "tcp://127.0.0.1:*", pull_at[0]));
	ASSERT_OK(bind_at(pull, "ipc://*", pull_at[1]));
	ASSERT_OK(bind_at(pull, "inproc://longrun.pull", pull_at[2]));
	ASSERT_OK(bind_at(router, "tcp://127.0.0.1:*", router_at[0]));
	ASSERT_OK(bind_at(router, "ipc://*", router_at[1]));
	/* Few, so that some are dropped. */
	ASSERT_OK(set_int(pub, ZMQ_SNDHWM, 100));
	ASSERT_OK(set_int(sub, ZMQ_RCVHWM, 100));
	ASSERT_OK(set_int(sub, ZMQ_RCVBUF, 16 << 10));
	ASSERT_OK(setsockopt(sub, SOL_ZMQ, ZMQ_SUBSCRIBE, "", 0));
	ASSERT_OK(bind_at(pub, "tcp://127.0.0.1:*", endpoint));
	ASSERT_OK(call(sub, ZMQ_AF_CONNECT, endpoint));
	/* Until one is heard: from then on each counts. */
	ASSERT_TRUE(wait_until(send_number(pub, 0, 0, 0) > 0 &&
			       recv_number(sub, MSG_DONTWAIT) == 0));
	do {
		st = stats_of(pub);
	} while (recv_number(sub, MSG_DONTWAIT) == 0 || st.tx_queued_msgs);
}

FIXTURE_TEARDOWN(longrun)
{
	if (!zs_is_kernel())
		return;
	close(pull);
	close(pub);
	close(sub);
	close(router);
}

TEST_F_TIMEOUT(longrun, everything, 24 * 3600)
{
	struct zmq_af_stats st, base;
	int round = 0, ms;
	long memory = 0, now = 0;
	long long end;

	if (!zs_is_kernel())
		SKIP(return, "only with system calls");
	ms = self->seconds * 1000 / ROUNDS;
	if (ms > ROUND * 1000)
		ms = ROUND * 1000;
	base = stats_of(router);
	end = wait_now() + self->seconds * 1000LL;
	do {
		ASSERT_EQ(0, play(round, ms))
			TH_LOG("round %d: %s: %s", round, wrong,
			       strerror(wrong_errno));
		EXPECT_EQ(pipeline.sent, pipeline.got);
		EXPECT_EQ(pipeline.sent_sum, pipeline.got_sum);
		EXPECT_EQ(requests.sent, requests.got);
		EXPECT_EQ(routed.sent, routed.got);
		EXPECT_EQ(routed.sent_sum, routed.got_sum);
		st = stats_of(router);
		EXPECT_EQ(echoes, (long)(st.tx_msgs - base.tx_msgs +
					 st.tx_drops - base.tx_drops));
		/* All others have gone. */
		EXPECT_TRUE(wait_until(proc_count() == STAYING));
		EXPECT_TRUE(wait_until(proc_stat("connections") == 2));
		now = kernel_memory();
		if (!round)
			memory = now;
		if (!(round % LOGGED))
			TH_LOG("round %d: %ld KiB", round, now >> 10);
		round++;
	} while (wait_now() < end || round < ROUNDS);
	st = stats_of(pub);
	TH_LOG("%d rounds, %ld sockets", round, opened);
	TH_LOG("pipeline: %ld messages", pipeline.got);
	TH_LOG("requests: %ld answered, %ld asked again, %ld servers",
	       requests.got, retries, restarts);
	TH_LOG("routed: %ld there, %ld back, of these %llu dropped", routed.got,
	       echoes, stats_of(router).tx_drops);
	TH_LOG("published: %ld, heard %ld, dropped %llu", published, heard,
	       st.tx_drops);
	TH_LOG("tokens: %ld", tokens);
	TH_LOG("memory: %ld KiB, then %ld", memory >> 10, now >> 10);
	EXPECT_LT(0, heard);
	EXPECT_LT(0, tokens);
	EXPECT_GT(GROWTH, now - memory);
}

TEST_HARNESS_MAIN
