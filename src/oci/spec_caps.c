/* SPDX-License-Identifier: Apache-2.0 */
/* spec_caps.c - `process.capabilities`: names to bit masks. */
#include "oci/read.h"

#include <strings.h>

#include "base/log.h"

static const char *const cap_names[OCI_CAP_LAST + 1] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

int oci_cap_by_name(const char *name)
{
	for (int i = 0; i <= OCI_CAP_LAST; i++)
		if (strcasecmp(cap_names[i], name) == 0)
			return i;
	return -1;
}

const char *oci_cap_name(unsigned number)
{
	return number <= OCI_CAP_LAST ? cap_names[number] : NULL;
}

static int read_cap_set(const struct sv_json *caps, const char *key, uint64_t *ret,
			struct sv_err *err)
{
	autolist struct sv_list names = { 0 };
	int r = sv_json_get_list(caps, key, &names, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < names.count; i++) {
		int cap = oci_cap_by_name(names.items[i]);

		if (cap < 0)
			sv_debug("process.capabilities.%s: '%s' is not known here, ignored", key,
				 names.items[i]);
		else
			*ret |= UINT64_C(1) << cap;
	}
	return 0;
}

int oci_caps_parse(const struct sv_json *process, struct oci_caps *c, struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_object(process, "capabilities", &at, err);
	if (r == 0)
		r = read_cap_set(&at, "bounding", &c->bounding, err);
	if (r == 0)
		r = read_cap_set(&at, "effective", &c->effective, err);
	if (r == 0)
		r = read_cap_set(&at, "permitted", &c->permitted, err);
	if (r == 0)
		r = read_cap_set(&at, "inheritable", &c->inheritable, err);
	if (r == 0)
		r = read_cap_set(&at, "ambient", &c->ambient, err);
	c->set = at.value;
	return r;
}
