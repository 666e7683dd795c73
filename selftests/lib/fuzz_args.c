// SPDX-License-Identifier: GPL-2.0-only
/* Random arguments of system calls. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fuzz_args.h"
#include "kselftest.h"
#include "zs.h"

int fuzz_slots[FUZZ_SLOTS];
int fuzz_family;

/* xorshift64* */
unsigned int fuzz_pick(struct fuzzer *f, unsigned int below)
{
	f->state ^= f->state >> 12;
	f->state ^= f->state << 25;
	f->state ^= f->state >> 27;
	return (f->state * 0x2545f4914f6cdd1dULL >> 33) % below;
}

int fuzz_any_fd(struct fuzzer *f)
{
	return __atomic_load_n(&fuzz_slots[fuzz_pick(f, FUZZ_SLOTS)],
			       __ATOMIC_RELAXED);
}

void fuzz_keep_at(unsigned int slot, int fd)
{
	if (fd >= 0)
		fd = __atomic_exchange_n(&fuzz_slots[slot], fd,
					 __ATOMIC_SEQ_CST);
	if (fd >= 0)
		close(fd);
}

void fuzz_keep(struct fuzzer *f, int fd)
{
	fuzz_keep_at(FUZZ_PAIRED + fuzz_pick(f, FUZZ_SLOTS - FUZZ_PAIRED), fd);
}

/* A length: mostly short, sometimes what it must not be. */
size_t fuzz_any_len(struct fuzzer *f)
{
	switch (fuzz_pick(f, 16)) {
	case 0:
		return fuzz_pick(f, FUZZ_ROOM + 1);
	case 1:
		return (size_t)1 << fuzz_pick(f, 24);
	case 2:
		return fuzz_pick(f, 4) ? 0 : (size_t)-1 >> fuzz_pick(f, 64);
	default:
		return fuzz_pick(f, 300);
	}
}

/* Memory for so much, with something in it; or not quite. */
void *fuzz_any_room(struct fuzzer *f, size_t len)
{
	size_t i;

	switch (fuzz_pick(f, 64)) {
	case 0:
		return NULL;
	case 1:
		return f->room + FUZZ_ROOM - fuzz_pick(f, 64);
	case 2:
		return (void *)(-1UL << fuzz_pick(f, 64));
	}
	if (len > FUZZ_ROOM)
		len = FUZZ_ROOM;
	for (i = 0; i < len && i < 512; i++)
		f->room[FUZZ_ROOM - len + i] =
			fuzz_pick(f, 8) ? fuzz_pick(f, 4) : fuzz_pick(f, 256);
	return f->room + FUZZ_ROOM - len;
}

int fuzz_any_flags(struct fuzzer *f)
{
	static const int flags[] = {
		MSG_DONTWAIT,  MSG_DONTWAIT,	 MSG_MORE,	 MSG_EOR,
		MSG_PEEK,      MSG_TRUNC,	 MSG_WAITALL,	 MSG_ZMQ_PACKED,
		MSG_ZMQ_WHOLE, MSG_CMSG_CLOEXEC, MSG_WAITFORONE,
	};
	static const int odd[] = { MSG_OOB, MSG_ERRQUEUE, MSG_ZEROCOPY };
	int val = MSG_NOSIGNAL, i;

	for (i = fuzz_pick(f, 3); i > 0; i--)
		val |= flags[fuzz_pick(f, ARRAY_SIZE(flags))];
	if (!fuzz_pick(f, 20))
		val |= odd[fuzz_pick(f, ARRAY_SIZE(odd))];
	return fuzz_pick(f, 50) ? val : val | 1 << fuzz_pick(f, 32);
}

int fuzz_any_option(struct fuzzer *f)
{
	switch (fuzz_pick(f, 8)) {
	case 0:
		return ZMQ_AF_BASE + fuzz_pick(f, 16);
	case 1:
		return ZMQ_AF_BASE + fuzz_pick(f, 128);
	case 2:
		return fuzz_pick(f, 2) ? (int)fuzz_pick(f, 0x7fffffff) : -1;
	default:
		return fuzz_pick(f, 120);
	}
}

/* An endpoint, often one that others use, sometimes no endpoint. */
int fuzz_any_endpoint(struct fuzzer *f, char *endpoint, size_t size)
{
	int n = fuzz_pick(f, 4), len, i;

	switch (fuzz_pick(f, 9)) {
	case 0 ... 1:
		len = sprintf(endpoint, "tcp://127.0.0.1:%d", 21000 + n);
		break;
	case 2:
		len = sprintf(endpoint, "tcp://127.0.0.1:*");
		break;
	case 3:
		len = sprintf(endpoint, "ipc://" FUZZ_PLACE "/%d", n);
		break;
	case 4:
		len = sprintf(endpoint, "ipc://@af_zmq.fuzz.%d", n);
		break;
	case 5:
		len = sprintf(endpoint, "tcp://[::1]:%d", 21010 + n);
		break;
	case 6:
		len = sprintf(endpoint, "udp://127.0.0.1:%d", 21020 + n);
		break;
	default:
		len = sprintf(endpoint, "inproc://%d", n);
	}
	/* A host that is no number could be looked up: digits stay. */
	for (i = fuzz_pick(f, 12) ? 0 : 1 + fuzz_pick(f, 3); i > 0; i--)
		endpoint[fuzz_pick(f, len)] = "0:/*@.;-%"[fuzz_pick(f, 9)];
	if (!fuzz_pick(f, 30)) {
		memset(endpoint + len, '/', size - len);
		len = len + fuzz_pick(f, size - len);
	}
	endpoint[len] = 0;
	return len + (fuzz_pick(f, 2) ? 1 : 0);
}

/* Mostly those that find a partner. */
int fuzz_any_type(struct fuzzer *f)
{
	static const int types[] = {
		ZMQ_AF_PUSH,   ZMQ_AF_PULL, ZMQ_AF_PUB,
		ZMQ_AF_SUB,    ZMQ_AF_XPUB, ZMQ_AF_DEALER,
		ZMQ_AF_ROUTER, ZMQ_AF_REQ,  ZMQ_AF_REP,
	};

	return fuzz_pick(f, 3) ? types[fuzz_pick(f, ARRAY_SIZE(types))] :
				 (int)fuzz_pick(f, ZMQ_AF_CHANNEL + 1);
}
