#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# ZMQ_SHIM_FALLBACK=1 without the module: fallback.sh DIR TESTS...
#
# DIR has libzmq.so.5; TESTS are test programs that hold for every libzmq.
set -u
dir=$1
shift
export ZMQ_SHIM_FALLBACK=1
n=0
failed=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

result() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

# Debian's pyzmq belongs to /usr/bin/python3; another may come first in PATH.
python=
for candidate in python3 /usr/bin/python3; do
	if "$candidate" -c 'import zmq' 2> /dev/null; then
		python=$candidate
		break
	fi
done

# REQ and REP over tcp; prints how many libzmq are in the process.
script='
import sys
import zmq
ctx = zmq.Context()
rep, req = ctx.socket(zmq.REP), ctx.socket(zmq.REQ)
rep.rcvtimeo = req.rcvtimeo = 10000
port = rep.bind_to_random_port("tcp://127.0.0.1")
req.connect("tcp://127.0.0.1:%d" % port)
big = b"x" * 100000
for part in b"", b"hello", big:
    req.send_multipart([b"envelope", part])
    rep.send_multipart(rep.recv_multipart()[::-1])
    assert req.recv_multipart() == [part, b"envelope"]
ctx.destroy()
with open("/proc/self/maps") as maps:
    print(len({line.split()[-1] for line in maps if "libzmq" in line}))
'

echo "TAP version 13"
echo "1..$(($# + 3))"
if [ -e /sys/module/af_zmq ]; then
	while [ $n -lt $(($# + 3)) ]; do
		n=$((n + 1))
		echo "ok $n - # SKIP the module is loaded"
	done
	exit 0
fi
for test in "$@"; do
	LD_LIBRARY_PATH=$dir "$test" > "$tmp/out"
	result $? "$(basename "$test") on the real library"
	grep -B 1 '^not ok' "$tmp/out" | sed 's/^/# /'
done

if [ -n "$python" ]; then
	for how in LD_PRELOAD="$dir/libzmq.so.5" LD_LIBRARY_PATH="$dir"; do
		loaded=$(env "$how" timeout 60 "$python" -c "$script")
		# Ours and the real one.
		[ "$loaded" = 2 ]
		result $? "pyzmq, ${how%%=*}"
	done
else
	result 0 "# SKIP no pyzmq"
	result 0 "# SKIP no pyzmq"
fi

# Nothing to fall back to but a copy of this library: must not take it.
cp "$dir/libzmq.so.5" "$tmp"
cat > "$tmp/t.py" <<EOF
import ctypes
lib = ctypes.CDLL("$dir/libzmq.so.5")
print(lib.zmq_has(b"af_zmq"), lib.zmq_has(b"curve"))
EOF
found=$(LD_LIBRARY_PATH=$tmp python3 "$tmp/t.py")
# The real one is found behind it.
[ "$found" = "0 1" ]
result $? "another copy of this library is passed over"
exit $failed
