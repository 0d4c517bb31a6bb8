/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_cache.c - one file per filter: header, profile text, code. Warm: open, fstat, read,
 * close. */
#include "runc/seccomp_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define MAGIC "svfilter"
#define FORMAT 1 /* raised whenever the same profile compiles to other code or the layout changes \
		  */
#define NAME_LEN 17 /* 16 hex digits and a NUL */
#define TEMP_PREFIX ".new."

/* Native byte order: the file never leaves the machine. */
struct header {
	char magic[8];
	uint32_t format;
	uint32_t libseccomp;
	uint32_t arch;
	uint32_t flags;
	uint32_t notify;
	uint32_t count;
	uint64_t text_len;
	uint64_t sum; /* of the code and of all the above */
};

/* FNV-1a over words of 8 bytes, folded: finds files and notices damage; it protects from nobody. */
static uint64_t hash(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t h = 14695981039346656037u ^ len;

	while (len > 0) {
		size_t n = len < 8 ? len : 8;
		uint64_t word = 0;

		memcpy(&word, p, n);
		h = (h ^ word) * 1099511628211u;
		h ^= h >> 32;
		p += n;
		len -= n;
	}
	return h;
}

static void name_of(const char *text, size_t len, char ret[NAME_LEN])
{
	snprintf(ret, NAME_LEN, "%016llx", (unsigned long long)hash(text, len));
}

/* The header that a file for FILTER must have, whoever wrote it. */
static struct header header_for(size_t text_len, const struct rc_filter *filter)
{
	const struct scmp_version *version = seccomp_version();
	struct header h = {
		.magic = MAGIC,
		.format = FORMAT,
		.libseccomp = version->major << 16 | version->minor << 8 | version->micro,
		.arch = SCMP_ARCH_NATIVE,
		.flags = filter->flags,
		.notify = filter->notify,
		.count = (uint32_t)filter->count,
		.text_len = text_len,
	};

	h.sum = hash(&h, sizeof(h)) ^ hash(filter->code, filter->count * sizeof(*filter->code));
	return h;
}

/* Reads the whole file NAME of SIZE bytes; NULL if it is not one that we would have written. */
static char *read_ours(int dir, const char *name, size_t *ret_size)
{
	autoclose int fd = -1;
	autofree char *bytes = NULL;
	struct stat st;

	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode) || (st.st_mode & 07777) != 0600 || st.st_uid != getauxval(AT_EUID))
		return NULL;
	if (st.st_size < (off_t)sizeof(struct header) || st.st_size > 64 << 20)
		return NULL;
	bytes = malloc((size_t)st.st_size);
	if (!bytes || read(fd, bytes, (size_t)st.st_size) != st.st_size)
		return NULL;
	*ret_size = (size_t)st.st_size;
	return sv_steal(bytes);
}

bool rc_seccomp_cache_get(int dir, const char *text, size_t len, struct rc_filter *ret)
{
	autofree char *bytes = NULL;
	struct header found, want;
	struct rc_filter filter;
	char name[NAME_LEN];
	size_t size, code_len;

	name_of(text, len, name);
	bytes = read_ours(dir, name, &size);
	if (!bytes)
		return false;
	memcpy(&found, bytes, sizeof(found));
	if (found.count == 0 || found.count > BPF_MAXINSNS)
		return false;
	code_len = found.count * sizeof(*filter.code);
	if (size < sizeof(found) + code_len || size - sizeof(found) - code_len != len)
		return false;
	if (memcmp(bytes + sizeof(found), text, len) != 0)
		return false;

	filter = (struct rc_filter){
		.code = malloc(code_len),
		.count = found.count,
		.flags = found.flags,
		.notify = found.notify != 0,
	};
	if (!filter.code)
		return false;
	memcpy(filter.code, bytes + sizeof(found) + len, code_len);
	want = header_for(len, &filter);
	if (memcmp(&found, &want, sizeof(want)) != 0) {
		free(filter.code);
		return false;
	}
	*ret = filter;
	return true;
}

struct entry {
	char name[NAME_LEN];
	struct timespec written;
};

static int older(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->written.tv_sec != y->written.tv_sec)
		return x->written.tv_sec < y->written.tv_sec ? -1 : 1;
	return (x->written.tv_nsec > y->written.tv_nsec) -
	       (x->written.tv_nsec < y->written.tv_nsec);
}

/* Lists at most ROOM files of the cache, and removes temporaries that a killed writer left behind a
 * minute ago or more. */
static size_t list(int dir, struct entry *entries, size_t room)
{
	autoclosedir DIR *d = NULL;
	struct dirent *de;
	size_t count = 0;
	int fd;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return 0;
	}
	while (count < room && (de = readdir(d))) {
		size_t name_len = strlen(de->d_name);
		struct stat st;

		if (fstatat(dir, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (strncmp(de->d_name, TEMP_PREFIX, strlen(TEMP_PREFIX)) == 0) {
			if (st.st_mtim.tv_sec + 60 < time(NULL))
				unlinkat(dir, de->d_name, 0);
		} else if (name_len == NAME_LEN - 1) {
			memcpy(entries[count].name, de->d_name, NAME_LEN);
			entries[count++].written = st.st_mtim;
		}
	}
	return count;
}

static void prune(int dir)
{
	enum { ROOM = RC_SECCOMP_CACHE_MAX * 4 };
	autofree struct entry *entries = calloc(ROOM, sizeof(*entries));
	size_t count;

	if (!entries)
		return;
	count = list(dir, entries, ROOM);
	if (count <= RC_SECCOMP_CACHE_MAX)
		return;
	qsort(entries, count, sizeof(*entries), older);
	for (size_t i = 0; i < count - RC_SECCOMP_CACHE_MAX; i++)
		unlinkat(dir, entries[i].name, 0);
}

void rc_seccomp_cache_put(int dir, const char *text, size_t len, const struct rc_filter *filter)
{
	struct header h = header_for(len, filter);
	size_t code_len = filter->count * sizeof(*filter->code);
	struct iovec parts[] = {
		{ &h, sizeof(h) },
		{ (void *)text, len },
		{ filter->code, code_len },
	};
	char temp[64], name[NAME_LEN];
	struct timespec now = { 0 };
	autoclose int fd = -1;

	/* Two writers differ by their pid, or (in other pid namespaces, after a reboot) by the
	 * clock. */
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(temp, sizeof(temp), TEMP_PREFIX "%d.%llx.%lx", (int)getpid(),
		 (unsigned long long)now.tv_sec, now.tv_nsec);
	name_of(text, len, name);
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		sv_debug("seccomp: cannot write the cache: %s", strerror(errno));
		return;
	}
	/* No fsync: a file cut short by a power failure is noticed, and only costs a compilation.
	 */
	if (fchmod(fd, 0600) < 0 || writev(fd, parts, 3) != (ssize_t)(sizeof(h) + len + code_len) ||
	    renameat(dir, temp, dir, name) < 0) {
		sv_debug("seccomp: cannot write the cache: %s", strerror(errno));
		unlinkat(dir, temp, 0);
		return;
	}
	prune(dir);
}
