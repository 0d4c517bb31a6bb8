/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - small files, addressed by a directory descriptor: read whole, replace atomically, lock.
 */
#ifndef SV_OS_FILE_H
#define SV_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* Reads all of NAME in DIR (AT_FDCWD: a path) into *RET, NUL-terminated; the caller frees it. Works for files that tell no
 * size (/proc, cgroup). -EFBIG: more than MAX bytes. -ENOENT and the rest are from open(2) and read(2). */
int sv_file_read(int dir, const char *name, size_t max, char **ret, size_t *ret_len, struct sv_err *err);

/* The same from the position of FD to its end; NAME is for the message. */
int sv_file_read_fd(int fd, const char *name, size_t max, char **ret, size_t *ret_len, struct sv_err *err);

/* Reads at most SIZE - 1 bytes of NAME into BUF, NUL-terminated, with one read(2); for the files of /proc and for beginnings.
 * Returns the length, or -errno without a story: such a file is missing all the time. */
ssize_t sv_file_peek(int dir, const char *name, char *buf, size_t size);

/* Puts DATA where NAME in DIR is: a reader sees the old or the new content, also if the writer is killed, who then leaves a
 * file ".NAME.PID" behind. There is no fsync: all that is written so describes processes, which no power cut survives. */
int sv_file_replace(int dir, const char *name, const void *data, size_t len, mode_t mode, struct sv_err *err);

/* Takes the exclusive flock(2) of FD. Whoever holds it may hang, so this gives up after SECONDS: -ETIMEDOUT.
 * While it waits it uses SIGALRM. The lock ends with the last copy of the open file: a forked child must close its copy. */
int sv_file_lock(int fd, unsigned seconds, struct sv_err *err);
void sv_file_unlock(int fd);

#endif
