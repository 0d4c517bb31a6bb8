/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_inspect.c - `state` and `ps`: questions about one container. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "os/file.h"
#include "runc/container.h"
#include "runc/options.h"

#define PS_MAX (64u << 20)

static const char state_usage[] = "sysvisor-runc state - show the state of a container, as JSON\n\n"
				  "USAGE:\n   sysvisor-runc state CONTAINER-ID";
static const char ps_usage[] = "sysvisor-runc ps - show the processes of a container\n\n"
			       "USAGE:\n   sysvisor-runc ps [--format table|json] CONTAINER-ID [OPTIONS OF ps(1)]\n\n"
			       "The table is the output of ps(1), by default of `ps -ef`; its columns must contain PID.";

int rc_cmd_state(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	autostr struct sv_str text = { 0 };
	enum rc_status status;
	const char *id;
	int r = rc_options_id(NULL, 0, state_usage, argc, argv, &id, err);

	if (r != 0)
		return r == 1 ? 0 : r;
	r = rc_container_load(g->root, id, false, RC_PART_BODY, &c, err);
	if (r < 0)
		return r;
	if (!c.bundle)
		return sv_err_say(err, ENOENT, "container \"%s\" does not exist: it is being created, or its create was killed", id);
	r = rc_container_status(&c, &status, err);
	if (r < 0)
		return r;
	if (rc_container_state_pretty(&c, status, &text) < 0)
		return sv_err_oom(err);
	fwrite(text.text, 1, text.len, stdout);
	return 0;
}

/* ---- ps ---- */

/* As runc: null when there is none. */
static void print_pids(const pid_t *pids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%s%d", i ? "," : "[", (int)pids[i]);
	printf("%s\n", count ? "]" : "null");
}

static int spawn_ps(char **args, int out, pid_t *ret, struct sv_err *err)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r == 0) {
		r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
		if (r == 0)
			r = posix_spawnp(ret, args[0], &actions, NULL, args, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	return r ? sv_err_set(err, r, "cannot run ps") : 0;
}

/* Runs ps(1) and reports all it wrote. */
static int ps_output(char **args, char **ret, struct sv_err *err)
{
	autoclose int in = -1, out = -1;
	int fds[2], status, r;
	size_t len;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return sv_err_set(err, errno, "cannot make a pipe");
	in = fds[0];
	out = fds[1];
	r = spawn_ps(args, out, &pid, err);
	if (r < 0)
		return r;
	sv_fd_close(&out);
	r = sv_file_read_fd(in, "output of ps", PS_MAX, ret, &len, err);
	sv_fd_close(&in);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return sv_err_say(err, EIO, "ps failed");
	return r;
}

static const char *nth_word(const char *line, size_t n)
{
	for (;;) {
		line += strspn(line, " \t");
		if (n-- == 0)
			return line;
		line += strcspn(line, " \t");
	}
}

static int find_pid_column(const char *title, size_t *ret, struct sv_err *err)
{
	for (size_t n = 0;; n++) {
		const char *word = nth_word(title, n);

		if (*word == '\0')
			return sv_err_say(err, EINVAL, "couldn't find PID field in ps output");
		if (strncmp(word, "PID", 3) == 0 && strchr(" \t", word[3])) {
			*ret = n;
			return 0;
		}
	}
}

static bool has_pid(const pid_t *pids, size_t count, long pid)
{
	for (size_t i = 0; i < count; i++) {
		if (pids[i] == pid)
			return true;
	}
	return false;
}

static int print_table(char *text, const pid_t *pids, size_t count, struct sv_err *err)
{
	char *save, *line = strtok_r(text, "\n", &save);
	size_t column = 0;
	int r;

	r = find_pid_column(line ? line : "", &column, err);
	if (r < 0)
		return r;
	printf("%s\n", line);
	while ((line = strtok_r(NULL, "\n", &save))) {
		if (has_pid(pids, count, strtol(nth_word(line, column), NULL, 10)))
			printf("%s\n", line);
	}
	return 0;
}

int rc_cmd_ps(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	autofree pid_t *pids = NULL;
	autofree char *text = NULL;
	const char *format = "table";
	const struct rc_option table[] = {
		{ "format", 'f', RC_OPT_TEXT, &format, "table|json", "form of the output (default: table)" },
	};
	char name[] = "ps", all[] = "-ef", *usual[] = { name, all, NULL };
	char **args = usual;
	size_t count;
	int first, r = rc_options_parse(table, SV_COUNT(table), ps_usage, true, argc, argv, &first, err);

	if (r != 0)
		return r == 1 ? 0 : r;
	if ((r = rc_options_arguments("ps", argc - first, 1, -1, err)) < 0)
		return r;
	if (strcmp(format, "table") != 0 && strcmp(format, "json") != 0)
		return sv_err_say(err, EINVAL, "invalid format option");
	if ((r = rc_container_load(g->root, argv[first], false, RC_PART_BODY, &c, err)) < 0)
		return r;
	if (c.bundle && c.cgroup.layout == RC_CGROUP_NONE)
		return sv_err_say(err, ENOENT, "container \"%s\" has no cgroup to list processes of", c.id);
	if ((r = rc_cgroup_pids(&c.cgroup, &pids, &count, err)) < 0)
		return r;
	if (strcmp(format, "json") == 0) {
		print_pids(pids, count);
		return 0;
	}
	if (argc - first > 1) { /* the id's place becomes the program's */
		argv[first] = name;
		args = &argv[first];
	}
	r = ps_output(args, &text, err);
	return r < 0 ? r : print_table(text, pids, count, err);
}
