import { expect, test } from 'vitest';
import { ownPath } from '../../../../test/own-path.ts';
import type { AcceleratorMemory } from '../accelerator/memory.ts';
import { hostChecks } from './host.ts';

const path = ownPath();
const checks = hostChecks({ architecture: 'x86_64', used: [], identity: 'daemon', memory: {} as AcceleratorMemory, only: undefined, directories: [] });

test.each(['xorriso', 'perl'])('a host without %s is told so', async (tool) => {
  const check = checks.find(({ id }) => id === tool);
  await expect(check?.run(new AbortController().signal)).rejects.toThrow(`${tool} is not installed`);
  path.tool(tool, '');
  expect(await check?.run(new AbortController().signal)).toEqual({ status: 'ok', seen: 'it is there' });
});
