/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreground.c - see foreground.h. One poll(2) loop over the signalfd, the pidfd and, with a
 * terminal, relay.c's descriptors.
 */
#include "runc/foreground.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runc/relay.h"
#include "runc/terminal.h"

#ifndef P_PIDFD /* Linux 5.4 */
#define P_PIDFD 3
#endif

/* Raised by our own faults; blocked they would only hide where it happened. */
static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };

int rc_foreground_prepare(struct rc_foreground *fg, struct sv_err *err)
{
	autoclose int fd = -1;
	sigset_t all;

	/* A caller may have left it ignored; then the kernel would reap our children for us. */
	signal(SIGCHLD, SIG_DFL);
	sigfillset(&all);
	for (size_t i = 0; i < SV_COUNT(faults); i++)
		sigdelset(&all, faults[i]);
	fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return sv_err_set(err, errno, "cannot open a signalfd");
	if (fg->subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return sv_err_set(err, errno, "cannot become the reaper of orphans");
	if (sigprocmask(SIG_SETMASK, &all, &fg->old_mask) < 0)
		return sv_err_set(err, errno, "cannot block signals");
	fg->signals = sv_fd_steal(&fd);
	return 0;
}

void rc_foreground_done(struct rc_foreground *fg)
{
	struct signalfd_siginfo si[8];

	if (fg->signals < 0)
		return;
	/*
	 * What came after the process was gone has nobody to go to, and must not hit us when it
	 * is let through.
	 */
	while (read(fg->signals, si, sizeof(si)) == sizeof(si))
		;
	sv_fd_close(&fg->signals);
	sigprocmask(SIG_SETMASK, &fg->old_mask, NULL);
}

/* Children that are not the one waited for: orphans of the container's hooks. */
static void reap_others(const struct rc_foreground *fg)
{
	for (;;) {
		siginfo_t si = { 0 };

		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid == 0 ||
		    si.si_pid == fg->pid)
			return;
		if (waitid(P_PID, (id_t)si.si_pid, &si, WEXITED | WNOHANG) < 0)
			return;
	}
}

/*
 * SIGURG is what Go programs wake their threads with; SIGPIPE from ourselves is a reader of ours
 * that went away.
 */
static bool is_forwarded(const struct rc_foreground *fg, const struct signalfd_siginfo *si)
{
	switch (si->ssi_signo) {
	case SIGCHLD:
	case SIGURG:
		return false;
	case SIGWINCH:
		return fg->master < 0;
	case SIGPIPE:
		return si->ssi_pid != (uint32_t)getpid();
	default:
		return true;
	}
}

/* One a round: poll(2) tells if there are more. */
static int handle_signal(const struct rc_foreground *fg, struct sv_err *err)
{
	struct signalfd_siginfo si;
	struct sv_err ignored = { 0 };

	if (read(fg->signals, &si, sizeof(si)) != sizeof(si))
		return 0;
	if (si.ssi_signo == SIGCHLD && fg->subreaper)
		reap_others(fg);
	/*
	 * A terminal that is just hanging up has no size, and that is no reason to leave
	 * the container alone.
	 */
	if (si.ssi_signo == SIGWINCH && fg->master >= 0)
		rc_terminal_copy_size(STDIN_FILENO, fg->master, &ignored);
	if (!is_forwarded(fg, &si))
		return 0;
	if (syscall(SYS_pidfd_send_signal, fg->pidfd, si.ssi_signo, NULL, 0) < 0 && errno != ESRCH)
		return sv_err_set(err, errno, "cannot pass signal %u on to the container", si.ssi_signo);
	return 0;
}

static int reap(const struct rc_foreground *fg, int *ret_status, struct sv_err *err)
{
	siginfo_t si = { 0 };
	int r;

	do {
		r = waitid((idtype_t)P_PIDFD, (id_t)fg->pidfd, &si, WEXITED | __WALL);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return sv_err_set(err, errno, "cannot wait for process %d", fg->pid);
	*ret_status = si.si_code == CLD_EXITED ? si.si_status : 128 + si.si_status;
	return 0;
}

static int loop(const struct rc_foreground *fg, struct rc_relay *relay, struct sv_err *err)
{
	enum { SIGNALS, PROCESS, RELAY };
	struct pollfd p[RELAY + RC_RELAY_FDS] = {
		[SIGNALS] = { .fd = fg->signals, .events = POLLIN },
		[PROCESS] = { .fd = fg->pidfd, .events = POLLIN },
	};

	for (;;) {
		int r;

		rc_relay_want(relay, p + RELAY);
		if (poll(p, SV_COUNT(p), -1) < 0) {
			if (errno == EINTR)
				continue;
			return sv_err_set(err, errno, "cannot wait for the container");
		}
		/* To a process that has ended no signal can be passed on any more. */
		if (p[SIGNALS].revents && !p[PROCESS].revents) {
			r = handle_signal(fg, err);
			if (r < 0)
				return r;
		}
		rc_relay_move(relay, p + RELAY);
		if (p[PROCESS].revents)
			return 0;
	}
}

int rc_foreground_wait(const struct rc_foreground *fg, int *ret_status, struct sv_err *err)
{
	struct rc_relay relay = RC_RELAY_INIT;
	int r = rc_relay_begin(&relay, fg->master, err);

	if (r == 0)
		r = loop(fg, &relay, err);
	if (r == 0)
		rc_relay_drain(&relay);
	rc_relay_end(&relay);
	return r < 0 ? r : reap(fg, ret_status, err);
}
