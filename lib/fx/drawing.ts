/** A graph as a picture: DOT for Graphviz, or SVG. */

import { targetText } from './graph';
import type { Graph, Node } from './graph';

function labelOf(node: Node): string[] {
  const title = node.op === 'callFunction' ? targetText(node.target) : `${node.op} ${node.name}`;
  const { shape, dtype } = node.meta;
  return shape === undefined ? [title] : [title, `${dtype}[${shape.join(', ')}]`];
}

/** The graph in the DOT language of Graphviz. */
export function dotOf(graph: Graph): string {
  const quote = (text: string): string => JSON.stringify(text);
  const nodes = graph.nodes.map((node) => `  ${quote(node.name)} [label=${quote(labelOf(node).join('\n'))}];`);
  const edges = graph.nodes.flatMap((node) =>
    node.inputs().map((input) => `  ${quote(input.name)} -> ${quote(node.name)};`),
  );
  return ['digraph {', '  node [shape=box];', ...nodes, ...edges, '}', ''].join('\n');
}

interface Box {
  node: Node;
  lines: string[];
  width: number;
  x: number;
  y: number;
}

const CHARACTER = 7;
const ROW = 70;
const HEIGHT = 40;
const GAP = 24;

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Each node in the row below its inputs; in a row, ordered by the places of the inputs. */
function place(graph: Graph): Map<Node, Box> {
  const boxes = new Map<Node, Box>();
  const rows: Box[][] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs().map((input) => boxes.get(input)!);
    const row = inputs.reduce((lowest, input) => Math.max(lowest, input.y / ROW + 1), 0);
    const lines = labelOf(node);
    const width = Math.max(...lines.map((line) => line.length)) * CHARACTER + 16;
    const box = { node, lines, width, x: 0, y: row * ROW };
    boxes.set(node, box);
    (rows[row] ??= []).push(box);
  }
  for (const row of rows) {
    const wanted = (box: Box): number => {
      const inputs = box.node.inputs().map((input) => boxes.get(input)!);
      if (inputs.length === 0) return -1;
      return inputs.reduce((sum, input) => sum + input.x + input.width / 2, 0) / inputs.length - box.width / 2;
    };
    let x = 0;
    for (const box of row.sort((a, b) => wanted(a) - wanted(b))) {
      box.x = Math.max(x, wanted(box));
      x = box.x + box.width + GAP;
    }
  }
  return boxes;
}

/** The graph as an SVG picture, from the arguments at the top to the output at the bottom. */
export function svgOf(graph: Graph): string {
  const boxes = [...place(graph).values()];
  const byNode = new Map(boxes.map((box) => [box.node, box]));
  const width = Math.max(0, ...boxes.map((box) => box.x + box.width)) + 2;
  const height = Math.max(0, ...boxes.map((box) => box.y)) + HEIGHT + 2;
  const lines = boxes.flatMap((box) =>
    box.node.inputs().map((input) => {
      const from = byNode.get(input)!;
      const [x1, y1] = [from.x + from.width / 2, from.y + HEIGHT];
      const [x2, y2] = [box.x + box.width / 2, box.y];
      const middle = (y1 + y2) / 2;
      return `<path d="M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}" fill="none" stroke="#888"/>`;
    }),
  );
  const drawn = boxes.map((box) => {
    const text = box.lines.map((line, i) => {
      const y = box.y + (box.lines.length === 1 ? 25 : 17 + i * 15);
      return `<text x="${box.x + box.width / 2}" y="${y}">${escape(line)}</text>`;
    });
    const rect = `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${HEIGHT}" rx="4" fill="#fff" stroke="#333"/>`;
    return rect + text.join('');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 ${width} ${height}" width="${width}" height="${height}">`,
    '<style>text { font: 12px monospace; text-anchor: middle; fill: #111; }</style>',
    ...lines,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}
