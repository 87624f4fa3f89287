import { SetupFailure } from './failure.mjs';
export async function fetchLibtorch({ tried }) {
  throw new SetupFailure('no libtorch', { tried, advice: ['set LIBTORCH'] });
}
