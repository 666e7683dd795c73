/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions of our library that <zmq.h> declares for drafts only, or not at all. */
#ifndef _SELFTESTS_ZS_SHIM_H
#define _SELFTESTS_ZS_SHIM_H

void *zs_shim_symbol(const char *name);

/* Call zmq_@name, by its prototype. */
#define ZS_SHIM(ret, name, params) \
	((ret(*)params)zs_shim_symbol("zmq_" #name))

#endif /* _SELFTESTS_ZS_SHIM_H */
