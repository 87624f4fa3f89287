// The entry of a thread, which loads thread.ts with jiti.

import { createJiti } from 'jiti';

/** @type {typeof import('./thread.js')} */
const { serve } = await createJiti(import.meta.url).import('./thread.ts');
await serve();
