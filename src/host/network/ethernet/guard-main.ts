/** The guard's program: `<record> <bridge>`. Whoever posted it says `done`, or is gone. */
import { text } from 'node:stream/consumers';
import { hostLock } from '../host-lock.ts';
import { ethernetFile } from './record.ts';
import { settle } from './undo.ts';
import { WAYS } from './ways.ts';

const LONGEST_MS = 120_000;

watch().then(() => process.exit(0), () => process.exit(1));

async function watch(): Promise<void> {
  const [path = '', bridge = ''] = process.argv.slice(2);
  process.stdout.on('error', () => undefined);
  process.stdout.write('ready\n');
  const said = await Promise.race([text(process.stdin), new Promise<string>((resolve) => { setTimeout(resolve, LONGEST_MS, ''); })]);
  if (said.includes('done')) return;
  using _lock = await hostLock('ethernets');
  const file = ethernetFile(path);
  const record = await file.of(bridge);
  if (record !== undefined) await settle(file, WAYS, record);
}
