/** Numbers as people read them: counts, durations, sizes. */

/** A whole number with its digits in groups of three: `1,000,000`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A duration in the largest units that suit it: `0.12 s`, `2 min 5 s`, `2 h 3 min 4 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const rest = `${Math.floor(whole / 60) % 60} min ${whole % 60} s`;
  return whole < 3600 ? rest : `${Math.floor(whole / 3600)} h ${rest}`;
}

/** A number of bytes in decimal units: `512 B`, `2.5 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
