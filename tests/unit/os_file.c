/* SPDX-License-Identifier: Apache-2.0 */
/* Small files: read whole and bounded, replaced at once, locked for a bounded time. */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "base/cleanup.h"

static char path[] = "/tmp/sv-file.XXXXXX";
static int dir = -1;

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(path))
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	unlinkat(dir, "f", 0);
	close(dir);
	return rmdir(path);
}

static void replaced_file_is_read_back(void **state)
{
	struct sv_err err = { 0 };
	autofree char *text = NULL;
	struct stat st;
	size_t len;

	(void)state;
	assert_int_equal(sv_file_replace(dir, "f", "one", 3, 0600, &err), 0);
	assert_int_equal(sv_file_replace(dir, "f", "two\0x", 5, 0600, &err), 0);
	assert_int_equal(sv_file_read(dir, "f", 100, &text, &len, &err), 0);
	assert_int_equal(len, 5);
	assert_memory_equal(text, "two\0x", 6);
	assert_int_equal(fstatat(dir, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void old_content_stays_when_writing_fails(void **state)
{
	struct sv_err err = { 0 };
	char got[8];

	(void)state;
	assert_int_equal(sv_file_replace(dir, "f", "old", 3, 0600, &err), 0);
	assert_int_equal(sv_file_replace(dir, "no/f", "new", 3, 0600, &err), -ENOENT);
	assert_int_equal(sv_file_peek(dir, "f", got, sizeof(got)), 3);
	assert_string_equal(got, "old");
}

static void bound_is_exact(void **state)
{
	struct sv_err err = { 0 };
	char *text = NULL;
	size_t len;

	(void)state;
	assert_int_equal(sv_file_replace(dir, "f", "12345", 5, 0600, &err), 0);
	assert_int_equal(sv_file_read(dir, "f", 4, &text, &len, &err), -EFBIG);
	assert_null(text);
	assert_int_equal(sv_file_read(dir, "f", 5, &text, &len, &err), 0);
	assert_int_equal(len, 5);
	free(text);
}

static void large_file_is_read_whole(void **state)
{
	struct sv_err err = { 0 };
	size_t size = 3u << 20, len;
	autofree char *big = malloc(size), *text = NULL;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', size);
	assert_int_equal(sv_file_replace(dir, "f", big, size, 0600, &err), 0);
	assert_int_equal(sv_file_read(dir, "f", size, &text, &len, &err), 0);
	assert_int_equal(len, size);
	assert_int_equal(strlen(text), size);
}

static void file_of_proc_has_no_size_and_is_read(void **state)
{
	struct sv_err err = { 0 };
	autofree char *text = NULL;
	size_t len;

	(void)state;
	assert_int_equal(sv_file_read(AT_FDCWD, "/proc/self/maps", 1 << 20, &text, &len, &err), 0);
	assert_true(len > 100);
}

static void missing_file_is_named(void **state)
{
	struct sv_err err = { 0 };
	char *text = NULL, buf[4];
	size_t len;

	(void)state;
	assert_int_equal(sv_file_read(dir, "none", 10, &text, &len, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "'none'"));
	assert_int_equal(sv_file_peek(dir, "none", buf, sizeof(buf)), -ENOENT);
}

static void peek_cuts_and_ends_the_text(void **state)
{
	struct sv_err err = { 0 };
	char buf[4] = "????";

	(void)state;
	assert_int_equal(sv_file_replace(dir, "f", "12345", 5, 0600, &err), 0);
	assert_int_equal(sv_file_peek(dir, "f", buf, sizeof(buf)), 3);
	assert_string_equal(buf, "123");
}

static void free_lock_is_taken_and_given_back(void **state)
{
	autoclose int mine = openat(dir, ".", O_RDONLY | O_CLOEXEC), other = openat(dir, ".", O_RDONLY | O_CLOEXEC);
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(sv_file_lock(mine, 1, &err), 0);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
	sv_file_unlock(mine);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
}

/* The only test that takes a second: alarm(2) counts whole ones. SIGALRM is blocked, as an engine may leave it. */
static void lock_of_a_hanging_owner_is_given_up(void **state)
{
	autoclose int mine = openat(dir, ".", O_RDONLY | O_CLOEXEC), other = openat(dir, ".", O_RDONLY | O_CLOEXEC);
	struct sv_err err = { 0 };
	sigset_t set, before, after;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, &before);
	assert_int_equal(flock(other, LOCK_EX), 0);
	assert_int_equal(sv_file_lock(mine, 1, &err), -ETIMEDOUT);
	sigprocmask(SIG_SETMASK, &before, &after);
	assert_true(sigismember(&after, SIGALRM));
}

static void lock_is_waited_for(void **state)
{
	autoclose int mine = openat(dir, ".", O_RDONLY | O_CLOEXEC);
	struct sv_err err = { 0 };
	int ready[2], status;
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int fd = openat(dir, ".", O_RDONLY | O_CLOEXEC);
		struct timespec moment = { .tv_nsec = 20000000 };

		_exit(flock(fd, LOCK_EX) == 0 && write(ready[1], "", 1) == 1 && nanosleep(&moment, NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(sv_file_lock(mine, 5, &err), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaced_file_is_read_back),
		cmocka_unit_test(old_content_stays_when_writing_fails),
		cmocka_unit_test(bound_is_exact),
		cmocka_unit_test(large_file_is_read_whole),
		cmocka_unit_test(file_of_proc_has_no_size_and_is_read),
		cmocka_unit_test(missing_file_is_named),
		cmocka_unit_test(peek_cuts_and_ends_the_text),
		cmocka_unit_test(free_lock_is_taken_and_given_back),
		cmocka_unit_test(lock_of_a_hanging_owner_is_given_up),
		cmocka_unit_test(lock_is_waited_for),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
