/* SPDX-License-Identifier: Apache-2.0 */
/* mountinfo.c - see mountinfo.h. */
#include "os/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Newer than the headers of Debian 12 (linux/mount.h of Linux 6.11). */
#ifndef SYS_statmount
#define SYS_statmount 457
#endif
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif
#define WANT_MNT_ROOT 0x08U
#define WANT_MNT_POINT 0x10U
#define WANT_FS_TYPE 0x20U
#define WANT_MNT_OPTS 0x80U
#define WANTED (WANT_MNT_ROOT | WANT_MNT_POINT | WANT_FS_TYPE | WANT_MNT_OPTS)

struct request { /* struct mnt_id_req */
	uint32_t size, spare;
	uint64_t mnt_id, param;
};

struct answer { /* struct statmount; strings are offsets into str */
	uint32_t size, mnt_opts;
	uint64_t mask;
	uint32_t sb_dev_major, sb_dev_minor;
	uint64_t sb_magic;
	uint32_t sb_flags, fs_type;
	uint64_t mnt_id, mnt_parent_id;
	uint32_t mnt_id_old, mnt_parent_id_old;
	uint64_t mnt_attr, mnt_propagation, mnt_peer_group, mnt_master, propagate_from;
	uint32_t mnt_root, mnt_point;
	uint64_t spare[50];
	char str[];
};

_Static_assert(sizeof(struct answer) == 512, "the fixed part of struct statmount");

/* Options are at most a page and paths two, but lowerdir+ can add up to 500 long ones. */
#define ANSWER_MAX (64U << 10)

void sv_mountinfo_done(struct sv_mountinfo *info)
{
	free(info->root);
	free(info->point);
	free(info->type);
	free(info->options);
	*info = (struct sv_mountinfo){ 0 };
}

/* Decodes \ooo in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; to++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
		    p[3] >= '0' && p[3] <= '7') {
			*to = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 4;
		} else {
			*to = *p++;
		}
	}
	*to = '\0';
}

int sv_mountinfo_options(const char *options, struct sv_list *ret, struct sv_err *err)
{
	autolist struct sv_list list = { 0 };
	autofree char *copy = strdup(options);
	char *start = copy;
	bool quoted = false;

	if (!copy)
		return sv_err_oom(err);
	for (char *p = copy;; p++) {
		char c = *p;
		int r;

		if (c == '"')
			quoted = !quoted;
		if (c && (c != ',' || quoted))
			continue;
		*p = '\0';
		if (*start) {
			unescape(start);
			r = sv_list_add(&list, start, err);
			if (r < 0)
				return r;
		}
		if (!c)
			break;
		start = p + 1;
	}
	*ret = list;
	list = (struct sv_list){ 0 };
	return 0;
}

static int bad_line(const char *line, struct sv_err *err)
{
	return sv_err_say(err, EINVAL, "'%.80s' is not a line of mountinfo", line);
}

static int keep(char **ret, const char *text, struct sv_err *err)
{
	*ret = strdup(text);
	return *ret ? 0 : sv_err_oom(err);
}

static int keep_all(const char *root, const char *point, const char *type, const char *options,
		    struct sv_mountinfo *ret, struct sv_err *err)
{
	struct sv_mountinfo info = { 0 };
	int r = keep(&info.root, root, err);

	if (r == 0)
		r = keep(&info.point, point, err);
	if (r == 0)
		r = keep(&info.type, type, err);
	if (r == 0)
		r = keep(&info.options, options, err);
	if (r < 0) {
		sv_mountinfo_done(&info);
		return r;
	}
	*ret = info;
	return 0;
}

/*
 * "36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue": a number of
 * optional fields stands before the dash.
 */
int sv_mountinfo_parse(const char *line, unsigned *ret_id, struct sv_mountinfo *ret,
		       struct sv_err *err)
{
	enum { ID, PARENT, DEV, ROOT, POINT, FLAGS, TYPE, SOURCE, OPTIONS, FIELDS };
	autofree char *copy = strdup(line);
	char *field[FIELDS] = { 0 }, *next = copy, *word, *end;
	unsigned long id;
	int n = 0;

	if (!copy)
		return sv_err_oom(err);
	copy[strcspn(copy, "\n")] = '\0';
	while (n < FIELDS && (word = strsep(&next, " "))) {
		if (n == TYPE && !field[TYPE]) { /* skip the optional fields up to the dash */
			if (strcmp(word, "-") != 0)
				continue;
			word = strsep(&next, " ");
			if (!word)
				break;
		}
		field[n++] = word;
	}
	if (n < FIELDS)
		return bad_line(line, err);
	errno = 0;
	id = strtoul(field[ID], &end, 10);
	if (errno || *end || end == field[ID] || id > UINT32_MAX)
		return bad_line(line, err);
	unescape(field[ROOT]);
	unescape(field[POINT]);
	unescape(field[TYPE]);
	*ret_id = (unsigned)id;
	return keep_all(field[ROOT], field[POINT], field[TYPE], field[OPTIONS], ret, err);
}

/* -ENOSYS where the kernel cannot tell all that is wanted. */
static int ask_kernel(int fd, struct sv_mountinfo *ret, struct sv_err *err)
{
	autofree struct answer *a = NULL;
	struct request req = { .size = sizeof(req), .param = WANTED };
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID_UNIQUE, &stx) < 0 ||
	    !(stx.stx_mask & STATX_MNT_ID_UNIQUE))
		return -ENOSYS;
	req.mnt_id = stx.stx_mnt_id;
	for (size_t size = 8U << 10; size <= ANSWER_MAX; size *= 2) {
		free(a);
		a = calloc(1, size);
		if (!a)
			return sv_err_oom(err);
		if (syscall(SYS_statmount, &req, a, size, 0) == 0) {
			if ((a->mask & WANTED & ~WANT_MNT_OPTS) != (WANTED & ~WANT_MNT_OPTS))
				return -ENOSYS;
			/* Linux 6.8 to 6.10 knows no options, and says so by the missing bit. */
			if (!(a->mask & WANT_MNT_OPTS))
				return -ENOSYS;
			return keep_all(a->str + a->mnt_root, a->str + a->mnt_point,
					a->str + a->fs_type, a->str + a->mnt_opts, ret, err);
		}
		if (errno != EOVERFLOW)
			return -ENOSYS; /* whatever it is, mountinfo can be read */
	}
	return -ENOSYS;
}

static int search_file(int fd, struct sv_mountinfo *ret, struct sv_err *err)
{
	autofclose FILE *file = NULL;
	autofree char *line = NULL;
	size_t room = 0;
	struct statx stx;
	unsigned id;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0)
		return sv_err_set(err, errno, "cannot ask for the number of a mount");
	if (!(stx.stx_mask & STATX_MNT_ID))
		return sv_err_say(
			err, EOPNOTSUPP,
			"this kernel does not tell the number of a mount (Linux 5.8 does)");
	file = fopen("/proc/self/mountinfo", "re");
	if (!file)
		return sv_err_set(err, errno, "cannot open '/proc/self/mountinfo'");
	while (getline(&line, &room, file) > 0) {
		struct sv_mountinfo info = { 0 };
		int r;

		/*
		 * Nearly every line is another mount's: look at the number before the rest is
		 * taken apart.
		 */
		if (strtoull(line, NULL, 10) != stx.stx_mnt_id)
			continue;
		r = sv_mountinfo_parse(line, &id, &info, err);
		if (r < 0)
			return r;
		*ret = info;
		return 0;
	}
	if (ferror(file))
		return sv_err_set(err, errno, "cannot read '/proc/self/mountinfo'");
	return sv_err_say(err, ENOENT, "mount %llu is not in this mount namespace",
			  (unsigned long long)stx.stx_mnt_id);
}

int sv_mountinfo_of(int fd, struct sv_mountinfo *ret, struct sv_err *err)
{
	int r = ask_kernel(fd, ret, err);

	return r == -ENOSYS ? search_file(fd, ret, err) : r;
}
