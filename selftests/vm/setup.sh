#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Installs the Debian packages that a purpose needs, quietly, only what is
# missing.
#
#	setup.sh PURPOSE...	build, vm, test, demo, bench, profile, debug, check, fuzz

set -u

packages() {
	case $1 in
	build) echo gcc kmod libc6-dev liburing-dev libzmq3-dev linux-headers-amd64 make pahole python3 ;;
	vm) echo busybox-static kmod qemu-system-x86 xz-utils ;;
	test)
		echo ffmpeg iproute2 keyutils libzmq5 libzmq-ffi-perl linux-source-6.1
		echo php-cli php-zmq python3-gevent python3-ipykernel python3-nbconvert
		echo python3-pytest python3-zmq xz-utils
		;;
	demo) echo libzmq5 python3-zmq ;;
	bench) echo libnanomsg-dev libnng-dev libzmq5 ;;
	fuzz) echo clang-14 libclang-rt-14-dev ;;
	profile) echo linux-perf ;;
	debug) echo bc bison flex libelf-dev libssl-dev linux-source-6.1 lz4 xz-utils ;;
	check) echo groff-base linux-source-6.1 man-db perl python3-docutils sparse xz-utils ;;
	*)
		echo "setup: unknown purpose $1" >&2
		exit 2
		;;
	esac
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]
}

missing=
for purpose; do
	for package in $(packages "$purpose"); do
		is_installed "$package" || missing="$missing $package"
	done
done
[ -z "$missing" ] && exit 0

if ! command -v apt-get > /dev/null; then
	echo "setup: not a Debian system: needed are the equivalents of$missing" >&2
	exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "setup: needs root, once: apt-get install --no-install-recommends$missing" >&2
	exit 1
fi

echo "setup: installing$missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install_missing() {
	# shellcheck disable=SC2086 # one word per package
	DEBIAN_FRONTEND=noninteractive timeout 900 apt-get -qq -y \
		-o DPkg::Lock::Timeout=600 --no-install-recommends \
		install $missing > "$log" 2>&1 < /dev/null
}
update_lists() {
	timeout 300 apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 \
		update > "$log" 2>&1 < /dev/null
}
install_missing || { update_lists && install_missing; } || {
	echo "setup: apt-get could not install$missing:" >&2
	tail -n 20 "$log" >&2
	exit 1
}
