// The chart of a comparison: an SVG with a group of bars for each row, on a logarithmic scale.

/** @typedef {import('./measure.mjs').Measured} Measured */
/** @typedef {import('./peers.mjs').Peer} Peer */

const WIDTH = 960;
const LEFT = 330; // where the bars begin
const RIGHT = WIDTH - 70; // leaves space for the figure after the longest bar
const BAR = 9;
const GAP = 10; // between groups
const TOP = 62;

const escape = (/** @type {string} */ text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** @param {number} seconds */
export function duration(seconds) {
  const units = /** @type {const} */ ([
    [1, 's'],
    [1e-3, 'ms'],
    [1e-6, 'µs'],
  ]);
  const [size, unit] = units.find(([unitSize]) => seconds >= unitSize * 0.9995) ?? [1e-9, 'ns'];
  return `${Number((seconds / size).toPrecision(3))} ${unit}`;
}

/**
 * @param {Measured[]} rows
 * @param {Peer[]} peers
 * @returns {string} an SVG that follows the reader's light or dark scheme
 */
export function chart(rows, peers) {
  const shown = peers.filter(({ name }) => rows.some(({ figures }) => figures[name]));
  const times = rows.flatMap(({ figures }) => shown.flatMap(({ name }) => figures[name]?.least ?? []));
  if (times.length === 0) throw new Error('no figures for the chart');
  const lowest = Math.floor(Math.log10(Math.min(...times)));
  const highest = Math.max(lowest + 1, Math.ceil(Math.log10(Math.max(...times))));
  const x = (/** @type {number} */ time) => LEFT + ((Math.log10(time) - lowest) / (highest - lowest)) * (RIGHT - LEFT);

  /** @type {string[]} */
  const bars = [];
  let y = TOP;
  for (const { title, figures } of rows) {
    const present = shown.filter(({ name }) => figures[name]);
    const height = Math.max(1, present.length) * BAR;
    bars.push(`<text class="row" x="${LEFT - 10}" y="${y + height / 2 + 4}">${escape(title)}</text>`);
    present.forEach(({ name, title: peer }, i) => {
      const { least } = figures[name];
      const end = x(least);
      const top = y + i * BAR;
      bars.push(
        `<rect class="${name}" x="${LEFT}" y="${top}" width="${Math.max(1, end - LEFT).toFixed(1)}" height="${BAR - 1}">` +
          `<title>${escape(`${title}, ${peer}: ${duration(least)}`)}</title></rect>`,
        `<text class="figure" x="${(Math.max(LEFT + 1, end) + 4).toFixed(1)}" y="${top + 7}">${duration(least)}</text>`,
      );
    });
    y += height + GAP;
  }
  const bottom = y;

  const grid = Array.from({ length: highest - lowest + 1 }, (_, i) => {
    const at = x(10 ** (lowest + i)).toFixed(1);
    const label = duration(10 ** (lowest + i));
    return (
      `<line x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${bottom}"/>` +
      `<text class="tick" x="${at}" y="${TOP - 14}">${label}</text>` +
      `<text class="tick" x="${at}" y="${bottom + 14}">${label}</text>`
    );
  });
  let left = 20;
  const legend = shown.map(({ name, title }) => {
    const at = left;
    left += 36 + 7.5 * title.length; // the width of the text in a wide font
    return (
      `<rect class="${name}" x="${at}" y="14" width="11" height="11"/>` +
      `<text x="${at + 16}" y="24">${escape(title)}</text>`
    );
  });
  const fills = (/** @type {0 | 1} */ scheme) =>
    shown.map(({ name, color }) => `.${name}{fill:${color[scheme]}}`).join('');
  const height = bottom + 26;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">
<title id="title">Time of a call, least of several rounds, logarithmic scale; shorter is better</title>
<style>
text{font:12px system-ui,sans-serif;fill:#24292f}.row{text-anchor:end}.tick{text-anchor:middle;fill:#57606a}.figure{font-size:9px;fill:#57606a}
line{stroke:#d0d7de}.ground{fill:#fff}${fills(0)}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.tick,.figure{fill:#9ea7b3}line{stroke:#30363d}.ground{fill:#0d1117}${fills(1)}}
</style>
<rect class="ground" width="${WIDTH}" height="${height}"/>
${[...legend, ...grid, ...bars].join('\n')}
</svg>
`;
}
