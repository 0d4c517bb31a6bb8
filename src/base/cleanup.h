/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cleanup.h - how ownership looks: a variable is declared with its end already attached.
 *
 *	autofree char *name = NULL;	freed when the scope ends
 *	autoclose int fd = -1;		closed when the scope ends
 *	return sv_fd_steal(&fd);	given away: the scope no longer ends it
 *
 * Every cleanup keeps errno and accepts the empty value.
 */
#ifndef SV_BASE_CLEANUP_H
#define SV_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void sv_cleanup_free(void *p)
{
	int saved = errno;

	free(*(void **)p);
	errno = saved;
}

static inline void sv_cleanup_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void sv_cleanup_fclose(FILE **f)
{
	int saved = errno;

	if (*f)
		fclose(*f);
	errno = saved;
}

static inline void sv_cleanup_closedir(DIR **d)
{
	int saved = errno;

	if (*d)
		closedir(*d);
	errno = saved;
}

#define autofree __attribute__((cleanup(sv_cleanup_free)))
#define autoclose __attribute__((cleanup(sv_cleanup_close)))
#define autofclose __attribute__((cleanup(sv_cleanup_fclose)))
#define autoclosedir __attribute__((cleanup(sv_cleanup_closedir)))

/* Takes the descriptor out of its variable; the caller owns it now. */
static inline int sv_fd_steal(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Closes *FD now, once, and leaves the empty value. */
static inline void sv_fd_close(int *fd)
{
	sv_cleanup_close(fd);
	*fd = -1;
}

/* Takes the pointer out of its variable; the caller owns it now. */
#define sv_steal(p)                                                                                \
	({                                                                                         \
		__typeof__(p) sv_taken = (p);                                                      \
		(p) = NULL;                                                                        \
		sv_taken;                                                                          \
	})

#define SV_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
