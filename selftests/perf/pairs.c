// SPDX-License-Identifier: GPL-2.0-only
/* Scenarios of two sockets. */
#include <string.h>
#include "driver.h"
#include "ends.h"
#include "scenario.h"

static struct perf_sock *open_bound(int type, int hwm)
{
	struct perf_sock *s = perf_driver.open(type, hwm);

	perf_driver.bind(s);
	perf_meet();
	return s;
}

static struct perf_sock *open_connected(int type, int hwm)
{
	struct perf_sock *s = perf_driver.open(type, hwm);

	perf_meet();
	perf_driver.connect(s);
	return s;
}

static void send_message(struct perf_sock *s, const void *part)
{
	int i;

	for (i = 1; i < perf_job.parts; i++)
		perf_driver.send(s, part, perf_job.size, true);
	perf_driver.send(s, part, perf_job.size, false);
}

static void recv_message(struct perf_sock *s)
{
	bool more = true;
	size_t len;

	if (perf_job.polled)
		perf_driver.poll(s);
	if (perf_job.parts == 1) {
		perf_driver.recv(s, &len, NULL);
		return;
	}
	while (more)
		perf_driver.recv(s, &len, &more);
}

static void recv_messages(struct perf_sock *s, long count)
{
	if (perf_job.polled && !perf_driver.poll)
		perf_unsupported("poll");
	while (count--)
		recv_message(s);
}

/* Round trips, over and over. */

static void ask(struct perf_sock *s, const void *part, long count)
{
	while (count--) {
		send_message(s, part);
		recv_message(s);
	}
}

static void near_answers(int type)
{
	struct perf_sock *s = open_bound(type, PERF_HWM);
	void *part = perf_alloc(perf_job.size);
	long count = perf_job.warmup + perf_job.count;

	while (count--) {
		recv_message(s);
		send_message(s, part);
		perf_flush(s);
	}
	perf_meet();
	perf_driver.close(s);
}

static void far_asks(int type)
{
	struct perf_sock *s = open_connected(type, PERF_HWM);
	void *part = perf_alloc(perf_job.size);

	ask(s, part, perf_job.warmup);
	perf_begin();
	ask(s, part, perf_job.count);
	perf_end();
	perf_meet();
	perf_driver.close(s);
}

static void lat_near(void)
{
	near_answers(PERF_PAIR);
}

static void lat_far(void)
{
	far_asks(PERF_PAIR);
}

/* One way: there and back are two messages. */
static long lat_operations(void)
{
	return 2 * perf_job.count;
}

static void reqrep_near(void)
{
	near_answers(PERF_REP);
}

static void reqrep_far(void)
{
	far_asks(PERF_REQ);
}

/* As fast as it goes, one way. */

static void thr_near(void)
{
	struct perf_sock *s = open_bound(PERF_PULL, PERF_HWM);

	recv_messages(s, perf_job.warmup);
	perf_meet();
	recv_messages(s, perf_job.count);
	perf_end();
	perf_meet();
	perf_driver.close(s);
}

static void thr_far(void)
{
	struct perf_sock *s = open_connected(PERF_PUSH, PERF_HWM);
	void *part = perf_alloc(perf_job.size);
	long i;

	for (i = 0; i < perf_job.warmup; i++)
		send_message(s, part);
	perf_flush(s);
	perf_meet();
	perf_begin();
	for (i = 0; i < perf_job.count; i++)
		send_message(s, part);
	perf_flush(s);
	perf_meet();
	perf_driver.close(s);
}

/* A server of many requests under way. */

static void router_near(void)
{
	struct perf_sock *s = open_bound(PERF_ROUTER, PERF_HWM);
	long count = perf_job.warmup + perf_job.count;
	const void *part;
	char id[256];
	size_t len;
	bool more;

	while (count--) {
		part = perf_driver.recv(s, &len, &more);
		if (!more || len > sizeof(id))
			perf_die("routing id");
		memcpy(id, part, len);
		perf_driver.send(s, id, len, true);
		part = perf_driver.recv(s, &len, &more);
		perf_driver.send(s, part, len, more);
	}
	perf_flush(s);
	perf_meet();
	perf_driver.close(s);
}

static void dealer(struct perf_sock *s, const void *part, long count)
{
	long sent, received;

	for (sent = 0; sent < perf_job.window && sent < count; sent++)
		perf_driver.send(s, part, perf_job.size, false);
	for (received = 0; received < count; received++) {
		recv_message(s);
		if (sent++ < count)
			perf_driver.send(s, part, perf_job.size, false);
	}
}

static void dealer_far(void)
{
	struct perf_sock *s = open_connected(PERF_DEALER, PERF_HWM);
	void *part = perf_alloc(perf_job.size);

	dealer(s, part, perf_job.warmup);
	perf_begin();
	dealer(s, part, perf_job.count);
	perf_end();
	perf_meet();
	perf_driver.close(s);
}

const struct perf_scenario perf_lat = {
	.name = "lat",
	.near = lat_near,
	.far = lat_far,
	.operations = lat_operations,
};

const struct perf_scenario perf_thr = {
	.name = "thr",
	.near = thr_near,
	.far = thr_far,
};

const struct perf_scenario perf_reqrep = {
	.name = "reqrep",
	.near = reqrep_near,
	.far = reqrep_far,
};

const struct perf_scenario perf_dealer = {
	.name = "dealer",
	.near = router_near,
	.far = dealer_far,
};
