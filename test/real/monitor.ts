/** Talks to a machine's second monitor, as a person with a tool would. */
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** @param command  for example `stop`; resolves when QEMU has said that it is done */
export async function tellMonitor(home: string, pid: number, command: string): Promise<void> {
  const socket = connect(join(await runDirectory(home, pid), 'mon'));
  const lines = createInterface({ input: socket });
  try {
    socket.write(`{"execute":"qmp_capabilities","id":1}\n{"execute":"${command}","id":2}\n`);
    for await (const line of lines) {
      const answer = JSON.parse(line) as { id?: number; error?: unknown };
      if (answer.error) throw new Error(`${command}: ${JSON.stringify(answer.error)}`);
      if (answer.id === 2) return;
    }
    throw new Error(`the monitor closed without an answer to ${command}`);
  } finally {
    lines.close();
    socket.destroy();
  }
}

async function runDirectory(home: string, pid: number): Promise<string> {
  for (const id of await readdir(join(home, 'run'))) {
    const directory = join(home, 'run', id);
    if ((await readFile(join(directory, 'pid'), 'utf8').catch(() => '')).trim() === String(pid)) return directory;
  }
  throw new Error(`no machine of ${home} has the pid ${pid}`);
}
