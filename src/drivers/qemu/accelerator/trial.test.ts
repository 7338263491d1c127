import { expect, test } from 'vitest';
import type { MachineEvents } from '../../driver.ts';
import { awaitLife, type Defendant } from './trial.ts';

function defendant(): Defendant & { live(sign: string): void; tell: Partial<MachineEvents> } {
  const life = Promise.withResolvers<string>();
  const made = { signOfLife: life.promise, live: life.resolve, tell: {} as Partial<MachineEvents>, on: (listener: Partial<MachineEvents>) => { made.tell = listener; return () => undefined; } };
  return made;
}
const never = new AbortController().signal;

test('a kernel that shows itself ends the trial', async () => {
  const machine = defendant();
  machine.live('its kernel wrote to the console');
  await awaitLife(machine, 'kvm', never, 1_000);
});

test('silence, an end and a cancellation each end it with their reason', async () => {
  await expect(awaitLife(defendant(), 'kvm', never, 10)).rejects.toMatchObject({ code: 'machine-failed', message: 'no kernel showed itself within 0.01 s' });
  const dying = defendant();
  const trial = awaitLife(dying, 'kvm', never, 1_000);
  dying.tell.ended?.({ kind: 'died', reason: 'QEMU was killed (SIGABRT): kvm' });
  await expect(trial).rejects.toMatchObject({ code: 'machine-failed', message: 'QEMU was killed (SIGABRT): kvm' });
  await expect(awaitLife(defendant(), 'kvm', AbortSignal.abort(), 1_000)).rejects.toMatchObject({ code: 'cancelled' });
});
