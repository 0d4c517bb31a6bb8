/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.h - carry a step, descriptors and, if it failed, the error between the processes of one launch.
 *
 * A channel is a SOCK_SEQPACKET pair; each process keeps one end and closes the other, so that the death of
 * the peer is seen as the end of the stream. Steps are numbers of the program's own enum, all above 0.
 */
#ifndef SV_OS_SYNC_H
#define SV_OS_SYNC_H

#include <stddef.h>

#include "base/err.h"

int sv_sync_pair(int ret[2], struct sv_err *err);

int sv_sync_send(int channel, int step, const int *fds, size_t count, struct sv_err *err);

/* Tells the peer that nothing follows and why. A peer that is gone does not care. */
void sv_sync_fail(int channel, const struct sv_err *why);

/* Waits for STEP; MAX descriptors at most come with it (*RET_COUNT, may be NULL if MAX is 0).
 * The peer's failure becomes ERR as it told it; its death is -EPIPE "PEER ended unexpectedly". */
int sv_sync_wait(int channel, const char *peer, int step, int *ret_fds, size_t max, size_t *ret_count, struct sv_err *err);

/* Waits for one step of any number above 0, which is the message itself. */
int sv_sync_wait_any(int channel, const char *peer, int *ret_step, struct sv_err *err);

/* Waits for a failure or the end of the stream, which is success (an exec closed it). */
int sv_sync_wait_end(int channel, const char *peer, struct sv_err *err);

#endif
