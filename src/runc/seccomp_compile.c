/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_compile.c - drives libseccomp, and writes the prologue. */
#include "runc/seccomp_compile.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"

#define MAX_ARCHES 32
#define X32_BIT 0x40000000u /* set in the numbers of x32 calls, which share AUDIT_ARCH_X86_64 */

#define MAX_PROLOGUE (1 + 7 * MAX_ARCHES)

struct prologue {
	struct sock_filter code[MAX_PROLOGUE];
	size_t count;
};

static void release(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

static int add_arches(scmp_filter_ctx ctx, const struct rc_seccomp_profile *p, struct sv_err *err)
{
	for (size_t i = 0; i < p->n_arches; i++) {
		int r = seccomp_arch_add(ctx, p->arches[i]);

		if (r < 0 && r != -EEXIST)
			return sv_err_set(err, -r,
					  "linux.seccomp.architectures[%zu]: libseccomp refuses it",
					  i);
	}
	return 0;
}

static int add_rule(scmp_filter_ctx ctx, const struct rc_seccomp_rule *rule, const char *name,
		    unsigned n_args, const struct scmp_arg_cmp *args, struct sv_err *err)
{
	int r = seccomp_rule_add_array(ctx, rule->action, seccomp_syscall_resolve_name(name),
				       n_args, args);

	/* The same rule twice. */
	if (r == -EEXIST)
		return 0;
	if (r < 0)
		return sv_err_set(
			err, -r,
			"linux.seccomp.syscalls[%zu]: libseccomp refuses the rule for '%s'",
			rule->index, name);
	return 0;
}

/*
 * libseccomp takes one condition per argument in a rule, all of which must hold. A rule with
 * several about one argument is split into one rule each, of which any may hold: that is what runc
 * makes of it, and what existing profiles rely on.
 */
static int add_rules_for(scmp_filter_ctx ctx, const struct rc_seccomp_rule *rule, const char *name,
			 struct sv_err *err)
{
	int r = 0;

	if (!rule->repeats)
		return add_rule(ctx, rule, name, (unsigned)rule->n_args, rule->args, err);
	for (size_t i = 0; i < rule->n_args && r == 0; i++)
		r = add_rule(ctx, rule, name, 1, &rule->args[i], err);
	return r;
}

static int add_rules(scmp_filter_ctx ctx, const struct rc_seccomp_profile *p, struct sv_err *err)
{
	for (size_t i = 0; i < p->n_rules; i++) {
		const struct rc_seccomp_rule *rule = &p->rules[i];
		size_t count = rule->names ? json_object_array_length(rule->names) : 0;

		/* libseccomp refuses rules that say what happens anyway. */
		if (rule->action == p->default_action)
			continue;
		for (size_t k = 0; k < count; k++) {
			const char *name =
				json_object_get_string(json_object_array_get_idx(rule->names, k));
			int r;

			if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR) {
				sv_debug("seccomp: unknown system call '%.80s' is left out", name);
				continue;
			}
			r = add_rules_for(ctx, rule, name, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* The program as libseccomp writes it, from an anonymous file. */
static int export(scmp_filter_ctx ctx, struct sock_filter **ret, size_t *ret_count,
		  struct sv_err *err)
{
	autofree struct sock_filter *code = NULL;
	autoclose int fd = -1;
	struct stat st;
	int r;

	fd = memfd_create("seccomp", MFD_CLOEXEC);
	if (fd < 0)
		return sv_err_set(err, errno, "cannot make an anonymous file for the filter");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return sv_err_set(err, -r, "libseccomp cannot compile linux.seccomp");
	if (fstat(fd, &st) < 0)
		return sv_err_set(err, errno, "cannot read the filter");
	code = malloc((size_t)st.st_size + 1);
	if (!code)
		return sv_err_oom(err);
	if (pread(fd, code, (size_t)st.st_size, 0) != st.st_size)
		return sv_err_say(err, EIO, "cannot read the filter back");
	*ret_count = (size_t)st.st_size / sizeof(*code);
	*ret = sv_steal(code);
	return 0;
}

static int build(const struct rc_seccomp_profile *p, bool tree, struct sock_filter **ret,
		 size_t *ret_count, struct sv_err *err)
{
	__attribute__((cleanup(release))) scmp_filter_ctx ctx = seccomp_init(p->default_action);
	int r;

	if (!ctx)
		return sv_err_say(
			err, EINVAL,
			"linux.seccomp.defaultAction: libseccomp or the kernel does not have it");
	r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, tree ? 2 : 1);
	if (r < 0)
		return sv_err_set(err, -r, "libseccomp refuses an attribute");

	r = add_arches(ctx, p, err);
	if (r == 0)
		r = add_rules(ctx, p, err);
	if (r == 0)
		r = export(ctx, ret, ret_count, err);
	return r;
}

static void emit(struct prologue *out, struct sock_filter insn)
{
	out->code[out->count++] = insn;
}

/* The highest number that the profile names on ARCH; -1 if none. */
static int64_t highest(const struct rc_seccomp_profile *p, uint32_t arch)
{
	int64_t max = -1;

	for (size_t i = 0; i < p->n_rules; i++) {
		struct json_object *names = p->rules[i].names;
		size_t count = names ? json_object_array_length(names) : 0;

		for (size_t k = 0; k < count; k++) {
			const char *name =
				json_object_get_string(json_object_array_get_idx(names, k));
			/* Negative: unknown, or not on this architecture. */
			int number = seccomp_syscall_resolve_name_arch(arch, name);

			if (number > max)
				max = number;
		}
	}
	return max;
}

/*
 * One architecture. The accumulator holds it when we come, and holds it still when we go on to the
 * next. What is not answered here jumps to END, counted from the instruction after the jump; the
 * last instruction is patched when the length is known.
 */
static void emit_arch(struct prologue *out, uint32_t token, int64_t max, int64_t max_x32)
{
	const struct sock_filter ret_enosys =
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (ENOSYS & SECCOMP_RET_DATA));
	const struct sock_filter load_nr =
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	const struct sock_filter to_end = BPF_JUMP(BPF_JMP | BPF_JA, 0, 0, 0);

	if (token == AUDIT_ARCH_X86_64) {
		/* x32 numbers go to a comparison of their own, or (not in the profile) to
		 * libseccomp. */
		emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, token, 0, 6));
		emit(out, load_nr);
		emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 1, 0));
		emit(out,
		     (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)max, 1, 2));
		emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K,
						       max_x32 < 0 ? UINT32_MAX : (uint32_t)max_x32,
						       0, 1));
		emit(out, ret_enosys);
		emit(out, to_end);
		return;
	}
	emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, token, 0, 4));
	emit(out, load_nr);
	emit(out, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)max, 0, 1));
	emit(out, ret_enosys);
	emit(out, to_end);
}

static bool lets_through(uint32_t action)
{
	return action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG ||
	       action == SCMP_ACT_ERRNO(ENOSYS) ||
	       (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE;
}

static void write_prologue(const struct rc_seccomp_profile *p, struct prologue *out)
{
	uint32_t arches[MAX_ARCHES] = { seccomp_arch_native() };
	int64_t max_x32 = -1;
	size_t count = 1;

	if (lets_through(p->default_action))
		return;
	for (size_t i = 0; i < p->n_arches && count < MAX_ARCHES; i++) {
		size_t k = 0;

		if (p->arches[i] == SCMP_ARCH_X32)
			max_x32 = highest(p, SCMP_ARCH_X32);
		while (k < count && arches[k] != p->arches[i])
			k++;
		if (k == count && p->arches[i] != SCMP_ARCH_X32)
			arches[count++] = p->arches[i];
	}

	emit(out, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					       offsetof(struct seccomp_data, arch)));
	for (size_t i = 0; i < count; i++) {
		int64_t max = highest(p, arches[i]);

		if (max >= 0)
			emit_arch(out, arches[i], max, max_x32);
	}
	for (size_t i = 0; i < out->count; i++) {
		if (out->code[i].code == (BPF_JMP | BPF_JA))
			out->code[i].k = (uint32_t)(out->count - i - 1);
	}
}

int rc_seccomp_compile(const struct rc_seccomp_profile *profile, bool tree,
		       struct sock_filter **ret, size_t *ret_count, struct sv_err *err)
{
	autofree struct sock_filter *body = NULL;
	struct prologue head = { .count = 0 };
	struct sock_filter *whole;
	size_t n_body = 0;
	int r;

	r = build(profile, tree, &body, &n_body, err);
	if (r < 0)
		return r;
	write_prologue(profile, &head);
	if (head.count + n_body > BPF_MAXINSNS)
		return sv_err_say(err, E2BIG,
				  "linux.seccomp: the filter has %zu instructions, the kernel "
				  "takes at most %d",
				  head.count + n_body, BPF_MAXINSNS);

	whole = malloc((head.count + n_body) * sizeof(*whole));
	if (!whole)
		return sv_err_oom(err);
	memcpy(whole, head.code, head.count * sizeof(*whole));
	memcpy(whole + head.count, body, n_body * sizeof(*whole));
	*ret = whole;
	*ret_count = head.count + n_body;
	return 0;
}
