import { expect, test } from 'vitest';
import { COMMANDS } from '../commands.ts';
import { joinBroken } from './answer.ts';
import { complete, type NameKind } from './candidates.ts';
import { nextPlaces } from './usage.ts';

const KNOWN: Readonly<Record<NameKind, readonly string[]>> = {
  instances: ['apollo', 'artemis'], 'deleted instances': ['hades'], images: ['debian', 'debian-12'], templates: ['0a1b'], settings: ['local.apollo.cpus'], clients: ['ann@laptop'],
};

async function at(line: string): Promise<string[] | 'files'> {
  const found = await complete(line.split(' '), COMMANDS, (kind) => Promise.resolve(KNOWN[kind]));
  return found === 'files' ? found : found.map(({ value }) => value);
}

test.each<[string, string[] | 'files']>([
  ['la', ['launch']],
  ['-v la', ['launch']],
  ['--ver', ['--version']],
  ['start ', ['apollo', 'artemis']],
  ['start apollo ', ['artemis']],
  ['start apollo --al', ['--all']],
  ['recover ', ['hades']],
  ['shell apollo ', []],
  ['exec a', ['apollo', 'artemis']],
  ['exec apollo ', []],
  ['exec apollo -- -', []],
  ['list --format ', ['table', 'json', 'csv', 'yaml']],
  ['list --format j', ['json']],
  ['list --format=j', ['--format=json']],
  ['launch --cloud-init ', 'files'],
  ['launch --cloud-init=', 'files'],
  ['launch -n x deb', ['debian', 'debian-12']],
  ['launch --name ', []],
  ['launch --arch a', ['amd64', 'aarch64', 'arm64']],
  ['image ', ['list', 'build']],
  ['image build ', ['debian', 'debian:12', 'debian:13']],
  ['image list ', []],
  ['template delete ', ['0a1b']],
  ['clients ', ['list', 'forget']],
  ['clients forget ', ['ann@laptop']],
  ['get ', ['local.apollo.cpus']],
  ['set local.', ['local.apollo.cpus']],
  ['help comple', ['completion']],
  ['completion ', ['bash', 'zsh', 'fish']],
  ['nonsense ', []],
])('at the end of %j stands what fits there', async (line, expected) => expect(await at(line)).toEqual(expected));

test.each(COMMANDS.map((command) => [command.name, command] as const))('%s and each of its options are offered', async (name, command) => {
  expect(await at(name)).toContain(name);
  const offered = await at(`${name} --`);
  const flags = Object.values(command.options).filter(({ hidden }) => !hidden).flatMap(({ flags: text }) => /--[a-z-]+/.exec(text) ?? []);
  expect(offered).toEqual(expect.arrayContaining([...flags, '--help', '--verbose']));
});

test('what bash has broken at : and = and @ is put together again', () => {
  expect(joinBroken(['image', 'build', 'debian', ':', '1'])).toEqual(['image', 'build', 'debian:1']);
  expect(joinBroken(['list', '--format', '=', 'js'])).toEqual(['list', '--format=js']);
  expect(joinBroken(['clients', 'forget', 'ann', '@', 'la'])).toEqual(['clients', 'forget', 'ann@la']);
  expect(joinBroken(['list', '--format', '='])).toEqual(['list', '--format=']);
  expect(joinBroken(['set', 'a', 'b'])).toEqual(['set', 'a', 'b']);
});

test('a usage line of several forms offers each form\'s next word', () => {
  const usage = 'install|remove | attach <name> <network> | status [<name>...]';
  expect(nextPlaces(usage, []).map((place) => (place.kind === 'word' ? place.word : place.of))).toEqual(['install', 'remove', 'attach', 'status']);
  expect(nextPlaces(usage, ['install'])).toEqual([]);
  expect(nextPlaces(usage, ['attach', 'x'])).toEqual([{ kind: 'value', of: 'network' }]);
  expect(nextPlaces(usage, ['status', 'a', 'b'])).toEqual([{ kind: 'value', of: 'name' }]);
});
