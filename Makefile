# SPDX-License-Identifier: GPL-2.0-only
#
# "make help" says what there is.  All output goes below build/: the module of
# each kernel to build/<kernel release>/, programs beside them.

MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

KERNEL ?= 6.1
# How much long and random tests do: seconds that they go on, what their random
# numbers begin with, messages (netem), peers (hostile), rounds (kill).
SECONDS ?=
SEED ?=
MESSAGES ?=
CONNECTIONS ?=
ROUNDS ?=
# Seconds, for a whole run in the virtual machine.
TIMEOUT ?= $(shell echo $$(($(if $(filter debug kcsan,$(KERNEL)),7200,3700) + 10 * $(or $(SECONDS),0) + \
	($(or $(MESSAGES),0) + $(or $(CONNECTIONS),0)) / 5 + 20 * $(or $(ROUNDS),0))))
TESTS ?=
# More of the virtual machine's kernel command line, as kmemleak=on.
APPEND ?=
LIVE ?=

# As many jobs as processors, unless told otherwise.
JOBS = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

BUILD := $(CURDIR)/build
VM := selftests/vm/vm.py
SETUP := selftests/vm/setup.sh

$(foreach name,SECONDS SEED MESSAGES CONNECTIONS ROUNDS,\
	$(if $($(name)),$(eval export AF_ZMQ_$(name) := $($(name)))))

# Newest installed headers of a plain kernel, unless told otherwise.
KDIR ?= $(shell ls -d /lib/modules/*/build/ /usr/src/linux-headers-*/ 2>/dev/null | \
	grep -vE -- '-(cloud|rt)-|-common' | \
	awk -F/ '{ r = $$4 == "build" ? $$3 : $$0; gsub(/.*linux-headers-|\//, "", r); print r, $$0 }' | \
	sort -V | tail -n 1 | cut -d' ' -f2-)
RELEASE = $(shell cut -s -d'"' -f2 $(KDIR)/include/generated/utsrelease.h 2>/dev/null | head -n 1)
# Builds with other flags are kept apart: the unit tests', the checkers'.
VARIANT ?=
MODULE_FLAGS ?= $(if $(filter uml,$(KERNEL)),ARCH=um)
MODULE_DIR = $(BUILD)/$(RELEASE)$(VARIANT)
MODULE = $(MODULE_DIR)/af_zmq.ko

# How the kernel to run on is found - by the shell, after the packages are
# there - and how a command gets onto it.
ifneq ($(LIVE),)
FIND_KDIR := kdir=/lib/modules/$$(uname -r)/build
PURPOSE_VM :=
RUN :=
else
FIND_KDIR = kdir=$$($(VM) kernel --kernel $(KERNEL) build)
PURPOSE_VM = vm $(if $(filter debug kcsan uml,$(KERNEL)),debug)
RUN = $(VM) run --kernel $(KERNEL) --timeout $(TIMEOUT) --append "$(APPEND)" \
	--console $(BUILD)/console-$(KERNEL).log --
endif

## make			module for KDIR (default: newest installed headers), library, programs
all: module shim programs

packages:
	@$(SETUP) build

# The sources are linked into the build directory, so that kernels do not
# share object files.
module: | packages
	@test -n "$(RELEASE)" || { echo "no kernel headers in '$(KDIR)': run $(SETUP) build" >&2; exit 1; }
	@mkdir -p $(MODULE_DIR)/source
	@cp -rsf $(CURDIR)/Kbuild $(CURDIR)/net $(CURDIR)/include $(MODULE_DIR)/source/
	@find $(MODULE_DIR)/source -xtype l -delete
	$(MAKE) $(JOBS) -C $(KDIR) M=$(MODULE_DIR)/source $(MODULE_FLAGS) modules
	@cp -u $(MODULE_DIR)/source/net/zmq/*.ko $(MODULE_DIR)/

shim: | packages
	$(MAKE) $(JOBS) -C userspace/libzmq O=$(BUILD)/libzmq

programs: | packages
	$(MAKE) -C userspace/demo O=$(BUILD)/demo
	$(MAKE) -C userspace/examples O=$(BUILD)/examples

tests: | packages
	$(MAKE) $(JOBS) -C selftests O=$(BUILD)/selftests
	$(MAKE) $(JOBS) -C userspace/libzmq O=$(BUILD)/libzmq tests

## make test		all tests, in a virtual machine; KERNEL=6.1 (default), 6.12, debug or kcsan;
##			KERNEL=uml: 7.3 with checkers, as User-mode Linux;
##			TESTS="pattern ..." for some of them; LIVE=1 on the running kernel;
##			KERNEL=debug APPEND=kmemleak=on also looks for leaks;
##			AGAIN=1 gives what fails a second chance, on busy machines;
##			RING=0 or 1: the library sends without rings, or always by them;
##			PREFETCH=0 or 1: it never receives ahead, or always;
##			COALESCE=0: messages never wait for each other;
##			SECONDS=n (3600 for longrun) and SEED=n for what is random,
##			MESSAGES=100000 TESTS=netem, CONNECTIONS=100000 TESTS=hostile,
##			ROUNDS=500 TESTS=kill
test:
	@$(SETUP) build test $(PURPOSE_VM)
	@$(FIND_KDIR) && $(MAKE) KDIR=$$kdir all tests && $(MAKE) KDIR=$$kdir run-tests

## make test-pyzmq	pyzmq's own tests under the library, part of "make test"
test-pyzmq:
	@$(MAKE) test TESTS=pyzmq.py

run-tests:
	$(RUN) env $(if $(RING),AF_ZMQ_RING=$(RING)) $(if $(PREFETCH),AF_ZMQ_PREFETCH=$(PREFETCH)) \
		$(if $(COALESCE),AF_ZMQ_COALESCE=$(COALESCE)) selftests/run.py --build $(BUILD) --module $(MODULE) $(if $(AGAIN),--again) $(TESTS)

## make demo		the ZeroMQ guide's first chapter through the kernel; LIVE=1 as above
demo:
	@$(SETUP) build demo $(PURPOSE_VM)
	@echo "demo: building the module, the library and the programs"
	@$(FIND_KDIR) && $(MAKE) -s KDIR=$$kdir all && $(MAKE) KDIR=$$kdir run-demo

run-demo: TIMEOUT := $(if $(filter debug kcsan,$(KERNEL)),1800,600)
run-demo:
	@color=; [ -t 1 ] && color=--color; \
	$(RUN) userspace/demo/demo.py --build $(BUILD) --module $(MODULE) $$color

## make bench		raw sockets, libzmq, AF_ZMQ and others side by side; QUICK=1 in five minutes;
##			ROWS="latency/tcp ..." for some rows, VIEW=instructions or wall for one view
bench:
	@$(SETUP) build vm bench
	@$(FIND_KDIR) && $(MAKE) -s KDIR=$$kdir module shim bench-programs && \
	selftests/perf/bench.py run --kernel $(KERNEL) $(if $(QUICK),--quick) \
		$(if $(VIEW),--view $(VIEW)) $(if $(REPEAT),--repeat $(REPEAT)) $(ROWS)

bench-programs: | packages
	$(MAKE) -C selftests/perf O=$(BUILD)/bench

.PHONY: bench-guard bench-profile
## make bench-guard	fails if AF_ZMQ has become slower; UPDATE=1 keeps what it is now
bench-guard:
	@$(SETUP) build vm bench
	@$(FIND_KDIR) && $(MAKE) -s KDIR=$$kdir module shim bench-programs && \
	selftests/perf/guard.py --kernel $(KERNEL) $(if $(UPDATE),--update)

## make bench-profile	which functions ROW="throughput/tcp/10" spends its instructions in;
##			LIBRARY=plain (default), packed, shim, libzmq, ...
bench-profile:
	@$(SETUP) build vm bench profile
	@$(FIND_KDIR) && $(MAKE) -s KDIR=$$kdir module shim bench-programs && \
	selftests/perf/profile.py --kernel $(KERNEL) --library $(or $(LIBRARY),plain) $(ROW)

## make kunit		the module's unit tests, in a debug kernel that has KUnit; KERNEL=uml in
##			User-mode Linux 7.3, for which it is built with W=1 -Werror
KUNIT_KERNEL := $(if $(filter uml,$(KERNEL)),uml,debug)
KUNIT_FLAGS := CONFIG_ZMQ_KUNIT_TEST=y $(if $(filter uml,$(KERNEL)),ARCH=um W=1 KCFLAGS=-Werror)
kunit: KERNEL := $(KUNIT_KERNEL)
kunit: TIMEOUT := 900
kunit:
	@$(SETUP) build vm debug
	@$(FIND_KDIR) && $(MAKE) KDIR=$$kdir VARIANT=-kunit MODULE_FLAGS="$(KUNIT_FLAGS)" module && \
	$(MAKE) KDIR=$$kdir VARIANT=-kunit KERNEL=$(KERNEL) TIMEOUT=$(TIMEOUT) run-kunit

run-kunit:
	$(RUN) selftests/kunit.py $(MODULE)

## make test-debug	all on kernels with checkers: unit tests (7.3, too), tests, leaks, objects
##			left, faults, data races. Takes hours where processors are emulated:
##			STAGES="kunit faults ..." for some; SECONDS=n and SEED=n as above
test-debug:
	@APPEND="$(APPEND)" selftests/debug.py --stages "$(STAGES)"

## make fuzz		the pure code under libFuzzer, SECONDS=90 for each of its seven
##			parts, as many at a time as there are processors
fuzz: SECONDS := 90
fuzz:
	@$(SETUP) build fuzz
	@$(MAKE) --no-print-directory $(JOBS) -C userspace/fuzz O=$(BUILD)/fuzz \
		SECONDS=$(SECONDS) fuzz-all

## make check		sparse, W=1 and checkpatch --strict: all must be silent
check:
	@$(SETUP) build vm check
	@selftests/check.py --build $(BUILD)

MAN_PAGES := $(patsubst Documentation/man/%.rst,$(BUILD)/man/%,$(wildcard Documentation/man/*.rst)) \
	$(BUILD)/man/af_zmq.7 $(BUILD)/man/zmq_socket_options.7

## make man		the manual pages, in build/man: man -l build/man/af_zmq.7
man: $(MAN_PAGES)

$(MAN_PAGES): $(BUILD)/man/%: Documentation/af_zmq.rst $(wildcard Documentation/man/*)
	@mkdir -p $(@D)
	Documentation/man/manual.py $* > $@

## make shell		a root shell in the virtual machine; KERNEL= as above
shell:
	@$(SETUP) build $(PURPOSE_VM)
	@$(VM) shell --kernel $(KERNEL)

## make modules_install	installs the module for KDIR's kernel
modules_install: module
	$(MAKE) -C $(KDIR) M=$(MODULE_DIR)/source modules_install

## make clean		removes build/ (kernels stay in ~/.cache/af_zmq)
clean:
	rm -rf $(BUILD)

## make help		this
help:
	@sed -n 's/^## //p; s/^##\t/\t/p' Makefile

.PHONY: all packages module shim programs tests man test test-pyzmq run-tests test-debug fuzz demo run-demo bench \
	bench-programs kunit run-kunit check shell \
	modules_install clean help
