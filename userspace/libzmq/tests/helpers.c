// SPDX-License-Identifier: MPL-2.0
/* Timers, Z85, counters, threads, errors: what holds for every libzmq. */
#include "tap.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>

/* The key pair that the CURVE documents use as an example (RFC 32). */
static const uint8_t z85_bin[] = { 0x86, 0x4f, 0xd2, 0x6f,
				   0xb5, 0x59, 0xf7, 0x5b };
static const char z85_text[] = "HelloWorld";

static void z85_known(void)
{
	uint8_t bin[sizeof(z85_bin)];
	char text[sizeof(z85_text)];

	CHECK(zmq_z85_encode(text, z85_bin, sizeof(z85_bin)) == text);
	CHECK(!strcmp(text, z85_text));
	CHECK(zmq_z85_decode(bin, z85_text) == bin);
	CHECK(!memcmp(bin, z85_bin, sizeof(bin)));
}

static void z85_all_bytes(void)
{
	uint8_t bin[256], back[256];
	char text[sizeof(bin) * 5 / 4 + 1];
	size_t i;

	for (i = 0; i < sizeof(bin); i++)
		bin[i] = 255 - i;
	CHECK(zmq_z85_encode(text, bin, sizeof(bin)));
	CHECK(strlen(text) == sizeof(text) - 1);
	CHECK(zmq_z85_decode(back, text));
	CHECK(!memcmp(bin, back, sizeof(bin)));
	CHECK(zmq_z85_encode(text, (const uint8_t *)"\xff\xff\xff\xff", 4));
	CHECK(!strcmp(text, "%nSc0"));
}

static void z85_refused(void)
{
	static const char * const bad[] = {
		"", "1234", "123456", "abc\"d", "ab\x01" "cd", "%nSc1",
		"#####",
	};
	uint8_t bin[16];
	char text[16];
	size_t i;

	errno = 0;
	CHECK(!zmq_z85_encode(text, z85_bin, 3));
	CHECK(zmq_errno() == EINVAL);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		errno = 0;
		CHECK(!zmq_z85_decode(bin, bad[i]));
		CHECK(zmq_errno() == EINVAL);
	}
}

static void counter(void)
{
	void *c = zmq_atomic_counter_new();

	CHECK(c);
	CHECK(zmq_atomic_counter_value(c) == 0);
	CHECK(zmq_atomic_counter_inc(c) == 0);
	CHECK(zmq_atomic_counter_inc(c) == 1);
	CHECK(zmq_atomic_counter_value(c) == 2);
	CHECK(zmq_atomic_counter_dec(c) == 1);
	CHECK(zmq_atomic_counter_dec(c) == 0);
	zmq_atomic_counter_set(c, 7);
	CHECK(zmq_atomic_counter_value(c) == 7);
	zmq_atomic_counter_destroy(&c);
	CHECK(!c);
}

static void stopwatch(void)
{
	void *watch = zmq_stopwatch_start();
	unsigned long first, second;

	CHECK(watch);
	poll(NULL, 0, 20);
	first = zmq_stopwatch_intermediate(watch);
	second = zmq_stopwatch_stop(watch);
	CHECK(first >= 20000);
	CHECK(second >= first);
	CHECK(second < 60000000);
}

static sigset_t thread_mask;

static void thread_body(void *arg)
{
	pthread_sigmask(SIG_BLOCK, NULL, &thread_mask);
	++*(int *)arg;
}

static void thread(void)
{
	int ran = 0;
	void *t;

	t = zmq_threadstart(thread_body, &ran);
	CHECK(t);
	zmq_threadclose(t);
	CHECK(ran == 1);
	CHECK(sigismember(&thread_mask, SIGUSR1));
}

/* timers */

static void *timers;
static int ids[16], fired;

static void note(int id, void *arg)
{
	(void)arg;
	if (fired < (int)ARRAY_SIZE(ids))
		ids[fired++] = id;
}

/* Wait for the next timer to be due, then run what is. */
static int run_next(void)
{
	long timeout;

	do {
		timeout = zmq_timers_timeout(timers);
		if (timeout > 0)
			poll(NULL, 0, timeout);
	} while (timeout > 0);
	return timeout < 0 ? -1 : zmq_timers_execute(timers);
}

static void timers_order(void)
{
	int slow, fast;

	fired = 0;
	timers = zmq_timers_new();
	CHECK(timers);
	CHECK(zmq_timers_timeout(timers) == -1);
	CHECK(zmq_timers_execute(timers) == 0);
	slow = zmq_timers_add(timers, 700, note, NULL);
	fast = zmq_timers_add(timers, 300, note, NULL);
	CHECK(slow == 1);
	CHECK(fast == 2);
	CHECK(zmq_timers_timeout(timers) <= 300);
	CHECK(zmq_timers_execute(timers) == 0);
	CHECK(fired == 0);
	/* The sooner one first, however late they are run. */
	while (!fired || ids[fired - 1] != slow) {
		CHECK(run_next() == 0);
		CHECK(ids[0] == fast);
		CHECK(fired < (int)ARRAY_SIZE(ids));
	}
	CHECK(zmq_timers_destroy(&timers) == 0);
	CHECK(!timers);
}

static void timers_change(void)
{
	int a, b;

	fired = 0;
	timers = zmq_timers_new();
	a = zmq_timers_add(timers, 100000, note, NULL);
	b = zmq_timers_add(timers, 200000, note, NULL);
	CHECK(zmq_timers_timeout(timers) > 90000);
	CHECK(zmq_timers_cancel(timers, a) == 0);
	CHECK(zmq_timers_timeout(timers) > 190000);
	CHECK(zmq_timers_set_interval(timers, b, 10) == 0);
	CHECK(zmq_timers_timeout(timers) <= 10);
	CHECK(zmq_timers_reset(timers, b) == 0);
	CHECK(run_next() == 0);
	CHECK(fired == 1 && ids[0] == b);
	CHECK_FAILS(zmq_timers_cancel(timers, a), EINVAL);
	CHECK_FAILS(zmq_timers_reset(timers, a), EINVAL);
	CHECK_FAILS(zmq_timers_set_interval(timers, 77, 5), EINVAL);
	CHECK(zmq_timers_destroy(&timers) == 0);
}

static void cancel_self(int id, void *arg)
{
	note(id, arg);
	zmq_timers_cancel(timers, id);
	zmq_timers_add(timers, 5, note, NULL);
}

static void timers_in_handler(void)
{
	fired = 0;
	timers = zmq_timers_new();
	CHECK(zmq_timers_add(timers, 5, cancel_self, NULL) == 1);
	CHECK(run_next() == 0);
	CHECK(fired == 1 && ids[0] == 1);
	CHECK(run_next() == 0);
	CHECK(fired == 2 && ids[1] == 2);
	CHECK(zmq_timers_destroy(&timers) == 0);
}

static void timers_refused(void)
{
	void *none = NULL;

	CHECK_FAILS(zmq_timers_destroy(&none), EFAULT);
	CHECK_FAILS(zmq_timers_add(NULL, 1, note, NULL), EFAULT);
	CHECK_FAILS(zmq_timers_cancel(NULL, 1), EFAULT);
	CHECK_FAILS(zmq_timers_execute(NULL), EFAULT);
	CHECK_FAILS(zmq_timers_timeout(NULL), EFAULT);
	timers = zmq_timers_new();
	CHECK_FAILS(zmq_timers_add(timers, 1, NULL, NULL), EFAULT);
	CHECK(zmq_timers_destroy(&timers) == 0);
}

static void version(void)
{
	int major = 0, minor = 0, patch = -1;

	zmq_version(&major, &minor, &patch);
	CHECK(major == 4 && minor == 3 && patch >= 4);
	CHECK(zmq_has("ipc") == 1);
	CHECK(zmq_has("no such thing") == 0);
}

static void errors(void)
{
	errno = EFSM;
	CHECK(zmq_errno() == EFSM);
	CHECK(!strcmp(zmq_strerror(EFSM),
		      "Operation cannot be accomplished in current state"));
	CHECK(!strcmp(zmq_strerror(ENOCOMPATPROTO),
		      "The protocol is not compatible with the socket type"));
	CHECK(!strcmp(zmq_strerror(ETERM), "Context was terminated"));
	CHECK(!strcmp(zmq_strerror(EMTHREAD), "No thread available"));
	CHECK(!strcmp(zmq_strerror(EHOSTUNREACH), "Host unreachable"));
	CHECK(!strcmp(zmq_strerror(EAGAIN), strerror(EAGAIN)));
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "z85 of a known text", z85_known, NULL },
		{ "z85 there and back", z85_all_bytes, NULL },
		{ "z85 refuses what it cannot be", z85_refused, NULL },
		{ "atomic counter", counter, NULL },
		{ "stopwatch", stopwatch, NULL },
		{ "thread, signals blocked", thread, NULL },
		{ "timers run in order", timers_order, NULL },
		{ "timers cancelled, changed, reset", timers_change, NULL },
		{ "timers changed by handlers", timers_in_handler, NULL },
		{ "timers refuse bad arguments", timers_refused, NULL },
		{ "version and capabilities", version, NULL },
		{ "error texts", errors, NULL },
	};

	return tap_main(tests, ARRAY_SIZE(tests));
}
