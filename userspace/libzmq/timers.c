// SPDX-License-Identifier: MPL-2.0
/*
 * zmq_timers: a list of periodic timers, soonest first, that the client runs
 * by calling zmq_timers_execute().  For one thread, and handlers may do
 * anything to the timers except destroy them.
 */
#include "shim.h"

#include <stdlib.h>

#define ZS_TIMERS_TAG	0xcafedadau

/**
 * struct zs_timer - one timer
 * @next: the next one due
 * @id: what the user calls it
 * @interval: ms
 * @due: time of zs_now_ms()
 * @round: of zmq_timers_execute() that last ran or made it
 * @handler: the user's function
 * @arg: and its argument
 */
struct zs_timer {
	struct zs_timer	*next;
	int		id;
	size_t		interval;
	int64_t		due;
	unsigned int	round;
	zmq_timer_fn	*handler;
	void		*arg;
};

/**
 * struct zs_timers - what the handle points to
 * @tag: ZS_TIMERS_TAG until destroyed
 * @last_id: given to a timer
 * @round: count of zmq_timers_execute()
 * @head: soonest timer
 */
struct zs_timers {
	uint32_t	tag;
	int		last_id;
	unsigned int	round;
	struct zs_timer	*head;
};

/* The timers of a handle, or NULL and EFAULT. */
static struct zs_timers *timers_get(void *handle)
{
	struct zs_timers *ts = handle;

	if (ts && ts->tag == ZS_TIMERS_TAG)
		return ts;
	errno = EFAULT;
	return NULL;
}

void *zs_timers_new(void)
{
	struct zs_timers *ts = calloc(1, sizeof(*ts));

	if (ts)
		ts->tag = ZS_TIMERS_TAG;
	return ts;
}

int zs_timers_destroy(void **handle)
{
	struct zs_timers *ts = timers_get(handle ? *handle : NULL);
	struct zs_timer *t;

	if (!ts)
		return -1;
	while ((t = ts->head)) {
		ts->head = t->next;
		free(t);
	}
	ts->tag = 0;
	free(ts);
	*handle = NULL;
	return 0;
}

/* Put a timer in its place, behind those due at the same time. */
static void timer_insert(struct zs_timers *ts, struct zs_timer *t)
{
	struct zs_timer **link = &ts->head;

	t->due = zs_now_ms() + (int64_t)t->interval;
	while (*link && (*link)->due <= t->due)
		link = &(*link)->next;
	t->next = *link;
	*link = t;
}

/* Take a timer out; NULL and EINVAL if there is none of this id. */
static struct zs_timer *timer_remove(struct zs_timers *ts, int id)
{
	struct zs_timer **link = &ts->head;
	struct zs_timer *t;

	for (; (t = *link); link = &t->next) {
		if (t->id == id) {
			*link = t->next;
			return t;
		}
	}
	errno = EINVAL;
	return NULL;
}

/* Its id, counting from 1. */
int zs_timers_add(void *handle, size_t interval, zmq_timer_fn *handler,
		  void *arg)
{
	struct zs_timers *ts = timers_get(handle);
	struct zs_timer *t;

	if (!ts)
		return -1;
	if (!handler)
		return zs_fail(EFAULT);
	t = malloc(sizeof(*t));
	if (!t)
		return -1;
	t->id = ++ts->last_id;
	t->interval = interval;
	t->round = ts->round;
	t->handler = handler;
	t->arg = arg;
	timer_insert(ts, t);
	return t->id;
}

int zs_timers_cancel(void *handle, int id)
{
	struct zs_timers *ts = timers_get(handle);
	struct zs_timer *t = ts ? timer_remove(ts, id) : NULL;

	if (!t)
		return -1;
	free(t);
	return 0;
}

int zs_timers_set_interval(void *handle, int id, size_t interval)
{
	struct zs_timers *ts = timers_get(handle);
	struct zs_timer *t = ts ? timer_remove(ts, id) : NULL;

	if (!t)
		return -1;
	t->interval = interval;
	timer_insert(ts, t);
	return 0;
}

int zs_timers_reset(void *handle, int id)
{
	struct zs_timers *ts = timers_get(handle);
	struct zs_timer *t = ts ? timer_remove(ts, id) : NULL;

	if (!t)
		return -1;
	timer_insert(ts, t);
	return 0;
}

/* Milliseconds to the next timer, -1 if there is none. */
long zs_timers_timeout(void *handle)
{
	struct zs_timers *ts = timers_get(handle);

	return ts && ts->head ? zs_ms_left(ts->head->due) : -1;
}

/* The next timer to run in this round: due, and not run or made in it. */
static struct zs_timer *timer_due(struct zs_timers *ts, int64_t now)
{
	struct zs_timer *t;

	for (t = ts->head; t && t->due <= now; t = t->next)
		if (t->round != ts->round)
			return t;
	return NULL;
}

/*
 * Run what is due.  A timer is armed again before its handler runs, so that
 * the handler can cancel or change it like any other.
 */
int zs_timers_execute(void *handle)
{
	struct zs_timers *ts = timers_get(handle);
	int64_t now = zs_now_ms();
	struct zs_timer *t;

	if (!ts)
		return -1;
	ts->round++;
	while ((t = timer_due(ts, now))) {
		zmq_timer_fn *handler = t->handler;
		void *arg = t->arg;
		int id = t->id;

		t->round = ts->round;
		timer_remove(ts, id);
		timer_insert(ts, t);
		handler(id, arg);
	}
	return 0;
}
