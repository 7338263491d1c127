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

/**
 * @param earlyUser  is made at the first boot when cloud-init has not yet; undefined leaves all users to it
 * @returns ASCII text; the bundle is JSON in a raw Python string, so there is no layer of shell quoting
 */
export function boothookScript(bundle: Bundle, earlyUser?: string): string {
  const installer = bundle.files.find((file) => file.path === INSTALLER)?.content;
  if (installer === undefined) throw new Error(`the bundle has no ${INSTALLER}`);
  return [
    '#cloud-boothook',
    '#!/bin/sh',
    '# Holdfast: control of this instance over virtio-serial.',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
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
