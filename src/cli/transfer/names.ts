/** Names of files are octets: in a record each is the character with its number (Latin-1), for a person they are UTF-8. */

export function octets(name: string): Buffer {
  return Buffer.from(name, 'latin1');
}

export function nameOf(bytes: Buffer): string {
  return bytes.toString('latin1');
}

/** What a person typed, as it goes into a record. */
export function typed(path: string): string {
  return nameOf(Buffer.from(path));
}

/** What a source is called where it arrives. Of `.`, `..`, `/` and a home the contents are meant: `.`. */
export function topName(source: string): string {
  const name = source.replace(/\/+$/, '').replace(/^.*\//s, '');
  return name === '' || name === '.' || name === '..' ? '.' : typed(name);
}

export function shown(name: string): string {
  return octets(name).toString('utf8');
}

export function joined(directory: Buffer, name: string): Buffer {
  return Buffer.concat([directory, Buffer.from('/'), octets(name)]);
}
