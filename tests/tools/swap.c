/* SPDX-License-Identifier: Apache-2.0 */
/* swap.c - swap A B: exchanges two names again and again until it is killed, so that neither is ever missing. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	if (argc != 3)
		return 1;
	while (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) == 0)
		;
	perror("renameat2");
	return 1;
}
