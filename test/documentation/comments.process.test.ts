/** The examples in the comments of lib/ compile, run, and give what they say. */

import { checkBlocks } from '../support/documentation/check-blocks';
import { commentBlocks } from '../support/documentation/blocks';

const blocks = commentBlocks('lib').filter(({ language }) => language === 'ts');
let failures: (string | null)[] = [];

beforeAll(() => {
  failures = checkBlocks(blocks);
}, 120_000);

test('there are examples', () => {
  expect(blocks.length).toBeGreaterThan(30);
});

test.each(blocks.map((block, i) => ({ name: `${block.file}:${block.line}`, i })))('$name', ({ i }) => {
  expect(failures[i]).toBeNull();
});
