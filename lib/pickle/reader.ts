/**
 * Reads a pickle without executing anything: only names of an allow-list exist, only those with a `call` of ours can be
 * called, and every other opcode is refused. The memory it takes is bounded by the size of the pickle.
 */

import { ValueError } from '../errors';
import { at } from '../files/failure';
import { decodeUtf8 } from '../files/utf8';
import { OP, opcodeName } from './opcodes';
import { PyDict, PyGlobal, PyObject, PySequence, PySet, describePython } from './values';

/** What a pickle may refer to. */
export interface PickleContext {
  /** The classes, functions and constants that exist, by name. */
  readonly globals: Pick<ReadonlyMap<string, PyGlobal>, 'get'>;
  /** The value of a persistent id. */
  persistent(id: unknown): unknown;
  /** Whether there may be objects of classes with {@link PyGlobal.hasObjects}. */
  readonly hasObjects?: boolean;
  /** The kind of file, for messages; a weight file by default. */
  readonly file?: string;
  /** Is given every value that is an object, also those that are not part of the result. */
  readonly created?: (value: object) => void;
}

/** The limit of the size of a pickle. */
export const MAX_PICKLE_SIZE = 1 << 26;

/** The limit of the values in a pickle, which take more memory than their bytes. */
const MAX_VALUES = 1 << 22;

/** The highest protocol that Python has. */
const MAX_PROTOCOL = 5;

// Names of Python 2, which pickles of protocol 2 contain.
const RENAMED: Readonly<Record<string, string>> = { __builtin__: 'builtins', copy_reg: 'copyreg' };

/**
 * Reads the value of a pickle: primitives, `Uint8Array`, the classes of values.ts, and what `context` returns.
 *
 * @throws ValueError with the position for a malformed pickle, a name that is not allowed, and an opcode that is not.
 */
export function readPickle(bytes: Buffer, context: PickleContext): unknown {
  if (bytes.length > MAX_PICKLE_SIZE) {
    throw new ValueError(`the pickle has ${bytes.length} bytes; the limit is ${MAX_PICKLE_SIZE}`);
  }
  return new PickleMachine(bytes, context).run();
}

class PickleMachine {
  private readonly stack: unknown[] = [];
  /** Positions in the stack. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, unknown>();
  private position = 0;
  private values = 0;
  private readonly file: string;

  constructor(
    private readonly bytes: Buffer,
    private readonly context: PickleContext,
  ) {
    this.file = context.file ?? 'a weight file';
  }

  run(): unknown {
    for (;;) {
      const start = this.position;
      const code = at(`byte ${start}`, () => {
        const code = this.take(1)[0];
        if (code !== OP.STOP) this.execute(code);
        return code;
      });
      if (code === OP.STOP) return at(`byte ${start}`, () => this.finish());
    }
  }

  private execute(code: number): void {
    if (this.executeScalar(code) || this.executeContainer(code)) return;
    switch (code) {
      case OP.PROTO: {
        const protocol = this.take(1)[0];
        if (protocol > MAX_PROTOCOL) throw new ValueError(`protocol ${protocol} is unknown`);
        return;
      }
      case OP.FRAME:
        // Says how much to read ahead.
        return void this.take(8);
      case OP.POP:
        return void this.pop();
      case OP.POP_MARK:
        return void this.popMark();
      case OP.BINPUT:
        return void this.memo.set(this.take(1)[0], this.top());
      case OP.LONG_BINPUT:
        return this.memoize(this.take(4).readUInt32LE());
      case OP.MEMOIZE:
        return void this.memo.set(this.memo.size, this.top());
      case OP.BINGET:
        return void this.stack.push(this.recall(this.take(1)[0]));
      case OP.LONG_BINGET:
        return void this.stack.push(this.recall(this.take(4).readUInt32LE()));
      case OP.GLOBAL:
        return this.push(this.global(this.line(), this.line()));
      case OP.STACK_GLOBAL: {
        const [name, module] = [this.pop(), this.pop()];
        return this.push(this.global(expectString(module), expectString(name)));
      }
      case OP.BINPERSID:
        return this.push(this.context.persistent(this.pop()));
      case OP.REDUCE:
        return this.reduce();
      case OP.NEWOBJ:
        return this.context.hasObjects === true ? this.newObject() : this.refuse(code);
      case OP.BUILD:
        return this.build();
      default:
        return this.refuse(code);
    }
  }

  private refuse(code: number): never {
    throw new ValueError(`the opcode ${opcodeName(code)} is not allowed in ${this.file}`);
  }

  private executeScalar(code: number): boolean {
    switch (code) {
      case OP.NONE:
        return this.pushScalar(null);
      case OP.NEWTRUE:
        return this.pushScalar(true);
      case OP.NEWFALSE:
        return this.pushScalar(false);
      case OP.BININT:
        return this.pushScalar(this.take(4).readInt32LE());
      case OP.BININT1:
        return this.pushScalar(this.take(1)[0]);
      case OP.BININT2:
        return this.pushScalar(this.take(2).readUInt16LE());
      case OP.LONG1:
        return this.pushValue(integerOf(this.take(this.take(1)[0])));
      case OP.BINFLOAT:
        return this.pushScalar(this.take(8).readDoubleBE());
      case OP.SHORT_BINUNICODE:
        return this.pushValue(decodeUtf8(this.take(this.take(1)[0]), 'a string'));
      case OP.BINUNICODE:
        return this.pushValue(decodeUtf8(this.take(this.take(4).readUInt32LE()), 'a string'));
      case OP.SHORT_BINBYTES:
        return this.pushValue(Uint8Array.from(this.take(this.take(1)[0])));
      case OP.BINBYTES:
        return this.pushValue(Uint8Array.from(this.take(this.take(4).readUInt32LE())));
      default:
        return false;
    }
  }

  private executeContainer(code: number): boolean {
    switch (code) {
      case OP.MARK:
        this.marks.push(this.stack.length);
        return true;
      case OP.EMPTY_TUPLE:
        return this.pushValue(new PySequence([], false));
      case OP.TUPLE:
        return this.pushValue(new PySequence(this.popMark(), false));
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3:
        return this.pushValue(new PySequence(this.popMany(code - OP.TUPLE1 + 1), false));
      case OP.EMPTY_LIST:
        return this.pushValue(new PySequence([], true));
      case OP.APPEND:
        return this.append([this.pop()]);
      case OP.APPENDS:
        return this.append(this.popMark());
      case OP.EMPTY_DICT:
        return this.pushValue(new PyDict(false));
      case OP.SETITEM:
        return this.setItems(this.popMany(2));
      case OP.SETITEMS:
        return this.setItems(this.popMark());
      case OP.EMPTY_SET:
        return this.pushValue(new PySet(new Set()));
      case OP.ADDITEMS:
        return this.addItems(this.popMark());
      default:
        return false;
    }
  }

  // --- bytes ------------------------------------------------------------------------------------

  private take(length: number): Buffer {
    const start = this.position;
    if (start + length > this.bytes.length) throw new ValueError('the pickle ends here');
    this.position += length;
    return this.bytes.subarray(start, start + length);
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) throw new ValueError('the pickle ends inside a name');
    const text = decodeUtf8(this.take(end - this.position), 'a string');
    this.position++;
    return text;
  }

  // --- stack ------------------------------------------------------------------------------------

  private push(value: unknown): void {
    if (++this.values > MAX_VALUES) throw new ValueError(`the pickle has more than ${MAX_VALUES} values`);
    if (typeof value === 'object' && value !== null) this.context.created?.(value);
    this.stack.push(value);
  }

  private pushValue(value: unknown): true {
    this.push(value);
    return true;
  }

  /** Pushes a value that takes no more memory than its bytes. */
  private pushScalar(value: unknown): true {
    this.stack.push(value);
    return true;
  }

  /** Where the values above the last mark start. */
  private get floor(): number {
    return this.marks.at(-1) ?? 0;
  }

  private top(): unknown {
    if (this.stack.length <= this.floor) throw new ValueError('a value is missing on the stack');
    return this.stack.at(-1);
  }

  private pop(): unknown {
    this.top();
    return this.stack.pop();
  }

  private popMany(count: number): unknown[] {
    if (this.stack.length - this.floor < count) throw new ValueError('a value is missing on the stack');
    return this.stack.splice(this.stack.length - count);
  }

  private popMark(): unknown[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw new ValueError('there is no mark on the stack');
    return this.stack.splice(mark);
  }

  /** Readers with an array for the memo make room for every smaller index. */
  private memoize(index: number): void {
    if (index > this.bytes.length) throw new ValueError(`the memo index ${index} is larger than the pickle`);
    this.memo.set(index, this.top());
  }

  private recall(index: number): unknown {
    if (!this.memo.has(index)) throw new ValueError(`there is no value ${index} in the memo`);
    return this.memo.get(index);
  }

  private finish(): unknown {
    const value = this.pop();
    if (this.stack.length > 0) throw new ValueError(`${this.stack.length} values are left on the stack`);
    return value;
  }

  // --- containers -------------------------------------------------------------------------------

  private append(items: unknown[]): true {
    const list = this.top();
    if (!(list instanceof PySequence && list.isList)) throw new ValueError(`cannot append to ${describePython(list)}`);
    for (const item of items) list.items.push(item);
    return true;
  }

  private setItems(items: unknown[]): true {
    const dict = this.top();
    if (!(dict instanceof PyDict)) throw new ValueError(`cannot set items of ${describePython(dict)}`);
    if (items.length % 2 > 0) throw new ValueError('a key has no value');
    for (let i = 0; i < items.length; i += 2) dict.entries.set(checkKey(items[i]), items[i + 1]);
    return true;
  }

  private addItems(items: unknown[]): true {
    const set = this.top();
    if (!(set instanceof PySet)) throw new ValueError(`cannot add items to ${describePython(set)}`);
    for (const item of items) set.items.add(checkKey(item));
    return true;
  }

  // --- names ------------------------------------------------------------------------------------

  private global(module: string, name: string): PyGlobal {
    const full = `${Object.hasOwn(RENAMED, module) ? RENAMED[module] : module}.${name}`;
    const found = this.context.globals.get(full);
    if (found !== undefined) return found;
    throw new ValueError(
      `${JSON.stringify(full.slice(0, 200))} is not allowed in ${this.file}; only tensors, containers, numbers and strings are read, and nothing is executed`,
    );
  }

  private reduce(): void {
    const [callee, args] = this.popMany(2);
    if (callee instanceof PyGlobal && callee.hasObjects) return this.push(objectOf(callee, args));
    if (!(callee instanceof PyGlobal) || callee.call === undefined) {
      throw new ValueError(`${describePython(callee)} may not be called`);
    }
    if (!(args instanceof PySequence) || args.isList) throw new ValueError('the arguments of a call are not a tuple');
    const { call } = callee;
    this.push(at(callee.name, () => call(args.items)));
  }

  private newObject(): void {
    const [type, args] = this.popMany(2);
    const isEmpty = args instanceof PySequence && args.items.length === 0;
    if (!(type instanceof PyGlobal && type.hasObjects && isEmpty)) {
      throw new ValueError(`${describePython(type)} may not make objects of ${describePython(args)}`);
    }
    this.push(new PyObject(type));
  }

  private build(): void {
    const state = this.pop();
    const object = this.top();
    if (object instanceof PyObject && object.state === undefined) {
      object.state = state;
      return;
    }
    if (!(object instanceof PyDict && object.isOrdered && state instanceof PyDict)) {
      throw new ValueError(`the state of ${describePython(object)} may not be set`);
    }
    object.attributes = state;
  }
}

function objectOf(type: PyGlobal, state: unknown): PyObject {
  const object = new PyObject(type);
  object.state = state;
  return object;
}

/** A little-endian integer in two's complement: a bigint if a number cannot represent it. */
function integerOf(bytes: Buffer): number | bigint {
  if (bytes.length === 0) return 0;
  const hex = Buffer.from(bytes).reverse().toString('hex');
  const value = BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex}`));
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function expectString(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ValueError(`expected a name, found ${describePython(value)}`);
}

function checkKey(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof PySequence && !value.isList) return value;
  throw new ValueError(`${describePython(value)} cannot be a key`);
}
