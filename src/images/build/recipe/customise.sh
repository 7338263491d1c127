#!/bin/sh
# Runs in the new system after all packages: switches services on and off, writes the first GRUB configuration,
# makes the boot code, and takes out what must be each instance's own.
# Argument: the recipe's directory inside the new system; removed at the end.
set -eu
recipe=$1
export LC_ALL=C.UTF-8

systemctl enable systemd-networkd.service systemd-resolved.service systemd-timesyncd.service
# They look after file systems on LVM, which the image has none of, at every boot.
systemctl mask e2scrub_reap.service e2scrub_all.timer
# Offers sshd over vsock, which Holdfast does not use, and complains at every boot where there is none.
mkdir -p /etc/systemd/system-generators
ln -s /dev/null /etc/systemd/system-generators/systemd-ssh-generator

# The console is the first serial line. UEFI looks for the loader under a name of the architecture's.
architecture=$(dpkg --print-architecture)
case $architecture in
  amd64) console=ttyS0 firmware=x86_64-efi signed=x64 removable=BOOTX64.EFI ;;
  arm64) console=ttyAMA0 firmware=arm64-efi signed=aa64 removable=BOOTAA64.EFI ;;
  *) echo "no boot loader is known for $architecture" >&2; exit 1 ;;
esac

# The newest kernel; there is one, unless the archive had a transition.
kernel=$(find /boot -name 'vmlinuz-*' -printf '%f\n' | sort -V | tail -n 1)
version=${kernel#vmlinuz-}
test -s "/boot/initrd.img-$version"
mkdir -p "/boot/grub/$firmware" /etc/default/grub.d
arguments="console=tty0 console=$console,115200"
# systemd loads a BPF security program at every boot, for a directive (RestrictFileSystems=) that no unit of Debian's
# uses: 7 s under emulation. Without "bpf" in the kernel's list it does not; the rest of Debian's list stays.
if systemctl --version | grep -q '+BPF_FRAMEWORK'; then
  modules=$(sed -n 's/^CONFIG_LSM="\(.*\)"$/\1/p' "/boot/config-$version" | tr ',' '\n' | grep -vx bpf | paste -sd, -)
  if [ -n "$modules" ]; then arguments="$arguments lsm=$modules"; fi
fi
cat > /etc/default/grub.d/90-holdfast.cfg <<CFG
# Read by update-grub after a kernel upgrade; the first configuration was written when the image was built.
GRUB_TIMEOUT=0
GRUB_RECORDFAIL_TIMEOUT=0
GRUB_CMDLINE_LINUX="$arguments"
GRUB_TERMINAL="console serial"
GRUB_DISABLE_OS_PROBER=true
CFG
cat > /boot/grub/grub.cfg <<CFG
# The first configuration. update-grub replaces it when a kernel is installed.
set timeout=0
search --no-floppy --label --set=root holdfast-root
menuentry 'Debian' {
  linux /boot/$kernel root=LABEL=holdfast-root ro $arguments
  initrd /boot/initrd.img-$version
}
CFG
# GRUB cannot look at a disk here, so update-grub in the guest is left to write what needs probing.
if [ "$architecture" = amd64 ]; then
  mkdir -p /boot/grub/i386-pc
  grub-mkimage -O i386-pc -o /boot/grub/i386-pc/core.img -p '(,gpt1)/boot/grub' \
    biosdisk part_gpt part_msdos ext2 search search_label search_fs_uuid normal configfile linux gzio echo test \
    serial terminal minicmd halt reboot
  cp /usr/lib/grub/i386-pc/boot.img /usr/lib/grub/i386-pc/*.mod /usr/lib/grub/i386-pc/*.lst /boot/grub/i386-pc/
  # Not executable: only marks for grub-cloud-amd64 that GRUB is to be installed again when its packages change.
  touch /etc/grub.d/enable_cloud
  chmod 0644 /etc/grub.d/enable_cloud
fi
cp "/usr/lib/grub/$firmware/"*.mod "/usr/lib/grub/$firmware/"*.lst "/boot/grub/$firmware/"

# The firmware loads the signed shim, which loads the signed GRUB, as Secure Boot would ask (not tried with it on).
mkdir -p /boot/holdfast-esp/EFI/BOOT /boot/holdfast-esp/EFI/debian
cp "/usr/lib/shim/shim$signed.efi.signed" "/boot/holdfast-esp/EFI/BOOT/$removable"
cp "/usr/lib/grub/$firmware-signed/grub$signed.efi.signed" "/boot/holdfast-esp/EFI/BOOT/grub$signed.efi"
cat > /boot/holdfast-esp/EFI/debian/grub.cfg <<'CFG'
search --no-floppy --label --set=root holdfast-root
set prefix=($root)/boot/grub
configfile $prefix/grub.cfg
CFG

# What is an instance's own is made at its first boot. An empty machine-id means "generate one".
passwd --lock root >/dev/null
rm -f /etc/ssh/ssh_host_* /var/lib/dbus/machine-id /var/lib/systemd/random-seed /var/lib/systemd/credential.secret
: > /etc/machine-id

# Empty where nobody named a mirror: what mmdebstrap wrote then stays.
if [ -s "$recipe/debian.sources" ]; then
  rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
  cp "$recipe/debian.sources" /etc/apt/sources.list.d/debian.sources
fi
rm -rf /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/log/apt /var/log/dpkg.log /var/log/alternatives.log
rm -rf "$recipe"
