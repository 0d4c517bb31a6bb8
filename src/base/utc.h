/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utc.h - a point in time as text.
 *
 * gmtime_r(3) reads /etc/localtime though UTC needs no zone: seven system calls in every command.
 */
#ifndef SV_BASE_UTC_H
#define SV_BASE_UTC_H

#include <stddef.h>
#include <stdint.h>

#define SV_UTC_ROOM 32

/* Puts "2026-02-28T23:59:59" for SECONDS since 1970 into RET; the caller adds a fraction and the Z. */
void sv_utc_format(int64_t seconds, char ret[SV_UTC_ROOM]);

#endif
