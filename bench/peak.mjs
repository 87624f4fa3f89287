// What the command reports as its peak memory, for the measurements too.

import peak from '../dist/cli/jacobian/peak-memory.js';

export const { peakMemory } = peak;
