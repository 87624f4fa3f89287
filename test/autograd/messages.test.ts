/**
 * The errors that PyTorch raises, and the calls that it accepts: messages.json holds what 155 triggers
 * gave on PyTorch 2.13, the tables beside this file the same triggers here.
 */

import * as torch from '../../lib';
import { state } from '../func/errors';
import { functionalTriggers } from './triggers/functional';
import { gradTriggers } from './triggers/grad';
import { impossible } from './triggers/impossible';
import rows from './messages.json';

interface Row {
  trigger: string;
  exception: string;
  message: string;
}

// Names of options, values and types as they are written here; libtorch's own messages stay as they are.
const TRANSLATIONS: [RegExp | string, string][] = [
  [/\bcreate_graph\b/g, 'createGraph'],
  [/\ballow_unused\b/g, 'allowUnused'],
  [/\bmaterialize_grads\b/g, 'materializeGrads'],
  [/\bis_grads_batched\b/g, 'isGradsBatched'],
  [/\bin_dim(s?)\b/g, 'inDim$1'],
  [/\bvectorized=/g, 'vectorize='],
  [/\b(createGraph|strict|vectorize|allowUnused|materializeGrads|isGradsBatched)=True/g, '$1=true'],
  [/\b(createGraph|strict|vectorize|allowUnused|materializeGrads|isGradsBatched)=False/g, '$1=false'],
  ['to be True', 'to be true'],
  ['enter_dual_level()', 'enterDualLevel()'],
  ['only be None', 'only be null'],
  ['or None', 'or null'],
  ["<class 'float'>", 'number'],
  ['but got float', 'but got number'],
  ['Tensors or GradientEdges', 'Tensors'],
  ['mappingproxy', 'Map'],
];

// Where PyTorch's message is wrong or knows more than libtorch.
const CORRECTED: Record<string, string> = {
  // PyTorch removes the batch dimension twice.
  'ag.grad batched shape mismatch': 'grad_output[0] has a shape of torch.Size([4])',
  // The Python type of a tensor is not known to libtorch.
  'ag.grad saved modified':
    'one of the variables needed for gradient computation has been modified by an inplace operation: [CPUFloatType [3]], which is output 0 of Add, is at version 1; expected version 0 instead.',
};

function translated(message: string): string {
  return TRANSLATIONS.reduce((text, [from, to]) => text.replaceAll(from, to), message);
}

const triggers: Record<string, () => unknown> = { ...gradTriggers, ...functionalTriggers };

test('every row is tried, or cannot be', () => {
  const known = [...Object.keys(triggers), ...Object.keys(impossible)];
  expect(rows.map(({ trigger }) => trigger).filter((name) => !known.includes(name))).toEqual([]);
  expect(known.filter((name) => !rows.some(({ trigger }) => trigger === name))).toEqual([]);
});

test.each((rows as Row[]).filter(({ trigger }) => trigger in triggers))(
  '$trigger: $exception',
  ({ trigger, exception, message }) => {
    const before = state();
    let error: Error | null = null;
    try {
      triggers[trigger]();
    } catch (thrown) {
      error = thrown as Error;
    }
    expect(state()).toEqual(before);
    if (exception === 'NO ERROR') {
      expect(error).toBeNull();
      return;
    }
    expect(error?.name).toBe(exception);
    expect(error).toBeInstanceOf((torch as never)[exception] ?? TypeError);
    if (trigger in CORRECTED) expect(error?.message).toContain(CORRECTED[trigger]);
    else expect(error?.message).toBe(translated(message));
  },
);
