#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# The exported ABI: abi.sh LIBRARY EXPORTS
#
# LIBRARY must export what is in EXPORTS (made from abi.h) and nothing else,
# without symbol versions; among it all that the installed libzmq.so.5 does.
set -u
lib=$1
exports=$2
real=$(readlink -f "$(${CC:-cc} -print-file-name=libzmq.so.5)")
n=0
failed=0

ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

symbols() {
	nm -D --defined-only "$1" | awk '{ print $NF }' | LC_ALL=C sort
}

# Lines of the first list that are not in the second; true if there are none.
missing() {
	! LC_ALL=C comm -23 "$1" "$2" | sed 's/^/# /' | grep .
}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
symbols "$lib" > "$tmp/ours"
symbols "$real" > "$tmp/real"

echo "TAP version 13"
echo "1..6"
missing "$exports" "$tmp/ours"
ok $? "all functions of abi.h are exported"
missing "$tmp/ours" "$exports"
ok $? "nothing else is"
[ "$(wc -l < "$exports")" -eq 97 ]
ok $? "there are 97"
[ -s "$tmp/real" ] && missing "$tmp/real" "$tmp/ours"
ok $? "all $(wc -l < "$tmp/real") functions of $real are among them"
readelf -d "$lib" | grep -q 'SONAME.*\[libzmq\.so\.5\]'
ok $? "soname libzmq.so.5"
! readelf -d "$lib" | grep NEEDED | grep -vE '\[(libc\.so\.6|libgcc_s\.so\.1)\]'
ok $? "needs the C library and the compiler's support library only"
exit $failed
