/** A line plot as SVG text. */

/** The content of a plot. */
export interface LinePlot {
  readonly title: string;
  readonly subtitle: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

const WIDTH = 880;
const HEIGHT = 440;
const MARGIN = { left: 84, right: 28, top: 78, bottom: 62 };

const INK = '#1f2933';
const MUTED = '#66788a';
const GRID = '#e4e9ee';
const LINE = '#d9480f';

/** Round numbers that cover a range: about `count`, at least two. */
export function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count || 1;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * magnitude).find((size) => size >= rough) ?? rough;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Draws the plot. */
export function linePlot(plot: LinePlot): string {
  const { x, y } = plot;
  const xTicks = ticks(x[0], x[x.length - 1], 10);
  const yTicks = ticks(Math.min(0, ...y), Math.max(...y), 6);
  const [xLow, xHigh] = [xTicks[0], xTicks[xTicks.length - 1]];
  const [yLow, yHigh] = [yTicks[0], yTicks[yTicks.length - 1]];
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const toX = (value: number): number => MARGIN.left + ((value - xLow) / (xHigh - xLow)) * (right - MARGIN.left);
  const toY = (value: number): number => bottom - ((value - yLow) / (yHigh - yLow)) * (bottom - MARGIN.top);
  const point = (i: number): string => `${toX(x[i]).toFixed(1)},${toY(y[i]).toFixed(1)}`;
  const points = x.map((_, i) => point(i));
  const baseline = toY(Math.max(0, yLow)).toFixed(1);
  const area = `${toX(x[0]).toFixed(1)},${baseline} ${points.join(' ')} ${toX(x[x.length - 1]).toFixed(1)},${baseline}`;

  const marks = [
    ...yTicks.map((value) => {
      const at = toY(value).toFixed(1);
      return (
        `<line x1="${MARGIN.left}" y1="${at}" x2="${right}" y2="${at}" stroke="${GRID}"/>` +
        `<text x="${MARGIN.left - 10}" y="${at}" dy="0.35em" text-anchor="end">${label(value, yTicks)}</text>`
      );
    }),
    ...xTicks.map((value) => {
      const at = toX(value).toFixed(1);
      return (
        `<line x1="${at}" y1="${bottom}" x2="${at}" y2="${bottom + 6}" stroke="${MUTED}"/>` +
        `<text x="${at}" y="${bottom + 22}" text-anchor="middle">${label(value, xTicks)}</text>`
      );
    }),
  ];
  const middleX = (MARGIN.left + right) / 2;
  const middleY = (MARGIN.top + bottom) / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="Helvetica, Arial, sans-serif" font-size="13">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
<text x="${MARGIN.left}" y="34" font-size="19" font-weight="bold" fill="${INK}">${escapeXml(plot.title)}</text>
<text x="${MARGIN.left}" y="56" fill="${MUTED}">${escapeXml(plot.subtitle)}</text>
<g fill="${MUTED}">
${marks.join('\n')}
</g>
<polygon points="${area}" fill="${LINE}" fill-opacity="0.08"/>
<polyline points="${points.join(' ')}" fill="none" stroke="${LINE}" stroke-width="2" stroke-linejoin="round"/>
<line x1="${MARGIN.left}" y1="${bottom}" x2="${right}" y2="${bottom}" stroke="${MUTED}"/>
<text x="${middleX}" y="${HEIGHT - 16}" text-anchor="middle" fill="${INK}">${escapeXml(plot.xLabel)}</text>
<text transform="translate(24 ${middleY}) rotate(-90)" text-anchor="middle" fill="${INK}">${escapeXml(plot.yLabel)}</text>
</svg>
`;
}

/** The number of a tick, with as many decimals as distinguish it from its neighbours. */
function label(value: number, all: readonly number[]): string {
  const step = all.length > 1 ? all[1] - all[0] : 1;
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return value.toFixed(decimals);
}

function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
