/* SPDX-License-Identifier: Apache-2.0 */
/* idmap.c - see idmap.h. The kernel takes a map by a single write(2). */
#include "os/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

int sv_idmap_write(pid_t pid, const char *file, const struct sv_idmap *maps, size_t count, struct sv_err *err)
{
	autostr struct sv_str text = { 0 };
	autoclose int fd = -1;
	char path[48];

	for (size_t i = 0; i < count; i++)
		sv_str_addf(&text, "%u %u %u\n", maps[i].inside, maps[i].outside, maps[i].size);
	if (text.failed)
		return sv_err_oom(err);

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return sv_err_set(err, errno, "cannot open '%s'", path);
	if (write(fd, sv_str_text(&text), text.len) < 0)
		return sv_err_set(err, errno, "cannot write '%s'", path);
	return 0;
}

bool sv_idmap_out(const struct sv_idmap *maps, size_t count, uint32_t inside, uint32_t *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (inside < maps[i].inside || inside - maps[i].inside >= maps[i].size)
			continue;
		*ret = maps[i].outside + (inside - maps[i].inside);
		return true;
	}
	return false;
}
