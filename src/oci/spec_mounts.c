/* SPDX-License-Identifier: Apache-2.0 */
/* spec_mounts.c - the mount list; the option words are in spec_options.c. */
#include "oci/read.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Which member of a mount is to blame, for the JSON path. */
struct blame {
	const char *key;
	bool indexed;
	size_t index;
};

static int replace(char **ret, const char *text, struct sv_err *err)
{
	char *copy = strdup(text);

	if (!copy)
		return sv_err_oom(err);
	free(*ret);
	*ret = copy;
	return 0;
}

/* Decides between a bind and a file system, when all words are known: "bind" among them
 * outweighs any type (engines send "none", "bind", nothing, or what is mounted there). */
static int settle(struct oci_mount *m, struct blame *ret_blame, struct sv_err *err)
{
	if (m->type && strcmp(m->type, "bind") == 0)
		m->bind = true;
	if (m->bind) {
		ret_blame->key = "source";
		if (!m->source)
			return sv_err_say(err, EINVAL, "missing, a bind needs one");
		return replace(&m->type, "bind", err);
	}
	ret_blame->key = "type";
	if (!m->type || strcmp(m->type, "none") == 0)
		return sv_err_say(err, EINVAL,
				  "expected a type of file system, or \"bind\" among the options");
	return 0;
}

/* What the parser and oci_mount_make() have in common: M has its strings, and the words only in
 * ->options. */
static int complete(struct oci_mount *m, struct blame *ret_blame, struct sv_err *err)
{
	autofree char *dest = NULL;
	int r;

	*ret_blame = (struct blame){ .key = "destination" };
	r = oci_path_clean(m->dest, &dest, err);
	if (r < 0)
		return r;
	free(m->dest);
	m->dest = sv_steal(dest);

	*ret_blame = (struct blame){ .key = "options", .indexed = true };
	r = oci_mount_words(m, &m->options, &ret_blame->index, err);
	if (r < 0)
		return r;

	*ret_blame = (struct blame){ 0 };
	return settle(m, ret_blame, err);
}

static int read_mount(const struct sv_json *at, struct oci_mount *m, struct sv_err *err)
{
	struct sv_json dest = sv_json_get(at, "destination"), source = sv_json_get(at, "source");
	struct sv_err why = { 0 };
	struct blame blame;
	int r;

	r = oci_read_text(at, "destination", &m->dest, err);
	if (r == 0 && !m->dest)
		r = sv_json_expected(&dest, err, "a path");
	if (r == 0)
		r = oci_read_text(at, "type", &m->type, err);
	if (r == 0)
		r = oci_read_text(at, "source", &m->source, err);
	if (r == 0 && m->source && strlen(m->source) >= PATH_MAX)
		r = sv_json_bad(&source, err, "longer than %d bytes", PATH_MAX - 1);
	if (r == 0)
		r = sv_json_get_list(at, "options", &m->options, err);
	if (r < 0)
		return r;

	if (complete(m, &blame, &why) < 0) {
		struct sv_json member = sv_json_get(at, blame.key),
			       item = sv_json_at(&member, blame.index);

		return oci_blame(blame.indexed ? &item : &member, &why, err);
	}
	return 0;
}

/* The keys uidMappings and gidMappings; they win over the mappings of an "idmap=" word. */
static int read_mount_maps(const struct sv_json *at, struct oci_mount *m, struct sv_err *err)
{
	struct oci_maps maps = { 0 };
	int r = oci_read_maps(at, &maps, err);

	if (r < 0 || maps.n_uids == 0) {
		oci_maps_done(&maps);
		return r;
	}
	oci_maps_done(&m->maps);
	m->maps = maps;
	m->idmap = true;
	return 0;
}

int oci_mounts_parse(const struct sv_json *up, struct oci_spec *ret, struct sv_err *err)
{
	struct sv_json at;
	int r;

	r = oci_read_array(up, "mounts", sizeof(*ret->mounts), &at, &ret->mounts, &ret->n_mounts,
			   err);
	for (size_t i = 0; r == 0 && i < ret->n_mounts; i++) {
		struct sv_json item = sv_json_at(&at, i);

		r = read_mount(&item, &ret->mounts[i], err);
		if (r == 0)
			r = read_mount_maps(&item, &ret->mounts[i], err);
	}
	return r;
}

int oci_mount_option(struct oci_mount *m, const char *word, struct sv_err *err)
{
	autolist struct sv_list one = { 0 };
	struct blame blame = { 0 };
	size_t bad;
	int r;

	r = sv_list_add(&one, word, err);
	if (r == 0)
		r = sv_list_add(&m->options, word, err);
	if (r == 0)
		r = oci_mount_words(m, &one, &bad, err);
	if (r == 0)
		r = settle(m, &blame, err);
	return r;
}

static int split(const char *words, struct sv_list *ret, struct sv_err *err)
{
	while (words && *words) {
		size_t n = strcspn(words, ",");
		autofree char *word = strndup(words, n);
		int r;

		if (!word)
			return sv_err_oom(err);
		r = *word ? sv_list_add(ret, word, err) : 0;
		if (r < 0)
			return r;
		words += n + (words[n] == ',');
	}
	return 0;
}

int oci_mount_make(struct oci_mount *ret, const char *dest, const char *type, const char *source,
		   const char *words, struct sv_err *err)
{
	struct oci_mount m = { 0 };
	struct blame blame = { 0 };
	int r;

	r = replace(&m.dest, dest, err);
	if (r == 0 && type)
		r = replace(&m.type, type, err);
	if (r == 0 && source)
		r = replace(&m.source, source, err);
	if (r == 0)
		r = split(words, &m.options, err);
	if (r == 0) {
		r = complete(&m, &blame, err);
		if (r < 0)
			r = sv_err_ctx(err, "mount on '%s': %s", dest, blame.key);
	}
	if (r < 0) {
		oci_mount_done(&m);
		return r;
	}
	*ret = m;
	return 0;
}

void oci_mount_done(struct oci_mount *mount)
{
	free(mount->dest);
	free(mount->type);
	free(mount->source);
	sv_list_done(&mount->options);
	free(mount->data);
	oci_maps_done(&mount->maps);
	free(mount->subdir);
	*mount = (struct oci_mount){ 0 };
}
