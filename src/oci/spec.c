/* SPDX-License-Identifier: Apache-2.0 */
/* spec.c - config.json as a whole: what must be there, and the parts one after the other. */
#include "oci/spec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/read.h"

/* sethostname(2) and setdomainname(2): __NEW_UTS_LEN of linux/utsname.h. */
#define NAME_BYTES 64

/* Everything from 1.0.0-rc1 on is the same document with more keys. */
static int read_version(const struct sv_json *doc, struct oci_spec *spec, struct sv_err *err)
{
	struct sv_json at = sv_json_get(doc, "ociVersion");
	int r = oci_read_text(doc, "ociVersion", &spec->version, err);

	if (r < 0)
		return r;
	if (!spec->version || !sv_str_starts(spec->version, "1.") || spec->version[2] < '0' ||
	    spec->version[2] > '9')
		return sv_json_expected(&at, err, "a version 1.x of the specification");
	return 0;
}

static int read_root(const struct sv_json *doc, struct oci_spec *spec, struct sv_err *err)
{
	struct sv_json at, path;
	int r;

	r = oci_read_object(doc, "root", &at, err);
	if (r == 0 && !at.value)
		r = sv_json_expected(&at, err, "an object");
	if (r < 0)
		return r;
	path = sv_json_get(&at, "path");
	r = oci_read_text(&at, "path", &spec->root_path, err);
	if (r == 0 && !spec->root_path)
		r = sv_json_expected(&path, err, "the directory of the root file system");
	if (r == 0 && strlen(spec->root_path) >= PATH_MAX)
		r = sv_json_bad(&path, err, "the path is longer than %d bytes", PATH_MAX - 1);
	if (r == 0)
		r = sv_json_get_bool(&at, "readonly", &spec->root_readonly, err);
	return r;
}

static int read_name(const struct sv_json *doc, const char *key, char **ret, struct sv_err *err)
{
	struct sv_json at = sv_json_get(doc, key);
	int r = oci_read_text(doc, key, ret, err);

	if (r == 0 && *ret && strlen(*ret) > NAME_BYTES)
		r = sv_json_bad(&at, err, "longer than the %d bytes that the kernel takes",
				NAME_BYTES);
	return r;
}

static int read_annotation(const struct sv_json *member, void *item, struct sv_err *err)
{
	struct oci_annotation *a = item;
	int r;

	if (*member->key == '\0')
		return sv_json_bad(member, err, "the key is empty");
	a->key = strdup(member->key);
	if (!a->key)
		return sv_err_oom(err);
	r = sv_json_string(member, &a->value, err);
	if (r == 0 && !a->value)
		r = sv_json_expected(member, err, "a string");
	return r;
}

static int read_spec(const struct sv_json *doc, struct oci_spec *spec, struct sv_err *err)
{
	struct sv_json process = sv_json_get(doc, "process"), hooks = sv_json_get(doc, "hooks");
	int r;

	r = read_version(doc, spec, err);
	if (r == 0)
		r = oci_process_parse(&process, &spec->process, err);
	if (r == 0)
		r = read_root(doc, spec, err);
	if (r == 0)
		r = read_name(doc, "hostname", &spec->hostname, err);
	if (r == 0)
		r = read_name(doc, "domainname", &spec->domainname, err);
	if (r == 0)
		r = oci_mounts_parse(doc, spec, err);
	if (r == 0)
		r = oci_hooks_parse(&hooks, spec->hooks, err);
	if (r == 0)
		r = oci_read_members(doc, "annotations", sizeof(*spec->annotations),
				     read_annotation, &spec->annotations, &spec->n_annotations,
				     err);
	if (r == 0)
		r = oci_linux_parse(doc, &spec->linux, err);
	return r;
}

int oci_spec_parse(const char *text, size_t len, struct oci_spec *ret, struct sv_err *err)
{
	struct oci_spec spec = { 0 };
	struct json_object *value = NULL;
	struct sv_json doc = { 0 };
	int r;

	if (len > OCI_SPEC_MAX)
		return sv_err_say(err, EFBIG, "the document is larger than %d MiB",
				  OCI_SPEC_MAX >> 20);
	r = sv_json_parse(text, len, &value, err);
	if (r < 0)
		return r;
	doc.value = value;
	if (!json_object_is_type(value, json_type_object))
		r = sv_json_expected(&doc, err, "an object");
	else
		r = read_spec(&doc, &spec, err);
	json_object_put(value);
	if (r < 0) {
		oci_spec_done(&spec);
		return r;
	}
	*ret = spec;
	return 0;
}

void oci_spec_done(struct oci_spec *spec)
{
	free(spec->version);
	free(spec->root_path);
	free(spec->hostname);
	free(spec->domainname);
	oci_process_done(&spec->process);
	for (size_t i = 0; i < spec->n_mounts; i++)
		oci_mount_done(&spec->mounts[i]);
	free(spec->mounts);
	oci_hooks_done(spec->hooks);
	for (size_t i = 0; i < spec->n_annotations; i++) {
		free(spec->annotations[i].key);
		free(spec->annotations[i].value);
	}
	free(spec->annotations);
	oci_linux_done(&spec->linux);
	*spec = (struct oci_spec){ 0 };
}
