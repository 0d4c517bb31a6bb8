/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.h - between our terminal (stdin, stdout) and the master of the container's.
 *
 * A stage between two poll(2) calls: rc_relay_want() says what to poll for, rc_relay_move() moves
 * what can be moved without waiting. Nobody's descriptors are made non-blocking but our own:
 * stdout is opened once more for that. A stdin that ended is read no more, a stdout that broke
 * swallows what comes, so that the container does not stall.
 */
#ifndef RC_RELAY_H
#define RC_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "base/err.h"

struct rc_buffer {
	char bytes[8192];
	size_t start, end; /* what is waiting to be written */
};

struct rc_relay {
	int master;   /* -1: there is no terminal and nothing to do */
	int peer;     /* our own handle of the container's side, see relay.c */
	int in, out;  /* -1: ended */
	bool own_out; /* opened by us */
	bool out_is_socket;
	bool raw;
	struct termios saved;
	struct rc_buffer to_master, from_master;
};

#define RC_RELAY_INIT { .master = -1, .peer = -1, .in = -1, .out = -1 }
#define RC_RELAY_FDS 3

/*
 * Raw mode for our terminal if stdin is one, its size for MASTER (made non-blocking). MASTER -1:
 * nothing.
 */
int rc_relay_begin(struct rc_relay *relay, int master, struct sv_err *err);

void rc_relay_want(const struct rc_relay *relay, struct pollfd p[RC_RELAY_FDS]);
void rc_relay_move(struct rc_relay *relay, const struct pollfd p[RC_RELAY_FDS]);

/*
 * After the process ended: everything that it wrote goes to stdout, waiting for that as long as
 * it takes and somebody may still read.
 */
void rc_relay_drain(struct rc_relay *relay);

/* Restores our terminal. */
void rc_relay_end(struct rc_relay *relay);

#endif
