/** Files of systemd's and NetworkManager's: sections of keys and values, both of which may come again (systemd.syntax(7)). */

export interface Section {
  readonly name: string;
  readonly entries: readonly (readonly [key: string, value: string])[];
}

export function parseIni(text: string): Section[] {
  const sections: { name: string; entries: [string, string][] }[] = [];
  for (const line of text.split('\n').map((each) => each.trim())) {
    const header = /^\[(.+)\]$/.exec(line);
    const at = line.indexOf('=');
    if (header) sections.push({ name: header[1] ?? '', entries: [] });
    else if (line !== '' && !/^[#;]/.test(line) && at > 0) sections.at(-1)?.entries.push([line.slice(0, at).trim(), line.slice(at + 1).trim()]);
  }
  return sections;
}

/** Of all sections with this name together. */
export function values(sections: readonly Section[], name: string, key: string): string[] {
  return sections.filter((section) => section.name === name).flatMap(({ entries }) => entries.filter(([each]) => each === key).map(([, value]) => value));
}

export function last(sections: readonly Section[], name: string, key: string): string | undefined {
  return values(sections, name, key).at(-1);
}
