// Measures one row on all peers. Only one peer computes at a time.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../statistics.mjs';
import { differenceOf } from './compare.mjs';
import { TooSlow } from './worker.mjs';

/**
 * @typedef {object} Figures
 * @property {number} first the first call, in seconds
 * @property {number} least of the rounds' means per call, in seconds
 * @property {number} median of the same
 * @property {number | null} peak in bytes
 * @property {number[]} rounds
 */
/** @typedef {{ kind: 'slow' | 'error' | 'wrong', reason: string }} Failure */
/** @typedef {{ row: string, title: string, figures: Record<string, Figures>, failures: Record<string, Failure> }} Measured */
/** @typedef {import('./worker.mjs').Worker} Worker */

/** Threads of a peer that wait for work in a loop do so for some milliseconds. */
const PAUSE = 50;

class WrongResult extends Error {}

/**
 * @param {import('./rows.mjs').Row} row
 * @param {string[]} peers those that have the row; the first is the reference for the results
 * @param {object} options
 * @param {(peer: string, seconds: number) => Promise<Pick<Worker, 'ask' | 'stop'>>} options.start
 * @param {number} options.rounds
 * @param {number} options.seconds of a round
 * @param {number} options.timeout the time limit of one row for one peer, in seconds
 * @param {string} options.folder for the results
 * @param {number} [options.pause] milliseconds before each round
 * @returns {Promise<Measured>}
 */
export async function measureRow({ name, title }, peers, { start, rounds, seconds, timeout, folder, pause = PAUSE }) {
  /** @type {Measured} */
  const measured = { row: name, title, figures: {}, failures: {} };
  /** @type {Map<string, Pick<Worker, 'ask' | 'stop'>>} */
  const workers = new Map();
  const left = new Map(peers.map((peer) => [peer, timeout]));

  /**
   * What a peer does counts against its time, and a failure ends its part.
   *
   * @param {string} peer
   * @param {(left: number) => Promise<void>} body
   */
  async function attempt(peer, body) {
    const from = performance.now();
    const time = left.get(peer) ?? 0;
    try {
      await body(time);
      left.set(peer, time - (performance.now() - from) / 1000);
    } catch (error) {
      const { message: reason } = /** @type {Error} */ (error);
      measured.failures[peer] =
        error instanceof TooSlow
          ? { kind: 'slow', reason: `over ${timeout} s` }
          : { kind: error instanceof WrongResult ? 'wrong' : 'error', reason };
      delete measured.figures[peer];
      workers.get(peer)?.stop();
      workers.delete(peer);
    }
  }

  const ask = (/** @type {string} */ peer, /** @type {object} */ request, /** @type {number} */ time) =>
    /** @type {Pick<Worker, 'ask'>} */ (workers.get(peer)).ask(request, time);

  try {
    for (const peer of peers) {
      await attempt(peer, async (time) => {
        workers.set(peer, await start(peer, time));
        const { first } = await ask(peer, { do: 'open', row: name }, time);
        await ask(peer, { do: 'run', seconds: seconds / 2 }, time);
        measured.figures[peer] = { first, least: NaN, median: NaN, peak: null, rounds: [] };
      });
    }
    for (let round = 0; round < rounds; round++) {
      // Another one begins each round, so that none always follows the same.
      const order = peers.map((_, i) => peers[(i + round) % peers.length]).filter((peer) => workers.has(peer));
      for (const peer of order) {
        await sleep(pause);
        await attempt(peer, async (time) => {
          const { calls, seconds: elapsed } = await ask(peer, { do: 'run', seconds }, time);
          measured.figures[peer].rounds.push(elapsed / calls);
        });
      }
    }
    /** @type {{ peer: string, leaves: import('./compare.mjs').Leaf[] } | undefined} */
    let reference;
    for (const peer of [...workers.keys()]) {
      await attempt(peer, async (time) => {
        const figures = measured.figures[peer];
        figures.least = Math.min(...figures.rounds);
        figures.median = median(figures.rounds);
        figures.peak = (await ask(peer, { do: 'peak' }, time)).peak;
        const own = path.join(folder, peer);
        fs.mkdirSync(own, { recursive: true });
        const { leaves } = await ask(peer, { do: 'save', folder: own }, time);
        reference ??= { peer, leaves };
        const difference = differenceOf(leaves, reference.leaves);
        if (difference !== null) throw new WrongResult(`not the result of ${reference.peer}: ${difference}`);
        if (reference.peer !== peer) fs.rmSync(own, { recursive: true });
      });
    }
  } finally {
    for (const worker of workers.values()) worker.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
  return measured;
}
