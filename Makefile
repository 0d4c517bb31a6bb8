# SPDX-License-Identifier: Apache-2.0
# Sysvisor: every program is its directory under src/ plus the shared ones; a new file needs no edit here.
# Users own CC, CFLAGS, LDFLAGS, PREFIX, DESTDIR, V; words that begin with SV_ are ours.

CC      ?= cc
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr
DESTDIR ?=
O       ?= build

SV_VERSION  := 0.1.0
SV_SHARED   := base os oci ipc
SV_PROGRAMS := $(patsubst src/%/main.c,%,$(wildcard src/*/main.c))
SV_BINARIES := $(addprefix $(O)/bin/,$(addprefix sysvisor-,$(SV_PROGRAMS)))
SV_LIBEXEC  := $(PREFIX)/libexec/sysvisor
SV_CPPFLAGS := -Isrc -D_GNU_SOURCE -DSV_VERSION='"$(SV_VERSION)"' -DSV_LIBEXEC='"$(SV_LIBEXEC)"'
SV_CFLAGS   := -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wno-missing-field-initializers -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE $(SV_EXTRA)
SV_LDFLAGS  := -Wl,-z,relro,-z,now -Wl,--as-needed $(SV_EXTRA)
# The runtime starts often and lives briefly, so it is static: no loader, no relocation of libraries. Sanitizers need the shared libc.
SV_LINK_runc  := $(if $(findstring sanitize,$(SV_EXTRA)),-pie,-static-pie)
SV_LIBS_runc  := -lseccomp -ljson-c
SV_LINK_scope := -pie
SV_LIBS_scope := -ljson-c -lsystemd

SV_CORE     := $(patsubst %.c,$(O)/%.o,$(wildcard $(addprefix src/,$(addsuffix /*.c,$(SV_SHARED)))))
SV_UNITS    := $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/*.c))

ifeq ($(V),)
quiet = @printf '  %-6s %s\n' $(1) $(2);
endif

all: tools $(SV_BINARIES)			## build all programs into build/bin/

tools:						# what the compiler needs, installed only if missing and we may
	@tests/tools/deps build

$(O)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(SV_CPPFLAGS) $(CPPFLAGS) $(SV_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# No '%' here: make would put the stem in its place before the function sees it.
SV_OBJECTS = $(addprefix $(O)/,$(addsuffix .o,$(basename $(wildcard src/$(1)/*.c))))

.SECONDEXPANSION:
$(SV_BINARIES): $(O)/bin/sysvisor-%: $$(call SV_OBJECTS,$$*) $(SV_CORE)
	@mkdir -p $(@D)
	$(call quiet,LD,$@)$(CC) $(SV_LINK_$*) $(SV_LDFLAGS) $(LDFLAGS) -o $@ $^ $(SV_LIBS_$*)

# A unit test is linked with everything but the mains.
$(SV_UNITS): $(O)/unit/%: $(O)/tests/unit/%.o $(SV_CORE) $(patsubst %.c,$(O)/%.o,$(filter-out %/main.c,$(wildcard src/runc/*.c)))
	@mkdir -p $(@D)
	$(call quiet,LD,$@)$(CC) -pie $(SV_LDFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(SV_LIBS_runc)

units: $(SV_UNITS)				## build the unit tests

# Everything again with AddressSanitizer and UndefinedBehaviorSanitizer; the libraries stay as they are.
SV_SANITIZE := SV_EXTRA='-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer' \
	CFLAGS='-O1 -g' O=$(O)/sanitized
sanitized:					## build programs and unit tests with sanitizers
	+@$(MAKE) --no-print-directory $(SV_SANITIZE) all units

demo: all					## build, run a system container and show it from inside
	@tests/tools/deps demo
	@tests/demo $(O)/bin/sysvisor-runc

check: all					## build and run all unit and system tests on this host (root)
	@tests/tools/deps check
	+@$(MAKE) --no-print-directory units sanitized
	@tests/run --build $(O) --sanitized $(O)/sanitized

check-vm: all					## run the system tests in a Debian 12 machine (root)
	@tests/tools/deps vm
	@tests/vm/run --build $(O)

fuzz: all					## fuzz config.json for SECONDS (default 60)
	@tests/tools/deps check
	@tests/fuzz/run $(or $(SECONDS),60)

bench: all					## compare with crun and runc (root)
	@tests/tools/deps check
	@tests/bench/run $(O)/bin/sysvisor-runc

lint:						## the rules that a program can check
	@tests/tools/deps lint
	@tests/tools/lint

format:						## lay the sources out as .clang-format says
	clang-format -i $(wildcard src/*/*.c src/*/*.h)

install: all					## install below $(DESTDIR)$(PREFIX)
	install -D -m 755 $(O)/bin/sysvisor-runc $(DESTDIR)$(PREFIX)/bin/sysvisor-runc
	install -D -m 755 $(O)/bin/sysvisor-scope $(DESTDIR)$(SV_LIBEXEC)/sysvisor-scope
	install -D -m 644 src/runc/sysvisor-runc.8 $(DESTDIR)$(PREFIX)/share/man/man8/sysvisor-runc.8

help:						## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

clean:						## remove what was built
	rm -rf $(O)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
.PHONY: all tools units sanitized demo check check-vm fuzz bench lint format install help clean
.DELETE_ON_ERROR:
