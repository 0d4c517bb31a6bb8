/* SPDX-License-Identifier: Apache-2.0 */
#include "../lib/unit_spec.h"

#include <errno.h>
#include <sched.h>
#include <sys/personality.h>

#include "base/cleanup.h"

static void namespaces_have_names_and_flags(void **state)
{
	static const struct {
		enum oci_ns ns;
		const char *name;
		unsigned flag;
	} rows[] = {
		{ OCI_NS_PID, "pid", CLONE_NEWPID },  { OCI_NS_NET, "network", CLONE_NEWNET },
		{ OCI_NS_MNT, "mount", CLONE_NEWNS }, { OCI_NS_IPC, "ipc", CLONE_NEWIPC },
		{ OCI_NS_UTS, "uts", CLONE_NEWUTS },  { OCI_NS_USER, "user", CLONE_NEWUSER },
		{ OCI_NS_TIME, "time", 0x80 },        { OCI_NS_CGROUP, "cgroup", CLONE_NEWCGROUP },
	};

	(void)state;
	assert_int_equal(SV_COUNT(rows), OCI_NS_MAX);
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		struct oci_spec spec;
		char part[80];

		assert_string_equal(oci_ns_name(rows[i].ns), rows[i].name);
		assert_int_equal(oci_ns_flag(rows[i].ns), rows[i].flag);
		snprintf(part, sizeof(part), "'namespaces':[{'type':'%s','path':'/n'}]",
			 rows[i].name);
		spec = unit_spec(IN_LINUX, part);
		for (int ns = 0; ns < OCI_NS_MAX; ns++)
			assert_int_equal(spec.linux.ns[ns].set, ns == (int)rows[i].ns);
		assert_string_equal(spec.linux.ns[rows[i].ns].path, "/n");
		oci_spec_done(&spec);
	}
}

static void broken_namespaces_are_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ IN_DOC, "'linux':[]", "linux: expected an object, found an array" },
		{ IN_LINUX, "'namespaces':{}",
		  "linux.namespaces: expected an array, found an object" },
		{ IN_LINUX, "'namespaces':['pid']",
		  "linux.namespaces[0]: expected an object, found \"pid\"" },
		{ IN_LINUX, "'namespaces':[{}]",
		  "linux.namespaces[0].type: missing, expected the name of a kind of namespace" },
		{ IN_LINUX, "'namespaces':[{'type':'net'}]",
		  "linux.namespaces[0].type: expected one of pid, network, mount, ipc, uts, user, "
		  "cgroup, time, found \"net\"" },
		{ IN_LINUX, "'namespaces':[{'type':'pid'},{'type':'ipc'},{'type':'pid'}]",
		  "linux.namespaces[2].type: the pid namespace is given twice" },
		{ IN_LINUX, "'namespaces':[{'type':'network','path':'proc/1/ns/net'}]",
		  "linux.namespaces[0].path: expected an absolute path, found \"proc/1/ns/net\"" },
		{ IN_LINUX, "'namespaces':[{'type':'network','path':1}]",
		  "linux.namespaces[0].path: expected a string, found 1" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

static void mappings_follow_the_rules_of_the_kernel(void **state)
{
#define GIDS "'gidMappings':[{'containerID':0,'hostID':1,'size':1}]"
	static const struct unit_refusal rows[] = {
		{ IN_LINUX, "'uidMappings':[{'containerID':0,'hostID':1}]",
		  "linux.uidMappings[0].size: missing, expected a whole number" },
		{ IN_LINUX, "'uidMappings':[{'containerID':0,'hostID':1,'size':0}]",
		  "linux.uidMappings[0].size: expected a whole number from 1 to 4294967295, found "
		  "0" },
		{ IN_LINUX, "'uidMappings':[{'containerID':0,'hostID':1,'size':-3}]",
		  "linux.uidMappings[0].size: expected a whole number from 1 to 4294967295, found "
		  "-3" },
		{ IN_LINUX, "'uidMappings':[{'containerID':0,'hostID':1,'size':'5'}]",
		  "linux.uidMappings[0].size: expected a whole number, found \"5\"" },
		{ IN_LINUX, "'uidMappings':[{'containerID':0,'size':1}]",
		  "linux.uidMappings[0].hostID: missing, expected a whole number" },
		{ IN_LINUX, "'uidMappings':[{'hostID':0,'size':1}]",
		  "linux.uidMappings[0].containerID: missing, expected a whole number" },
		{ IN_LINUX, "'uidMappings':[{'containerID':4294967296,'hostID':1,'size':1}]",
		  "linux.uidMappings[0].containerID: expected a whole number from 0 to 4294967295, "
		  "found 4294967296" },
		{ IN_LINUX, "'uidMappings':[{'containerID':4294967295,'hostID':1,'size':1}]",
		  "linux.uidMappings[0]: the mapping goes beyond the last id, 4294967294" },
		{ IN_LINUX, "'gidMappings':[{'containerID':0,'hostID':4294967290,'size':6}]",
		  "linux.gidMappings[0]: the mapping goes beyond the last id, 4294967294" },
		{ IN_LINUX,
		  "'uidMappings':[{'containerID':0,'hostID':1,'size':10},{'containerID':9,'hostID':"
		  "50,'size':1}]",
		  "linux.uidMappings[1]: the ids inside overlap with those of mapping 0" },
		{ IN_LINUX,
		  "'uidMappings':[{'containerID':0,'hostID':1,'size':10},{'containerID':20,'hostID'"
		  ":0,'size':2}]",
		  "linux.uidMappings[1]: the ids outside overlap with those of mapping 0" },
		{ IN_LINUX, GIDS, "linux.uidMappings: missing, while gidMappings is there" },
		{ IN_LINUX, "'uidMappings':{}",
		  "linux.uidMappings: expected an array, found an object" },
	};
	struct oci_spec spec = unit_spec(
		IN_LINUX, "'uidMappings':[{'containerID':0,'hostID':0,'size':4294967295}]," GIDS);

	(void)state;
	assert_int_equal(spec.linux.maps.uids[0].size, UINT32_MAX);
	oci_spec_done(&spec);
	/* Neighbours do not overlap. */
	spec = unit_spec(IN_LINUX, "'uidMappings':[{'containerID':10,'hostID':20,'size':10},{'"
				   "containerID':0,'hostID':10,'size':10}]," GIDS);
	assert_int_equal(spec.linux.maps.n_uids, 2);
	oci_spec_done(&spec);
	UNIT_REFUSES(rows);
}

static void mappings_are_counted(void **state)
{
	char *part = malloc(341 * 64 + 200), *end;
	struct oci_spec spec = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_non_null(part);
	for (int count = 340; count <= 341; count++) {
		end = part + sprintf(part, GIDS ",'uidMappings':[");
		for (int i = 0; i < count; i++)
			end += sprintf(end, "%s{'containerID':%d,'hostID':%d,'size':1}",
				       i ? "," : "", i, i + 1);
		strcpy(end, "]");
		assert_int_equal(unit_parse(IN_LINUX, part, &spec, &err),
				 count <= 340 ? 0 : -EINVAL);
		oci_spec_done(&spec);
	}
	assert_string_equal(err.msg,
			    "linux.uidMappings[340]: the kernel takes at most 340 mappings");
	free(part);
}

static void time_offsets_need_a_new_time_namespace(void **state)
{
#define TIME "'namespaces':[{'type':'time'}],"
	static const struct unit_refusal rows[] = {
		{ IN_LINUX, "'timeOffsets':{'boottime':{'secs':1}}",
		  "linux.timeOffsets: only a new time namespace has offsets" },
		{ IN_LINUX,
		  "'namespaces':[{'type':'time','path':'/"
		  "n'}],'timeOffsets':{'boottime':{'secs':1}}",
		  "linux.timeOffsets: only a new time namespace has offsets" },
		{ IN_LINUX, TIME "'timeOffsets':{'realtime':{'secs':1}}",
		  "linux.timeOffsets.realtime: expected the clock monotonic or boottime" },
		{ IN_LINUX, TIME "'timeOffsets':{'boottime':{'nanosecs':1000000000}}",
		  "linux.timeOffsets.boottime.nanosecs: expected a whole number from 0 to "
		  "999999999, found 1000000000" },
		{ IN_LINUX, TIME "'timeOffsets':{'boottime':5}",
		  "linux.timeOffsets.boottime: expected an object, found 5" },
	};
	struct oci_spec spec = unit_spec(IN_LINUX, "'timeOffsets':{}");

	(void)state;
	assert_false(spec.linux.has_time_offsets);
	oci_spec_done(&spec);
	UNIT_REFUSES(rows);
}

static void broken_devices_are_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ IN_LINUX, "'devices':[{}]",
		  "linux.devices[0].type: missing, expected \"c\", \"u\", \"b\" or \"p\"" },
		{ IN_LINUX, "'devices':[{'type':'a'}]",
		  "linux.devices[0].type: expected \"c\", \"u\", \"b\" or \"p\", found \"a\"" },
		{ IN_LINUX, "'devices':[{'type':'cc'}]",
		  "linux.devices[0].type: expected \"c\", \"u\", \"b\" or \"p\", found \"cc\"" },
		{ IN_LINUX, "'devices':[{'type':''}]",
		  "linux.devices[0].type: expected \"c\", \"u\", \"b\" or \"p\", found \"\"" },
		{ IN_LINUX, "'devices':[{'type':'c'}]",
		  "linux.devices[0].path: missing, expected an absolute path" },
		{ IN_LINUX, "'devices':[{'type':'c','path':'fuse'}]",
		  "linux.devices[0].path: expected an absolute path, found \"fuse\"" },
		{ IN_LINUX, "'devices':[{'type':'c','path':'/dev/../x','major':1,'minor':1}]",
		  "linux.devices[0].path: the path contains \"..\"" },
		{ IN_LINUX, "'devices':[{'type':'c','path':'/dev/x'}]",
		  "linux.devices[0].major: missing, expected a whole number" },
		{ IN_LINUX, "'devices':[{'type':'b','path':'/dev/x','major':4096,'minor':0}]",
		  "linux.devices[0].major: expected a whole number from 0 to 4095, found 4096" },
		{ IN_LINUX, "'devices':[{'type':'b','path':'/dev/x','major':1,'minor':1048576}]",
		  "linux.devices[0].minor: expected a whole number from 0 to 1048575, found "
		  "1048576" },
		{ IN_LINUX, "'devices':[{'type':'b','path':'/dev/x','major':1,'minor':-1}]",
		  "linux.devices[0].minor: expected a whole number from 0 to 1048575, found -1" },
		{ IN_LINUX, "'devices':[{'type':'p','path':'/dev/x','fileMode':-1}]",
		  "linux.devices[0].fileMode: expected a whole number from 0 to 4294967295, found "
		  "-1" },
		{ IN_LINUX, "'devices':[{'type':'p','path':'/dev/x','uid':4294967295}]",
		  "linux.devices[0].uid: expected a whole number from 0 to 4294967294, found "
		  "4294967295" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

static void every_propagation_is_known(void **state)
{
	static const char *const words[] = { "private", "rprivate", "slave",      "rslave",
					     "shared",  "rshared",  "unbindable", "runbindable" };
	static const struct unit_refusal rows[] = {
		{ IN_LINUX, "'rootfsPropagation':'public'",
		  "linux.rootfsPropagation: expected one of private, rprivate, slave, rslave, "
		  "shared, rshared, unbindable, "
		  "runbindable, found \"public\"" },
		{ IN_LINUX, "'rootfsPropagation':true",
		  "linux.rootfsPropagation: expected a string, found true" },
	};
	struct oci_spec spec;
	char part[80];

	(void)state;
	for (size_t i = 0; i < SV_COUNT(words); i++) {
		snprintf(part, sizeof(part), "'rootfsPropagation':'%s'", words[i]);
		spec = unit_spec(IN_LINUX, part);
		assert_string_equal(spec.linux.rootfs_propagation, words[i]);
		oci_spec_done(&spec);
	}
	spec = unit_spec(IN_LINUX, "'rootfsPropagation':''");
	assert_null(spec.linux.rootfs_propagation);
	oci_spec_done(&spec);
	UNIT_REFUSES(rows);
}

static void seccomp_stays_json(void **state)
{
	struct oci_spec spec =
		unit_spec(IN_LINUX, "'seccomp':{'defaultAction':'SCMP_ACT_ALLOW','x':[1]}");
	static const struct unit_refusal rows[] = {
		{ IN_LINUX, "'seccomp':[]", "linux.seccomp: expected an object, found an array" },
		{ IN_LINUX, "'seccomp':{'listenerPath':1}",
		  "linux.seccomp.listenerPath: expected a string, found 1" },
		{ IN_LINUX, "'seccomp':{'listenerMetadata':'x'}",
		  "linux.seccomp.listenerMetadata: there is no listenerPath to send it to" },
	};

	(void)state;
	assert_string_equal(
		json_object_to_json_string_ext(spec.linux.seccomp.profile, JSON_C_TO_STRING_PLAIN),
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"x\":[1]}");
	assert_null(spec.linux.seccomp.listener_path);
	oci_spec_done(&spec);
	spec = unit_spec(IN_LINUX, "'seccomp':null");
	assert_null(spec.linux.seccomp.profile);
	oci_spec_done(&spec);
	UNIT_REFUSES(rows);
}

static void other_broken_keys_are_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ IN_LINUX, "'cgroupsPath':'/a/../../b'",
		  "linux.cgroupsPath: the path contains \"..\"" },
		{ IN_LINUX, "'cgroupsPath':{}",
		  "linux.cgroupsPath: expected a string, found an object" },
		{ IN_LINUX, "'sysctl':[]", "linux.sysctl: expected an object, found an array" },
		{ IN_LINUX, "'sysctl':{'net.ipv4.ip_forward':1}",
		  "linux.sysctl.net.ipv4.ip_forward: expected a string, found 1" },
		{ IN_LINUX, "'sysctl':{'a':null}", "linux.sysctl.a: missing, expected a string" },
		{ IN_LINUX, "'sysctl':{'':'1'}",
		  "linux.sysctl.: the key is not the name of a sysctl" },
		{ IN_LINUX, "'sysctl':{'/etc/passwd':'1'}",
		  "linux.sysctl./etc/passwd: the key is not the name of a sysctl" },
		{ IN_LINUX, "'sysctl':{'net/../../x':'1'}",
		  "linux.sysctl.net/../../x: the path contains \"..\"" },
		{ IN_LINUX, "'maskedPaths':['/a','b']",
		  "linux.maskedPaths[1]: expected an absolute path, found \"b\"" },
		{ IN_LINUX, "'readonlyPaths':['']",
		  "linux.readonlyPaths[0]: expected an absolute path, found \"\"" },
		{ IN_LINUX, "'readonlyPaths':[[]]",
		  "linux.readonlyPaths[0]: expected a string, found an array" },
		{ IN_LINUX, "'mountLabel':7", "linux.mountLabel: expected a string, found 7" },
		{ IN_LINUX, "'personality':{}",
		  "linux.personality.domain: missing, expected LINUX or LINUX32" },
		{ IN_LINUX, "'personality':{'domain':'BSD'}",
		  "linux.personality.domain: expected one of LINUX, LINUX32, found \"BSD\"" },
		{ IN_LINUX, "'personality':{'domain':'LINUX','flags':['X']}",
		  "linux.personality.flags: the specification knows no flags yet" },
		{ IN_LINUX, "'personality':{'domain':'LINUX','flags':7}",
		  "linux.personality.flags: expected an array, found 7" },
		{ IN_LINUX, "'intelRdt':{'closID':'a/b'}",
		  "linux.intelRdt.closID: expected the name of a directory, found \"a/b\"" },
		{ IN_LINUX, "'intelRdt':{'closID':'..'}",
		  "linux.intelRdt.closID: expected the name of a directory, found \"..\"" },
		{ IN_LINUX, "'intelRdt':{'schemata':'L3'}",
		  "linux.intelRdt.schemata: expected an array, found \"L3\"" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

static void small_parts_are_read(void **state)
{
	struct oci_spec spec = unit_spec(
		IN_LINUX,
		"'personality':{'domain':'LINUX','flags':[]},'intelRdt':{'enableCMT':true},"
		"'cgroupsPath':'/docker/abc','mountLabel':'','sysctl':{}");

	(void)state;
	assert_true(spec.linux.has_personality);
	assert_int_equal(spec.linux.personality, PER_LINUX);
	assert_true(spec.linux.rdt.set && spec.linux.rdt.enable_monitoring);
	assert_null(spec.linux.rdt.closid);
	assert_string_equal(spec.linux.cgroups_path, "/docker/abc");
	assert_null(spec.linux.mount_label);
	assert_int_equal(spec.linux.n_sysctls, 0);
	oci_spec_done(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(namespaces_have_names_and_flags),
		cmocka_unit_test(broken_namespaces_are_refused),
		cmocka_unit_test(mappings_follow_the_rules_of_the_kernel),
		cmocka_unit_test(mappings_are_counted),
		cmocka_unit_test(time_offsets_need_a_new_time_namespace),
		cmocka_unit_test(broken_devices_are_refused),
		cmocka_unit_test(every_propagation_is_known),
		cmocka_unit_test(seccomp_stays_json),
		cmocka_unit_test(other_broken_keys_are_refused),
		cmocka_unit_test(small_parts_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
