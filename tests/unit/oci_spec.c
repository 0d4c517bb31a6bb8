/* SPDX-License-Identifier: Apache-2.0 */
/* Whole documents: those that engines wrote, one with every key, and hostile ones. */
#include "../lib/unit_spec.h"

#include <dirent.h>
#include <errno.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "base/cleanup.h"

#define SPECS "tests/fixtures/specs"

static struct oci_spec spec_of_file(const char *path)
{
	struct oci_spec spec = { 0 };
	struct sv_err err = { 0 };
	size_t len;
	char *text = unit_read_file(path, &len);

	if (oci_spec_parse(text, len, &spec, &err) < 0)
		fail_msg("%s: %s", path, err.msg);
	free(text);
	return spec;
}

static void what_engines_write_is_accepted(void **state)
{
	autoclosedir DIR *dir = opendir(SPECS);
	size_t count = 0;

	(void)state;
	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		struct oci_spec spec;
		char path[512];

		if (!sv_str_ends(e->d_name, ".json"))
			continue;
		snprintf(path, sizeof(path), SPECS "/%s", e->d_name);
		spec = spec_of_file(path);
		assert_true(spec.process.set);
		assert_true(spec.n_mounts > 0);
		oci_spec_done(&spec);
		count++;
	}
	assert_true(count >= 6);
}

static void dockers_document_is_understood(void **state)
{
	struct oci_spec spec = spec_of_file(SPECS "/docker-default.json");
	const struct oci_mount *dev = &spec.mounts[1], *hosts = &spec.mounts[9];
	const struct oci_resources *res = &spec.linux.resources;

	(void)state;
	assert_string_equal(spec.version, "1.0.2-dev");
	assert_true(spec.process.caps.set);
	assert_true(spec.process.caps.bounding == 0xa80425fb);
	assert_true(spec.process.oom_score_adj.set && spec.process.oom_score_adj.value == 0);
	assert_string_equal(dev->dest, "/dev");
	assert_true(dev->attr_set == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME));
	assert_string_equal(dev->data, "mode=755,size=65536k");
	assert_true(hosts->bind && hosts->rec && hosts->propagation == MS_PRIVATE &&
		    hosts->propagation_rec);
	assert_int_equal(spec.hooks[OCI_HOOK_PRESTART].count, 1);
	assert_int_equal(spec.linux.n_sysctls, 2);
	assert_string_equal(spec.linux.sysctls[1].key, "net.ipv4.ping_group_range");
	assert_int_equal(res->n_devices, 8);
	assert_true(!res->devices[0].allow && res->devices[0].type == 'a');
	assert_true(res->devices[7].type == 'c' && res->devices[7].major == 10 &&
		    res->devices[7].minor == 229);
	assert_non_null(spec.linux.seccomp.profile);
	assert_false(spec.linux.ns[OCI_NS_USER].set);
	assert_true(spec.linux.ns[OCI_NS_NET].set);
	assert_int_equal(spec.linux.masked_paths.count, 10);
	oci_spec_done(&spec);
	oci_spec_done(&spec); /* an ended spec is the empty one */
	assert_null(spec.version);
}

static void every_key_of_process_is_read(void **state)
{
	struct oci_spec spec = spec_of_file(SPECS "/everything.json");
	const struct oci_process *p = &spec.process;

	(void)state;
	assert_true(p->set && p->terminal && p->no_new_privs);
	assert_int_equal(p->rows, 24);
	assert_int_equal(p->cols, 80);
	assert_int_equal(p->user.uid, 1000);
	assert_int_equal(p->user.gid, 1001);
	assert_true(p->user.has_umask);
	assert_int_equal(p->user.umask, 022);
	assert_int_equal(p->user.n_groups, 2);
	assert_int_equal(p->user.groups[1], 1002);
	assert_string_equal(p->args.items[2], "echo \"\xc3\xa4\"");
	assert_string_equal(p->env.items[1], "EMPTY=");
	assert_string_equal(p->cwd, "/home");
	assert_true(p->caps.set);
	assert_true(p->caps.bounding == (UINT64_C(1) | UINT64_C(1) << 40));
	assert_true(p->caps.effective == 1 && p->caps.permitted == 1 && p->caps.inheritable == 32 &&
		    p->caps.ambient == 0);
	assert_int_equal(p->n_rlimits, 2);
	assert_int_equal(p->rlimits[0].resource, RLIMIT_NOFILE);
	assert_true(p->rlimits[0].soft == 1024 && p->rlimits[0].hard == 4096);
	assert_true(p->rlimits[1].hard == RLIM_INFINITY);
	assert_true(p->oom_score_adj.set && p->oom_score_adj.value == -500);
	assert_string_equal(p->apparmor, "docker-default");
	assert_string_equal(p->selinux, "system_u:system_r:container_t:s0");
	assert_true(p->scheduler.set);
	assert_int_equal(p->scheduler.policy, 6);
	assert_int_equal(p->scheduler.nice, 5);
	assert_true(p->scheduler.flags == 5);
	assert_true(p->scheduler.runtime == 10000000 && p->scheduler.deadline == 20000000 &&
		    p->scheduler.period == 30000000);
	assert_true(p->has_ioprio);
	assert_int_equal(p->ioprio, 2 << 13 | 4);
	assert_string_equal(p->cpus_initial, "0-1");
	assert_string_equal(p->cpus_final, "0,1");
	oci_spec_done(&spec);
}

static void every_key_of_the_document_is_read(void **state)
{
	struct oci_spec spec = spec_of_file(SPECS "/everything.json");
	const struct oci_mount *m = spec.mounts;

	(void)state;
	assert_string_equal(spec.version, "1.2.0");
	assert_string_equal(spec.root_path, "rootfs");
	assert_true(spec.root_readonly);
	assert_string_equal(spec.hostname, "box");
	assert_string_equal(spec.domainname, "example.org");
	assert_int_equal(spec.n_mounts, 3);
	assert_string_equal(m[0].type, "proc");
	assert_int_equal(m[0].options.count, 0);
	assert_string_equal(m[1].dest, "/dev");
	assert_string_equal(m[2].dest, "/data");
	assert_string_equal(m[2].type, "bind");
	assert_true(m[2].bind && m[2].rec && m[2].rec_attr_set == MOUNT_ATTR_RDONLY &&
		    m[2].propagation == MS_SLAVE);
	assert_true(m[2].idmap && !m[2].ridmap);
	assert_int_equal(m[2].maps.uids[0].outside, 1000);
	assert_int_equal(m[2].maps.gids[0].outside, 2000);
	assert_int_equal(spec.hooks[OCI_HOOK_PRESTART].items[0].timeout, 10);
	assert_int_equal(spec.hooks[OCI_HOOK_POSTSTART].count, 2);
	assert_string_equal(spec.hooks[OCI_HOOK_POSTSTOP].items[0].path, "/bin/poststop");
	assert_int_equal(spec.n_annotations, 2);
	assert_string_equal(spec.annotations[0].key, "org.example.key");
	assert_string_equal(spec.annotations[1].value, "");
	oci_spec_done(&spec);
}

static void every_key_of_linux_is_read(void **state)
{
	struct oci_spec spec = spec_of_file(SPECS "/everything.json");
	const struct oci_linux *l = &spec.linux;

	(void)state;
	for (int ns = 0; ns < OCI_NS_MAX; ns++)
		assert_true(l->ns[ns].set);
	assert_string_equal(l->ns[OCI_NS_NET].path, "/proc/1/ns/net");
	assert_null(l->ns[OCI_NS_USER].path);
	assert_int_equal(l->maps.n_uids, 2);
	assert_int_equal(l->maps.uids[1].size, 64536);
	assert_int_equal(l->maps.gids[0].outside, 200000);
	assert_true(l->has_time_offsets && l->monotonic_secs == -86400 &&
		    l->boottime_secs == 604800);
	assert_int_equal(l->monotonic_nanosecs, 500);
	assert_int_equal(l->boottime_nanosecs, 0);
	assert_int_equal(l->n_devices, 4);
	assert_true(l->devices[0].type == 'c' && l->devices[0].major == 10 &&
		    l->devices[0].minor == 229);
	assert_true(l->devices[0].has_mode && l->devices[0].mode == 0666 && l->devices[0].has_gid &&
		    l->devices[0].gid == 5);
	assert_true(l->devices[1].type == 'b' && l->devices[1].mode == 0660 &&
		    !l->devices[1].has_uid);
	assert_true(l->devices[2].type == 'c' && l->devices[2].major == 4095 &&
		    l->devices[2].minor == 1048575);
	assert_true(l->devices[3].type == 'p' && !l->devices[3].has_mode);
	assert_string_equal(l->cgroups_path, "system.slice:sysvisor:box");
	assert_string_equal(l->rootfs_propagation, "rslave");
	assert_string_equal(l->seccomp.listener_path, "/run/agent.sock");
	assert_string_equal(l->seccomp.listener_metadata, "opaque");
	assert_int_equal(l->n_sysctls, 2);
	assert_string_equal(l->sysctls[1].key, "net/ipv4/conf/eth0.100/forwarding");
	assert_string_equal(l->masked_paths.items[0], "/proc/kcore");
	assert_int_equal(l->readonly_paths.count, 2);
	assert_string_equal(l->mount_label, "system_u:object_r:container_file_t:s0");
	assert_true(l->has_personality && l->personality == PER_LINUX32);
	assert_true(l->rdt.set && l->rdt.enable_monitoring);
	assert_string_equal(l->rdt.closid, "guaranteed");
	assert_string_equal(l->rdt.l3_schema, "L3:0=f");
	assert_string_equal(l->rdt.mb_schema, "MB:0=20");
	assert_string_equal(l->rdt.schemata.items[0], "L2:0=7");
	oci_spec_done(&spec);
}

static void every_key_of_resources_is_read(void **state)
{
	struct oci_spec spec = spec_of_file(SPECS "/everything.json");
	const struct oci_resources *r = &spec.linux.resources;

	(void)state;
	assert_int_equal(r->n_devices, 4);
	assert_true(r->mem_limit.value == 536870912 && r->mem_reservation.value == 268435456 &&
		    r->mem_swap.value == -1);
	assert_true(r->mem_kernel.set && r->mem_kernel.value == 0 && r->mem_kernel_tcp.value == -1);
	assert_true(r->mem_swappiness.value == 60 && r->mem_disable_oom.set &&
		    r->mem_disable_oom.value == 0);
	assert_true(r->mem_use_hierarchy.value == 1 && r->mem_check_before_update.value == 1);
	assert_true(r->cpu_shares.value == 1024 && r->cpu_quota.value == 150000 &&
		    r->cpu_burst.value == 50000);
	assert_true(r->cpu_period.value == 100000 && r->cpu_rt_runtime.value == 950000 &&
		    r->cpu_rt_period.value == 1000000);
	assert_true(r->cpu_idle.set && r->cpu_idle.value == 1);
	assert_string_equal(r->cpus, "0-1");
	assert_string_equal(r->mems, "0");
	assert_true(r->pids_limit.value == 100);
	assert_true(r->blk_weight.value == 500 && r->blk_leaf_weight.value == 10);
	assert_int_equal(r->n_blk_devices, 2);
	assert_true(r->blk_devices[0].weight.value == 1000 &&
		    r->blk_devices[0].leaf_weight.value == 300);
	assert_true(r->blk_devices[1].minor == 16 && !r->blk_devices[1].weight.set);
	assert_true(r->throttle[OCI_THROTTLE_RBPS][0].rate == 600);
	assert_true(r->throttle[OCI_THROTTLE_WBPS][0].rate == UINT64_MAX);
	assert_int_equal(r->n_throttle[OCI_THROTTLE_RIOPS], 2);
	assert_true(r->throttle[OCI_THROTTLE_RIOPS][1].minor == 3 &&
		    r->throttle[OCI_THROTTLE_RIOPS][1].rate == 2);
	assert_true(r->throttle[OCI_THROTTLE_WIOPS][0].minor == 4);
	assert_int_equal(r->n_hugepages, 2);
	assert_string_equal(r->hugepages[0].size, "2MB");
	assert_true(r->hugepages[0].limit == UINT64_C(9223372036854775808));
	assert_true(r->net_classid.value == 1048577);
	assert_int_equal(r->n_net_prios, 2);
	assert_string_equal(r->net_prios[0].name, "eth0");
	assert_int_equal(r->net_prios[0].priority, 500);
	assert_int_equal(r->n_rdma, 2);
	assert_string_equal(r->rdma[0].name, "mlx5_1");
	assert_true(r->rdma[0].handles.value == 3 && r->rdma[0].objects.value == 10000);
	assert_true(!r->rdma[1].handles.set && r->rdma[1].objects.value == 1000);
	assert_int_equal(r->n_unified, 2);
	assert_string_equal(r->unified[1].key, "io.max");
	assert_string_equal(r->unified[1].value, "8:0 rbps=1000");
	oci_spec_done(&spec);
}

static void versions_of_the_first_major_are_accepted(void **state)
{
	static const char *const good[] = { "1.0.0", "1.0.2-dev", "1.0.0-rc5", "1.2.1", "1.99" };
	char part[80];

	(void)state;
	for (size_t i = 0; i < SV_COUNT(good); i++) {
		struct oci_spec spec = { 0 };

		snprintf(part, sizeof(part), "'ociVersion':'%s'", good[i]);
		spec = unit_spec("{'root':{'path':'r'},%s}", part);
		assert_string_equal(spec.version, good[i]);
		oci_spec_done(&spec);
	}
}

static void broken_documents_are_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ "%s", "", "not JSON: the text ends too early" },
		{ "%s", "null", "expected an object, found null" },
		{ "%s", "[]", "expected an object, found an array" },
		{ "%s", "'text'", "expected an object, found \"text\"" },
		{ "{%s}", "", "ociVersion: missing, expected a version 1.x of the specification" },
		{ "{%s}", "'ociVersion':''",
		  "ociVersion: expected a version 1.x of the specification, found \"\"" },
		{ "{%s}", "'ociVersion':'2.0'",
		  "ociVersion: expected a version 1.x of the specification, found \"2.0\"" },
		{ "{%s}", "'ociVersion':'1.'",
		  "ociVersion: expected a version 1.x of the specification, found \"1.\"" },
		{ "{%s}", "'ociVersion':'10.0'",
		  "ociVersion: expected a version 1.x of the specification, found \"10.0\"" },
		{ "{%s}", "'ociVersion':1.0", "ociVersion: expected a string, found 1.0" },
		{ "{'ociVersion':'1.0.0',%s}", "'hostname':'h'",
		  "root: missing, expected an object" },
		{ "{'ociVersion':'1.0.0',%s}", "'root':null", "root: missing, expected an object" },
		{ "{'ociVersion':'1.0.0',%s}", "'root':'/'",
		  "root: expected an object, found \"/\"" },
		{ "{'ociVersion':'1.0.0',%s}", "'root':{}",
		  "root.path: missing, expected the directory of the root file system" },
		{ "{'ociVersion':'1.0.0',%s}", "'root':{'path':''}",
		  "root.path: expected the directory of the root file system, found \"\"" },
		{ "{'ociVersion':'1.0.0',%s}", "'root':{'path':'/','readonly':'no'}",
		  "root.readonly: expected true or false, found \"no\"" },
		{ IN_DOC, "'hostname':7", "hostname: expected a string, found 7" },
		{ IN_DOC,
		  "'hostname':'0123456789012345678901234567890123456789012345678901234567890123x'",
		  "hostname: longer than the 64 bytes that the kernel takes" },
		{ IN_DOC, "'domainname':[]", "domainname: expected a string, found an array" },
		{ IN_DOC, "'annotations':[]", "annotations: expected an object, found an array" },
		{ IN_DOC, "'annotations':{'':'x'}", "annotations.: the key is empty" },
		{ IN_DOC, "'annotations':{'a':1}", "annotations.a: expected a string, found 1" },
		{ IN_DOC, "'annotations':{'a':null}", "annotations.a: missing, expected a string" },
		{ IN_DOC, "'hostname':'a\\u0000b'", "a string contains a NUL at byte 55" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

static void bad_files_are_refused(void **state)
{
	static const struct {
		const char *name, *message;
	} rows[] = {
		{ "dotdot-cgroup", "linux.cgroupsPath: the path contains \"..\"" },
		{ "dotdot-mount", "mounts[0].destination: the path contains \"..\"" },
		{ "invalid-utf8", "not JSON: invalid UTF-8 at byte 68" },
		{ "nesting", "not JSON: nesting too deep at byte 150" },
		{ "no-args", "process.args: the program to run is missing" },
		{ "nul-escaped", "a string contains a NUL at byte 92" },
		{ "nul-in-text", "not JSON: a NUL at byte 68" },
		{ "number-too-large",
		  "process.user.uid: expected a whole number, found 18446744073709551616.0" },
		{ "overlapping-ids",
		  "linux.uidMappings[1]: the ids inside overlap with those of mapping 0" },
		{ "relative-cwd", "process.cwd: expected an absolute path, found \"tmp\"" },
		{ "trailing", "not JSON: something follows the document at byte 84" },
		{ "truncated", "not JSON: the text ends too early" },
		{ "two-pid-namespaces",
		  "linux.namespaces[1].type: the pid namespace is given twice" },
		{ "unified-path",
		  "linux.resources.unified.../memory.max: the key is not the name of a file" },
		{ "wrong-type", "process.terminal: expected true or false, found \"yes\"" },
	};

	(void)state;
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		struct oci_spec spec = { 0 };
		struct sv_err err = { 0 };
		char path[200];
		size_t len;
		char *text;

		snprintf(path, sizeof(path), SPECS "/bad/%s.json", rows[i].name);
		text = unit_read_file(path, &len);
		assert_true(oci_spec_parse(text, len, &spec, &err) < 0);
		free(text);
		assert_string_equal(err.msg, rows[i].message);
	}
}

static void unknown_keys_are_ignored(void **state)
{
	struct oci_spec spec = unit_spec(
		IN_DOC,
		"'vm':{'kernel':7},'HOSTNAME':7,'process':null,'x':123456789012345678901234567890,"
		"'linux':{'netDevices':{},'resources':{'y':[{}]}}");

	(void)state;
	assert_null(spec.hostname);
	assert_false(spec.process.set);
	oci_spec_done(&spec);
}

static void deep_nesting_is_refused_even_in_unknown_keys(void **state)
{
	char part[300] = "'x':";
	struct oci_spec spec = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	memset(part + 4, '[', 64);
	memset(part + 68, ']', 64);
	assert_int_equal(unit_parse(IN_DOC, part, &spec, &err), -EINVAL);
	assert_string_equal(err.msg, "not JSON: nesting too deep at byte 109");
}

/* 10 MB of one thing each; a quadratic step anywhere would take hours. */
static void large_documents_are_read(void **state)
{
	static const struct {
		const char *frame, *head, *item, *tail;
	} rows[] = {
		{ IN_PROCESS, "'env':['A=b'", ",'NAME=value'", "]" },
		{ IN_PROCESS, "'capabilities':{'bounding':['CAP_KILL'", ",'CAP_NEW'", "]}" },
		{ IN_MOUNT, "'type':'tmpfs','options':['ro'", ",'ro','a'", "]" },
		{ IN_LINUX, "'maskedPaths':['/a'", ",'/b'", "]" },
		{ IN_DOC, "'x':['a'", ",1234", "]" },
		{ IN_DOC, "'x':['a'", ",99999999999999999999999999", "]" },
		{ IN_DOC, "'hostname':'a','hostname':'b'", ",'hostname':'c'", "" },
	};
	const size_t size = 10 << 20;
	char *part = malloc(size + 200);

	(void)state;
	assert_non_null(part);
	for (size_t i = 0; i < SV_COUNT(rows); i++) {
		char *end = stpcpy(part, rows[i].head);
		struct oci_spec spec = { 0 };
		struct sv_err err = { 0 };

		while (end < part + size)
			end = stpcpy(end, rows[i].item);
		strcpy(end, rows[i].tail);
		if (unit_parse(rows[i].frame, part, &spec, &err) < 0)
			fail_msg("%s: %s", rows[i].head, err.msg);
		oci_spec_done(&spec);
	}
	free(part);
}

static void many_mounts_and_keys_are_read(void **state)
{
	const int count = 50000;
	char *part = malloc((size_t)count * 100 + 100), *end;
	struct oci_spec spec;

	(void)state;
	assert_non_null(part);
	end = stpcpy(part, "'annotations':{");
	for (int i = 0; i < count; i++)
		end += sprintf(end, "%s'key%d':'v'", i ? "," : "", i);
	end = stpcpy(end, "},'mounts':[");
	for (int i = 0; i < count; i++)
		end += sprintf(
			end, "%s{'destination':'/m/%d','type':'tmpfs','options':['ro','size=1m']}",
			i ? "," : "", i);
	strcpy(end, "]");
	spec = unit_spec(IN_DOC, part);
	assert_int_equal(spec.n_annotations, count);
	assert_string_equal(spec.annotations[count - 1].key, "key49999");
	assert_int_equal(spec.n_mounts, count);
	assert_string_equal(spec.mounts[count - 1].dest, "/m/49999");
	oci_spec_done(&spec);
	free(part);
}

static void documents_beyond_16_mib_are_refused(void **state)
{
	char *text = malloc(OCI_SPEC_MAX + 1);
	struct oci_spec spec = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_non_null(text);
	memset(text, ' ', OCI_SPEC_MAX + 1);
	assert_int_equal(oci_spec_parse(text, OCI_SPEC_MAX + 1, &spec, &err), -EFBIG);
	assert_string_equal(err.msg, "the document is larger than 16 MiB");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_engines_write_is_accepted),
		cmocka_unit_test(dockers_document_is_understood),
		cmocka_unit_test(every_key_of_process_is_read),
		cmocka_unit_test(every_key_of_the_document_is_read),
		cmocka_unit_test(every_key_of_linux_is_read),
		cmocka_unit_test(every_key_of_resources_is_read),
		cmocka_unit_test(versions_of_the_first_major_are_accepted),
		cmocka_unit_test(broken_documents_are_refused),
		cmocka_unit_test(bad_files_are_refused),
		cmocka_unit_test(unknown_keys_are_ignored),
		cmocka_unit_test(deep_nesting_is_refused_even_in_unknown_keys),
		cmocka_unit_test(large_documents_are_read),
		cmocka_unit_test(many_mounts_and_keys_are_read),
		cmocka_unit_test(documents_beyond_16_mib_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
