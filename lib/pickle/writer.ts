/** Writes pickles of protocol 2, which every version of Python reads, and PyTorch's `weights_only` too. */

import { OP } from './opcodes';

/** Items that one opcode adds, as in Python. */
const BATCH = 1000;

/** A pickle that is being written. The methods append values; those with `body` append the parts in it. */
export class PickleWriter {
  private readonly parts: Buffer[] = [Buffer.of(OP.PROTO, 2)];
  private readonly memo = new Map<unknown, number>();

  /** Appends an earlier value again if there was one for `key`: an object, or a string. */
  recall(key: unknown): boolean {
    const index = this.memo.get(key);
    if (index === undefined) return false;
    if (index < 256) this.put(OP.BINGET, index);
    else this.put(OP.LONG_BINGET, ...bytes32(index));
    return true;
  }

  /** Remembers the last value under `key`. */
  remember(key: unknown): void {
    const index = this.memo.size;
    this.memo.set(key, index);
    if (index < 256) this.put(OP.BINPUT, index);
    else this.put(OP.LONG_BINPUT, ...bytes32(index));
  }

  none(): void {
    this.put(OP.NONE);
  }

  boolean(value: boolean): void {
    this.put(value ? OP.NEWTRUE : OP.NEWFALSE);
  }

  integer(value: number | bigint): void {
    if (value >= 0 && value < 256) this.put(OP.BININT1, Number(value));
    else if (value >= 0 && value < 65536) this.put(OP.BININT2, Number(value) & 255, Number(value) >> 8);
    else if (value >= -(2 ** 31) && value < 2 ** 31) this.put(OP.BININT, ...bytes32(Number(value)));
    else this.long(BigInt(value));
  }

  float(value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    this.put(OP.BINFLOAT, ...bytes);
  }

  string(value: string): void {
    if (this.recall(value)) return;
    const bytes = Buffer.from(value);
    this.put(OP.BINUNICODE, ...bytes32(bytes.length));
    this.parts.push(bytes);
    this.remember(value);
  }

  /** Protocol 2 has no bytes: they are the result of `_codecs.encode(text, 'latin1')`. */
  bytes(value: Uint8Array): void {
    const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
    this.call('_codecs', 'encode', () => {
      this.string(text);
      this.string('latin1');
    });
  }

  tuple(body: () => void): void {
    this.put(OP.MARK);
    body();
    this.put(OP.TUPLE);
  }

  /** A list of the given items, remembered under `key` before the items are appended. */
  list<T>(key: unknown, items: readonly T[], item: (value: T) => void): void {
    this.put(OP.EMPTY_LIST);
    this.remember(key);
    this.batches(items, item, OP.APPENDS);
  }

  /** A dict, or an OrderedDict; `item` appends a key and its value. */
  dict<T>(key: unknown, entries: readonly T[], item: (entry: T) => void, isOrdered = false): void {
    if (isOrdered) this.call('collections', 'OrderedDict', () => undefined);
    else this.put(OP.EMPTY_DICT);
    this.remember(key);
    this.batches(entries, item, OP.SETITEMS);
  }

  /** Sets the attributes of the last value to the dict that `body` appends. */
  state(body: () => void): void {
    body();
    this.put(OP.BUILD);
  }

  global(module: string, name: string): void {
    const text = `${module}\n${name}\n`;
    // A key that no string of the user equals.
    const key = Symbol.for(`torch-func pickle ${text}`);
    if (this.recall(key)) return;
    this.put(OP.GLOBAL);
    this.parts.push(Buffer.from(text));
    this.remember(key);
  }

  /** The result of a call whose arguments `body` appends. */
  call(module: string, name: string, body: () => void): void {
    this.global(module, name);
    this.tuple(body);
    this.put(OP.REDUCE);
  }

  /** The value of a persistent id, a tuple whose items `body` appends. */
  persistent(body: () => void): void {
    this.tuple(body);
    this.put(OP.BINPERSID);
  }

  finish(): Buffer {
    this.put(OP.STOP);
    return Buffer.concat(this.parts);
  }

  private put(...bytes: number[]): void {
    this.parts.push(Buffer.from(bytes));
  }

  private long(value: bigint): void {
    const length = Math.floor((value < 0n ? -value : value).toString(2).length / 8) + 1;
    if (length > 255) throw new RangeError('an integer is too large to be saved');
    const hex = BigInt.asUintN(8 * length, value).toString(16).padStart(2 * length, '0'); // prettier-ignore
    this.put(OP.LONG1, length, ...Buffer.from(hex, 'hex').reverse());
  }

  private batches<T>(items: readonly T[], item: (value: T) => void, code: number): void {
    for (let start = 0; start < items.length; start += BATCH) {
      this.put(OP.MARK);
      for (const value of items.slice(start, start + BATCH)) item(value);
      this.put(code);
    }
  }
}

function bytes32(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255];
}
