/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - what the transformation has to know about the host and the bundle, looked up.
 *
 * PROCESS  the runtime, on the host, before anything is made.
 */
#ifndef RC_FACTS_H
#define RC_FACTS_H

#include "base/err.h"
#include "runc/stages.h"
#include "runc/syscont.h"

/* Opens the namespaces that the spec names by path into l->ns and fills FACTS, whose maps the caller ends with rc_facts_done().
 * A network namespace that belongs to another user namespace brings that along: container and namespace share it, or the container could not
 * use its network. */
int rc_facts_find(struct rc_launch *l, struct rc_syscont_facts *ret, struct sv_err *err);
void rc_facts_done(struct rc_syscont_facts *facts);

#endif
