// The peak memory of this process, measured as the command does.

import peak from '../dist/jobs/peak-memory.js';

export const { peakMemory } = peak;
