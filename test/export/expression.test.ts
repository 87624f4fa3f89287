import { ValueError } from '../../lib';
import { type Names, parseExpression } from '../../lib/export/expression';

const names: Names = {
  symbol: (name) => ({ s0: 7, s1: 3 })[name],
  input: (path) =>
    path.join('.') === 'x.0' ? { size: () => [4, 5], stride: () => [5, 1], storageOffset: () => 2 } : undefined,
};

const valueOf = (text: string): unknown => parseExpression(text).evaluate(names);

test.each<[string, unknown]>([
  // As sympy's srepr writes sizes.
  ["Symbol('s0', positive=True, integer=True)", 7],
  ["Add(Mul(Integer(2), Symbol('s0', integer=True)), Symbol('s1', integer=True), Integer(-1))", 16],
  ["FloorDiv(Symbol('s0', integer=True), Integer(2))", 3],
  ["Mod(Integer(-7), Symbol('s1', integer=True))", 2],
  ["Max(Integer(1), Symbol('s1', integer=True))", 3],
  ["Pow(Symbol('s1', integer=True), Integer(2))", 9],
  ["Float('0.5', precision=53)", 0.5],
  ["Where(Equality(Symbol('s1', integer=True), Integer(3)), Integer(10), Integer(20))", 10],
  // As Python's printer writes guards.
  ['(s0 % 2) == 1', true],
  ['-s0 // 2 == -4', true],
  ['2 ** 3 ** 2', 512],
  ['-2 ** 2', -4],
  ['1 <= s1 <= 3', true],
  ['1 <= s1 < 3', false],
  ['not s0 == 7 or s1 != 3', false],
  ['s0 > 5 and (s1 < 3 or s1 == 3)', true],
  ["L['x'][0].size()[1] == 5", true],
  ["L['x'][0].stride()[0] * 2 + L['x'][0].storage_offset()", 12],
  ['math.ceil(s0 / 2)', 4],
  ['1e3 + 0.5', 1000.5],
  ['True', true],
])('%s', (text, value) => expect(valueOf(text)).toBe(value));

test('an expression knows its symbols', () => {
  expect([...parseExpression("s0 + Symbol('u1') * max(s0, 2)").symbols]).toEqual(['s0', 'u1']);
});

test.each([
  '',
  '1 +',
  '(1',
  '1 2',
  'import os',
  "__import__('os')",
  "open('x')",
  "L['x'].item()",
  'x.y',
  'x[0]',
  'lambda: 1',
  'max()',
  '"\'',
  `${'('.repeat(10_000)}1`,
  '~'.repeat(200_000),
])('%# what is not of the grammar is refused when it is parsed', (text) => {
  expect(() => parseExpression(text)).toThrow(ValueError);
});

test('an unknown symbol or input is an error of the evaluation', () => {
  expect(() => valueOf('s9 + 1')).toThrow(/the symbol s9 has no value/);
  expect(() => valueOf("L['y'].size()[0]")).toThrow(/there is no input y/);
});
