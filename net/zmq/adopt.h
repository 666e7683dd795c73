/* SPDX-License-Identifier: GPL-2.0 */
/* Descriptors that the user made: ZMQ_USE_FD. */
#ifndef _NET_ZMQ_ADOPT_H
#define _NET_ZMQ_ADOPT_H

#include "ep.h"

int zmq_adopt_listener(struct zmq_ep *ep);
void zmq_adopt_listen(struct zmq_ep *ep);
void zmq_adopt_unlisten(struct zmq_ep *ep);

#endif /* _NET_ZMQ_ADOPT_H */
