/* SPDX-License-Identifier: Apache-2.0 */
/* Containers on disk, without containers: any process of ours may play the init. */
#include "runc/container.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "os/file.h"
#include "os/proc.h"

static char top[] = "/tmp/sv-container.XXXXXX";
static char root[64];
static struct sv_err err;

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(top))
		return -1;
	snprintf(root, sizeof(root), "%s/a/root//", top);
	return 0;
}

static int teardown(void **state)
{
	char a[64];

	(void)state;
	snprintf(a, sizeof(a), "%s/a", top);
	return rmdir(root) | rmdir(a) | rmdir(top);
}

static int fresh(void **state)
{
	(void)state;
	err = (struct sv_err){ 0 };
	return 0;
}

#define OK(call)                                                                                                              \
	do {                                                                                                                  \
		if ((call) < 0)                                                                                               \
			fail_msg(#call ": %s", err.msg);                                                                      \
	} while (0)

static char *copy(const char *text)
{
	char *s = strdup(text);

	assert_non_null(s);
	return s;
}

/* Makes and saves a container whose init is PID. */
static void make_saved(const char *id, pid_t pid, struct rc_container *ret)
{
	struct sv_proc_stat p = { 0 };

	OK(rc_container_make(root, id, ret, NULL, &err));
	ret->bundle = copy("/b");
	ret->rootfs = copy("/b/rootfs");
	ret->init_pid = pid;
	if (pid > 0) {
		OK(sv_proc_stat(pid, &p, &err));
		ret->init_start = p.start_time;
	}
	OK(rc_container_save(ret, &err));
}

static void remove_it(struct rc_container *c)
{
	OK(rc_container_remove(c, root, &err));
	rc_container_done(c);
}

static enum rc_status status_of(const char *id)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	enum rc_status status;

	OK(rc_container_load(root, id, false, RC_PART_HEAD, &c, &err));
	OK(rc_container_status(&c, &status, &err));
	return status;
}

static void ids_are_what_runc_takes(void **state)
{
	static const char *const good[] = { "a", "0", "A_b+c-d.e", "-x", "a..b" };
	static const char *const bad[] = { "", ".", "..", ".hidden", "a/b", "../x", "a b", "\xc3\xa4", "a\n" };
	char longest[NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < SV_COUNT(good); i++)
		OK(rc_container_check_id(good[i], &err));
	for (size_t i = 0; i < SV_COUNT(bad); i++)
		assert_int_equal(rc_container_check_id(bad[i], &err), -EINVAL);
	memset(longest, 'x', sizeof(longest));
	longest[NAME_MAX + 1] = '\0';
	assert_int_equal(rc_container_check_id(longest, &err), -EINVAL);
	longest[NAME_MAX] = '\0';
	OK(rc_container_check_id(longest, &err));
}

static void root_and_directory_are_for_the_owner_only(void **state)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	struct stat st;

	(void)state;
	OK(rc_container_make(root, "c", &c, NULL, &err));
	assert_int_equal(stat(root, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstat(c.dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_true(c.locked);
	assert_int_equal(strlen(c.created), strlen("2026-11-21T23:48:07.560005327Z"));
	remove_it(&c);
}

static void id_is_given_once(void **state)
{
	struct rc_container c = RC_CONTAINER_INIT, other = RC_CONTAINER_INIT;

	(void)state;
	OK(rc_container_make(root, "c", &c, NULL, &err));
	assert_int_equal(rc_container_make(root, "c", &other, NULL, &err), -EEXIST);
	assert_non_null(strstr(err.msg, "container with given ID already exists"));
	assert_int_equal(other.dir, -1);
	remove_it(&c);
}

static void unknown_container_does_not_exist(void **state)
{
	struct rc_container c = RC_CONTAINER_INIT;

	(void)state;
	assert_int_equal(rc_container_open(root, "nope", true, &c, &err), -ENOENT);
	assert_string_equal(err.msg, "container \"nope\" does not exist");
	assert_int_equal(rc_container_open("/tmp/sv-no-such-root", "nope", false, &c, &err), -ENOENT);
	assert_int_equal(c.dir, -1);
}

static void all_parts_are_read_back(void **state)
{
	struct sv_idmap uids[] = { { 0, 100000, 65536 } }, gids[] = { { 0, 200000, 1000 }, { 1000, 5, 1 } };
	struct rc_container c = RC_CONTAINER_INIT, head = RC_CONTAINER_INIT, body = RC_CONTAINER_INIT, all = RC_CONTAINER_INIT;

	(void)state;
	OK(rc_container_make(root, "c", &c, NULL, &err));
	c.bundle = copy("/b\n\"x\"");
	c.rootfs = copy("/b/rootfs");
	c.init_pid = 7;
	c.init_start = 1234567890123;
	c.no_new_keyring = true;
	c.rdt_group = copy("group");
	c.listener = copy("/run/agent");
	c.annotations = calloc(1, sizeof(*c.annotations));
	c.annotations[0] = (struct oci_annotation){ copy("k\"ey"), copy("v\nalue") };
	c.n_annotations = 1;
	c.maps.uids = memcpy(malloc(sizeof(uids)), uids, sizeof(uids));
	c.maps.gids = memcpy(malloc(sizeof(gids)), gids, sizeof(gids));
	c.maps.n_uids = 1;
	c.maps.n_gids = 2;
	c.process.set = true;
	c.process.cwd = copy("/");
	OK(sv_list_add(&c.process.args, "sh", &err));
	OK(sv_list_add(&c.process.env, "A=b c", &err));
	c.poststop.items = calloc(1, sizeof(*c.poststop.items));
	c.poststop.count = 1;
	c.poststop.items[0].path = copy("/bin/hook");
	c.poststop.items[0].timeout = 3;
	OK(sv_list_add(&c.poststop.items[0].args, "hook", &err));
	OK(rc_container_save(&c, &err));

	OK(rc_container_load(root, "c", false, RC_PART_HEAD, &head, &err));
	assert_string_equal(head.id, "c");
	assert_string_equal(head.bundle, c.bundle);
	assert_string_equal(head.created, c.created);
	assert_int_equal(head.init_pid, 7);
	assert_true(head.init_start == c.init_start);
	assert_int_equal(head.n_annotations, 0);

	OK(rc_container_load(root, "c", false, RC_PART_BODY, &body, &err));
	assert_int_equal(body.n_annotations, 1);
	assert_string_equal(body.annotations[0].key, "k\"ey");
	assert_string_equal(body.annotations[0].value, "v\nalue");
	assert_int_equal(body.poststart.count, 0);
	assert_int_equal(body.poststop.count, 1);
	assert_string_equal(body.poststop.items[0].path, "/bin/hook");
	assert_int_equal(body.poststop.items[0].timeout, 3);
	assert_string_equal(body.rdt_group, "group");
	assert_null(body.listener);

	OK(rc_container_open(root, "c", false, &all, &err));
	assert_string_equal(all.listener, "/run/agent");
	assert_null(all.listener_metadata);
	assert_true(all.no_new_keyring);
	assert_int_equal(all.maps.n_gids, 2);
	assert_int_equal(all.maps.gids[1].outside, 5);
	assert_int_equal(all.maps.uids[0].size, 65536);
	assert_string_equal(all.process.args.items[0], "sh");
	assert_string_equal(all.process.env.items[0], "A=b c");
	OK(rc_container_save(&all, &err));

	rc_container_done(&head);
	rc_container_done(&body);
	rc_container_done(&all);
	remove_it(&c);
}

static void peek_reads_a_long_head_as_well(void **state)
{
	struct rc_container c = RC_CONTAINER_INIT, seen = RC_CONTAINER_INIT;
	char *path = malloc(10001);
	int dir;

	(void)state;
	memset(path, 'p', 10000);
	path[10000] = '\0';
	OK(rc_container_make(root, "c", &c, NULL, &err));
	c.bundle = path;
	c.rootfs = copy("/r");
	dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(rc_container_peek(dir, "c", RC_PART_HEAD, &seen, &err), -ENOENT);
	OK(rc_container_save(&c, &err));
	OK(rc_container_peek(dir, "c", RC_PART_HEAD, &seen, &err));
	assert_string_equal(seen.bundle, path);
	rc_container_done(&seen);
	close(dir);
	remove_it(&c);
}

static void directory_without_state_is_half_made(void **state)
{
	struct rc_container c = RC_CONTAINER_INIT, half = RC_CONTAINER_INIT;
	enum rc_status status;

	(void)state;
	OK(rc_container_make(root, "c", &c, NULL, &err));
	rc_container_done(&c);
	OK(rc_container_load(root, "c", true, RC_PART_BODY, &half, &err));
	assert_null(half.bundle);
	assert_string_equal(half.id, "c");
	OK(rc_container_status(&half, &status, &err));
	assert_int_equal(status, RC_CREATING);
	remove_it(&half);
}

static void damaged_state_can_still_be_removed(void **state)
{
	static const char *const texts[] = { "", "{", "{\"head\":{}}", "{\"head\":{},\n", "{\"head\":[],\n", "{\"head\":7,\n",
					     "{\"head\":{\"id\":\"c\"},\n" };

	(void)state;
	for (size_t i = 0; i < SV_COUNT(texts); i++) {
		struct rc_container c = RC_CONTAINER_INIT, half = RC_CONTAINER_INIT;

		make_saved("c", 0, &c);
		OK(sv_file_replace(c.dir, "state.json", texts[i], strlen(texts[i]), 0600, &err));
		rc_container_done(&c);
		OK(rc_container_load(root, "c", true, RC_PART_BODY, &half, &err));
		assert_null(half.bundle);
		assert_true(half.locked);
		remove_it(&half);
	}
}

static void what_a_killed_writer_left_is_removed_too(void **state)
{
	struct rc_container c = RC_CONTAINER_INIT;
	int fd;

	(void)state;
	make_saved("c", 0, &c);
	fd = openat(c.dir, ".state.json.4711", O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	remove_it(&c);
	assert_int_equal(rc_container_open(root, "c", false, &c, &err), -ENOENT);
}

static void removing_twice_is_fine(void **state)
{
	struct rc_container c = RC_CONTAINER_INIT;

	(void)state;
	make_saved("c", 0, &c);
	OK(rc_container_remove(&c, root, &err));
	OK(rc_container_remove(&c, root, &err));
	rc_container_done(&c);
}

static void own_process_is_running(void **state)
{
	struct rc_container c = RC_CONTAINER_INIT;
	int pidfd = -1;

	(void)state;
	make_saved("c", getpid(), &c);
	assert_int_equal(status_of("c"), RC_RUNNING);
	OK(rc_container_pidfd(&c, &pidfd, &err));
	OK(sv_proc_signal(pidfd, 0, &err));
	close(pidfd);
	remove_it(&c);
}

static void recycled_pid_is_not_the_container(void **state)
{
	struct rc_container c = RC_CONTAINER_INIT;
	int pidfd = -1;

	(void)state;
	make_saved("c", getpid(), &c);
	c.init_start--;
	OK(rc_container_save(&c, &err));
	assert_int_equal(status_of("c"), RC_STOPPED);
	assert_int_equal(rc_container_pidfd(&c, &pidfd, &err), -ESRCH);
	assert_string_equal(err.msg, "container not running");
	assert_int_equal(pidfd, -1);
	remove_it(&c);
}

static void zombie_is_stopped(void **state)
{
	struct rc_container c = RC_CONTAINER_INIT;
	siginfo_t info;
	int pidfd = -1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		pause();
		_exit(0);
	}
	make_saved("c", pid, &c);
	assert_int_equal(status_of("c"), RC_RUNNING);
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(status_of("c"), RC_STOPPED);
	assert_int_equal(rc_container_pidfd(&c, &pidfd, &err), -ESRCH);
	waitpid(pid, NULL, 0);
	assert_int_equal(status_of("c"), RC_STOPPED);
	remove_it(&c);
}

static void waiting_init_is_created_until_released(void **state)
{
	struct rc_container c = RC_CONTAINER_INIT;
	int fifo = -1;
	char byte;

	(void)state;
	make_saved("c", getpid(), &c);
	OK(rc_container_fifo_make(&c, &fifo, &err));
	assert_int_equal(status_of("c"), RC_CREATED);
	OK(rc_container_fifo_release(&c, &err));
	/* Even before init has read. */
	assert_int_equal(status_of("c"), RC_RUNNING);
	assert_int_equal(read(fifo, &byte, 1), 1);
	assert_int_equal(rc_container_fifo_release(&c, &err), -EALREADY);
	close(fifo);
	remove_it(&c);
}

/* `start` was killed between the byte and the removal: init has read and closed, the name is still there. */
static void fifo_that_nobody_reads_is_no_wait(void **state)
{
	struct rc_container c = RC_CONTAINER_INIT;
	int fifo = -1;

	(void)state;
	make_saved("c", getpid(), &c);
	OK(rc_container_fifo_make(&c, &fifo, &err));
	close(fifo);
	assert_int_equal(status_of("c"), RC_RUNNING);
	assert_int_equal(rc_container_fifo_release(&c, &err), -EALREADY);
	remove_it(&c);
}

/* A waits for the lock of a container that B deletes; C makes one of the same name meanwhile. A must see the new one or none. */
static void lock_of_a_removed_container_is_worth_nothing(void **state)
{
	struct rc_container old = RC_CONTAINER_INIT;
	int ready[2], status;
	char byte;
	pid_t pid;

	(void)state;
	make_saved("c", 0, &old);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct rc_container c = RC_CONTAINER_INIT;
		int r;

		close(old.dir); /* a copy of the locked open file */
		if (write(ready[1], "", 1) != 1)
			_exit(2);
		r = rc_container_load(root, "c", true, RC_PART_BODY, &c, &err);
		_exit(r == -ENOENT ? 0 : 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	/* The child is now about to wait, or waiting: either way it must not get what is removed here. */
	remove_it(&old);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ready[0]);
	close(ready[1]);
}

static void lock_ends_though_a_child_keeps_the_open_file(void **state)
{
	struct rc_container c = RC_CONTAINER_INIT, again = RC_CONTAINER_INIT;
	int copy_of_dir;

	(void)state;
	make_saved("c", 0, &c);
	copy_of_dir = fcntl(c.dir, F_DUPFD_CLOEXEC, 0);
	rc_container_done(&c);
	OK(rc_container_load(root, "c", true, RC_PART_BODY, &again, &err));
	close(copy_of_dir);
	remove_it(&again);
}

static void state_documents_have_their_keys_in_order(void **state)
{
	struct oci_annotation note = { (char[]){ "a" }, (char[]){ "b" } };
	struct rc_container c = RC_CONTAINER_INIT;
	autostr struct sv_str hook = { 0 }, line = { 0 }, lines = { 0 }, stopped = { 0 };

	(void)state;
	c.id = (char[]){ "x" };
	c.bundle = (char[]){ "/b" };
	c.rootfs = (char[]){ "/b/r" };
	c.created = (char[]){ "now" };
	c.init_pid = 42;
	c.annotations = &note;
	c.n_annotations = 1;
	assert_int_equal(rc_container_state_json(&c, RC_CREATED, false, &hook), 0);
	assert_string_equal(hook.text, "{\"ociVersion\":\"1.2.0\",\"id\":\"x\",\"pid\":42,\"status\":\"created\",\"bundle\":\"/b\","
				       "\"annotations\":{\"a\":\"b\"}}");
	assert_int_equal(rc_container_state_json(&c, RC_STOPPED, false, &stopped), 0);
	assert_null(strstr(stopped.text, "pid"));
	assert_int_equal(rc_container_state_json(&c, RC_STOPPED, true, &line), 0);
	assert_string_equal(line.text, "{\"ociVersion\":\"1.2.0\",\"id\":\"x\",\"pid\":0,\"status\":\"stopped\",\"bundle\":\"/b\","
				       "\"rootfs\":\"/b/r\",\"created\":\"now\",\"annotations\":{\"a\":\"b\"},\"owner\":\"root\"}");
	assert_int_equal(rc_container_state_pretty(&c, RC_PAUSED, &lines), 0);
	assert_string_equal(lines.text, "{\n  \"ociVersion\": \"1.2.0\",\n  \"id\": \"x\",\n  \"pid\": 42,\n  \"status\": \"paused\",\n"
					"  \"bundle\": \"/b\",\n  \"rootfs\": \"/b/r\",\n  \"created\": \"now\",\n"
					"  \"annotations\": {\n    \"a\": \"b\"\n  },\n  \"owner\": \"root\"\n}\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
		T(ids_are_what_runc_takes),
		T(root_and_directory_are_for_the_owner_only),
		T(id_is_given_once),
		T(unknown_container_does_not_exist),
		T(all_parts_are_read_back),
		T(peek_reads_a_long_head_as_well),
		T(directory_without_state_is_half_made),
		T(damaged_state_can_still_be_removed),
		T(what_a_killed_writer_left_is_removed_too),
		T(removing_twice_is_fine),
		T(own_process_is_running),
		T(recycled_pid_is_not_the_container),
		T(zombie_is_stopped),
		T(waiting_init_is_created_until_released),
		T(fifo_that_nobody_reads_is_no_wait),
		T(lock_of_a_removed_container_is_worth_nothing),
		T(lock_ends_though_a_child_keeps_the_open_file),
		T(state_documents_have_their_keys_in_order),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
