/** docs/parity.md: what a full run found. */

import { explain, type Cause, type Failure } from '../opdb/causes';
import { titleOf, type Corpus } from '../opdb/corpus';
import { cell, firstLine, grouped, rounded, row } from '../opdb/markdown';
import type { Outcome } from '../opdb/suite';
import { MODE_NAMES } from './modes';
import type { Results } from './results';

function totals(outcomes: readonly Outcome[]): string[] {
  const lines = [row(['mode', 'cases', 'equal', 'differ']), row(['---', '---:', '---:', '---:'])];
  const modes = grouped(outcomes, ({ mode }) => mode);
  for (const mode of MODE_NAMES) {
    const found = modes.get(mode) ?? [];
    const failed = found.filter(({ why }) => why !== null).length;
    lines.push(row([`\`${mode}\``, found.length, found.length - failed, failed]));
  }
  return lines;
}

// A number of cases, or how many of them are equal if not all; empty where the mode does not apply.
function table(corpus: Corpus, outcomes: readonly Outcome[]): string[] {
  const lines = [row(['operator', ...MODE_NAMES]), row(['---', ...MODE_NAMES.map(() => '---:')])];
  const byEntry = grouped(outcomes, ({ position }) => String(position));
  corpus.manifest.entries.forEach((entry, position) => {
    const modes = grouped(byEntry.get(String(position)) ?? [], ({ mode }) => mode);
    const cells = MODE_NAMES.map((mode) => {
      const found = modes.get(mode);
      if (found === undefined) return '';
      const equal = found.filter(({ why }) => why === null).length;
      return equal === found.length ? String(equal) : `**${equal}/${found.length}**`;
    });
    lines.push(row([`\`${titleOf(entry)}\``, ...cells]));
  });
  return lines;
}

function differences(failed: readonly Failure[], causes: readonly Cause[]): string[] {
  if (failed.length === 0) return ['None.'];
  const groups = grouped(failed, (failure) => explain(causes, failure) ?? 'Not explained yet.');
  const lines: string[] = [];
  for (const [cause, found] of [...groups].sort((a, b) => b[1].length - a[1].length)) {
    lines.push(`### ${found.length} ${found.length === 1 ? 'case' : 'cases'}`, '', cause, '');
    lines.push(row(['operator', 'mode', 'sample', 'difference']), row(['---', '---', '---', '---']));
    for (const failure of found) {
      lines.push(
        row([`\`${titleOf(failure)}\``, `\`${failure.mode}\``, failure.sample, cell(rounded(firstLine(failure.why)))]),
      );
    }
    lines.push('');
  }
  return lines;
}

function skips(skipped: Results['skipped']): string[] {
  const groups = grouped(skipped, ({ why }) => why);
  const lines = [row(['reason', 'operators (modes)']), row(['---', '---'])];
  for (const [why, found] of groups) {
    const names = [...grouped(found, titleOf)].map(([title, all]) => {
      const modes = [...new Set(all.map(({ mode }) => mode))].filter((mode) => mode !== 'all');
      return `\`${title}\`${modes.length > 0 ? ` (${modes.join(', ')})` : ''}`;
    });
    lines.push(row([cell(why), names.join(', ')]));
  }
  return lines;
}

/** The whole document. */
export function report(
  corpus: Corpus,
  outcomes: readonly Outcome[],
  results: Results,
  causes: readonly Cause[],
): string {
  const { total, passed, failed, skipped, torch, seed } = results;
  return `${[
    '# Parity with PyTorch',
    '',
    'Written by `npm run parity -- --report`; do not edit.',
    '',
    `Every operator of the operator database that PyTorch ${torch.split('+')[0]} tests itself with, on samples from that database ` +
      `(seed ${seed}), in every mode: ${total} cases of ${corpus.manifest.entries.length} entries. What came out is compared with Python's ` +
      'PyTorch: dtypes and shapes exactly, float64 within 1e-9, other values within what PyTorch allows two results of a dtype, or the database an operator if that is less, ' +
      'failures by class and message, and that no operator runs example by example under `vmap` where PyTorch batches it.',
    '',
    `**${passed} of ${total} cases are equal (${((100 * passed) / total).toFixed(2)} %); ${failed.length} ${failed.length === 1 ? 'differs' : 'differ'}, each listed below with its cause.**`,
    '',
    ...totals(outcomes),
    '',
    '## The modes',
    '',
    ...MODES_TEXT,
    '',
    '## What differs',
    '',
    ...differences(failed, causes),
    '',
    '## What is left out',
    '',
    ...skips(skipped),
    '',
    '## Operator by operator',
    '',
    'A number is how many cases there are, all of them equal; `1/2` says that one of two is. Empty: the mode does not apply, or its ' +
      'result is too large for the corpus (Jacobians beyond 16,384 elements, Hessians beyond 10,000, batches of them beyond 2,500).',
    '',
    ...table(corpus, outcomes),
  ].join('\n')}\n`;
}

const MODES_TEXT = [
  '- `eager`: the function; `method`: the method of `Tensor`; `inplace`: the in-place method, with what it writes; `out`: results written into given tensors; `error`: calls that must fail.',
  '- `vmap`: all tensors batched; `vmap_mixed`: some are, in any dimension.',
  '- `grad`: of the sum of the squares of the outputs; `autograd`: `autograd.grad`, with the gradients that are absent.',
  '- `vjp`, `jvp`, `jacrev`, `jacfwd`, `hessian`: as in `torch.func`, with respect to all differentiable inputs.',
  '- `vmap_vjp`, `vmap_jvp`, `vmap_hessian`, `vjp_vjp`, `jvp_vjp`: the second inside of the first.',
];
