/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - an error is a value with a story.
 *
 * A function that can fail returns 0 (or a useful positive) or -errno, and its last argument is a
 * `struct sv_err *err`. A negative return means ERR is filled, and a filled ERR means a negative
 * return. The value has no heap and no destructor: it may be copied, put on the stack, and sent
 * through a socket.
 */
#ifndef SV_BASE_ERR_H
#define SV_BASE_ERR_H

struct sv_err {
	int code;	/* errno of the first cause; 0 while nothing went wrong */
	char msg[508];	/* "outermost: ...: innermost", cut with "..." if too long */
};

/* Starts a story: the formatted text, then ": " and the text of CODE (an errno, positive).
 * Returns -CODE. */
int sv_err_set(struct sv_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same without the errno text, for causes that the kernel did not name (bad input). Returns
 * -CODE. */
int sv_err_say(struct sv_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "text: " before the story. Returns -err->code, so that a caller may return what this does. */
int sv_err_ctx(struct sv_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Out of memory, said once. Returns -ENOMEM. */
int sv_err_oom(struct sv_err *err);

#endif
