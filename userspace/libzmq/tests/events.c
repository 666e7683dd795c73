// SPDX-License-Identifier: MPL-2.0
/*
 * Sockets: polling, ZMQ_FD, the end of contexts, threads, fork, proxies.
 * What holds for every libzmq.
 */
#include "sockets.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define TCP	"tcp://127.0.0.1:*"

static void *a, *b;

static void close_both(void)
{
	zmq_close(a);
	zmq_close(b);
}

/* polling */

static void poll_sockets(void)
{
	zmq_pollitem_t items[3] = { { 0 } };
	int fds[2];

	CHECK(pipe(fds) == 0);
	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	items[0] = (zmq_pollitem_t) { .socket = a, .events = ZMQ_POLLIN };
	items[1] = (zmq_pollitem_t) { .socket = b, .events = ZMQ_POLLOUT };
	items[2] = (zmq_pollitem_t) { .fd = fds[0], .events = ZMQ_POLLIN };

	CHECK(zmq_poll(items, 1, 0) == 0);
	CHECK(zmq_poll(items, 3, deadline_ms()) == 1);
	CHECK(items[0].revents == 0 && items[1].revents == ZMQ_POLLOUT &&
	      items[2].revents == 0);
	CHECK(!send_text(b, "x", 0));
	CHECK(zmq_poll(items, 1, deadline_ms()) == 1);
	CHECK(items[0].revents == ZMQ_POLLIN);
	CHECK(write(fds[1], "x", 1) == 1);
	CHECK(zmq_poll(items, 3, -1) == 3);
	CHECK(items[2].revents == ZMQ_POLLIN);
	CHECK(recv_is(a, "x"));
	CHECK(zmq_poll(items, 1, 20) == 0);
	CHECK(items[0].revents == 0);
	items[0].events = ZMQ_POLLIN | ZMQ_POLLERR | ZMQ_POLLPRI;
	CHECK(zmq_poll(items, 1, 0) == 0);
	close_both();
	close(fds[0]);
	close(fds[1]);
}

static void poll_many(void)
{
	enum { N = 40 };
	zmq_pollitem_t items[N] = { { 0 } };
	void *out[N], *in[N];
	int i;

	for (i = 0; i < N; i++) {
		CHECK(!new_pair(ZMQ_PULL, &in[i], ZMQ_PUSH, &out[i], TCP));
		items[i].socket = in[i];
		items[i].events = ZMQ_POLLIN;
	}
	CHECK(!send_text(out[N - 1], "last", 0));
	CHECK(zmq_poll(items, N, deadline_ms()) == 1);
	CHECK(items[N - 1].revents == ZMQ_POLLIN);
	CHECK(recv_is(in[N - 1], "last"));
	for (i = 0; i < N; i++) {
		CHECK(zmq_close(in[i]) == 0);
		CHECK(zmq_close(out[i]) == 0);
	}
}

/* ZMQ_FD */

static bool fd_readable(int fd, int timeout)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, timeout) == 1 && pfd.revents == POLLIN;
}

/*
 * A client as event loops are: wait for the descriptor, then look at
 * ZMQ_EVENTS, and receive all there is.
 */
static bool fd_receive(void *s, int fd, const char *text)
{
	while (!(get_int(s, ZMQ_EVENTS) & ZMQ_POLLIN))
		if (!fd_readable(fd, deadline_ms()))
			return false;
	return recv_is(s, text);
}

static void fd_signals(void)
{
	int fd, i;

	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	fd = get_int(a, ZMQ_FD);
	CHECK(fd >= 0);
	CHECK(get_int(a, ZMQ_FD) == fd);
	for (i = 0; i < 100; i++) {
		CHECK(!send_text(b, "one", 0));
		CHECK(!send_text(b, "two", 0));
		CHECK(fd_receive(a, fd, "one"));
		CHECK(fd_receive(a, fd, "two"));
	}
	close_both();
}

/* After ZMQ_EVENTS was read, silence until something happens. */
static void fd_silent(void)
{
	int fd, tries;

	CHECK(!new_pair(ZMQ_DEALER, &a, ZMQ_DEALER, &b, TCP));
	fd = get_int(a, ZMQ_FD);
	CHECK(!send_text(b, "x", 0));
	CHECK(fd_receive(a, fd, "x"));
	/* It can send, always: not a reason to be readable. */
	for (tries = 0; tries < 100; tries++) {
		CHECK(get_int(a, ZMQ_EVENTS) == ZMQ_POLLOUT);
		if (!fd_readable(fd, 50))
			break;
	}
	CHECK(tries < 100);
	CHECK(!send_text(b, "y", 0));
	CHECK(fd_readable(fd, deadline_ms()));
	CHECK(fd_receive(a, fd, "y"));
	close_both();
}

/* A client that never asks for ZMQ_EVENTS, but receives until EAGAIN. */
static void fd_eager(void)
{
	int fd, got, tries;
	char buf[8];

	CHECK(!new_pair(ZMQ_DEALER, &a, ZMQ_DEALER, &b, TCP));
	fd = get_int(a, ZMQ_FD);
	for (got = 0; got < 3; ) {
		CHECK(!send_text(b, "x", 0));
		CHECK(fd_readable(fd, deadline_ms()));
		while (zmq_recv(a, buf, sizeof(buf), ZMQ_DONTWAIT) == 1)
			got++;
		CHECK(zmq_errno() == EAGAIN);
	}
	/* It may be readable once more for nothing, but not for ever. */
	for (tries = 0; tries < 100 && fd_readable(fd, 50); tries++)
		while (zmq_recv(a, buf, sizeof(buf), ZMQ_DONTWAIT) == 1)
			continue;
	CHECK(tries < 100);
	close_both();
}

/* Waiting to be able to send is done on the same descriptor. */
static void fd_sending(void)
{
	int fd;

	a = new_socket(ctx, ZMQ_PUSH);
	b = new_socket(ctx, ZMQ_PULL);
	fd = get_int(a, ZMQ_FD);
	CHECK(get_int(a, ZMQ_EVENTS) == 0);
	CHECK_FAILS(zmq_send(a, "x", 1, ZMQ_DONTWAIT), EAGAIN);
	CHECK(!join_pair(a, b, TCP));
	while (!(get_int(a, ZMQ_EVENTS) & ZMQ_POLLOUT))
		CHECK(fd_readable(fd, deadline_ms()));
	CHECK(!send_text(a, "x", 0));
	CHECK(recv_is(b, "x"));
	close_both();
}

/* the end of contexts */

static int thread_errno;
static void *thread_ctx;

static void *recv_until_fails(void *s)
{
	char buf[8];

	while (zmq_recv(s, buf, sizeof(buf), 0) >= 0)
		continue;
	thread_errno = zmq_errno();
	zmq_close(s);
	return NULL;
}

static void term_wakes(void)
{
	void *other = zmq_ctx_new();
	int forever = -1;
	pthread_t t;
	void *s;

	s = new_socket(other, ZMQ_PULL);
	CHECK(zmq_setsockopt(s, ZMQ_RCVTIMEO, &forever, sizeof(forever)) == 0);
	CHECK(zmq_bind(s, TCP) == 0);
	CHECK(!pthread_create(&t, NULL, recv_until_fails, s));
	CHECK(zmq_ctx_term(other) == 0);
	CHECK(!pthread_join(t, NULL));
	CHECK(thread_errno == ETERM);
}

static void *term_thread(void *arg)
{
	(void)arg;
	return zmq_ctx_term(thread_ctx) ? thread_ctx : NULL;
}

/* All calls fail with ETERM, except zmq_close. */
static void shutdown_ends(void)
{
	zmq_pollitem_t item = { .events = ZMQ_POLLIN };
	size_t len = sizeof(int);
	char buf[8];
	int value = 0;
	void *result;
	pthread_t t;
	void *s;

	thread_ctx = zmq_ctx_new();
	s = new_socket(thread_ctx, ZMQ_DEALER);
	CHECK(zmq_bind(s, TCP) == 0);
	CHECK(zmq_ctx_shutdown(thread_ctx) == 0);
	CHECK_FAILS(zmq_send(s, "x", 1, 0), ETERM);
	CHECK_FAILS(zmq_recv(s, buf, sizeof(buf), 0), ETERM);
	CHECK_FAILS(zmq_bind(s, TCP), ETERM);
	CHECK_FAILS(zmq_connect(s, "tcp://127.0.0.1:5555"), ETERM);
	CHECK_FAILS(zmq_setsockopt(s, ZMQ_LINGER, &value, len), ETERM);
	CHECK_FAILS(zmq_getsockopt(s, ZMQ_EVENTS, &value, &len), ETERM);
	CHECK_FAILS(zmq_getsockopt(s, ZMQ_TYPE, &value, &len), ETERM);
	item.socket = s;
	CHECK_FAILS(zmq_poll(&item, 1, -1), ETERM);
	CHECK_FAILS(zmq_proxy(s, s, NULL), ETERM);
	errno = 0;
	CHECK(!zmq_socket(thread_ctx, ZMQ_PAIR));
	CHECK(zmq_errno() == ETERM);

	CHECK(!pthread_create(&t, NULL, term_thread, NULL));
	CHECK(zmq_close(s) == 0);
	CHECK(!pthread_join(t, &result));
	CHECK(!result);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Signals interrupt, SA_RESTART or not; terminating can be begun again. */
static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = on_alarm,
				.sa_flags = SA_RESTART };
	void *other = zmq_ctx_new();
	char buf[8];
	void *s;

	CHECK(sigaction(SIGALRM, &sa, NULL) == 0);
	s = new_socket(other, ZMQ_PULL);
	CHECK(zmq_bind(s, TCP) == 0);
	ualarm(50000, 50000);
	CHECK_FAILS(zmq_recv(s, buf, sizeof(buf), 0), EINTR);
	CHECK(!set_int(s, ZMQ_RCVTIMEO, -1));
	CHECK_FAILS(zmq_recv(s, buf, sizeof(buf), 0), EINTR);
	CHECK_FAILS(zmq_poll(NULL, 0, 5000), EINTR);
	CHECK_FAILS(zmq_ctx_term(other), EINTR);
	ualarm(0, 0);
	CHECK_FAILS(zmq_recv(s, buf, sizeof(buf), 0), ETERM);
	CHECK(zmq_close(s) == 0);
	CHECK(zmq_ctx_term(other) == 0);
}

/* Terminating waits until what was sent has gone out. */
static void lingers(void)
{
	enum { N = 50 };
	char addr[64], big[20000];
	void *other = zmq_ctx_new();
	pthread_t t;
	void *s;
	int i;

	/* Nobody is there: it is all queued. */
	memset(big, 'b', sizeof(big));
	snprintf(addr, sizeof(addr), "ipc://@libzmq-test-%d", getpid());
	b = zmq_socket(other, ZMQ_PUSH);
	CHECK(zmq_connect(b, addr) == 0);
	for (i = 0; i < N; i++)
		CHECK(zmq_send(b, big, sizeof(big), 0) == sizeof(big));
	CHECK(zmq_close(b) == 0);
	thread_ctx = other;
	CHECK(!pthread_create(&t, NULL, term_thread, NULL));

	s = new_socket(ctx, ZMQ_PULL);
	CHECK(zmq_bind(s, addr) == 0);
	for (i = 0; i < N; i++)
		CHECK(zmq_recv(s, big, sizeof(big), 0) == sizeof(big));
	CHECK(!pthread_join(t, NULL));
	CHECK(zmq_close(s) == 0);
}

/* Or not, if told so. */
static void lingers_not(void)
{
	void *other = zmq_ctx_new();

	b = zmq_socket(other, ZMQ_PUSH);
	CHECK(!set_int(b, ZMQ_LINGER, 0));
	CHECK(zmq_connect(b, "tcp://127.0.0.1:1") == 0);
	CHECK(!send_text(b, "lost", 0));
	CHECK(zmq_close(b) == 0);
	CHECK(zmq_ctx_term(other) == 0);

	other = zmq_ctx_new();
	b = zmq_socket(other, ZMQ_PUSH);
	CHECK(!set_int(b, ZMQ_LINGER, 100));
	CHECK(zmq_connect(b, "tcp://127.0.0.1:1") == 0);
	CHECK(!send_text(b, "lost later", 0));
	CHECK(zmq_close(b) == 0);
	CHECK(zmq_ctx_term(other) == 0);
}

static void max_sockets(void)
{
	void *other = zmq_ctx_new();
	void *s[3];

	CHECK(zmq_ctx_set(other, ZMQ_MAX_SOCKETS, 2) == 0);
	s[0] = zmq_socket(other, ZMQ_PAIR);
	s[1] = zmq_socket(other, ZMQ_PAIR);
	CHECK(s[0] && s[1]);
	errno = 0;
	CHECK(!zmq_socket(other, ZMQ_PAIR));
	CHECK(zmq_errno() == EMFILE);
	CHECK(zmq_close(s[0]) == 0);
	CHECK(zmq_close(s[1]) == 0);
	CHECK(zmq_ctx_term(other) == 0);
}

static void closed_twice(void)
{
	a = new_socket(ctx, ZMQ_PAIR);
	CHECK(zmq_close(a) == 0);
	CHECK_FAILS(zmq_close(a), ENOTSOCK);
}

/* fork */

/* A child with a context of its own, that outlives the parent's sockets. */
static int child(const char *addr, int wait_fd)
{
	void *own;
	char c;
	int rc;

	own = zmq_ctx_new();
	b = new_socket(own, ZMQ_PUSH);
	if (!b || zmq_connect(b, addr) || send_text(b, "from child", 0))
		return 1;
	if (set_int(b, ZMQ_LINGER, deadline_ms()) || zmq_close(b))
		return 2;
	rc = zmq_ctx_term(own) ? 3 : 0;
	return read(wait_fd, &c, 1) == 0 ? rc : 4;
}

static void forked(void)
{
	char addr[64];
	int fds[2];
	int status;
	pid_t pid;

	CHECK(pipe(fds) == 0);
	a = new_socket(ctx, ZMQ_PULL);
	CHECK(zmq_bind(a, TCP) == 0);
	strcpy(addr, last_endpoint(a));
	pid = fork();
	if (!pid) {
		close(fds[1]);
		_exit(child(addr, fds[0]));
	}
	CHECK(recv_is(a, "from child"));
	CHECK(zmq_close(a) == 0);
	CHECK(zmq_ctx_term(ctx) == 0);
	ctx = zmq_ctx_new();
	close(fds[1]);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(status == 0);
	close(fds[0]);
}

/* A socket of the parent closes although a child still lives. */
static void forked_idle(void)
{
	int fds[2];
	pid_t pid;
	char c;

	CHECK(pipe(fds) == 0);
	CHECK(!new_pair(ZMQ_PULL, &a, ZMQ_PUSH, &b, TCP));
	pid = fork();
	if (!pid) {
		close(fds[1]);
		_exit(read(fds[0], &c, 1) == 0 ? 0 : 1);
	}
	CHECK(!send_text(b, "x", 0));
	CHECK(recv_is(a, "x"));
	close_both();
	CHECK(zmq_ctx_term(ctx) == 0);
	ctx = zmq_ctx_new();
	close(fds[1]);
	CHECK(waitpid(pid, NULL, 0) == pid);
	close(fds[0]);
}

/* proxies */

static void *proxy_sockets[4];
static int proxy_rc;

static void proxy_thread(void *arg)
{
	(void)arg;
	proxy_rc = zmq_proxy_steerable(proxy_sockets[0], proxy_sockets[1],
				       proxy_sockets[2], proxy_sockets[3]);
}

static uint64_t recv_u64(void *s)
{
	uint64_t value = 0;

	return zmq_recv(s, &value, sizeof(value), 0) == sizeof(value) ?
	       value : UINT64_MAX;
}

/* The proxy's STATISTICS; also shows that it has obeyed what came before. */
static bool get_stats(void *control, uint64_t stats[8])
{
	int i;

	if (send_text(control, "STATISTICS", 0))
		return false;
	for (i = 0; i < 8; i++)
		stats[i] = recv_u64(control);
	return get_int(control, ZMQ_RCVMORE) == 0;
}

static void proxy(void)
{
	void *client = new_socket(ctx, ZMQ_REQ);
	void *worker = new_socket(ctx, ZMQ_REP);
	void *watcher = new_socket(ctx, ZMQ_PULL);
	void *control = new_socket(ctx, ZMQ_PAIR);
	static const int types[] = { ZMQ_ROUTER, ZMQ_DEALER, ZMQ_PUSH,
				     ZMQ_PAIR };
	void *peers[] = { client, worker, watcher, control };
	uint64_t stats[8];
	void *t;
	int i;

	for (i = 0; i < 4; i++) {
		proxy_sockets[i] = zmq_socket(ctx, types[i]);
		CHECK(!set_int(proxy_sockets[i], ZMQ_LINGER, 0));
		CHECK(!join_pair(proxy_sockets[i], peers[i], TCP));
	}
	t = zmq_threadstart(proxy_thread, NULL);
	CHECK(t);

	CHECK(!send_text(client, "question", 0));
	CHECK(recv_is(worker, "question"));
	CHECK(!send_text(worker, "ans", ZMQ_SNDMORE));
	CHECK(!send_text(worker, "wer", 0));
	CHECK(recv_is(client, "ans"));
	CHECK(recv_is(client, "wer"));

	/* A copy of both: routing id, delimiter, body. */
	for (i = 0; i < 2; i++) {
		char id[16];

		CHECK(zmq_recv(watcher, id, sizeof(id), 0) == 5);
		CHECK(recv_is(watcher, ""));
		CHECK(recv_is(watcher, i ? "ans" : "question"));
	}
	CHECK(recv_is(watcher, "wer"));

	CHECK(get_stats(control, stats));
	/* Frontend received, sent; backend received, sent: number, bytes. */
	for (i = 0; i < 8; i += 2)
		CHECK(stats[i] == 1);
	CHECK(stats[1] == 5 + 0 + 8 && stats[7] == stats[1]);
	CHECK(stats[3] == 5 + 0 + 3 + 3 && stats[5] == stats[3]);

	CHECK(!send_text(control, "PAUSE", 0));
	CHECK(get_stats(control, stats));
	CHECK(!send_text(client, "later", 0));
	CHECK(!set_int(worker, ZMQ_RCVTIMEO, 100));
	CHECK_FAILS(zmq_recv(worker, stats, sizeof(stats), 0), EAGAIN);
	CHECK(!set_int(worker, ZMQ_RCVTIMEO, deadline_ms()));
	CHECK(!send_text(control, "RESUME", 0));
	CHECK(recv_is(worker, "later"));
	CHECK(!send_text(control, "TERMINATE", 0));
	zmq_threadclose(t);
	CHECK(proxy_rc == 0);
	for (i = 0; i < 4; i++) {
		CHECK(zmq_close(proxy_sockets[i]) == 0);
		CHECK(zmq_close(peers[i]) == 0);
	}
}

/* Many messages both ways, more than a burst, through small queues. */
static void proxy_load(void)
{
	enum { N = 3000 };
	void *in, *out;
	char text[16];
	int sent = 0;
	void *t;
	int i;

	for (i = 0; i < 4; i++)
		proxy_sockets[i] = NULL;
	proxy_sockets[0] = zmq_socket(ctx, ZMQ_PULL);
	proxy_sockets[1] = zmq_socket(ctx, ZMQ_PUSH);
	CHECK(!set_int(proxy_sockets[0], ZMQ_RCVHWM, 10));
	CHECK(!set_int(proxy_sockets[1], ZMQ_SNDHWM, 10));
	CHECK(!set_int(proxy_sockets[1], ZMQ_LINGER, 0));
	in = new_socket(ctx, ZMQ_PUSH);
	out = new_socket(ctx, ZMQ_PULL);
	CHECK(!join_pair(proxy_sockets[0], in, TCP));
	CHECK(!join_pair(proxy_sockets[1], out, TCP));
	t = zmq_threadstart(proxy_thread, NULL);
	for (i = 0; i < N; i++) {
		for (; sent < N; sent++) {
			snprintf(text, sizeof(text), "%d", sent);
			if (zmq_send(in, text, strlen(text), ZMQ_DONTWAIT) < 0)
				break;
		}
		snprintf(text, sizeof(text), "%d", i);
		CHECK(recv_is(out, text));
	}
	CHECK(zmq_ctx_shutdown(ctx) == 0);
	zmq_threadclose(t);
	CHECK(proxy_rc == -1);
	CHECK(zmq_close(in) == 0);
	CHECK(zmq_close(out) == 0);
	CHECK(zmq_close(proxy_sockets[0]) == 0);
	CHECK(zmq_close(proxy_sockets[1]) == 0);
	CHECK(zmq_ctx_term(ctx) == 0);
	ctx = zmq_ctx_new();
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "poll: sockets and descriptors", poll_sockets, no_sockets },
		{ "poll: many", poll_many, no_sockets },
		{ "ZMQ_FD: signals every message", fd_signals, no_sockets },
		{ "ZMQ_FD: silent until something happens", fd_silent,
		  no_sockets },
		{ "ZMQ_FD: a client that only receives", fd_eager,
		  no_sockets },
		{ "ZMQ_FD: for sending", fd_sending, no_sockets },
		{ "terminating wakes a thread", term_wakes, no_sockets },
		{ "shut down: ETERM", shutdown_ends, no_sockets },
		{ "signals: EINTR", interrupted, no_sockets },
		{ "terminating waits for what was sent", lingers,
		  no_sockets },
		{ "terminating does not wait with linger 0", lingers_not,
		  no_sockets },
		{ "MAX_SOCKETS", max_sockets, no_sockets },
		{ "closed twice", closed_twice, no_sockets },
		{ "fork: a child with sockets of its own", forked,
		  no_sockets },
		{ "fork: a child with none", forked_idle, no_sockets },
		{ "proxy: steered", proxy, no_sockets },
		{ "proxy: load", proxy_load, no_sockets },
	};

	return sockets_main(tests, ARRAY_SIZE(tests));
}
