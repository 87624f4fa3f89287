import { messageOf } from '../jobs/thrown';
import type { Terminal } from '../terminal/terminal';
import { CommandFailure } from './failure';

/**
 * Prints text to standard output.
 *
 * @param note what to say beside the failure, such as what was done nevertheless
 * @throws CommandFailure if the text cannot be written, for example to a full disk
 */
export async function print(terminal: Terminal, text: string, note = ''): Promise<void> {
  try {
    await terminal.out.write(text);
  } catch (error) {
    throw new CommandFailure(`cannot write to standard output: ${messageOf(error)}${note}`, 1, { cause: error });
  }
}
