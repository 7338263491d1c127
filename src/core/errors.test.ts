import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ERROR_CODES, errorRecord, fail, fromRecord, isErrorCode, type ErrorCode } from './errors.ts';

const code = fc.constantFrom(...Object.keys(ERROR_CODES) as ErrorCode[]);

test('an error is the same after it has crossed the API', () => {
  fc.assert(fc.property(code, fc.string(), fc.option(fc.string()), (which, message, hint) => {
    const error = fail(which, message, { hint: hint ?? undefined });
    const crossed = fromRecord(JSON.parse(JSON.stringify(errorRecord(error))));
    expect(crossed).toMatchObject({ name: 'HoldfastError', code: which, message, hint: hint ?? undefined });
    expect(errorRecord(crossed)).toEqual(errorRecord(error));
  }));
});

test('whatever else is thrown is recorded as a bug', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constantFrom(null, undefined)), (thrown) => {
    expect(errorRecord(thrown)).toMatchObject({ code: 'internal', message: String(thrown) });
  }));
});

test('only names of the table are codes', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.constantFrom('toString', '__proto__', 'constructor')), (text) => {
    expect(isErrorCode(text)).toBe(Object.keys(ERROR_CODES).includes(text));
  }));
});

test('one whose code another version had is an error all the same, with its words', () => {
  const record = JSON.parse('{"code":"no-more","message":"it fell","hint":null}') as Parameters<typeof fromRecord>[0];
  expect(fromRecord(record)).toMatchObject({ code: 'internal', message: 'it fell' });
});
