/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PERF_SCENARIO_H
#define PERF_SCENARIO_H

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

const struct perf_scenario *perf_scenario_find(const char *name);

#endif /* PERF_SCENARIO_H */
