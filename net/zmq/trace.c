// SPDX-License-Identifier: GPL-2.0
/* Trace events of AF_ZMQ. */
#define CREATE_TRACE_POINTS
#include "trace.h"
