#!/bin/sh
# Runs in the new system once its essential packages are there and before the kernel: so the one initramfs that is
# ever generated already finds its configuration and the root file system in fstab.
# Argument: the recipe's directory inside the new system.
set -eu
recipe=$1

cp -R "$recipe/files/." /
mkdir -p /boot/efi
