/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_events.c - `events`: usage statistics every few seconds and out-of-memory kills, one JSON line each. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "runc/container.h"
#include "runc/options.h"

#define NS_PER_S INT64_C(1000000000)

static const char usage[] = "sysvisor-runc events - show usage statistics and out-of-memory notifications\n\n"
			    "USAGE:\n   sysvisor-runc events [--stats] [--interval TIME] CONTAINER-ID";

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* A reader at the other end of a pipe gets whole lines at once. */
static int print_line(const struct sv_str *line, struct sv_err *err)
{
	if (line->failed)
		return sv_err_oom(err);
	if (fwrite(line->text, 1, line->len, stdout) != line->len || fflush(stdout) != 0)
		return sv_err_set(err, errno, "cannot write to the standard output");
	return 0;
}

static int print_stats(const struct rc_container *c, struct sv_err *err)
{
	autostr struct sv_str line = { 0 };
	int r;

	sv_str_add(&line, "{\"type\":\"stats\",\"id\":");
	sv_str_add_quoted(&line, c->id);
	sv_str_add(&line, ",\"data\":");
	r = rc_cgroup_stats(&c->cgroup, &line, err);
	if (r < 0)
		return r;
	sv_str_add(&line, "}\n");
	return print_line(&line, err);
}

static int print_oom(const struct rc_container *c, struct sv_err *err)
{
	autostr struct sv_str line = { 0 };

	sv_str_add(&line, "{\"type\":\"oom\",\"id\":");
	sv_str_add_quoted(&line, c->id);
	sv_str_add(&line, "}\n");
	return print_line(&line, err);
}

static int report_ooms(const struct rc_container *c, struct rc_cgroup_oom *oom, struct sv_err *err)
{
	uint64_t count;
	int r = rc_cgroup_oom_read(oom, &count, err);

	while (r == 0 && count-- > 0)
		r = print_oom(c, err);
	return r;
}

static int watch(const struct rc_container *c, int64_t interval, struct sv_err *err)
{
	autoclose int pidfd = -1, oom_fd = -1;
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int64_t next = now_ns() + interval;
	struct rc_cgroup_oom oom;
	int r;

	if ((r = rc_container_pidfd(c, &pidfd, err)) < 0 || (r = rc_cgroup_oom_open(&c->cgroup, &oom, err)) < 0)
		return r;
	fds[0].fd = pidfd;
	fds[1].fd = oom_fd = oom.fd;
	for (;;) {
		int64_t left = next - now_ns();
		struct timespec timeout = { .tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S };

		if (left <= 0) {
			timeout = (struct timespec){ 0 };
			left = 0;
		}
		if (ppoll(fds, SV_COUNT(fds), &timeout, NULL) < 0) {
			if (errno == EINTR)
				continue;
			return sv_err_set(err, errno, "poll");
		}
		if (fds[1].revents && (r = report_ooms(c, &oom, err)) < 0)
			return r;
		if (fds[0].revents) /* init has ended, and its cgroup may be gone */
			return 0;
		if (left == 0) {
			if ((r = print_stats(c, err)) < 0)
				return r;
			next += interval;
		}
	}
}

int rc_cmd_events(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	autocontainer struct rc_container c = RC_CONTAINER_INIT;
	const char *interval_text = "5s", *id;
	bool stats = false;
	const struct rc_option table[] = {
		{ "interval", 0, RC_OPT_TEXT, &interval_text, "TIME", "time between statistics (default: 5s)" },
		{ "stats", 0, RC_OPT_FLAG, &stats, NULL, "show statistics once, then end" },
	};
	enum rc_status status;
	int64_t interval;
	int r = rc_options_id(table, SV_COUNT(table), usage, argc, argv, &id, err);

	if (r != 0)
		return r == 1 ? 0 : r;
	if ((r = sv_parse_duration(interval_text, &interval, err)) < 0)
		return r;
	if (interval <= 0)
		return sv_err_say(err, EINVAL, "duration interval must be greater than 0");
	if ((r = rc_container_load(g->root, id, false, RC_PART_BODY, &c, err)) < 0 ||
	    (r = rc_container_status(&c, &status, err)) < 0)
		return r;
	if (status == RC_STOPPED || status == RC_CREATING)
		return sv_err_say(err, ESRCH, "container with id %s is not running", id);
	return stats ? print_stats(&c, err) : watch(&c, interval, err);
}
