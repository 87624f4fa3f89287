/**
 * Numbers as Python's `format` writes them. JavaScript's `toFixed` and `toExponential` are exact too,
 * but round a tie up where Python rounds to the even digit, and write exponents differently.
 */

/** Digits that tell a tie from its neighbours; no double comes closer to one. */
const ALL_DIGITS = 100;

function nonFinite(value: number): string {
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

/** Whether `long` shows exactly half of the last digit that `precision` keeps. */
function isTie(long: string, precision: number): boolean {
  const fraction = long.slice(long.indexOf('.') + 1).split('e')[0];
  return /^50*$/.test(fraction.slice(precision));
}

function withSign(value: number, text: string): string {
  return value < 0 || Object.is(value, -0) ? `-${text}` : text;
}

/** Cuts a decimal to `precision` digits after the point. */
function truncate(decimal: string, precision: number): string {
  const point = decimal.indexOf('.');
  return precision === 0 ? decimal.slice(0, point) : decimal.slice(0, point + 1 + precision);
}

function isEven(text: string): boolean {
  return Number(text.at(-1)) % 2 === 0;
}

/** Python's `f'{value:.{precision}f}'`. */
export function formatFixed(value: number, precision: number): string {
  if (!Number.isFinite(value)) return nonFinite(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 1e21) {
    // Where toFixed gives up; such a double is an integer.
    return withSign(value, BigInt(magnitude).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : ''));
  }
  // With so few binary digits after the point that it can lie halfway.
  if (precision < ALL_DIGITS && Number.isInteger(magnitude * 2 ** (precision + 1))) {
    const long = magnitude.toFixed(ALL_DIGITS);
    const cut = truncate(long, precision);
    if (isTie(long, precision) && isEven(cut)) return withSign(value, cut);
  }
  return withSign(value, magnitude.toFixed(precision));
}

/** Python's `f'{value:.{precision}e}'`. */
export function formatExponential(value: number, precision: number): string {
  if (!Number.isFinite(value)) return nonFinite(value);
  const magnitude = Math.abs(value);
  let text = magnitude.toExponential(precision);
  if (precision < ALL_DIGITS && magnitude.toExponential(precision + 1).includes('5e')) {
    const long = magnitude.toExponential(ALL_DIGITS);
    const [mantissa, exponent] = long.split('e');
    const cut = truncate(mantissa, precision);
    if (isTie(mantissa, precision) && isEven(cut)) text = `${cut}e${exponent}`;
  }
  // Python's exponent has two digits at least.
  return withSign(value, text.replace(/e([+-])(\d)$/, 'e$10$2'));
}
