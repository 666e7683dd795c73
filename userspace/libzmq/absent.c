// SPDX-License-Identifier: MPL-2.0
/*
 * Options of features that the kernel does not have: it refuses them with
 * EINVAL.  Clients of every libzmq may read them, and may set what switches
 * the feature off, which it is.  The day the kernel has the feature it does
 * not refuse any more, and nothing here is used.
 */
#include "shim.h"

#include <string.h>

/**
 * struct absent_option - one option
 * @option: ZMQ_PLAIN_SERVER etc.
 * @string: its value is a string, empty if the feature is off
 * @off: else an int, with this value if the feature is off
 */
struct absent_option {
	int	option;
	bool	string;
	int	off;
};

static const struct absent_option absent_options[] = {
	{ ZMQ_PLAIN_SERVER,	.off = 0 },
	{ ZMQ_PLAIN_USERNAME,	.string = true },
	{ ZMQ_PLAIN_PASSWORD,	.string = true },
	{ ZMQ_ZAP_DOMAIN,	.string = true },
	{ ZMQ_ZAP_ENFORCE_DOMAIN, .off = 0 },
};

static const struct absent_option *absent_find(int option)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(absent_options); i++)
		if (absent_options[i].option == option)
			return &absent_options[i];
	return NULL;
}

/* The kernel refused to set this: 0 if it is off anyway, or -1 and EINVAL. */
int zs_absent_set(int option, const void *value, size_t len)
{
	const struct absent_option *opt = absent_find(option);

	if (opt && opt->string && !len)
		return 0;
	if (opt && !opt->string && value && len == sizeof(opt->off) &&
	    !memcmp(value, &opt->off, len))
		return 0;
	return zs_fail(EINVAL);
}

/* The kernel refused to read this: what it is if off, or -1 and EINVAL. */
int zs_absent_get(int option, void *value, size_t *len)
{
	const struct absent_option *opt = absent_find(option);

	if (opt && opt->string && *len >= 1) {
		memset(value, 0, *len);
		*len = 1;
		return 0;
	}
	if (opt && !opt->string && *len == sizeof(opt->off)) {
		memcpy(value, &opt->off, *len);
		return 0;
	}
	return zs_fail(EINVAL);
}
