/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules. The program of v2 is run here by a small interpreter and must decide like the
 * sentence in the header: for each of read, write and mknod the last rule that matches decides,
 * and all that is asked for must be allowed.
 */
#include "runc/cgroup_devices.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"

static struct oci_device_rule rule(bool allow, char type, int64_t major, int64_t minor,
				   const char *access)
{
	return (struct oci_device_rule){ .allow = allow,
					 .type = type,
					 .major = major,
					 .minor = minor,
					 .read = strchr(access, 'r') != NULL,
					 .write = strchr(access, 'w') != NULL,
					 .mknod = strchr(access, 'm') != NULL };
}

/* ---- v1 ---- */

static int v1(struct oci_device_rule *rules, size_t count, struct sv_str *s)
{
	struct oci_resources res = { .devices = rules, .n_devices = count };
	struct rc_limits l = { 0 };
	struct sv_err err = { 0 };
	int r = rc_devices_v1(&res, &l, &err);

	for (size_t i = 0; i < l.count; i++)
		sv_str_addf(s, "%s=%s;", l.items[i].file + strlen("devices."), l.items[i].value);
	rc_limits_done(&l);
	return r;
}

#define EXPECT_V1(want, ...)                                            \
	do {                                                            \
		struct oci_device_rule rules_[] = { __VA_ARGS__ };      \
		autostr struct sv_str s_ = { 0 };                       \
		assert_int_equal(v1(rules_, SV_COUNT(rules_), &s_), 0); \
		assert_string_equal(sv_str_text(&s_), want);            \
	} while (0)

static void v1_writes_a_default_and_its_exceptions(void **state)
{
	autostr struct sv_str none = { 0 };

	(void)state;
	assert_int_equal(v1(NULL, 0, &none), 0);
	assert_string_equal(sv_str_text(&none), "");
	/* What docker sends. */
	EXPECT_V1("deny=a;allow=c 1:5 rwm;allow=c 1:3 rwm;allow=c 136:* rwm;",
		  rule(false, 'a', -1, -1, "rwm"), rule(true, 'c', 1, 5, "rwm"),
		  rule(true, 'c', 1, 3, "rwm"), rule(true, 'c', 136, -1, "rwm"),
		  rule(false, 'c', 10, 229, "rwm"));
	/* What stood before a rule for everything is forgotten. */
	EXPECT_V1("deny=a;allow=b *:* m;", rule(true, 'c', 1, 5, "rwm"),
		  rule(false, 'a', -1, -1, "rwm"), rule(true, 'b', -1, -1, "m"));
	/* A list that does not begin with one begins with nothing allowed. */
	EXPECT_V1("deny=a;allow=c 1:5 rwm;", rule(true, 'c', 1, 5, "rwm"));
	/* Privileged. */
	EXPECT_V1("allow=a;", rule(false, 'a', -1, -1, "rwm"), rule(true, 'a', -1, -1, "rwm"));
	EXPECT_V1("allow=a;deny=b 8:0 w;", rule(true, 'a', -1, -1, "rwm"),
		  rule(false, 'b', 8, 0, "w"));
}

static void v1_joins_and_cuts_rules_of_one_device(void **state)
{
	(void)state;
	EXPECT_V1("deny=a;allow=c 1:5 rw;", rule(false, 'a', -1, -1, "rwm"),
		  rule(true, 'c', 1, 5, "r"), rule(true, 'c', 1, 5, "w"));
	EXPECT_V1("deny=a;allow=c 1:5 rm;", rule(false, 'a', -1, -1, "rwm"),
		  rule(true, 'c', 1, 5, "rwm"), rule(false, 'c', 1, 5, "w"));
	EXPECT_V1("deny=a;", rule(false, 'a', -1, -1, "rwm"), rule(true, 'c', 1, 5, "rwm"),
		  rule(false, 'c', 1, 5, "rwm"));
	/* A rule for both kinds that is not for everything. */
	EXPECT_V1("deny=a;allow=b 7:1 r;allow=c 7:1 r;", rule(true, 'a', 7, 1, "r"));
}

static void v1_refuses_what_it_cannot_say(void **state)
{
	struct oci_device_rule hole[] = { rule(true, 'c', 10, -1, "rwm"),
					  rule(false, 'c', 10, 229, "rwm") };
	autostr struct sv_str s = { 0 };

	(void)state;
	assert_int_equal(v1(hole, SV_COUNT(hole), &s), -EINVAL);
	/* But a node that cannot be opened is harmless. */
	EXPECT_V1("deny=a;allow=c *:* m;", rule(true, 'c', -1, -1, "m"),
		  rule(false, 'c', 10, 229, "rwm"));
}

/* ---- v2 ---- */

enum { R = BPF_DEVCG_ACC_READ, W = BPF_DEVCG_ACC_WRITE, M = BPF_DEVCG_ACC_MKNOD };

static int run(const struct bpf_insn *code, size_t count, const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t reg[11] = { 0 };

	for (size_t pc = 0, steps = 0; pc < count && steps < 100000; pc++, steps++) {
		const struct bpf_insn *i = &code[pc];
		uint32_t dst = (uint32_t)reg[i->dst_reg], imm = (uint32_t)i->imm;

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			assert_int_equal(i->src_reg, 1);
			memcpy(&dst, (const char *)ctx + i->off, sizeof(dst));
			reg[i->dst_reg] = dst;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			reg[i->dst_reg] = (uint32_t)reg[i->src_reg];
			break;
		case BPF_ALU | BPF_MOV | BPF_K:
			reg[i->dst_reg] = imm;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			reg[i->dst_reg] = dst & imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			reg[i->dst_reg] = dst >> imm;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			pc += dst != imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP32 | BPF_JSET | BPF_K:
			pc += dst & imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JA:
			pc += (size_t)i->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)reg[0];
		default:
			fail_msg("instruction %zu: code %02x", pc, i->code);
		}
	}
	fail_msg("the program does not end");
	return -1;
}

static bool meant(const struct oci_device_rule *rules, size_t count, char type, uint32_t major,
		  uint32_t minor, unsigned access)
{
	for (unsigned bit = 1; bit <= W; bit <<= 1) {
		bool allowed = false;

		if (!(access & bit))
			continue;
		for (size_t i = 0; i < count; i++) {
			const struct oci_device_rule *r = &rules[i];
			unsigned of = (r->read ? R : 0) | (r->write ? W : 0) | (r->mknod ? M : 0);

			if ((r->type == 'a' || r->type == type) &&
			    (r->major < 0 || r->major == major) &&
			    (r->minor < 0 || r->minor == minor) && of & bit)
				allowed = r->allow;
		}
		if (!allowed)
			return false;
	}
	return true;
}

static void check_program(struct oci_device_rule *rules, size_t count)
{
	struct oci_resources res = { .devices = rules, .n_devices = count };
	autofree struct bpf_insn *code = NULL;
	struct sv_err err = { 0 };
	size_t length;

	assert_int_equal(rc_devices_bpf(&res, &code, &length, &err), 0);
	for (int n = 0; n < 2 * 4 * 4 * 8; n++) {
		char type = n & 1 ? 'b' : 'c';
		uint32_t major = n >> 1 & 3, minor = n >> 3 & 3, access = n >> 5 & 7;
		struct bpf_cgroup_dev_ctx ctx = {
			.access_type = access << 16 |
				       (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
			.major = major,
			.minor = minor,
		};

		if (access)
			assert_int_equal(run(code, length, &ctx),
					 meant(rules, count, type, major, minor, access));
	}
}

static void v2_without_rules_has_no_program(void **state)
{
	struct oci_resources res = { 0 };
	struct bpf_insn *code = NULL;
	struct sv_err err = { 0 };
	size_t count = 1;

	(void)state;
	assert_int_equal(rc_devices_bpf(&res, &code, &count, &err), 0);
	assert_null(code);
	assert_int_equal(count, 0);
}

static void v2_decides_by_the_last_rule_that_matches(void **state)
{
	static const char *const accesses[] = { "r", "w", "m", "rw", "rm", "wm", "rwm", "rwm" };

	(void)state;
	srand(1);
	for (int round = 0; round < 2000; round++) {
		struct oci_device_rule rules[12];
		size_t count = 1 + (size_t)(rand() % 12);

		for (size_t i = 0; i < count; i++)
			rules[i] = rule(rand() & 1, "abcc"[rand() & 3], rand() % 5 - 1,
					rand() % 5 - 1, accesses[rand() & 7]);
		check_program(rules, count);
	}
}

static void v2_says_what_v1_cannot(void **state)
{
	struct oci_device_rule hole[] = { rule(true, 'c', 1, -1, "rwm"),
					  rule(false, 'c', 1, 3, "rw") };

	(void)state;
	check_program(hole, SV_COUNT(hole));
}

static void v2_ignores_numbers_that_no_device_has(void **state)
{
	struct oci_device_rule far[] = { rule(false, 'a', -1, -1, "rwm"),
					 rule(true, 'c', 1LL << 32, 0, "rwm") };

	(void)state;
	check_program(far, SV_COUNT(far));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v1_writes_a_default_and_its_exceptions),
		cmocka_unit_test(v1_joins_and_cuts_rules_of_one_device),
		cmocka_unit_test(v1_refuses_what_it_cannot_say),
		cmocka_unit_test(v2_without_rules_has_no_program),
		cmocka_unit_test(v2_decides_by_the_last_rule_that_matches),
		cmocka_unit_test(v2_says_what_v1_cannot),
		cmocka_unit_test(v2_ignores_numbers_that_no_device_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
