import { defineCommand } from '../command.ts';
import { BatchError } from '../failure.ts';
import { createProgress } from '../progress.ts';
import { carryFiles } from '../transfer/guest-program.ts';
import { readHere, readStream } from '../transfer/local-source.ts';
import { LocalTarget } from '../transfer/local-target.ts';
import { typed } from '../transfer/names.ts';
import { planOf, STANDARD_STREAM } from '../transfer/places.ts';
import { amountTold } from '../transfer/amount.ts';
import { StreamTarget } from '../transfer/stream-target.ts';
import { totalOf } from '../transfer/total.ts';

export const transfer = defineCommand({
  name: 'transfer',
  aliases: ['copy-files'],
  group: 'Inside an instance',
  summary: 'Copy files between this machine and an instance',
  usage: '<source>... <destination>',
  takes: [['<source>', '<name>:<path> in an instance, a path here, or - for standard input'], ['<destination>', 'the same; - for standard output']],
  args: [2, Infinity],
  options: {
    recursive: { flags: '-r, --recursive', summary: 'take directories with all that is in them' },
    parents: { flags: '-p, --parents', summary: 'make what is missing of the directories above the destination' },
  },
  examples: [
    ['holdfast transfer notes.txt apollo:', 'into the home of apollo\'s user'],
    ['holdfast transfer -r apollo:/var/log/apt .', 'a directory, to here'],
    ['holdfast transfer - apollo:list.txt < list', 'from standard input'],
  ],
  notes: [
    'A path in an instance that does not begin with / is below its user\'s home. A path here with a colon is written ./a:b.',
    'Modes, times, links and holes are kept. A file has its name when it is whole: one that was cut off leaves what was there before.',
    'It goes over a lane of its own: the instance\'s network does not matter, and exec is as quick meanwhile.',
  ],
  async run(context, { args, options: { recursive, parents } }) {
    const { stdin, stdout, stderr, isTTY } = context;
    const plan = planOf(args, recursive);
    using progress = createProgress(stderr, isTTY.stderr);
    const errors: unknown[] = [];
    // A guest may tell of more than it was asked for.
    const leftOut = (error: unknown): void => { if (errors.length < args.length) errors.push(error); };
    if (plan.way === 'in') {
      const { sources, to: { instance, path } } = plan;
      const isKnown = isTTY.stderr && sources[0] !== STANDARD_STREAM;
      const carried = amountTold(progress, isTTY.stderr, instance, isKnown ? totalOf(sources) : UNKNOWN);
      const feed = sources[0] === STANDARD_STREAM ? readStream(stdin) : readHere({ sources, recursive, notice: (file, why) => progress.notice(`${file} ${why}`), leftOut });
      const words = ['receive', JSON.stringify({ target: typed(path), parents, many: sources.length > 1 })] as const;
      await carryFiles(context, { instance, words, feed, leftOut, progress, carried });
    } else for (const { instance, paths } of byInstance(plan.sources)) {
      await using target = plan.to === STANDARD_STREAM ? new StreamTarget(stdout) : await LocalTarget.open({ path: plan.to, parents, sources: paths, recursive, many: plan.sources.length > 1 });
      const carried = amountTold(progress, isTTY.stderr, instance, UNKNOWN);
      const words = ['send', JSON.stringify({ sources: paths.map(typed), recursive })] as const;
      await carryFiles(context, { instance, words, target, leftOut, progress, carried });
    }
    if (errors.length > 0) throw new BatchError(errors);
  },
});

const UNKNOWN = Promise.resolve(undefined);

/** Those beside each other that are in one instance come together. */
function byInstance(sources: readonly { readonly instance: string; readonly path: string }[]): readonly { readonly instance: string; readonly paths: readonly string[] }[] {
  const groups: { instance: string; paths: string[] }[] = [];
  for (const { instance, path } of sources) {
    const last = groups.at(-1);
    if (last?.instance === instance) last.paths.push(path);
    else groups.push({ instance, paths: [path] });
  }
  return groups;
}
