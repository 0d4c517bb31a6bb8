/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.h - strict reading of numbers and short notations that come from outside.
 *
 * The whole text must match, leading blanks and signs are refused unless named, and the range is checked.
 * Failures are -EINVAL (not of the form) or -ERANGE (of the form, too large), with a story that quotes the text.
 */
#ifndef SV_BASE_PARSE_H
#define SV_BASE_PARSE_H

#include <stdint.h>

#include "base/err.h"

int sv_parse_u64(const char *text, uint64_t max, uint64_t *ret, struct sv_err *err);	/* decimal */
int sv_parse_u32(const char *text, uint32_t *ret, struct sv_err *err);			/* decimal */
int sv_parse_i64(const char *text, int64_t *ret, struct sv_err *err);			/* decimal, may have '-' */
int sv_parse_octal(const char *text, uint32_t max, uint32_t *ret, struct sv_err *err);	/* with or without leading 0 */

/* Bytes with an optional binary suffix b, k, m, g, t (any case, also "kb", "KiB"), "-1" for unlimited. */
int sv_parse_size(const char *text, int64_t *ret, struct sv_err *err);

#endif
