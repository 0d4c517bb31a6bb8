/* SPDX-License-Identifier: Apache-2.0 */
/* err.c - builds error stories in a fixed buffer; the innermost cause is what gets cut last. */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Marks a text that did not fit, at its very end. */
static void mark_cut(struct sv_err *err)
{
	memcpy(err->msg + sizeof(err->msg) - 4, "...", 4);
}

static void format(struct sv_err *err, int code, const char *fmt, va_list ap)
{
	int n;

	assert(code > 0);
	err->code = code;
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	if (n < 0)
		err->msg[0] = '\0';
	else if ((size_t)n >= sizeof(err->msg))
		mark_cut(err);
}

int sv_err_set(struct sv_err *err, int code, const char *fmt, ...)
{
	va_list ap;
	size_t len;
	int n;

	va_start(ap, fmt);
	format(err, code, fmt, ap);
	va_end(ap);

	len = strlen(err->msg);
	n = snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", strerror(code));
	if (n > 0 && (size_t)n >= sizeof(err->msg) - len)
		mark_cut(err);
	return -code;
}

int sv_err_say(struct sv_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format(err, code, fmt, ap);
	va_end(ap);
	return -code;
}

int sv_err_ctx(struct sv_err *err, const char *fmt, ...)
{
	char inner[sizeof(err->msg)];
	va_list ap;
	size_t len;
	int n;

	assert(err->code > 0);
	memcpy(inner, err->msg, sizeof(inner));

	va_start(ap, fmt);
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(err->msg)) {
		mark_cut(err);
		return -err->code;
	}

	len = (size_t)n;
	n = snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", inner);
	if (n > 0 && (size_t)n >= sizeof(err->msg) - len)
		mark_cut(err);
	return -err->code;
}

int sv_err_oom(struct sv_err *err)
{
	return sv_err_say(err, ENOMEM, "out of memory");
}
