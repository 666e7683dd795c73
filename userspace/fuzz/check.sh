#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh DIR ITERATIONS SEED TARGET...
#
# Runs the unit tests and the fuzz targets in DIR; prints TAP.  A test has
# TIMEOUT seconds.

dir=$1 iterations=$2 seed=$3
shift 3

n=0 failed=0

# test NAME COMMAND...
run()
{
	name=$1
	shift
	n=$((n + 1))
	if timeout "$TIMEOUT" "$@" >"$dir/output" 2>&1; then
		grep '^# ' "$dir/output"
		echo "ok $n $name"
	else
		code=$?
		tail -n 200 "$dir/output" | sed 's/^/# /'
		echo "not ok $n $name # exit code $code"
		failed=1
	fi
}

echo "TAP version 13"
echo "1..$(($# + 1))"
run "unit tests" "$dir/kunit"
for target; do
	run "$target, $iterations mutations" "$dir/$target" "$iterations" "$seed"
done
exit $failed
