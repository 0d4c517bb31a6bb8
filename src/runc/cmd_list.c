/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_list.c - `list`: every container below --root, ten system calls each. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runc/container.h"
#include "runc/options.h"

static const char usage[] = "sysvisor-runc list - list containers\n\n"
			    "USAGE:\n   sysvisor-runc list [--format table|json] [--quiet]";

enum { COLUMNS = 6 };

/* One row; the last column is always the same. */
struct row {
	char *id, *bundle, *created;
	char pid[12];
	const char *status;
};

struct table {
	struct row *rows;
	size_t count, room;
};

static void table_done(struct table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->rows[i].id);
		free(t->rows[i].bundle);
		free(t->rows[i].created);
	}
	free(t->rows);
}

/* Takes the texts of C. */
static int add_row(struct table *t, struct rc_container *c, enum rc_status status, struct sv_err *err)
{
	struct row *row;

	if (t->count == t->room) {
		size_t room = t->room ? 2 * t->room : 64;
		struct row *grown = reallocarray(t->rows, room, sizeof(*grown));

		if (!grown)
			return sv_err_oom(err);
		t->rows = grown;
		t->room = room;
	}
	row = &t->rows[t->count++];
	*row = (struct row){
		.id = sv_steal(c->id),
		.bundle = sv_steal(c->bundle),
		.created = sv_steal(c->created),
		.status = rc_status_name(status),
	};
	snprintf(row->pid, sizeof(row->pid), "%d", status == RC_STOPPED ? 0 : (int)c->init_pid);
	return 0;
}

static const char *cell(const struct row *row, int column)
{
	static const char *const titles[COLUMNS] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };
	const char *const cells[COLUMNS] = { row ? row->id : NULL,	 row ? row->pid : NULL,	    row ? row->status : NULL,
					     row ? row->bundle : NULL, row ? row->created : NULL, "root" };

	return row ? cells[column] : titles[column];
}

/* The widths are runc's: at least 12, at least 3 blanks between columns. */
static void print_table(const struct table *t)
{
	size_t width[COLUMNS] = { 0 };

	for (size_t i = 0; i <= t->count; i++) {
		for (int c = 0; c < COLUMNS - 1; c++) {
			size_t len = strlen(cell(i ? &t->rows[i - 1] : NULL, c)) + 3;

			if (len > width[c])
				width[c] = len;
		}
	}
	for (int c = 0; c < COLUMNS - 1; c++) {
		if (width[c] < 12)
			width[c] = 12;
	}
	for (size_t i = 0; i <= t->count; i++) {
		const struct row *row = i ? &t->rows[i - 1] : NULL;

		for (int c = 0; c < COLUMNS - 1; c++)
			printf("%-*s", (int)width[c], cell(row, c));
		printf("%s\n", cell(row, COLUMNS - 1));
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_ids(DIR *dir, struct sv_list *ret, struct sv_err *err)
{
	struct dirent *e;
	int r = 0;

	while (r == 0 && (e = readdir(dir))) {
		if (e->d_name[0] != '.' && (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN))
			r = sv_list_add(ret, e->d_name, err);
	}
	if (r == 0 && ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_text);
	return r;
}

/* Returns 1 when ID is no container, or none any more. One that cannot be read does not hide the others. */
static int look(int dir, const char *id, enum rc_part part, struct rc_container *ret, enum rc_status *ret_status)
{
	struct sv_err why = { 0 };
	int r = rc_container_peek(dir, id, part, ret, &why);

	if (r == 0)
		r = rc_container_status_at(ret, dir, ret_status, &why);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		sv_warning("%s", why.msg);
	return r < 0;
}

static int list_table(int dir, const struct sv_list *ids, struct sv_err *err)
{
	__attribute__((cleanup(table_done))) struct table t = { 0 };

	for (size_t i = 0; i < ids->count; i++) {
		autocontainer struct rc_container c = RC_CONTAINER_INIT;
		enum rc_status status;
		int r = look(dir, ids->items[i], RC_PART_HEAD, &c, &status);

		if (r == 0 && (r = add_row(&t, &c, status, err)) < 0)
			return r;
	}
	print_table(&t);
	return 0;
}

/* As runc: null when there is none. */
static int list_json(int dir, const struct sv_list *ids, struct sv_err *err)
{
	autostr struct sv_str text = { 0 };

	for (size_t i = 0; i < ids->count; i++) {
		autocontainer struct rc_container c = RC_CONTAINER_INIT;
		enum rc_status status;

		if (look(dir, ids->items[i], RC_PART_BODY, &c, &status))
			continue;
		sv_str_add(&text, text.len ? "," : "[");
		rc_container_state_json(&c, status, true, &text);
	}
	if (text.failed)
		return sv_err_oom(err);
	printf("%s%s\n", text.len ? text.text : "null", text.len ? "]" : "");
	return 0;
}

static int list_ids(int dir, const struct sv_list *ids)
{
	for (size_t i = 0; i < ids->count; i++) {
		autocontainer struct rc_container c = RC_CONTAINER_INIT;
		struct sv_err ignored = { 0 }; /* what has no state is no container */

		if (rc_container_peek(dir, ids->items[i], RC_PART_HEAD, &c, &ignored) == 0)
			printf("%s\n", c.id);
	}
	return 0;
}

int rc_cmd_list(const struct rc_globals *g, int argc, char **argv, struct sv_err *err)
{
	autolist struct sv_list ids = { 0 };
	autoclosedir DIR *root = NULL;
	int dir;
	const char *format = "table";
	bool quiet = false;
	const struct rc_option table[] = {
		{ "format", 'f', RC_OPT_TEXT, &format, "table|json", "form of the output (default: table)" },
		{ "quiet", 'q', RC_OPT_FLAG, &quiet, NULL, "only ids" },
	};
	int first, r = rc_options_parse(table, SV_COUNT(table), usage, false, argc, argv, &first, err);

	if (r != 0)
		return r == 1 ? 0 : r;
	if ((r = rc_options_arguments("list", argc - first, 0, 0, err)) < 0)
		return r;
	if (strcmp(format, "table") != 0 && strcmp(format, "json") != 0)
		return sv_err_say(err, EINVAL, "invalid format option");
	root = opendir(g->root);
	if (!root && errno != ENOENT) /* a root that nobody made yet holds no containers */
		return sv_err_set(err, errno, "cannot open '%s'", g->root);
	if (root && (r = read_ids(root, &ids, err)) < 0)
		return r;
	dir = root ? dirfd(root) : -1;
	if (quiet)
		return list_ids(dir, &ids);
	return strcmp(format, "json") == 0 ? list_json(dir, &ids, err) : list_table(dir, &ids, err);
}
