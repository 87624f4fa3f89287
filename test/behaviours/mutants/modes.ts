/** Faults of grad modes, inference mode and their guards. */

import type { Fault } from '../../../scripts/mutants/mutants';
import { ofOperator } from './operators';

const MODES = 'lib/autograd/modes.ts';
const GUARD = 'lib/autograd/guard.ts';

export const mutants: Fault[] = [
  {
    name: 'noGrad: does nothing',
    edits: [[MODES, 'const enter = gradMode(false);', 'const enter = gradMode(native.gradMode());']],
  },
  {
    name: 'enableGrad: does nothing',
    edits: [[MODES, 'const enter = gradMode(true);', 'const enter = gradMode(native.gradMode());']],
  },
  {
    name: 'setGradEnabled: does nothing',
    edits: [[MODES, 'const enter = gradMode(mode);', 'const enter = gradMode(native.gradMode());']],
  },
  {
    name: 'setGradEnabled: ends at an await',
    edits: [
      [
        MODES,
        "return enterMode('setGradEnabled', enter, /* persistent */ true);",
        "return enterMode('setGradEnabled', enter);",
      ],
    ],
  },
  {
    name: 'inferenceMode: only noGrad',
    edits: [
      [
        MODES,
        '    const number = native.enterInferenceMode(mode);\n    return () => {\n      native.exitInferenceMode(number);\n    };',
        '    const previous = native.gradMode();\n    native.setGradMode(!mode);\n    return () => {\n      native.setGradMode(previous);\n    };',
      ],
    ],
  },
  {
    name: 'inferenceMode: the mode is ignored',
    edits: [[MODES, 'native.enterInferenceMode(mode)', 'native.enterInferenceMode(true)']],
  },
  {
    name: 'inferenceMode: other values than booleans are accepted',
    edits: [[MODES, "checkMode('inferenceMode', mode);", '']],
  },
  {
    name: 'modes: not left after an error',
    edits: [
      [
        GUARD,
        "  } finally {\n    unwind(entry, 'outer');\n  }",
        "    unwind(entry, 'outer');\n    return result;\n  } finally {\n    void 0;\n  }",
      ],
    ],
  },
  {
    name: 'modes: a block with using is never left',
    edits: [[GUARD, "      unwind(entry, 'outer');\n      if (later.length > 0) {", '      if (later.length > 0) {']],
  },
  {
    name: 'modes: an outer mode leaves inner ones on',
    edits: [
      [
        GUARD,
        'while (entry.ended === null) {',
        'entry.ended = reason;\n  stack.splice(stack.indexOf(entry), 1);\n  entry.leave();\n  while (entry.ended === null) {',
      ],
    ],
  },
  {
    name: 'inference mode: mutable results are normal tensors',
    edits: [
      ofOperator(
        'ones',
        'const inference = native.swapInferenceMode(false);\n      try { return operate(self, ...args); } finally { native.swapInferenceMode(inference); }',
      ),
    ],
  },
  {
    name: 'inference mode: results of operators are normal tensors',
    edits: [
      ofOperator(
        'add',
        'if (!native.isInferenceMode()) return operate(self, ...args);\n      const result = operate(self, ...args);\n      const mode = native.swapInferenceMode(false);\n      try { return result.clone(); } finally { native.swapInferenceMode(mode); }',
      ),
    ],
  },
  {
    name: 'inference mode: writes to inference tensors are accepted outside',
    edits: [
      ofOperator(
        'mul_',
        'if (native.isInferenceMode() || !self.isInference()) return operate(self, ...args);\n      const mode = native.swapInferenceMode(true);\n      try { return operate(self, ...args); } finally { native.swapInferenceMode(mode); }',
      ),
    ],
  },
  {
    name: 'inference mode: writes make inference tensors normal',
    edits: [
      ofOperator(
        'add_',
        'return native.isInferenceMode() && self.isInference() ? operate(self, ...args).mul(1).detach().requiresGrad_(false) && self.requiresGrad_(false) : operate(self, ...args);',
      ),
    ],
  },
  {
    name: 'inference mode: resizeAs_ makes tensors normal',
    edits: [
      ofOperator('resizeAs_', 'const result = operate(self, ...args); self.requiresGrad = false; return result;'),
    ],
  },
  {
    name: 'inference mode: views of inference tensors are copies',
    edits: [
      ofOperator(
        'view',
        'return self.isInference() && !native.isInferenceMode() ? self.clone() : operate(self, ...args);',
      ),
    ],
  },
  {
    name: 'inference mode: views of normal tensors are inference tensors',
    edits: [
      ofOperator(
        'view',
        'return native.isInferenceMode() && !self.isInference() ? self.clone() : operate(self, ...args);',
      ),
    ],
  },
  {
    name: 'inference mode: views made in it are made in normal mode',
    edits: [
      ofOperator(
        'viewAs',
        'const mode = native.isInferenceMode() && native.swapInferenceMode(false);\n      try { return operate(self, ...args); } finally { if (mode) native.swapInferenceMode(true); }',
      ),
    ],
  },
  {
    name: 'inference mode: views of views made in it are copies',
    edits: [
      ofOperator(
        'view',
        'return native.isInferenceMode() && !self.isInference() && self.isView ? self.clone() : operate(self, ...args);',
      ),
    ],
  },
  {
    name: 'inference mode: a view made in it keeps its graph when the base is written',
    edits: [
      ofOperator(
        'view',
        'if (!native.isInferenceMode() || self.isInference()) return operate(self, ...args);\n      native.swapInferenceMode(false);\n      try { return operate(self, ...args); } finally { native.swapInferenceMode(true); }',
      ),
    ],
  },
  {
    name: 'inference mode: transpose_ is refused',
    edits: [
      ofOperator(
        'transpose_',
        "if (native.isInferenceMode() && !self.isInference()) throw new Error('inference mode');\n      return operate(self, ...args);",
      ),
    ],
  },
  {
    name: 'inference mode: add_ on normal tensors writes into a copy',
    edits: [
      ofOperator(
        'add_',
        'return native.isInferenceMode() && !self.isInference() ? operate(self.clone(), ...args) : operate(self, ...args);',
      ),
    ],
  },
  {
    name: 'inference mode: add of inference tensors has no graph outside',
    edits: [
      ofOperator(
        'add',
        'return !native.isInferenceMode() && self?.isInference?.() ? operate(self, ...args).detach() : operate(self, ...args);',
      ),
    ],
  },
  {
    name: 'inference mode: products of inference tensors are recorded',
    edits: [
      ofOperator(
        'mul',
        'return !native.isInferenceMode() && self?.isInference?.() ? operate(self.clone(), ...args) : operate(self, ...args);',
      ),
    ],
  },
  {
    name: 'inference mode: a normal tensor cannot take an inference one',
    edits: [
      ofOperator(
        'add_',
        "if (args[0]?.isInference?.() && !native.isInferenceMode()) throw new Error('inference');\n      return operate(self, ...args);",
      ),
    ],
  },
  {
    name: 'modes: nested calls leave the outer mode',
    edits: [
      [
        'lib/autograd/guard.ts',
        'const entry: Entry = { name, leave: enter(), persistent, ended: null };',
        'const before = native.gradMode();\n  const leave = enter();\n  const depth = stack.length;\n  const entry: Entry = { name, leave: depth > 0 ? () => native.setGradMode(!before) : leave, persistent, ended: null };',
      ],
      [
        'lib/autograd/guard.ts',
        "import { refusePromise } from '../synchronous';",
        "import { refusePromise } from '../synchronous';\nimport { native } from '../native';",
      ],
    ],
  },
];
