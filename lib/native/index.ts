/** The loaded addon. */

import { loadAddon } from './load';

export type * from './compile-results';
export type * from './exports';
export type * from './operator-schema';
export type * from './script-results';
export type * from './test-results';

export const { native, file: addonFile } = loadAddon();
