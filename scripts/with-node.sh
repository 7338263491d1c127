#!/bin/sh
# Runs a script with the Node of the lockfile, after setting up what is missing: sh scripts/with-node.sh scripts/faults.ts
set -eu
cd "$(dirname "$0")/.."
HOLDFAST_SETUP_TESTS=1
. scripts/setup.sh
exec node "$@"
