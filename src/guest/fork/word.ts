/** Words to a guest's doorman itself, on a lane that no sshd has: one line of JSON there, one back. */
import type { Duplex } from 'node:stream';
import { fail } from '../../core/errors.ts';
import type { Lane, LanePort } from '../lane-port.ts';
import { printable } from '../ssh/failure.ts';
import { orAbort, seconds, timeLimit } from '../ssh/time-limit.ts';

/** As the doorman knows it: hf_lane.py. */
const MARK = 'HOLDFAST ';
const LANE: Lane = 'spare1';
const LONGEST_ANSWER = 64 * 1024;

export interface DoormanLine extends Disposable {
  /** One at a time. @throws guest-unreachable (no answer in time), machine-failed (it answered that it could not) */
  tell(word: object, deadlineMs: number, signal: AbortSignal): Promise<Record<string, unknown>>;
}

/** @throws guest-unreachable, cancelled */
export async function openDoorman(lanes: LanePort, signal: AbortSignal): Promise<DoormanLine> {
  const stream = await lanes.connect(LANE, signal);
  return {
    async tell(word, deadlineMs, outer) {
      using limit = timeLimit(deadlineMs, outer);
      const answer = orAbort(nextLine(stream), limit.signal);
      stream.write(`${MARK}${JSON.stringify(word)}\n`);
      try {
        return parsed(await answer);
      } catch (error) {
        if (limit.expired) throw fail('guest-unreachable', `the guest's doorman did not answer within ${seconds(deadlineMs)}`, { cause: error });
        throw error;
      }
    },
    [Symbol.dispose]: () => { stream.destroy(); },
  };
}

/** A single word. @throws as DoormanLine.tell */
export async function tellDoorman(lanes: LanePort, word: object, deadlineMs: number, signal: AbortSignal): Promise<Record<string, unknown>> {
  using line = await openDoorman(lanes, signal);
  return await line.tell(word, deadlineMs, signal);
}

function nextLine(stream: Duplex): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const held: Buffer[] = [];
  let size = 0;
  const take = (piece: Buffer): void => {
    const end = piece.indexOf(0x0a);
    held.push(end < 0 ? piece : piece.subarray(0, end));
    size += held.at(-1)?.length ?? 0;
    if (size <= LONGEST_ANSWER && end >= 0) resolve(Buffer.concat(held).toString('latin1'));
    else if (size > LONGEST_ANSWER) reject(fail('machine-failed', 'the guest\'s doorman said more than it may'));
  };
  const gone = (): void => reject(fail('guest-unreachable', 'the guest\'s doorman hung up without an answer'));
  stream.on('data', take).once('close', gone);
  return promise.finally(() => stream.off('data', take).off('close', gone));
}

function parsed(line: string): Record<string, unknown> {
  let answer: unknown;
  try {
    answer = JSON.parse(line);
  } catch (error) {
    throw fail('machine-failed', `the guest's doorman gave an answer that cannot be read: ${printable(line, 100)}`, { cause: error });
  }
  if (typeof answer !== 'object' || answer === null) throw fail('machine-failed', 'the guest\'s doorman gave an answer that is none');
  if ('error' in answer) throw fail('machine-failed', `the guest could not do it: ${typeof answer.error === 'string' ? printable(answer.error) : 'it did not say why'}`);
  return { ...answer };
}
