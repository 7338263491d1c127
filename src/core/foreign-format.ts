/**
 * Names what a file is when it is no disk image that can be launched, so that the refusal says something a person
 * can act on ("a gzip-compressed file") instead of "unknown format".
 *
 * Signatures: the formats' own specifications, and the file(1) magic numbers that everybody uses.
 */
interface Signature {
  readonly at: number;
  readonly bytes: string;
  readonly name: string;
}

/** `bytes` is Latin-1: one character, one byte. */
const SIGNATURES: readonly Signature[] = [
  { at: 0, bytes: 'KDMV', name: 'a VMDK image' },
  { at: 0, bytes: 'COWD', name: 'a VMDK image' },
  { at: 0, bytes: '# Disk DescriptorFile', name: 'a VMDK descriptor' },
  { at: 0, bytes: 'conectix', name: 'a VHD image' },
  { at: 0, bytes: 'vhdxfile', name: 'a VHDX image' },
  { at: 0x40, bytes: '\x7f\x10\xda\xbe', name: 'a VirtualBox VDI image' },
  { at: 0, bytes: 'QED\0', name: 'a QED image' },
  { at: 0, bytes: 'WithoutFreeSpace', name: 'a Parallels image' },
  { at: 0, bytes: 'WithouFreSpacExt', name: 'a Parallels image' },
  { at: 0, bytes: 'LUKS\xba\xbe', name: 'an encrypted (LUKS) volume' },
  { at: 0, bytes: '\x1f\x8b', name: 'a gzip-compressed file' },
  { at: 0, bytes: '\xfd7zXZ\0', name: 'an xz-compressed file' },
  { at: 0, bytes: '\x28\xb5\x2f\xfd', name: 'a zstd-compressed file' },
  { at: 0, bytes: 'BZh', name: 'a bzip2-compressed file' },
  { at: 0, bytes: '\x04\x22\x4d\x18', name: 'an lz4-compressed file' },
  { at: 0, bytes: 'PK\x03\x04', name: 'a zip archive' },
  { at: 0, bytes: '7z\xbc\xaf\x27\x1c', name: 'a 7-Zip archive' },
  { at: 257, bytes: 'ustar', name: 'a tar archive' },
  { at: 0, bytes: 'hsqs', name: 'a SquashFS file system' },
  { at: 0, bytes: '\x7fELF', name: 'a program (ELF)' },
  { at: 32769, bytes: 'CD001', name: 'an ISO 9660 image' },
];

/** @returns a name with its article, or undefined where nothing is recognised */
export function foreignFormat(head: Uint8Array): string | undefined {
  const found = SIGNATURES.find((signature) => has(head, signature.at, signature.bytes));
  return found?.name ?? markup(head);
}

export function has(head: Uint8Array, at: number, latin1: string): boolean {
  if (head.length < at + latin1.length) return false;
  for (let i = 0; i < latin1.length; i += 1) if (head[at + i] !== latin1.charCodeAt(i)) return false;
  return true;
}

/** An error page saved as an image is the commonest mistake of all. */
function markup(head: Uint8Array): string | undefined {
  const start = head.subarray(0, 512);
  let text = '';
  for (const byte of start) {
    if (byte === 0 || (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13)) return undefined;
    text += String.fromCharCode(byte);
  }
  if (/^\s*(?:\u00ef\u00bb\u00bf)?\s*<(?:!doctype html|html|head)/i.test(text)) return 'an HTML page';
  if (/^\s*<\?xml/i.test(text)) return 'an XML file';
  return text === '' ? undefined : 'a text file';
}
