/** Python's names in state dicts: `weightDecay` is `weight_decay` there. */

import { camelCase, snakeCase } from '../nn/python-names';

/** The names in which Python mixes capitals and underscores. */
const MIXED: Readonly<Record<string, string>> = {
  HDiag: 'H_diag',
  T0: 'T_0',
  TCur: 'T_cur',
  TI: 'T_i',
  TMax: 'T_max',
  TMult: 'T_mult',
};

export function toPython(name: string): string {
  return MIXED[name] ?? snakeCase(name);
}

export { camelCase as fromPython };

/** The same entries under Python's names. */
export function withPythonNames(values: object, except: readonly string[] = []): Record<string, unknown> {
  const entries = Object.entries(values).filter(([name]) => !except.includes(name));
  return Object.fromEntries(entries.map(([name, value]) => [toPython(name), value]));
}

/** The same entries under the names that they have here. */
export function withOwnNames(values: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [camelCase(name), value]));
}
