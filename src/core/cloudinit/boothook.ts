/**
 * The `#cloud-boothook` that brings Holdfast's files into a guest. cloud-init runs it at every boot, so it only
 * writes what differs and never goes back to an older version (the daemon may have renewed the files since).
 */

export interface BundleFile {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly content: string;
}

export interface Bundle {
  readonly version: string;
  readonly files: readonly BundleFile[];
}

const INSTALLER = '/usr/lib/holdfast/install.py';
const END = 'HOLDFAST_BOOTHOOK_END';

export interface BoothookWish {
  /** Is made at the first boot when cloud-init has not yet; undefined leaves all users to it. */
  readonly earlyUser?: string | undefined;
  /** Of a machine whose disk began as another's: 32 hex digits. */
  readonly machineId?: string | undefined;
}

/**
 * Once: who sets another one afterwards means it. What runs already has the old one until the next boot.
 * systemd takes it from this file (machine-id(5)), and D-Bus from a copy where it is no link.
 */
function newMachineId(id: string): readonly string[] {
  const done = '/etc/holdfast/machine-id-set';
  return [
    `if [ "$(cat ${done} 2>/dev/null)" != ${id} ]; then`,
    `  echo ${id} > /etc/machine-id && mkdir -p /etc/holdfast && echo ${id} > ${done}`,
    '  [ ! -f /var/lib/dbus/machine-id ] || [ -L /var/lib/dbus/machine-id ] || cp /etc/machine-id /var/lib/dbus/machine-id',
    'fi',
  ];
}

/**
 * @returns ASCII text; the bundle is JSON in a raw Python string, so there is no layer of shell quoting
 */
export function boothookScript(bundle: Bundle, { earlyUser, machineId }: BoothookWish = {}): string {
  const installer = bundle.files.find((file) => file.path === INSTALLER)?.content;
  if (installer === undefined) throw new Error(`the bundle has no ${INSTALLER}`);
  return [
    '#cloud-boothook',
    '#!/bin/sh',
    '# Holdfast: control of this instance over virtio-serial.',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...(machineId === undefined ? [] : newMachineId(machineId)),
    'python=$(command -v python3) || python=/usr/libexec/platform-python',
    `exec "$python" -I - <<'${END}'`,
    installer.trimEnd(),
    '',
    `at_boot(json.loads(r'''${asciiJson(bundle)}''')${earlyUser === undefined ? '' : `, json.loads(r'''${asciiJson(earlyUser)}''')`})`,
    END,
    '',
  ].join('\n');
}

/** JSON in ASCII without an apostrophe: safe inside r'''...''', and in 7-bit mail. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/['\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
