/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the program: the order of PATH, and the words that engines turn into exit codes 126 and
 * 127. */
#include "runc/program.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

static char dir[] = "/tmp/sv-program-XXXXXX";

static void make(const char *name, mode_t mode)
{
	int fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* one/tool and two/tool are programs, one/plain is none, one/sub is a directory. */
static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return -1;
	mkdir("one", 0755);
	mkdir("one/sub", 0755);
	mkdir("two", 0755);
	make("two/tool", 0755);
	make("two/sub", 0755);
	make("one/plain", 0644);
	make("here", 0755);
	return symlink("nowhere", "one/tool");
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return chdir("/") < 0 || system(command) != 0;
}

static int find(const char *name, const char *path, char **ret, struct sv_err *err)
{
	struct oci_process p = { 0 };
	int r;

	*err = (struct sv_err){ 0 };
	assert_int_equal(sv_list_add(&p.args, name, err), 0);
	if (path)
		assert_int_equal(sv_list_add(&p.env, path, err), 0);
	r = rc_program_find(&p, ret, err);
	sv_list_done(&p.args);
	sv_list_done(&p.env);
	return r;
}

static void found(const char *name, const char *path, const char *want)
{
	autofree char *got = NULL;
	struct sv_err err;

	if (find(name, path, &got, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(got, want);
}

static void not_found(const char *name, const char *path, int code, const char *message)
{
	char *got = NULL;
	struct sv_err err;

	assert_int_equal(find(name, path, &got, &err), -code);
	assert_string_equal(err.msg, message);
	assert_null(got);
}

static void first_program_along_path_is_taken(void **state)
{
	(void)state;
	found("tool", "PATH=one:two", "two/tool"); /* the first is a broken link */
	found("sub", "PATH=one:two", "two/sub");   /* the first is a directory */
	found("tool", "PATH=/no/such:two/", "two/tool");
	found("here", "PATH=one::two", "./here");
	found("here", "PATH=one:", "./here");
}

static void names_with_a_slash_are_taken_as_they_are(void **state)
{
	(void)state;
	found("two/tool", NULL, "two/tool");
	found("./here", "PATH=one", "./here");
}

static void wording_is_that_of_other_runtimes(void **state)
{
	(void)state;
	not_found("nope", "PATH=one:two", ENOENT,
		  "exec: \"nope\": executable file not found in $PATH");
	not_found("plain", "PATH=one", ENOENT,
		  "exec: \"plain\": executable file not found in $PATH");
	not_found("tool", "PATH=", ENOENT, "exec: \"tool\": executable file not found in $PATH");
	not_found("tool", NULL, ENOENT, "exec: \"tool\": executable file not found in $PATH");
	not_found("", "PATH=one", ENOENT, "exec: \"\": executable file not found in $PATH");
	not_found("/nope", NULL, ENOENT, "exec: \"/nope\": stat /nope: no such file or directory");
	not_found("one/plain", NULL, EACCES, "exec: \"one/plain\": permission denied");
	not_found("/usr", NULL, EISDIR, "exec: \"/usr\": is a directory");
	not_found("here/x", NULL, ENOTDIR, "exec: \"here/x\": stat here/x: Not a directory");
}

static void last_of_several_paths_counts(void **state)
{
	struct oci_process p = { 0 };
	autofree char *got = NULL;
	struct sv_err err = { 0 };

	(void)state;
	sv_list_add(&p.args, "tool", &err);
	sv_list_add(&p.env, "PATH=two", &err);
	sv_list_add(&p.env, "XPATH=one", &err);
	sv_list_add(&p.env, "PATH=/nope", &err);
	assert_int_equal(rc_program_find(&p, &got, &err), -ENOENT);
	sv_list_done(&p.args);
	sv_list_done(&p.env);
}

static void given_home(const char *env, uint32_t uid, const char *want)
{
	struct oci_process p = { .user = { .uid = uid } };
	struct sv_err err = { 0 };

	assert_int_equal(sv_list_add(&p.env, "A=1", &err), 0);
	if (env)
		assert_int_equal(sv_list_add(&p.env, env, &err), 0);
	assert_int_equal(rc_program_home(&p, &err), 0);
	assert_int_equal(p.env.count, 2);
	assert_true(sv_list_has(&p.env, want));
	sv_list_done(&p.env);
}

static void home_comes_from_env_passwd_or_is_the_root(void **state)
{
	(void)state;
	given_home("HOME=/x", 0, "HOME=/x");
	given_home(NULL, 0, "HOME=/root");
	given_home("HOME=", 0, "HOME=/root");
	given_home(NULL, 4000000000u, "HOME=/");
}

/* A passwd file of our own, in a root of our own. */
static void passwd_of_any_shape_is_survived(void **state)
{
	static const char *const lines[] = {
		"root:x:0:0:root:/root:/bin/sh\n",
		"broken\n:::\nnumber:x:5x:5:n:/wrong:/\nempty:x::5:n:/wrong:/\n",
		"minus:x:-5:5:n:/wrong:/\n5:x:5:5:five:/home/five:/bin/sh\n",
		"5:x:5:5:again:/home/later:/bin/sh\n",
		"nohome:x:6:6:six::/bin/sh\n",
		"last:x:7:7:seven:/home/seven:/bin/sh",
	};
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		FILE *f;

		if (mkdir("root", 0755) < 0 || mkdir("root/etc", 0755) < 0 || chroot("root") < 0 ||
		    chdir("/") < 0)
			_exit(1);
		f = fopen("/etc/passwd", "w");
		for (size_t i = 0; i < SV_COUNT(lines) - 1; i++)
			fputs(lines[i], f);
		/* A line longer than any buffer, and one that ends where a buffer does. */
		for (int i = 0; i < 9000; i++)
			fputc('x', f);
		fputs(":x:8:8:long:/wrong:/\n", f);
		for (int i = 0; i < 5000; i++)
			fprintf(f, "user%d:x:%d:100::/home/user%d:/bin/sh\n", i, 1000 + i, i);
		fputs(lines[SV_COUNT(lines) - 1], f);
		fclose(f);
		given_home(NULL, 0, "HOME=/root");
		given_home(NULL, 5, "HOME=/home/five");
		given_home(NULL, 6, "HOME=/");
		given_home(NULL, 7, "HOME=/home/seven");
		given_home(NULL, 8, "HOME=/");
		given_home(NULL, 5999, "HOME=/home/user4999");
		unlink("/etc/passwd");
		mkfifo("/etc/passwd", 0644);
		given_home(NULL, 0, "HOME=/");
		unlink("/etc/passwd");
		given_home(NULL, 0, "HOME=/");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void failed_exec_tells_why(void **state)
{
	struct oci_process p = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	sv_list_add(&p.args, "here", &err);
	make("text", 0755);
	assert_int_equal(rc_program_exec("./here/x", &p, &err), -ENOTDIR);
	assert_string_equal(err.msg, "exec: \"./here/x\": Not a directory");
	sv_list_done(&p.args);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_program_along_path_is_taken),
		cmocka_unit_test(names_with_a_slash_are_taken_as_they_are),
		cmocka_unit_test(wording_is_that_of_other_runtimes),
		cmocka_unit_test(last_of_several_paths_counts),
		cmocka_unit_test(home_comes_from_env_passwd_or_is_the_root),
		cmocka_unit_test(passwd_of_any_shape_is_survived),
		cmocka_unit_test(failed_exec_tells_why),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
