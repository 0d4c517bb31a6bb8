/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container.h - a container on disk: the directory ROOT/<id>/ with state.json and exec.fifo.
 *
 * state.json is written atomically (temporary, rename in the directory) and carries all that later commands need, so none of them
 * reads config.json again: the bundle may be gone or changed. What is true now is asked of the kernel: the init pid counts only
 * if its start time is the recorded one.
 *
 * The lock of a container is the flock(2) of its directory. It belongs to the open file, which a forked child shares:
 * children of a command that locked must close ->dir (exec does it), else the lock outlives the command.
 *
 * Names in ROOT that begin with '.' are not containers (.seccomp is the cache of filters).
 */
#ifndef RC_CONTAINER_H
#define RC_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "oci/spec.h"
#include "runc/cgroup.h"

#define RC_OCI_VERSION "1.2.0"	/* the runtime-spec that we speak, in state documents and --version */

enum rc_status { RC_CREATING, RC_CREATED, RC_RUNNING, RC_PAUSED, RC_STOPPED };

/* How much of state.json is read. Most commands need little, and `list` reads a thousand of them. */
enum rc_part {
	RC_PART_HEAD,	/* who and which process: id to init_start; of the cgroup only what tells whether it is frozen */
	RC_PART_BODY,	/* also the whole cgroup, annotations, hooks */
	RC_PART_ALL,	/* also what exec needs: mappings, process, seccomp listener */
};

struct rc_container {
	char *id;
	char *bundle;			/* absolute; NULL: a create was killed before it wrote state.json */
	char *rootfs;			/* absolute */
	char *created;			/* RFC 3339, UTC, nanoseconds; set by rc_container_make */
	pid_t init_pid;			/* 0 while creating */
	uint64_t init_start;		/* field 22 of /proc/PID/stat, clock ticks since boot */
	struct rc_cgroup cgroup;
	struct oci_maps maps;		/* the user namespace's mappings */
	struct oci_annotation *annotations;
	size_t n_annotations;
	struct oci_process process;	/* defaults for exec: env, cwd, user, caps, labels, noNewPrivs, rlimits */
	struct oci_hooks poststart, poststop;
	char *rdt_group;		/* the resctrl group that goes with the container, NULL: none */
	char *listener, *listener_metadata;	/* linux.seccomp.listenerPath and listenerMetadata, NULL: none */
	bool no_new_keyring;
	int dir;			/* O_DIRECTORY descriptor of ROOT/<id>, -1: only peeked at */
	bool locked;			/* we hold the flock of ->dir */
	enum rc_part part;		/* what is loaded; only all of it can be saved */
};

#define RC_CONTAINER_INIT { .dir = -1 }

/* Ends the struct and the lock, not the container. */
void rc_container_done(struct rc_container *c);
#define autocontainer __attribute__((cleanup(rc_container_done)))

/* Ids as runc takes them: letters, digits, '_', '+', '-', '.'; the first not '.', at most 255 bytes (NAME_MAX). */
int rc_container_check_id(const char *id, struct sv_err *err);

/* Makes ROOT if need be (0700) and ROOT/<id> (0700), locked, with id and created filled. RET_ROOT, if not NULL, becomes a
 * descriptor of ROOT, which is the caller's. -EEXIST: the id is taken. */
int rc_container_make(const char *root, const char *id, struct rc_container *ret, int *ret_root, struct sv_err *err);

/* Opens an existing one. -ENOENT: `container "x" does not exist`. With LOCK waits for other commands that change it, for at most
 * RC_LOCK_SECONDS (-ETIMEDOUT). A directory without a readable state.json loads as ->bundle NULL, status RC_CREATING, so that delete
 * can remove it. */
#define RC_LOCK_SECONDS 10
int rc_container_load(const char *root, const char *id, bool lock, enum rc_part part, struct rc_container *ret,
		      struct sv_err *err);

/* The same with RC_PART_ALL. */
int rc_container_open(const char *root, const char *id, bool lock, struct rc_container *ret, struct sv_err *err);

/* For `list`: reads part of ROOT_DIR/<id>/state.json without opening the directory. -ENOENT: gone, or not yet written. */
int rc_container_peek(int root_dir, const char *id, enum rc_part part, struct rc_container *ret, struct sv_err *err);

/* Writes state.json. */
int rc_container_save(const struct rc_container *c, struct sv_err *err);

/* What the container is now, by the kernel's word. _at is for a container that was peeked at. */
int rc_container_status(const struct rc_container *c, enum rc_status *ret, struct sv_err *err);
int rc_container_status_at(const struct rc_container *c, int root_dir, enum rc_status *ret, struct sv_err *err);
const char *rc_status_name(enum rc_status status);

/* A pidfd of init, checked against the start time; -ESRCH `container not running` when it has ended (zombies too). */
int rc_container_pidfd(const struct rc_container *c, int *ret, struct sv_err *err);

/* Thaws it if it is frozen: SIGKILL waits in a frozen group of cgroup v1 until somebody does; on v2 the group is only left untidy. */
int rc_container_thaw(const struct rc_container *c, struct sv_err *err);

/* Removes ROOT/<id>, state.json last, so that a killed delete can be repeated. Gone already is fine. */
int rc_container_remove(struct rc_container *c, const char *root, struct sv_err *err);

/* Appends the OCI state document (runtime-spec, "State") as hooks get it on stdin, or with FULL as `list` prints it, with runc's
 * extra keys (rootfs, created, owner). Returns 0 or -ENOMEM. */
int rc_container_state_json(const struct rc_container *c, enum rc_status status, bool full, struct sv_str *s);

/* The full one over several lines, as `state` prints it. */
int rc_container_state_pretty(const struct rc_container *c, enum rc_status status, struct sv_str *s);

/* state.json as text, and back (container_json.c). */
int rc_container_write(const struct rc_container *c, struct sv_str *s, struct sv_err *err);
int rc_container_read(const char *text, size_t len, enum rc_part part, struct rc_container *ret, struct sv_err *err);

/* exec.fifo: init holds it open for reading (and writing, so that it never sees an end) until `start` writes one byte. */
#define RC_FIFO "exec.fifo"
int rc_container_fifo_make(const struct rc_container *c, int *ret, struct sv_err *err);	/* O_RDWR descriptor for init */
int rc_container_fifo_release(const struct rc_container *c, struct sv_err *err);	/* start: -EALREADY if nobody waits */

#endif
