/** The training mode of a module. */

import { native } from '../native';

/** Gives a module its property `training`; compiled functions record their next calls again where it changes. */
export function defineTraining(module: object): void {
  let training = true;
  Object.defineProperty(module, 'training', {
    get: () => training,
    set: (mode: boolean) => {
      if (mode !== training) native.moduleChanged();
      training = mode;
    },
    enumerable: true,
    configurable: true,
  });
}
