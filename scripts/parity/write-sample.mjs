#!/usr/bin/env node
// Writes test/parity/opdb/: a few cases of the corpus of seed 0, for tests without Python.

import path from 'node:path';
import { createJiti } from 'jiti';
import { root } from '../setup/project.mjs';
import { prepareCorpus } from '../opdb/cache.mjs';

const jiti = createJiti(import.meta.url);
/** @type {typeof import('../opdb/corpus.js')} */
const { Corpus } = await jiti.import('../opdb/corpus.ts');
/** @type {typeof import('./sample.js')} */
const { writeSample } = await jiti.import('./sample.ts');
const corpus = new Corpus(await prepareCorpus(0));
const count = writeSample(corpus, path.join(root, 'test', 'parity', 'opdb'), 2);
process.stdout.write(`${count} cases\n`);
