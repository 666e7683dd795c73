/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PERF_SCENARIO_H
#define PERF_SCENARIO_H

/*
 * Each measures from a moment when nothing is under way to the moment when the
 * last message has been received: all the work of both ends for the messages
 * counted, and nothing else.
 */

/**
 * struct perf_scenario - what is measured
 * @name: on the command line
 * @near: one end; binds
 * @far: the other end; connects
 * @operations: what the time is divided by; NULL: perf_job.count
 */
struct perf_scenario {
	const char *name;
	void (*near)(void);
	void (*far)(void);
	long (*operations)(void);
};

extern const struct perf_scenario perf_lat, perf_thr, perf_reqrep, perf_dealer;
extern const struct perf_scenario perf_fanout, perf_fanin, perf_subscribe;
extern const struct perf_scenario perf_memory, perf_idle;

const struct perf_scenario *perf_scenario_find(const char *name);

#endif /* PERF_SCENARIO_H */
