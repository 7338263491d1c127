/** The figures that a guest tells of itself, by the very file that lies in guests, taken here of this host. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const AGENT = join(import.meta.dirname, '../../src/guest/agent/files');
const LINUX = existsSync('/proc/meminfo') && existsSync('/usr/bin/python3');

function python(script: string, ...words: string[]): unknown {
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', ['-I', '-c', `import json, os, sys\nsys.path.insert(0, ${JSON.stringify(AGENT)})\nimport hf_system\n${script}`, ...words], { encoding: 'utf8', timeout: 30_000 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

test.runIf(LINUX)('figures are those of the machine', () => {
  const told = python('print(json.dumps(hf_system.snapshot("1.2.3")))') as { memory: { usedBytes: number; totalBytes: number } };
  const total = Number(/^MemTotal: +(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
  expect(told).toMatchObject({ v: 1, type: 'system', hostname: hostname(), kernel: release(), agentVersion: '1.2.3', memory: { totalBytes: total } });
  expect(told.memory.usedBytes).toBeGreaterThan(0);
  expect(told.memory.usedBytes).toBeLessThan(total);
});

test.runIf(LINUX)('how far cloud-init has come is told anew when it writes, in whatever way, and when its files go', async () => {
  const root = await mkdtemp(join(tmpdir(), 'hf-figures-'));
  try {
    expect(python(`
root = sys.argv[1]
def write(name, text):
    with open(os.path.join(root, name), "w") as handle:
        handle.write(text)
def replace(name, text):
    write(".new", text)
    os.rename(os.path.join(root, ".new"), os.path.join(root, name))
told = []
tell = lambda: told.append(hf_system.cloud_init(root))
replace("status.json", '{"v1": {"stage": "init"}}'); tell(); tell()
replace("status.json", '{"v1": {"stage": "fini"}}'); tell()
write("status.json", '{"v1": {"stage": "modules-final"}}'); tell()
write("status.json", '{"v1": ['); tell()
replace("result.json", '{"v1": {"errors": []}}'); tell()
replace("result.json", '{"v1": {"errors": ["x"]}}'); tell()
os.unlink(os.path.join(root, "result.json"))
replace("status.json", '{"v1": {"stage": "init"}}'); tell()
print(json.dumps([one["status"] + ":" + one["detail"] for one in told]))`, root)).toEqual([
      'running:init', 'running:init', 'running:fini', 'running:modules-final',
      existsSync('/usr/bin/cloud-init') ? 'running:' : 'unknown:cloud-init is not installed', 'done:', 'error:x', 'running:init',
    ]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

test.runIf(LINUX)('what is read has an end', () => {
  expect(python('print(json.dumps([len(hf_system.read("/dev/zero", 100000)), hf_system.read("/no/such"), hf_system.read("/")]))')).toEqual([100_000, '', '']);
});
