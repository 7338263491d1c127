import { expect, test } from 'vitest';
import { ROUTES } from '../api/routes.ts';
import { PATHS, pathOf } from './paths.ts';

test('the client\'s paths are those of the table of routes', () => {
  expect(PATHS).toEqual(Object.fromEntries(Object.entries(ROUTES).map(([name, { method, path }]) => [name, { method, path }])));
});

test('names and queries cannot leave their place in a path', () => {
  expect(pathOf('getInstance', { name: '../a?b' })).toBe('/v1/instances/..%2Fa%3Fb');
  expect(pathOf('uploadImage', {}, { name: '/a b&c' })).toBe('/v1/images/upload?name=%2Fa+b%26c');
  expect(pathOf('logs', {}, { name: undefined })).toBe('/v1/logs');
});
