/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_create.c - `create` and `run`. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "os/fd.h"
#include "os/file.h"
#include "runc/after_hooks.h"
#include "runc/destroy.h"
#include "runc/launch.h"

struct words {
	const char *bundle, *preserve_fds;
	bool detach, keep, no_subreaper;
};

/* Descriptors from 3 on that the container inherits; with socket activation (sd_listen_fds(3)) at least those. */
static int count_preserved(const char *word, int *ret, struct sv_err *err)
{
	uint32_t count = 0;
	int r = word ? sv_parse_u32(word, &count, err) : 0;

	if (r < 0)
		return sv_err_ctx(err, "--preserve-fds");
	if (count > 1000)
		return sv_err_say(err, EINVAL, "--preserve-fds %u: at most 1000", count);
	for (uint32_t i = 0; i < count; i++)
		if (fcntl(3 + (int)i, F_GETFD) < 0)
			return sv_err_set(err, errno, "--preserve-fds %u: descriptor %u", count, 3 + i);
	*ret = (int)count;
	return 0;
}

/* Reads the command line into Q. Returns 1 when --help was answered. */
static int read_words(int argc, char **argv, bool run, struct rc_launch_request *q, struct words *w, struct sv_err *err)
{
	const struct rc_option table[] = {
		{ "bundle", 'b', RC_OPT_TEXT, &w->bundle, "DIR", "directory of config.json (default: the current one)" },
		{ "console-socket", 0, RC_OPT_TEXT, &q->console_socket, "PATH", "unix socket that gets the terminal's master" },
		{ "pid-file", 0, RC_OPT_TEXT, &q->pid_file, "FILE", "write the pid of init to FILE" },
		{ "no-pivot", 0, RC_OPT_FLAG, &q->no_pivot, NULL, "move the root into place instead of pivot_root" },
		{ "no-new-keyring", 0, RC_OPT_FLAG, &q->no_new_keyring, NULL, "keep the session keyring of the caller" },
		{ "preserve-fds", 0, RC_OPT_TEXT, &w->preserve_fds, "N", "pass N descriptors from 3 on to the program" },
		{ "no-subreaper", 0, RC_OPT_FLAG, &w->no_subreaper, NULL, "do not reap reparented processes" },
		{ "detach", 'd', RC_OPT_FLAG, &w->detach, NULL, "do not wait for the program" },
		{ "keep", 0, RC_OPT_FLAG, &w->keep, NULL, "do not delete the container when its program ends" },
	};
	size_t count = SV_COUNT(table) - (run ? 0 : 2);
	const char *usage = run ? "sysvisor-runc run - create and start a container\n\n"
				  "USAGE:\n   sysvisor-runc run [options] CONTAINER-ID" :
				  "sysvisor-runc create - create a container; its program waits for start\n\n"
				  "USAGE:\n   sysvisor-runc create [options] CONTAINER-ID";
	int first, r = rc_options_parse(table, count, usage, false, argc, argv, &first, err);

	if (r != 0)
		return r;
	r = rc_options_arguments(argv[0], argc - first, 1, 1, err);
	if (r < 0)
		return r;
	q->id = argv[first];
	q->bundle = w->bundle ? w->bundle : ".";
	q->attached = run && !w->detach;
	q->wait_for_start = !run;
	q->subreaper = !w->no_subreaper;
	return count_preserved(w->preserve_fds, &q->preserve_fds, err);
}

int rc_cmd_create(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	struct rc_launch_request q = { .globals = g };
	struct rc_launched launched = RC_LAUNCHED_INIT;
	struct words w = { 0 };
	int r = read_words(argc, argv, false, &q, &w, err);

	if (r != 0)
		return r == 1 ? 0 : r;
	r = sv_fd_cloexec_from(3 + (unsigned)q.preserve_fds, err);
	if (r == 0)
		r = rc_launch(&q, &launched, err);
	rc_launched_done(&launched);
	return r;
}

/* Other commands may use the container while we wait; in the end its lock is taken again. */
static int wait_and_delete(const struct rc_globals *g, struct rc_launched *launched, bool keep, struct sv_err *err)
{
	struct rc_container *c = &launched->container;
	struct sv_err why = { 0 };
	int status, r = rc_foreground_wait(&launched->foreground, &status, err);

	rc_foreground_done(&launched->foreground);
	if (r < 0)
		return r;
	if (keep)
		return status;
	/* A delete may have been faster, then nothing is left to do. */
	if (sv_file_lock(c->dir, RC_LOCK_SECONDS, &why) < 0 || rc_destroy(c, g->root, false, &why) < 0)
		sv_warning("container '%s': cannot delete it: %s", c->id, why.msg);
	return status;
}

int rc_cmd_run(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	struct rc_launch_request q = { .globals = g };
	struct rc_launched launched = RC_LAUNCHED_INIT;
	struct words w = { 0 };
	struct sv_err why = { 0 };
	int r = read_words(argc, argv, true, &q, &w, err);

	if (r != 0)
		return r == 1 ? 0 : r;
	r = sv_fd_cloexec_from(3 + (unsigned)q.preserve_fds, err);
	if (r == 0)
		r = rc_launch(&q, &launched, err);
	if (r == 0) {
		sv_file_unlock(launched.container.dir);
		if (rc_after_start(&launched.container, &why) < 0)
			sv_warning("container '%s': poststart hooks: %s", q.id, why.msg);
		if (q.attached)
			r = wait_and_delete(g, &launched, w.keep, err);
	}
	rc_launched_done(&launched);
	return r;
}
