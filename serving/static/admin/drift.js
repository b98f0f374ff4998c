// How the stream's signals stand; one of them over time, and its alarms.

import * as api from "./api.js";
import { byId, make } from "../live/dom.js";
import { STYLES, chart } from "./chart.js";
import { button, number, pill, table, when } from "./said.js";

const three = (value) => (value === null ? "–" : value.toFixed(3));
const about = (alarm) => (alarm.segment ? `${alarm.signal}/${alarm.segment}` : alarm.signal);
const short = (value) => String(+value.toPrecision(3));
const STATES = { moved: "poor", steady: "well" };
const ORDER = ["moved", "steady", "learning", "shown", "silent"];

const COLUMNS = [
  ["signal", (one) => button(one.about, () => draw(one.about).catch((error) => document.dispatchEvent(new CustomEvent("wrong", { detail: error }))), { class: "link", "aria-label": `Show ${one.about} over time` })],
  ["usual", (one) => three(one.usual), "figure"],
  ["now", (one) => three(one.now), "figure"],
  ["", (one) => pill(STATES[one.state] ?? "plain", one.state), "", "state"],
  ["what it says", (one) => make("span", { class: "small" }, one.says)],
];

const ALARMS = [
  ["alarm", (one) => make("b", { class: "id" }, one.alarm_id)],
  ["seen", (one) => when(one.time)],
  ["since", (one) => when(one.since)],
  ["before → after", (one) => `${short(one.before)} → ${short(one.after)}`],
  ["detector", (one) => one.detector],
  ["what changed", (one) => Object.entries(one.moved ?? {}).map(([part, [was, is]]) => `${part} ${(100 * was).toFixed(1)}% → ${(100 * is).toFixed(1)}%`).join(", ") || "–"],
];

export const show = async () => {
  const now = await api.signals();
  const blocks = Object.values(now.blocks);
  const few = blocks.length && Math.max(...blocks) < now.reference ? ` The first ${now.reference} say what is usual; alarms come after.` : "";
  const moved = new Set(now.signals.filter((one) => one.state === "moved").map((one) => one.about));
  const told = moved.size ? `${moved.size} of ${now.signals.length} signals have moved; the newest alarm is about ${about(now.alarms[0])}, ${when(now.alarms[0].time)}.` : "No alarm: nothing has moved.";
  byId("drift-said").textContent = blocks.length ? `${number(blocks.reduce((sum, one) => sum + one, 0))} blocks of events in ${blocks.length} partitions. ${told}${few}` : "Nothing is watched yet: it begins with the first events that the stream learns.";
  const those = now.signals.filter((one) => one.state !== "silent").sort((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state));
  const first = those.filter((one) => one.state === "moved" || !one.about.includes("/")), segments = those.filter((one) => !first.includes(one));
  byId("signals").replaceChildren(table("Signals, those that moved first", COLUMNS, first, ""),
    segments.length ? make("details", {}, make("summary", {}, `${segments.length} of a part of the events each: nothing moved there`), table("Signals of parts of the events", COLUMNS, segments, "")) : "");
  if (byId("course").hidden && first.length) await draw(first[0].about, false);
};

const draw = async (name, focus = true) => {
  const found = await api.course(name), lines = Object.entries(found.lines);
  byId("course").hidden = false;
  const figures = chart(byId("chart"), lines, found.marks);
  byId("course-title").textContent = `${found.about} over time`;
  byId("course-says").textContent = `${found.says[0].toUpperCase()}${found.says.slice(1)}. ${figures}`;
  const keys = lines.map(([partition], place) => make("span", {}, make("i", { class: `key style${place % STYLES}` }), `partition ${partition}`));
  byId("legend").replaceChildren(...keys, make("span", {}, make("i", { class: "key alarm" }), "alarm: since then"), make("span", {}, make("i", { class: "key bundle" }), "another bundle"));
  const beside = found.beside.length ? make("p", { class: "small" }, `Moved at about the same time: ${found.beside.map((one) => `${about(one)} ${short(one.before)} → ${short(one.after)}`).join(", ")}.`) : "";
  byId("course-alarms").replaceChildren(table(`Alarms about ${found.about}, the newest first`, ALARMS, found.alarms, "No alarm about it is kept."), beside,
    found.alarms.length && found.todo ? make("p", {}, `What to do: ${found.todo}.`) : "");
  if (focus) byId("course-title").focus();
};
