/**
 * What all tests on real VMs share: one image, and one home with two instances that were launched at the same time.
 * How that went is itself a test (10-launch.test.ts); it happens here because the others need it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { giveRoom, makeTestHome, openTestHome, type TestHome } from './home.ts';
import type { Launched } from './provided.ts';

/** Marker that its cloud-init data leaves in `hermes`. */
const HERMES_DATA = `#cloud-config
write_files:
  - path: /etc/marker
    content: "written by cloud-init\\n"
runcmd:
  - [sh, -c, 'echo run > /run/marker-run']
`;

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const kept = process.env['HOLDFAST_TEST_CACHE'];
  const imageHome = openTestHome(kept ?? await mkdtemp('/var/tmp/hf-image-'));
  const home = await withImage(imageHome);
  try {
    await giveRoom(home);
    const launched = await Promise.all([launch(home, 'apollo'), launch(home, 'hermes', HERMES_DATA)]);
    project.provide('home', home.directory);
    project.provide('images', join(imageHome.directory, 'images'));
    project.provide('launched', launched);
  } catch (error) {
    await tearDown(home, imageHome, kept);
    throw error;
  }
  return () => tearDown(home, imageHome, kept);
}

async function withImage(imageHome: TestHome): Promise<TestHome> {
  const built = await imageHome.must(['image', 'build', 'debian'], { timeoutMs: 900_000, onOutput: (text) => process.stdout.write(text) });
  process.stdout.write(`image: ${built.seconds.toFixed(0)} s\n`);
  return await makeTestHome({ imagesFrom: join(imageHome.directory, 'images') });
}

async function launch(home: TestHome, name: string, cloudInit?: string): Promise<Launched> {
  const outcome = await home.run(
    ['launch', '--name', name, '--timeout', '600', ...(cloudInit === undefined ? [] : ['--cloud-init', '-'])],
    { timeoutMs: 900_000, ...(cloudInit === undefined ? {} : { input: cloudInit }) },
  );
  process.stdout.write(`launch ${name}: ${outcome.seconds.toFixed(0)} s\n`);
  const instead = /^.* is booted instead of forked: .*$/m.exec(outcome.stderr)?.[0];
  if (instead !== undefined) process.stdout.write(`${instead}\n`);
  if (outcome.code !== 0) process.stdout.write(`it ended with ${outcome.code}: ${outcome.stdout}${outcome.stderr}\n`);
  return { name, code: outcome.code, stdout: outcome.stdout, stderr: outcome.stderr, seconds: outcome.seconds };
}

async function tearDown(home: TestHome, imageHome: TestHome, kept: string | undefined): Promise<void> {
  try {
    await home[Symbol.asyncDispose]();
  } finally {
    await imageHome.endDaemon();
    if (kept === undefined) await rm(imageHome.directory, { recursive: true, force: true });
  }
}
