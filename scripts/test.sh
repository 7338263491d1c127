#!/bin/sh
# npm test: installs what is missing and runs every test, real VMs included.
set -eu
cd "$(dirname "$0")/.."
HOLDFAST_SETUP_TESTS=1
. scripts/setup.sh
exec node scripts/test.ts "$@"
