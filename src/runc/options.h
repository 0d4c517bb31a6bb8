/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - the command line of sysvisor-runc: global options and a table of commands, as runc takes them.
 *
 * Long options may be written with one dash or two (docker writes `-no-subreaper`), with `=` or a space; global options stand
 * before the command. Misuse is one line on stderr and exit status 1.
 */
#ifndef RC_OPTIONS_H
#define RC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct rc_globals {
	const char *root;	/* where state is kept, default /run/sysvisor-runc */
	const char *log;
	bool log_json, debug, systemd_cgroup, no_fs, no_mgr, no_kernel_check;
	bool no_cgroup;		/* --cgroup-manager disabled (crun's word, podman types it) */
};

enum rc_option_kind { RC_OPT_FLAG, RC_OPT_TEXT, RC_OPT_LIST };

struct rc_option {
	const char *name;	/* long name without dashes */
	char letter;		/* short name or 0 */
	enum rc_option_kind kind;
	void *to;		/* bool *, const char **, struct sv_list * */
	const char *arg;	/* name of the argument in --help, NULL for flags */
	const char *help;
};

/*
 * Reads the options of a command from ARGV (argv[0] is the command's name). Options may stand between arguments; with STOP_EARLY
 * the first argument ends them, and what follows belongs to the container (exec, ps). `--` ends them always and is dropped.
 * ARGV is reordered: the arguments are argv[*RET_FIRST] to argv[argc - 1], in their order. On `--help` and `-h` prints USAGE and
 * the table on stdout and returns 1.
 */
int rc_options_parse(const struct rc_option *table, size_t count, const char *usage, bool stop_early, int argc, char **argv,
		     int *ret_first, struct sv_err *err);

/* For commands whose only argument is a container's id: parses, checks the count, reports the id. 1: help was printed. */
int rc_options_id(const struct rc_option *table, size_t count, const char *usage, int argc, char **argv, const char **ret_id,
		  struct sv_err *err);

/* Refuses a wrong COUNT of arguments: less than MIN or more than MAX (-1: no limit). */
int rc_options_arguments(const char *command, int count, int min, int max, struct sv_err *err);

/* A command returns the exit status of the program (>= 0), or -errno with ERR filled: main prints "sysvisor-runc: ERR", logs it and exits 1. */
typedef int rc_command_fn(const struct rc_globals *g, int argc, char **argv, struct sv_err *err);

rc_command_fn rc_cmd_create, rc_cmd_run, rc_cmd_start, rc_cmd_exec, rc_cmd_state, rc_cmd_list, rc_cmd_ps, rc_cmd_kill, rc_cmd_delete, rc_cmd_pause,
	rc_cmd_resume, rc_cmd_update, rc_cmd_events, rc_cmd_spec, rc_cmd_features, rc_cmd_checkpoint, rc_cmd_restore;

#endif
