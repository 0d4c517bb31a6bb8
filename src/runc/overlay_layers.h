/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_layers.h - what an overlay to be mounted anew is made of. Between overlay_layers.c,
 * which finds the layers in the host's mount namespace, and overlay.c, which mounts them in the
 * private one; others use overlay.h.
 */
#ifndef RC_OVERLAY_LAYERS_H
#define RC_OVERLAY_LAYERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* A directory of the host with its shifted clone. */
struct rc_overlay_base {
	char *path;
	int dir;  /* O_PATH on the host's mount, while layers are looked up */
	int tree; /* -1: no layer was found in it so far */
};

/* A layer: NAME beneath bases[base], "." for the base itself. */
struct rc_overlay_place {
	size_t base;
	char *name;
};

struct rc_overlay {
	struct rc_overlay_base *bases;
	size_t n_bases;
	struct rc_overlay_place *lowers;
	size_t n_lowers, n_data;
	bool has_upper;
	struct rc_overlay_place upper, work;
	struct sv_list carry;
	unsigned long flags; /* MS_* */
};

#endif
