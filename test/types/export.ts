// The types of programs, checked by `npm run typecheck` alone.

import type { Tensor } from 'torch-func';
import * as torch from 'torch-func';

import { is } from './equal';

declare const x: Tensor;

export function programs(): void {
  const model = torch.export.load('model.pt2').module();
  is<Tensor>()(model(x));
  is<Tensor>()(torch.func.functionalCall(model, {}, [x]));
  is<Tensor>()(torch.vmap(model)(x));
  // @ts-expect-error the arguments are tensors, if nothing else is said
  model(2);

  const program = torch.export.load<[x: Tensor, named: { mask: Tensor }], { y: Tensor }>('model.pt2');
  is<{ y: Tensor }>()(program.module()(x, { mask: x }));
  // @ts-expect-error the named arguments are missing
  program.module()(x);
  is<Record<string, Tensor>>()(program.stateDict);
}

export async function later(): Promise<void> {
  const program = await torch.export.load.async<[Tensor], [Tensor, number]>('model.pt2');
  is<[Tensor, number]>()(program.module()(x));
}
