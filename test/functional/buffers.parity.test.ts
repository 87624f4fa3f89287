/** `torch.frombuffer`, compared with Python's. */

import * as torch from '../../lib';
import { parity } from '../support/parity/cases';

const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => (37 * i) % 251);

parity('frombuffer', (cases) => {
  const add = (count: number, options: torch.FromBufferOptions): void => {
    const python = Object.entries(options).map(([name, value]) =>
      name === 'dtype' ? `dtype=torch.${value as string}` : `${name}=${value as number}`,
    );
    cases.add(`torch.frombuffer(bytearray((37 * i) % 251 for i in range(${count})), ${python.join(', ')})`, () =>
      torch.frombuffer(bytes(count), options),
    );
  };
  add(16, { dtype: 'int32' });
  add(16, { dtype: 'int64', offset: 8 });
  add(16, { dtype: 'uint8', count: 5, offset: 3 });
  add(16, { dtype: 'int16', count: 0 });
  add(0, { dtype: 'int16' });
  add(16, { dtype: 'int16', offset: 16 });
  add(16, { dtype: 'int16', offset: -2 });
  add(15, { dtype: 'int16' });
  add(15, { dtype: 'int16', count: 7 });
  add(15, { dtype: 'int16', count: 8 });
  add(16, { dtype: 'int64', count: 2, offset: 8 });
});
