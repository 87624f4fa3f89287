// The process around worker.ts: node runs no TypeScript by itself.

import { createJiti } from 'jiti';

const { serve } = await createJiti(import.meta.url).import('./worker.ts');
serve(process.argv[2]);
