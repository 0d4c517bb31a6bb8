/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscont.h - turns a plain OCI spec into the spec of a system container.
 *
 * A pure function: no files, no clock, no environment. What has to be looked up (id ranges,
 * whether a namespace path is the host's) is looked up by the caller and handed in, so that tests
 * are golden files (tests/fixtures/syscont). Applying it to its own result changes nothing. The
 * rules stand in syscont.c, with their reasons in the file of each part; docs/compat.md tells them
 * to users.
 */
#ifndef RC_SYSCONT_H
#define RC_SYSCONT_H

#include "base/err.h"
#include "oci/spec.h"

struct rc_syscont_facts {
	/* What to use when the spec brings no mapping, from id 0 inside: the subordinate ids, or,
	 * if the spec joins a user namespace by its path, what that namespace maps. */
	struct oci_maps subids;
	bool ns_is_host[OCI_NS_MAX]; /* the path in the spec is the runtime's own namespace */
	bool cgroup_v2;		     /* the host has v2 alone: type of the cgroup mount */
	bool systemd;		     /* the program is systemd, resolved inside the rootfs */
};

/*
 * Annotations by which a spec asks that a part of it is taken as it stands. The value is "spec";
 * "syscont", the default, asks for the rules.
 */
#define RC_SYSCONT_CAPABILITIES "io.sysvisor.capabilities" /* process.capabilities, also of exec */
#define RC_SYSCONT_SECCOMP "io.sysvisor.seccomp"	   /* linux.seccomp */
#define RC_SYSCONT_PATHS "io.sysvisor.paths"		   /* linux.maskedPaths, readonlyPaths */

/* Changes SPEC in place; what it replaces is freed. Refusals name the key of config.json. After a
 * failure SPEC is half changed and only good for oci_spec_done(). */
int rc_syscont_apply(struct oci_spec *spec, const struct rc_syscont_facts *facts,
		     struct sv_err *err);

/* exec: the same rules for a process that joins a running container (capabilities, AppArmor
 * profile). ANNOTATIONS are the container's. */
int rc_syscont_process(struct oci_process *process, const struct oci_annotation *annotations,
		       size_t n_annotations, struct sv_err *err);

/* The spec as config.json: indented, keys in the order of the specification, absent keys left out.
 * oci_spec_parse() reads it back to an equal struct. */
int rc_syscont_dump(const struct oci_spec *spec, struct sv_str *s, struct sv_err *err);

#endif
