// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "scenario.h"

static const struct perf_scenario *const scenarios[] = {
	&perf_lat,
	&perf_thr,
	&perf_reqrep,
	&perf_dealer,
	&perf_fanout,
	&perf_fanin,
	&perf_subscribe,
	&perf_memory,
	&perf_idle,
};

const struct perf_scenario *perf_scenario_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++)
		if (!strcmp(scenarios[i]->name, name))
			return scenarios[i];
	return NULL;
}
