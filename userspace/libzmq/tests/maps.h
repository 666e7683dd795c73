/* SPDX-License-Identifier: MPL-2.0 */
/* The rings of this process. */
#ifndef ZS_MAPS_H
#define ZS_MAPS_H

#include <linux/zmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first of them, or NULL; @count, unless NULL, gets how many there are. */
static inline struct zmq_af_ring *find_ring(int *count)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	void *found = NULL;
	char line[512];
	int n = 0;

	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, "socket:[") && !n++)
			found = (void *)strtoul(line, NULL, 16);
	if (maps)
		fclose(maps);
	if (count)
		*count = n;
	return found;
}

#endif /* ZS_MAPS_H */
