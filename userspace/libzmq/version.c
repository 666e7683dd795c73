// SPDX-License-Identifier: MPL-2.0
/* Which libzmq this is, and what it can do. */
#include "shim.h"

#include <string.h>

/* The libzmq whose behaviour this library follows. */
#define ZS_VERSION_MAJOR	4
#define ZS_VERSION_MINOR	3
#define ZS_VERSION_PATCH	5

void zs_version(int *major, int *minor, int *patch)
{
	*major = ZS_VERSION_MAJOR;
	*minor = ZS_VERSION_MINOR;
	*patch = ZS_VERSION_PATCH;
}

/* "af_zmq" is our own, it tells this library from others. */
int zs_has(const char *capability)
{
	static const char * const has[] = { "ipc", "af_zmq" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(has); i++)
		if (capability && !strcmp(capability, has[i]))
			return 1;
	return 0;
}
