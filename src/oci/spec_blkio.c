/* SPDX-License-Identifier: Apache-2.0 */
/* spec_blkio.c - `linux.resources.blockIO`. */
#include "oci/read.h"

static const char *const throttle_keys[OCI_THROTTLE_MAX] = {
	[OCI_THROTTLE_RBPS] = "throttleReadBpsDevice",
	[OCI_THROTTLE_WBPS] = "throttleWriteBpsDevice",
	[OCI_THROTTLE_RIOPS] = "throttleReadIOPSDevice",
	[OCI_THROTTLE_WIOPS] = "throttleWriteIOPSDevice",
};

/* blkio.weight of cgroup v1 goes from 10 to 1000; engines write 0 for "unset". */
static int read_weight(const struct sv_json *up, const char *key, struct oci_opt *ret,
		       struct sv_err *err)
{
	struct sv_json at = sv_json_get(up, key);
	int r = oci_read_opt(up, key, 0, 1000, ret, err);

	if (r == 0 && ret->value > 0 && ret->value < 10)
		return sv_json_expected(&at, err, "0 (unset) or 10 to 1000");
	return r;
}

static int read_numbers(const struct sv_json *at, int64_t *ret_major, int64_t *ret_minor,
			struct sv_err *err)
{
	int r;

	r = oci_read_number(at, "major", 0, OCI_MAJOR_MAX, ret_major, err);
	if (r == 0)
		r = oci_read_number(at, "minor", 0, OCI_MINOR_MAX, ret_minor, err);
	return r;
}

static int read_weight_devices(const struct sv_json *up, struct oci_resources *res,
			       struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_array(up, "weightDevice", sizeof(*res->blk_devices), &at, &res->blk_devices,
			   &res->n_blk_devices, err);
	for (size_t i = 0; r == 0 && i < res->n_blk_devices; i++) {
		struct sv_json item = sv_json_at(&at, i);
		struct oci_blkdev *d = &res->blk_devices[i];

		r = read_numbers(&item, &d->major, &d->minor, err);
		if (r == 0)
			r = read_weight(&item, "weight", &d->weight, err);
		if (r == 0)
			r = read_weight(&item, "leafWeight", &d->leaf_weight, err);
	}
	return r;
}

static int read_throttle(const struct sv_json *up, unsigned kind, struct oci_resources *res,
			 struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_array(up, throttle_keys[kind], sizeof(*res->throttle[kind]), &at,
			   &res->throttle[kind], &res->n_throttle[kind], err);
	for (size_t i = 0; r == 0 && i < res->n_throttle[kind]; i++) {
		struct sv_json item = sv_json_at(&at, i);
		struct oci_throttle *t = &res->throttle[kind][i];

		r = read_numbers(&item, &t->major, &t->minor, err);
		if (r == 0)
			r = sv_json_get_u64(&item, "rate", &t->rate, err);
	}
	return r;
}

int oci_blkio_parse(const struct sv_json *up, struct oci_resources *ret, struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_object(up, "blockIO", &at, err);
	if (r == 0)
		r = read_weight(&at, "weight", &ret->blk_weight, err);
	if (r == 0)
		r = read_weight(&at, "leafWeight", &ret->blk_leaf_weight, err);
	if (r == 0)
		r = read_weight_devices(&at, ret, err);
	for (unsigned kind = 0; r == 0 && kind < OCI_THROTTLE_MAX; kind++)
		r = read_throttle(&at, kind, ret, err);
	return r;
}
