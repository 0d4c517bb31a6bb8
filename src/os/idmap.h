/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idmap.h - id mappings of user namespaces (user_namespaces(7)).
 */
#ifndef SV_OS_IDMAP_H
#define SV_OS_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct sv_idmap {
	uint32_t inside, outside, size;
};

/* Writes uid_map or gid_map (FILE) of process PID, whose user namespace is new. Needs CAP_SETUID/CAP_SETGID in the parent namespace;
 * more than one line or a foreign id need it too, so setgroups(2) stays allowed. */
int sv_idmap_write(pid_t pid, const char *file, const struct sv_idmap *maps, size_t count, struct sv_err *err);

/* The id outside that INSIDE stands for; false if it is not mapped. */
bool sv_idmap_out(const struct sv_idmap *maps, size_t count, uint32_t inside, uint32_t *ret);

#endif
