/** `net plan --offline`: a plan from files alone, without a daemon or an instance. */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fail } from '../../../core/errors.ts';
import type { NetplanFile } from '../../../core/netplan/facts.ts';
import { factsFromJson } from '../../../core/netplan/facts-from-json.ts';
import { VERDICT_EXIT } from '../../../core/netplan/plan.ts';
import type { Context } from '../../command.ts';
import { UsageError } from '../../failure.ts';
import { requireFormat } from '../../render/format.ts';
import { renderPlan } from '../../render/plan.ts';

export interface OfflinePlan {
  /** A directory of netplan files, or one that has etc/netplan, run/netplan, lib/netplan in it. */
  readonly directory: string;
  readonly links: string | undefined;
  /** The candidate: a path, or `-`; without it what is there is looked at. */
  readonly file: string | undefined;
  /** The name that it gets in /etc/netplan. */
  readonly as: string | undefined;
  /** All others are set aside. */
  readonly replace: boolean;
  readonly format: string | undefined;
}

/** Of one file, and of the JSON; a netplan file of a megabyte is refused by whoever reads it. */
const MOST_BYTES = 4 << 20;
const MOST_FILES = 500;
const FROM_STDIN = '90-holdfast.yaml';
const DIRECTORIES = ['run/netplan', 'etc/netplan', 'lib/netplan'] as const;

export async function planOffline(context: Context, { directory, links, file, as, replace, format: wanted }: OfflinePlan): Promise<number> {
  const format = requireFormat(wanted);
  if (links === undefined) throw new UsageError('net plan --offline needs --links <file>: the interfaces as JSON');
  const facts = factsFromJson(parseJson(await readWhole(links, context.stdin), links));
  const present = await filesIn(directory);
  const candidate = file === undefined ? undefined : { path: `/etc/netplan/${nameFor(file, as)}`, text: await readWhole(file, context.stdin) };
  const kept = replace ? [] : present.filter(({ path }) => path !== candidate?.path);
  const after = candidate ? [...kept, candidate] : present;
  const { judgeFiles } = await import('../../netplan-judge.ts');
  const { plan, advice } = judgeFiles(present, after, facts);
  context.stdout.write(renderPlan(plan, advice, format));
  return VERDICT_EXIT[plan.verdict];
}

/** @throws UsageError for a name that netplan would not read */
export function nameFor(file: string, as: string | undefined): string {
  const name = as ?? (file === '-' ? FROM_STDIN : basename(file));
  if (/^[A-Za-z0-9_][A-Za-z0-9_.@-]*\.yaml$/.test(name)) return name;
  throw new UsageError(`'${name}' cannot be the name of a netplan file`, 'name it with --as, such as --as 60-mine.yaml');
}

async function filesIn(directory: string): Promise<NetplanFile[]> {
  const nested = (await Promise.all(DIRECTORIES.map((each) => filesOf(join(directory, each), `/${each}`)))).flat();
  const files = nested.length > 0 ? nested : await filesOf(directory, '/etc/netplan', true);
  if (files.length > MOST_FILES) throw fail('bad-argument', `${directory} has more than ${MOST_FILES} netplan files`);
  return files;
}

async function filesOf(directory: string, as: string, required = false): Promise<NetplanFile[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (!required && ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw fail('bad-argument', `cannot read the directory ${directory}: ${(error as Error).message}`);
  });
  return await Promise.all(names.filter((name) => name.endsWith('.yaml')).toSorted().slice(0, MOST_FILES + 1).map(async (name) => ({ path: `${as}/${name}`, text: await readWhole(join(directory, name)) })));
}

async function readWhole(name: string, stdin?: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of name === '-' && stdin ? stdin : createReadStream(name)) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length > MOST_BYTES) throw new Error(`it is longer than ${MOST_BYTES} bytes`);
    }
  } catch (error) {
    throw fail('bad-argument', `cannot read ${name}: ${(error as Error).message}`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fail('bad-argument', `${name} is not JSON: ${(error as Error).message}`);
  }
}
