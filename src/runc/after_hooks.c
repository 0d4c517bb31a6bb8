/* SPDX-License-Identifier: Apache-2.0 */
/* after_hooks.c - see after_hooks.h. */
#include "runc/after_hooks.h"

#include "runc/hooks.h"

static int try_all(const struct rc_container *c, const struct oci_hooks *hooks, enum oci_hook_kind kind,
		   enum rc_status status, struct sv_err *err)
{
	autostr struct sv_str state = { 0 };

	if (!hooks->count)
		return 0;
	if (rc_container_state_json(c, status, false, &state) < 0)
		return sv_err_oom(err);
	rc_hooks_try(hooks, kind, &state, c->bundle);
	return 0;
}

int rc_after_start(const struct rc_container *c, struct sv_err *err)
{
	return try_all(c, &c->poststart, OCI_HOOK_POSTSTART, RC_RUNNING, err);
}

int rc_after_stop(const struct rc_container *c, struct sv_err *err)
{
	return try_all(c, &c->poststop, OCI_HOOK_POSTSTOP, RC_STOPPED, err);
}
