// The generated operator surface: complete in the addon, and callable.

import fs from 'node:fs';
import path from 'node:path';
import * as bindings from '../../lib/generated/functions';
import * as table from '../../lib/generated/table';
import { native } from '../../lib/native';
import { operatorFunction } from '../../lib/operator';
import * as torch from '../../lib/index';
import type { Tensor } from '../../lib/tensor';

const namespaces = Object.entries(table).map(([namespace, operators]) => ({
  namespace,
  operators: Object.entries(operators),
}));

/** Names that a hand-written function of the same name replaces may behave otherwise. */
function isGenerated(method: unknown, name: string): method is (this: Tensor) => unknown {
  return typeof method === 'function' && Object.hasOwn(table.methods, name);
}

/** The functions that need no argument: they succeed where the others name their signatures. */
const withoutArguments = ['_makeDepToken', '_nnpackAvailable', '_useCudnnRnnFlattenWeight', 'isVulkanAvailable'];

describe('generated files', () => {
  test('keep the order in which Python tries overloads', () => {
    expect(table.torch.max).toBe('max>max.unary_out max.other>max.out max.dim>max.dim_max');
    expect(table.methods.sum).toBe('sum sum.dim_IntList');
    expect(table.linalg.det).toBe('linalg_det>linalg_det.out');
    expect(table.nnFunctional.logsigmoid).toBe('log_sigmoid>log_sigmoid.out');
  });
});

describe.each(namespaces)('$namespace', ({ namespace, operators }) => {
  const isMethod = namespace === 'methods';

  test('has every overload in the addon', () => {
    for (const [name, overloads] of operators) {
      const signatures = native.operatorSignatures(name, overloads, isMethod);
      expect({ name, count: signatures.split('\n').length }).toEqual({
        name,
        count: overloads.split(' ').length,
      });
    }
  });

  test('takes no argument of a type that JavaScript cannot give', () => {
    const unsupported = operators
      .map(([name, overloads]) => name + native.operatorSignatures(name, overloads, isMethod))
      .filter((text) => text.includes('unsupported'));
    expect(unsupported).toEqual([]);
  });

  if (!isMethod) {
    test('names the signatures when called without arguments', () => {
      for (const [name, overloads] of operators) {
        const call = operatorFunction(name, overloads, false);
        let message = '';
        try {
          call();
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          message = (error as Error).message;
        }
        if (message === '') expect(withoutArguments).toContain(name);
        else expect(message).toMatch(new RegExp(`^${name}\\(\\).*(signature|expected one of):`, 's'));
      }
    });
  }
});

describe('docs/operators.md', () => {
  const page = fs.readFileSync(path.resolve(__dirname, '..', '..', 'docs', 'operators.md'), 'utf8');
  const section = (title: string): string => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
  const overloadsIn = (text: string): string[] => [...text.matchAll(/`([\w.]+)`(?=[,\n])/g)].map((match) => match[1]!);

  test('lists under `torch.ops.aten` what can be called there', () => {
    const overloads = overloadsIn(section('Through `torch.ops.aten` only'));
    expect(overloads.length).toBeGreaterThan(700);
    for (const overload of overloads) {
      expect(native.operatorSignatures(overload, overload, false)).not.toMatch(/unsupported/);
    }
  });

  test('calls unreachable only what takes an argument that JavaScript cannot give', () => {
    for (const overload of overloadsIn(section('Not reachable'))) {
      expect(native.operatorSignatures(overload, overload, false)).toMatch(/unsupported/);
    }
  });

  test('names hand-written functions and members that exist', () => {
    const named = [...section('Written by hand').matchAll(/\| `(Tensor|torch)\.(\w+)` +\|/g)];
    expect(named.length).toBeGreaterThan(20);
    const x: object = torch.ones(2, 2);
    const missing = named.filter(([, owner, name]) => !(name! in (owner === 'torch' ? torch : x))).map(([row]) => row);
    expect(missing).toEqual([]);
  });
});

describe('calls', () => {
  test('every function is exported by name', () => {
    const missing = Object.keys(table.torch).filter((name) => !(name in bindings && name in torch));
    expect(missing).toEqual([]);
  });

  test('every method is on the prototype', () => {
    const x = torch.ones(2);
    const missing = Object.keys(table.methods).filter((name) => typeof x[name as keyof Tensor] !== 'function');
    expect(missing).toEqual([]);
  });

  test('a method called without arguments gives a value or a readable error', () => {
    for (const name of Object.keys(table.methods)) {
      const x = torch.ones(2, 2);
      const method: unknown = x[name as keyof Tensor];
      if (!isGenerated(method, name)) continue;
      try {
        method.call(x);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect((error as Error).message.length).toBeGreaterThan(10);
      }
    }
  });

  test('`this` stands for `self`, wherever the schema has it', () => {
    const x = torch.tensor([1, 2]);
    const condition = torch.tensor([true, false]);
    expect(x.where(condition, torch.tensor([3, 4])).toArray()).toEqual([1, 4]);
    expect(x.where(condition, 7).toArray()).toEqual([1, 7]);
    expect(x.polygamma(0).toArray()).toEqual(torch.digamma(x).toArray());
  });

  test('an `out` that PyTorch has is there', () => {
    const out = torch.zeros(2);
    expect(torch.add(torch.ones(2), 1, { out })).toBe(out);
    expect(out.toArray()).toEqual([2, 2]);
    const pair = [torch.zeros(0), torch.zeros(0, { dtype: 'int64' })] as const;
    torch.max(torch.tensor([[1, 3]]), 1, { out: pair });
    expect(pair[0].toArray()).toEqual([3]);
    expect(pair[1].toArray()).toEqual([1]);
  });
});
