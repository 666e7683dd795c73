# SPDX-License-Identifier: GPL-2.0-only
"""Many small programs, each of which prints what it saw.

Results and errnos, never times: what the installed libzmq prints and what ours
prints under LD_PRELOAD is the same.  transcript.py compares.  Each scenario is a
process of its own, so that one may hang or die without the rest.
"""
