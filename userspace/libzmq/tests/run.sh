#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Run all tests, as one TAP stream: run.sh BUILD
#
# BUILD is the library's build directory.  Tests that hold for every libzmq
# are run with the installed one first.  What needs sockets is skipped if the
# kernel has no AF_ZMQ; what needs a kernel without, if it has.
set -u
here=$(dirname "$0")
build=$1
common="args endpoints events helpers messages msg prefetch"
ours="draft nofamily ours metas"
total=0
failed=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export TMPDIR="$tmp"

# Run a command, a test of this name: its results become ours.
run() {
	name=$1
	shift
	timeout $((300 * ${AF_ZMQ_SLOW:-1})) "$@" > "$tmp/out"
	status=$?
	# A test that died has not given all the results it planned.
	planned=$(sed -n 's/^1\.\.//p' "$tmp/out")
	given=$(grep -cE '^(not )?ok ' "$tmp/out")
	awk -v name="$name" -v n="$total" '
		/^(not )?ok / { sub(/ok [0-9]+ -/, "ok " ++n " - " name ":") }
		/^TAP|^1\.\./ { next }
		{ print }' "$tmp/out"
	total=$((total + given))
	if [ "$given" -ne "${planned:-0}" ]; then
		total=$((total + 1))
		echo "not ok $total - $name: ended with $status"
	fi
	[ "$status" -eq 0 ] || failed=$((failed + 1))
}

echo "TAP version 13"
for t in $common; do
	run "$t (installed libzmq)" "$build/tests/$t"
	run "$t" env LD_LIBRARY_PATH="$build" "$build/tests/$t"
done
# Every receive that can be is done ahead, or those where it pays.
for how in 1 auto; do
	for t in events messages ours prefetch; do
		run "$t (AF_ZMQ_PREFETCH=$how)" env AF_ZMQ_PREFETCH=$how \
			LD_LIBRARY_PATH="$build" "$build/tests/$t"
	done
done
for t in $ours; do
	run "$t" env LD_LIBRARY_PATH="$build" "$build/tests/$t"
done
run ring env LD_LIBRARY_PATH="$build" AF_ZMQ_RING=1 "$build/tests/ring"
run bursts env -u AF_ZMQ_RING -u AF_ZMQ_PREFETCH LD_LIBRARY_PATH="$build" "$build/tests/bursts"
for ring in 0 1; do
	run "ours, AF_ZMQ_RING=$ring" env LD_LIBRARY_PATH="$build" \
		AF_ZMQ_RING=$ring "$build/tests/ours"
done
run abi sh "$here/abi.sh" "$build/libzmq.so.5" "$build/obj/exports"
# shellcheck disable=SC2086 # a list of words
run fallback sh "$here/fallback.sh" "$build" \
	$(for t in $common; do echo "$build/tests/$t"; done)
echo "1..$total"
[ "$failed" -eq 0 ]
