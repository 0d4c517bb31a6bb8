/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - formats a line in memory and writes it at once, so that lines of several processes
 * never mix. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/utc.h"

static struct {
	int fd;
	bool json;
	enum sv_log_level level;
} log_to = { .fd = -1, .level = SV_LOG_WARNING };

static const char *const level_names[] = { "debug", "info", "warning", "error" };

int sv_log_open(const char *path, bool json, enum sv_log_level level, struct sv_err *err)
{
	log_to.json = json;
	log_to.level = level;
	if (!path || !*path)
		return 0;
	log_to.fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	if (log_to.fd < 0)
		return sv_err_set(err, errno, "cannot open the log file '%s'", path);
	return 0;
}

static bool for_stderr(enum sv_log_level level)
{
	return level == SV_LOG_WARNING || (log_to.level == SV_LOG_DEBUG && level < SV_LOG_WARNING);
}

void sv_log(enum sv_log_level level, const char *fmt, ...)
{
	autostr struct sv_str msg = { 0 }, line = { 0 };
	struct timespec now;
	char when[SV_UTC_ROOM];
	va_list ap;
	int saved = errno;
	ssize_t ignored;

	if (level < log_to.level || (log_to.fd < 0 && !for_stderr(level)))
		return;
	va_start(ap, fmt);
	sv_str_vaddf(&msg, fmt, ap);
	va_end(ap);
	if (log_to.fd < 0) {
		dprintf(STDERR_FILENO, "%s: %s: %s\n", program_invocation_short_name,
			level_names[level], sv_str_text(&msg));
		errno = saved;
		return;
	}

	clock_gettime(CLOCK_REALTIME, &now);
	sv_utc_format(now.tv_sec, when);

	if (log_to.json) {
		sv_str_addf(&line, "{\"level\":\"%s\",\"msg\":\"", level_names[level]);
		sv_str_add_json(&line, sv_str_text(&msg));
		sv_str_addf(&line, "\",\"time\":\"%sZ\"}\n", when);
	} else {
		sv_str_addf(&line, "time=\"%sZ\" level=%s msg=\"", when, level_names[level]);
		sv_str_add_json(&line, sv_str_text(&msg));
		sv_str_add(&line, "\"\n");
	}
	/* A full disk must not stop a container from being killed: the line is lost, the work
	 * goes on. */
	ignored = write(log_to.fd, sv_str_text(&line), line.len);
	(void)ignored;
	errno = saved;
}
