/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copyup.h - the mount option tmpcopyup: a tmpfs that starts with what the image has at its place.
 */
#ifndef RC_COPYUP_H
#define RC_COPYUP_H

#include "base/err.h"

/*
 * PROCESS  the assembler, host root.
 *
 * Copies directories, regular files and symbolic links below directory FROM (O_PATH is enough) into the empty directory TO, with owner, group, mode and
 * times. Other kinds of files are left out. Names are the image's: none is followed. Depth is bounded (64).
 */
int rc_copyup(int from, int to, struct sv_err *err);

#endif
