/* SPDX-License-Identifier: Apache-2.0 */
/* subid.c - see subid.h. */
#include "runc/subid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "os/file.h"

#define FILE_MAX (4u << 20)

/* Reads digits at *P up to END or the end of the line, and steps over END. */
static bool read_number(const char **p, char end, uint64_t *ret)
{
	size_t len = strspn(*p, "0123456789");
	char digits[21];
	struct sv_err ignored = { 0 };	/* a line that makes no sense is somebody else's */

	if (len == 0 || len >= sizeof(digits) || ((*p)[len] != end && (*p)[len] != '\0'))
		return false;
	memcpy(digits, *p, len);
	digits[len] = '\0';
	*p += len + ((*p)[len] != '\0');
	return sv_parse_u64(digits, UINT64_MAX, ret, &ignored) == 0;
}

int rc_subid_find(const char *text, const char *user, uint32_t *ret_start)
{
	size_t name = strlen(user);

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *p = line + name + 1;
		uint64_t start, count;

		if (strncmp(line, user, name) != 0 || line[name] != ':')
			continue;
		if (!read_number(&p, ':', &start) || !read_number(&p, '\n', &count))
			continue;
		if (start == 0 || start > UINT32_MAX - RC_SUBID_SIZE || count < RC_SUBID_SIZE)
			continue;
		*ret_start = (uint32_t)start;
		return 0;
	}
	return -ENOENT;
}

static int look_up(const char *path, struct sv_idmap **ret, size_t *ret_count, struct sv_err *err)
{
	autofree char *text = NULL;
	struct sv_idmap *map;
	uint32_t start;
	size_t len;
	int r;

	r = sv_file_read(AT_FDCWD, path, FILE_MAX, &text, &len, err);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r < 0 || rc_subid_find(text, RC_SUBID_USER, &start) < 0) {
		*err = (struct sv_err){ 0 };
		return sv_err_say(
			err, ENOENT,
			"user '%s' has no range of %u ids in %s: add a line such as \"%s:1000000:%u\" (ids that nothing else uses) to /etc/subuid and to /etc/subgid",
			RC_SUBID_USER, RC_SUBID_SIZE, path, RC_SUBID_USER, RC_SUBID_SIZE);
	}
	map = malloc(sizeof(*map));
	if (!map)
		return sv_err_oom(err);
	*map = (struct sv_idmap){ .inside = 0, .outside = start, .size = RC_SUBID_SIZE };
	*ret = map;
	*ret_count = 1;
	return 0;
}

int rc_subid_lookup(struct oci_maps *ret, struct sv_err *err)
{
	int r = look_up("/etc/subuid", &ret->uids, &ret->n_uids, err);

	return r < 0 ? r : look_up("/etc/subgid", &ret->gids, &ret->n_gids, err);
}
