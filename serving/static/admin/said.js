// Numbers and times as people read them, tables, and bars.

import { make } from "../live/dom.js";

export const number = (value) => Number(value).toLocaleString("en");
export const when = (ms) => (ms ? new Date(ms).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" }) : "never");
export const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
export const percent = (share) => `${+(100 * share).toFixed(1)}%`;

/** With a real minus, and so many digits behind the point. */
export const signed = (value, digits = 2) => value.toFixed(digits).replace("-", "−");

export const ago = (ms) => {
  const seconds = ms / 1000;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return seconds < 200_000 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
};

export const pill = (state, text = state) => make("span", { class: `pill ${state}` }, text);

export const button = (text, act, more = {}) => make("button", { type: "button", on: { click: act }, ...more }, text);

/** Columns are [name, cell(row), class, a name that only screen readers say]; on a phone each cell stands under its column's name. */
export const table = (caption, columns, rows, none) => {
  if (!rows.length) return make("p", { class: "small" }, none);
  const head = make("tr", {}, ...columns.map(([name, , kind, unseen]) => make("th", { scope: "col", class: kind ?? "" }, name || make("span", { class: "unseen" }, unseen))));
  const body = rows.map((row) => make("tr", {}, ...columns.map(([name, cell, kind]) =>
    make("td", { class: kind ?? "", "data-name": name }, ...[cell(row)].flat()))));
  return make("table", {}, make("caption", { class: "unseen" }, caption), make("thead", {}, head), make("tbody", {}, ...body));
};

/** A bar from a line in the middle, to the right where it adds and to the left where it takes away; `whole`: from the left only. */
export const bar = (value, most, whole = false) => {
  const made = make("i", { class: value < 0 ? "bar less" : "bar" });
  made.style.width = `${Math.round(((whole ? 100 : 50) * Math.abs(value)) / Math.max(most, 1e-9))}%`;
  return make("span", { class: "bars", "aria-hidden": "true" }, made);
};
