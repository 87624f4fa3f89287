// `node --import report-peak.mjs PROGRAM`: writes the peak memory of the program to $PEAK_FILE at its end.

import fs from 'node:fs';
import { peakMemory } from './peak.mjs';

process.on('exit', () => fs.writeFileSync(process.env.PEAK_FILE, String(peakMemory())));
