// Addresses from the user and from servers: checked, and shown without what must stay secret.

import { SetupFailure } from './failure.mjs';

/** The text with `***` in place of the user and password of each address. @param {string} text */
export function withoutSecrets(text) {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/gi, '$1***@');
}

/**
 * @param {string} text
 * @param {string} what names the address in the error
 * @param {URL} [base]
 * @returns {URL} an address of HTTP or HTTPS
 */
export function parseAddress(text, what, base) {
  let url;
  try {
    url = new URL(text, base);
  } catch {
    // The cause shows the text, with its password.
    throw new SetupFailure(`${what} is not an address: '${withoutSecrets(text)}'`, {
      advice: ['an address is https://HOST/PATH; a password in it may need percent-encoding'],
    });
  }
  if (url.protocol === 'https:' || url.protocol === 'http:') return url;
  throw new SetupFailure(`${what} is '${withoutSecrets(url.href)}', which is neither HTTPS nor HTTP`, {
    advice: ['set LIBTORCH to a libtorch that was downloaded by other means'],
  });
}
