/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.h - strict reading of numbers and short notations that come from outside.
 *
 * The whole text must match, leading blanks and signs are refused unless named, and the range is
 * checked. Failures are -EINVAL (not of the form) or -ERANGE (of the form, too large), with a story
 * that quotes the text.
 */
#ifndef SV_BASE_PARSE_H
#define SV_BASE_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Decimal; the signed one may have a '-' in front, the octal one leading zeros. */
int sv_parse_u64(const char *text, uint64_t max, uint64_t *ret, struct sv_err *err);
int sv_parse_u32(const char *text, uint32_t *ret, struct sv_err *err);
int sv_parse_i64(const char *text, int64_t *ret, struct sv_err *err);
int sv_parse_octal(const char *text, uint32_t max, uint32_t *ret, struct sv_err *err);

/* Bytes with an optional binary suffix b, k, m, g, t, p (any case, also "kb", "KiB"), "-1" for
 * unlimited. */
int sv_parse_size(const char *text, int64_t *ret, struct sv_err *err);

/* A list of cpus or memory nodes such as "0-3,7". BITS, when not NULL, has room for MAX numbers
 * (a multiple of the bits of a long) and gets a bit for each of the list; numbers must be less
 * than MAX. The kernel's strides ("0-31:2/4") are refused. */
#define SV_PARSE_CPUS_MAX 8192	/* the largest NR_CPUS that kernels are built with */
int sv_parse_cpus(const char *text, unsigned long *bits, size_t max, struct sv_err *err);

/* A signal: a number from 0 to SIGRTMAX, or a name in any case with or without SIG: TERM,
 * SIGKILL, RTMIN+3, RTMAX-1. */
int sv_parse_signal(const char *text, int *ret, struct sv_err *err);

/* A length of time as Go writes it, "1m30s", "250ms", "1.5h"; in nanoseconds. */
int sv_parse_duration(const char *text, int64_t *ret, struct sv_err *err);

#endif
