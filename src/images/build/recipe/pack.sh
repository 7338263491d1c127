#!/bin/sh
# Turns the new system's tar into an ext4 file system inside a disk file, and hands out the boot files.
# Runs as root, or as a plain user's root in a user namespace, so that owners in the file system are right;
# nothing is mounted and no loop device is used.
# Arguments: tar, scratch directory (made and removed here), disk file, offset of the file system in bytes,
# its size in KiB, directory that receives boot.img and core.img (where BIOS boots) and esp/.
set -eu
tar=$1 scratch=$2 disk=$3 offset=$4 kib=$5 out=$6

trap 'rm -rf -- "$scratch"' EXIT
trap 'exit 143' TERM INT HUP
mkdir -m 0755 -- "$scratch"
# Device nodes cannot be made in a user namespace, and the kernel fills /dev itself.
tar --extract --file="$tar" --directory="$scratch" --numeric-owner --same-permissions \
  --xattrs --xattrs-include='*' --exclude='./dev/*'
if [ -e "$scratch/boot/grub/i386-pc/core.img" ]; then
  cp -- "$scratch/boot/grub/i386-pc/boot.img" "$scratch/boot/grub/i386-pc/core.img" "$out/"
fi
cp -R -- "$scratch/boot/holdfast-esp" "$out/esp"
rm -rf -- "$scratch/boot/holdfast-esp"
# Every feature is named: what the host's mke2fs would add by itself, an older guest's GRUB may not read.
mke2fs -q -F -t ext4 -b 4096 -I 256 -L holdfast-root \
  -O none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum \
  -E "offset=$offset,lazy_itable_init=0,lazy_journal_init=0" -d "$scratch" -- "$disk" "${kib}k"
