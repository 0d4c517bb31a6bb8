/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container.h - a container on disk: ROOT/<id>/ with state.json, exec.fifo and lock.
 *
 * state.json is written atomically (temporary, rename in the directory) and carries all that later commands need, so none of them
 * reads config.json again: the bundle may be gone or changed. What is true now is asked of the kernel: the init pid counts only
 * if its start time is the recorded one.
 */
#ifndef RC_CONTAINER_H
#define RC_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "oci/spec.h"
#include "runc/cgroup.h"

enum rc_status { RC_CREATING, RC_CREATED, RC_RUNNING, RC_PAUSED, RC_STOPPED };

struct rc_container {
	char *id;
	char *bundle;			/* absolute */
	char *rootfs;			/* absolute */
	char *created;			/* RFC 3339, UTC, nanoseconds */
	pid_t init_pid;			/* 0 while creating */
	uint64_t init_start;		/* field 22 of /proc/PID/stat, clock ticks since boot */
	struct rc_cgroup cgroup;
	struct oci_maps maps;		/* the user namespace's mappings */
	struct oci_annotation *annotations;
	size_t n_annotations;
	struct oci_process process;	/* defaults for exec: env, cwd, user, caps, labels, noNewPrivs, rlimits */
	struct oci_hooks poststart, poststop;
	char *seccomp;			/* linux.seccomp as JSON text for exec; NULL: none */
	bool no_new_keyring;
	int dir;			/* O_DIRECTORY descriptor of ROOT/<id> */
	int lock;			/* held flock on ROOT/<id>/lock, -1: not held */
};

#define RC_CONTAINER_INIT { .dir = -1, .lock = -1 }

void rc_container_done(struct rc_container *c);

/* Ids as runc takes them: letters, digits, '_', '+', '-', '.'; not "." or "..", at most 1024 (and NAME_MAX) bytes. */
int rc_container_check_id(const char *id, struct sv_err *err);

/* Makes ROOT (0711) if need be and ROOT/<id> (0711), locked. -EEXIST: "container with given ID already exists". */
int rc_container_make(const char *root, const char *id, struct rc_container *ret, struct sv_err *err);

/* Opens an existing one. -ENOENT: "container does not exist". With LOCK waits for other commands that change it. A directory without a readable
 * state.json loads as RC_CREATING with ->bundle NULL (a create that was killed), so that delete --force can remove it. */
int rc_container_open(const char *root, const char *id, bool lock, struct rc_container *ret, struct sv_err *err);

/* Writes state.json. */
int rc_container_save(const struct rc_container *c, struct sv_err *err);

/* What the container is now, by the kernel's word. */
int rc_container_status(const struct rc_container *c, enum rc_status *ret, struct sv_err *err);
const char *rc_status_name(enum rc_status status);

/* A pidfd of init, checked against the start time; -ESRCH when it is gone. */
int rc_container_pidfd(const struct rc_container *c, int *ret, struct sv_err *err);

/* Removes ROOT/<id>. */
int rc_container_remove(struct rc_container *c, const char *root, struct sv_err *err);

/* The OCI state document (runtime-spec, "State") as hooks and `state` get it. FULL adds runc's extra keys (rootfs, created, owner). */
int rc_container_state_json(const struct rc_container *c, enum rc_status status, bool full, struct sv_str *s);

/* exec.fifo: init holds it open for reading (and writing, so that it never sees an end) until `start` writes one byte. */
#define RC_FIFO "exec.fifo"
int rc_container_fifo_make(const struct rc_container *c, int *ret, struct sv_err *err);	/* O_RDWR descriptor for init */
int rc_container_fifo_release(const struct rc_container *c, struct sv_err *err);	/* start: -EALREADY if nobody waits */

#endif
