/* SPDX-License-Identifier: Apache-2.0 */
#include "../lib/unit_spec.h"

#include <errno.h>

#include "base/cleanup.h"

static void docker_zeros_are_set(void **state)
{
	struct oci_spec spec =
		unit_spec(IN_RESOURCES, "'memory':{'disableOOMKiller':false},'cpu':{'shares':0},"
					"'blockIO':{'weight':0},'pids':{'limit':0}");
	const struct oci_resources *r = &spec.linux.resources;

	(void)state;
	assert_true(r->cpu_shares.set && r->cpu_shares.value == 0);
	assert_true(r->blk_weight.set && r->blk_weight.value == 0);
	assert_true(r->pids_limit.set && r->pids_limit.value == 0);
	assert_true(r->mem_disable_oom.set && r->mem_disable_oom.value == 0);
	assert_false(r->mem_limit.set);
	assert_false(r->cpu_quota.set);
	oci_spec_done(&spec);
}

static void negative_numbers_mean_no_limit(void **state)
{
	struct oci_spec spec = unit_spec(
		IN_RESOURCES, "'memory':{'limit':-1,'swap':-1,'swappiness':18446744073709551615},"
			      "'cpu':{'quota':-100},'pids':{'limit':-7}");
	const struct oci_resources *r = &spec.linux.resources;

	(void)state;
	assert_true(r->mem_limit.value == -1 && r->mem_swap.value == -1);
	assert_false(r->mem_swappiness.set);
	assert_true(r->cpu_quota.value == -1);
	assert_true(r->pids_limit.value == -1);
	oci_spec_done(&spec);
}

static void broken_memory_is_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ IN_LINUX, "'resources':[]",
		  "linux.resources: expected an object, found an array" },
		{ IN_RESOURCES, "'memory':5",
		  "linux.resources.memory: expected an object, found 5" },
		{ IN_RESOURCES, "'memory':{'limit':'5m'}",
		  "linux.resources.memory.limit: expected a whole number, found \"5m\"" },
		{ IN_RESOURCES, "'memory':{'limit':-2}",
		  "linux.resources.memory.limit: expected a whole number from -1 to "
		  "9223372036854775807, found -2" },
		{ IN_RESOURCES, "'memory':{'limit':1.5}",
		  "linux.resources.memory.limit: expected a whole number, found 1.5" },
		{ IN_RESOURCES, "'memory':{'limit':9223372036854775808}",
		  "linux.resources.memory.limit: expected a whole number from -1 to "
		  "9223372036854775807, "
		  "found 9223372036854775808" },
		{ IN_RESOURCES, "'memory':{'swappiness':101}",
		  "linux.resources.memory.swappiness: expected a whole number from 0 to 100, found "
		  "101" },
		{ IN_RESOURCES, "'memory':{'limit':100,'swap':99}",
		  "linux.resources.memory.swap: memory and swap together (99) are below the limit "
		  "of memory (100)" },
		{ IN_RESOURCES, "'memory':{'disableOOMKiller':0}",
		  "linux.resources.memory.disableOOMKiller: expected true or false, found 0" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

static void broken_cpu_is_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ IN_RESOURCES, "'cpu':{'shares':-1}",
		  "linux.resources.cpu.shares: expected a whole number from 0 to "
		  "9223372036854775807, found -1" },
		{ IN_RESOURCES, "'cpu':{'period':999}",
		  "linux.resources.cpu.period: expected 0 (unset) or 1000 to 1000000 microseconds, "
		  "found 999" },
		{ IN_RESOURCES, "'cpu':{'period':1000001}",
		  "linux.resources.cpu.period: expected a whole number from 0 to 1000000, found "
		  "1000001" },
		{ IN_RESOURCES, "'cpu':{'quota':999}",
		  "linux.resources.cpu.quota: expected at least 1000 microseconds, 0 (unset) or -1 "
		  "(no limit), found 999" },
		{ IN_RESOURCES, "'cpu':{'quota':2000,'burst':2001}",
		  "linux.resources.cpu.burst: larger than the quota 2000" },
		{ IN_RESOURCES, "'cpu':{'idle':2}",
		  "linux.resources.cpu.idle: expected a whole number from 0 to 1, found 2" },
		{ IN_RESOURCES, "'cpu':{'cpus':'0-3,x'}",
		  "linux.resources.cpu.cpus: '0-3,x' is not a list like 0-3,7" },
		{ IN_RESOURCES, "'cpu':{'mems':'3-1'}",
		  "linux.resources.cpu.mems: '3-1' has a range that ends before it begins" },
		{ IN_RESOURCES, "'cpu':{'cpus':'8192'}",
		  "linux.resources.cpu.cpus: '8192' has a number above 8191" },
		{ IN_RESOURCES, "'pids':{'limit':'max'}",
		  "linux.resources.pids.limit: expected a whole number, found \"max\"" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

static void broken_block_io_is_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ IN_RESOURCES, "'blockIO':{'weight':9}",
		  "linux.resources.blockIO.weight: expected 0 (unset) or 10 to 1000, found 9" },
		{ IN_RESOURCES, "'blockIO':{'leafWeight':1001}",
		  "linux.resources.blockIO.leafWeight: expected a whole number from 0 to 1000, "
		  "found 1001" },
		{ IN_RESOURCES, "'blockIO':{'weightDevice':[{'minor':0}]}",
		  "linux.resources.blockIO.weightDevice[0].major: missing, expected a whole "
		  "number" },
		{ IN_RESOURCES,
		  "'blockIO':{'throttleReadBpsDevice':[{'major':8,'minor':0,'rate':-1}]}",
		  "linux.resources.blockIO.throttleReadBpsDevice[0].rate: expected a whole number "
		  "of at least 0, found -1" },
		{ IN_RESOURCES, "'blockIO':{'throttleWriteIOPSDevice':[7]}",
		  "linux.resources.blockIO.throttleWriteIOPSDevice[0]: expected an object, found "
		  "7" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

static void broken_lists_are_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ IN_RESOURCES, "'hugepageLimits':[{'limit':1}]",
		  "linux.resources.hugepageLimits[0].pageSize: missing, expected a size like "
		  "\"2MB\"" },
		{ IN_RESOURCES, "'hugepageLimits':[{'pageSize':'2MB'}]",
		  "linux.resources.hugepageLimits[0].limit: missing, expected a number of bytes" },
		{ IN_RESOURCES, "'hugepageLimits':[{'pageSize':'2M','limit':1}]",
		  "linux.resources.hugepageLimits[0].pageSize: expected a size like \"2MB\", found "
		  "\"2M\"" },
		{ IN_RESOURCES, "'hugepageLimits':[{'pageSize':'../2MB','limit':1}]",
		  "linux.resources.hugepageLimits[0].pageSize: expected a size like \"2MB\", found "
		  "\"../2MB\"" },
		{ IN_RESOURCES, "'hugepageLimits':[{'pageSize':'02MB','limit':1}]",
		  "linux.resources.hugepageLimits[0].pageSize: expected a size like \"2MB\", found "
		  "\"02MB\"" },
		{ IN_RESOURCES, "'network':{'classID':4294967296}",
		  "linux.resources.network.classID: expected a whole number from 0 to 4294967295, "
		  "found 4294967296" },
		{ IN_RESOURCES, "'network':{'priorities':[{'priority':1}]}",
		  "linux.resources.network.priorities[0].name: missing, expected the name of an "
		  "interface" },
		{ IN_RESOURCES, "'network':{'priorities':[{'name':'a b'}]}",
		  "linux.resources.network.priorities[0].name: expected the name of an interface, "
		  "found \"a b\"" },
		{ IN_RESOURCES, "'network':{'priorities':[{'name':'0123456789abcdef'}]}",
		  "linux.resources.network.priorities[0].name: expected the name of an interface, "
		  "found \"0123456789abcdef\"" },
		{ IN_RESOURCES, "'rdma':{'a b':{'hcaHandles':1}}",
		  "linux.resources.rdma.a b: not the name of a device" },
		{ IN_RESOURCES, "'rdma':{'mlx':{}}",
		  "linux.resources.rdma.mlx: expected hcaHandles, hcaObjects or both" },
		{ IN_RESOURCES, "'rdma':{'mlx':null}",
		  "linux.resources.rdma.mlx: missing, expected an object" },
		{ IN_RESOURCES, "'rdma':{'mlx':{'hcaHandles':-1}}",
		  "linux.resources.rdma.mlx.hcaHandles: expected a whole number from 0 to "
		  "4294967295, found -1" },
		{ IN_RESOURCES, "'unified':{'../memory.max':'1'}",
		  "linux.resources.unified.../memory.max: the key is not the name of a file" },
		{ IN_RESOURCES, "'unified':{'..':'1'}",
		  "linux.resources.unified...: the key is not the name of a file" },
		{ IN_RESOURCES, "'unified':{'':'1'}",
		  "linux.resources.unified.: the key is not the name of a file" },
		{ IN_RESOURCES, "'unified':{'memory.max':1}",
		  "linux.resources.unified.memory.max: expected a string, found 1" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

static void device_rules_have_defaults(void **state)
{
	struct oci_spec spec = unit_spec(
		IN_RESOURCES,
		"'devices':[{'allow':false},{'allow':true,'type':'c','major':1,'access':'wr'},"
		"{'allow':true,'type':'b','major':-1,'minor':-1,'access':'m'},{'type':'a'}]");
	const struct oci_device_rule *r = spec.linux.resources.devices;

	(void)state;
	assert_int_equal(spec.linux.resources.n_devices, 4);
	assert_true(!r[0].allow && r[0].type == 'a' && r[0].major == -1 && r[0].minor == -1);
	assert_true(r[0].read && r[0].write && r[0].mknod);
	assert_true(r[1].allow && r[1].type == 'c' && r[1].major == 1 && r[1].minor == -1);
	assert_true(r[1].read && r[1].write && !r[1].mknod);
	assert_true(r[2].type == 'b' && r[2].major == -1 && !r[2].read && !r[2].write &&
		    r[2].mknod);
	assert_true(!r[3].allow && r[3].type == 'a');
	oci_spec_done(&spec);
}

static void broken_device_rules_are_refused(void **state)
{
	static const struct unit_refusal rows[] = {
		{ IN_RESOURCES, "'devices':[{'type':'p'}]",
		  "linux.resources.devices[0].type: expected \"a\", \"b\" or \"c\", found \"p\"" },
		{ IN_RESOURCES, "'devices':[{'type':'ab'}]",
		  "linux.resources.devices[0].type: expected \"a\", \"b\" or \"c\", found \"ab\"" },
		{ IN_RESOURCES, "'devices':[{'type':'c','access':'rx'}]",
		  "linux.resources.devices[0].access: expected letters of \"rwm\", found \"rx\"" },
		{ IN_RESOURCES, "'devices':[{'type':'c','major':-2}]",
		  "linux.resources.devices[0].major: expected a whole number from -1 to 4095, "
		  "found -2" },
		{ IN_RESOURCES, "'devices':[{'type':'c','minor':1048576}]",
		  "linux.resources.devices[0].minor: expected a whole number from -1 to 1048575, "
		  "found 1048576" },
		{ IN_RESOURCES, "'devices':[{'allow':true,'major':1,'minor':3}]",
		  "linux.resources.devices[0].type: a rule with numbers is about \"b\" or \"c\" "
		  "devices, not about all" },
		{ IN_RESOURCES, "'devices':[{'allow':'yes'}]",
		  "linux.resources.devices[0].allow: expected true or false, found \"yes\"" },
	};

	(void)state;
	UNIT_REFUSES(rows);
}

/* update --resources has the resources as the whole document. */
static void resources_stand_alone_too(void **state)
{
	autofree char *json = unit_json("{'memory':{'limit':5}}");
	struct json_object *doc = json_tokener_parse(json);
	struct sv_json at = { .value = doc }, none = { 0 };
	struct oci_resources res = { 0 };
	struct sv_err err = { 0 };

	(void)state;
	assert_int_equal(oci_resources_parse(&none, &res, &err), 0);
	assert_false(res.mem_limit.set);
	assert_int_equal(oci_resources_parse(&at, &res, &err), 0);
	assert_true(res.mem_limit.set && res.mem_limit.value == 5);
	oci_resources_done(&res);
	json_object_put(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(docker_zeros_are_set),
		cmocka_unit_test(negative_numbers_mean_no_limit),
		cmocka_unit_test(broken_memory_is_refused),
		cmocka_unit_test(broken_cpu_is_refused),
		cmocka_unit_test(broken_block_io_is_refused),
		cmocka_unit_test(broken_lists_are_refused),
		cmocka_unit_test(device_rules_have_defaults),
		cmocka_unit_test(broken_device_rules_are_refused),
		cmocka_unit_test(resources_stand_alone_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
