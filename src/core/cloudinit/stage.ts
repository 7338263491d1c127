/**
 * Decides in which of cloud-init's stages the seed is applied.
 *
 * `dsmode: local` applies it before the network is up: the lanes answer earlier, and at once when DHCP is dead
 * (the network stage waits for systemd-networkd-wait-online, two minutes). But then `#include` cannot be fetched
 * and `bootcmd` has no network. So it is chosen only for data that is known not to care.
 */
import { readYaml } from '../yaml/bounded-yaml.ts';
import { utf8Text } from './text.ts';
import { userDataKind } from './user-data-kind.ts';

/** Keys that cloud-init reads after the network stage, or whose work needs no network. */
const INDIFFERENT: ReadonlySet<string> = new Set([
  'apt', 'apt_pipelining', 'apt_reboot_if_required', 'apt_update', 'apt_upgrade', 'byobu_by_default', 'chpasswd',
  'disable_root', 'disable_root_opts', 'final_message', 'fqdn', 'groups', 'growpart', 'hostname', 'keyboard', 'locale',
  'manage_etc_hosts', 'merge_how', 'merge_type', 'no_ssh_fingerprints', 'ntp', 'package_reboot_if_required',
  'package_update', 'package_upgrade', 'packages', 'password', 'phone_home', 'power_state', 'prefer_fqdn_over_hostname',
  'preserve_hostname', 'resize_rootfs', 'runcmd', 'snap', 'ssh_authorized_keys', 'ssh_deletekeys',
  'ssh_genkeytypes', 'ssh_import_id', 'ssh_keys', 'ssh_pwauth', 'ssh_quiet_keygen', 'swap', 'timezone', 'user', 'users',
  'vendor_data', 'write_files',
]);

export type DatasourceMode = 'local' | 'net';

export function datasourceMode(userData: Uint8Array | undefined): DatasourceMode {
  const kind = userData === undefined ? 'empty' : userDataKind(userData);
  if (kind === 'empty' || kind === 'script') return 'local';
  return kind === 'cloud-config' && isIndifferent(utf8Text(userData ?? new Uint8Array(0))) ? 'local' : 'net';
}

function isIndifferent(text: string | undefined): boolean {
  let config: unknown;
  try {
    config = text === undefined ? undefined : configOf(text);
  } catch {
    return false;
  }
  if (config === null) return true;
  if (typeof config !== 'object' || Array.isArray(config)) return false;
  return Object.entries(config).every(([key, value]) => INDIFFERENT.has(key) && !fetches(value));
}

/** @returns undefined for what cannot be read, or is too much to be looked at */
function configOf(text: string): unknown {
  const read = readYaml(text);
  return 'beyond' in read || read.document.errors.length > 0 ? undefined : read.document.toJS();
}

/** `snapuser` asks a store, `write_files` may have a `source`; both in the network stage. */
function fetches(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  return value.some((entry: unknown) => typeof entry === 'object' && entry !== null && ('snapuser' in entry || 'source' in entry));
}
