/** Every ordered pair of transforms, over functions of every kind, against PyTorch. */

import { parity } from './support/cases';
import { functions } from './support/functions';
import { javascriptOf, pythonOf, transforms } from './support/nesting';

parity('nested transforms', (cases) => {
  for (const { name, python, javascript, x } of functions) {
    cases.group(name, () => {
      const add = (chain: typeof transforms): void => {
        cases.add(pythonOf(chain, python), (inputs) => javascriptOf(chain, javascript)(inputs.x), {
          name: chain.map((transform) => transform.name).join(' of ') || 'itself',
          inputs: { x },
        });
      };
      add([]);
      for (const outer of transforms) {
        add([outer]);
        for (const inner of transforms) add([outer, inner]);
      }
    });
  }
});
