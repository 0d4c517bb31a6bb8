/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - one line per event, to a file or to stderr.
 *
 * Text lines look as `time="2026-11-21T23:00:00Z" level=info msg="..."`, JSON lines have the keys
 * level, msg, time (containerd and podman read the last error line of the file). Code under base,
 * os, oci and ipc logs at debug only.
 */
#ifndef SV_BASE_LOG_H
#define SV_BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

enum sv_log_level { SV_LOG_DEBUG, SV_LOG_INFO, SV_LOG_WARNING, SV_LOG_ERROR };

/* Where lines go: PATH is appended to, lines below LEVEL are dropped. The descriptor is kept
 * until the process ends and is close-on-exec. Without PATH (NULL or "") warnings go to stderr
 * for a person to read, and with LEVEL debug all lines; errors do not, since main tells them
 * there anyway. */
int sv_log_open(const char *path, bool json, enum sv_log_level level, struct sv_err *err);

/* Writes one line with one write(2). Never fails; a full disk loses the line. */
void sv_log(enum sv_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define sv_debug(...) sv_log(SV_LOG_DEBUG, __VA_ARGS__)
#define sv_warning(...) sv_log(SV_LOG_WARNING, __VA_ARGS__)

#endif
