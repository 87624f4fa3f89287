/** Writes docs/truth.md, the report of a full run. */

import { titleOf, type Corpus } from '../opdb/corpus';
import { cell, grouped, row } from '../opdb/markdown';
import { totalsOf, type TruthCase } from './results';
import { MODE_NAMES } from './suite';

/** A fault of PyTorch, reported if the results of this package are right. */
export interface PyTorchFault {
  op: string;
  mode: string;
  /** The number of the issue in pytorch/pytorch, or null if no issue is known. */
  issue: number | null;
  fault: string;
}

const whole = (pattern: string, text: string) => new RegExp(`^(?:${pattern})$`).test(text);

const code = (names: Iterable<string>) => [...new Set(names)].map((name) => `\`${name}\``).join(', ');

function table(header: string[], rows: (string | number)[][], numbers = 0): string[] {
  const rule = header.map((_, i) => (i >= header.length - numbers ? '---:' : '---'));
  return [row(header), row(rule), ...rows.map(row)];
}

function totals(cases: readonly TruthCase[]): string[] {
  const modes = grouped(cases, ({ mode }) => mode);
  const rows = MODE_NAMES.map((mode) => {
    const found = modes.get(mode) ?? [];
    const { right, refused, excused, wrong } = totalsOf(found);
    return [`\`${mode}\``, found.length, right, refused, excused, wrong];
  });
  return table(['check', 'cases', 'right', 'refused', 'not comparable', 'wrong'], rows, 5);
}

function wrong(cases: readonly TruthCase[]): string[] {
  const found = cases.flatMap((each) => each.wrong);
  if (found.length === 0) return ['None.'];
  return table(
    ['operator', 'check', 'sample', 'difference'],
    found.map((failure) => [`\`${titleOf(failure)}\``, `\`${failure.mode}\``, failure.sample, cell(failure.why)]),
  );
}

/** The cases that a fault of PyTorch concerns. */
export function casesOf({ op, mode }: PyTorchFault, cases: readonly TruthCase[]): TruthCase[] {
  return cases.filter((each) => whole(op, each.title) && whole(mode, each.mode));
}

function pytorch(cases: readonly TruthCase[], faults: readonly PyTorchFault[]): string[] {
  const rows = faults.flatMap((fault) => {
    const found = casesOf(fault, cases);
    const { right, wrong } = totalsOf(found);
    if (wrong > 0 || right === 0) return [];
    const issue =
      fault.issue === null ? '' : `[#${fault.issue}](https://github.com/pytorch/pytorch/issues/${fault.issue})`;
    return [
      [code(found.map(({ title }) => title)), code(found.map(({ mode }) => mode)), cell(fault.fault), issue, right],
    ];
  });
  return table(['operator', 'check', 'in PyTorch 2.13', 'issue', 'right here'], rows, 1);
}

function causes(cases: readonly TruthCase[]): string[] {
  const found = cases.flatMap((each) => each.excused.map((cause) => ({ ...each, cause })));
  const rows = [...grouped(found, ({ cause }) => cause)].map(([cause, each]) => [
    cell(cause),
    code(each.map(({ title }) => title)),
    code(each.map(({ mode }) => mode)),
  ]);
  return table(['reason', 'operators', 'checks'], rows);
}

function refusals(cases: readonly TruthCase[]): string[] {
  const found = cases.flatMap((each) => each.refused.map(({ message }) => ({ ...each, message })));
  const rows = [...grouped(found, ({ message }) => message)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([message, each]) => [
      cell(message),
      code(each.map(({ title }) => title)),
      code(each.map(({ mode }) => mode)),
      each.length,
    ]);
  return table(['message', 'operators', 'checks', 'comparisons'], rows, 1);
}

function operators(corpus: Corpus, cases: readonly TruthCase[]): string[] {
  const byEntry = grouped(cases, ({ position }) => String(position));
  const rows = corpus.manifest.entries.map((entry, position) => {
    const modes = grouped(byEntry.get(String(position)) ?? [], ({ mode }) => mode);
    const cells = MODE_NAMES.map((mode) => {
      const { right, refused, excused, wrong } = totalsOf(modes.get(mode) ?? []);
      const parts = [
        right > 0 ? String(right) : '',
        refused > 0 ? `${refused} r` : '',
        excused > 0 ? `${excused} n` : '',
        wrong > 0 ? `**${wrong} wrong**` : '',
      ];
      return parts.filter((part) => part !== '').join(', ');
    });
    return [`\`${titleOf(entry)}\``, ...cells];
  });
  return table(['operator', ...MODE_NAMES], rows, MODE_NAMES.length);
}

/** The whole document. */
export function report(corpus: Corpus, cases: readonly TruthCase[], faults: readonly PyTorchFault[]): string {
  const { torch, seed, entries } = corpus.manifest;
  const all = totalsOf(cases);
  const sum = all.right + all.refused + all.excused + all.wrong;
  return `${[
    '# Truth',
    '',
    'Written by `npm run truth -- --report`; do not edit.',
    '',
    `Every operator of PyTorch ${torch.split('+')[0]}'s operator database, on inputs from that database (seed ${seed}): ` +
      `${sum} comparisons on ${entries.length} entries. PyTorch supplies the inputs and no result. A derivative is computed ` +
      'by every mode and by finite differences of the values; `vmap` is compared with a loop over the samples; a result is ' +
      'compared with the result of equal inputs in another memory layout.',
    '',
    `**${all.right} comparisons are right, ${all.refused} are refused with an error, ${all.excused} are not comparable, ` +
      `${all.wrong} are silently wrong.**`,
    '',
    ...totals(cases),
    '',
    '## Checks',
    '',
    ...CHECKS_TEXT,
    '',
    '## Silently wrong',
    '',
    ...wrong(cases),
    '',
    '## Right here, wrong in PyTorch 2.13',
    '',
    ...pytorch(cases, faults),
    '',
    '## Not comparable',
    '',
    ...causes(cases),
    '',
    '## Refused',
    '',
    'The error message of each refusal, without the numbers of a sample.',
    '',
    ...refusals(cases),
    '',
    '## Operator by operator',
    '',
    'The number of right comparisons; `r` counts refusals, `n` comparisons that are not possible. An empty cell means that ' +
      'the check does not apply, or that the Jacobian or Hessian is too large.',
    '',
    ...operators(corpus, cases),
  ].join('\n')}\n`;
}

const CHECKS_TEXT = [
  '- `strides`, `strides_derivatives`: the operator, its `jvp` and its `vjp` on transposed, column-major, strided, narrowed, ' +
    'conjugated, negated, expanded and unsqueezed views, against contiguous inputs of equal values.',
  '- `first`: the product of a cotangent, the Jacobian and a tangent, by `jvp`, `vjp`, `jacfwd`, `jacrev`, `linearize`, ' +
    '`functionalize` and `autograd.functional`, and by derivatives of `jvp` in the tangent and of `vjp` in the cotangent, ' +
    'against finite differences with Richardson extrapolation.',
  '- `second`: the second derivative in two directions by the four nestings of `jvp` and `vjp`, by `jacfwd` and `jacrev` of each ' +
    'other, and by `autograd.functional`, against finite differences.',
  '- `third`: the third derivative in three directions by the eight nestings, for what the database marks as twice ' +
    'differentiable.',
  '- `at_zeros`, `at_identity`, `at_singular`, `at_far`, `at_origin`, `at_ends`, `at_near_ends`: `first` and `second` at points ' +
    'that the database avoids: every third element 0, identity matrices, matrices with two equal rows, elements of very ' +
    'different size, all elements 0, probabilities of 0 and 1, and probabilities near 0 and 1.',
  '- `vmap` and `vmap_*`: `vmap` of the operator and of its derivatives against a loop. Arguments are mapped in every ' +
    'combination, in several dimensions, as contiguous, transposed, strided, narrowed and expanded batches.',
  '- `vmap_twice`: `vmap` of `vmap` of the operator. `of_vmap`: forward and reverse mode of `vmap` of the operator and of its ' +
    'derivatives.',
];
