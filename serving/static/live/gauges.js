// How fresh it is and how the stream does: figures with a short past, and what was learned just now.

import { byId, draw, make } from "./dom.js";

const PAST = 60, TOLD = 8, BARS = 20;
const KINDS = { click: "👆", view: "👁", play: "▶", like: "👍", dislike: "👎", skip: "⏭", rating: "★", dwell: "⏳", purchase: "🛒" };
const STATES = { live: "live", connecting: "connecting", paused: "paused", locked: "token wanted", reconnecting: "reconnecting" };
let rates = [], changes = [];

export const state = (name, seconds) => {
  const pill = byId("connection"), text = STATES[name] + (name === "reconnecting" ? " …" : "");
  if (pill.textContent !== text) pill.textContent = text;
  pill.className = `pill ${name}`;
  pill.title = seconds ? `next try within ${seconds} s` : "";
};

const median = (of) => [...of].sort((one, other) => one - other)[of.length >> 1];

export const changed = (ms, differ, of, folded) => {
  changes = [...changes, ms].slice(-BARS);
  byId("ms").textContent = ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
  const places = differ ? `${differ} of ${of} places differ.` : "The list stays as it is.";
  const how = folded ? " The answer had it before the stream did, by the token of the acknowledgement." : " The stream had learned it by then.";
  byId("said").textContent = `${places}${how}`;
  const most = Math.max(20, ...changes), bars = byId("fresh");
  byId("median").textContent = changes.length > 1 ? `, the median of ${changes.length} is ${Math.round(median(changes))}` : "";
  bars.setAttribute("aria-label", `milliseconds of the last ${changes.length}`);
  bars.replaceChildren(...changes.map((one, at) => {
    const height = Math.max(2, (38 * one) / most);
    return draw("rect", { x: at * 10, y: 40 - height, width: 8, height }, draw("title", {}, `${Math.round(one)} ms`));
  }));
};

const number = (value) => (value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en"));

const worded = (one) => {
  if (one.kind === "mood") return [`${one.emoji} `, make("span", {}, `somebody is ${one.mood}`)];
  const more = one.kind === "rating" && one.value !== undefined ? ` ${one.value}` : "";
  return [`${KINDS[one.kind] ?? "•"} `, make("span", {}, `${one.kind}${more}: ${one.title}`)];
};

export const beat = (now) => {
  byId("rate").textContent = number(now.rate);
  byId("lag").textContent = now.lag === null ? "unknown" : `${number(now.lag)} records`;
  byId("partitions").textContent = `${now.partitions - now.silent} of ${now.partitions} heard`;
  rates = [...rates, now.rate ?? 0].slice(-PAST);
  const most = Math.max(1, ...rates), step = 200 / (PAST - 1), start = PAST - rates.length;
  const points = rates.map((rate, at) => `${((start + at) * step).toFixed(1)},${(38 - (36 * rate) / most).toFixed(1)}`);
  byId("rates").replaceChildren(draw("polyline", { points: points.join(" ") }));
  const ticker = byId("ticker");
  ticker.prepend(...(now.heard ?? []).reverse().map((one) => make("li", {}, ...worded(one))));
  while (ticker.children.length > TOLD) ticker.lastChild.remove();
};
