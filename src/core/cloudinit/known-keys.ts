/** Top-level keys of a cloud-config that cloud-init (up to 25.x) or its readers know. A newer one only draws a warning. */
export const KNOWN_KEYS: readonly string[] = `
allow_public_ssh_keys allow_userdata ansible apk_repos apt apt_pipelining apt_preserve_sources_list apt_reboot_if_required
apt_update apt_upgrade authkey_hash autoinstall bootcmd byobu_by_default ca-certs ca_certs chef chpasswd
cloud_config_modules cloud_final_modules cloud_init_modules create_hostname_file datasource datasource_list debug def_log_file
device_aliases disable_ec2_metadata disable_network_activation disable_root disable_root_opts disk_setup drivers fan
final_message fqdn fs_setup groups growpart grub-dpkg grub_dpkg hostname interactive_install keyboard landscape launch-index
local-hostname locale locale_configfile log_cfgs lxd manage_etc_hosts manage_resolv_conf manual_cache_clean mcollective
merge_how merge_type migrate mount_default_fields mounts network no_ssh_fingerprints ntp output package_reboot_if_required
package_update package_upgrade packages password phone_home power_state prefer_fqdn_over_hostname preserve_hostname puppet
random_seed raspberry_pi reporting resize_rootfs resolv_conf rh_subscription rpi rsyslog runcmd salt_minion snap spacewalk
ssh ssh_authorized_keys ssh_deletekeys ssh_fp_console_blacklist ssh_genkeytypes ssh_import_id ssh_key_console_blacklist
ssh_keys ssh_publish_hostkeys ssh_pwauth ssh_quiet_keygen swap syslog_fix_perms system_info timezone ubuntu_advantage
ubuntu_pro unverified_modules updates user users vendor_data vendor_data2 version warnings wireguard write_files
yum_repo_dir yum_repos zypper
`.trim().split(/\s+/);

/** @returns the known key nearest in spelling, when it is near enough to be meant */
export function nearestKey(word: string): string | undefined {
  const ranked = KNOWN_KEYS.map((key) => ({ key, distance: editDistance(word, key) })).toSorted((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 4)) ? best.key : undefined;
}

/** Levenshtein's. */
function editDistance(from: string, to: string): number {
  if (from.length > 64) return Infinity;
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
