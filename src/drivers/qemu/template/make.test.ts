import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { ensureInstanceKeys } from '../../../host/keys.ts';
import { machineFiles } from '../layout.ts';
import type { QemuMachine } from '../machine.ts';
import { makeTemplate, type MakeParts } from './make.ts';
import { TemplateStore } from './store.ts';

function booted(): QemuMachine {
  const exec = () => Promise.resolve({
    stdin: new PassThrough(), stdout: PassThrough.from([]), stderr: PassThrough.from([]), exit: Promise.resolve({ code: 0 }), [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  return {
    accelerator: 'tcg', notice: null, lanes: {}, on: () => () => undefined, kill: () => Promise.resolve(),
    guest: {
      reports: { system: { cloudInit: { status: 'done' }, bootId: undefined } }, onReport: () => () => undefined,
      reach: () => Promise.resolve({ shell: { exec } }), [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    monitor: {
      onEvent: () => () => undefined,
      execute(name: string, args?: { uri: string }) {
        if (name === 'migrate') connect(args?.uri.replace(/^unix:/, '') ?? '').end('the state');
        return name === 'device_del' ? Promise.reject(new Error('Device not found')) : Promise.resolve({ status: 'completed' });
      },
    },
  } as unknown as QemuMachine;
}

/** @param freeze  called when the files of the template have a place */
async function making(freeze: (abort: AbortController) => Promise<{ machineId: string }>) {
  const home = await mkdtemp(join(tmpdir(), 'hf-make-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const at = (name: string) => join(home, name);
  const layout = { instancesDir: at('instances'), runDir: at('run'), acceleratorFile: at('accelerators.json'), templatesDir: at('templates'), layersDir: at('layers') };
  const abort = new AbortController();
  const parts: MakeParts = {
    store: new TemplateStore(layout.templatesDir), filesOf: (id) => machineFiles(layout, id), keysOf: (files) => ensureInstanceKeys(files.keys),
    create: async ({ id }) => {
      const { directory, disk, run } = machineFiles(layout, id);
      for (const each of [directory, run.directory]) await mkdir(each, { recursive: true });
      await writeFile(disk, 'a disk');
    },
    boot: () => Promise.resolve(booted()),
    freeze: async () => {
      await expect.poll(() => readdir(layout.templatesDir).catch(() => []), { timeout: 10_000 }).toHaveLength(1);
      return await freeze(abort);
    },
    notice: () => undefined, remove: (id) => rm(machineFiles(layout, id).directory, { recursive: true, force: true }),
  };
  const wanted = { architecture: process.arch === 'arm64' ? 'aarch64' : 'x86_64', imageDigest: 'd', imageFormat: 'raw', cpus: 1, memoryBytes: 1024 } as const;
  const made = makeTemplate(wanted, 'UTC', parts, { signal: abort.signal, progress: () => undefined });
  return { made, left: async () => await readdir(layout.templatesDir) };
}

test('the making of a template that fails late leaves none of its files', async () => {
  const { made, left } = await making(() => Promise.reject(new Error('the guest does not freeze')));
  await expect(made).rejects.toThrow('does not freeze');
  expect(await left()).toEqual([]);
});

test('nor does one that is called off when it is nearly done', async () => {
  const { made, left } = await making((abort) => {
    abort.abort(new Error('called off'));
    return Promise.resolve({ machineId: '0'.repeat(32) });
  });
  await expect(made).rejects.toThrow('called off');
  expect(await left()).toEqual([]);
});
