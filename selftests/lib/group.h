/* SPDX-License-Identifier: GPL-2.0-only */
/* RADIO and DISH: groups are ancillary data, or our library's. */
#ifndef _SELFTESTS_GROUP_H
#define _SELFTESTS_GROUP_H

#include "zs.h"

#define RADIO	14
#define DISH	15

int group_join(struct zs *s, const char *group);
int group_leave(struct zs *s, const char *group);
ssize_t group_send(struct zs *s, const char *group, const void *buf,
		   size_t len, int flags);
int group_send_str(struct zs *s, const char *group, const char *body);
ssize_t group_recv(struct zs *s, char *group, void *buf, size_t len,
		   int flags);
bool group_recv_is(struct zs *s, const char *group, const char *body);

#endif /* _SELFTESTS_GROUP_H */
