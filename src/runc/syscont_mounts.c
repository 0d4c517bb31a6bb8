/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscont_mounts.c - the mount list of a system container.
 *
 * What a machine mounts for itself comes first, parents before children, from the table below;
 * then what the spec mounts elsewhere, in its order. A mount of the spec at a place of the table
 * is replaced, or kept where only its contents matter (--shm-size, --tmpfs /run, a volume on
 * /tmp). Replacing is what makes `-v /dev:/dev`, `-v /sys/fs/cgroup:/sys/fs/cgroup:ro` and the
 * read-only /sys of Docker harmless: the container always has its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runc/syscont_parts.h"

enum when { ALWAYS, SYSTEMD, SYSTEMD_OR_READONLY, READONLY };

struct place {
	const char *dest, *type, *source, *words;
	bool spec_wins;	/* a mount of the spec here is kept in our stead */
	enum when when;
	const char *keep[3];	/* words that begin so are taken over from a replaced mount of the type */
};

static const struct place places[] = {
	{ "/proc", "proc", "proc", "nosuid,noexec,nodev",
	  .keep = { "hidepid=", "gid=", "subset=" } },
	/* Writable, so that network interfaces and the like of the container can be set; the rest
	 * belongs to nobody inside. */
	{ "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev" },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime" },
	{ "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k",
	  .keep = { "size=", "nr_inodes=" } },
	{ "/dev/pts", "devpts", "devpts",
	  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5" },
	{ "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k",
	  .spec_wins = true },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev" },
	/* systemd wants both empty at each boot (file-hierarchy(7)); a read-only root cannot be
	 * written in either. */
	{ "/run", "tmpfs", "tmpfs", "nosuid,nodev,mode=755,size=65536k", .spec_wins = true,
	  .when = SYSTEMD_OR_READONLY },
	{ "/run/lock", "tmpfs", "tmpfs", "nosuid,noexec,nodev,mode=1777,size=4096k",
	  .spec_wins = true, .when = SYSTEMD },
	{ "/tmp", "tmpfs", "tmpfs", "nosuid,nodev,mode=1777,size=65536k", .spec_wins = true,
	  .when = READONLY },
};

static bool applies(const struct place *p, bool systemd, bool readonly)
{
	return p->when == ALWAYS || (p->when != READONLY && systemd) ||
	       (p->when != SYSTEMD && readonly);
}

static bool kept_word(const struct place *p, const char *word)
{
	for (size_t i = 0; i < SV_COUNT(p->keep); i++)
		if (p->keep[i] && sv_str_starts(word, p->keep[i]))
			return true;
	return false;
}

/* Our words, with those of OLD that the table lets through in place of ours of the same name. */
static int merge_words(const struct place *p, const struct oci_mount *old, struct sv_str *words)
{
	autofree char *ours = strdup(p->words);
	char *save = NULL;

	if (!ours)
		return -ENOMEM;
	for (char *word = strtok_r(ours, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		size_t name = strcspn(word, "=") + 1;
		bool replaced = false;

		for (size_t i = 0; i < old->options.count; i++)
			replaced = replaced || (kept_word(p, old->options.items[i]) &&
						strncmp(old->options.items[i], word, name) == 0);
		if (!replaced)
			sv_str_addf(words, "%s%s", words->len ? "," : "", word);
	}
	for (size_t i = 0; i < old->options.count; i++)
		if (kept_word(p, old->options.items[i]))
			sv_str_addf(words, ",%s", old->options.items[i]);
	return 0;
}

static int make_ours(const struct place *p, const struct oci_spec *spec,
		     const struct rc_syscont_facts *facts, struct oci_mount *ret,
		     struct sv_err *err)
{
	autostr struct sv_str merged = { 0 };
	const char *type = p->type, *words = p->words;
	const struct oci_maps *maps = &spec->linux.maps;

	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct oci_mount *m = &spec->mounts[i];

		/* What is gone for another place has no destination any more. */
		if (!p->keep[0] || !sv_str_equal(m->dest, p->dest) ||
		    !sv_str_equal(m->type, p->type))
			continue;
		sv_str_done(&merged);
		if (merge_words(p, m, &merged) < 0 || merged.failed)
			return sv_err_oom(err);
		words = sv_str_text(&merged);
	}

	if (facts->cgroup_v2 && strcmp(type, "cgroup") == 0)
		type = "cgroup2";
	/* Group 5, tty, need not be mapped; devpts refuses it then. */
	if (strcmp(type, "devpts") == 0 && !rc_syscont_extent(maps->gids, maps->n_gids, 5))
		words = "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620";
	return oci_mount_make(ret, p->dest, type,
			      strcmp(type, "cgroup2") == 0 ? "cgroup" : p->source, words, err);
}

/* The engine's /dev/kmsg would show the host's log; ours is made in syscont_devices.c. Controllers
 * mounted one by one below our cgroup mount would be the host's. */
static bool is_foreign(const struct oci_mount *m)
{
	return strcmp(m->dest, "/dev/kmsg") == 0 || sv_str_starts(m->dest, "/sys/fs/cgroup/");
}

/*
 * An image can declare a volume anywhere, /proc/self/attr as well, and what lies there would then
 * pass for the kernel's word (CVE-2019-16884). Only the numbers that lxcfs and the like emulate
 * may be covered.
 */
static int check_places(const struct oci_spec *spec, struct sv_err *err)
{
	static const char *const emulated[] = {
		"cpuinfo",
		"diskstats",
		"loadavg",
		"meminfo",
		"slabinfo",
		"stat",
		"swaps",
		"uptime",
		"net/dev",
		"sys/crypto/fips_enabled",
		"sys/kernel/ns_last_pid",
	};

	for (size_t i = 0; i < spec->n_mounts; i++) {
		const char *dest = spec->mounts[i].dest;
		bool fine = !sv_str_starts(dest, "/proc/");

		if (strcmp(dest, "/") == 0)
			return sv_err_say(err, EINVAL,
					  "mounts[%zu].destination: a mount on \"/\" would hide the root file system",
					  i);
		for (size_t k = 0; k < SV_COUNT(emulated); k++)
			fine = fine || strcmp(dest + strlen("/proc/"), emulated[k]) == 0;
		if (!fine)
			return sv_err_say(
				err, EINVAL,
				"mounts[%zu].destination: \"%s\" cannot be mounted because it is inside /proc",
				i, dest);
	}
	return 0;
}

int rc_syscont_mounts(struct oci_spec *spec, const struct rc_syscont_facts *facts,
		      struct sv_err *err)
{
	struct oci_mount *list = calloc(spec->n_mounts + SV_COUNT(places), sizeof(*list));
	autofree bool *gone =
		calloc(spec->n_mounts + 1, sizeof(*gone)); /* replaced, or moved to the list */
	size_t n = 0;
	int r = list && gone ? check_places(spec, err) : sv_err_oom(err);

	for (size_t k = 0; k < SV_COUNT(places) && r == 0; k++) {
		const struct place *p = &places[k];
		bool found = false;

		for (size_t i = 0; i < spec->n_mounts && p->spec_wins; i++)
			if (!gone[i] && strcmp(spec->mounts[i].dest, p->dest) == 0) {
				list[n++] = spec->mounts[i];
				found = gone[i] = true;
			}
		if (!found && applies(p, facts->systemd, spec->root_readonly)) {
			r = make_ours(p, spec, facts, &list[n], err);
			n += r == 0;
		}
		/* Only now: make_ours reads what is replaced. */
		for (size_t i = 0; i < spec->n_mounts && !p->spec_wins && r == 0; i++)
			if (!gone[i] && strcmp(spec->mounts[i].dest, p->dest) == 0) {
				oci_mount_done(&spec->mounts[i]);
				gone[i] = true;
			}
	}
	for (size_t i = 0; i < spec->n_mounts && list && gone; i++) {
		if (gone[i])
			continue;
		if (r == 0 && !is_foreign(&spec->mounts[i]))
			list[n++] = spec->mounts[i];
		else
			oci_mount_done(&spec->mounts[i]);
	}
	if (!list || !gone) {
		free(list);
		return r;
	}
	free(spec->mounts);
	spec->mounts = list;
	spec->n_mounts = n;
	return r;
}
