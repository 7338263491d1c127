import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { ROUTES, type Route } from './routes.ts';
import { ActionSchema, ACTION_NAMES, ImageBuildSchema, LaunchSchema } from './schemas.ts';

const VALID = [
  ['launch', LaunchSchema, { name: 'apollo', cpus: 1 }],
  ['action', ActionSchema, { action: ACTION_NAMES[0] }],
  ['image build', ImageBuildSchema, { target: 'debian' }],
  ['setting', ROUTES.putSetting.body, { value: 'x' }],
] as const;

describe.each(VALID)('a %s', (_name, schema, valid) => {
  test('of known fields is taken, with any other refused', () => {
    expect(Value.Check(schema, valid)).toBe(true);
    fc.assert(fc.property(fc.string(), fc.jsonValue(), (key, value) => {
      fc.pre(!Object.hasOwn(schema.properties, key) && key !== '__proto__');
      expect(Value.Check(schema, { ...valid, [key]: value })).toBe(false);
    }));
  });

  test('that is no object is refused', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      fc.pre(typeof value !== 'object' || value === null || Array.isArray(value));
      expect(Value.Check(schema, value)).toBe(false);
    }));
  });
});

test('every body of the route table refuses unknown fields', () => {
  for (const [name, route] of Object.entries(ROUTES) as [string, Route][]) {
    if (route.body) expect({ name, closed: (route.body as { additionalProperties?: boolean }).additionalProperties }).toEqual({ name, closed: false });
  }
});
