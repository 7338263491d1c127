/** Which of networkd's files has a link: the first, by name, whose [Match] section holds (systemd.network(5)). */
import type { GuestLink } from '../../../src/core/netplan/facts.ts';
import { last, values, type Section } from './ini.ts';
import type { NetworkFile, Rendered } from './rendered.ts';

type Matched = Pick<GuestLink, 'name' | 'mac' | 'permanentMac' | 'driver'>;

/** @returns undefined when no file has it */
export function fileFor(link: Matched, { networks, links }: Rendered): NetworkFile | undefined {
  const renaming = links.find(({ sections }) => matches(link, sections));
  const name = (renaming === undefined ? undefined : last(renaming.sections, 'Link', 'Name')) ?? link.name;
  return networks.find(({ sections }) => matches({ ...link, name }, sections));
}

const TESTS: Readonly<Record<string, (link: Matched, value: string) => boolean>> = {
  Name: ({ name }, value) => anyGlob(name, value),
  OriginalName: ({ name }, value) => anyGlob(name, value),
  MACAddress: ({ mac }, value) => value.toLowerCase().split(/\s+/).includes(mac ?? 'none'),
  PermanentMACAddress: ({ permanentMac }, value) => value.toLowerCase().split(/\s+/).includes(permanentMac ?? 'none'),
  Driver: ({ driver }, value) => anyGlob(driver ?? '', value),
};

function matches(link: Matched, sections: readonly Section[]): boolean {
  const entries = sections.filter(({ name }) => name === 'Match').flatMap((section) => section.entries);
  // A file whose section is empty counts for no link.
  return entries.length > 0 && [...new Set(entries.map(([key]) => key))].every((key) => {
    const test = TESTS[key];
    if (test === undefined) throw new Error(`netplan matches by ${key}, of which nothing is known here`);
    return test(link, values(sections, 'Match', key).join(' '));
  });
}

/** Several words are alternatives; a `!` before the first turns them round. */
function anyGlob(text: string, value: string): boolean {
  const inverted = value.startsWith('!');
  const found = (inverted ? value.slice(1) : value).split(/\s+/).some((glob) => globToRegExp(glob).test(text));
  return found !== inverted;
}

/** fnmatch(3). */
function globToRegExp(glob: string): RegExp {
  const body = glob.replace(/\[!/g, '[^').replace(/[.+(){}|\\$]/g, String.raw`\$&`).replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${body}$`, 's');
}
