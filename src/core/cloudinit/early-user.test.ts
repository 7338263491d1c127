import { expect, test } from 'vitest';
import { makesUserEarly } from './early-user.ts';
import { utf8Bytes } from './text.ts';

test.each([
  ['', true], ['#cloud-config\n', true], ['#cloud-config\npackages: [nginx]\n', true], ['#!/bin/sh\ntrue\n', true],
  ['#cloud-config\nusers: [default, {name: me}]\n', false], ['#cloud-config\nuser: {name: me}\n', false], ['#cloud-config\ngroups: [docker]\n', false],
  ['#cloud-config\nsystem_info: {default_user: {name: me}}\n', false], ['#include http://x\n', false], ['## template: jinja\n#cloud-config\n', false],
])('%j: the default user is made early: %s', (text, expected) => {
  expect(makesUserEarly(utf8Bytes(text))).toBe(expected);
});

test('without data it is', () => {
  expect(makesUserEarly(undefined)).toBe(true);
});
