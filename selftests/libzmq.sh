#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The library's own tests, against the module.  Output: TAP.
exec sh "$(dirname "$0")/../userspace/libzmq/tests/run.sh" "$AF_ZMQ_BUILD/libzmq"
