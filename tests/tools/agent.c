/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent.c - a seccomp agent: agent SOCKET COUNT ERRNO
 *
 * Listens at SOCKET, takes one container's notification descriptor, prints the state document that
 * came with it, and answers COUNT system calls with ERRNO (0: they return 42). Prints "ready" when
 * it listens.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int receive(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	char text[65536], room[CMSG_SPACE(sizeof(int))];
	struct iovec part = { text, sizeof(text) };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = room,
			      .msg_controllen = sizeof(room) };
	int sock = socket(AF_UNIX, SOCK_STREAM, 0), peer, fd;
	ssize_t n;

	strncpy(name.sun_path, path, sizeof(name.sun_path) - 1);
	if (sock < 0 || bind(sock, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    listen(sock, 1) < 0)
		die(path);
	printf("ready\n");
	fflush(stdout);
	peer = accept(sock, NULL, NULL);
	n = peer < 0 ? -1 : recvmsg(peer, &msg, MSG_CMSG_CLOEXEC);
	if (n < 0 || !CMSG_FIRSTHDR(&msg))
		die("recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	printf("%.*s\n", (int)n, text);
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	int fd, count, code;

	if (argc != 4)
		return 2;
	count = atoi(argv[2]);
	code = atoi(argv[3]);
	fd = receive(argv[1]);
	for (int i = 0; i < count; i++) {
		struct seccomp_notif call = { 0 };
		struct seccomp_notif_resp answer = { 0 };

		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
			die("receive");
		answer.id = call.id;
		answer.error = -code;
		answer.val = code ? 0 : 42;
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0)
			die("answer");
		printf("answered %d\n", call.data.nr);
		fflush(stdout);
	}
	return 0;
}
