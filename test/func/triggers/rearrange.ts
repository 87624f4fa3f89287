/** The triggers of messages.json for rearrange: the pattern and the lengths are the trigger's own name. */

import * as torch from '../../../lib';
import rows from '../messages.json';

const x = torch.ones(2, 3);

export const rearrangeTriggers: Record<string, () => unknown> = Object.fromEntries(
  rows
    .filter(({ trigger }) => trigger.startsWith('rearrange '))
    .map(({ trigger, message }) => {
      const [, pattern, lengths] = /^rearrange '(.*)' (\{.*\})$/.exec(trigger)!;
      return [
        trigger,
        () => {
          const result = torch.func.rearrange(
            x,
            pattern,
            JSON.parse(lengths.replaceAll("'", '"')) as Record<string, number>,
          );
          expect(`torch.Size([${result.shape.join(', ')}])`).toBe(message);
        },
      ];
    }),
);
