/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec.h - config.json of a bundle as a struct: OCI runtime-spec 1.2, what applies to Linux.
 *
 * oci_spec_parse() checks types, ranges and what the specification forbids, and has no side
 * effects. Unknown keys are ignored, as the specification says. A zeroed struct is the empty spec.
 * Optional numbers have a `has_` twin or, in resources, are `struct oci_opt`: set says whether the
 * document has the key, since 0 often means something. All strings are owned by the struct and
 * ended by oci_spec_done(). NULL: absent.
 */
#ifndef SV_OCI_SPEC_H
#define SV_OCI_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/jsonx.h"
#include "base/str.h"
#include "os/idmap.h"

/* gnu11 predefines `linux` as 1; here it is the name of the document's key. */
#undef linux

struct oci_opt {
	bool set;
	int64_t value;
};

/* ---- process ---- */

struct oci_user {
	uint32_t uid, gid;
	bool has_umask;
	uint32_t umask;
	uint32_t *groups;	/* additionalGids */
	size_t n_groups;
};

struct oci_rlimit {
	int resource;		/* RLIMIT_* */
	uint64_t soft, hard;	/* RLIM_INFINITY as in getrlimit(2) */
};

/* Capability sets as bit masks, bit N is capability number N (linux/capability.h). Names that
 * this build does not know are ignored with a debug line, as runc does. */
struct oci_caps {
	bool set;	/* the document has process.capabilities */
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

struct oci_scheduler {
	bool set;
	uint32_t policy;	/* SCHED_* */
	uint64_t flags;		/* SCHED_FLAG_* */
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;	/* ns */
};

struct oci_process {
	bool set;	/* the document has a process */
	bool terminal;
	uint16_t rows, cols;	/* consoleSize, 0: not given */
	struct oci_user user;
	struct sv_list args, env;
	char *cwd;
	struct oci_caps caps;
	struct oci_rlimit *rlimits;
	size_t n_rlimits;
	bool no_new_privs;
	struct oci_opt oom_score_adj;
	char *apparmor, *selinux;
	struct oci_scheduler scheduler;
	bool has_ioprio;
	int ioprio;		/* as ioprio_set(2) wants it: class << 13 | priority */
	char *cpus_initial, *cpus_final;	/* execCPUAffinity, cpu lists */
};

/* ---- mounts ---- */


struct oci_maps {
	struct sv_idmap *uids, *gids;	/* containerID, hostID, size */
	size_t n_uids, n_gids;
};

/* Option words are sorted into what the kernel wants at spec time; see spec_options.c for the
 * table of words. */
struct oci_mount {
	char *dest;		/* absolute, without "//", "/./", trailing "/"; ".." is refused */
	char *type;		/* "bind" for all binds, whatever the document says; never "none" */
	char *source;		/* NULL for file systems without one. Binds: absolute or relative to
				 * the bundle, as in the document */
	struct sv_list options;	/* the words of the document, untouched */
	bool bind;		/* bind or rbind among the words or as the type */
	bool rec;		/* rbind */
	uint64_t attr_set, attr_clr;	/* MOUNT_ATTR_* of this mount (mount_setattr(2)) */
	uint64_t rec_attr_set, rec_attr_clr;	/* the same for the whole tree: rro, rnosuid ... */
	uint64_t propagation;	/* MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE or 0 */
	bool propagation_rec;
	unsigned sb_flags;	/* MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME,
				 * MS_I_VERSION, MS_SILENT, MS_POSIXACL, MS_REMOUNT, MS_RDONLY if "ro" */
	char *data;		/* file system options joined by ",", or NULL */
	bool tmpcopyup;
	bool idmap, ridmap;	/* asked for by word or by mappings */
	struct oci_maps maps;	/* uidMappings, gidMappings of the mount */
	bool mkdir_x;		/* X-mount.mkdir[=mode] */
	uint32_t mkdir_mode;
	char *subdir;		/* X-mount.subdir */
};

/* ---- linux ---- */

enum oci_ns {
	OCI_NS_PID,
	OCI_NS_NET,
	OCI_NS_MNT,
	OCI_NS_IPC,
	OCI_NS_UTS,
	OCI_NS_USER,
	OCI_NS_CGROUP,
	OCI_NS_TIME,
	OCI_NS_MAX
};

struct oci_namespace {
	bool set;	/* listed in the document */
	char *path;	/* NULL: a new one */
};

struct oci_device {
	char type;	/* 'c' (also for "u"), 'b' or 'p' */
	char *path;
	int64_t major, minor;
	bool has_mode;
	uint32_t mode;
	bool has_uid, has_gid;
	uint32_t uid, gid;
};

struct oci_device_rule {
	bool allow;
	char type;		/* 'a', 'b' or 'c' */
	int64_t major, minor;	/* -1: any */
	bool read, write, mknod;
};

struct oci_hugepage { char *size; uint64_t limit; };
struct oci_netprio { char *name; uint32_t priority; };
struct oci_rdma { char *name; struct oci_opt handles, objects; };
struct oci_throttle { int64_t major, minor; uint64_t rate; };
struct oci_blkdev { int64_t major, minor; struct oci_opt weight, leaf_weight; };
struct oci_unified { char *key, *value; };	/* key: one file name, without '/' */

enum {
	OCI_THROTTLE_RBPS,
	OCI_THROTTLE_WBPS,
	OCI_THROTTLE_RIOPS,
	OCI_THROTTLE_WIOPS,
	OCI_THROTTLE_MAX
};

struct oci_resources {
	struct oci_device_rule *devices;
	size_t n_devices;

	/* bytes, -1: unlimited */
	struct oci_opt mem_limit, mem_reservation, mem_swap, mem_kernel, mem_kernel_tcp;
	struct oci_opt mem_swappiness;	/* 0 to 100 */
	struct oci_opt mem_disable_oom, mem_use_hierarchy, mem_check_before_update; /* 0 or 1 */

	struct oci_opt cpu_shares, cpu_quota, cpu_burst, cpu_period, cpu_rt_runtime, cpu_rt_period;
	struct oci_opt cpu_idle;
	char *cpus, *mems;

	struct oci_opt pids_limit;	/* 0 and -1: unlimited as in runc */

	struct oci_opt blk_weight, blk_leaf_weight;
	struct oci_blkdev *blk_devices;
	size_t n_blk_devices;
	struct oci_throttle *throttle[OCI_THROTTLE_MAX];
	size_t n_throttle[OCI_THROTTLE_MAX];

	struct oci_hugepage *hugepages;
	size_t n_hugepages;

	struct oci_opt net_classid;
	struct oci_netprio *net_prios;
	size_t n_net_prios;

	struct oci_rdma *rdma;
	size_t n_rdma;

	struct oci_unified *unified;
	size_t n_unified;
};

struct oci_sysctl { char *key, *value; };	/* key as in the document: dots or slashes */

struct oci_rdt {
	bool set;
	char *closid, *l3_schema, *mb_schema;
	struct sv_list schemata;
	bool enable_monitoring;
};

/* Seccomp stays JSON until runc/seccomp compiles it: the cache is keyed by its text, and a warm
 * start never looks inside. */
struct oci_seccomp {
	struct json_object *profile;	/* linux.seccomp, one reference owned; NULL: none */
	char *listener_path, *listener_metadata;
};

struct oci_linux {
	struct oci_namespace ns[OCI_NS_MAX];
	struct oci_maps maps;		/* uidMappings, gidMappings */
	bool has_time_offsets;
	int64_t monotonic_secs, boottime_secs;
	uint32_t monotonic_nanosecs, boottime_nanosecs;
	struct oci_device *devices;
	size_t n_devices;
	char *cgroups_path;
	struct oci_resources resources;
	char *rootfs_propagation;	/* private, slave, shared, unbindable, or with r in front */
	struct oci_seccomp seccomp;
	struct oci_sysctl *sysctls;
	size_t n_sysctls;
	struct sv_list masked_paths, readonly_paths;
	char *mount_label;
	bool has_personality;
	unsigned long personality;	/* persona for personality(2) */
	struct oci_rdt rdt;
};

/* ---- the rest ---- */

struct oci_hook {
	char *path;
	struct sv_list args, env;	/* no env: the hook gets an empty environment */
	int64_t timeout;		/* seconds, 0: none */
};

enum oci_hook_kind {
	OCI_HOOK_PRESTART,
	OCI_HOOK_CREATE_RUNTIME,
	OCI_HOOK_CREATE_CONTAINER,
	OCI_HOOK_START_CONTAINER,
	OCI_HOOK_POSTSTART,
	OCI_HOOK_POSTSTOP,
	OCI_HOOK_MAX
};

struct oci_hooks {
	struct oci_hook *items;
	size_t count;
};

struct oci_annotation { char *key, *value; };

struct oci_spec {
	char *version;		/* ociVersion */
	char *root_path;	/* as in the document: absolute or relative to the bundle */
	bool root_readonly;
	char *hostname, *domainname;
	struct oci_process process;
	struct oci_mount *mounts;
	size_t n_mounts;
	struct oci_hooks hooks[OCI_HOOK_MAX];
	struct oci_annotation *annotations;
	size_t n_annotations;
	struct oci_linux linux;
};

void oci_spec_done(struct oci_spec *spec);
void oci_process_done(struct oci_process *process);
void oci_mount_done(struct oci_mount *mount);
void oci_resources_done(struct oci_resources *res);
void oci_hooks_done(struct oci_hooks hooks[OCI_HOOK_MAX]);

/* Reads a whole config.json from TEXT, which may have OCI_SPEC_MAX bytes (more: -EFBIG). *RET is
 * set on success only. The JSON path of the first mistake is in the message. */
int oci_spec_parse(const char *text, size_t len, struct oci_spec *ret, struct sv_err *err);

#define OCI_SPEC_MAX (16 << 20)

/* Parts, for `exec --process`, `update --resources`, and state.json, which keeps a process. AT
 * is the place of the part in its document (its ->value may be NULL: nothing happens). */
int oci_process_parse(const struct sv_json *at, struct oci_process *ret, struct sv_err *err);
int oci_resources_parse(const struct sv_json *at, struct oci_resources *ret, struct sv_err *err);
int oci_hooks_parse(const struct sv_json *at, struct oci_hooks ret[OCI_HOOK_MAX],
		    struct sv_err *err);

/* The two converters that other files need as well. */
int oci_cap_by_name(const char *name);			/* "CAP_CHOWN" in any case; -1 if unknown */
const char *oci_cap_name(unsigned number);		/* NULL beyond the last known */
#define OCI_CAP_LAST 40					/* CAP_CHECKPOINT_RESTORE, Linux 5.9 */

/* Makes a mount, or adds an option word to one, as if the document had it; used by the
 * transformation. WORDS: comma separated or NULL. TYPE and SOURCE may be NULL under the rules of
 * struct oci_mount. The messages have no JSON path. */
int oci_mount_option(struct oci_mount *m, const char *word, struct sv_err *err);
int oci_mount_make(struct oci_mount *ret, const char *dest, const char *type, const char *source,
		   const char *words, struct sv_err *err);

/* For `features`: every option word that is not passed on to the file system, sorted. */
int oci_mount_option_words(struct sv_list *ret, struct sv_err *err);

const char *oci_rlimit_name(int resource);		/* "RLIMIT_NOFILE", ...; NULL if unknown */
const char *oci_ns_name(enum oci_ns ns);		/* "pid", "network", ... */
unsigned oci_ns_flag(enum oci_ns ns);			/* CLONE_NEW* */
const char *oci_hook_name(enum oci_hook_kind kind);	/* "prestart", ... */

#endif
