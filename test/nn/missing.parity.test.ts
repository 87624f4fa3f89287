/** Every class of Python's torch.nn is there, or says what to use. */

import { execFileSync } from 'node:child_process';

import * as torch from '../../lib';
import { findPython } from '../support/parity/python';

const nn = torch.nn as unknown as Record<string, (new () => unknown) | undefined>;
const SCRIPT = 'import torch, inspect; print(*(n for n, c in vars(torch.nn).items() if inspect.isclass(c)))';
const enumerable = new Set(Object.keys(nn));

/** Looks up `nn.functional.pad` or `torch.vmap`. */
function lookUp(path: string): unknown {
  const names = path.split('.');
  if (names[0] === 'torch') names.shift();
  return names.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], torch);
}

test('classes of torch.nn', () => {
  const names = execFileSync(findPython(), ['-c', SCRIPT], { encoding: 'utf8' }).trim().split(' ');
  expect(names.length).toBeGreaterThan(160);
  for (const name of names.filter((one) => !enumerable.has(one))) {
    const make = (): unknown => new (nn[name] as new () => unknown)();
    const message = new RegExp(`^nn\\.${name} is not available in this package\\..* docs/status\\.md lists`);
    expect(make).toThrow(
      expect.objectContaining({ name: 'NotImplementedError', message: expect.stringMatching(message) }),
    );
  }
  const missing = Object.getOwnPropertyNames(nn).filter((name) => !enumerable.has(name) && /^[A-Z]/.test(name));
  expect(missing.filter((name) => !names.includes(name))).toEqual([]);
});

test('what the errors name exists', () => {
  const named = Object.getOwnPropertyNames(nn).flatMap((name) => {
    if (enumerable.has(name) || !/^[A-Z]/.test(name)) return [];
    try {
      new (nn[name] as new () => unknown)();
    } catch (error) {
      return [...(error as Error).message.matchAll(/\b(?:use|of|and) ((?:nn|torch)\.[\w.]*\w)/g)].map(
        (match) => match[1],
      );
    }
    return [];
  });
  expect(named).toContain('nn.BatchNorm2d');
  for (const path of named) expect([path, typeof lookUp(path)]).toEqual([path, 'function']);
});
