/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd.h - descriptors: passing them over a socket, and closing what must not be inherited.
 */
#ifndef SV_OS_FD_H
#define SV_OS_FD_H

#include <stddef.h>

#include "base/err.h"

#define SV_FD_PASS_MAX 32	/* descriptors in one message; the kernel's limit is SCM_MAX_FD, 253 */

/* Sends LEN bytes and COUNT descriptors as one message on a SOCK_SEQPACKET or SOCK_STREAM socket. */
int sv_fd_send(int sock, const void *data, size_t len, const int *fds, size_t count, struct sv_err *err);

/* Receives one message: up to LEN bytes (the number is returned, 0 at the end of the stream) and up to MAX descriptors,
 * close-on-exec. More descriptors than MAX, or a cut message, is -EPROTO. The caller owns the descriptors. */
int sv_fd_receive(int sock, void *data, size_t len, int *ret_fds, size_t max, size_t *ret_count, struct sv_err *err);

/* Closes all; numbers that follow one another go with one close_range(2), so that nine cost one call. */
void sv_fd_close_all(const int *fds, size_t count);

/* The path of the file behind FD as the kernel tells it, absolute and without links; the caller frees it. -EXDEV: it cannot be
 * reached from our root. */
int sv_fd_path(int fd, char **ret, struct sv_err *err);

/* Marks every descriptor from FIRST on close-on-exec. */
int sv_fd_cloexec_from(unsigned first, struct sv_err *err);

/* Moves FD to number 3 or higher, so that 0-2 can be rearranged. Takes *FD over. */
int sv_fd_move_up(int *fd, struct sv_err *err);

#endif
