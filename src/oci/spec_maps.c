/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec_maps.c - id mappings, of the user namespace and of single mounts.
 *
 * The rules are the kernel's (map_write() behind /proc/<pid>/uid_map, user_namespaces(7)): at most
 * 340 lines, no line of zero ids, no line that reaches 4294967295 (the invalid id), no two lines
 * that share an id on either side. Told here, they have a JSON path; told by the kernel, they are
 * all EINVAL.
 */
#include "oci/read.h"

#include <errno.h>
#include <stdlib.h>

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

static int check_pair(const struct sv_idmap *a, const struct sv_idmap *b, size_t b_index,
		      struct sv_err *err)
{
	if (overlap(a->inside, a->size, b->inside, b->size))
		return sv_err_say(err, EINVAL, "the ids inside overlap with those of mapping %zu",
				  b_index);
	if (overlap(a->outside, a->size, b->outside, b->size))
		return sv_err_say(err, EINVAL, "the ids outside overlap with those of mapping %zu",
				  b_index);
	return 0;
}

int oci_maps_check(const struct sv_idmap *maps, size_t count, size_t *ret_bad, struct sv_err *err)
{
	int r;

	for (size_t i = 0; i < count; i++) {
		const struct sv_idmap *a = &maps[i];

		*ret_bad = i;
		if (i >= OCI_MAPS_MAX)
			return sv_err_say(err, EINVAL, "the kernel takes at most %d mappings",
					  OCI_MAPS_MAX);
		if (a->size == 0)
			return sv_err_say(err, EINVAL, "a mapping of size 0 maps nothing");
		if ((uint64_t)a->inside + a->size > UINT32_MAX ||
		    (uint64_t)a->outside + a->size > UINT32_MAX)
			return sv_err_say(err, EINVAL,
					  "the mapping goes beyond the last id, 4294967294");
		for (size_t j = 0; j < i; j++) {
			r = check_pair(a, &maps[j], j, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int read_mapping(const struct sv_json *at, struct sv_idmap *ret, struct sv_err *err)
{
	int64_t inside, outside, size;
	int r;

	r = oci_read_number(at, "containerID", 0, UINT32_MAX, &inside, err);
	if (r == 0)
		r = oci_read_number(at, "hostID", 0, UINT32_MAX, &outside, err);
	if (r == 0)
		r = oci_read_number(at, "size", 1, UINT32_MAX, &size, err);
	if (r < 0)
		return r;
	*ret = (struct sv_idmap){ (uint32_t)inside, (uint32_t)outside, (uint32_t)size };
	return 0;
}

static int read_list(const struct sv_json *up, const char *key, struct sv_idmap **ret,
		     size_t *ret_count, struct sv_err *err)
{
	struct sv_err why = { 0 };
	struct sv_json at;
	size_t bad;
	int r;

	r = oci_read_array(up, key, sizeof(**ret), &at, ret, ret_count, err);
	for (size_t i = 0; r == 0 && i < *ret_count; i++) {
		struct sv_json item = sv_json_at(&at, i);

		r = read_mapping(&item, &(*ret)[i], err);
	}
	if (r < 0)
		return r;
	if (oci_maps_check(*ret, *ret_count, &bad, &why) < 0) {
		struct sv_json item = sv_json_at(&at, bad);

		return oci_blame(&item, &why, err);
	}
	return 0;
}

int oci_read_maps(const struct sv_json *up, struct oci_maps *ret, struct sv_err *err)
{
	int r;

	r = read_list(up, "uidMappings", &ret->uids, &ret->n_uids, err);
	if (r == 0)
		r = read_list(up, "gidMappings", &ret->gids, &ret->n_gids, err);
	if (r < 0)
		return r;
	if (!ret->n_uids != !ret->n_gids) {
		struct sv_json lacking =
			sv_json_get(up, ret->n_uids ? "gidMappings" : "uidMappings");

		return sv_json_bad(&lacking, err, "missing, while %s is there",
				   ret->n_uids ? "uidMappings" : "gidMappings");
	}
	return 0;
}

void oci_maps_done(struct oci_maps *maps)
{
	free(maps->uids);
	free(maps->gids);
	*maps = (struct oci_maps){ 0 };
}
