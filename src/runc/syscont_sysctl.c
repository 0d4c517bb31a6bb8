/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscont_sysctl.c - linux.sysctl: only values that belong to a namespace of the container, within
 * what its ids allow.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runc/syscont_parts.h"

#define KEY_MAX 256

/* All the namespaces here are always the container's own or joined on request, so the key alone
 * decides. */
static const char *const namespaced[] = {
	"fs/mqueue/",		/* a '/' at the end: the whole directory */
	"kernel/msgmax",
	"kernel/msgmnb",
	"kernel/msgmni",
	"kernel/sem",
	"kernel/shm_rmid_forced",
	"kernel/shmall",
	"kernel/shmmax",
	"kernel/shmmni",
	"net/",
};

/*
 * The key as a path below /proc/sys. As in sysctl(8) the first separator decides: after a dot, '/'
 * stands for a dot inside a name ("net.ipv4.conf.eth0/1.mtu"); after a slash everything is a path
 * already. False for what no path can be.
 */
static bool key_to_path(const char *key, char path[KEY_MAX])
{
	size_t len = strlen(key), start = 0;
	bool dotted = key[strcspn(key, "./")] == '.';

	if (len == 0 || len >= KEY_MAX)
		return false;
	for (size_t i = 0; i <= len; i++) {
		char c = key[i];

		if (dotted && (c == '.' || c == '/'))
			c = c == '.' ? '/' : '.';
		path[i] = c;
		if (c != '/' && c != '\0')
			continue;
		/* No component may be empty or walk elsewhere. */
		if (i == start || (i - start == 1 && path[start] == '.') ||
		    (i - start == 2 && path[start] == '.' && path[start + 1] == '.'))
			return false;
		start = i + 1;
	}
	return true;
}

static bool is_namespaced(const char *path)
{
	for (size_t i = 0; i < sizeof(namespaced) / sizeof(namespaced[0]); i++)
		if (sv_str_ends(namespaced[i], "/") ? sv_str_starts(path, namespaced[i])
						    : strcmp(path, namespaced[i]) == 0)
			return true;
	return false;
}

/* hostname and domainname have keys of their own in the spec: the sysctl fills one that is absent,
 * a different value is refused. */
static int move_to_name(char **name, const char *key, const struct oci_sysctl *sysctl,
			struct sv_err *err)
{
	if (*name && !sv_str_equal(*name, sysctl->value))
		return sv_err_say(
			err, EINVAL,
			"linux.sysctl: sysctl \"%s\" is not allowed as it conflicts with the key \"%s\"",
			sysctl->key, key);
	if (!*name && sysctl->value) {
		*name = strdup(sysctl->value);
		if (!*name)
			return sv_err_oom(err);
	}
	return 0;
}

/*
 * net.ipv4.ping_group_range takes two gids of the writer's user namespace; one without a mapping
 * is EINVAL (net/ipv4/sysctl_net_ipv4.c). Docker always asks for "0 2147483647", everybody. An
 * empty range ("1 0") stays: it says nobody.
 */
static int clamp_ping_range(struct oci_sysctl *sysctl, const struct oci_maps *maps,
			    struct sv_err *err)
{
	const struct sv_idmap *extent = NULL;
	unsigned long long low, high, last;
	char *value = NULL;
	int end = 0, r;

	if (!sysctl->value || sscanf(sysctl->value, " %10llu %10llu %n", &low, &high, &end) != 2 ||
	    sysctl->value[end] || low > UINT32_MAX || high > UINT32_MAX)
		return sv_err_say(err, EINVAL,
				  "linux.sysctl: \"%s\" expects two group ids, found \"%.40s\"",
				  sysctl->key, sysctl->value ? sysctl->value : "");
	if (low > high)
		return 0;

	extent = rc_syscont_extent(maps->gids, maps->n_gids, (uint32_t)low);
	for (size_t i = 0; !extent && i < maps->n_gids; i++)
		if (maps->gids[i].inside > low && maps->gids[i].inside <= high)
			extent = &maps->gids[i];
	if (!extent)
		return sv_err_say(
			err, EINVAL,
			"linux.sysctl: \"%s\": no group of \"%s\" is mapped into the container",
			sysctl->key, sysctl->value);
	if (low < extent->inside)
		low = extent->inside;
	last = (unsigned long long)extent->inside + extent->size - 1;
	if (high <= last && low <= high)
		return 0;
	if (high > last)
		high = last;

	r = sv_str_format(&value, err, "%llu %llu", low, high);
	if (r < 0)
		return r;
	free(sysctl->value);
	sysctl->value = value;
	return 0;
}

int rc_syscont_sysctls(struct oci_spec *spec, struct sv_err *err)
{
	struct oci_linux *lx = &spec->linux;
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < lx->n_sysctls; i++) {
		struct oci_sysctl s = lx->sysctls[i];
		char path[KEY_MAX];
		bool known = r == 0 && key_to_path(s.key, path), moved = false;

		if (known && strcmp(path, "kernel/hostname") == 0) {
			r = move_to_name(&spec->hostname, "hostname", &s, err);
			moved = true;
		} else if (known && strcmp(path, "kernel/domainname") == 0) {
			r = move_to_name(&spec->domainname, "domainname", &s, err);
			moved = true;
		} else if (known && strcmp(path, "net/ipv4/ping_group_range") == 0) {
			r = clamp_ping_range(&s, &lx->maps, err);
		} else if (r == 0 && !(known && is_namespaced(path))) {
			r = sv_err_say(
				err, EINVAL,
				"linux.sysctl: sysctl \"%.100s\" is not in a separate kernel namespace",
				s.key);
		}

		/* After a failure the rest is only carried over, so that the spec still owns all
		 * of it. */
		if (moved && r == 0) {
			free(s.key);
			free(s.value);
		} else {
			lx->sysctls[kept++] = s;
		}
	}
	lx->n_sysctls = kept;
	return r;
}
