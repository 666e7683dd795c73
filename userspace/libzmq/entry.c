// SPDX-License-Identifier: MPL-2.0
/*
 * The exported functions.  Each goes to this library's own zs_*(), or, where
 * there is no AF_ZMQ and ZMQ_SHIM_FALLBACK=1 asks for it, to the real libzmq.
 * The two do not agree on what is in a zmq_msg_t, so the choice is made once,
 * by the first call of any function.
 */
#include "shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MODE_UNDECIDED, MODE_NATIVE, MODE_FALLBACK };

static _Atomic int mode = MODE_UNDECIDED;
static pthread_once_t mode_once = PTHREAD_ONCE_INIT;
static struct zs_real real;

static bool fallback_wanted(void)
{
	const char *value = getenv("ZMQ_SHIM_FALLBACK");

	return value && !strcmp(value, "1");
}

/* Anything but "no such family", as too many open files, is no reason. */
static bool kernel_has_family(void)
{
	int fd = socket(zs_family(), SOCK_SEQPACKET | SOCK_CLOEXEC,
			ZMQ_AF_PAIR);

	if (fd < 0)
		return !zs_family_missing(errno);
	close(fd);
	return true;
}

static void mode_decide(void)
{
	int err = errno;
	int decided = MODE_NATIVE;

	if (fallback_wanted() && !kernel_has_family()) {
		if (zs_real_load(&real))
			decided = MODE_FALLBACK;
		else
			fprintf(stderr, ZS_NAME ": no other libzmq.so.5 found "
				"to fall back to\n");
	}
	atomic_store_explicit(&mode, decided, memory_order_release);
	errno = err;
}

static bool __attribute__((noinline, cold)) first_call_is_native(void)
{
	pthread_once(&mode_once, mode_decide);
	return atomic_load(&mode) == MODE_NATIVE;
}

static inline bool is_native(void)
{
	int now = atomic_load_explicit(&mode, memory_order_acquire);

	if (likely(now == MODE_NATIVE))
		return true;
	return now == MODE_UNDECIDED && first_call_is_native();
}

#define FN(ret, fail, name, params, args)	\
	ret zmq_##name params			\
	{					\
		if (likely(is_native()))	\
			return zs_##name args;	\
		if (real.fn_##name)		\
			return real.fn_##name args;	\
		errno = ENOTSUP;		\
		return fail;			\
	}

#define FN_VOID(name, params, args)		\
	void zmq_##name params			\
	{					\
		if (likely(is_native()))	\
			zs_##name args;		\
		else				\
			real.fn_##name args;	\
	}

#include "abi.h"
