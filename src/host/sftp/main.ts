/**
 * The process behind one mount: `holdfast-sftp WORK`, where WORK is JSON. It speaks SFTP on its standard input and output,
 * with the rights of whoever mounted, and ends when its input does. With `check` it only says whether it could.
 */
import { accessSync, constants } from 'node:fs';
import { Beneath } from './beneath.ts';
import { becomePerson } from './person.ts';
import { SftpServer } from './server.ts';
import type { SftpWork } from './work.ts';

const REFUSED = 1;
const BROKEN = 3;

process.title = 'holdfast-sftp';
const work = JSON.parse(process.argv[2] ?? '') as SftpWork;
// Before anything of the person's is opened.
becomePerson(work.person);
// A guest's programs have an umask of their own, which has been taken off already.
process.umask(0);
const beneath = openSource();
if (work.check) process.exit(0);

const server = new SftpServer({
  beneath, root: work.source, maps: work.maps,
  send(packet) {
    return process.stdout.write(packet);
  },
});
process.stdin.on('data', (piece: Buffer) => carry(() => server.feed(piece)));
process.stdout.on('drain', () => carry(() => server.resume()));
process.stdin.on('end', () => process.exit(0));
for (const stream of [process.stdin, process.stdout]) stream.on('error', () => process.exit(0));

/** A guest that asks for more than it takes is not listened to until it has taken it. */
function carry(step: () => boolean): void {
  try {
    if (step()) process.stdin.resume();
    else process.stdin.pause();
  } catch (error) {
    end(error, BROKEN);
  }
}

function openSource(): Beneath {
  try {
    const opened = new Beneath(work.source);
    accessSync(work.source, constants.R_OK | constants.X_OK);
    return opened;
  } catch (error) {
    return end(error, REFUSED);
  }
}

function end(error: unknown, code: number): never {
  process.stderr.write(`${(error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : String(error))}\n`);
  process.exit(code);
}
