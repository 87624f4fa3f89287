/** `torch-func doctor`: shows what this installation consists of, and tests it. */

import { parseArgs } from 'node:util';

import { messageOf } from '../../jobs/thrown';
import { formatBytes } from '../../terminal/format';
import type { Terminal } from '../../terminal/terminal';
import { UsageError } from '../failure';
import { packageVersion } from '../package-info';
import { print } from '../print';
import { checkAddon } from './check-addon';
import type { AddonReport } from './probe';
import { describeCache, describeCompiler, describeLibtorch } from './setup-facts';

const HELP = `torch-func doctor: show what this installation consists of, and test it

Usage
  torch-func doctor [--json]

It prints the version and the location of each component, and tests the addon in a separate process,
so that even a crash is reported. The exit code is 1 if the test fails.

Options
  --json          print the result as one JSON object
  -h, --help      show this help
`;

/** Runs `torch-func doctor`. */
export async function doctorCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const { help, json } = parseOptions(args);
  if (help === true) {
    await print(terminal, HELP);
    return 0;
  }
  const [libtorch, compiler, cache, addon] = await Promise.all([
    factOr(describeLibtorch),
    factOr(describeCompiler),
    factOr(describeCache),
    checkAddon(),
  ]);
  const facts: Record<string, string> = {
    'torch-func': packageVersion(),
    'Node.js': `${process.version}, ${process.platform} ${process.arch}`,
    compiler,
    cache,
    libtorch,
    addon: addon.ok ? `loads, and gives the right Jacobian (${addon.addonFile})` : 'DOES NOT WORK',
    ...(addon.ok ? describeRuntime(addon) : {}),
  };
  if (json === true) {
    await print(terminal, `${JSON.stringify({ ok: addon.ok, facts, addon }, null, 2)}\n`);
  } else {
    const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(12)}${value}\n`);
    await print(terminal, lines.join(''));
    if (!addon.ok) terminal.err.write(`\n${addon.problem}\n`);
  }
  return addon.ok ? 0 : 1;
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function factOr(find: () => Promise<string>): Promise<string> {
  try {
    return await find();
  } catch (error) {
    return messageOf(error);
  }
}

function describeRuntime(report: AddonReport): Record<string, string> {
  const devices = report.cudaDevices.map(
    ({ name, totalMemory }, index) => `cuda:${index} ${name} (${formatBytes(totalMemory)})`,
  );
  return {
    loaded: `libtorch ${report.torchVersion}, ${report.libtorchFile}`,
    CPU: report.cpuCapability,
    threads: String(report.threads),
    CUDA: report.cuda ? `yes: ${devices.join(', ')}` : `no (${report.cudaReason})`,
  };
}
