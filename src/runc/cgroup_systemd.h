/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_systemd.h - the transient scope of a container, made and kept by systemd
 * (--systemd-cgroup).
 *
 * The talking is done by the program sysvisor-scope, so that the runtime itself needs no shared library: loading libsystemd
 * at every start would cost more than the rest of a command.
 */
#ifndef RC_CGROUP_SYSTEMD_H
#define RC_CGROUP_SYSTEMD_H

#include "base/err.h"
#include "oci/spec.h"
#include "runc/cgroup.h"

/* Makes CG->unit in CG->slice with Delegate=yes, INIT and ASSEMBLER (0: none) in it and the
 * limits of RES that systemd knows, and waits for the job. A failed unit of that name, left over
 * from a crash, is forgotten first. Sets CG->scope once systemd has taken the order. */
int rc_systemd_start(struct rc_cgroup *cg, pid_t init, pid_t assembler,
		     const struct oci_resources *res, struct sv_err *err);

/* Tells systemd what `update` changes, or its next reload would write the old values again. */
int rc_systemd_update(const struct rc_cgroup *cg, const struct oci_resources *res,
		      struct sv_err *err);

/* Ends the unit and waits. Gone already is fine. */
int rc_systemd_stop(const struct rc_cgroup *cg, struct sv_err *err);

#endif
