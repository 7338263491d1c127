import { expect, test } from 'vitest';
import { CONVERT_STAGE, PACK_STAGE, reasonOf, stageOf, STORE_STAGE } from './bootstrap-progress.ts';

/** As mmdebstrap 1.3.5 prints them. */
const LINES = [
  "I: chroot architecture amd64 is equal to the host's architecture",
  'I: running apt-get update...',
  'I: downloading packages with apt...',
  'I: extracting archives...',
  'I: installing essential packages...',
  'I: running special hook: copy-in holdfast-recipe /root',
  'I: installing remaining packages inside the chroot...',
  "I: running --customize-hook in shell: sh -c 'chroot \"$1\" sh /root/x' exec /tmp/mmdebstrap.x",
  'I: creating tarball...',
  'I: success in 50.1005 seconds',
];

test('stages come in order and only go forward', () => {
  const fractions = [...LINES.map((line) => stageOf(line)), PACK_STAGE, CONVERT_STAGE, STORE_STAGE].flatMap((stage) => stage?.fraction ?? []);
  expect(fractions).toHaveLength(10);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
});

test('the reason is what apt said, not that something failed', () => {
  const lines = ['Err:1 http://a.example/debian bookworm InRelease', '  Could not resolve host', 'E: Unable to locate package nosuch', 'E: run_progress() failed', 'E: setup failed: 256'];
  expect(reasonOf(lines)).toBe('Unable to locate package nosuch');
  expect(reasonOf([])).toBe('it said nothing');
});
