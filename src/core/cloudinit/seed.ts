/**
 * The seed: the four files of cloud-init's NoCloud data source that an instance boots with.
 *
 * Nothing that the lanes need is in the vendor data, which a user's data can switch off or override; it only says
 * what a Multipass guest has: the default user and its key, the host's time zone, a grown root.
 */
import { stringify } from 'yaml';
import { composeUserData } from './compose.ts';
import { networkConfig, type SeedCard } from './network-config.ts';
import { datasourceMode } from './stage.ts';
import { utf8Bytes } from './text.ts';

export interface SeedSpec {
  readonly instanceId: string;
  readonly hostname: string;
  /** The default interface's. */
  readonly mac: string;
  /** As in the zone database, `Europe/Rome`; undefined leaves the image's own. */
  readonly timezone?: string | undefined;
  readonly defaultUser: string;
  /** For the guest's own sshd: the second rung, and users' own clients. */
  readonly sshAuthorizedKey: string;
  /** The guest's own sshd's, so that the host knows it; ed25519, OpenSSH's format. */
  readonly sshHostKey: { readonly private: string; readonly public: string };
  /** Unpacked (see host/unpack-user-data.ts), otherwise as the user gave it. */
  readonly userData?: Uint8Array | undefined;
  readonly boothook: string;
  /** Further interfaces that the guest brings up. */
  readonly extras?: readonly SeedCard[] | undefined;
}

/** cloud-init reads YAML 1.1, where a bare 52:54:00:00:00:01 is a number in base 60: every string is quoted. */
const YAML_STYLE = {
  lineWidth: 0, aliasDuplicateObjects: false, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN',
} as const;

export type SeedFiles = Readonly<Record<'meta-data' | 'user-data' | 'vendor-data' | 'network-config', Uint8Array>>;

export function seedFiles(spec: SeedSpec): SeedFiles {
  return {
    'meta-data': yamlFile({
      'instance-id': spec.instanceId,
      'local-hostname': spec.hostname,
      // What is provisioned in a Multipass guest asks for it.
      'cloud-name': 'multipass',
      dsmode: datasourceMode(spec.userData),
    }),
    'user-data': composeUserData(spec.boothook, spec.userData, companionConfig(spec)),
    'vendor-data': yamlFile(vendorConfig(spec), '#cloud-config\n'),
    'network-config': yamlFile(networkConfig(spec.mac, spec.extras ?? [])),
  };
}

/**
 * A user's `users` or `ssh_authorized_keys` would replace the vendor data's whole list. As in Multipass the two live
 * together: a part of ours after the user's appends to what he said (merge_how speaks for its own part only).
 */
function companionConfig(spec: SeedSpec): string {
  return `#cloud-config\n${stringify({
    merge_how: [
      { name: 'list', settings: ['append'] },
      { name: 'dict', settings: ['no_replace', 'recurse_list'] },
      { name: 'str', settings: [] },
    ],
    users: ['default'],
    ssh_authorized_keys: [spec.sshAuthorizedKey.trim()],
  }, YAML_STYLE)}`;
}

function vendorConfig(spec: SeedSpec): object {
  return {
    growpart: { mode: 'auto', devices: ['/'], ignore_growroot_disabled: false },
    users: ['default'],
    manage_etc_hosts: true,
    ...(spec.timezone === undefined ? {} : { timezone: spec.timezone }),
    ssh_authorized_keys: [spec.sshAuthorizedKey.trim()],
    // With one key given, cloud-init generates none: faster, and the host knows what to expect.
    ssh_keys: { ed25519_private: `${spec.sshHostKey.private.trim()}\n`, ed25519_public: spec.sshHostKey.public.trim() },
    system_info: { default_user: { name: spec.defaultUser } },
  };
}

function yamlFile(value: object, head = ''): Uint8Array {
  return utf8Bytes(head + stringify(value, YAML_STYLE));
}
