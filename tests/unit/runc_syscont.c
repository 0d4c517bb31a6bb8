/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a spec. tests/fixtures/syscont/NAME.out.json is the whole outcome for
 * NAME.in.json, or for the recorded document tests/fixtures/specs/NAME.json. After a change of the
 * rules, SV_UPDATE_GOLDEN=1 writes the outcomes anew: read the diff.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "os/file.h"
#include "runc/syscont.h"

#define FIXTURES "tests/fixtures/"

static struct sv_idmap subuids = { .outside = 1000000, .size = 65536 },
		       subgids = { .outside = 2000000, .size = 65536 };

static struct rc_syscont_facts facts_of(bool v2, bool systemd)
{
	return (struct rc_syscont_facts){
		.subids = { .uids = &subuids, .gids = &subgids, .n_uids = 1, .n_gids = 1 },
		.cgroup_v2 = v2,
		.systemd = systemd,
	};
}

static void read_text(const char *path, char **ret)
{
	struct sv_err err = { 0 };
	size_t len;

	if (sv_file_read(AT_FDCWD, path, 1 << 20, ret, &len, &err) < 0)
		fail_msg("%s", err.msg);
}

static void parse(const char *text, struct oci_spec *ret)
{
	struct sv_err err = { 0 };

	*ret = (struct oci_spec){ 0 };
	if (oci_spec_parse(text, strlen(text), ret, &err) < 0)
		fail_msg("%s", err.msg);
}

static void apply(struct oci_spec *spec, const struct rc_syscont_facts *facts)
{
	struct sv_err err = { 0 };

	if (rc_syscont_apply(spec, facts, &err) < 0)
		fail_msg("%s", err.msg);
}

static void dump(const struct oci_spec *spec, struct sv_str *ret)
{
	struct sv_err err = { 0 };

	if (rc_syscont_dump(spec, ret, &err) < 0)
		fail_msg("%s", err.msg);
}

static void compare_or_update(const char *path, const char *got)
{
	autofree char *want = NULL;

	if (getenv("SV_UPDATE_GOLDEN")) {
		autofclose FILE *f = fopen(path, "w");

		assert_true(f && fputs(got, f) >= 0);
		return;
	}
	read_text(path, &want);
	if (strcmp(got, want) != 0)
		fail_msg("%s differs; the outcome now:\n%s", path, got);
}

static void golden(const char *dir, const char *name, const char *suffix, bool v2, bool systemd)
{
	const struct rc_syscont_facts facts = facts_of(v2, systemd);
	autostr struct sv_str once = { 0 }, again = { 0 };
	autofree char *text = NULL;
	char in[256], out[256];
	struct oci_spec spec;

	snprintf(in, sizeof(in), FIXTURES "%s/%s%s.json", dir, name,
		 strcmp(dir, "syscont") == 0 ? ".in" : "");
	snprintf(out, sizeof(out), FIXTURES "syscont/%s%s.out.json", name, suffix);
	read_text(in, &text);
	parse(text, &spec);
	apply(&spec, &facts);
	dump(&spec, &once);
	oci_spec_done(&spec);
	compare_or_update(out, sv_str_text(&once));

	/* The outcome is a document, and a system container already. */
	parse(sv_str_text(&once), &spec);
	apply(&spec, &facts);
	dump(&spec, &again);
	oci_spec_done(&spec);
	assert_string_equal(sv_str_text(&once), sv_str_text(&again));
}

static void documents_become_system_containers(void **state)
{
	(void)state;
	golden("specs", "docker-default", "", false, false);
	golden("specs", "docker-privileged", "", false, false);
	golden("specs", "podman-default", "", true, false);
	golden("specs", "podman-privileged", "", true, false);
	golden("specs", "podman-systemd", "", false, true);
	golden("specs", "runc-spec", "", false, false);
}

static void made_up_documents_become_system_containers(void **state)
{
	(void)state;
	golden("syscont", "least", "", false, false);
	golden("syscont", "least", "-v2-systemd", true, true);
	golden("syscont", "systemd-readonly", "", false, true);
	golden("syscont", "custom", "", false, false);
	golden("syscont", "annotated", "", false, false);
	golden("syscont", "seccomp", "", false, false);
}

/* Every key that the parser knows is in this document. */
static void a_dumped_spec_reads_back_the_same(void **state)
{
	autostr struct sv_str once = { 0 }, again = { 0 };
	autofree char *text = NULL;
	struct oci_spec spec;

	(void)state;
	read_text(FIXTURES "specs/everything.json", &text);
	parse(text, &spec);
	dump(&spec, &once);
	oci_spec_done(&spec);
	parse(sv_str_text(&once), &spec);
	dump(&spec, &again);
	oci_spec_done(&spec);
	assert_string_equal(sv_str_text(&once), sv_str_text(&again));
}

/* ---- refusals ---- */

#define NS_BUT(without) "\"linux\":{\"namespaces\":[" without "]"
#define PID "{\"type\":\"pid\"}"
#define NET "{\"type\":\"network\"}"
#define IPC "{\"type\":\"ipc\"}"
#define UTS "{\"type\":\"uts\"}"
#define MNT "{\"type\":\"mount\"}"
#define ALL_NS PID "," NET "," IPC "," UTS "," MNT
#define DOCUMENT(process, rest)                                                        \
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":0,\"gid\":0" process \
	"},\"args\":[\"x\"],\"cwd\":\"/\"},"                                           \
	"\"root\":{\"path\":\"r\"}," rest "}"
#define WITH_LINUX(more) DOCUMENT("", NS_BUT(ALL_NS) more "}")

static void refused(const char *text, const struct rc_syscont_facts *facts, const char *message)
{
	struct sv_err err = { 0 };
	struct oci_spec spec;
	int r;

	parse(text, &spec);
	r = rc_syscont_apply(&spec, facts, &err);
	oci_spec_done(&spec);
	assert_int_equal(r, -EINVAL);
	assert_string_equal(err.msg, message);
}

static void accepted(const char *text, const struct rc_syscont_facts *facts)
{
	struct oci_spec spec;

	parse(text, &spec);
	apply(&spec, facts);
	oci_spec_done(&spec);
}

static void a_host_namespace_is_refused_by_name(void **state)
{
	struct rc_syscont_facts facts = facts_of(false, false);

	(void)state;
	refused(DOCUMENT("", NS_BUT(NET "," IPC "," UTS "," MNT) "}"), &facts,
		"linux.namespaces: a system container cannot share the host's pid namespace (remove \"--pid host\")");
	refused(DOCUMENT("", NS_BUT(PID "," IPC "," UTS "," MNT) "}"), &facts,
		"linux.namespaces: a system container cannot share the host's network namespace (remove \"--net host\")");
	refused(DOCUMENT("", NS_BUT(PID "," NET "," UTS "," MNT) "}"), &facts,
		"linux.namespaces: a system container cannot share the host's ipc namespace (remove \"--ipc host\")");
	refused(DOCUMENT("", NS_BUT(PID "," NET "," IPC "," MNT) "}"), &facts,
		"linux.namespaces: a system container cannot share the host's uts namespace (remove \"--uts host\")");
	refused(DOCUMENT("", NS_BUT(PID "," NET "," IPC "," UTS) "}"), &facts,
		"linux.namespaces: a system container cannot share the host's mount namespace");
}

static void a_path_to_a_host_namespace_is_refused(void **state)
{
	struct rc_syscont_facts facts = facts_of(false, false);
	static const char net[] = DOCUMENT(
		"",
		NS_BUT(PID "," IPC "," UTS "," MNT
			   ",{\"type\":\"network\",\"path\":\"/run/docker/netns/default\"}") "}");
	static const char user[] = DOCUMENT(
		"", NS_BUT(ALL_NS ",{\"type\":\"user\",\"path\":\"/proc/1/ns/user\"}") "}");

	(void)state;
	accepted(net, &facts);
	accepted(user, &facts);
	facts.ns_is_host[OCI_NS_NET] = facts.ns_is_host[OCI_NS_USER] = true;
	refused(net, &facts,
		"linux.namespaces: a system container cannot share the host's network namespace (remove \"--net host\")");
	refused(user, &facts,
		"linux.namespaces: '/proc/1/ns/user' is the host's user namespace, which a system container cannot share");
	/* The fact is about a path that the spec names; there is none. */
	accepted(WITH_LINUX(""), &facts);
}

static void a_mount_namespace_is_never_joined(void **state)
{
	struct rc_syscont_facts facts = facts_of(false, false);

	(void)state;
	refused(DOCUMENT("", NS_BUT(PID "," NET "," IPC "," UTS
					",{\"type\":\"mount\",\"path\":\"/proc/9/ns/mnt\"}") "}"),
		&facts,
		"linux.namespaces: a system container cannot join the mount namespace '/proc/9/ns/mnt', it always makes its own");
}

static void the_hosts_root_is_never_mapped(void **state)
{
	struct rc_syscont_facts facts = facts_of(false, false);

	(void)state;
	refused(WITH_LINUX(",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":65536}],"
			   "\"gidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":65536}]"),
		&facts,
		"linux.uidMappings[0].hostID: a system container cannot be given the host's root, id 0");
	refused(WITH_LINUX(
			",\"uidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":65536}],"
			"\"gidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":9},{\"containerID\":9,\"hostID\":0,\"size\":1}]"),
		&facts,
		"linux.gidMappings[1].hostID: a system container cannot be given the host's root, id 0");
	refused(WITH_LINUX(",\"uidMappings\":[{\"containerID\":1,\"hostID\":5,\"size\":65536}],"
			   "\"gidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":65536}]"),
		&facts,
		"linux.uidMappings: a system container needs a root user, but containerID 0 is not mapped");
}

static void a_user_without_a_mapping_is_refused(void **state)
{
	struct rc_syscont_facts facts = facts_of(false, false);

	(void)state;
	refused("{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":65536,\"gid\":0},\"args\":[\"x\"],\"cwd\":\"/\"},"
		"\"root\":{\"path\":\"r\"}," NS_BUT(ALL_NS) "}}",
		&facts, "process.user.uid: 65536 is not mapped into the container");
	refused(DOCUMENT(",\"additionalGids\":[1,70000]", NS_BUT(ALL_NS) "}"), &facts,
		"process.user.additionalGids[1]: 70000 is not mapped into the container");
}

static void only_namespaced_sysctls_are_taken(void **state)
{
	struct rc_syscont_facts facts = facts_of(false, false);

	(void)state;
	refused(WITH_LINUX(",\"sysctl\":{\"kernel.panic\":\"1\"}"), &facts,
		"linux.sysctl: sysctl \"kernel.panic\" is not in a separate kernel namespace");
	refused(WITH_LINUX(",\"sysctl\":{\"vm.swappiness\":\"1\"}"), &facts,
		"linux.sysctl: sysctl \"vm.swappiness\" is not in a separate kernel namespace");
	refused(WITH_LINUX(",\"sysctl\":{\"net.//.kernel.panic\":\"1\"}"), &facts,
		"linux.sysctl: sysctl \"net.//.kernel.panic\" is not in a separate kernel namespace");
	refused(WITH_LINUX(",\"sysctl\":{\"network\":\"1\"}"), &facts,
		"linux.sysctl: sysctl \"network\" is not in a separate kernel namespace");
	refused(WITH_LINUX(",\"sysctl\":{\"net.ipv4.ping_group_range\":\"0 x\"}"), &facts,
		"linux.sysctl: \"net.ipv4.ping_group_range\" expects two group ids, found \"0 x\"");
	refused(WITH_LINUX(",\"sysctl\":{\"net.ipv4.ping_group_range\":\"70000 80000\"}"), &facts,
		"linux.sysctl: \"net.ipv4.ping_group_range\": no group of \"70000 80000\" is mapped into the container");
	refused(DOCUMENT("", "\"hostname\":\"a\"," NS_BUT(
				     ALL_NS) ",\"sysctl\":{\"kernel.hostname\":\"b\"}}"),
		&facts,
		"linux.sysctl: sysctl \"kernel.hostname\" is not allowed as it conflicts with the key \"hostname\"");
}

static void nothing_is_mounted_inside_proc(void **state)
{
	struct rc_syscont_facts facts = facts_of(false, false);

	(void)state;
	refused(DOCUMENT(
			"",
			"\"mounts\":[{\"destination\":\"/proc/self/attr\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}]," NS_BUT(
				ALL_NS) "}"),
		&facts,
		"mounts[0].destination: \"/proc/self/attr\" cannot be mounted because it is inside /proc");
	refused(DOCUMENT(
			"",
			"\"mounts\":[{\"destination\":\"/\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}]," NS_BUT(
				ALL_NS) "}"),
		&facts,
		"mounts[0].destination: a mount on \"/\" would hide the root file system");
	accepted(
		DOCUMENT(
			"",
			"\"mounts\":[{\"destination\":\"/proc/meminfo\",\"type\":\"bind\",\"source\":\"/x\"},"
			"{\"destination\":\"/process\",\"type\":\"bind\",\"source\":\"/x\"}]," NS_BUT(
				ALL_NS) "}"),
		&facts);
}

static void an_annotation_with_another_value_is_refused(void **state)
{
	struct rc_syscont_facts facts = facts_of(false, false);

	(void)state;
	refused(DOCUMENT("",
			 "\"annotations\":{\"io.sysvisor.paths\":\"none\"}," NS_BUT(ALL_NS) "}"),
		&facts,
		"annotations[\"io.sysvisor.paths\"]: expected \"spec\" or \"syscont\", found \"none\"");
}

/* ---- capabilities ---- */

#define BIT(n) (UINT64_C(1) << (n))
#define ALL (BIT(OCI_CAP_LAST + 1) - 1)

static const char *const docker[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"FSETID",
	"FOWNER",
	"MKNOD",
	"NET_RAW",
	"SETGID",
	"SETUID",
	"SETFCAP",
	"SETPCAP",
	"NET_BIND_SERVICE",
	"SYS_CHROOT",
	"KILL",
	"AUDIT_WRITE",
	NULL,
};

static uint64_t cap(const char *name)
{
	char full[64];

	snprintf(full, sizeof(full), "CAP_%s", name);
	assert_true(oci_cap_by_name(full) >= 0);
	return BIT(oci_cap_by_name(full));
}

static uint64_t docker_default(void)
{
	uint64_t set = 0;

	for (size_t i = 0; docker[i]; i++)
		set |= cap(docker[i]);
	return set;
}

static void assert_same(const struct oci_caps *a, const struct oci_caps *b)
{
	assert_true(a->set == b->set && a->bounding == b->bounding &&
		    a->effective == b->effective && a->permitted == b->permitted &&
		    a->inheritable == b->inheritable && a->ambient == b->ambient);
}

static struct oci_caps caps_for(uint32_t uid, struct oci_caps caps, bool no_new_privs)
{
	struct oci_process p = {
		.set = true, .user = { .uid = uid }, .caps = caps, .no_new_privs = no_new_privs
	};
	struct oci_process again;
	struct sv_err err = { 0 };

	assert_int_equal(rc_syscont_process(&p, NULL, 0, &err), 0);
	again = p;
	assert_int_equal(rc_syscont_process(&again, NULL, 0, &err), 0);
	assert_same(&p.caps, &again.caps);
	return p.caps;
}

static struct oci_caps three_sets(uint64_t set)
{
	return (struct oci_caps){
		.set = true, .bounding = set, .effective = set, .permitted = set
	};
}

static void root_has_all_capabilities(void **state)
{
	struct oci_caps c = caps_for(0, three_sets(docker_default()), false);

	(void)state;
	assert_true(c.bounding == ALL && c.effective == ALL && c.permitted == ALL);
	assert_true(c.inheritable == 0 && c.ambient == 0);
	c = caps_for(0, (struct oci_caps){ 0 }, false);
	assert_true(c.set && c.bounding == ALL && c.effective == ALL && c.permitted == ALL);
}

static void other_users_have_the_bounding_set_only(void **state)
{
	struct oci_caps c = caps_for(1000, three_sets(docker_default()), false);

	(void)state;
	assert_true(c.bounding == ALL);
	assert_true(c.effective == 0 && c.permitted == 0 && c.inheritable == 0 && c.ambient == 0);
}

static void what_was_dropped_stays_dropped(void **state)
{
	struct oci_caps c = caps_for(0, three_sets(docker_default() & ~cap("NET_RAW")), false);
	uint64_t podman = docker_default() & ~(cap("NET_RAW") | cap("MKNOD") | cap("AUDIT_WRITE"));

	(void)state;
	assert_true(c.bounding == (ALL & ~cap("NET_RAW")) && c.permitted == c.bounding &&
		    c.effective == c.bounding);
	c = caps_for(0, three_sets(docker_default() & ~(cap("MKNOD") | cap("CHOWN"))), false);
	assert_true(c.bounding == (ALL & ~(cap("MKNOD") | cap("CHOWN"))));
	c = caps_for(7, three_sets((docker_default() & ~cap("KILL")) | cap("SYS_ADMIN")), false);
	assert_true(c.bounding == (ALL & ~cap("KILL")) && c.permitted == 0);

	/* The smaller default set of podman, and that of CRI-O, are no drop. */
	assert_true(caps_for(0, three_sets(podman), false).bounding == ALL);
	assert_true(caps_for(0, three_sets(podman & ~cap("SYS_CHROOT")), false).bounding ==
		    (ALL & ~cap("SYS_CHROOT")));
	assert_true(caps_for(0, three_sets(podman & ~(cap("SYS_CHROOT") | cap("SETFCAP"))), false)
			    .bounding == ALL);
}

static void a_long_list_says_what_is_missing(void **state)
{
	uint64_t newest = cap("PERFMON") | cap("BPF") | cap("CHECKPOINT_RESTORE"),
		 without = ALL & ~(cap("SYS_TIME") | cap("CHOWN"));

	(void)state;
	assert_true(caps_for(0, three_sets(without), false).bounding == without);
	assert_true(caps_for(0, three_sets(without & ~newest), false).bounding == without);
	assert_true(caps_for(0, three_sets(ALL), false).bounding == ALL);
}

static void a_short_list_is_taken_as_it_is(void **state)
{
	struct oci_caps want = three_sets(cap("NET_BIND_SERVICE") | cap("NET_ADMIN")),
			none = { .set = true };
	struct oci_caps c = caps_for(0, want, false);

	(void)state;
	assert_same(&c, &want);
	c = caps_for(0, none, false);
	assert_same(&c, &none);
}

static void no_new_privs_keeps_the_sets(void **state)
{
	struct oci_caps want = three_sets(docker_default()), c = caps_for(0, want, true);

	(void)state;
	assert_same(&c, &want);
}

static void an_ambient_set_is_given_to_other_users(void **state)
{
	struct oci_caps in = three_sets(docker_default() | cap("NET_ADMIN")), c;

	(void)state;
	in.effective = in.permitted = in.inheritable = in.ambient = cap("NET_ADMIN");
	c = caps_for(1000, in, false);
	assert_true(c.bounding == ALL && c.ambient == cap("NET_ADMIN") && c.permitted == c.ambient);
	assert_true(c.effective == c.ambient && c.inheritable == c.ambient);
}

static void exec_follows_the_containers_annotation(void **state)
{
	char key[] = RC_SYSCONT_CAPABILITIES, value[] = "spec";
	const struct oci_annotation annotation = { .key = key, .value = value };
	struct oci_process p = { .set = true, .caps = three_sets(docker_default()) };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(rc_syscont_process(&p, &annotation, 1, &err), 0);
	assert_true(p.caps.bounding == docker_default() && p.caps.permitted == docker_default());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_become_system_containers),
		cmocka_unit_test(made_up_documents_become_system_containers),
		cmocka_unit_test(a_dumped_spec_reads_back_the_same),
		cmocka_unit_test(a_host_namespace_is_refused_by_name),
		cmocka_unit_test(a_path_to_a_host_namespace_is_refused),
		cmocka_unit_test(a_mount_namespace_is_never_joined),
		cmocka_unit_test(the_hosts_root_is_never_mapped),
		cmocka_unit_test(a_user_without_a_mapping_is_refused),
		cmocka_unit_test(only_namespaced_sysctls_are_taken),
		cmocka_unit_test(nothing_is_mounted_inside_proc),
		cmocka_unit_test(an_annotation_with_another_value_is_refused),
		cmocka_unit_test(root_has_all_capabilities),
		cmocka_unit_test(other_users_have_the_bounding_set_only),
		cmocka_unit_test(what_was_dropped_stays_dropped),
		cmocka_unit_test(a_long_list_says_what_is_missing),
		cmocka_unit_test(a_short_list_is_taken_as_it_is),
		cmocka_unit_test(no_new_privs_keeps_the_sets),
		cmocka_unit_test(an_ambient_set_is_given_to_other_users),
		cmocka_unit_test(exec_follows_the_containers_annotation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
