/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_devices.c - device rules: the exception list of v1, the program of v2. */
#include "runc/cgroup_devices.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

enum {
	READ = BPF_DEVCG_ACC_READ,
	WRITE = BPF_DEVCG_ACC_WRITE,
	MKNOD = BPF_DEVCG_ACC_MKNOD,
	ALL = READ | WRITE | MKNOD
};

struct rule {
	bool allow;
	char type;            /* 'a', 'b' or 'c' */
	int64_t major, minor; /* -1: any */
	unsigned access;
};

static struct rule read_rule(const struct oci_device_rule *from)
{
	return (struct rule){
		.allow = from->allow,
		.type = from->type,
		.major = from->major < 0 ? -1 : from->major,
		.minor = from->minor < 0 ? -1 : from->minor,
		.access = (from->read ? READ : 0) | (from->write ? WRITE : 0) |
			  (from->mknod ? MKNOD : 0),
	};
}

/* For every device and every access: whatever came before is forgotten. */
static bool starts_over(const struct rule *r)
{
	return r->type == 'a' && r->major < 0 && r->minor < 0 && r->access == ALL;
}

/* The last rule that starts over, or -1. */
static ssize_t last_start(const struct oci_resources *res)
{
	for (size_t i = res->n_devices; i-- > 0;) {
		struct rule r = read_rule(&res->devices[i]);

		if (starts_over(&r))
			return (ssize_t)i;
	}
	return -1;
}

/* ---- v1 ---- */

struct exceptions {
	bool allow;         /* what they are exceptions to */
	struct rule *items; /* room for two a rule of the spec: 'a' becomes 'b' and 'c' */
	size_t count;
};

static bool same_device(const struct rule *a, const struct rule *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

static bool overlap(const struct rule *a, const struct rule *b)
{
	return a->type == b->type && (a->major < 0 || b->major < 0 || a->major == b->major) &&
	       (a->minor < 0 || b->minor < 0 || a->minor == b->minor);
}

static int except(struct exceptions *e, const struct rule *r, size_t index, struct sv_err *err)
{
	struct rule *same = NULL;

	for (size_t i = 0; i < e->count; i++) {
		struct rule *x = &e->items[i];

		if (same_device(x, r))
			same = x;
		else if (r->allow == e->allow && overlap(x, r) &&
			 (x->access & r->access & (READ | WRITE)))
			return sv_err_say(err, EINVAL,
					  "linux.resources.devices[%zu]: cgroup v1 cannot %s a part "
					  "of what an earlier rule %s",
					  index, r->allow ? "allow" : "deny",
					  r->allow ? "denies" : "allows");
	}
	if (r->allow == e->allow) {
		if (same)
			same->access &= ~r->access;
	} else if (same) {
		same->access |= r->access;
	} else {
		e->items[e->count++] = *r;
	}
	return 0;
}

static int write_exceptions(const struct exceptions *e, struct rc_limits *to, struct sv_err *err)
{
	const char *file = e->allow ? "devices.deny" : "devices.allow";
	int r = rc_limits_add(to, e->allow ? "devices.allow" : "devices.deny", err, "a");

	for (size_t i = 0; r == 0 && i < e->count; i++) {
		const struct rule *x = &e->items[i];
		char major[24] = "*", minor[24] = "*";

		if (x->access == 0)
			continue;
		if (x->major >= 0)
			snprintf(major, sizeof(major), "%" PRId64, x->major);
		if (x->minor >= 0)
			snprintf(minor, sizeof(minor), "%" PRId64, x->minor);
		r = rc_limits_add(to, file, err, "%c %s:%s %s%s%s", x->type, major, minor,
				  x->access & READ ? "r" : "", x->access & WRITE ? "w" : "",
				  x->access & MKNOD ? "m" : "");
	}
	return r;
}

int rc_devices_v1(const struct oci_resources *res, struct rc_limits *to, struct sv_err *err)
{
	ssize_t start = last_start(res);
	struct exceptions e = { .allow = start >= 0 && res->devices[start].allow };
	autofree struct rule *items = NULL;

	if (res->n_devices == 0)
		return 0;
	e.items = items = calloc(res->n_devices, 2 * sizeof(*items));
	if (!items)
		return sv_err_oom(err);
	for (size_t i = (size_t)(start + 1); i < res->n_devices; i++) {
		struct rule rule = read_rule(&res->devices[i]);
		const char *types = rule.type == 'a' ? "bc" : (const char[]){ rule.type, '\0' };

		for (; *types; types++) {
			int r;

			rule.type = *types;
			r = except(&e, &rule, i, err);
			if (r < 0)
				return r;
		}
	}
	return write_exceptions(&e, to, err);
}

/* ---- v2 ---- */

struct program {
	struct bpf_insn *code;
	size_t count;
};

static void emit(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off,
		 int32_t imm)
{
	p->code[p->count++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm
	};
}

/* Registers: r1 the context; r2 type, r3 access not yet answered for, r4 major, r5 minor. */
static void emit_head(struct program *p)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, 2, 1, offsetof(struct bpf_cgroup_dev_ctx, access_type),
	     0);
	emit(p, BPF_ALU | BPF_MOV | BPF_X, 3, 2, 0, 0);
	emit(p, BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
	emit(p, BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, 4, 1, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, 5, 1, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
}

static void emit_answer(struct program *p, bool allow)
{
	emit(p, BPF_ALU | BPF_MOV | BPF_K, 0, 0, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Asked from the last rule to the first: a rule that denies something still wanted ends it, one
 * that allows takes its part off. */
static void emit_rule(struct program *p, const struct rule *r)
{
	size_t skips[4], n = 0;

	if (r->type != 'a') {
		skips[n++] = p->count;
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, 2, 0, 0,
		     r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	}
	if (r->major >= 0) {
		skips[n++] = p->count;
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, 4, 0, 0, (int32_t)(uint32_t)r->major);
	}
	if (r->minor >= 0) {
		skips[n++] = p->count;
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, 5, 0, 0, (int32_t)(uint32_t)r->minor);
	}
	if (r->allow && r->access != ALL) {
		emit(p, BPF_ALU | BPF_AND | BPF_K, 3, 0, 0, (int32_t)(ALL & ~r->access));
		skips[n++] = p->count;
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, 3, 0, 0, 0);
	} else if (!r->allow && r->access != ALL) {
		emit(p, BPF_JMP32 | BPF_JSET | BPF_K, 3, 0, 1, (int32_t)r->access);
		skips[n++] = p->count;
		emit(p, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	}
	emit_answer(p, r->allow);
	while (n-- > 0)
		p->code[skips[n]].off = (int16_t)(p->count - skips[n] - 1);
}

int rc_devices_bpf(const struct oci_resources *res, struct bpf_insn **ret, size_t *ret_count,
		   struct sv_err *err)
{
	ssize_t start = last_start(res);
	struct program p = { 0 };

	if (res->n_devices > 0) {
		/* A rule takes 7 instructions at most, head and tail 8. */
		p.code = calloc(res->n_devices + 2, 8 * sizeof(*p.code));
		if (!p.code)
			return sv_err_oom(err);
		emit_head(&p);
		for (ssize_t i = (ssize_t)res->n_devices - 1; i > start; i--) {
			struct rule r = read_rule(&res->devices[i]);

			/* Numbers beyond 32 bits match no device; nor does a rule about no
			 * access say anything. */
			if (r.access != 0 && r.major <= UINT32_MAX && r.minor <= UINT32_MAX)
				emit_rule(&p, &r);
		}
		emit_answer(&p, start >= 0 && res->devices[start].allow);
	}
	*ret = p.code;
	*ret_count = p.count;
	return 0;
}
