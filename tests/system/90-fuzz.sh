#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The reader of config.json under libFuzzer for a short while, from all documents of the fixtures. `make fuzz` does it for longer.
#
# parallel: yes
# time: 400
# vm: no
. "$(dirname "$0")/../lib/lib.sh"

[ "$SV_VM" = 0 ] || skip_all "the reader is the same in the VM"

fuzz() { "$SV_TESTS/fuzz/run" 20 "$W/fuzz"; }
CASE_LIMIT=300 t no_document_breaks_the_reader fuzz
