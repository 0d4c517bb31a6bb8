/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscont.h - turns a plain OCI spec into the spec of a system container.
 *
 * A pure function: no files, no clock, no environment. What has to be looked up (id ranges, whether a namespace path is the
 * host's) is looked up by the caller and handed in, so that tests are golden files (tests/fixtures/specs).
 */
#ifndef RC_SYSCONT_H
#define RC_SYSCONT_H

#include "base/err.h"
#include "oci/spec.h"

struct rc_syscont_facts {
	struct oci_maps subids;		/* what to use when the spec brings no mapping: one uid and one gid entry, from id 0 inside */
	bool ns_is_host[OCI_NS_MAX];	/* the path that the spec names for this namespace is the runtime's own */
	bool cgroup_v2;			/* layout of the host, for the cgroup mount */
	bool systemd;			/* the program that will run is systemd (resolved inside the rootfs by the caller) */
};

/* Changes SPEC in place. Refusals name the key of config.json. */
int rc_syscont_apply(struct oci_spec *spec, const struct rc_syscont_facts *facts, struct sv_err *err);

/* exec: the same rules for a process that joins a running container (capabilities, oom_score_adj, environment). */
int rc_syscont_process(struct oci_process *process, struct sv_err *err);

/* The spec as JSON, stable order; for golden files, `spec`, and debugging. */
int rc_syscont_dump(const struct oci_spec *spec, struct sv_str *s, struct sv_err *err);

#endif
