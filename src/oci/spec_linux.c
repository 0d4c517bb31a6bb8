/* SPDX-License-Identifier: Apache-2.0 */
/* spec_linux.c - `linux` of config.json: namespaces and what is set once; devices, resources and
 * RDT have their own files. */
#include "oci/read.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>

#include "base/cleanup.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080 /* linux/sched.h, Linux 5.6 */
#endif

static const unsigned namespace_flags[OCI_NS_MAX] = {
	[OCI_NS_PID] = CLONE_NEWPID,       [OCI_NS_NET] = CLONE_NEWNET,
	[OCI_NS_MNT] = CLONE_NEWNS,        [OCI_NS_IPC] = CLONE_NEWIPC,
	[OCI_NS_UTS] = CLONE_NEWUTS,       [OCI_NS_USER] = CLONE_NEWUSER,
	[OCI_NS_CGROUP] = CLONE_NEWCGROUP, [OCI_NS_TIME] = CLONE_NEWTIME,
};

static const struct oci_word namespace_words[] = {
	{ "pid", OCI_NS_PID },       { "network", OCI_NS_NET }, { "mount", OCI_NS_MNT },
	{ "ipc", OCI_NS_IPC },       { "uts", OCI_NS_UTS },     { "user", OCI_NS_USER },
	{ "cgroup", OCI_NS_CGROUP }, { "time", OCI_NS_TIME },   { 0 },
};

static const struct oci_word propagation_words[] = {
	{ "private", 0 },    { "rprivate", 0 },    { "slave", 0 },
	{ "rslave", 0 },     { "shared", 0 },      { "rshared", 0 },
	{ "unbindable", 0 }, { "runbindable", 0 }, { 0 },
};

static const struct oci_word domain_words[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
	{ 0 },
};

const char *oci_ns_name(enum oci_ns ns)
{
	return oci_word_name(namespace_words, ns);
}

unsigned oci_ns_flag(enum oci_ns ns)
{
	return namespace_flags[ns];
}

static int read_namespace(const struct sv_json *at, struct oci_linux *l, struct sv_err *err)
{
	struct sv_json type = sv_json_get(at, "type");
	struct oci_namespace *ns;
	uint64_t which;
	bool found;
	int r;

	r = oci_read_word(at, "type", namespace_words, &found, &which, err);
	if (r == 0 && !found)
		r = sv_json_expected(&type, err, "the name of a kind of namespace");
	if (r < 0)
		return r;
	ns = &l->ns[which];
	if (ns->set)
		return sv_json_bad(&type, err, "the %s namespace is given twice",
				   oci_ns_name((enum oci_ns)which));
	ns->set = true;
	r = oci_read_text(at, "path", &ns->path, err);
	if (r == 0 && ns->path)
		r = oci_read_path(at, "path", &ns->path, err);
	return r;
}

static int read_namespaces(const struct sv_json *up, struct oci_linux *l, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, "namespaces");
	size_t count;
	int r = sv_json_array(&at, &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		struct sv_json item = sv_json_at(&at, i);

		if (!json_object_is_type(item.value, json_type_object))
			return sv_json_expected(&item, err, "an object");
		r = read_namespace(&item, l, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_offset(const struct sv_json *up, const char *key, int64_t *ret_secs,
		       uint32_t *ret_nanosecs, struct sv_err *err)
{
	int64_t nanosecs = 0;
	struct sv_json at;
	int r;

	r = oci_read_object(up, key, &at, err);
	if (r == 0)
		r = sv_json_get_int(&at, "secs", INT64_MIN, INT64_MAX, ret_secs, err);
	if (r == 0)
		r = sv_json_get_int(&at, "nanosecs", 0, 999999999, &nanosecs, err);
	*ret_nanosecs = (uint32_t)nanosecs;
	return r;
}

/* time_namespaces(7): two clocks can be moved, and only before the first process is in. */
static int read_time_offsets(const struct sv_json *up, struct oci_linux *l, struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_object(up, "timeOffsets", &at, err);
	if (r < 0 || !at.value || json_object_object_length(at.value) == 0)
		return r;
	json_object_object_foreach(at.value, clock, value) {
		struct sv_json member = { .up = &at, .key = clock, .value = value };

		if (strcmp(clock, "monotonic") != 0 && strcmp(clock, "boottime") != 0)
			return sv_json_bad(&member, err,
					   "expected the clock monotonic or boottime");
	}
	if (!l->ns[OCI_NS_TIME].set || l->ns[OCI_NS_TIME].path)
		return sv_json_bad(&at, err, "only a new time namespace has offsets");
	l->has_time_offsets = true;
	r = read_offset(&at, "monotonic", &l->monotonic_secs, &l->monotonic_nanosecs, err);
	if (r == 0)
		r = read_offset(&at, "boottime", &l->boottime_secs, &l->boottime_nanosecs, err);
	return r;
}

/* Both "/docker/ID" and systemd's "slice:prefix:name"; a ".." could name another one's cgroup. */
static int read_cgroups_path(const struct sv_json *up, struct oci_linux *l, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, "cgroupsPath");
	autofree char *cleaned = NULL;
	struct sv_err why = { 0 };
	int r = oci_read_text(up, "cgroupsPath", &l->cgroups_path, err);

	if (r == 0 && l->cgroups_path && oci_path_clean(l->cgroups_path, &cleaned, &why) < 0)
		return oci_blame(&at, &why, err);
	return r;
}

static int read_seccomp(const struct sv_json *up, struct oci_seccomp *s, struct sv_err *err)
{
	struct sv_json at, metadata;
	int r;

	r = oci_read_object(up, "seccomp", &at, err);
	if (r < 0 || !at.value)
		return r;
	metadata = sv_json_get(&at, "listenerMetadata");
	r = oci_read_text(&at, "listenerPath", &s->listener_path, err);
	if (r == 0)
		r = oci_read_text(&at, "listenerMetadata", &s->listener_metadata, err);
	if (r < 0)
		return r;
	if (s->listener_metadata && !s->listener_path)
		return sv_json_bad(&metadata, err, "there is no listenerPath to send it to");
	s->profile = json_object_get(at.value);
	return 0;
}

/* A key is a path below /proc/sys, with dots or slashes. */
static int read_sysctl(const struct sv_json *member, void *item, struct sv_err *err)
{
	struct oci_sysctl *sysctl = item;
	autofree char *cleaned = NULL;
	struct sv_err why = { 0 };
	int r;

	if (*member->key == '\0' || *member->key == '/' || *member->key == '.')
		return sv_json_bad(member, err, "the key is not the name of a sysctl");
	if (oci_path_clean(member->key, &cleaned, &why) < 0)
		return oci_blame(member, &why, err);
	sysctl->key = strdup(member->key);
	if (!sysctl->key)
		return sv_err_oom(err);
	r = sv_json_string(member, &sysctl->value, err);
	if (r == 0 && !sysctl->value)
		r = sv_json_expected(member, err, "a string");
	return r;
}

static int read_paths(const struct sv_json *up, const char *key, struct sv_list *ret,
		      struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);
	int r = sv_json_list(&at, ret, err);

	for (size_t i = 0; r == 0 && i < ret->count; i++) {
		struct sv_json item = sv_json_at(&at, i);

		if (*ret->items[i] != '/')
			r = sv_json_expected(&item, err, "an absolute path");
	}
	return r;
}

static int read_personality(const struct sv_json *up, struct oci_linux *l, struct sv_err *err)
{
	struct sv_json at, domain, flags;
	uint64_t persona = 0;
	size_t count;
	int r;

	r = oci_read_object(up, "personality", &at, err);
	if (r < 0 || !at.value)
		return r;
	domain = sv_json_get(&at, "domain");
	flags = sv_json_get(&at, "flags");
	r = oci_read_word(&at, "domain", domain_words, &l->has_personality, &persona, err);
	if (r == 0 && !l->has_personality)
		r = sv_json_expected(&domain, err, "LINUX or LINUX32");
	if (r == 0)
		r = sv_json_array(&flags, &count, err);
	if (r == 0 && count > 0)
		r = sv_json_bad(&flags, err, "the specification knows no flags yet");
	l->personality = (unsigned long)persona;
	return r;
}

static int read_propagation(const struct sv_json *up, struct oci_linux *l, struct sv_err *err)
{
	uint64_t unused;
	bool found;
	int r = oci_read_word(up, "rootfsPropagation", propagation_words, &found, &unused, err);

	if (r == 0 && found)
		r = sv_json_get_string(up, "rootfsPropagation", &l->rootfs_propagation, err);
	return r;
}

static int read_resources(const struct sv_json *up, struct oci_linux *l, struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, "resources");

	return oci_resources_parse(&at, &l->resources, err);
}

int oci_linux_parse(const struct sv_json *up, struct oci_linux *ret, struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_object(up, "linux", &at, err);
	if (r == 0)
		r = read_namespaces(&at, ret, err);
	if (r == 0)
		r = oci_read_maps(&at, &ret->maps, err);
	if (r == 0)
		r = read_time_offsets(&at, ret, err);
	if (r == 0)
		r = oci_devices_parse(&at, ret, err);
	if (r == 0)
		r = read_cgroups_path(&at, ret, err);
	if (r == 0)
		r = read_resources(&at, ret, err);
	if (r == 0)
		r = read_propagation(&at, ret, err);
	if (r == 0)
		r = read_seccomp(&at, &ret->seccomp, err);
	if (r == 0)
		r = oci_read_members(&at, "sysctl", sizeof(*ret->sysctls), read_sysctl,
				     &ret->sysctls, &ret->n_sysctls, err);
	if (r == 0)
		r = read_paths(&at, "maskedPaths", &ret->masked_paths, err);
	if (r == 0)
		r = read_paths(&at, "readonlyPaths", &ret->readonly_paths, err);
	if (r == 0)
		r = oci_read_text(&at, "mountLabel", &ret->mount_label, err);
	if (r == 0)
		r = read_personality(&at, ret, err);
	if (r == 0)
		r = oci_rdt_parse(&at, &ret->rdt, err);
	return r;
}

void oci_linux_done(struct oci_linux *l)
{
	for (size_t i = 0; i < OCI_NS_MAX; i++)
		free(l->ns[i].path);
	oci_maps_done(&l->maps);
	for (size_t i = 0; i < l->n_devices; i++)
		free(l->devices[i].path);
	free(l->devices);
	free(l->cgroups_path);
	oci_resources_done(&l->resources);
	free(l->rootfs_propagation);
	json_object_put(l->seccomp.profile);
	free(l->seccomp.listener_path);
	free(l->seccomp.listener_metadata);
	for (size_t i = 0; i < l->n_sysctls; i++) {
		free(l->sysctls[i].key);
		free(l->sysctls[i].value);
	}
	free(l->sysctls);
	sv_list_done(&l->masked_paths);
	sv_list_done(&l->readonly_paths);
	free(l->mount_label);
	oci_rdt_done(&l->rdt);
	*l = (struct oci_linux){ 0 };
}
