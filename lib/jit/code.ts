/** Limits of the code of a TorchScript file. libtorch's compiler is recursive, and does not watch its stack. */

import { ValueError } from '../errors';

/** Deeper than any code that PyTorch writes. */
const [MAX_DEPTH, MAX_CHAIN] = [200, 1000];

/** A string, a comment, a continued line, a name or number, white space, or one other character. */
const TOKEN =
  /"""[^]*?"""|'''[^]*?'''|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|#[^\n]*|\\\r?\n|[\w]+(?:\.\d+)?|[ \t\r]+|[^]/g;

/**
 * Checks how deeply the statements and expressions of a source are nested.
 *
 * @throws ValueError that names the line.
 */
export function checkCode(text: string): void {
  let line = 1;
  /** The operators since the last comma, for each open bracket. */
  let chains = [0];
  const refuse = (what: string): never => {
    throw new ValueError(`line ${line}: ${what}`);
  };
  for (const [indentation] of text.matchAll(/^[ \t]+/gm)) {
    if (indentation.length > 2 * MAX_DEPTH) throw new ValueError('its statements are nested too deeply');
  }
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '\n') {
      line++;
      if (chains.length === 1) chains = [0];
    } else if (/^[([{]$/.test(token)) {
      chains[chains.length - 1]++;
      if (chains.push(0) > MAX_DEPTH) refuse('its expressions are nested too deeply');
    } else if (/^[)\]}]$/.test(token)) {
      if (chains.length > 1) chains.pop();
    } else if (token === ',') {
      chains[chains.length - 1] = 0;
    } else if (!/^[ \t\r#"'\\]/.test(token) && ++chains[chains.length - 1] > MAX_CHAIN) {
      refuse('an expression is too long');
    } else if (token.length > 1) {
      line += token.split('\n').length - 1;
    }
  }
}
