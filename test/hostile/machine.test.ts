/** What the daemon reads of a hypervisor, a console, its own files and its own API, when they are not what they should be. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { ClientControlSchema } from '../../src/api/exec-frames.ts';
import { ActionSchema, LaunchSchema, type WireInstance } from '../../src/api/schemas.ts';
import { FORMATS } from '../../src/cli/render/format.ts';
import { renderInfo } from '../../src/cli/render/info.ts';
import { renderList } from '../../src/cli/render/list.ts';
import { eventData } from '../../src/client/event-stream.ts';
import { printable } from '../../src/daemon/log/log-reader.ts';
import { PanicWatch } from '../../src/drivers/qemu/console/panic.ts';
import { MessageLines, ProtocolError } from '../../src/drivers/qemu/qmp/lines.ts';
import { parseStat } from '../../src/host/process/identity.ts';
import { readEntry, writeEntry } from '../../src/images/store-entry.ts';
import { primary } from '../cli/instances.ts';
import { anyJson, bytesAround, expectSoon, LONG, sameHoweverCut } from './properties.ts';

// oxlint-disable-next-line no-control-regex -- control characters are what must not be there
const STEERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const hostile = fc.string({ unit: fc.oneof(fc.constantFrom('\u001b[2J', '\u009b', '\u202e', '\n', '\r', '\t', '\u001b]0;x\u0007', '"', ',', ': ', '- ', '#', '__proto__'), fc.string({ unit: 'binary', maxLength: 3 })), maxLength: 30 });

describe('the machine\'s monitor', () => {
  test('what it says is objects, and then perhaps one complaint, however the stream was cut', async () => {
    const read = (pieces: readonly Buffer[]): unknown[] => {
      const lines = new MessageLines(200);
      const found: unknown[] = [];
      try {
        for (const piece of pieces) for (const message of lines.push(piece)) found.push(message);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        found.push('over');
      }
      return found;
    };
    await sameHoweverCut(bytesAround(['{"QMP":{}}\r\n', '{"event":"STOP"}\n', '\n', '{}\n', '[]\n', '[['.repeat(60), 'x'.repeat(150)], 20), read, 300);
  });

  test('a message that is nested without an end is refused soon', () => {
    expectSoon('the message', () => expect(() => [...new MessageLines().push(Buffer.from(`{"a":${'['.repeat(LONG)}${']'.repeat(LONG)}}\n`))]).toThrow(ProtocolError));
  });
});

describe('the console', () => {
  test('its signs are the same however it was cut, and a panic\'s words steer nobody', async () => {
    const read = (pieces: readonly Buffer[]): string[] => {
      const said: string[] = [];
      const watch = new PanicWatch({ kernel: () => said.push('kernel'), panic: (reason) => said.push(reason) });
      for (const piece of pieces) watch.push(piece);
      for (const reason of said) expect(reason).not.toMatch(STEERS);
      return said;
    };
    await sameHoweverCut(bytesAround(['\n', '[    1.000000] x\n', 'Kernel panic - not syncing: ', 'Kernel panic - not syncing: \u001b[2J\u009b2J\u0007a\n', '[    2.0] Oops: 0 [#1] \n', '\u001b[', 'x'.repeat(1100)], 20), read, 300);
  });

  test.each(['\n', '\r\n'])('of nothing but %j costs next to nothing: a guest writes as many as its console takes', (end) => {
    const watch = new PanicWatch({ kernel() {}, panic() {} });
    const block = Buffer.from(end.repeat(LONG / end.length));
    expectSoon('a console of line ends', () => { for (let given = 0; given < 24 * 1024 * 1024; given += block.length) watch.push(block); });
  });

  test('is shown without what steers a terminal, and soon', () => {
    fc.assert(fc.property(hostile, (text) => { expect(printable(text)).not.toMatch(STEERS); }));
    for (const word of ['\u001b', '\u001b]', '\u001b[', '\u001b[0;', '\u001b]0;aaaaaaaa', '\r', '\t', '\u202e']) expectSoon(`the console of ${JSON.stringify(word)}`, () => printable(word.repeat(LONG / word.length)));
  });
});

describe('what a guest says of itself', () => {
  const evil = hostile.map((text): WireInstance => ({
    ...primary, reason: text, hold: { level: 'lost', reason: text }, network: { health: 'changed', reason: text },
    image: { ...primary.image, os: text, release: text },
    guest: { ...primary.guest!, release: text, kernel: text, hostname: text, disks: [{ name: text, usedBytes: 1, totalBytes: 2 }] },
  }));

  test.each(FORMATS)('steers no terminal in info and list as %s', (format) => {
    fc.assert(fc.property(evil, (instance) => {
      for (const shown of [renderInfo([instance], format, ''), renderList([instance], format, '')]) expect(shown).not.toMatch(STEERS);
    }), { numRuns: 150 });
  });

  test('is one record for those who read JSON, YAML or CSV', () => {
    fc.assert(fc.property(evil, (instance) => {
      const json = JSON.parse(renderInfo([instance], 'json', '')) as { info: Record<string, { release: string; hold: string }> };
      expect(json.info['primary']).toMatchObject({ release: instance.guest?.release, hold: 'lost' });
      const yaml = parse(renderInfo([instance], 'yaml', '')) as Record<string, [{ hold: string; release: string | null }]>;
      expect(yaml['primary']?.[0]).toMatchObject({ hold: 'lost', release: instance.guest?.release || null });
      expect(csvRows(renderInfo([instance], 'csv', ''))).toHaveLength(2);
    }), { numRuns: 150 });
  });
});

describe('the daemon\'s own files and streams', () => {
  test('an image\'s record is read back as it was written, and is none or a whole one whatever it is', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), anyJson.map((value) => JSON.stringify(value))), (text) => {
      const entry = readEntry(text);
      if (entry) expect(readEntry(writeEntry(entry))).toEqual(entry);
    }));
  });

  test('a process\'s start is read behind its name, whatever that is', () => {
    fc.assert(fc.property(hostile.filter((name) => !name.includes('\0')), (name) => {
      expect(parseStat(`7 (${name}) S ${Array.from({ length: 48 }, (_, index) => index + 4).join(' ')}\n`)).toBe('22');
    }));
  });

  test('events are the same however their stream was cut', async () => {
    const read = async (pieces: readonly Buffer[]): Promise<string[]> => {
      const found: string[] = [];
      for await (const data of eventData((async function* () { yield* pieces; })())) found.push(data);
      return found;
    };
    await sameHoweverCut(bytesAround(['data: {"a":1}\n', 'data:b\r\n', '\n', '\r\n', '\r', ': still here\n\n', 'id: 7\n', 'data\n', '\u00c3\u00a9'], 20), read, 300);
  });

  test('a body is what its schema says or is refused, and takes no more than its length', () => {
    fc.assert(fc.property(anyJson, (value) => {
      for (const schema of [LaunchSchema, ActionSchema, ClientControlSchema]) expect(typeof Value.Check(schema, value)).toBe('boolean');
    }));
    expectSoon('a zone', () => Value.Check(LaunchSchema, { timezone: `${'a'.repeat(LONG)}!` }));
  });
});

/** As RFC 4180 has it. */
function csvRows(text: string): string[] {
  return text.replace(/"(?:[^"]|"")*"/g, 'x').split('\n').slice(0, -1);
}
