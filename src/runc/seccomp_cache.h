/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp_cache.h - compiled filters as files, named by a hash of the profile's text.
 *
 * The hash only finds the file. It is believed if it is a regular file of ours (owner root or
 * whoever we run as, mode 0600), was written by this format, this libseccomp and this architecture,
 * carries the very text of the profile, and still has its checksum. Anything else is as if there
 * were no file. The kernel's version does not matter: the code is the same for every one.
 */
#ifndef RC_SECCOMP_CACHE_H
#define RC_SECCOMP_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "runc/seccomp.h"

/* Files kept; writing one more removes those that were written first. */
#define RC_SECCOMP_CACHE_MAX 64

/* Looks in DIR for the filter of TEXT. True: *RET is it, owned by the caller. */
bool rc_seccomp_cache_get(int dir, const char *text, size_t len, struct rc_filter *ret);

/* Keeps FILTER for TEXT in DIR, atomically. A cache that cannot be written is worth a debug line
 * only. */
void rc_seccomp_cache_put(int dir, const char *text, size_t len, const struct rc_filter *filter);

#endif
