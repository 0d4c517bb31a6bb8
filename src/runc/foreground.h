/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreground.h - `run` and `exec` in the foreground: stand between the caller and the container's
 * process until it ends.
 *
 * With a terminal of the container's own (->master) our stdin and stdout are relayed to it: our
 * terminal goes to raw mode (^C and ^Z are bytes for the container), its size follows SIGWINCH,
 * and it is restored whatever ends us. Without one the process has our stdin, stdout and stderr
 * itself. Signals sent to us are passed on to the process, and its end is our exit status.
 */
#ifndef RC_FOREGROUND_H
#define RC_FOREGROUND_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct rc_foreground {
	pid_t pid;      /* the container's process, ours to reap: a child, or come to a subreaper */
	int pidfd;
	int master;     /* of its terminal, -1: none. Made non-blocking; stays the caller's */
	bool subreaper; /* other children may come and are reaped too */

	/* filled by rc_foreground_prepare() */
	int signals;       /* signalfd */
	sigset_t old_mask; /* the mask to be restored in every child before it execs */
};

#define RC_FOREGROUND_INIT { .pidfd = -1, .master = -1, .signals = -1 }

/*
 * Blocks all signals that can be and opens the signalfd; sets subreaper if wanted. Called before
 * the process is made, so that no signal and no exit is missed. A child must
 * sigprocmask(SIG_SETMASK, &fg->old_mask) before it execs.
 */
int rc_foreground_prepare(struct rc_foreground *fg, struct sv_err *err);

/*
 * Relays until the process has ended and everything it had written to its terminal is on our
 * stdout. *RET_STATUS is its exit status, 128 + signal if it was killed. The hang-up of our
 * terminal and SIGTERM are passed on like any signal; it is for the process to end.
 */
int rc_foreground_wait(const struct rc_foreground *fg, int *ret_status, struct sv_err *err);

/* Ends what prepare began: closes the signalfd and restores the mask. */
void rc_foreground_done(struct rc_foreground *fg);

#endif
