/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Peers by number or name: of the draft types, and what ROUTER can be asked.
 * By system calls, or by our library; an installed libzmq has no drafts.
 */
#ifndef _SELFTESTS_ZS_PEER_H
#define _SELFTESTS_ZS_PEER_H

#include <stdint.h>
#include "zs.h"

/* Draft types. */
#ifndef ZMQ_SERVER
#define ZMQ_SERVER	12
#define ZMQ_CLIENT	13
#define ZMQ_GATHER	16
#define ZMQ_SCATTER	17
#define ZMQ_PEER	19
#define ZMQ_CHANNEL	20
#endif

#ifndef ZMQ_ROUTER_NOTIFY
#define ZMQ_ROUTER_NOTIFY	97
#define ZMQ_NOTIFY_CONNECT	1
#define ZMQ_NOTIFY_DISCONNECT	2
#endif

#ifndef ZMQ_HELLO_MSG
#define ZMQ_HELLO_MSG		110
#define ZMQ_DISCONNECT_MSG	111
#define ZMQ_HICCUP_MSG		114
#endif

ssize_t zs_send_to(struct zs *s, const void *buf, size_t len, int flags,
		   uint32_t to);
ssize_t zs_recv_from(struct zs *s, void *buf, size_t len, int flags,
		     uint32_t *from);
uint32_t zs_connect_peer(struct zs *s, const char *endpoint);
int zs_disconnect_peer(struct zs *s, uint32_t peer);
int zs_peer_state(struct zs *s, const void *id, size_t len);

#endif /* _SELFTESTS_ZS_PEER_H */
