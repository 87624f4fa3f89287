/** Functions of every kind, for the tests of nested transforms. */

import { elementwise } from './elementwise';
import { matrices } from './matrices';
import { networks } from './networks';
import { reductions } from './reductions';
import { shapes } from './shapes';
import { surroundings } from './surroundings';

export const functions = [...elementwise, ...shapes, ...reductions, ...matrices, ...networks, ...surroundings];
