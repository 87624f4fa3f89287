/** A plot of predictions with a band of uncertainty, as SVG text. */

/** The content of a plot. */
export interface BandPlot {
  readonly title: string;
  readonly subtitle: string;
  readonly x: readonly number[];
  readonly mean: readonly number[];
  /** One standard deviation; the band has two on each side. */
  readonly deviation: readonly number[];
  readonly samples: readonly (readonly [number, number])[];
}

const WIDTH = 880;
const HEIGHT = 440;
const MARGIN = { left: 56, right: 24, top: 72, bottom: 44 };

/** Draws the plot. */
export function bandPlot({ title, subtitle, x, mean, deviation, samples }: BandPlot): string {
  const upper = mean.map((value, i) => value + 2 * deviation[i]);
  const lower = mean.map((value, i) => value - 2 * deviation[i]);
  const [xLow, xHigh] = [Math.min(...x), Math.max(...x)];
  const [yLow, yHigh] = [Math.floor(Math.min(...lower)), Math.ceil(Math.max(...upper))];
  const [right, bottom] = [WIDTH - MARGIN.right, HEIGHT - MARGIN.bottom];
  const toX = (value: number): number => MARGIN.left + ((value - xLow) / (xHigh - xLow)) * (right - MARGIN.left);
  const toY = (value: number): number => bottom - ((value - yLow) / (yHigh - yLow)) * (bottom - MARGIN.top);
  const point = (at: number, value: number): string => `${toX(at).toFixed(1)},${toY(value).toFixed(1)}`;
  const line = (values: readonly number[]): string[] => values.map((value, i) => point(x[i], value));

  const lines = Array.from({ length: yHigh - yLow + 1 }, (_, i) => {
    const at = toY(yLow + i).toFixed(1);
    return `<line x1="${MARGIN.left}" y1="${at}" x2="${right}" y2="${at}" stroke="#e4e9ee"/><text x="${MARGIN.left - 8}" y="${at}" dy="0.35em" text-anchor="end" fill="#66788a">${yLow + i}</text>`;
  });
  const labels = Array.from({ length: Math.floor(xHigh) - Math.ceil(xLow) + 1 }, (_, i) => {
    const value = Math.ceil(xLow) + i;
    return `<text x="${toX(value).toFixed(1)}" y="${bottom + 22}" text-anchor="middle" fill="#66788a">${value}</text>`;
  });
  const circles = samples.map(([at, value]) => {
    const [cx, cy] = [toX(at).toFixed(1), toY(value).toFixed(1)];
    return `<circle cx="${cx}" cy="${cy}" r="3" fill="#1f2933"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="Helvetica, Arial, sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${MARGIN.left}" y="30" font-size="18" fill="#1f2933">${title}</text>
<text x="${MARGIN.left}" y="50" fill="#66788a">${subtitle}</text>
${lines.join('\n')}
${labels.join('\n')}
<polygon points="${[...line(upper), ...line(lower).reverse()].join(' ')}" fill="#d9480f" fill-opacity="0.18"/>
<polyline points="${line(mean).join(' ')}" fill="none" stroke="#d9480f" stroke-width="2"/>
${circles.join('\n')}
</svg>
`;
}
