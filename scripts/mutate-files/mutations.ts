/** Damage to files: bytes, numbers, pieces, and what a hostile author would write. */

import type { Choices } from '../fuzz/random';

const BYTES = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff];

const NUMBERS = [
  ...[0n, 1n, 7n, 8n, 63n, 64n, 255n, 65_535n, 65_536n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n],
  ...[2n ** 53n - 1n, 2n ** 53n, 2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n],
];

/** Texts of headers and pickles: numbers, brackets, names and opcodes. */
const TEXTS = [
  ...['-1', '0', '1', '99999999', '9007199254740993', '18446744073709551615', '1e9', '1.5', 'null', 'NaN', '""'],
  ...['[', ']', '{', '}', '[[[[', '{"', ',', ':', '\\u0000', '__proto__', 'F64', 'BOOL', 'data_offsets', 'shape'],
  ...["'<f8'", "'|O'", "'>c16'", '(1,)', '()', 'True', 'fortran_order', '../x', '/etc/passwd'],
  ...[
    'cos\nsystem\n',
    'cbuiltins\neval\n',
    '(ios\nsystem\n',
    'c__builtin__\nexec\n',
    'ctorch\nload\n',
    'X\x04\0\0\0evil',
  ],
  ...[
    '\x93',
    '\x81',
    '\x92',
    '\x82\x01',
    'R',
    'b',
    'o',
    'Q',
    'P0\n',
    't',
    '(',
    '0',
    '1',
    '2',
    '.',
    'h\0',
    'q\0',
    '}',
    'u',
    's',
  ],
  ...[
    'FloatStorage',
    'DoubleStorage',
    'BoolStorage',
    'cuda:0',
    'meta',
    'cpu',
    'PK\x01\x02',
    'PK\x03\x04',
    'PK\x05\x06',
  ],
];

type Mutation = (bytes: Buffer, random: Choices) => Buffer;

const place = (bytes: Buffer, random: Choices): number => random.below(bytes.length + 1);

function splice(bytes: Buffer, start: number, removed: number, inserted: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(start + removed)]);
}

function piece(bytes: Buffer, random: Choices): [start: number, length: number] {
  const start = place(bytes, random);
  return [start, Math.min(random.below(random.of([4, 16, 64, 1024])) + 1, bytes.length - start)];
}

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const at = random.below(bytes.length);
    return splice(bytes, at, 1, Buffer.of(bytes[at] ^ (1 << random.below(8))));
  },
  function setByte(bytes, random) {
    return splice(
      bytes,
      random.below(bytes.length),
      1,
      Buffer.of(random.chance(0.5) ? random.of(BYTES) : random.below(256)),
    );
  },
  function setNumber(bytes, random) {
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(random.of(NUMBERS));
    const size = random.of([2, 4, 8]);
    return splice(bytes, place(bytes, random), size, number.subarray(0, size));
  },
  function overwriteText(bytes, random) {
    const text = Buffer.from(random.of(TEXTS), 'latin1');
    return splice(bytes, place(bytes, random), text.length, text);
  },
  function insertText(bytes, random) {
    return splice(bytes, place(bytes, random), 0, Buffer.from(random.of(TEXTS), 'latin1'));
  },
  // The numbers of a header stand between other characters.
  function replaceNumber(bytes, random) {
    const numbers = [...bytes.toString('latin1').matchAll(/\d+/g)];
    if (numbers.length === 0) return bytes;
    const { index, 0: digits } = random.of(numbers);
    return splice(bytes, index, digits.length, Buffer.from(random.of(TEXTS.slice(0, 11))));
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, place(bytes, random));
  },
  function append(bytes, random) {
    return Buffer.concat([bytes, Buffer.alloc(1 + random.below(100), random.of(BYTES))]);
  },
  function remove(bytes, random) {
    const [start, length] = piece(bytes, random);
    return splice(bytes, start, length, Buffer.alloc(0));
  },
  function repeat(bytes, random) {
    const [start, length] = piece(bytes, random);
    const part = bytes.subarray(start, start + length);
    return splice(bytes, start, 0, Buffer.concat(Array.from({ length: 1 + random.below(20) }, () => part)));
  },
  function move(bytes, random) {
    const [start, length] = piece(bytes, random);
    const [part, rest] = [bytes.subarray(start, start + length), splice(bytes, start, length, Buffer.alloc(0))];
    return splice(rest, place(rest, random), random.chance(0.5) ? length : 0, part);
  },
  function fill(bytes, random) {
    const [start, length] = piece(bytes, random);
    return splice(bytes, start, length, Buffer.alloc(length, random.of(BYTES)));
  },
];

/** The bytes with one to four changes, which depend only on `random`. */
export function mutate(bytes: Buffer, random: Choices): Buffer {
  let result = bytes;
  for (let i = random.chance(0.7) ? 1 : 2 + random.below(3); i > 0 && result.length > 0; i--) {
    result = random.of(MUTATIONS)(result, random);
  }
  return result;
}
