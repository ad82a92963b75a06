#!/bin/sh
# peers.sh CAPTURE [ROUNDS]: inspectd and the installed ones of its peers, in turn, on one capture.
# Needs Python 3 and nothing else; see the README beside it.
exec python3 "$(dirname "$0")/peers.py" "$@"
