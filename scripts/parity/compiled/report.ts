/** docs/compile-coverage.md: what a full run found. */

import { explain, type Cause, type Failure } from '../../opdb/causes';
import { titleOf, type Corpus } from '../../opdb/corpus';
import { cell, firstLine, grouped, withoutValues, row } from '../../opdb/markdown';
import { MODE_NAMES } from '../modes';
import { CLASSES, classOf, type CompiledOutcome, type CompiledResults } from './results';

const counts = (outcomes: readonly CompiledOutcome[]): (number | string)[] => {
  const groups = grouped(outcomes, classOf);
  return CLASSES.map((name) => groups.get(name)?.length ?? '');
};

function header(first: string): string[] {
  return [row([first, ...CLASSES]), row(['---', ...CLASSES.map(() => '---:')])];
}

function byMode(outcomes: readonly CompiledOutcome[]): string[] {
  const modes = grouped(outcomes, ({ mode }) => mode);
  return [...header('mode'), ...MODE_NAMES.map((mode) => row([`\`${mode}\``, ...counts(modes.get(mode) ?? [])]))];
}

function byEntry(corpus: Corpus, outcomes: readonly CompiledOutcome[]): string[] {
  const entries = grouped(outcomes, ({ position }) => String(position));
  const lines = corpus.manifest.entries.map((entry, position) =>
    row([`\`${titleOf(entry)}\``, ...counts(entries.get(String(position)) ?? [])]),
  );
  return [...header('entry'), ...lines];
}

/** The operators of libtorch: in how many cases each was recorded, and in how many the library runs it. */
function byOperator(outcomes: readonly CompiledOutcome[]): string[] {
  const operators = new Map<string, { recorded: number; library: number; replay: number; reasons: Set<string> }>();
  const entryOf = (name: string) => {
    let entry = operators.get(name);
    if (entry === undefined) operators.set(name, (entry = { recorded: 0, library: 0, replay: 0, reasons: new Set() }));
    return entry;
  };
  for (const { execution } of outcomes) {
    if (execution === null || execution.refusal !== null) continue;
    const isReplay = execution.parts.includes('replay');
    for (const name of execution.operators) {
      const entry = entryOf(name);
      entry.recorded++;
      if (isReplay) entry.replay++;
    }
    for (const name of new Set(execution.library.map(([name]) => name))) entryOf(name).library++;
    for (const [name, reason] of execution.library) if (reason !== '') entryOf(name).reasons.add(reason);
  }
  const lines = [
    row(['operator', 'recorded', 'library call', 'replay', 'reasons']),
    row(['---', '---:', '---:', '---:', '---']),
  ];
  for (const [name, { recorded, library, replay, reasons }] of [...operators].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const found = [recorded, library, replay].map((n) => (n === 0 ? '' : n));
    lines.push(row([`\`${name.replace('aten::', '')}\``, ...found, cell([...reasons].sort().join('; '))]));
  }
  return lines;
}

function refusals(refused: CompiledResults['refused']): string[] {
  const lines = [row(['reason', 'cases', 'entries (modes)']), row(['---', '---:', '---'])];
  const groups = [...grouped(refused, ({ reason }) => reason)].sort((a, b) => b[1].length - a[1].length);
  for (const [reason, found] of groups) {
    const names = [...grouped(found, titleOf)].map(([title, all]) => {
      const modes = [...new Set(all.map(({ mode }) => mode))];
      return `\`${title}\` (${modes.length > 6 ? `${modes.length} modes` : modes.join(', ')})`;
    });
    lines.push(row([cell(reason), found.length, names.join(', ')]));
  }
  return lines;
}

/** Why graphs are replayed operator by operator. */
function replays(corpus: Corpus, outcomes: readonly CompiledOutcome[]): string[] {
  const found = outcomes.filter((outcome) => classOf(outcome) === 'replay');
  if (found.length === 0) return ['None.'];
  const lines = [row(['reason', 'cases', 'entries']), row(['---', '---:', '---'])];
  const groups = [...grouped(found, ({ execution }) => execution!.reasons.at(-1) ?? '')];
  for (const [reason, all] of groups.sort((a, b) => b[1].length - a[1].length)) {
    const names = [...new Set(all.map(({ position }) => `\`${titleOf(corpus.manifest.entries[position])}\``))];
    const shown = names.length > 20 ? [...names.slice(0, 20), `and ${names.length - 20} more`] : names;
    lines.push(row([cell(reason), all.length, shown.join(', ')]));
  }
  return lines;
}

function differences(failed: readonly Failure[], causes: readonly Cause[]): string[] {
  if (failed.length === 0) return ['None.'];
  const groups = grouped(failed, (failure) => explain(causes, failure)?.cause ?? 'Not explained yet.');
  const lines: string[] = [];
  for (const [cause, found] of [...groups].sort((a, b) => b[1].length - a[1].length)) {
    lines.push(`### ${found.length} ${found.length === 1 ? 'case' : 'cases'}`, '', cause, '');
    lines.push(row(['entry', 'mode', 'sample', 'difference']), row(['---', '---', '---', '---']));
    for (const failure of found) {
      const { mode, sample, why } = failure;
      lines.push(row([`\`${titleOf(failure)}\``, `\`${mode}\``, sample, cell(withoutValues(firstLine(why)))]));
    }
    lines.push('');
  }
  return lines;
}

/** The whole document. */
export function report(
  corpus: Corpus,
  outcomes: readonly CompiledOutcome[],
  results: CompiledResults,
  causes: readonly Cause[],
): string {
  const { total, classes, compiled, failed, refused, torch, seed } = results;
  return `${[
    '# Coverage of torch.compile',
    '',
    'Generated by `npm run parity -- --compiled --report`; do not edit.',
    '',
    `Every operator of the database that PyTorch ${torch.split('+')[0]} tests itself with, on samples of that database (seed ${seed}), in every ` +
      `mode of the [parity run](parity.md): ${total} cases of ${corpus.manifest.entries.length} entries. Each case is compiled and called three times: the ` +
      'first call records it, the second one has the same arguments, the third one others. Results, arguments that were written to and errors are ' +
      'compared with those of the function itself: dtypes, shapes, strides, and which tensors are the same ones exactly; elements bit for bit if all ' +
      'operators are elementwise, else within 1e-12 (float64) or 2e-6 (float32) of the largest one, or within the tolerance of the database.',
    '',
    `**${(100 * compiled).toFixed(2)} % of the cases compile; ${classes.differs} ${classes.differs === 1 ? 'differs' : 'differ'} from eager execution.** ` +
      `${classes.error} cases throw the same error compiled and not, and do not count.`,
    '',
    ...CLASSES_TEXT,
    '',
    ...byMode(outcomes),
    '',
    '## Refused',
    '',
    'Such a call runs the function itself.',
    '',
    ...refusals(refused),
    '',
    '## Replayed',
    '',
    ...replays(corpus, outcomes),
    '',
    '## Differences',
    '',
    ...differences(failed, causes),
    '',
    '## Operators of libtorch',
    '',
    'The number of cases in which an operator is recorded, in which the library runs it, and in which the whole graph is replayed. In all other ' +
      'cases it is part of a program of the machine or of a matrix product, or the passes have removed it. The passes replace some operators by others.',
    '',
    ...byOperator(outcomes),
    '',
    '## Entries of the database',
    '',
    ...byEntry(corpus, outcomes),
  ].join('\n')}\n`;
}

const CLASSES_TEXT = [
  '- `machine`: programs of the vector machine, or nothing to compute; `fused`: also library calls, matrix products or chains of them; `library`: only these.',
  '- `replay`: the recorded operators, one by one; `refused`: the function itself runs, for a reason that is listed below.',
  '- `error`: the function throws an error, and so does the compiled one; `differs`: a result differs from eager execution.',
];
