// One signal over time: a line for each partition, and what happened at which moment.

import { draw } from "../live/dom.js";

const WIDEST = 860, NARROWEST = 300, HIGH = 200, LEFT = 56, TOP = 10, LOW = 24;
export const STYLES = 4;

const day = (ms) => new Date(ms).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const short = (value) => String(+value.toPrecision(3));

/** Fills `svg`, and returns what it shows in words. `lines` are [partition, points], points [time, value]. */
export const chart = (svg, lines, marks) => {
  const points = lines.flatMap(([, there]) => there);
  svg.replaceChildren();
  const wide = Math.max(NARROWEST, Math.min(WIDEST, svg.clientWidth || WIDEST));
  svg.setAttribute("viewBox", `0 0 ${wide} ${HIGH}`);
  if (!points.length) return "No block of events says anything of it yet.";
  const times = points.map(([time]) => time), values = points.map(([, value]) => value);
  const [begun, ended, least, most] = [Math.min(...times), Math.max(...times), Math.min(...values), Math.max(...values)];
  const margin = (most - least) * 0.08 || Math.max(Math.abs(most), 1) * 0.05;
  const x = (time) => LEFT + ((time - begun) / Math.max(1, ended - begun)) * (wide - LEFT - 10);
  const y = (value) => TOP + ((most + margin - value) / (most - least + 2 * margin)) * (HIGH - TOP - LOW);
  for (const at of new Set([least, most])) {
    svg.append(draw("line", { class: "grid", x1: LEFT, x2: wide - 10, y1: y(at), y2: y(at) }), draw("text", { x: LEFT - 6, y: y(at) + 4, "text-anchor": "end" }, short(at)));
  }
  svg.append(draw("text", { x: LEFT, y: HIGH - 6 }, day(begun)), draw("text", { x: wide - 10, y: HIGH - 6, "text-anchor": "end" }, day(ended)));
  for (const mark of marks.filter((one) => one.time >= begun && one.time <= ended)) {
    svg.append(draw("line", { class: `mark ${mark.kind}`, x1: x(mark.time), x2: x(mark.time), y1: TOP, y2: HIGH - LOW }, draw("title", {}, mark.said)));
  }
  lines.forEach(([, there], place) => {
    const drawn = there.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    svg.append(draw("polyline", { class: `line style${place % STYLES}`, points: drawn }));
  });
  return `${points.length} blocks of events, from ${short(least)} to ${short(most)}.`;
};
