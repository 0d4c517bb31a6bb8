/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subid.h - the subordinate ids of user `sysvisor`, used when neither the spec nor sysvisor-mgr
 * says which ids a container gets.
 *
 * Read from /etc/subuid and /etc/subgid as they stand, without nsswitch: subuid(5). All containers
 * that get their ids here share them; a range for each is what sysvisor-mgr is for.
 */
#ifndef RC_SUBID_H
#define RC_SUBID_H

#include "base/err.h"
#include "oci/spec.h"

#define RC_SUBID_USER "sysvisor"
#define RC_SUBID_SIZE 65536u	/* ids a container gets: enough for nobody, 65534 */

/* One uid and one gid entry, from id 0 inside. *RET must be zeroed; oci_maps of it are the
 * caller's. The message tells what to add where. */
int rc_subid_lookup(struct oci_maps *ret, struct sv_err *err);

/* The same from the text of such a file: the start of the first range of USER ("NAME:START:COUNT"
 * lines) that holds RC_SUBID_SIZE ids, does not begin at the host's root and ends below 2^32 - 1,
 * which is no id. -ENOENT (no story): there is none. Lines of another form are skipped. */
int rc_subid_find(const char *text, const char *user, uint32_t *ret_start);

#endif
