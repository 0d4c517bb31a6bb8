/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_options.h - the options of an overlayfs mount as text: what an engine's mount says, and
 * what ours will say.
 *
 * Pure functions; overlay.c does the work. The notation is that of
 * Documentation/filesystems/overlayfs.rst.
 */
#ifndef RC_OVERLAY_OPTIONS_H
#define RC_OVERLAY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct rc_overlay_options {
	struct sv_list lowers; /* top first; absolute, or relative to where the engine was then */
	size_t n_data;         /* the last n_data of them are data-only ("::", datadir+) */
	char *upper, *work;    /* NULL: read-only without an upper layer */
	struct sv_list carry;  /* what our mount needs as well: metacopy, redirect_dir, xino ... */
};

void rc_overlay_options_done(struct rc_overlay_options *o);

/*
 * Reads the options as the kernel shows them (see sv_mountinfo_options()). -EINVAL without a
 * lower layer.
 */
int rc_overlay_options_parse(const char *text, struct rc_overlay_options *ret, struct sv_err *err);

/*
 * The deepest directory that holds all absolute paths of DIRS; paths with ".." and relative ones
 * are left out. "/" at worst.
 */
int rc_overlay_common_dir(const struct sv_list *dirs, char **ret, struct sv_err *err);

/*
 * PATH below DIR without leading slashes, "." for DIR itself, NULL if it is elsewhere. Points
 * into PATH.
 */
const char *rc_overlay_below(const char *dir, const char *path);

/* What NAMES may be made of to need no escaping in an option string. */
bool rc_overlay_plain_name(const char *name);

/* Composes what mount(2) wants. UPPER and WORK may be NULL. */
int rc_overlay_options_format(const struct sv_list *lowers, size_t n_data, const char *upper,
			      const char *work, const struct sv_list *carry, char **ret,
			      struct sv_err *err);

#endif
