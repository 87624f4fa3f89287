/** TorchScript files that are malformed or hostile. */

import fs from 'node:fs';
import path from 'node:path';

import * as torch from '../../lib';
import { expectError } from '../support/errors';
import { makeFolder } from '../support/files';
import { rewrite } from '../support/pt2';

const FIXTURES = path.resolve(__dirname, '..', 'fixtures');
const SCRIPTED = path.join(FIXTURES, 'scripted.pt');
const folder = makeFolder();
const file = path.join(folder, 'x.pt');

/** Replaces the first occurrence, which must exist. */
const edit =
  (find: string | Buffer, replacement: string | Buffer) =>
  (bytes: Buffer): Buffer => {
    const start = bytes.indexOf(find);
    if (start < 0) throw new Error(`the fixture has no ${String(find)}`);
    return Buffer.concat([bytes.subarray(0, start), Buffer.from(replacement), bytes.subarray(start + find.length)]);
  };

/** Replaces the value of an attribute: what follows its name and the memo of that. */
const editAttribute =
  (name: string, length: number, value: Buffer) =>
  (bytes: Buffer): Buffer => {
    const start = bytes.indexOf(`${name}q`) + name.length + 2;
    return Buffer.concat([bytes.subarray(0, start), value, bytes.subarray(start + length)]);
  };

const FLOAT = 9;
const tuples = (count: number): Buffer => Buffer.concat([Buffer.from('N'), Buffer.alloc(count, 0x85)]);

type Changes = Parameters<typeof rewrite>[2];

test.each<[string, Changes, RegExp]>([
  ['no pickle', { 'data.pkl': null }, /it is a ZIP file, but not one of torch\.jit\.save: it has no entry data\.pkl/],
  ['a file of torch.save', { 'constants.pkl': null }, /it is a file of torch\.save, not of torch\.jit\.save/],
  [
    'another version',
    { version: () => Buffer.from('11') },
    /version': the version of the format is "11"; expected 1 to 10/,
  ],
  [
    'another byte order',
    { byteorder: () => Buffer.from('big') },
    /byteorder': the byte order is "big"; expected little/,
  ],
  ['a missing storage', { 'data/0': null }, /data\.pkl': byte \d+: there is no entry 'scripted\/data\/0'/],
  ['a short storage', { 'data/0': () => Buffer.alloc(3) }, /'scripted\/data\/0' has 3 bytes; the storage takes \d+/],
  ['a missing source', { '__torch__.py': null }, /Unknown type name '?__torch__\.Scripted/i],
  ['code that is not UTF-8', { '__torch__.py': () => Buffer.of(0xff) }, /__torch__\.py': the code is not UTF-8/],
  ['a syntax error', { '__torch__.py': edit('def encode', 'def def') }, /expected[^]*code\/__torch__\.py", line \d+/],
  [
    'an unknown operator',
    { '__torch__.py': edit('torch.tanh', 'torch.tanhh') },
    /Unknown builtin op: aten::tanhh[^]*<--- HERE/,
  ],
  [
    'an operator that writes files',
    { '__torch__.py': edit('    mode = self.mode', '    _9 = torch.save(x, "/tmp/x")\n    mode = self.mode') },
    /Unknown builtin op: aten::save/,
  ],
  [
    'deeply nested code',
    { '__torch__.py': edit('torch.tanh', `${'('.repeat(1e5)}torch.tanh`) },
    /line \d+: .*nested too deeply/,
  ],
  [
    'long code',
    { '__torch__.py': edit('torch.tanh', `${'-'.repeat(1e5)}torch.tanh`) },
    /line \d+: an expression is too long/,
  ],
  [
    'a name of Python',
    { 'data.pkl': edit('collections\nOrderedDict', 'os\nsystem') },
    /byte \d+: "os\.system" is not allowed in a TorchScript file/,
  ],
  [
    'a C++ class',
    { 'data.pkl': edit('__torch__\nScripted', '__torch__.torch.classes.quantized\nX') },
    /objects of the C\+\+ class quantized\.X are not supported/,
  ],
  [
    'a class that does not exist',
    { 'data.pkl': edit('__torch__\nScripted', '__torch__\nScriptex') },
    /__torch__\.Scriptex/,
  ],
  [
    'a value of another type',
    { 'data.pkl': editAttribute('scale', FLOAT, Buffer.from('N')) },
    /the module\.scale has the type float, but its value is of type None/,
  ],
  [
    'an endless value',
    { 'data.pkl': editAttribute('scale', FLOAT, Buffer.from(']q\xc8(h\xc8e', 'latin1')) },
    /a value contains itself/,
  ],
  [
    'deeply nested values',
    { 'data.pkl': editAttribute('scale', FLOAT, tuples(1e5)) },
    /the values are nested too deeply/,
  ],
  [
    'a huge memo',
    { 'data.pkl': editAttribute('scale', FLOAT, Buffer.from('Nr\xff\xff\xff\xff', 'latin1')) },
    /the memo index 4294967295 is larger/,
  ],
  [
    'a functor that is a number',
    { 'data.pkl': editAttribute('scale', FLOAT, Buffer.from('K\0)R', 'latin1')) },
    /0 may not be called/,
  ],
  [
    'an attribute that is missing',
    { 'data.pkl': edit('scale', 'scalf') },
    /an object of __torch__\.Scripted has no 'scale'/,
  ],
  [
    'an attribute of another class',
    {
      'data.pkl': edit(
        '__torch__.torch.nn.modules.batchnorm\nBatchNorm1d',
        '__torch__.torch.nn.modules.linear\nLinear',
      ),
    },
    /has no '|has the type/,
  ],
])('%s is an error', (_, changes, message) => {
  rewrite(SCRIPTED, file, changes);
  expectError(() => torch.jit.load(file), torch.ValueError, message);
  expectError(
    () => torch.jit.load(file),
    torch.ValueError,
    new RegExp(`^cannot read ${file.replaceAll('.', '\\.')}: `),
  );
});

test('a tensor that reaches outside of its storage is an error', () => {
  // The storage of `plain` has 2 elements; its tensor starts at offset 0.
  const change = (bytes: Buffer): Buffer => {
    const start = bytes.indexOf('plain');
    const offset = bytes.indexOf(Buffer.from('K\0', 'latin1'), start);
    return Buffer.concat([bytes.subarray(0, offset), Buffer.from('K\x7f'), bytes.subarray(offset + 2)]);
  };
  rewrite(SCRIPTED, file, { 'data.pkl': change });
  expectError(
    () => torch.jit.load(file),
    torch.ValueError,
    /data\.pkl': byte \d+: torch\._utils\._rebuild_tensor_v2: /,
  );
});

test('truncated files are errors', () => {
  const bytes = fs.readFileSync(SCRIPTED);
  for (let size = 0; size < bytes.length; size += 97) {
    fs.writeFileSync(file, bytes.subarray(0, size));
    expectError(() => torch.jit.load(file), torch.ValueError, /x\.pt: it is not a ZIP file, or it is truncated/);
  }
});

test('files of other formats are errors, also for the other readers', () => {
  for (const name of ['model.pt', 'model.pt2', 'model.safetensors']) {
    expectError(() => torch.jit.load(path.join(FIXTURES, name)), torch.ValueError, /^cannot read .*model\./);
  }
  expectError(() => torch.load(SCRIPTED), torch.ValueError, /it is a TorchScript program/);
  expectError(() => torch.export.load(SCRIPTED), torch.ValueError, /it is a TorchScript program/);
});

test('wrong options are errors', () => {
  expectError(() => torch.jit.load(SCRIPTED, { map: 'cpu' } as never), TypeError, /map/);
  expectError(
    () => torch.jit.load(SCRIPTED, { mapLocation: 3 as never }),
    TypeError,
    /'mapLocation' must be a device, not number/,
  );
  expectError(
    () => torch.jit.load(SCRIPTED, { extraFiles: [] as never }),
    TypeError,
    /'extraFiles' must be an object, not Array/i,
  );
  expect(() => torch.jit.load(path.join(folder, 'missing.pt'))).toThrow(/ENOENT/);
});
