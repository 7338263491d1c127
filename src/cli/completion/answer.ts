/** What a completion script asks: `holdfast __complete <shell> <word>...`. Silent whatever happens, and starts no daemon. */
import type { Client } from '../../client/client.ts';
import type { Command, Context } from '../command.ts';
import { complete, type NameKind, type Names } from './candidates.ts';

export const COMPLETE_WORD = '__complete';
/** Who waits at a prompt does not wait long. */
const DAEMON_MS = 700;
/** Where bash ends a word; it replaces what stands behind the last of them. */
const BASH_BREAKS = /^.*[:=@]/s;

/** @returns what is printed: a candidate and what it is on each line, or `:files` */
export async function completionAnswer(words: readonly string[], commands: readonly Command[], context: Pick<Context, 'clientIfRunning' | 'signal'>): Promise<string> {
  const [shell = '', ...given] = words;
  const line = shell === 'bash' ? joinBroken(given) : given;
  const found = await complete(line, commands, namesFrom(context)).catch(() => []);
  if (found === 'files') return ':files\n';
  const broken = shell === 'bash' ? BASH_BREAKS.exec(line.at(-1) ?? '')?.[0] ?? '' : '';
  return found.map(({ value, about }) => `${value.slice(broken.length)}\t${about}\n`).join('');
}

/** bash hands over `--format=json`, `debian:12` and `ann@laptop` in three words each. */
export function joinBroken(words: readonly string[]): string[] {
  const joined: string[] = [];
  let open = false;
  for (const word of words) {
    const breaks = /^[:=@]+$/.test(word);
    const last = joined.at(-1);
    if ((breaks || open) && last !== undefined) joined[joined.length - 1] = last + word;
    else joined.push(word);
    open = breaks && last !== undefined;
  }
  return joined;
}

function namesFrom({ clientIfRunning, signal }: Pick<Context, 'clientIfRunning' | 'signal'>): Names {
  return async (kind) => {
    const client = await clientIfRunning({ connectMs: DAEMON_MS });
    return client === undefined ? [] : await ASK[kind](client, { signal, deadlineMs: DAEMON_MS });
  };
}

type Options = Parameters<Client['call']>[2];

const ASK: Readonly<Record<NameKind, (client: Client, options: Options) => Promise<readonly string[]>>> = {
  instances: async (client, options) => await instances(client, options, (state) => state !== 'Deleted'),
  'deleted instances': async (client, options) => await instances(client, options, (state) => state === 'Deleted'),
  images: async (client, options) => (await client.call('listImages', {}, options)).images.flatMap(({ names }) => names.map((name) => name.replace(/^local:/, ''))),
  templates: async (client, options) => (await client.call('listTemplates', {}, options)).templates.map(({ key }) => key),
  settings: async (client, options) => (await client.call('listSettings', {}, options)).settings.map(({ key }) => key),
  clients: async (client, options) => handles((await client.call('listClients', {}, options)).clients),
};

/** Names are the clients' own words, and a shell is about to take one: only what means nothing to it, and one alone has. */
const HARMLESS = /^[A-Za-z0-9][A-Za-z0-9@._-]*$/;

function handles(clients: readonly { readonly name: string; readonly fingerprint: string }[]): string[] {
  return clients.map(({ name, fingerprint }) => (HARMLESS.test(name) && clients.filter((each) => each.name === name).length === 1 ? name : fingerprint)).filter((word) => /^[\w@.:-]+$/.test(word));
}

async function instances(client: Client, options: Options, wanted: (state: string) => boolean): Promise<string[]> {
  return (await client.call('listInstances', {}, options)).instances.filter(({ state }) => wanted(state)).map(({ name }) => name);
}
