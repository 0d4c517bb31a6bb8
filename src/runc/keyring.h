/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.h - the session keyring of a container.
 *
 * Made by host root before the user namespace exists: what the mapped root makes is charged to its
 * quota of 200 keys (kernel.keys.maxkeys), which 200 containers with the same ids exhaust; host
 * root has a million. Processes inherit it and possess its keys.
 */
#ifndef RC_KEYRING_H
#define RC_KEYRING_H

#include "base/err.h"

/*
 * PROCESS  the runtime on the host, before it clones init or an exec'd process, which inherits the
 *          keyring.
 * POWER    host root in the initial user namespace: names of keyrings are looked up per user
 *          namespace (keyrings(7)).
 *
 * Replaces the caller's session keyring by the one of container ID, named "_ses.ID.TAG", which is
 * made if it does not exist. TAG (the creation time) keeps two containers of one id under different
 * state roots apart. The keyring lives as long as a process that has it. A kernel or an outer
 * filter without keyrings is no error; a full quota is, since the container must not get the
 * caller's own keyring.
 */
int rc_keyring_join(const char *id, const char *tag, struct sv_err *err);

#endif
