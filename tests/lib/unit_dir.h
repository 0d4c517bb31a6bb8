/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit_dir.h - a directory of a test's own, removed with all that is in it.
 */
#ifndef SV_TESTS_LIB_UNIT_DIR_H
#define SV_TESTS_LIB_UNIT_DIR_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

/* TEMPLATE ends in XXXXXX, as for mkdtemp(3). A descriptor of the directory, or -1. */
static inline int unit_dir_make(char *template)
{
	return mkdtemp(template) ? open(template, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

static inline int unit_dir_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* 0, or -1. Links are removed, not followed. */
static inline int unit_dir_remove(const char *path)
{
	return nftw(path, unit_dir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
