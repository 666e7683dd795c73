#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Run all tests: run.sh BUILD "COMMON..." "OURS..."
#
# COMMON hold for every libzmq: each is run with the installed one first.
set -u
here=$(dirname "$0")
build=$1
common=$2
ours=$3
failed=

# Run a command, a test of this name.
run() {
	name=$1
	shift
	echo "# $name"
	timeout 300 "$@" || failed="$failed $name"
}

for t in $common; do
	run "$t, installed libzmq" "$build/tests/$t"
	run "$t" env LD_LIBRARY_PATH="$build" "$build/tests/$t"
done
for t in $ours; do
	run "$t" env LD_LIBRARY_PATH="$build" "$build/tests/$t"
done
run abi sh "$here/abi.sh" "$build/libzmq.so.5" "$build/obj/exports"
# shellcheck disable=SC2086 # a list of words
run fallback sh "$here/fallback.sh" "$build" \
	$(for t in $common; do echo "$build/tests/$t"; done)

[ -z "$failed" ] || echo "# FAILED:$failed"
[ -z "$failed" ]
