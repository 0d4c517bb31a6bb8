/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscont_seccomp.c - opens a deny-by-default seccomp profile for what a small machine does.
 *
 * Engines resolve "allowed with CAP_SYS_ADMIN" for the capabilities they give, before they write
 * config.json, so the profile that arrives denies mount, unshare, setns ... to everybody and makes
 * clone3 fail with ENOSYS. In a user namespace the kernel checks each of them against the
 * container's own namespaces, which is the confinement we rely on. Left closed: what the kernel
 * only grants to the host's root (modules, kexec, swap, quota, clock, acct, syslog, bpf), and what
 * is a known attack surface for no need (userfaultfd, perf_event_open, io_uring).
 *
 * Everything else of the profile stays: other names, argument conditions (socket families,
 * personality), flags, architectures. A profile that allows by default is somebody's own list of
 * what to deny and stays as it is; so does a name that the profile traces, logs or notifies. The
 * outcome depends on the profile alone: compiled filters are cached by their text.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runc/syscont_parts.h"

static const char *const opened[] = {	/* sorted: searched by bisection */
	"add_key",
	"chroot",
	"clone",		/* without the condition that forbids CLONE_NEW* */
	"clone3",
	"fsconfig",
	"fsmount",
	"fsopen",
	"fspick",
	"get_mempolicy",
	"kcmp",			/* systemd compares descriptors */
	"keyctl",
	"listmount",
	"mbind",
	"mknod",
	"mknodat",
	"mount",
	"mount_setattr",
	"move_mount",
	"name_to_handle_at",	/* systemd finds mount points and cgroup ids */
	"open_tree",
	"pidfd_getfd",
	"pivot_root",
	"process_vm_readv",
	"process_vm_writev",
	"ptrace",
	"reboot",		/* ends the pid namespace */
	"request_key",
	"set_mempolicy",
	"setdomainname",
	"sethostname",
	"setns",
	"statmount",
	"umount",
	"umount2",
	"unshare",
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Index in `opened`, -1 if it is none of them. */
static int find(struct json_object *name)
{
	const char *text = json_object_get_string(name);
	const char *const *hit =
		text ? bsearch(&text, opened, SV_COUNT(opened), sizeof(opened[0]), compare) : NULL;

	return hit ? (int)(hit - opened) : -1;
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

static struct json_object *array_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_array))
		return NULL;
	return value;
}

static bool denies(const char *action)
{
	static const char *const actions[] = {
		"SCMP_ACT_ERRNO",       "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS",
		"SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
	};

	for (size_t i = 0; i < SV_COUNT(actions); i++)
		if (strcmp(action, actions[i]) == 0)
			return true;
	return false;
}

/* Takes our names out of RULE. True if none is left, so that the rule can go. */
static bool strip(struct json_object *rule, const bool *watched)
{
	struct json_object *names = array_of(rule, "names");
	size_t n = names ? json_object_array_length(names) : 0, before = n;

	for (size_t i = n; i-- > 0;) {
		int at = find(json_object_array_get_idx(names, i));

		if (at >= 0 && !watched[at]) {
			json_object_array_del_idx(names, i, 1);
			n--;
		}
	}
	return n == 0 && before > 0;
}

static int add_rule(struct json_object *rules, const bool *watched, struct sv_err *err)
{
	struct json_object *rule = json_object_new_object(), *names = json_object_new_array();
	struct json_object *action = json_object_new_string("SCMP_ACT_ALLOW");
	bool failed =
		!rule || !names || !action || json_object_object_add(rule, "names", names) < 0;

	if (failed)
		json_object_put(names);
	for (size_t i = 0; i < SV_COUNT(opened) && !failed; i++) {
		struct json_object *name = watched[i] ? NULL : json_object_new_string(opened[i]);

		if (!watched[i] && (!name || json_object_array_add(names, name) < 0)) {
			json_object_put(name);
			failed = true;
		}
	}
	if (failed || json_object_object_add(rule, "action", action) < 0) {
		json_object_put(action);
		failed = true;
	}
	if (failed || json_object_array_add(rules, rule) < 0) {
		json_object_put(rule);
		return sv_err_oom(err);
	}
	return 0;
}

int rc_syscont_seccomp(struct oci_seccomp *seccomp, struct sv_err *err)
{
	struct json_object *profile = seccomp->profile, *rules;
	bool watched[SV_COUNT(opened)] = { false };

	if (!profile || !denies(text_of(profile, "defaultAction")))
		return 0;

	rules = array_of(profile, "syscalls");
	if (!rules) {
		rules = json_object_new_array();
		if (!rules || json_object_object_add(profile, "syscalls", rules) < 0) {
			json_object_put(rules);
			return sv_err_oom(err);
		}
	}

	for (size_t i = 0; i < json_object_array_length(rules); i++) {
		struct json_object *rule = json_object_array_get_idx(rules, i),
				   *names = array_of(rule, "names");
		const char *action = text_of(rule, "action");

		if (!names || denies(action) || strcmp(action, "SCMP_ACT_ALLOW") == 0)
			continue;
		for (size_t k = 0; k < json_object_array_length(names); k++) {
			int at = find(json_object_array_get_idx(names, k));

			if (at >= 0)
				watched[at] = true;
		}
	}

	/* One unconditional rule for each name: libseccomp refuses, or merges by its own taste,
	 * rules that contradict. */
	for (size_t i = json_object_array_length(rules); i-- > 0;)
		if (strip(json_object_array_get_idx(rules, i), watched))
			json_object_array_del_idx(rules, i, 1);
	return add_rule(rules, watched, err);
}
