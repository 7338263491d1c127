/** Run as a process of its own: holds a guest, lets go, and must then end by itself. */
import { holdGuest } from '../../../src/guest/hold.ts';
import { standIn } from './doorman.ts';
import { standInSshd } from './sshd.ts';

const mode = process.argv[2];
using sshd = standInSshd();
const guest = await standIn(sshd);
if (mode === 'silent') guest.faults.answer = 'silent';
const { clientPrivate, hostPublic } = sshd.keys;
const access = holdGuest({
  name: 'apollo', lanes: guest.port, address: undefined, console: undefined, slow: false, defaultUser: sshd.user, controlUser: sshd.user, agentDir: sshd.agentDir, log: () => {},
  keys: { controlPrivate: clientPrivate, sessionPrivate: clientPrivate, hostPublic, guestHostPublic: hostPublic },
});
const signal = new AbortController().signal;
if (mode === 'well') {
  const { shell } = await access.reach('session', { deadlineMs: 5000, signal });
  await shell.exec({ command: ['cat'] }, signal);
}
if (mode === 'silent') await access.reach('bulk', { deadlineMs: 300, signal }).catch(() => {});
await access[Symbol.asyncDispose]();
await guest[Symbol.asyncDispose]();
console.log('disposed');
