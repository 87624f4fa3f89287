// `node --import report-peak.mjs PROGRAM`: writes the peak memory of the program to $PEAK_FILE when it exits.

import fs from 'node:fs';
import { peakMemory } from './peak.mjs';

const file = process.env.PEAK_FILE;
if (file === undefined) throw new Error('PEAK_FILE is not set');
process.on('exit', () => fs.writeFileSync(file, String(peakMemory())));
