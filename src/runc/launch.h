/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch.h - THE story: from a bundle to a container whose program waits or runs. The parent's side of it; see stages.h for the picture.
 */
#ifndef RC_LAUNCH_H
#define RC_LAUNCH_H

#include <stdbool.h>

#include "base/err.h"
#include "runc/foreground.h"
#include "runc/options.h"
#include "runc/stages.h"

struct rc_launch_request {
	const struct rc_globals *globals;
	const char *id;
	const char *bundle;		/* directory of config.json */
	const char *console_socket;	/* NULL: none */
	const char *pid_file;		/* NULL: none */
	bool no_pivot, no_new_keyring;
	int preserve_fds;
	bool wait_for_start;		/* create: the program waits on exec.fifo */
	bool attached;			/* run without --detach: the caller relays and waits */
	bool subreaper;
};

struct rc_launched {
	struct rc_container container;	/* locked */
	struct rc_foreground foreground;	/* filled if ->attached: for rc_foreground_wait() */
	struct oci_spec spec;
};

#define RC_LAUNCHED_INIT { .container = RC_CONTAINER_INIT, .foreground = RC_FOREGROUND_INIT }

void rc_launched_done(struct rc_launched *launched);

/* Creates the container; without ->wait_for_start its program runs when this returns. On failure nothing is left behind. */
int rc_launch(const struct rc_launch_request *request, struct rc_launched *ret, struct sv_err *err);

#endif
