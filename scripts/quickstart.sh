#!/bin/sh
# npm run quickstart: from nothing to a VM that survives the accident. Quick and harmless when run again.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
exec node scripts/quickstart.ts
