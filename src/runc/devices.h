/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devices.h - what lies in /dev: nodes, links, and places to bind onto.
 *
 * PROCESS  the assembler, as host root with the file system ids of the container's root: mknod(2) needs CAP_MKNOD in the host's user
 *          namespace, and the tmpfs below must be the host's too, or its nodes would not open (SB_I_NODEV). The nodes
 *          belong to the container's root, who may chmod them but cannot make others.
 */
#ifndef RC_DEVICES_H
#define RC_DEVICES_H

#include <stdbool.h>

#include "base/err.h"
#include "oci/spec.h"

/* Fills the fresh tmpfs DEV: nodes of linux.devices that lie in /dev, links, and a file for the console if CONSOLE. Nodes elsewhere are made below ROOT. */
int rc_devices_make(int root, int dev, const struct oci_spec *spec, bool console, struct sv_err *err);

#endif
