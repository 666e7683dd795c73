// SPDX-License-Identifier: GPL-2.0
/* The socket types there are. */
#include "type.h"

static const struct zmq_type *const zmq_types[] = {
	&zmq_pattern_pair,
	&zmq_pattern_pub,
	&zmq_pattern_sub,
	&zmq_pattern_req,
	&zmq_pattern_rep,
	&zmq_pattern_dealer,
	&zmq_pattern_router,
	&zmq_pattern_pull,
	&zmq_pattern_push,
	&zmq_pattern_stream,
	&zmq_pattern_xpub,
	&zmq_pattern_xsub,
	&zmq_pattern_radio,
	&zmq_pattern_dish,
	&zmq_pattern_dgram,
	&zmq_pattern_channel,
	&zmq_pattern_peer,
	&zmq_pattern_scatter,
	&zmq_pattern_gather,
	&zmq_pattern_client,
	&zmq_pattern_server,
};

const struct zmq_type *zmq_type_find(int protocol)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(zmq_types); i++)
		if (zmq_types[i]->id == protocol)
			return zmq_types[i];
	return NULL;
}

int zmq_type_bool(const u8 *val, size_t len)
{
	int on;

	if (len != sizeof(on))
		return -EINVAL;
	memcpy(&on, val, sizeof(on));
	return on == 0 || on == 1 ? on : -EINVAL;
}

int zmq_type_switch(const u8 *val, size_t len)
{
	int on;

	if (len != sizeof(on))
		return -EINVAL;
	memcpy(&on, val, sizeof(on));
	return on < 0 ? -EINVAL : !!on;
}
