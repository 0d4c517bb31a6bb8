/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminal.h - pseudo terminals: handing the master to whoever asked (--console-socket), and the
 * modes of our own terminal.
 *
 * Engines listen on a unix stream socket and expect one message: the name of the terminal as data
 * (they show it, nothing more) and the master as SCM_RIGHTS (runc's docs/terminals.md,
 * "Detached").
 */
#ifndef RC_TERMINAL_H
#define RC_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

#include "base/err.h"

/*
 * Connects to the engine's socket. Done before anything is created, so that a wrong path costs
 * nothing. PATH may be longer than sun_path. *RET is close-on-exec.
 */
int rc_terminal_connect(const char *path, int *ret, struct sv_err *err);

/* Sends MASTER over SOCK. Both stay the caller's. */
int rc_terminal_send(int sock, int master, struct sv_err *err);

/* Gives the window of TTY a size; ROWS or COLS 0: nothing happens. */
int rc_terminal_resize(int tty, uint16_t rows, uint16_t cols, struct sv_err *err);

/* Copies the size of the window FROM to TO. FROM not being a terminal is not an error. */
int rc_terminal_copy_size(int from, int to, struct sv_err *err);

/* Raw mode for TTY; *RET_SAVED is what rc_terminal_restore() needs. */
int rc_terminal_raw(int tty, struct termios *ret_saved, struct sv_err *err);
int rc_terminal_restore(int tty, const struct termios *saved, struct sv_err *err);

#endif
