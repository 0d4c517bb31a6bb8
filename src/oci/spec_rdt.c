/* SPDX-License-Identifier: Apache-2.0 */
/* spec_rdt.c - `linux.intelRdt`: which class of service of the resctrl file system, and its
 * shares. */
#include "oci/read.h"

#include <stdlib.h>

int oci_rdt_parse(const struct sv_json *up, struct oci_rdt *ret, struct sv_err *err)
{
	struct sv_json at, closid;
	bool cmt = false, mbm = false;
	int r;

	r = oci_read_object(up, "intelRdt", &at, err);
	if (r < 0 || !at.value)
		return r;
	ret->set = true;
	closid = sv_json_get(&at, "closID");
	r = oci_read_text(&at, "closID", &ret->closid, err);
	if (r == 0 && ret->closid && !oci_is_field(ret->closid, 255))
		r = sv_json_expected(&closid, err, "the name of a directory");
	if (r == 0)
		r = oci_read_text(&at, "l3CacheSchema", &ret->l3_schema, err);
	if (r == 0)
		r = oci_read_text(&at, "memBwSchema", &ret->mb_schema, err);
	if (r == 0)
		r = sv_json_get_list(&at, "schemata", &ret->schemata, err);
	if (r == 0)
		r = sv_json_get_bool(&at, "enableMonitoring", &ret->enable_monitoring, err);
	/* Its two predecessors; the kernel keeps both kinds of counters for a monitoring group
	 * anyway. */
	if (r == 0)
		r = sv_json_get_bool(&at, "enableCMT", &cmt, err);
	if (r == 0)
		r = sv_json_get_bool(&at, "enableMBM", &mbm, err);
	ret->enable_monitoring |= cmt || mbm;
	return r;
}

void oci_rdt_done(struct oci_rdt *rdt)
{
	free(rdt->closid);
	free(rdt->l3_schema);
	free(rdt->mb_schema);
	sv_list_done(&rdt->schemata);
	*rdt = (struct oci_rdt){ 0 };
}
