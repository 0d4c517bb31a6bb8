/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_systemd.c - what systemd shall do, as orders to the program sysvisor-scope (src/scope).
 *
 * Limits are written into the group by cgroup_write.c like everywhere; systemd is told those
 * that it would otherwise overwrite on its next reload. Devices are not told: without
 * DevicePolicy= it attaches nothing, and our rules stay the only ones.
 */
#include "runc/cgroup_systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/file.h"
#include "runc/cgroup_limits.h"

#define PROGRAM "sysvisor-scope"
#define SAID_MAX (64 << 10)

enum { DONE = 0, NO_UNIT = 3, JOB_FAILED = 4 };	/* its exit statuses, see src/scope/main.c */

/* ---- running it ---- */

/* Beside us, as in a build tree; else where it is installed. */
static int find_program(char ret[PATH_MAX], struct sv_err *err)
{
	ssize_t n = readlink("/proc/self/exe", ret, PATH_MAX - sizeof(PROGRAM));
	char *slash;

	if (n > 0) {
		ret[n] = '\0';
		slash = strrchr(ret, '/');
		strcpy(slash + 1, PROGRAM);
		if (access(ret, X_OK) == 0)
			return 0;
	}
	strcpy(ret, SV_LIBEXEC "/" PROGRAM);
	if (access(ret, X_OK) < 0)
		return sv_err_set(err, errno, "--systemd-cgroup needs '%s'", ret);
	return 0;
}

/* The child gets default signals: ours may be blocked for the container's sake. */
static int spawn(const char *path, char **argv, int stderr_to, pid_t *ret, struct sv_err *err)
{
	char *env[] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int code;

	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, stderr_to, STDERR_FILENO);
	code = posix_spawn(ret, path, &files, &attr, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return code ? sv_err_set(err, code, "cannot run '%s'", path) : 0;
}

/* Runs an order. *RET_STATUS is the exit status, LINE what it said about a failure. */
static int run(const struct sv_list *argv, char *line, size_t size, int *ret_status, struct sv_err *err)
{
	autofree char *said = NULL;
	autoclose int out = -1, in = -1;
	size_t len;
	char path[PATH_MAX];
	int pair[2], status, r = find_program(path, err);
	pid_t pid;

	if (r < 0)
		return r;
	if (pipe2(pair, O_CLOEXEC) < 0)
		return sv_err_set(err, errno, "cannot make a pipe");
	in = pair[0];
	out = pair[1];
	r = spawn(path, argv->items, out, &pid, err);
	if (r < 0)
		return r;
	sv_fd_close(&out);
	r = sv_file_read_fd(in, PROGRAM, SAID_MAX, &said, &len, err);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return sv_err_set(err, errno, "cannot wait for '%s'", path);
	if (r < 0)
		return r;
	snprintf(line, size, "%.*s", (int)strcspn(said, "\n"), said);
	if (!WIFEXITED(status))
		return sv_err_say(err, EIO, "'%s' was killed by signal %d", path, WTERMSIG(status));
	*ret_status = WEXITSTATUS(status);
	return 0;
}

/* ---- properties ---- */

/* The command line grows; the first failure is kept and looked at once, at the end. */
struct order {
	struct sv_list argv;
	struct sv_err *err;
	int result;
};

static void order_done(struct order *o)
{
	sv_list_done(&o->argv);
}

#define autoorder __attribute__((cleanup(order_done)))

static void add(struct order *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct order *o, const char *fmt, ...)
{
	autostr struct sv_str s = { 0 };
	va_list ap;

	if (o->result < 0)
		return;
	va_start(ap, fmt);
	sv_str_vaddf(&s, fmt, ap);
	va_end(ap);
	o->result = s.failed ? sv_err_oom(o->err) : sv_list_add(&o->argv, sv_str_text(&s), o->err);
}

static void begin(struct order *o, const char *verb, const char *unit)
{
	add(o, PROGRAM);
	add(o, "%s", verb);
	add(o, "%s", unit);
}

static void add_u64(struct order *o, const char *name, uint64_t value)
{
	add(o, "%s=t:%llu", name, (unsigned long long)value);
}

/* A cpu or node list as a bit mask, bit N is byte N / 8; what the parser does not like was
 * refused by the kernel before. */
static void add_set(struct order *o, const char *name, const char *list)
{
	autostr struct sv_str s = { 0 };
	uint8_t mask[1024] = { 0 };
	size_t bytes = 0;

	for (const char *at = list; *at;) {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;

		if (end == at)
			return;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (last >= sizeof(mask) * 8)
			return;
		for (unsigned long bit = first; bit <= last; bit++)
			mask[bit / 8] |= (uint8_t)(1 << bit % 8);
		if (last / 8 + 1 > bytes)
			bytes = last / 8 + 1;
		at = end + (*end == ',');
		if (at == end)
			break;
	}
	for (size_t i = 0; i < bytes; i++)
		sv_str_addf(&s, "%02x", mask[i]);
	add(o, "%s=ay:%s", name, sv_str_text(&s));
}

static uint64_t or_infinity(int64_t value)
{
	return value < 0 ? UINT64_MAX : (uint64_t)value;
}

/* CPU time a second; systemd wants whole multiples of 10 ms. */
static uint64_t cpu_quota(const struct oci_resources *res)
{
	uint64_t period = res->cpu_period.value > 0 ? (uint64_t)res->cpu_period.value : 100000, us;

	if (res->cpu_quota.value < 0)
		return UINT64_MAX;
	us = (uint64_t)((__uint128_t)res->cpu_quota.value * 1000000 / period);
	return (us + 9999) / 10000 * 10000;
}

static void add_limits(struct order *p, const struct rc_cgroup *cg,
		       const struct oci_resources *res)
{
	bool v2 = cg->layout == RC_CGROUP_V2;
	struct sv_err ignored = { 0 };
	int64_t swap;

	if (res->mem_limit.value)
		add_u64(p, v2 ? "MemoryMax" : "MemoryLimit", or_infinity(res->mem_limit.value));
	if (v2 && res->mem_reservation.value)
		add_u64(p, "MemoryLow", or_infinity(res->mem_reservation.value));
	/* A pair that makes no sense, or is half known in an update, is for the writer of the
	 * limits to judge. */
	if (v2 && rc_limits_swap(res->mem_swap.value, res->mem_limit.value, &swap, &ignored) == 0 &&
	    swap >= -1)
		add_u64(p, "MemorySwapMax", or_infinity(swap));
	if (res->cpu_shares.value > 0)
		add_u64(p, v2 ? "CPUWeight" : "CPUShares",
			v2 ? rc_limits_cpu_weight((uint64_t)res->cpu_shares.value)
			   : (uint64_t)res->cpu_shares.value);
	if (res->cpu_period.value > 0)
		add_u64(p, "CPUQuotaPeriodUSec", (uint64_t)res->cpu_period.value);
	if (res->cpu_quota.value)
		add_u64(p, "CPUQuotaPerSecUSec", cpu_quota(res));
	if (res->pids_limit.value)
		add_u64(p, "TasksMax", or_infinity(res->pids_limit.value));
	if (v2 && res->blk_weight.value > 0)
		add_u64(p, "IOWeight", rc_limits_io_weight((uint64_t)res->blk_weight.value));
	if (v2 && res->cpus && *res->cpus)
		add_set(p, "AllowedCPUs", res->cpus);
	if (v2 && res->mems && *res->mems)
		add_set(p, "AllowedMemoryNodes", res->mems);
}

static void add_scope(struct order *p, const struct rc_cgroup *cg, pid_t init, pid_t assembler)
{
	add(p, "Description=s:Sysvisor system container");
	add(p, "Slice=s:%s", cg->slice);
	/* The kernel's accounting comes with the controllers, and Delegate=yes asks for all of
	 * them. */
	add(p, "Delegate=b:1");
	add(p, "MemoryAccounting=b:1");
	add(p, "CPUAccounting=b:1");
	add(p, "TasksAccounting=b:1");
	add(p, cg->layout == RC_CGROUP_V2 ? "IOAccounting=b:1" : "BlockIOAccounting=b:1");
	/* No ordering against shutdown.target: the engine stops its containers itself. */
	add(p, "DefaultDependencies=b:0");
	/* A scope whose processes were killed is forgotten and its name free again. */
	add(p, "CollectMode=s:inactive-or-failed");
	if (assembler > 0)
		add(p, "PIDs=au:%d,%d", init, assembler);
	else
		add(p, "PIDs=au:%d", init);
}

/* ---- what the header names ---- */

int rc_systemd_start(struct rc_cgroup *cg, pid_t init, pid_t assembler,
		     const struct oci_resources *res, struct sv_err *err)
{
	autoorder struct order o = { .err = err };
	char line[300];
	int status, r;

	begin(&o, "start", cg->unit);
	add_scope(&o, cg, init, assembler);
	add_limits(&o, cg, res);
	r = o.result < 0 ? o.result : run(&o.argv, line, sizeof(line), &status, err);
	if (r < 0)
		return r;
	cg->scope = status == DONE || status == JOB_FAILED;
	if (status != DONE)
		return sv_err_say(err, EIO, "cannot make the unit '%s' in '%s': %s", cg->unit, cg->slice, line);
	return 0;
}

int rc_systemd_update(const struct rc_cgroup *cg, const struct oci_resources *res,
		      struct sv_err *err)
{
	autoorder struct order o = { .err = err };
	char line[300];
	int status, r;

	begin(&o, "set", cg->unit);
	add_limits(&o, cg, res);
	r = o.result < 0 ? o.result : run(&o.argv, line, sizeof(line), &status, err);
	if (r < 0)
		return r;
	return status == DONE ? 0 : sv_err_say(err, EIO, "cannot change the unit '%s': %s", cg->unit, line);
}

int rc_systemd_stop(const struct rc_cgroup *cg, struct sv_err *err)
{
	autoorder struct order o = { .err = err };
	char line[300];
	int status, r;

	begin(&o, "stop", cg->unit);
	r = o.result < 0 ? o.result : run(&o.argv, line, sizeof(line), &status, err);
	if (r < 0)
		return r;
	if (status == DONE || status == NO_UNIT)
		return 0;
	return sv_err_say(err, EIO, "cannot end the unit '%s': %s", cg->unit, line);
}
