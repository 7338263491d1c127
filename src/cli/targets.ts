/** Decides which instances a command is about: those named, all that it applies to, or the primary one. */
import type { WireInstance, WireSnapshot } from '../api/schemas.ts';
import type { Client } from '../client/client.ts';
import { fail, type HoldfastError } from '../core/errors.ts';
import { ruling, type Action } from '../core/lifecycle.ts';
import { splitSnapshot } from '../core/snapshots.ts';
import { BatchError, UsageError } from './failure.ts';

export const PRIMARY_KEY = 'client.primary-name';
const NAME_OR_ALL = 'Name argument or --all is required';

/** @throws UsageError */
export function requireNamesOrAll(names: readonly string[], all: boolean, command: string): void {
  if (all && names.length > 0) throw new UsageError('Cannot specify name(s) when --all option set');
  if (!all && names.length === 0) throw new UsageError(NAME_OR_ALL, `see: holdfast help ${command}`);
}

/** @returns '' where the primary instance is disabled */
export async function primaryName(client: Client, signal?: AbortSignal): Promise<string> {
  return (await client.call('getSetting', { params: { key: PRIMARY_KEY } }, { signal })).value;
}

/** @throws UsageError  where it is disabled */
export async function requirePrimary(client: Client, signal?: AbortSignal): Promise<string> {
  const name = await primaryName(client, signal);
  if (name === '') throw new UsageError(NAME_OR_ALL, `there is no primary instance: ${PRIMARY_KEY} is empty`);
  return name;
}

export function allFor(action: Action, instances: readonly WireInstance[]): readonly string[] {
  return instances.filter(({ state }) => ruling(state, action) === 'do').map(({ name }) => name);
}

/** Each once, in the order given. */
export function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

export async function instances(client: Client, signal?: AbortSignal): Promise<readonly WireInstance[]> {
  return (await client.call('listInstances', {}, { signal })).instances;
}

/**
 * For what cannot be undone: where several are named and one is not there, it may be a slip of the pen. A single one is the daemon's to refuse.
 * @param words  `instance` or `instance.snapshot`  @throws BatchError
 */
export async function requireEach(client: Client, words: readonly string[], signal: AbortSignal): Promise<void> {
  if (words.length < 2) return;
  const places = words.map((word) => splitSnapshot(word) ?? { instance: word, snapshot: undefined });
  const [all, { snapshots }] = await Promise.all([
    instances(client, signal), places.some(({ snapshot }) => snapshot !== undefined) ? client.call('listSnapshots', {}, { signal }) : { snapshots: [] },
  ]);
  const errors = missingOf(places, all, snapshots);
  if (errors.length > 0) throw new BatchError(errors);
}

export interface Place {
  readonly instance: string;
  readonly snapshot: string | undefined;
}

/** What is wrong with those of the places that are not there. */
export function missingOf(places: readonly Place[], all: readonly WireInstance[], snapshots: readonly WireSnapshot[]): readonly HoldfastError[] {
  return places.flatMap(({ instance, snapshot }) => {
    if (!all.some(({ name }) => name === instance)) return [noSuchInstance(instance)];
    return snapshot === undefined || snapshots.some((each) => each.instance === instance && each.name === snapshot) ? [] : [noSuchSnapshot(instance, snapshot)];
  });
}

/** Which of these are no more; none of them where nobody answers. */
export async function goneOf(client: Client, names: readonly string[]): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const left = new Set(await instances(client).then((all) => all.map(({ name }) => name), () => names));
  return names.filter((name) => !left.has(name));
}

export function noSuchInstance(name: string): HoldfastError {
  return fail('instance-not-found', `instance "${name}" does not exist`, { hint: 'which ones do: holdfast list' });
}

function noSuchSnapshot(instance: string, snapshot: string): HoldfastError {
  return fail('no-such-snapshot', `No such snapshot: ${instance}.${snapshot}`, { hint: 'which ones there are: holdfast list --snapshots' });
}
