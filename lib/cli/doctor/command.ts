/** `torch-func doctor`: what this installation consists of, and whether it works. */

import { parseArgs } from 'node:util';

import { messageOf } from '../../jobs/thrown';
import { formatBytes } from '../../terminal/format';
import type { Terminal } from '../../terminal/terminal';
import { UsageError } from '../failure';
import { packageVersion } from '../package-info';
import { checkAddon } from './check-addon';
import type { AddonReport } from './probe';
import { describeCache, describeCompiler, describeLibtorch } from './set-up-facts';

const HELP = `torch-func doctor: what this installation consists of, and whether it works

Usage
  torch-func doctor [--json]

It prints the versions and places of everything that the package is built on, and tests the addon in
a process of its own, so that even a crash is reported. The exit code is 1 when the test fails.
`;

/** Runs `torch-func doctor`. */
export async function doctorCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const { help, json } = parseOptions(args);
  if (help === true) {
    terminal.out.write(HELP);
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
    terminal.out.write(`${JSON.stringify({ ok: addon.ok, facts, addon }, null, 2)}\n`);
  } else {
    for (const [name, value] of Object.entries(facts)) {
      terminal.out.write(`${name.padEnd(12)}${value}\n`);
    }
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
