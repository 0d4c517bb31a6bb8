/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_profile.c - the words of linux.seccomp, as tables, and the reader that uses them. */
#include "runc/seccomp_profile.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/jsonx.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#define MAX_ERRNO 4095 /* the kernel clips what SECCOMP_RET_ERRNO returns to this */

struct word {
	const char *name;
	uint32_t value;
};

static const struct word actions[] = {
	{ "SCMP_ACT_ALLOW",		SCMP_ACT_ALLOW },
	{ "SCMP_ACT_ERRNO",		SCMP_ACT_ERRNO(0) },
	{ "SCMP_ACT_KILL",		SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS",	SCMP_ACT_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD",	SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_LOG",		SCMP_ACT_LOG },
	{ "SCMP_ACT_NOTIFY",		SCMP_ACT_NOTIFY },
	{ "SCMP_ACT_TRACE",		SCMP_ACT_TRACE(0) },
	{ "SCMP_ACT_TRAP",		SCMP_ACT_TRAP },
};

static const struct word operators[] = {
	{ "SCMP_CMP_EQ",	SCMP_CMP_EQ },
	{ "SCMP_CMP_GE",	SCMP_CMP_GE },
	{ "SCMP_CMP_GT",	SCMP_CMP_GT },
	{ "SCMP_CMP_LE",	SCMP_CMP_LE },
	{ "SCMP_CMP_LT",	SCMP_CMP_LT },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
	{ "SCMP_CMP_NE",	SCMP_CMP_NE },
};

/* Architectures newer than the oldest libseccomp we build with are there if its header has them. */
static const struct word arches[] = {
	{ "SCMP_ARCH_AARCH64",	   SCMP_ARCH_AARCH64 },
	{ "SCMP_ARCH_ARM",	   SCMP_ARCH_ARM },
#ifdef SCMP_ARCH_LOONGARCH64
	{ "SCMP_ARCH_LOONGARCH64", SCMP_ARCH_LOONGARCH64 },
#endif
#ifdef SCMP_ARCH_M68K
	{ "SCMP_ARCH_M68K",	   SCMP_ARCH_M68K },
#endif
	{ "SCMP_ARCH_MIPS",	   SCMP_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64",	   SCMP_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32",   SCMP_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL",	   SCMP_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64",	   SCMP_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PARISC",	   SCMP_ARCH_PARISC },
	{ "SCMP_ARCH_PARISC64",	   SCMP_ARCH_PARISC64 },
	{ "SCMP_ARCH_PPC",	   SCMP_ARCH_PPC },
	{ "SCMP_ARCH_PPC64",	   SCMP_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE",	   SCMP_ARCH_PPC64LE },
	{ "SCMP_ARCH_RISCV64",	   SCMP_ARCH_RISCV64 },
	{ "SCMP_ARCH_S390",	   SCMP_ARCH_S390 },
	{ "SCMP_ARCH_S390X",	   SCMP_ARCH_S390X },
#ifdef SCMP_ARCH_SH
	{ "SCMP_ARCH_SH",	   SCMP_ARCH_SH },
#endif
#ifdef SCMP_ARCH_SHEB
	{ "SCMP_ARCH_SHEB",	   SCMP_ARCH_SHEB },
#endif
	{ "SCMP_ARCH_X32",	   SCMP_ARCH_X32 },
	{ "SCMP_ARCH_X86",	   SCMP_ARCH_X86 },
	{ "SCMP_ARCH_X86_64",	   SCMP_ARCH_X86_64 },
};

static const struct word flags[] = {
	{ "SECCOMP_FILTER_FLAG_LOG",		    SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW",	    SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_TSYNC",		    SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};

void rc_seccomp_profile_done(struct rc_seccomp_profile *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_rules; i++)
		free(p->rules[i].args);
	free(p->rules);
	free(p->arches);
	*p = (struct rc_seccomp_profile){ 0 };
}

/* Finds the word at AT in TABLE. WHAT names the kind of word in the error. An absent word is an
 * error. */
static int find_word(const struct sv_json *at, const struct word *table, size_t count,
		     const char *what, uint32_t *ret, struct sv_err *err)
{
	const char *text;

	if (!at->value)
		return sv_json_bad(at, err, "missing: expected the name of an %s", what);
	if (!json_object_is_type(at->value, json_type_string))
		return sv_json_bad(at, err, "expected the name of an %s", what);
	text = json_object_get_string(at->value);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].name, text) == 0) {
			*ret = table[i].value;
			return 0;
		}
	}
	return sv_json_bad(at, err, "unknown %s '%.80s'", what, text);
}

/* The action named by KEY of UP, with the errno of ERRNO_KEY: EPERM if there is none
 * (runtime-spec). */
static int read_action(const struct sv_json *up, const char *key, const char *errno_key,
		       uint32_t *ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key), code_at = sv_json_get(up, errno_key);
	uint32_t action;
	int64_t code = EPERM;
	int r;

	r = find_word(&at, actions, SV_COUNT(actions), "action", &action, err);
	if (r < 0)
		return r;
	if (action == SCMP_ACT_ERRNO(0)) {
		r = sv_json_int(&code_at, 0, MAX_ERRNO, &code, err);
		action = SCMP_ACT_ERRNO((uint32_t)code);
	} else if (action == SCMP_ACT_TRACE(0)) {
		r = sv_json_int(&code_at, 0, UINT16_MAX, &code, err);
		action = SCMP_ACT_TRACE((uint32_t)code);
	} else if (code_at.value) {
		r = sv_json_bad(&code_at, err, "%s returns no errno",
				json_object_get_string(at.value));
	}
	if (r < 0)
		return r;
	*ret = action;
	return 0;
}

/* runtime-spec: SCMP_CMP_MASKED_EQ is (argument & value) == valueTwo, which is libseccomp's datum_a
 * and datum_b. */
static int read_arg(const struct sv_json *at, struct scmp_arg_cmp *ret, struct sv_err *err)
{
	struct sv_json index_at = sv_json_get(at, "index"), op_at = sv_json_get(at, "op");
	struct sv_json value_at = sv_json_get(at, "value");
	int64_t index = 0;
	uint64_t value = 0, two = 0;
	uint32_t op;
	int r;

	r = sv_json_object(at, err);
	if (r < 0)
		return r;
	if (!index_at.value)
		return sv_json_bad(&index_at, err, "missing: expected the number of an argument");
	if (!value_at.value)
		return sv_json_bad(&value_at, err, "missing: expected what to compare with");
	r = sv_json_int(&index_at, 0, 5, &index, err);
	if (r == 0)
		r = sv_json_u64(&value_at, &value, err);
	if (r == 0)
		r = sv_json_get_u64(at, "valueTwo", &two, err);
	if (r == 0)
		r = find_word(&op_at, operators, SV_COUNT(operators), "operator", &op, err);
	if (r < 0)
		return r;
	*ret = (struct scmp_arg_cmp){
		.arg = (unsigned)index,
		.op = (enum scmp_compare)op,
		.datum_a = value,
		.datum_b = two,
	};
	return 0;
}

static int read_args(const struct sv_json *rule, struct rc_seccomp_rule *ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(rule, "args");
	unsigned seen = 0;
	size_t count;
	int r;

	r = sv_json_array(&at, &count, err);
	if (r < 0 || count == 0)
		return r;
	ret->args = calloc(count, sizeof(*ret->args));
	if (!ret->args)
		return sv_err_oom(err);
	for (size_t i = 0; i < count; i++) {
		struct sv_json item = sv_json_at(&at, i);

		r = read_arg(&item, &ret->args[i], err);
		if (r < 0)
			return r;
		ret->n_args++;
		if (seen & (1u << ret->args[i].arg))
			ret->repeats = true;
		seen |= 1u << ret->args[i].arg;
	}
	return 0;
}

static int read_names(const struct sv_json *rule, struct rc_seccomp_rule *ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(rule, "names");
	size_t count;
	int r;

	r = sv_json_array(&at, &count, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		struct sv_json item = sv_json_at(&at, i);

		if (!json_object_is_type(item.value, json_type_string))
			return sv_json_bad(&item, err, "expected the name of a system call");
		/* The process that loads the filter sends the listener with a system call of its
		 * own: intercepting write could stop it before anybody listens. */
		if (ret->action == SCMP_ACT_NOTIFY &&
		    strcmp(json_object_get_string(item.value), "write") == 0)
			return sv_json_bad(&item, err, "SCMP_ACT_NOTIFY cannot be used for write");
	}
	ret->names = count ? at.value : NULL;
	return 0;
}

static int read_rules(const struct sv_json *top, struct rc_seccomp_profile *p, struct sv_err *err)
{
	struct sv_json at = sv_json_get(top, "syscalls");
	size_t count;
	int r;

	r = sv_json_array(&at, &count, err);
	if (r < 0 || count == 0)
		return r;
	p->rules = calloc(count, sizeof(*p->rules));
	if (!p->rules)
		return sv_err_oom(err);
	for (size_t i = 0; i < count; i++) {
		struct rc_seccomp_rule *rule = &p->rules[p->n_rules++];
		struct sv_json item = sv_json_at(&at, i);

		rule->index = i;
		r = sv_json_object(&item, err);
		if (r == 0)
			r = read_action(&item, "action", "errnoRet", &rule->action, err);
		if (r == 0)
			r = read_names(&item, rule, err);
		if (r == 0)
			r = read_args(&item, rule, err);
		if (r < 0)
			return r;
		if (rule->action == SCMP_ACT_NOTIFY && rule->names)
			p->notify = true;
	}
	return 0;
}

static int read_arches(const struct sv_json *top, struct rc_seccomp_profile *p, struct sv_err *err)
{
	struct sv_json at = sv_json_get(top, "architectures");
	size_t count;
	int r;

	r = sv_json_array(&at, &count, err);
	if (r < 0 || count == 0)
		return r;
	p->arches = calloc(count, sizeof(*p->arches));
	if (!p->arches)
		return sv_err_oom(err);
	for (size_t i = 0; i < count; i++) {
		struct sv_json item = sv_json_at(&at, i);

		r = find_word(&item, arches, SV_COUNT(arches), "architecture", &p->arches[i], err);
		if (r < 0)
			return r;
		p->n_arches++;
	}
	return 0;
}

/*
 * A document without the key gets SPEC_ALLOW, as runc does: the speculation barrier that a filter
 * would else bring (kernels before 5.16) slows the whole container. TSYNC is dropped: the process
 * that loads has one thread, and the kernel refuses TSYNC together with a listener.
 */
static int read_flags(const struct sv_json *top, struct rc_seccomp_profile *p, struct sv_err *err)
{
	struct sv_json at = sv_json_get(top, "flags");
	size_t count;
	int r;

	if (!at.value) {
		p->flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
		return 0;
	}
	r = sv_json_array(&at, &count, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		struct sv_json item = sv_json_at(&at, i);
		uint32_t flag;

		r = find_word(&item, flags, SV_COUNT(flags), "flag", &flag, err);
		if (r < 0)
			return r;
		p->flags |= flag;
	}
	p->flags &= ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC;
	return 0;
}

static int read_profile(const struct oci_seccomp *seccomp, struct rc_seccomp_profile *p,
			struct sv_err *err)
{
	/* The way to the profile is spelled even though the document above it is not at hand. */
	const struct sv_json document = { 0 };
	const struct sv_json linux_at = { .up = &document, .key = "linux" };
	const struct sv_json top = { .up = &linux_at, .key = "seccomp", .value = seccomp->profile };
	int r;

	r = sv_json_object(&top, err);
	if (r == 0)
		r = read_action(&top, "defaultAction", "defaultErrnoRet", &p->default_action, err);
	if (r == 0 && p->default_action == SCMP_ACT_NOTIFY) {
		struct sv_json at = sv_json_get(&top, "defaultAction");

		return sv_json_bad(&at, err, "SCMP_ACT_NOTIFY cannot be the default action");
	}
	if (r == 0)
		r = read_arches(&top, p, err);
	if (r == 0)
		r = read_flags(&top, p, err);
	if (r == 0)
		r = read_rules(&top, p, err);
	if (r == 0 && p->notify && !(seccomp->listener_path && *seccomp->listener_path)) {
		struct sv_json at = sv_json_get(&top, "listenerPath");

		return sv_json_bad(&at, err, "missing, but SCMP_ACT_NOTIFY is used");
	}
	/* Without a listener the kernel refuses this flag. */
	if (!p->notify)
		p->flags &= ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	return r;
}

int rc_seccomp_profile_read(const struct oci_seccomp *seccomp, struct rc_seccomp_profile *ret,
			    struct sv_err *err)
{
	struct rc_seccomp_profile p = { 0 };
	int r = read_profile(seccomp, &p, err);

	if (r < 0) {
		rc_seccomp_profile_done(&p);
		return r;
	}
	*ret = p;
	return 0;
}

static void add_words(struct sv_str *s, const char *key, const struct word *table, size_t count)
{
	sv_str_addf(s, "\"%s\":[", key);
	for (size_t i = 0; i < count; i++)
		sv_str_addf(s, "%s\"%s\"", i ? "," : "", table[i].name);
	sv_str_add(s, "]");
}

void rc_seccomp_profile_words(struct sv_str *s)
{
	add_words(s, "actions", actions, SV_COUNT(actions));
	sv_str_add(s, ",");
	add_words(s, "operators", operators, SV_COUNT(operators));
	sv_str_add(s, ",");
	add_words(s, "archs", arches, SV_COUNT(arches));
	sv_str_add(s, ",");
	add_words(s, "knownFlags", flags, SV_COUNT(flags));
}

void rc_seccomp_profile_supported(struct sv_str *s)
{
	bool first = true;

	sv_str_add(s, "\"supportedFlags\":[");
	for (size_t i = 0; i < SV_COUNT(flags); i++) {
		unsigned flag = flags[i].value;

		/* A flag that goes with a listener only is refused without one even by kernels that
		 * know it. */
		if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
			flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
		/* seccomp(2): flags are looked at before the program, whose address is bad: EFAULT
		 * means known. */
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag, NULL) < 0 &&
		    errno == EFAULT) {
			sv_str_addf(s, "%s\"%s\"", first ? "" : ",", flags[i].name);
			first = false;
		}
	}
	sv_str_add(s, "]");
}
