/* SPDX-License-Identifier: Apache-2.0 */
/* Limits are put on a child that waits, and read back from the kernel. Lowering is allowed to
 * everybody. */
#include "runc/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

static pid_t child;

static int start_child(void **state)
{
	(void)state;
	child = fork();
	if (child == 0) {
		for (;;)
			pause();
	}
	return child < 0;
}

static int end_child(void **state)
{
	(void)state;
	kill(child, SIGKILL);
	return waitpid(child, NULL, 0) != child;
}

static int oom_of(pid_t pid)
{
	char path[64], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	fd = open(path, O_RDONLY);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return atoi(text);
}

static void rlimits_are_set_on_the_other_process(void **state)
{
	struct oci_rlimit list[] = { { RLIMIT_NOFILE, 100, 200 }, { RLIMIT_CORE, 0, 0 } };
	struct oci_process p = { .rlimits = list, .n_rlimits = 2 };
	struct sv_err err = { 0 };
	struct rlimit got, own;

	(void)state;
	assert_int_equal(rc_limits_rlimits(child, &p, &err), 0);
	assert_int_equal(prlimit(child, RLIMIT_NOFILE, NULL, &got), 0);
	assert_int_equal(got.rlim_cur, 100);
	assert_int_equal(got.rlim_max, 200);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &own), 0);
	assert_int_not_equal(own.rlim_max, 200);
}

static void impossible_rlimit_names_itself(void **state)
{
	struct oci_rlimit list[] = { { RLIMIT_CORE, 0, 0 },
				     { RLIMIT_NOFILE, 1ULL << 40, 1ULL << 40 } };
	struct oci_process p = { .rlimits = list, .n_rlimits = 2 };
	struct sv_err err = { 0 };

	(void)state;
	/* Above fs.nr_open, so nobody may. */
	assert_int_equal(rc_limits_rlimits(child, &p, &err), -EPERM);
	assert_non_null(strstr(
		err.msg,
		"process.rlimits[1]: cannot set RLIMIT_NOFILE to 1099511627776:1099511627776"));
	assert_non_null(strstr(err.msg, "CAP_SYS_RESOURCE"));
	list[1] = (struct oci_rlimit){ RLIMIT_STACK, 5, 4 };
	assert_int_equal(rc_limits_rlimits(child, &p, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "RLIMIT_STACK to 5:4"));
}

static void oom_score_goes_up_and_stays_if_it_may_not_go_down(void **state)
{
	struct sv_err err = { 0 };
	int inherited = oom_of(child), value = 700;

	(void)state;
	assert_int_equal(rc_limits_oom(child, NULL, &err), 0);
	assert_int_equal(oom_of(child), inherited);
	assert_int_equal(rc_limits_oom(child, &value, &err), 0);
	assert_int_equal(oom_of(child), 700);
	value = -1000;
	assert_int_equal(rc_limits_oom(child, &value, &err), 0);
	assert_true(oom_of(child) == -1000 || oom_of(child) == 700);
	value = 1001;
	assert_int_equal(rc_limits_oom(child, &value, &err), -EINVAL);
}

static void scheduler_and_io_priority_are_set(void **state)
{
	struct oci_process p = {
		.scheduler = { .set = true, .policy = SCHED_BATCH, .nice = 5 },
		.has_ioprio = true,
		.ioprio = IOPRIO_CLASS_BE << IOPRIO_CLASS_SHIFT | 6,
	};
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_limits_set(child, &p, &err), 0);
	assert_int_equal(sched_getscheduler(child), SCHED_BATCH);
	assert_int_equal(getpriority(PRIO_PROCESS, (id_t)child), 5);
	assert_int_equal(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, child), p.ioprio);
	p.scheduler.policy = 99;
	assert_int_equal(rc_limits_set(child, &p, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "process.scheduler: cannot set policy 99"));
}

static void cpu_lists_are_read_strictly(void **state)
{
	static const char *const bad[] = { "",    ",", "0,",    "0-",          "-1",   "1-0",
					   "0 1", "a", "0-1-2", "99999999999", "0,,1", "0x1" };
	cpu_set_t set;

	(void)state;
	for (size_t i = 0; i < SV_COUNT(bad); i++) {
		struct sv_err err = { 0 };

		assert_int_equal(rc_limits_cpus(child, bad[i], "k", &err), -EINVAL);
		assert_non_null(strstr(err.msg, "k: expected a list of CPUs"));
	}
	assert_int_equal(sched_getaffinity(child, sizeof(set), &set), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		struct sv_err err = { 0 };
		char list[64];

		if (!CPU_ISSET(cpu, &set))
			continue;
		snprintf(list, sizeof(list), "%d,%d-%d", cpu, cpu, cpu);
		assert_int_equal(rc_limits_cpus(child, list, "k", &err), 0);
		assert_int_equal(sched_getaffinity(child, sizeof(set), &set), 0);
		assert_int_equal(CPU_COUNT(&set), 1);
		assert_true(CPU_ISSET(cpu, &set));
		return;
	}
}

static void cpus_that_are_not_there_are_refused(void **state)
{
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_limits_cpus(child, "8191", "process.execCPUAffinity.final", &err),
			 -EINVAL);
	assert_non_null(
		strstr(err.msg, "process.execCPUAffinity.final: cannot use the CPUs '8191'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rlimits_are_set_on_the_other_process, start_child, end_child),
		cmocka_unit_test_setup_teardown(impossible_rlimit_names_itself, start_child, end_child),
		cmocka_unit_test_setup_teardown(oom_score_goes_up_and_stays_if_it_may_not_go_down, start_child, end_child),
		cmocka_unit_test_setup_teardown(scheduler_and_io_priority_are_set, start_child, end_child),
		cmocka_unit_test_setup_teardown(cpu_lists_are_read_strictly, start_child, end_child),
		cmocka_unit_test_setup_teardown(cpus_that_are_not_there_are_refused, start_child, end_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
