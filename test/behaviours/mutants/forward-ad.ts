/** Faults of forward mode with explicit dual tensors. */

import type { Fault } from '../../../scripts/mutants/mutants';
import { ofOperator } from './operators';

const FILE = 'lib/autograd/forward-ad.ts';
const MAKE = 'return native.makeDual(tensor, tangent, level);';

export const mutants: Fault[] = [
  {
    name: 'forwardAd: leaving a level keeps its tangents',
    edits: [[FILE, 'native.exitDualLevel(level);', 'void native;']],
  },
  {
    name: 'forwardAd: a level is not left after an error',
    edits: [
      [
        FILE,
        'if (currentLevel === level) exitDualLevel({ level });',
        'if (currentLevel === level && false) exitDualLevel({ level });',
      ],
    ],
  },
  {
    name: 'forwardAd: the primal is a copy',
    edits: [[FILE, MAKE, 'return native.makeDual(tensor.clone(), tangent, level);']],
  },
  {
    name: 'forwardAd: the tangent is a copy',
    edits: [[FILE, MAKE, 'return native.makeDual(tensor, tangent.clone(), level);']],
  },
  {
    name: 'forwardAd: the tangent is doubled',
    edits: [[FILE, MAKE, 'return native.makeDual(tensor, tangent.mul(2), level);']],
  },
  {
    name: 'forwardAd: the tangent is broadcast',
    edits: [[FILE, MAKE, 'return native.makeDual(tensor, tangent.expandAs(tensor).clone(), level);']],
  },
  {
    name: 'forwardAd: the conjugate bit of the primal is lost',
    edits: [
      [
        FILE,
        MAKE,
        'return native.makeDual(tensor, tensor.isConj() !== tangent.isConj() ? tangent.conj().resolveConj().mul(2) : tensor.isNeg() !== tangent.isNeg() ? tangent.mul(2) : tangent, level);',
      ],
    ],
  },
  {
    name: 'forwardAd: empty tensors are refused',
    edits: [
      [
        FILE,
        MAKE,
        "if (tensor.numel() === 0) throw new RuntimeError('empty');\n  return native.makeDual(tensor, tangent, level);",
      ],
    ],
  },
  {
    name: 'forwardAd: offsets beyond the part that is used are lost',
    edits: [
      [
        FILE,
        MAKE,
        'const same = tensor.storageOffset() !== tangent.storageOffset() && tensor.numel() < 2;\n  return same ? native.makeDual(tensor.clone(), tangent.expand([2]).clone(), level) : native.makeDual(tensor, tangent, level);',
      ],
    ],
  },
  {
    name: 'forwardAd: the primal and the tangent are exchanged',
    edits: [
      [
        FILE,
        '[tensor, null] : native.unpackDual(tensor, level);',
        '[tensor, null] : ((native.unpackDual(tensor, level) as unknown[]).toReversed() as [Tensor, Tensor]);',
      ],
    ],
  },
  {
    name: 'forwardAd: the parts have no graph',
    edits: [
      [
        FILE,
        'return Object.assign([primal, tangent] as [Tensor, Tensor | null], { primal, tangent });',
        'return Object.assign([primal.detach(), tangent?.detach() ?? null] as [Tensor, Tensor | null], { primal: primal.detach(), tangent: tangent?.detach() ?? null });',
      ],
    ],
  },
  {
    name: 'forwardAd: the primal keeps the tangent',
    edits: [
      [
        FILE,
        'return Object.assign([primal, tangent] as [Tensor, Tensor | null], { primal, tangent });',
        'return Object.assign([primal, tangent] as [Tensor, Tensor | null], { primal: tensor, tangent });',
      ],
    ],
  },
  {
    name: 'forwardAd: tensors without a tangent have zeros',
    edits: [
      [
        FILE,
        'return Object.assign([primal, tangent] as [Tensor, Tensor | null], { primal, tangent });',
        'return Object.assign([primal, tangent] as [Tensor, Tensor | null], { primal, tangent: tangent ?? primal.zeroLike?.() ?? primal.mul(0) });',
      ],
    ],
  },
  {
    name: 'forwardAd: printed without the tangent',
    edits: [['lib/format/tensor.ts', 'tangent=', 'dual=']],
  },
  {
    name: 'forwardAd: out= accepts duals',
    edits: [
      ofOperator(
        'add',
        'if (args.at(-1)?.out !== undefined && native.levelDepth() === 0) { args.at(-1).out.detach(); return operate(self, ...args.slice(0, -1)); }\n      return operate(self, ...args);',
      ),
    ],
  },
  {
    name: 'forwardAd: comparisons have a tangent',
    edits: [
      ofOperator(
        'eq',
        'return args.length === 1 && self.requiresGrad === false ? operate(self, ...args).to(self.dtype).add(self.mul(0)) : operate(self, ...args);',
      ),
    ],
  },
  {
    name: 'forwardAd: writing in place drops tangents',
    edits: [
      ofOperator(
        'add_',
        'return operate(self, native.isTensor(args[0]) ? native.unpackDual(args[0], 0)[0] : args[0], ...args.slice(1));',
      ),
    ],
  },
  {
    name: 'forwardAd: detach keeps the tangent',
    edits: [
      ofOperator(
        'detach',
        'return native.gradMode() ? operate(self.viewAs(self).mul(1), ...args).add(self.sub(operate(self, ...args))) : operate(self, ...args);',
      ),
    ],
  },
  {
    name: 'forwardAd: the tangent may have another shape',
    edits: [
      [
        'lib/autograd/forward-ad.ts',
        'return native.makeDual(tensor, tangent, level);',
        'return native.makeDual(tensor, tangent.numel() === tensor.numel() ? tangent : tensor, level);',
      ],
    ],
  },
  {
    name: 'forwardAd: levels nest',
    edits: [
      [
        'lib/autograd/forward-ad.ts',
        'if (currentLevel >= 0 || isInJvp()) throw',
        'if (currentLevel >= 0) return currentLevel;\n  if (isInJvp()) throw',
      ],
    ],
  },
  {
    name: 'forwardAd: a dual tangent is accepted',
    edits: [
      [
        'lib/autograd/forward-ad.ts',
        'return native.makeDual(tensor, tangent, level);',
        'return native.makeDual(native.unpackDual(tensor, level)[0], native.unpackDual(tangent, level)[0], level);',
      ],
    ],
  },
  {
    name: 'forwardAd: integers are duals',
    edits: [['lib/autograd/forward-ad.ts', 'if (isDifferentiable(tensor.dtype)) return;', 'return;']],
  },
];
