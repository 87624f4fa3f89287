// The entry of a worker process, which loads worker.ts with jiti. Arguments: the module of the suite, the folder of the
// corpus.

import { createJiti } from 'jiti';

const jiti = createJiti(import.meta.url);
/** @type {typeof import('./worker.js')} */
const { serve } = await jiti.import('./worker.ts');
/** @type {{ suite: import('./suite.js').Suite<any> }} */
const { suite } = await jiti.import(process.argv[2]);
serve(suite, process.argv[3]);
