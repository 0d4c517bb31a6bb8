#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a user of Docker with "userns-remap" sees: the ids that Docker chose are the container's, nothing is shifted, and
# a bind mount belongs to root inside when its source belongs to the remapped user outside.
#
#	/etc/subuid   nobody:300000:65536     (a copy that only this dockerd sees)
#	inside 0  =  outside 300000           for every container, as Docker does it
#
. "$(dirname "$0")/../lib/lib.sh"
. "$(dirname "$0")/../lib/engine.sh"
need_programs dockerd docker containerd containerd-shim-runc-v2

echo nobody:300000:65536 > "$W/sub"
echo nogroup:300000:65536 >> "$W/sub"
export SUBIDS=$W/sub
# The remapped root has to get through to its files.
chmod 711 "$(dirname "$W")"
on_exit chmod 700 "$(dirname "$W")"
export ENGINE_SETUP='mount --bind "$SUBIDS" /etc/subuid && mount --bind "$SUBIDS" /etc/subgid'
start_dockerd --userns-remap nobody:nogroup
docker_image bb "$(bb_tar)"

map() { eq "0 300000 65536" "$(dr bb awk '{ print $1, $2, $3 }' /proc/self/uid_map)"; }
t "the ids are those that Docker chose" map

owners()
{
	dk run -d --name main bb sleep 10000
	eq "0:0 1000:1000" "$(dk exec main sh -c 'echo $(stat -c %u:%g /etc) $(stat -c %u:%g /home/user)')"
	dk exec main sh -c 'echo x > /made; chown 1000:1000 /made'
	eq 301000:301000 "$(stat -c %u:%g "$(dk inspect -f '{{.GraphDriver.Data.UpperDir}}' main)/made")"
	eq "root root" "$(dk exec main stat -c '%U %G' /etc/hosts)"
	dk rm -f main
}
t "files belong to the shifted ids on the host, as Docker wants them" owners

binds()
{
	mkdir -p "$W/bind" "$W/other"
	chown 300000:300000 "$W/bind"
	dr -v "$W/bind:/data" bb sh -c 'echo x > /data/f'
	eq 300000 "$(stat -c %u "$W/bind/f")"
	eq "65534" "$(dr -v "$W/other:/data" bb stat -c %u /data)"
	eq root "$(dr -v vol:/data bb stat -c %U /data)"
}
t "binds are passed as they are, volumes belong to root" binds

terminal()
{
	pty 'expect=# ' 'send=tty\r' 'expect=/dev/pts/0' 'send=exit 5\r' -- "$DOCKER" run --rm -it bb sh || eq 5 $?
}
t "run -it" terminal
