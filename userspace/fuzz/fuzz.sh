#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# fuzz.sh DIR SECONDS TARGET...
#
# Runs DIR/TARGET-libfuzzer for that long each, as many at a time as there are
# processors; prints TAP, then totals.  They begin with what is in corpus/; an input
# that is new goes to DIR/TARGET-corpus, one that fails to DIR/TARGET-crash-... .

dir=$1 seconds=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
results=$(mktemp)
trap 'rm -f "$results"' EXIT

echo "TAP version 13"
echo "1..$#"
printf '%s\n' "$@" | SECONDS_EACH=$seconds HERE=$here DIR=$dir \
	xargs -P "$(nproc)" -I TARGET sh -c '
	cd "$DIR" && mkdir -p TARGET-corpus && kept=$HERE/corpus/TARGET
	[ -d "$kept" ] || kept=
	if ./TARGET-libfuzzer -max_total_time="$SECONDS_EACH" -print_final_stats=1 \
	   -artifact_prefix=TARGET- TARGET-corpus $kept >TARGET.log 2>&1; then
		inputs=$(sed -n "s/stat::number_of_executed_units: *//p" TARGET.log)
		echo "ok - TARGET, $inputs inputs"
	else
		tail -n 50 TARGET.log | sed "s/^/# /"
		echo "not ok - TARGET"
	fi' | tee "$results"
passed=$(grep -c '^ok' "$results")
echo "$passed passed, $(($# - passed)) failed"
[ "$passed" -eq $# ]
