/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp profiles: what is refused, what the filter decides (run by a small interpreter of BPF and
 * compared with libseccomp's own linear filter; and loaded for real in a child), and what the cache
 * believes.
 */
#include "runc/seccomp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/jsonx.h"

#define X86 AUDIT_ARCH_I386
#define X86_64 AUDIT_ARCH_X86_64
#define X32_BIT 0x40000000

#define ENOSYS_RET (SECCOMP_RET_ERRNO | ENOSYS)

static struct oci_seccomp parse(const char *text)
{
	struct oci_seccomp s = { 0 };
	struct sv_err err = { 0 };

	if (sv_json_parse(text, strlen(text), &s.profile, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

static void drop(struct oci_seccomp *s)
{
	json_object_put(s->profile);
}

/* Runs a classic BPF program of the shape that seccomp takes. */
static uint32_t decide(const struct sock_filter *code, size_t count,
		       const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < count; pc++) {
		const struct sock_filter *i = &code[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(i->k + 4 <= sizeof(*data));
			memcpy(&a, (const char *)data + i->k, 4);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += a & i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			fail_msg("unknown instruction %#x", i->code);
		}
	}
	fail_msg("the program has no end");
	return 0;
}

static uint32_t ask(const struct rc_filter *f, uint32_t arch, int nr, uint64_t arg0)
{
	struct seccomp_data data = { .nr = nr, .arch = arch, .args = { arg0 } };

	return decide(f->code, f->count, &data);
}

static struct rc_filter filter_of(const char *text)
{
	struct oci_seccomp s = parse(text);
	struct rc_filter f = { 0 };
	struct sv_err err = { 0 };

	s.listener_path = (char *)"/run/listener";
	if (rc_filter_get(&s, -1, &f, &err) < 0)
		fail_msg("%s", err.msg);
	drop(&s);
	return f;
}

/* A profile like the engines': two thirds of all names allowed, some by argument; as JSON, and as
 * libseccomp calls. */
static scmp_filter_ctx big_profile(struct sv_str *json, int *ret_highest)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	const char *sep = "";
	int highest = 0;

	assert_int_equal(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 1), 0);
	assert_int_equal(seccomp_arch_add(ctx, SCMP_ARCH_X86), 0);
	assert_int_equal(seccomp_arch_add(ctx, SCMP_ARCH_X32), 0);
	sv_str_add(json,
		   "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\","
		   "\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":[{\"action\":\"SCMP_ACT_"
		   "ALLOW\",\"names\":[");
	for (int nr = 0; nr < 440; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, nr);

		if (name && nr % 3 != 0 && strcmp(name, "personality") != 0 &&
		    strcmp(name, "clone") != 0) {
			assert_int_equal(seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
							  seccomp_syscall_resolve_name(name), 0),
					 0);
			sv_str_addf(json, "%s\"%s\"", sep, name);
			sep = ",";
			highest = nr;
		}
		free(name);
	}
	sv_str_add(json, ",\"no_such_call\"]}");
	for (unsigned v = 0; v < 4; v++) {
		assert_int_equal(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(personality), 1,
						  SCMP_A0_64(SCMP_CMP_EQ, v * 8)),
				 0);
		sv_str_addf(json,
			    ",{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":"
			    "[{\"index\":0,\"value\":%u,\"op\":\"SCMP_CMP_EQ\"}]}",
			    v * 8);
	}
	assert_int_equal(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
					  SCMP_A0_64(SCMP_CMP_MASKED_EQ, 2114060288, 0)),
			 0);
	sv_str_add(json,
		   ",{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
		   "\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}");
	assert_int_equal(
		seccomp_rule_add(ctx, SCMP_ACT_LOG, SCMP_SYS(poll), 1, SCMP_A1_64(SCMP_CMP_GT, 7)),
		0);
	sv_str_add(json,
		   ",{\"names\":[\"poll\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":1,"
		   "\"value\":7,\"op\":\"SCMP_CMP_GT\"}]}");
	sv_str_add(json, "]}");
	*ret_highest = highest;
	return ctx;
}

static void decisions_are_those_of_libseccomps_linear_filter(void **state)
{
#ifndef __x86_64__
	(void)state;
	skip();
#else
	static const uint32_t arches[] = { X86_64, X86, AUDIT_ARCH_ARM };
	static const uint64_t args[] = { 0, 1, 8, 24, 0x7e020000, 0x10000, 0xffffffff, 1ULL << 33 };
	autostr struct sv_str json = { 0 };
	static struct sock_filter linear[BPF_MAXINSNS];
	int highest = 0, fd = memfd_create("t", MFD_CLOEXEC);
	scmp_filter_ctx ctx = big_profile(&json, &highest);
	struct rc_filter f = filter_of(sv_str_text(&json));
	size_t count, newer = 0, same = 0;

	(void)state;
	assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
	count = (size_t)pread(fd, linear, sizeof(linear), 0) / sizeof(linear[0]);
	close(fd);
	seccomp_release(ctx);

	for (size_t a = 0; a < SV_COUNT(arches); a++) {
		for (int n = -1; n < 1200; n++) {
			for (size_t k = 0; k < SV_COUNT(args); k++) {
				struct seccomp_data data = {
					.arch = arches[a],
					.nr = n < 600 ? n : (n - 600) | X32_BIT,
					.args = { args[k], args[(k + 3) % SV_COUNT(args)] },
				};
				uint32_t want = decide(linear, count, &data),
					 got = decide(f.code, f.count, &data);

				if (got == want) {
					same++;
					continue;
				}
				/* Only calls newer than the profile, on the architectures that it
				 * has. */
				newer++;
				assert_int_equal(got, ENOSYS_RET);
				assert_int_equal(want, SECCOMP_RET_ERRNO | EPERM);
				assert_true(data.arch == X86_64 || data.arch == X86);
				assert_true(data.arch != X86_64 || (data.nr & ~X32_BIT) > highest ||
					    data.nr == -1);
				assert_true(data.arch != X86 || (unsigned)data.nr > 300);
			}
		}
	}
	assert_true(same > 20000 && newer > 1000);
	assert_int_equal(ask(&f, X86_64, highest, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask(&f, X86_64, highest + 3, 0), ENOSYS_RET);
	rc_filter_done(&f);
#endif
}

#define ALLOW_GETPID "{\"names\":[\"getpid\"],\"action\":\"SCMP_ACT_ALLOW\"}"

static void newer_calls_get_no_enosys_if_the_default_lets_them_through(void **state)
{
	static const char *const permissive[] = { "SCMP_ACT_ALLOW", "SCMP_ACT_LOG",
						  "SCMP_ACT_TRACE" };
	static const char *const strict[] = { "SCMP_ACT_ERRNO", "SCMP_ACT_TRAP", "SCMP_ACT_KILL",
					      "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS" };
	uint32_t native = seccomp_arch_native();
	struct rc_filter f;
	char text[400];

	(void)state;
	for (size_t i = 0; i < SV_COUNT(permissive); i++) {
		snprintf(text, sizeof(text),
			 "{\"defaultAction\":\"%s\",\"syscalls\":[{\"names\":[\"getpid\"],"
			 "\"action\":\"SCMP_ACT_KILL\"}]}",
			 permissive[i]);
		f = filter_of(text);
		assert_int_not_equal(ask(&f, native, 2000, 0), ENOSYS_RET);
		rc_filter_done(&f);
	}
	for (size_t i = 0; i < SV_COUNT(strict); i++) {
		snprintf(text, sizeof(text),
			 "{\"defaultAction\":\"%s\",\"syscalls\":[" ALLOW_GETPID "]}", strict[i]);
		f = filter_of(text);
		assert_int_equal(ask(&f, native, 2000, 0), ENOSYS_RET);
		assert_int_equal(ask(&f, native, SYS_getpid, 0), SECCOMP_RET_ALLOW);
		rc_filter_done(&f);
	}
}

static void actions_and_their_errnos(void **state)
{
	static const struct { const char *action, *more; uint32_t want; } rows[] = {
		{ "SCMP_ACT_KILL", "", SECCOMP_RET_KILL_THREAD },
		{ "SCMP_ACT_KILL_THREAD", "", SECCOMP_RET_KILL_THREAD },
		{ "SCMP_ACT_KILL_PROCESS", "", SECCOMP_RET_KILL_PROCESS },
		{ "SCMP_ACT_TRAP", "", SECCOMP_RET_TRAP },
		{ "SCMP_ACT_ERRNO", "", SECCOMP_RET_ERRNO | EPERM },
		{ "SCMP_ACT_ERRNO", ",\"errnoRet\":38", SECCOMP_RET_ERRNO | 38 },
		{ "SCMP_ACT_ERRNO", ",\"errnoRet\":0", SECCOMP_RET_ERRNO },
		{ "SCMP_ACT_TRACE", "", SECCOMP_RET_TRACE | EPERM },
		{ "SCMP_ACT_TRACE", ",\"errnoRet\":77", SECCOMP_RET_TRACE | 77 },
		{ "SCMP_ACT_LOG", "", SECCOMP_RET_LOG },
		{ "SCMP_ACT_NOTIFY", "", SECCOMP_RET_USER_NOTIF },
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		struct rc_filter f;
		char text[400];

		snprintf(text, sizeof(text),
			 "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":["
			 "\"getpid\"],"
			 "\"action\":\"%s\"%s}]}",
			 rows[i].action, rows[i].more);
		f = filter_of(text);
		assert_int_equal(ask(&f, seccomp_arch_native(), SYS_getpid, 0), rows[i].want);
		assert_int_equal(ask(&f, seccomp_arch_native(), SYS_getppid, 0), SECCOMP_RET_ALLOW);
		assert_int_equal(f.notify, strcmp(rows[i].action, "SCMP_ACT_NOTIFY") == 0);
		rc_filter_done(&f);
	}
}

static void default_errno_and_rules_equal_to_the_default(void **state)
{
	struct rc_filter f = filter_of(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":13,\"syscalls\":["
		"{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":13}"
		"," ALLOW_GETPID "," ALLOW_GETPID "]}");
	uint32_t native = seccomp_arch_native();

	(void)state;
	assert_int_equal(ask(&f, native, SYS_getppid, 0), SECCOMP_RET_ERRNO | 13);
	assert_int_equal(ask(&f, native, SYS_read, 0), SECCOMP_RET_ERRNO | 13);
	assert_int_equal(ask(&f, native, SYS_getpid, 0), SECCOMP_RET_ALLOW);
	rc_filter_done(&f);
}

static void profiles_without_rules_are_their_default(void **state)
{
	static const char *const texts[] = {
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\"}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":null,\"architectures\":[]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"no_such_call\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(texts); i++) {
		struct rc_filter f = filter_of(texts[i]);

		assert_int_equal(ask(&f, seccomp_arch_native(), SYS_getpid, 0),
				 SECCOMP_RET_ERRNO | EPERM);
		assert_int_equal(ask(&f, seccomp_arch_native(), 5000, 0),
				 SECCOMP_RET_ERRNO | EPERM);
		rc_filter_done(&f);
	}
}

static void every_operator_compares(void **state)
{
	static const struct { const char *op; uint64_t two, hit, miss; } rows[] = {
		{ "SCMP_CMP_EQ", 0, 10, 11 },	    { "SCMP_CMP_NE", 0, 11, 10 },
		{ "SCMP_CMP_LT", 0, 9, 10 },	    { "SCMP_CMP_LE", 0, 10, 11 },
		{ "SCMP_CMP_GT", 0, 11, 10 },	    { "SCMP_CMP_GE", 0, 10, 9 },
		{ "SCMP_CMP_MASKED_EQ", 2, 0xf6, 8 }, /* & 10 */
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		struct rc_filter f;
		char text[400];

		snprintf(text, sizeof(text),
			 "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"kill\"]"
			 ",\"action\":"
			 "\"SCMP_ACT_TRAP\",\"args\":[{\"index\":0,\"value\":10,\"valueTwo\":%d,"
			 "\"op\":\"%s\"}]}]}",
			 (int)rows[i].two, rows[i].op);
		f = filter_of(text);
		assert_int_equal(ask(&f, seccomp_arch_native(), SYS_kill, rows[i].hit),
				 SECCOMP_RET_TRAP);
		assert_int_equal(ask(&f, seccomp_arch_native(), SYS_kill, rows[i].miss),
				 SECCOMP_RET_ALLOW);
		rc_filter_done(&f);
	}
}

static void conditions_hold_together_unless_they_repeat_an_argument(void **state)
{
	struct seccomp_data d = { .nr = SYS_kill, .arch = seccomp_arch_native(), .args = { 1, 2 } };
	struct rc_filter f;

	(void)state;
	f = filter_of("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"kill\"],"
		      "\"action\":\"SCMP_ACT_TRAP\",\"args\":["
		      "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},{\"index\":1,\"value\":2,"
		      "\"op\":\"SCMP_CMP_EQ\"}]}]}");
	assert_int_equal(decide(f.code, f.count, &d), SECCOMP_RET_TRAP);
	d.args[1] = 3;
	assert_int_equal(decide(f.code, f.count, &d), SECCOMP_RET_ALLOW);
	rc_filter_done(&f);

	f = filter_of("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"kill\"],"
		      "\"action\":\"SCMP_ACT_TRAP\",\"args\":["
		      "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":5,"
		      "\"op\":\"SCMP_CMP_EQ\"}]}]}");
	assert_int_equal(decide(f.code, f.count, &d), SECCOMP_RET_TRAP);
	d.args[0] = 5;
	assert_int_equal(decide(f.code, f.count, &d), SECCOMP_RET_TRAP);
	d.args[0] = 6;
	assert_int_equal(decide(f.code, f.count, &d), SECCOMP_RET_ALLOW);
	rc_filter_done(&f);
}

static void flags_are_translated(void **state)
{
	static const struct { const char *more; unsigned want; } rows[] = {
		{ "", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ ",\"flags\":[]", 0 },
		{ ",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]", SECCOMP_FILTER_FLAG_LOG },
		{ ",\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\"]", 0 },
		{ ",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]", 0 },
		{ ",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"]",
		  SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ ",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],\"syscalls\":[{\"names\":[\"getpid\"],"
		  "\"action\":\"SCMP_ACT_NOTIFY\"}]", 1u << 5 },
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		struct rc_filter f;
		char text[400];

		snprintf(text, sizeof(text), "{\"defaultAction\":\"SCMP_ACT_ALLOW\"%s}",
			 rows[i].more);
		f = filter_of(text);
		assert_int_equal(f.flags, rows[i].want);
		rc_filter_done(&f);
	}
}

static void mistakes_are_told_with_their_place(void **state)
{
	static const struct { const char *text, *message; } rows[] = {
		{ "[]", "linux.seccomp: expected an object, found an array" },
		{ "{}", "linux.seccomp.defaultAction: missing: expected the name of an action" },
		{ "{\"defaultAction\":\"SCMP_ACT_X\"}", "linux.seccomp.defaultAction: unknown action 'SCMP_ACT_X'" },
		{ "{\"defaultAction\":7}", "linux.seccomp.defaultAction: expected the name of an action" },
		{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
		  "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default action" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1}",
		  "linux.seccomp.defaultErrnoRet: SCMP_ACT_ALLOW returns no errno" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}",
		  "linux.seccomp.defaultErrnoRet: expected a whole number from 0 to 4095, found 4096" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\",\"PDP11\"]}",
		  "linux.seccomp.architectures[1]: unknown architecture 'PDP11'" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"F\"]}", "linux.seccomp.flags[0]: unknown flag 'F'" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[" ALLOW_GETPID "," ALLOW_GETPID ",{\"action\":\"X\"}]}",
		  "linux.seccomp.syscalls[2].action: unknown action 'X'" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\",3],\"action\":\"SCMP_ACT_LOG\"}]}",
		  "linux.seccomp.syscalls[0].names[1]: expected the name of a system call" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"write\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
		  "linux.seccomp.syscalls[0].names[0]: SCMP_ACT_NOTIFY cannot be used for write" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
		  "linux.seccomp.listenerPath: missing, but SCMP_ACT_NOTIFY is used" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\",\"args\":["
		  "{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		  "linux.seccomp.syscalls[0].args[0].index: expected a whole number from 0 to 5, found 6" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\",\"args\":["
		  "{\"index\":1,\"value\":1,\"op\":\"==\"}]}]}",
		  "linux.seccomp.syscalls[0].args[0].op: unknown operator '=='" },
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\",\"args\":["
		  "{\"index\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		  "linux.seccomp.syscalls[0].args[0].value: missing: expected what to compare with" },
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		struct oci_seccomp s = parse(rows[i].text);
		struct rc_filter f = { 0 };
		struct sv_err err = { 0 };

		assert_int_equal(rc_filter_check(&s, &err), -EINVAL);
		assert_string_equal(err.msg, rows[i].message);
		err = (struct sv_err){ 0 };
		assert_int_equal(rc_filter_get(&s, -1, &f, &err), -EINVAL);
		assert_null(f.code);
		drop(&s);
	}
}

static void filter_that_is_too_long_is_refused(void **state)
{
	autostr struct sv_str text = { 0 };
	struct rc_filter f = { 0 };
	struct sv_err err = { 0 };
	struct oci_seccomp s;

	(void)state;
	sv_str_add(&text, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[");
	for (int i = 0; i < 4500; i++)
		sv_str_addf(&text,
			    "%s{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{"
			    "\"index\":0,\"value\":%d,"
			    "\"op\":\"SCMP_CMP_EQ\"}]}",
			    i ? "," : "", i * 2);
	sv_str_add(&text, "]}");
	s = parse(sv_str_text(&text));
	assert_int_equal(rc_filter_get(&s, -1, &f, &err), -E2BIG);
	assert_non_null(strstr(err.msg, "the kernel takes at most 4096"));
	drop(&s);
}

/* The child's filter is the last word: each row is a call, made for real, and what it must give. */
static void loaded_filter_decides(void **state)
{
	static const char text[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
		"{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":77},"
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,"
		"\"value\":8,\"op\":\"SCMP_CMP_EQ\"}]},"
		"{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":5,\"args\":[{"
		"\"index\":1,\"value\":0,\"op\":\"SCMP_CMP_NE\"}]}]}";
	struct rc_filter f = filter_of(text);
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct sv_err err = { 0 };
		int notify = 0, bad = 0;

		bad |= prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0;
		bad |= (rc_filter_load(&f, &notify, &err) != 0 || notify != -1) << 1;
		bad |= (syscall(SYS_getppid) != -1 || errno != 77) << 2;
		bad |= (syscall(SYS_personality, 8UL) != -1 || errno != EPERM) << 3;
		bad |= (syscall(SYS_personality, 0xffffffffUL) == -1) << 4;
		bad |= (syscall(SYS_kill, getpid(), 0) != 0) << 5;
		bad |= (syscall(SYS_kill, getpid(), 10) != -1 || errno != 5) << 6;
		_exit(bad);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	rc_filter_done(&f);
}

static void loaded_listener_is_reported(void **state)
{
	struct rc_filter f =
		filter_of("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_"
			  "TSYNC\"],\"syscalls\":["
			  "{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}");
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct sv_err err = { 0 };
		int notify = -1;

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(rc_filter_load(&f, &notify, &err) != 0 || notify < 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	rc_filter_done(&f);
}

static void no_profile_is_no_filter(void **state)
{
	struct oci_seccomp none = { 0 };
	struct rc_filter f = { .count = 7 };
	struct sv_err err = { 0 };
	int notify = 0;

	(void)state;
	assert_int_equal(rc_filter_get(&none, -1, &f, &err), 0);
	assert_null(f.code);
	assert_int_equal(rc_filter_check(&none, &err), 0);
	assert_int_equal(rc_filter_load(&f, &notify, &err), 0);
	assert_int_equal(notify, -1);
}

/* ---- the cache */

static char cache_path[] = "/tmp/sv-cache-XXXXXX";

static int make_cache(void **state)
{
	strcpy(cache_path, "/tmp/sv-cache-XXXXXX");
	if (!mkdtemp(cache_path))
		return -1;
	*state = (void *)(intptr_t)open(cache_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

static int drop_cache(void **state)
{
	int dir = (int)(intptr_t)*state;
	DIR *d = fdopendir(dir);
	struct dirent *de;

	while ((de = readdir(d)))
		unlinkat(dir, de->d_name,
			 de->d_type == DT_DIR && de->d_name[0] != '.' ? AT_REMOVEDIR : 0);
	closedir(d);
	return rmdir(cache_path);
}

/* Number of files in the cache; NAME gets one of them. */
static int files(int dir, char name[256])
{
	DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY));
	struct dirent *de;
	int count = 0;

	while ((de = readdir(d))) {
		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		count++;
		if (name)
			strcpy(name, de->d_name);
	}
	closedir(d);
	return count;
}

static struct rc_filter get_cached(int dir, const char *text)
{
	struct oci_seccomp s = parse(text);
	struct rc_filter f = { 0 };
	struct sv_err err = { 0 };

	if (rc_filter_get(&s, dir, &f, &err) < 0)
		fail_msg("%s", err.msg);
	drop(&s);
	return f;
}

static const char small[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"flags\":[\"SECCOMP_FILTER_"
			    "FLAG_LOG\"],\"syscalls\":[" ALLOW_GETPID "]}";

static void check_same(const struct rc_filter *a, const struct rc_filter *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->notify, b->notify);
	assert_memory_equal(a->code, b->code, a->count * sizeof(*a->code));
}

static void second_time_comes_from_the_cache(void **state)
{
	int dir = (int)(intptr_t)*state;
	struct rc_filter cold = get_cached(dir, small), warm;
	struct stat st, after;
	char name[256];

	assert_int_equal(files(dir, name), 1);
	assert_int_equal(fstatat(dir, name, &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	warm = get_cached(dir, small);
	check_same(&cold, &warm);
	assert_int_equal(fstatat(dir, name, &after, 0), 0);
	assert_int_equal(st.st_ino, after.st_ino);
	rc_filter_done(&warm);
	rc_filter_done(&cold);
}

static void damaged_file_is_written_anew(void **state)
{
	int dir = (int)(intptr_t)*state;
	struct rc_filter cold = get_cached(dir, small);
	struct stat st;
	char name[256];

	assert_int_equal(files(dir, name), 1);
	assert_int_equal(fstatat(dir, name, &st, 0), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		struct stat before, after;
		struct rc_filter f;
		unsigned char byte;
		int fd;

		fd = openat(dir, name, O_RDWR);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x40;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		fstat(fd, &before);
		f = get_cached(dir, small);
		check_same(&cold, &f);
		rc_filter_done(&f);
		assert_int_equal(fstatat(dir, name, &after, 0), 0);
		assert_int_not_equal(before.st_ino, after.st_ino);
		close(fd);
	}
	rc_filter_done(&cold);
}

static void file_of_another_shape_is_not_believed(void **state)
{
	int dir = (int)(intptr_t)*state;
	struct rc_filter cold = get_cached(dir, small), f;
	struct stat st;
	char name[256];

	assert_int_equal(files(dir, name), 1);
	assert_int_equal(fchmodat(dir, name, 0644, 0), 0);
	f = get_cached(dir, small);
	check_same(&cold, &f);
	rc_filter_done(&f);
	assert_int_equal(fstatat(dir, name, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	assert_int_equal(renameat(dir, name, dir, "elsewhere"), 0);
	assert_int_equal(symlinkat("elsewhere", dir, name), 0);
	f = get_cached(dir, small);
	rc_filter_done(&f);
	assert_int_equal(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));

	assert_int_equal(unlinkat(dir, name, 0), 0);
	assert_int_equal(mkfifoat(dir, name, 0600), 0);
	f = get_cached(dir, small);
	check_same(&cold, &f);
	rc_filter_done(&f);
	rc_filter_done(&cold);
}

static void cache_that_cannot_be_used_costs_only_time(void **state)
{
	struct rc_filter f;
	int null = open("/dev/null", O_RDONLY);

	(void)state;
	f = get_cached(null, small);
	assert_non_null(f.code);
	rc_filter_done(&f);
	close(null);
}

static void cache_is_bounded(void **state)
{
	int dir = (int)(intptr_t)*state;
	char name[256];
	int fd;

	fd = openat(dir, ".new.1.0.0", O_CREAT | O_WRONLY, 0600);
	assert_int_equal(futimens(fd, (struct timespec[]){ { 1, 0 }, { 1, 0 } }), 0);
	close(fd);
	for (int i = 0; i < 80; i++) {
		struct rc_filter f;
		char text[200];

		snprintf(text, sizeof(text),
			 "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":%d}", i + 1);
		f = get_cached(dir, text);
		rc_filter_done(&f);
	}
	assert_int_equal(files(dir, name), 64);
}

static void features_are_json(void **state)
{
	autostr struct sv_str s = { 0 };
	struct json_object *doc = NULL, *list = NULL;
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_filter_features(&s), 0);
	assert_int_equal(sv_json_parse(s.text, s.len, &doc, &err), 0);
	assert_true(json_object_object_get_ex(doc, "actions", &list));
	assert_int_equal(json_object_array_length(list), 9);
	assert_true(json_object_object_get_ex(doc, "operators", &list));
	assert_int_equal(json_object_array_length(list), 7);
	assert_true(json_object_object_get_ex(doc, "archs", &list));
	assert_true(json_object_object_get_ex(doc, "knownFlags", &list));
	assert_int_equal(json_object_array_length(list), 4);
	assert_true(json_object_object_get_ex(doc, "supportedFlags", &list));
	assert_true(json_object_array_length(list) >= 3);
	json_object_put(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decisions_are_those_of_libseccomps_linear_filter),
		cmocka_unit_test(newer_calls_get_no_enosys_if_the_default_lets_them_through),
		cmocka_unit_test(actions_and_their_errnos),
		cmocka_unit_test(default_errno_and_rules_equal_to_the_default),
		cmocka_unit_test(profiles_without_rules_are_their_default),
		cmocka_unit_test(every_operator_compares),
		cmocka_unit_test(conditions_hold_together_unless_they_repeat_an_argument),
		cmocka_unit_test(flags_are_translated),
		cmocka_unit_test(mistakes_are_told_with_their_place),
		cmocka_unit_test(filter_that_is_too_long_is_refused),
		cmocka_unit_test(loaded_filter_decides),
		cmocka_unit_test(loaded_listener_is_reported),
		cmocka_unit_test(no_profile_is_no_filter),
		cmocka_unit_test_setup_teardown(second_time_comes_from_the_cache, make_cache, drop_cache),
		cmocka_unit_test_setup_teardown(damaged_file_is_written_anew, make_cache, drop_cache),
		cmocka_unit_test_setup_teardown(file_of_another_shape_is_not_believed, make_cache, drop_cache),
		cmocka_unit_test(cache_that_cannot_be_used_costs_only_time),
		cmocka_unit_test_setup_teardown(cache_is_bounded, make_cache, drop_cache),
		cmocka_unit_test(features_are_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
