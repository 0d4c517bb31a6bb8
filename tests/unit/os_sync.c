/* SPDX-License-Identifier: Apache-2.0 */
/* Steps, descriptors and failures between two ends of a channel; and id maps, which are said there. */
#include "os/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/unit.h"
#include "os/idmap.h"

static int ends[2];

static int setup(void **state)
{
	struct sv_err err = { 0 };

	(void)state;
	return sv_sync_pair(ends, &err);
}

static int teardown(void **state)
{
	(void)state;
	close(ends[0]);
	return close(ends[1]) < 0 && errno != EBADF ? -1 : 0;
}

static void step_arrives_with_its_descriptors(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), got[2];
	struct sv_err err = { 0 };
	size_t count = 9;

	(void)state;
	assert_int_equal(sv_sync_send(ends[0], 3, &fd, 1, &err), 0);
	assert_int_equal(sv_sync_wait(ends[1], "peer", 3, got, 2, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	close(got[0]);
	close(fd);
}

static void failure_is_told_as_it_was(void **state)
{
	struct sv_err why = { 0 }, err = { 0 };

	(void)state;
	sv_err_set(&why, ENOSPC, "cannot make '%s'", "x");
	sv_sync_fail(ends[0], &why);
	assert_int_equal(sv_sync_wait(ends[1], "peer", 3, NULL, 0, NULL, &err), -ENOSPC);
	assert_string_equal(err.msg, why.msg);
}

static void death_of_the_peer_is_seen(void **state)
{
	struct sv_err err = { 0 };

	(void)state;
	close(ends[1]);
	assert_int_equal(sv_sync_wait(ends[0], "the assembler", 3, NULL, 0, NULL, &err), -EPIPE);
	assert_string_equal(err.msg, "the assembler ended unexpectedly");
	err = (struct sv_err){ 0 };
	assert_int_equal(sv_sync_wait_end(ends[0], "the assembler", &err), 0);
}

static void other_step_is_a_mistake(void **state)
{
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(sv_sync_send(ends[0], 4, NULL, 0, &err), 0);
	assert_int_equal(sv_sync_wait(ends[1], "peer", 3, NULL, 0, NULL, &err), -EPROTO);
}

static void garbage_is_a_mistake(void **state)
{
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(send(ends[0], "abc", 3, 0), 3);
	assert_int_equal(sv_sync_wait(ends[1], "peer", 3, NULL, 0, NULL, &err), -EPROTO);
}

static void too_many_descriptors_are_closed_and_refused(void **state)
{
	int fds[3], got[1], next;
	struct sv_err err = { 0 };
	size_t count;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(sv_sync_send(ends[0], 3, fds, 3, &err), 0);
	assert_int_equal(sv_sync_wait(ends[1], "peer", 3, got, 1, &count, &err), -EPROTO);
	next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(next, fds[2] + 1);
	close(next);
	for (size_t i = 0; i < 3; i++)
		close(fds[i]);
}

static void ids_are_mapped_out(void **state)
{
	const struct sv_idmap maps[] = { { 0, 100000, 1000 }, { 1000, 5, 1 } };
	uint32_t id = 7;

	(void)state;
	assert_true(sv_idmap_out(maps, 2, 0, &id));
	assert_int_equal(id, 100000);
	assert_true(sv_idmap_out(maps, 2, 999, &id));
	assert_int_equal(id, 100999);
	assert_true(sv_idmap_out(maps, 2, 1000, &id));
	assert_int_equal(id, 5);
	assert_false(sv_idmap_out(maps, 2, 1001, &id));
	assert_false(sv_idmap_out(NULL, 0, 0, &id));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(step_arrives_with_its_descriptors),
		CASE(failure_is_told_as_it_was),
		CASE(death_of_the_peer_is_seen),
		CASE(other_step_is_a_mistake),
		CASE(garbage_is_a_mistake),
		CASE(too_many_descriptors_are_closed_and_refused),
		cmocka_unit_test(ids_are_mapped_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
