/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_spec.c - `spec`: writes a config.json for a shell in ./rootfs.
 *
 * What is written went through the same transformation as every spec does at create, so that the
 * reader sees the system container that will be, and may change it. The id mapping is left out
 * unless asked for: the range is found when the container is created.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "oci/spec.h"
#include "runc/container.h"
#include "runc/options.h"
#include "runc/subid.h"
#include "runc/syscont.h"

#define FILE_NAME "config.json"

static const char usage[] =
	"writes a " FILE_NAME " that is ready for a system container\n\n"
	"USAGE:\n"
	"   sysvisor-runc spec [command options]\n\n"
	"The program is a shell on a terminal, its root is ./rootfs. Change the file to your needs, then\n"
	"start the container with: sysvisor-runc run ID";

static const char shell[] =
	"{\"ociVersion\":\"" RC_OCI_VERSION "\","
	"\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],"
	"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\"TERM=xterm\"],\"cwd\":\"/\"},"
	"\"root\":{\"path\":\"rootfs\"},"
	"\"hostname\":\"sysvisor\","
	"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},"
	"{\"type\":\"mount\"}]}}";

/* "uid gid size": the host's ids that become 0 and up inside. */
static int read_id_map(const char *text, struct sv_idmap *uids, struct sv_idmap *gids,
		       struct sv_err *err)
{
	uint32_t numbers[3];
	autofree char *copy = strdup(text);
	char *save = NULL, *word;
	size_t n = 0;
	int r;

	if (!copy)
		return sv_err_oom(err);
	for (word = strtok_r(copy, " \t", &save); word && n < 3;
	     word = strtok_r(NULL, " \t", &save)) {
		r = sv_parse_u32(word, &numbers[n++], err);
		if (r < 0)
			return sv_err_ctx(err, "--id-map \"%s\"", text);
	}
	if (word || n != 3)
		return sv_err_say(err, EINVAL, "--id-map \"%s\": expected \"UID GID SIZE\"", text);
	if (numbers[0] == 0 || numbers[1] == 0)
		return sv_err_say(
			err, EINVAL,
			"--id-map \"%s\": a system container cannot be given the host's root, id 0",
			text);
	if (numbers[2] == 0 || numbers[0] > UINT32_MAX - numbers[2] ||
	    numbers[1] > UINT32_MAX - numbers[2])
		return sv_err_say(err, ERANGE,
				  "--id-map \"%s\": the size is 0 or leads beyond the last id",
				  text);
	*uids = (struct sv_idmap){ .outside = numbers[0], .size = numbers[2] };
	*gids = (struct sv_idmap){ .outside = numbers[1], .size = numbers[2] };
	return 0;
}

static int make_document(const char *id_map, struct sv_str *ret, struct sv_err *err)
{
	/* Any range will do to be transformed with; it is taken out again. */
	struct sv_idmap uids = { .outside = 1, .size = RC_SUBID_SIZE }, gids = uids;
	struct rc_syscont_facts facts = {
		.subids = { .uids = &uids, .gids = &gids, .n_uids = 1, .n_gids = 1 }
	};
	struct oci_spec spec = { 0 };
	int r = 0;

	if (id_map)
		r = read_id_map(id_map, &uids, &gids, err);
	if (r == 0)
		r = oci_spec_parse(shell, strlen(shell), &spec, err);
	if (r < 0)
		return r;
	r = rc_syscont_apply(&spec, &facts, err);
	if (r == 0 && !id_map)
		spec.linux.maps.n_uids = spec.linux.maps.n_gids = 0;
	if (r == 0)
		r = rc_syscont_dump(&spec, ret, err);
	oci_spec_done(&spec);
	return r;
}

static int write_all(int fd, const char *text, size_t len, struct sv_err *err)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sv_err_set(err, errno, "cannot write '" FILE_NAME "'");
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* O_EXCL: a file that is there, or a link, is somebody's work. What could not be written whole is
 * removed. */
static int write_new(int dir, const struct sv_str *text, struct sv_err *err)
{
	autoclose int fd = openat(dir, FILE_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int r;

	if (fd < 0 && errno == EEXIST)
		return sv_err_say(err, EEXIST, "File " FILE_NAME " exists. Remove it first");
	if (fd < 0)
		return sv_err_set(err, errno, "cannot create '" FILE_NAME "'");
	r = write_all(fd, text->text, text->len, err);
	if (r < 0)
		unlinkat(dir, FILE_NAME, 0);
	return r;
}

int rc_cmd_spec(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	autostr struct sv_str text = { 0 };
	const char *bundle = ".", *id_map = NULL;
	const struct rc_option table[] = {
		{ "bundle", 'b', RC_OPT_TEXT, &bundle, "DIR",
		  "where to write the file (default: here)" },
		{ "id-map", 0, RC_OPT_TEXT, &id_map, "\"UID GID SIZE\"",
		  "give the container these ids of the host (default: found when it is created)" },
	};
	autoclose int dir = -1;
	int first, r;

	(void)g;
	r = rc_options_parse(table, SV_COUNT(table), usage, false, argc, argv, &first, err);
	if (r != 0)
		return r == 1 ? 0 : r;
	r = rc_options_arguments("spec", argc - first, 0, 0, err);
	if (r == 0)
		r = make_document(id_map, &text, err);
	if (r < 0)
		return r;
	dir = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return sv_err_set(err, errno, "cannot open the bundle '%s'", bundle);
	return write_new(dir, &text, err);
}
