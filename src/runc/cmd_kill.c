/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_kill.c - `kill`: a signal to init, or with --all to every process in the container's cgroup. */
#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "os/proc.h"
#include "runc/container.h"
#include "runc/options.h"

static const char usage[] = "sysvisor-runc kill - send a signal to a container's init\n\n"
			    "USAGE:\n   sysvisor-runc kill [--all] CONTAINER-ID [SIGNAL]\n\n"
			    "SIGNAL is a number or a name: 9, KILL, SIGKILL, RTMIN+3 (default: TERM).";

static int signal_init(const struct rc_container *c, int sig, struct sv_err *err)
{
	autoclose int pidfd = -1;
	int r = rc_container_pidfd(c, &pidfd, err);

	if (r < 0)
		return r;
	r = sv_proc_signal(pidfd, sig, err);
	if (r == -ESRCH)
		return sv_err_say(err, ESRCH, "container not running");
	return r < 0 || sig != SIGKILL ? r : rc_container_thaw(c, err);
}

int rc_cmd_kill(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	bool all = false;
	const struct rc_option table[] = {
		{ "all", 'a', RC_OPT_FLAG, &all, NULL, "signal all processes of the container" },
	};
	int first, sig = SIGTERM;
	int r = rc_options_parse(table, SV_COUNT(table), usage, false, argc, argv, &first, err);

	if (r != 0)
		return r == 1 ? 0 : r;
	if ((r = rc_options_arguments("kill", argc - first, 1, 2, err)) < 0)
		return r;
	if (argc - first == 2 && (r = sv_parse_signal(argv[first + 1], &sig, err)) < 0)
		return r;
	r = rc_container_load(g->root, argv[first], false, all ? RC_PART_BODY : RC_PART_HEAD, &c, err);
	if (r < 0)
		return r;
	return all ? rc_cgroup_signal(&c.cgroup, sig, err) : signal_init(&c, sig, err);
}
