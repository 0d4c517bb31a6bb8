/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_systemd.c - transient scopes by D-Bus, org.freedesktop.systemd1(5).
 *
 * Limits are written into the group by cgroup_write.c like everywhere; systemd is told those
 * that it would otherwise overwrite on its next reload. Devices are not told: without
 * DevicePolicy= it attaches nothing, and our rules stay the only ones.
 */
#include "runc/cgroup_systemd.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "base/cleanup.h"
#include "runc/cgroup_limits.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define OBJECT "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define JOB_LIMIT_S 30

/* ---- the library ---- */

#define FUNCTIONS(f)                                                                            \
	f(sd_bus_open_system) f(sd_bus_flush_close_unref) f(sd_bus_message_new_method_call)     \
		f(sd_bus_message_append) f(sd_bus_message_append_array)                         \
			f(sd_bus_message_open_container) f(sd_bus_message_close_container)      \
				f(sd_bus_message_read) f(sd_bus_message_unref) f(sd_bus_call)   \
					f(sd_bus_match_signal) f(sd_bus_process) f(sd_bus_wait) \
						f(sd_bus_error_free) f(sd_bus_error_has_name)

/* Its functions by their own names; loaded once and kept until the process ends. */
static struct {
	void *library;
#define MEMBER(name) __typeof__(name) *name;
	FUNCTIONS(MEMBER)
} sd;

static int load_library(struct sv_err *err)
{
	if (sd.library)
		return 0;
	sd.library = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!sd.library)
		return sv_err_say(err, ELIBACC, "--systemd-cgroup needs libsystemd: %s", dlerror());
#define FIND(name)                                     \
	*(void **)&sd.name = dlsym(sd.library, #name); \
	if (!sd.name)                                  \
		return sv_err_say(err, ELIBBAD, "libsystemd is too old: it has no " #name);
	FUNCTIONS(FIND)
	return 0;
}

/* ---- the connection ---- */

struct job {
	sd_bus *bus;
	const char *path; /* object path of the job waited for; NULL: not known yet */
	char done[64];    /* its result, "" while it runs */
};

static void bus_done(sd_bus **bus)
{
	if (*bus)
		sd.sd_bus_flush_close_unref(*bus);
}

static void message_done(sd_bus_message **m)
{
	if (*m)
		sd.sd_bus_message_unref(*m);
}

static void error_done(sd_bus_error *e)
{
	if (sd.library)
		sd.sd_bus_error_free(e);
}

#define autobus __attribute__((cleanup(bus_done)))
#define automessage __attribute__((cleanup(message_done)))
#define autoerror __attribute__((cleanup(error_done)))

static int connect_bus(sd_bus **ret, struct sv_err *err)
{
	int r = load_library(err);

	if (r < 0)
		return r;
	r = sd.sd_bus_open_system(ret);
	return r < 0 ? sv_err_set(err, -r, "cannot reach systemd by D-Bus") : 0;
}

static int new_call(sd_bus *bus, const char *method, sd_bus_message **ret, struct sv_err *err)
{
	int r = sd.sd_bus_message_new_method_call(bus, ret, SYSTEMD, OBJECT, MANAGER, method);

	return r < 0 ? sv_err_set(err, -r, "cannot compose a D-Bus message") : 0;
}

/* -ENOENT for a unit that does not exist, -EEXIST for one that does; other failures say what
 * systemd said. */
static int send_call(sd_bus *bus, sd_bus_message *call, const char *what, sd_bus_message **ret,
		     struct sv_err *err)
{
	autoerror sd_bus_error e = SD_BUS_ERROR_NULL;
	int r = sd.sd_bus_call(bus, call, JOB_LIMIT_S * 1000000ULL, &e, ret), code = r < 0 ? -r : 0;

	if (r >= 0)
		return 0;
	if (sd.sd_bus_error_has_name(&e, SYSTEMD ".NoSuchUnit"))
		code = ENOENT;
	else if (sd.sd_bus_error_has_name(&e, SYSTEMD ".UnitExists"))
		code = EEXIST;
	return sv_err_say(err, code, "systemd: %s: %s", what, e.message ? e.message : strerror(-r));
}

/* ---- jobs ---- */

static int job_removed(sd_bus_message *m, void *arg, sd_bus_error *e)
{
	struct job *job = arg;
	const char *path, *unit, *result;
	uint32_t id;

	(void)e;
	if (sd.sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 && job->path &&
	    strcmp(path, job->path) == 0)
		snprintf(job->done, sizeof(job->done), "%s", result);
	return 0;
}

/* Must come before the call that starts the job, or its end may be missed. */
static int watch_jobs(struct job *job, struct sv_err *err)
{
	automessage sd_bus_message *call = NULL;
	int r = sd.sd_bus_match_signal(job->bus, NULL, SYSTEMD, OBJECT, MANAGER, "JobRemoved",
				       job_removed, job);

	if (r < 0)
		return sv_err_set(err, -r, "cannot watch the jobs of systemd");
	/* It sends signals only while somebody has asked for them. */
	r = new_call(job->bus, "Subscribe", &call, err);
	return r < 0 ? r : send_call(job->bus, call, "Subscribe", NULL, err);
}

static int wait_job(struct job *job, sd_bus_message *reply, const char *what, struct sv_err *err)
{
	time_t end = time(NULL) + JOB_LIMIT_S;
	int r = sd.sd_bus_message_read(reply, "o", &job->path);

	if (r < 0)
		return sv_err_set(err, -r, "cannot understand systemd");
	while (!*job->done) {
		r = sd.sd_bus_process(job->bus, NULL);
		if (r == 0)
			r = sd.sd_bus_wait(job->bus, 1000000);
		if (r < 0 && r != -EINTR)
			return sv_err_set(err, -r, "cannot wait for systemd to %s", what);
		if (time(NULL) > end)
			return sv_err_say(err, ETIMEDOUT, "systemd did not %s within %d s", what,
					  JOB_LIMIT_S);
	}
	if (strcmp(job->done, "done") != 0)
		return sv_err_say(err, EIO, "systemd could not %s: the job ended as '%s'", what,
				  job->done);
	return 0;
}

/* A call that takes a unit's name and perhaps a mode. */
static int call_unit(sd_bus *bus, const char *method, const char *unit, const char *mode,
		     sd_bus_message **ret, struct sv_err *err)
{
	automessage sd_bus_message *call = NULL;
	int r = new_call(bus, method, &call, err);

	if (r < 0)
		return r;
	r = sd.sd_bus_message_append(call, "s", unit);
	if (r >= 0 && mode)
		r = sd.sd_bus_message_append(call, "s", mode);
	if (r < 0)
		return sv_err_set(err, -r, "cannot compose a D-Bus message");
	return send_call(bus, call, method, ret, err);
}

/* ---- properties ---- */

/* Composing a message fails only for lack of memory or by a mistake in here: looked at once, at
 * the end. */
struct properties {
	sd_bus_message *m;
	int result;
};

static void check(struct properties *p, int r)
{
	if (r < 0 && p->result >= 0)
		p->result = r;
}

static void add_u64(struct properties *p, const char *name, uint64_t value)
{
	check(p, sd.sd_bus_message_append(p->m, "(sv)", name, "t", value));
}

static void add_true(struct properties *p, const char *name)
{
	check(p, sd.sd_bus_message_append(p->m, "(sv)", name, "b", 1));
}

/* A cpu or node list as a bit mask, bit N is byte N / 8; what the parser does not like was
 * refused by the kernel before. */
static void add_set(struct properties *p, const char *name, const char *list)
{
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
	check(p, sd.sd_bus_message_open_container(p->m, 'r', "sv"));
	check(p, sd.sd_bus_message_append(p->m, "s", name));
	check(p, sd.sd_bus_message_open_container(p->m, 'v', "ay"));
	check(p, sd.sd_bus_message_append_array(p->m, 'y', mask, bytes));
	check(p, sd.sd_bus_message_close_container(p->m));
	check(p, sd.sd_bus_message_close_container(p->m));
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

static void add_limits(struct properties *p, const struct rc_cgroup *cg,
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

static void add_scope(struct properties *p, const struct rc_cgroup *cg, pid_t init, pid_t assembler)
{
	uint32_t pids[2] = { (uint32_t)init, (uint32_t)assembler };

	check(p, sd.sd_bus_message_append(p->m, "(sv)", "Description", "s",
					  "Sysvisor system container"));
	check(p, sd.sd_bus_message_append(p->m, "(sv)", "Slice", "s", cg->slice));
	/* The kernel's accounting comes with the controllers, and Delegate=yes asks for all of
	 * them. */
	add_true(p, "Delegate");
	add_true(p, "MemoryAccounting");
	add_true(p, "CPUAccounting");
	add_true(p, "TasksAccounting");
	add_true(p, cg->layout == RC_CGROUP_V2 ? "IOAccounting" : "BlockIOAccounting");
	/* No ordering against shutdown.target: the engine stops its containers itself. */
	check(p, sd.sd_bus_message_append(p->m, "(sv)", "DefaultDependencies", "b", 0));
	/* A scope whose processes were killed is forgotten and its name free again. */
	check(p, sd.sd_bus_message_append(p->m, "(sv)", "CollectMode", "s", "inactive-or-failed"));
	check(p, sd.sd_bus_message_open_container(p->m, 'r', "sv"));
	check(p, sd.sd_bus_message_append(p->m, "s", "PIDs"));
	check(p, sd.sd_bus_message_open_container(p->m, 'v', "au"));
	check(p, sd.sd_bus_message_append_array(p->m, 'u', pids,
						(assembler > 0 ? 2 : 1) * sizeof(*pids)));
	check(p, sd.sd_bus_message_close_container(p->m));
	check(p, sd.sd_bus_message_close_container(p->m));
}

/* ---- what the header names ---- */

static int start_once(struct job *job, const struct rc_cgroup *cg, pid_t init, pid_t assembler,
		      const struct oci_resources *res, sd_bus_message **ret, struct sv_err *err)
{
	automessage sd_bus_message *call = NULL;
	struct properties p;
	int r = new_call(job->bus, "StartTransientUnit", &call, err);

	if (r < 0)
		return r;
	p = (struct properties){ .m = call };
	check(&p, sd.sd_bus_message_append(call, "ss", cg->unit, "replace"));
	check(&p, sd.sd_bus_message_open_container(call, 'a', "(sv)"));
	add_scope(&p, cg, init, assembler);
	add_limits(&p, cg, res);
	check(&p, sd.sd_bus_message_close_container(call));
	check(&p, sd.sd_bus_message_append(call, "a(sa(sv))", 0));
	if (p.result < 0)
		return sv_err_set(err, -p.result, "cannot compose a D-Bus message");
	return send_call(job->bus, call, "StartTransientUnit", ret, err);
}

int rc_systemd_start(struct rc_cgroup *cg, pid_t init, pid_t assembler,
		     const struct oci_resources *res, struct sv_err *err)
{
	autobus sd_bus *bus = NULL;
	automessage sd_bus_message *reply = NULL;
	struct sv_err ignored = { 0 };
	struct job job = { 0 };
	int r = connect_bus(&bus, err);

	if (r < 0)
		return r;
	job.bus = bus;
	r = watch_jobs(&job, err);
	if (r == 0)
		r = start_once(&job, cg, init, assembler, res, &reply, err);
	if (r == -EEXIST) {
		/* Left over as failed after a crash: that can be forgotten. A unit that runs
		 * stays, and the second try says so. */
		call_unit(bus, "ResetFailedUnit", cg->unit, NULL, NULL, &ignored);
		*err = (struct sv_err){ 0 };
		r = start_once(&job, cg, init, assembler, res, &reply, err);
	}
	if (r == 0) {
		cg->scope = true;
		r = wait_job(&job, reply, "start the scope", err);
	}
	return r < 0 ? sv_err_ctx(err, "cannot make the unit '%s' in '%s'", cg->unit, cg->slice)
		     : 0;
}

int rc_systemd_update(const struct rc_cgroup *cg, const struct oci_resources *res,
		      struct sv_err *err)
{
	autobus sd_bus *bus = NULL;
	automessage sd_bus_message *call = NULL;
	struct properties p;
	int r = connect_bus(&bus, err);

	if (r == 0)
		r = new_call(bus, "SetUnitProperties", &call, err);
	if (r < 0)
		return r;
	p = (struct properties){ .m = call };
	/* Runtime: transient units have no other configuration. */
	check(&p, sd.sd_bus_message_append(call, "sb", cg->unit, 1));
	check(&p, sd.sd_bus_message_open_container(call, 'a', "(sv)"));
	add_limits(&p, cg, res);
	check(&p, sd.sd_bus_message_close_container(call));
	if (p.result < 0)
		return sv_err_set(err, -p.result, "cannot compose a D-Bus message");
	return send_call(bus, call, "SetUnitProperties", NULL, err);
}

int rc_systemd_stop(const struct rc_cgroup *cg, struct sv_err *err)
{
	autobus sd_bus *bus = NULL;
	automessage sd_bus_message *reply = NULL;
	struct sv_err ignored = { 0 };
	struct job job = { 0 };
	int r = connect_bus(&bus, err);

	if (r < 0)
		return r;
	job.bus = bus;
	r = watch_jobs(&job, err);
	if (r == 0)
		r = call_unit(bus, "StopUnit", cg->unit, "replace", &reply, err);
	if (r == 0)
		r = wait_job(&job, reply, "stop the scope", err);
	if (r == -ENOENT) { /* systemd forgets a scope as soon as nobody lives in it */
		*err = (struct sv_err){ 0 };
		return 0;
	}
	if (r < 0)
		return sv_err_ctx(err, "cannot end the unit '%s'", cg->unit);
	call_unit(bus, "ResetFailedUnit", cg->unit, NULL, NULL,
		  &ignored); /* only a failed unit has to be forgotten */
	return 0;
}
