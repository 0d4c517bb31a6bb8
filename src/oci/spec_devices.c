/* SPDX-License-Identifier: Apache-2.0 */
/* spec_devices.c - `linux.devices` (nodes to make) and `linux.resources.devices` (who may use
 * which). */
#include "oci/read.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static int read_node_path(const struct sv_json *at, struct oci_device *d, struct sv_err *err)
{
	struct sv_json path = sv_json_get(at, "path");
	autofree char *text = NULL;
	struct sv_err why = { 0 };
	int r;

	r = oci_read_path(at, "path", &text, err);
	if (r < 0)
		return r;
	if (oci_path_clean(text, &d->path, &why) < 0)
		return oci_blame(&path, &why, err);
	return 0;
}

static int read_node_type(const struct sv_json *at, struct oci_device *d, struct sv_err *err)
{
	struct sv_json type = sv_json_get(at, "type");
	autofree char *text = NULL;
	int r = sv_json_string(&type, &text, err);

	if (r < 0)
		return r;
	if (!text || strlen(text) != 1 || !strchr("cubp", *text))
		return sv_json_expected(&type, err, "\"c\", \"u\", \"b\" or \"p\"");
	d->type = *text == 'u' ? 'c' : *text;
	return 0;
}

/* Docker writes the bits of a mode alone, others add those of the file type: only the former are
 * kept. */
static int read_node_mode(const struct sv_json *at, struct oci_device *d, struct sv_err *err)
{
	struct oci_opt mode = { 0 }, uid = { 0 }, gid = { 0 };
	int r;

	r = oci_read_opt(at, "fileMode", 0, UINT32_MAX, &mode, err);
	if (r == 0)
		r = oci_read_opt(at, "uid", 0, OCI_ID_MAX, &uid, err);
	if (r == 0)
		r = oci_read_opt(at, "gid", 0, OCI_ID_MAX, &gid, err);
	if (r < 0)
		return r;
	d->has_mode = mode.set;
	d->mode = (uint32_t)mode.value & 07777;
	d->has_uid = uid.set;
	d->uid = (uint32_t)uid.value;
	d->has_gid = gid.set;
	d->gid = (uint32_t)gid.value;
	return 0;
}

static int read_node(const struct sv_json *at, struct oci_device *d, struct sv_err *err)
{
	int r;

	r = read_node_type(at, d, err);
	if (r == 0)
		r = read_node_path(at, d, err);
	if (r == 0 && d->type != 'p')
		r = oci_read_number(at, "major", 0, OCI_MAJOR_MAX, &d->major, err);
	if (r == 0 && d->type != 'p')
		r = oci_read_number(at, "minor", 0, OCI_MINOR_MAX, &d->minor, err);
	if (r == 0)
		r = read_node_mode(at, d, err);
	return r;
}

int oci_devices_parse(const struct sv_json *up, struct oci_linux *ret, struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_array(up, "devices", sizeof(*ret->devices), &at, &ret->devices,
			   &ret->n_devices, err);
	for (size_t i = 0; r == 0 && i < ret->n_devices; i++) {
		struct sv_json item = sv_json_at(&at, i);

		r = read_node(&item, &ret->devices[i], err);
	}
	return r;
}

static int read_rule_type(const struct sv_json *at, struct oci_device_rule *rule,
			  struct sv_err *err)
{
	struct sv_json type = sv_json_get(at, "type");
	autofree char *text = NULL;
	int r = sv_json_string(&type, &text, err);

	if (r < 0)
		return r;
	rule->type = text && *text ? *text : 'a';
	if (!strchr("abc", rule->type) || (text && *text && text[1]))
		return sv_json_expected(&type, err, "\"a\", \"b\" or \"c\"");
	return 0;
}

/* No letters at all mean all of them: a rule about nothing makes no sense, and the key is
 * optional. */
static int read_rule_access(const struct sv_json *at, struct oci_device_rule *rule,
			    struct sv_err *err)
{
	struct sv_json access = sv_json_get(at, "access");
	autofree char *text = NULL;
	int r = sv_json_string(&access, &text, err);

	if (r < 0)
		return r;
	if (!text || !*text) {
		rule->read = rule->write = rule->mknod = true;
		return 0;
	}
	if (text[strspn(text, "rwm")])
		return sv_json_expected(&access, err, "letters of \"rwm\"");
	rule->read = strchr(text, 'r');
	rule->write = strchr(text, 'w');
	rule->mknod = strchr(text, 'm');
	return 0;
}

static int read_rule(const struct sv_json *at, struct oci_device_rule *rule, struct sv_err *err)
{
	struct sv_json type = sv_json_get(at, "type");
	int r;

	rule->major = rule->minor = -1;
	r = sv_json_get_bool(at, "allow", &rule->allow, err);
	if (r == 0)
		r = read_rule_type(at, rule, err);
	if (r == 0)
		r = sv_json_get_int(at, "major", -1, OCI_MAJOR_MAX, &rule->major, err);
	if (r == 0)
		r = sv_json_get_int(at, "minor", -1, OCI_MINOR_MAX, &rule->minor, err);
	if (r == 0)
		r = read_rule_access(at, rule, err);
	if (r < 0)
		return r;
	/* The kernel takes such a rule for one about every device there is
	 * (devcgroup_update_access()). */
	if (rule->type == 'a' && (rule->major != -1 || rule->minor != -1))
		return sv_json_bad(
			&type, err,
			"a rule with numbers is about \"b\" or \"c\" devices, not about all");
	return 0;
}

int oci_device_rules_parse(const struct sv_json *up, struct oci_resources *ret, struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_array(up, "devices", sizeof(*ret->devices), &at, &ret->devices,
			   &ret->n_devices, err);
	for (size_t i = 0; r == 0 && i < ret->n_devices; i++) {
		struct sv_json item = sv_json_at(&at, i);

		r = read_rule(&item, &ret->devices[i], err);
	}
	return r;
}
