/** The loaded addon. */

import { loadAddon } from './load';

export type * from './exports';

export const { native, file: addonFile } = loadAddon();
