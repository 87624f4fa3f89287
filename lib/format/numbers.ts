/**
 * Numbers as Python's `format` writes them. JavaScript's `toFixed` and `toExponential` are also exact, but
 * they round ties up, while Python rounds ties to even, and they write exponents differently.
 */

/** Enough digits to distinguish a tie from every other double. */
const ALL_DIGITS = 100;

function nonFinite(value: number): string {
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

/** Whether `long` is exactly halfway between two decimals of `precision` digits. */
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
    // toFixed does not support such numbers, but a double of this size is an integer.
    return withSign(value, BigInt(magnitude).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : ''));
  }
  // Only a number with so few binary digits after the point can be a tie.
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
  // Python's exponents have at least two digits.
  return withSign(value, text.replace(/e([+-])(\d)$/, 'e$10$2'));
}
