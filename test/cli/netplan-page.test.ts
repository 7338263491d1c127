import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { compare } from '../../src/core/netplan/compare.ts';
import { factsFromJson } from '../../src/core/netplan/facts-from-json.ts';
import { predict } from '../../src/core/netplan/predict.ts';

const root = join(import.meta.dirname, '../..');
const page = await readFile(join(root, 'docs/netplan.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w+) ?([^\n]*)\n(.*?)^```$/gms)].map(([, language = '', info = '', text = '']) => ({ language, info, text }));
const block = (language: string, info: string): string => blocks.find((each) => each.language === language && each.info === info)?.text ?? '';
const examples = blocks.filter(({ language, info }) => language === 'yaml' && info !== 'present');

test('the page has examples of both kinds', () => {
  expect(examples.length).toBeGreaterThanOrEqual(3);
  expect(block('ts', '')).toContain('predict(');
});

test.each(examples)('what the page says of its example is found: $info', ({ info, text }) => {
  const [verdict, code] = info.split(' ');
  const facts = factsFromJson(JSON.parse(block('json', 'facts')));
  const path = '/etc/netplan/50-mine.yaml';
  const plan = compare(predict([{ path, text: block('yaml', 'present') }], facts), predict([{ path, text }], facts), facts);
  expect(plan.verdict).toBe(verdict);
  expect(plan.findings.map((finding) => finding.code)).toContain(code);
});

test('the program on the page prints what stands below it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-docs-'));
  try {
    const file = join(directory, 'example.ts');
    await writeFile(file, block('ts', '').replaceAll("'../src/", `'${root}/src/`));
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 30_000, env: { PATH: process.env['PATH'] } });
    expect(stdout.trimEnd()).toBe(block('text', '').trimEnd());
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
