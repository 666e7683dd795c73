// SPDX-License-Identifier: MPL-2.0
/* Errors: libzmq's numbers, and how the kernel's become them. */
#include "shim.h"

#include <string.h>

/* Set errno; always -1, for "return zs_fail(EINVAL)". */
int zs_fail(int err)
{
	errno = err;
	return -1;
}

/*
 * A call on an AF_ZMQ socket failed: turn the kernel's errno into libzmq's.
 * The kernel has none for libzmq's private ones, so these stand for them:
 * EBADFD for a REQ or REP used out of turn, ESHUTDOWN for a context shut
 * down.  EBADF is a handle whose socket stayed with the parent of a fork.
 */
int zs_fail_kernel(void)
{
	switch (errno) {
	case EBADFD:
		return zs_fail(EFSM);
	case ESHUTDOWN:
		return zs_fail(ETERM);
	case EBADF:
		return zs_fail(ENOTSOCK);
	case ENOPROTOOPT:
		return zs_fail(EINVAL);
	default:
		return -1;
	}
}

int zs_errno(void)
{
	return errno;
}

const char *zs_strerror(int num)
{
	switch (num) {
	case EFSM:
		return "Operation cannot be accomplished in current state";
	case ENOCOMPATPROTO:
		return "The protocol is not compatible with the socket type";
	case ETERM:
		return "Context was terminated";
	case EMTHREAD:
		return "No thread available";
	case EHOSTUNREACH:
		return "Host unreachable";
	default:
		return strerror(num);
	}
}
