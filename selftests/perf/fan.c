// SPDX-License-Identifier: GPL-2.0-only
/* Scenarios of many sockets and many subscriptions. */
#include <string.h>
#include <unistd.h>
#include "driver.h"
#include "ends.h"
#include "scenario.h"

#define TOPIC		8	/* bytes */
#define GROUPS		100	/* of subscribers that want the same messages */
#define KNOCK_US	20000

static size_t message_size(void)
{
	return perf_job.size < TOPIC ? TOPIC : perf_job.size;
}

static void make_topic(char *topic, unsigned long number)
{
	int i;

	for (i = TOPIC - 1; i >= 0; i--, number /= 10)
		topic[i] = '0' + number % 10;
}

/* The topic of a message. */
static long topic_of(long message)
{
	if (perf_job.subs > 1)
		return message * 7919 % perf_job.subs;
	switch (perf_job.match) {
	case 0:
		return GROUPS;
	case 1:
		return message % GROUPS;
	default:
		return 0;
	}
}

/* How many of some messages a subscriber gets. */
static long expected(int subscriber, long count)
{
	switch (perf_job.match) {
	case 0:
		return 0;
	case 1:
		return (count + GROUPS - 1 - subscriber % GROUPS) / GROUPS;
	default:
		return count;
	}
}

static void subscribe(struct perf_sock *s, int subscriber)
{
	char topic[TOPIC];
	int i;

	for (i = 0; i < perf_job.subs; i++) {
		make_topic(topic, perf_job.match == 1 ? subscriber % GROUPS : i);
		perf_driver.subscribe(s, topic, TOPIC);
	}
	/* The last: when it is known to the publisher all are. */
	perf_driver.subscribe(s, "S", 1);
}

static void publish(struct perf_sock *s, const char *first, char *message)
{
	memset(message, 0, message_size());
	strcpy(message, first);
	perf_driver.send(s, message, message_size(), false);
	perf_flush(s);
}

static void publish_many(struct perf_sock *s, char *message, long count)
{
	long i;

	for (i = 0; i < count; i++) {
		make_topic(message, topic_of(i));
		perf_driver.send(s, message, message_size(), false);
	}
	perf_flush(s);
}

static void fanout_near(void)
{
	struct perf_sock *s = perf_driver.open(PERF_PUB, 0);
	char *message = perf_alloc(message_size());

	perf_driver.bind(s);
	perf_meet();
	while (!perf_shared->ready) {
		publish(s, "S", message);
		usleep(KNOCK_US);
	}
	publish(s, "SE", message);
	publish_many(s, message, perf_job.warmup);
	perf_meet();
	perf_begin();
	publish_many(s, message, perf_job.count);
	if (!perf_job.match)
		perf_end();
	perf_meet();
	perf_driver.close(s);
}

/* Until the first message that starts with some text. */
static void recv_until(struct perf_sock *s, const char *first)
{
	const char *message;
	size_t len;

	do {
		message = perf_driver.recv(s, &len, NULL);
	} while (strncmp(message, first, strlen(first)));
}

static void recv_expected(struct perf_sock **subs, long count)
{
	size_t len;
	long n;
	int i;

	for (i = 0; i < perf_job.peers; i++)
		for (n = expected(i, count); n; n--)
			perf_driver.recv(subs[i], &len, NULL);
}

static void fanout_far(void)
{
	struct perf_sock **subs = perf_alloc(perf_job.peers * sizeof(*subs));
	int i;

	perf_meet();
	for (i = 0; i < perf_job.peers; i++) {
		subs[i] = perf_driver.open(PERF_SUB, 0);
		subscribe(subs[i], i);
		perf_driver.connect(subs[i]);
	}
	for (i = 0; i < perf_job.peers; i++)
		recv_until(subs[i], "S");
	perf_shared->ready = true;
	for (i = 0; i < perf_job.peers; i++)
		recv_until(subs[i], "SE");
	recv_expected(subs, perf_job.warmup);
	perf_meet();
	recv_expected(subs, perf_job.count);
	if (perf_job.match)
		perf_end();
	perf_meet();
	for (i = 0; i < perf_job.peers; i++)
		perf_driver.close(subs[i]);
}

/* Deliveries; publications where not all get everything. */
static long fanout_operations(void)
{
	return perf_job.match == 100 ? perf_job.count * perf_job.peers : perf_job.count;
}

const struct perf_scenario perf_fanout = {
	.name = "fanout",
	.near = fanout_near,
	.far = fanout_far,
	.operations = fanout_operations,
};

/* Many pushers, one puller. */

static void fanin_near(void)
{
	struct perf_sock *s = perf_driver.open(PERF_PULL, PERF_HWM);
	size_t len;
	long i;

	perf_driver.bind(s);
	perf_meet();
	for (i = 0; i < perf_job.peers; i++)
		perf_driver.recv(s, &len, NULL);
	perf_meet();
	for (i = 0; i < perf_job.count; i++)
		perf_driver.recv(s, &len, NULL);
	perf_end();
	perf_meet();
	perf_driver.close(s);
}

static void push_many(struct perf_sock **pushers, const void *part, long count)
{
	long i;

	for (i = 0; i < count; i++)
		perf_driver.send(pushers[i % perf_job.peers], part, perf_job.size, false);
	for (i = 0; i < perf_job.peers; i++)
		perf_flush(pushers[i]);
}

static void fanin_far(void)
{
	struct perf_sock **pushers = perf_alloc(perf_job.peers * sizeof(*pushers));
	void *part = perf_alloc(perf_job.size);
	int i;

	perf_meet();
	for (i = 0; i < perf_job.peers; i++) {
		pushers[i] = perf_driver.open(PERF_PUSH, PERF_HWM);
		perf_driver.connect(pushers[i]);
	}
	push_many(pushers, part, perf_job.peers);
	perf_meet();
	perf_begin();
	push_many(pushers, part, perf_job.count);
	perf_meet();
	for (i = 0; i < perf_job.peers; i++)
		perf_driver.close(pushers[i]);
}

const struct perf_scenario perf_fanin = {
	.name = "fanin",
	.near = fanin_near,
	.far = fanin_far,
};

/* The cost of subscribing: until the publisher's user has heard of it. */

static void subscribe_near(void)
{
	struct perf_sock *s = perf_driver.open(PERF_XPUB, 0);
	size_t len;
	long i;

	perf_driver.bind(s);
	perf_meet();
	for (i = 0; i < perf_job.warmup; i++)
		perf_driver.recv(s, &len, NULL);
	perf_meet();
	for (i = 0; i < perf_job.count; i++)
		perf_driver.recv(s, &len, NULL);
	perf_end();
	perf_meet();
	perf_driver.close(s);
}

static void subscribe_far(void)
{
	struct perf_sock *s = perf_driver.open(PERF_SUB, 0);
	char topic[TOPIC];
	long i;

	perf_meet();
	perf_driver.connect(s);
	for (i = 0; i < perf_job.warmup + perf_job.count; i++) {
		if (i == perf_job.warmup) {
			perf_meet();
			perf_begin();
		}
		make_topic(topic, i);
		perf_driver.subscribe(s, topic, TOPIC);
	}
	perf_meet();
	perf_driver.close(s);
}

const struct perf_scenario perf_subscribe = {
	.name = "subscribe",
	.near = subscribe_near,
	.far = subscribe_far,
};
