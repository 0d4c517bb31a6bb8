/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - the runtime sets the limits of a process that cannot set them itself. */
#include "runc/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define OOM_FLOOR (-999) /* -1000 would exempt the container from the OOM killer altogether */
#define MAX_CPUS 8192    /* the largest CONFIG_NR_CPUS */

/* struct sched_attr of the kernel; some C libraries have one of the same name and some do not. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

int rc_limits_rlimits(pid_t pid, const struct oci_process *process, struct sv_err *err)
{
	for (size_t i = 0; i < process->n_rlimits; i++) {
		const struct oci_rlimit *limit = &process->rlimits[i];
		struct rlimit value = { .rlim_cur = limit->soft, .rlim_max = limit->hard };
		const char *hint = "";

		if (prlimit(pid, (__rlimit_resource_t)limit->resource, &value, NULL) == 0)
			continue;
		if (errno == EPERM && limit->resource == RLIMIT_NOFILE)
			hint = " (raising a hard limit needs CAP_SYS_RESOURCE on the host, and at "
			       "most fs.nr_open)";
		else if (errno == EPERM)
			hint = " (raising a hard limit needs CAP_SYS_RESOURCE on the host)";
		return sv_err_set(err, errno, "process.rlimits[%zu]: cannot set %s to %llu:%llu%s",
				  i, oci_rlimit_name(limit->resource),
				  (unsigned long long)limit->soft, (unsigned long long)limit->hard,
				  hint);
	}
	return 0;
}

/* Writes without CAP_SYS_RESOURCE in the effective set, so that the floor stays where it is. */
static int write_without_power(int fd, const char *text, struct sv_err *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2], less[2];
	int code = 0;

	if (syscall(SYS_capget, &head, caps) < 0)
		return sv_err_set(err, errno, "cannot read the runtime's capabilities");
	memcpy(less, caps, sizeof(less));
	less[0].effective &= ~(1u << CAP_SYS_RESOURCE);
	if (syscall(SYS_capset, &head, less) < 0)
		return sv_err_set(err, errno, "cannot lower the runtime's capabilities");
	if (pwrite(fd, text, strlen(text), 0) < 0)
		code = errno;
	if (syscall(SYS_capset, &head, caps) < 0)
		return sv_err_set(err, errno, "cannot restore the runtime's capabilities");
	if (code)
		return sv_err_set(err, code, "process.oomScoreAdj: cannot set %s", text);
	return 0;
}

static bool write_number(int fd, int number)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", number);

	return pwrite(fd, text, (size_t)n, 0) == n;
}

int rc_limits_oom(pid_t pid, const int *value, struct sv_err *err)
{
	autoclose int fd = -1;
	char path[48], text[16] = { 0 };

	/* The host's own /proc, which no container can cover: it needs no proof (see sv_proc_open).
	 */
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '%s'", path);
	if (value)
		snprintf(text, sizeof(text), "%d", *value);
	else if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return sv_err_set(err, errno, "cannot read '%s'", path);
	text[strcspn(text, "\n")] = '\0';

	if ((!value || *value > OOM_FLOOR) && write_number(fd, OOM_FLOOR))
		return write_without_power(fd, text, err);
	if (!value || write_number(fd, *value))
		return 0;
	if (errno != EACCES)
		return sv_err_set(err, errno, "process.oomScoreAdj: cannot set %d", *value);
	sv_warning("process.oomScoreAdj: the host does not allow %d, the inherited value stays",
		   *value);
	return 0;
}

int rc_limits_scheduler(pid_t pid, const struct oci_scheduler *scheduler, struct sv_err *err)
{
	struct attr attr = {
		.size = sizeof(attr),
		.policy = scheduler->policy,
		.flags = scheduler->flags,
		.nice = scheduler->nice,
		.priority = scheduler->priority,
		.runtime = scheduler->runtime,
		.deadline = scheduler->deadline,
		.period = scheduler->period,
	};

	if (!scheduler->set)
		return 0;
	if (syscall(SYS_sched_setattr, pid, &attr, 0) < 0)
		return sv_err_set(err, errno, "process.scheduler: cannot set policy %u",
				  attr.policy);
	return 0;
}

/* One number of a cpu list, at *P. */
static int take_cpu(const char **p, unsigned *ret)
{
	unsigned value = 0;

	if (**p < '0' || **p > '9')
		return -EINVAL;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		value = value * 10 + (unsigned)(**p - '0');
		if (value >= MAX_CPUS)
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

/* cpuset(7), "List format", without strides. */
static int parse_cpus(const char *list, cpu_set_t *set, size_t size)
{
	const char *p = list;

	for (;;) {
		unsigned first, last;

		if (take_cpu(&p, &first) < 0)
			return -EINVAL;
		last = first;
		if (*p == '-') {
			p++;
			if (take_cpu(&p, &last) < 0 || last < first)
				return -EINVAL;
		}
		for (unsigned cpu = first; cpu <= last; cpu++)
			CPU_SET_S(cpu, size, set);
		if (*p == '\0')
			return 0;
		if (*p++ != ',')
			return -EINVAL;
	}
}

int rc_limits_cpus(pid_t pid, const char *list, const char *key, struct sv_err *err)
{
	const size_t size = CPU_ALLOC_SIZE(MAX_CPUS);
	autofree cpu_set_t *set = calloc(1, size);

	if (!set)
		return sv_err_oom(err);
	if (parse_cpus(list, set, size) < 0)
		return sv_err_say(err, EINVAL,
				  "%s: expected a list of CPUs such as \"0-2,7\", found '%.80s'",
				  key, list);
	if (sched_setaffinity(pid, size, set) < 0)
		return sv_err_set(err, errno, "%s: cannot use the CPUs '%.80s'", key, list);
	return 0;
}

int rc_limits_set(pid_t pid, const struct oci_process *process, struct sv_err *err)
{
	int oom = (int)process->oom_score_adj.value;
	int r;

	r = rc_limits_rlimits(pid, process, err);
	if (r == 0)
		r = rc_limits_oom(pid, process->oom_score_adj.set ? &oom : NULL, err);
	if (r == 0)
		r = rc_limits_scheduler(pid, &process->scheduler, err);
	if (r == 0 && process->cpus_final)
		r = rc_limits_cpus(pid, process->cpus_final, "process.execCPUAffinity.final", err);
	if (r < 0)
		return r;
	if (process->has_ioprio &&
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, process->ioprio) < 0)
		return sv_err_set(err, errno,
				  "process.ioPriority: cannot set class %d, priority %d",
				  process->ioprio >> IOPRIO_CLASS_SHIFT, process->ioprio & 0x1fff);
	return 0;
}
