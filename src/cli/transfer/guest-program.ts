/** Runs the transfer's program in an instance, on the lane for much, and carries its records both ways. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openExec, type ExecOutcome } from '../../client/exec-socket.ts';
import { fail } from '../../core/errors.ts';
import { readTold } from './entry.ts';
import { BadRecord, RECORD, RecordReader, type TransferRecord } from './records.ts';
import type { Context } from '../command.ts';
import type { Progress } from '../progress.ts';
import { carriedBy } from '../render/carried-by.ts';
import { oneLine } from '../render/plain.ts';
import type { Target } from './local-target.ts';
import { shown } from './names.ts';

/** What has come and is not written yet, before the guest has to wait. */
const AHEAD_BYTES = 4 * 1024 * 1024;
const COMPLAINT_BYTES = 4096;
/** Of a shell: there is no such program. */
const NO_PROGRAM = 127;

export interface Carriage {
  readonly instance: string;
  /** Of the program: `send` or `receive`, and what it is asked in JSON. */
  readonly words: readonly [string, string];
  /** What it is fed. */
  readonly feed?: AsyncGenerator<Uint8Array>;
  /** Who takes what it sends. */
  readonly target?: Target;
  /** Of several sources, what was wrong with one that is left out. */
  readonly leftOut: (error: unknown) => void;
  readonly progress: Progress;
  /** Of every octet of content that went either way. */
  readonly carried: (bytes: number) => void;
}

/** Resolves when all has arrived. @throws HoldfastError */
export async function carryFiles(context: Context, { instance, words, feed, target, leftOut, progress, carried }: Carriage): Promise<void> {
  const program = await readFile(join(dirname(context.daemonScript), 'transfer.py'), 'utf8');
  const client = await context.client();
  const reader = new RecordReader();
  const begun = Promise.withResolvers<void>();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  let isDone = false;
  let refusal: Error | undefined;
  let complaint = Buffer.alloc(0);
  let waiting = 0;
  let writing: Promise<void> = Promise.resolve();

  const take = async (one: TransferRecord): Promise<void> => {
    if (one.kind === RECORD.failed || one.kind === RECORD.notice) {
      const { path, why, isRefusal } = readTold(one.payload);
      const refused = fail('transfer-failed', `${instance}:${oneLine(shown(path))} ${oneLine(why)}`);
      if (one.kind === RECORD.failed) refusal ??= refused;
      else if (isRefusal) leftOut(refused);
      else progress.notice(`${instance}:${shown(path)} ${why}`);
    } else {
      if (one.kind === RECORD.done) isDone = true;
      await target?.take(one);
    }
  };
  const takeAll = async (bytes: Uint8Array): Promise<void> => {
    for (const one of reader.read(bytes)) await take(one);
    carried(bytes.length);
    waiting -= bytes.length;
    if (waiting <= AHEAD_BYTES) session.resume();
  };
  const session = await openExec(client.socket, instance, { type: 'request', command: ['python3', '-c', program, ...words], bulk: true }, {
    output(kind, bytes) {
      if (kind === 'stderr') {
        complaint = Buffer.concat([complaint, bytes]).subarray(-COMPLAINT_BYTES);
        return true;
      }
      waiting += bytes.length;
      writing = writing.then(() => takeAll(bytes));
      writing.catch(broken.reject);
      return waiting <= AHEAD_BYTES;
    },
    started: (rung, passedOver) => {
      progress.clear();
      if (context.verbosity > 0) context.stderr.write(carriedBy(rung, passedOver));
      begun.resolve();
    },
    progress: (stage) => progress.stage(stage),
  }, context.signal);
  using _closing = { [Symbol.dispose]: () => session.close() };
  const outcome = Promise.race([session.outcome, broken.promise]);
  outcome.catch(() => {});
  try {
    await Promise.race([begun.promise, outcome]);
    if (feed) await feedInto(session, feed, outcome, carried);
    session.control({ type: 'eof' });
    const ended = await outcome;
    await writing;
    if (refusal) throw refusal;
    if (!isDone) throw whyEnded(instance, ended, complaint.toString('utf8'));
  } catch (error) {
    if (!(error instanceof BadRecord)) throw error;
    throw fail('transfer-failed', `what ${instance} sends makes no sense: ${error.message}`, { hint: `is its python3 sound? see: holdfast doctor ${instance}`, cause: error });
  } finally {
    await feed?.return(undefined);
  }
}

/** Until it is through, or the program has ended. */
async function feedInto(session: { stdin(bytes: Uint8Array): Promise<void> }, feed: AsyncGenerator<Uint8Array>, outcome: Promise<unknown>, carried: (bytes: number) => void): Promise<void> {
  let hasEnded = false;
  const ended = outcome.then(() => { hasEnded = true; });
  for await (const bytes of feed) {
    await Promise.race([session.stdin(bytes), ended]);
    if (hasEnded) return;
    carried(bytes.length);
  }
}

function whyEnded(instance: string, outcome: ExecOutcome, complaint: string): Error {
  if ('code' in outcome && outcome.code === NO_PROGRAM) {
    return fail('not-supported', `${instance} has no Python, which a transfer needs there`, { hint: `put it back: holdfast doctor --fix ${instance}` });
  }
  const how = 'code' in outcome ? `ended with ${outcome.code}` : `was ended by ${outcome.signal}`;
  const last = complaint.trim().split('\n').at(-1) ?? '';
  return fail('transfer-failed', `the program that transfers in ${instance} ${how}${last ? `: ${oneLine(last)}` : ''}`);
}
