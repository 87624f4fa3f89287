/** Operators whose derivatives are checked against finite differences. */

import type { Tensor } from '../../../lib';
import { layers } from './layers';
import { pointwise } from './pointwise';
import { reductions } from './reductions';
import { shapes } from './shapes';

export interface Operator {
  name: string;
  f: (...inputs: Tensor[]) => Tensor | Tensor[];
  inputs: () => Tensor[];
  /** Where PyTorch has less: no tangents, no second derivatives, none for gradients that are undefined. */
  lacks?: 'forward and second' | 'undefined tangents of gradients';
}

export type Add = (name: string, inputs: () => Tensor[], f: Operator['f'], lacks?: Operator['lacks']) => void;

const list: Operator[] = [];
for (const define of [pointwise, reductions, shapes, layers]) {
  define((name, inputs, f, lacks) => list.push({ name, f, inputs, lacks }));
}

export const operators: readonly Operator[] = list;
