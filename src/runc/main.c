/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - sysvisor-runc: global options, the table of commands, and the one place where a failure is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runc/container.h"
#include "runc/options.h"

#define NAME "sysvisor-runc"
#define DEFAULT_ROOT "/run/sysvisor-runc"

/* Idmapped mounts, mount_setattr(2): Linux 5.12. */
#define KERNEL_MAJOR 5
#define KERNEL_MINOR 12

enum {
	ANY_USER = 1,	/* touches nothing of the system */
	NEW_PROCESS = 2,	/* starts a container: the kernel must be able to */
};

struct command {
	const char *name;
	rc_command_fn *run;
	int flags;
	int failure;	/* exit status of a failure; runc's exec has 255, which cannot be the program's */
	const char *help;
};

static const struct command commands[] = {
	{ "checkpoint", rc_cmd_checkpoint, ANY_USER, 1, "not supported" },
	{ "create", rc_cmd_create, NEW_PROCESS, 1, "create a container; its program waits for start" },
	{ "delete", rc_cmd_delete, 0, 1, "delete a stopped container and all it holds" },
	{ "events", rc_cmd_events, 0, 1, "show usage statistics and out-of-memory notifications" },
	{ "exec", rc_cmd_exec, 0, 255, "run a further process in a container" },
	{ "features", rc_cmd_features, ANY_USER, 1, "show what this runtime can do, as JSON" },
	{ "kill", rc_cmd_kill, 0, 1, "send a signal to a container's init (default: SIGTERM)" },
	{ "list", rc_cmd_list, 0, 1, "list containers" },
	{ "pause", rc_cmd_pause, 0, 1, "freeze all processes of a container" },
	{ "ps", rc_cmd_ps, 0, 1, "show the processes of a container" },
	{ "restore", rc_cmd_restore, ANY_USER, 1, "not supported" },
	{ "resume", rc_cmd_resume, 0, 1, "thaw a paused container" },
	{ "run", rc_cmd_run, NEW_PROCESS, 1, "create and start a container" },
	{ "spec", rc_cmd_spec, ANY_USER, 1, "write a config.json for a system container" },
	{ "start", rc_cmd_start, 0, 1, "start the program of a created container" },
	{ "state", rc_cmd_state, 0, 1, "show the state of a container, as JSON" },
	{ "update", rc_cmd_update, 0, 1, "change the limits of a container" },
};

static const char usage[] = NAME " runs OCI bundles as system containers\n\n"
				 "USAGE:\n"
				 "   " NAME " [global options] command [command options] [arguments...]\n"
				 "   " NAME " command --help";

struct words {
	bool version;
	const char *log_format, *manager, *rootless, *criu;
};

/* A file that the container may see must never be our stdin, stdout or stderr by accident. */
static int fill_standard_fds(struct sv_err *err)
{
	struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(fds, 3, 0) < 0)
		return sv_err_set(err, errno, "cannot look at the standard descriptors");
	for (int i = 0; i < 3; i++) {
		if ((fds[i].revents & POLLNVAL) && open("/dev/null", O_RDWR) != i)
			return sv_err_set(err, EBADF, "cannot fill descriptor %d", i);
	}
	return 0;
}

static void print_version(void)
{
	const struct scmp_version *v = seccomp_version();

	/* dockerd takes any line with the word "version" for the first one. */
	printf(NAME " version " SV_VERSION "\nspec: " RC_OCI_VERSION "\n");
	if (v)
		printf("libseccomp: %u.%u.%u\n", v->major, v->minor, v->micro);
}

static void print_commands(void)
{
	printf("\nCOMMANDS:\n");
	for (size_t i = 0; i < SV_COUNT(commands); i++)
		printf("   %-10s  %s\n", commands[i].name, commands[i].help);
}

static int check_words(struct rc_globals *g, const struct words *w, struct sv_err *err)
{
	if (strcmp(w->log_format, "json") == 0)
		g->log_json = true;
	else if (strcmp(w->log_format, "text") != 0)
		return sv_err_say(err, EINVAL, "invalid log-format: %s", w->log_format);

	if (strcmp(w->manager, "disabled") == 0)
		g->no_cgroup = true;
	else if (strcmp(w->manager, "systemd") == 0)
		g->systemd_cgroup = true;
	else if (strcmp(w->manager, "cgroupfs") != 0)
		return sv_err_say(err, EINVAL, "invalid cgroup-manager: %s", w->manager);

	if (strcmp(w->rootless, "auto") != 0 && strcmp(w->rootless, "false") != 0)
		return sv_err_say(err, EINVAL, "--rootless %s: only root can give a container ids of its own", w->rootless);
	return 0;
}

/* Returns 1 when --help or --version has been answered. */
static int parse_globals(int argc, char **argv, struct rc_globals *g, int *ret_first, struct sv_err *err)
{
	struct words w = { .log_format = "text", .manager = "cgroupfs", .rootless = "auto" };
	const struct rc_option table[] = {
		{ "root", 0, RC_OPT_TEXT, &g->root, "DIR", "where state is kept (default: " DEFAULT_ROOT ")" },
		{ "log", 0, RC_OPT_TEXT, &g->log, "FILE", "append log lines to FILE" },
		{ "log-format", 0, RC_OPT_TEXT, &w.log_format, "text|json", "form of log lines (default: text)" },
		{ "debug", 0, RC_OPT_FLAG, &g->debug, NULL, "log each step" },
		{ "systemd-cgroup", 0, RC_OPT_FLAG, &g->systemd_cgroup, NULL,
		  "let systemd make the cgroup; cgroupsPath is slice:prefix:name" },
		{ "cgroup-manager", 0, RC_OPT_TEXT, &w.manager, "cgroupfs|systemd|disabled", "who makes the cgroup" },
		{ "no-sysvisor-mgr", 0, RC_OPT_FLAG, &g->no_mgr, NULL, "do not ask sysvisor-mgr; ids are those of user sysvisor" },
		{ "no-sysvisor-fs", 0, RC_OPT_FLAG, &g->no_fs, NULL, "do not use sysvisor-fs; /proc and /sys are the kernel's" },
		{ "no-kernel-check", 0, RC_OPT_FLAG, &g->no_kernel_check, NULL, "try older kernels than 5.12, too" },
		{ "rootless", 0, RC_OPT_TEXT, &w.rootless, "auto|false", "taken for runc's sake, without effect" },
		{ "criu", 0, RC_OPT_TEXT, &w.criu, "PATH", "taken for runc's sake, without effect" },
		{ "version", 'v', RC_OPT_FLAG, &w.version, NULL, "print versions" },
	};
	int r = rc_options_parse(table, SV_COUNT(table), usage, true, argc, argv, ret_first, err);

	if (r == 1)
		print_commands();
	if (r != 0)
		return r;
	if (w.version) {
		print_version();
		return 1;
	}
	return check_words(g, &w, err);
}

static int check_kernel(struct sv_err *err)
{
	int major = 0, minor = 0;
	struct utsname u;

	if (uname(&u) < 0)
		return sv_err_set(err, errno, "uname");
	if (sscanf(u.release, "%d.%d", &major, &minor) == 2 &&
	    (major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR)))
		return 0;
	return sv_err_say(err, ENOSYS, "kernel %s is too old: system containers need Linux %d.%d (--no-kernel-check tries anyway)",
			  u.release, KERNEL_MAJOR, KERNEL_MINOR);
}

static const struct command *find_command(const char *name, struct sv_err *err)
{
	for (size_t i = 0; i < SV_COUNT(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	sv_err_say(err, EINVAL, "unknown command \"%s\" (see " NAME " --help)", name);
	return NULL;
}

static bool asks_help(int argc, char **argv)
{
	static const char *const words[] = { "--help", "-help", "-h" };

	for (size_t i = 0; i < SV_COUNT(words); i++) {
		if (argc == 2 && strcmp(argv[1], words[i]) == 0)
			return true;
	}
	return false;
}

/* Returns the exit status, or -errno with ERR filled. *RET_FAILURE is the status of a failure. */
static int run(int argc, char **argv, struct rc_globals *g, int *ret_failure, struct sv_err *err)
{
	char help[] = "--help", *ask[] = { argv[0], help, NULL };
	const struct command *cmd;
	int first, r;

	/* A caller that ignores it would have our children reaped before we can ask how they ended. */
	signal(SIGCHLD, SIG_DFL);
	r = fill_standard_fds(err);
	if (r == 0)
		r = parse_globals(argc, argv, g, &first, err);
	if (r != 0)
		return r == 1 ? 0 : r;
	r = sv_log_open(g->log, g->log_json, g->debug ? SV_LOG_DEBUG : SV_LOG_INFO, err);
	if (r < 0)
		return r;
	if (first == argc || strcmp(argv[first], "help") == 0 || strcmp(argv[first], "h") == 0)
		return parse_globals(2, ask, g, &first, err) < 0 ? -err->code : 0;

	cmd = find_command(argv[first], err);
	if (!cmd)
		return -err->code;
	*ret_failure = cmd->failure;
	if (!(cmd->flags & ANY_USER) && getauxval(AT_EUID) != 0 && !asks_help(argc - first, argv + first))
		return sv_err_say(err, EPERM, "\"%s\" must be run as root", cmd->name);
	if ((cmd->flags & NEW_PROCESS) && !g->no_kernel_check && (r = check_kernel(err)) < 0)
		return r;
	return cmd->run(g, argc - first, argv + first, err);
}

int main(int argc, char **argv)
{
	struct rc_globals g = { .root = DEFAULT_ROOT };
	struct sv_err err = { 0 };
	int failure = 1;
	int status = run(argc, argv, &g, &failure, &err);

	/* What a full disk or a closed pipe swallowed was not told: an engine must not take it for an empty answer. */
	if (status >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		status = sv_err_set(&err, errno ? errno : EIO, "cannot write to the standard output");
	if (status >= 0)
		return status;
	fprintf(stderr, NAME ": %s\n", err.msg);
	sv_log(SV_LOG_ERROR, "%s", err.msg);
	return failure;
}
