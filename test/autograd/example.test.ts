/** examples/autograd-functional.ts finds its own results correct. */

import '../../lib';

test('the walk through vjp', () => {
  const lines: string[] = [];
  const log = jest.spyOn(console, 'log').mockImplementation((line: string) => {
    lines.push(line);
  });
  const exitCode = process.exitCode;
  try {
    jest.requireActual('../../examples/autograd-functional');
    expect(process.exitCode).toBe(exitCode);
  } finally {
    process.exitCode = exitCode;
    log.mockRestore();
  }
  expect(lines).toHaveLength(7);
  expect(lines.filter((line) => !line.endsWith(' yes'))).toEqual([]);
});
