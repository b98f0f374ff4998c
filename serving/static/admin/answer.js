// One answer, taken apart: state, sources, what was kept out, features, and what was moved.

import * as api from "./api.js";
import { byId, make } from "../live/dom.js";
import { ago, bar, number, percent, pill, signed, table, when } from "./said.js";

const PARTS = 12;
const score = (value) => (value === null ? "–" : signed(value));
const short = (value) => (value === null ? "" : String(+value.toPrecision(3)).replace("-", "−"));
const share = (value) => `${value < 0 ? "" : "+"}${signed(value, 3)}`;
const fact = (name, told) => make("div", {}, make("dt", {}, name), make("dd", {}, told));
const titled = (item) => item.title || item.item_id;

const state = (made) => [
  fact("known of them", made.events ? `${number(made.events)} events, ${number(made.kept)} kept` : "nothing"),
  ...(made.known_as ? [fact("is the known user", made.known_as)] : []),
  fact("had so far", `${number(made.seen)} items`),
  fact("last event", made.age_ms === null ? "none" : `${ago(made.age_ms)} before`),
  fact("mood", made.mood || "none"),
  fact("state at", made.watermark ? `partition ${made.watermark.partition}, offset ${number(made.watermark.offset)}` : "the store couldn't be read"),
  fact("stream behind by", made.lag === null ? "unknown" : `${number(made.lag)} records`),
  fact("bundle", make("span", {}, make("span", { class: "id" }, made.bundle || "none"), " ", made.canary ? pill("canary") : "")),
];

const SOURCES = (most) => [
  ["source", (one) => make("b", {}, one.source)],
  ["brought", (one) => make("span", { class: "amount" }, bar(one.found, most, true), number(one.found)), "figure"],
  ["ranked", (one) => number(one.ranked), "figure"],
  ["on the page", (one) => number(one.shown), "figure"],
  ["its strongest, with score and place", (one) => make("span", {}, ...one.first.map((item) => make("span", { class: "chip" },
    make("b", {}, item.place === null ? "fell out" : `${item.place}.`), ` ${titled(item)} `, make("span", { class: "muted figure" }, item.score === null ? "" : score(item.score)))))],
];

const moved = (item, at) => {
  const by = item.by_score - at - 1;
  if (!by) return make("span", { class: "small" }, "as scored");
  return make("span", { class: by > 0 ? "up" : "down", title: `${item.by_score}. by score alone` }, `${by > 0 ? "▲" : "▼"} ${Math.abs(by)} from ${item.by_score}.`);
};

const parts = (item) => {
  const most = Math.max(...item.parts.map((one) => Math.abs(one.share)), 1e-9);
  const rows = item.parts.slice(0, PARTS).map((one) => make("li", {}, make("span", {}, one.feature),
    make("span", { class: "small value" }, short(one.value)), bar(one.share, most), make("b", {}, share(one.share))));
  const rest = item.parts.slice(PARTS).reduce((sum, one) => sum + one.share, 0);
  const others = item.parts.length > PARTS ? make("li", {}, make("span", {}, `${item.parts.length - PARTS} more`), make("span", { class: "value" }), bar(rest, most), make("b", {}, share(rest))) : "";
  return make("ul", { class: "shares" }, make("li", { class: "small head" }, make("span", {}, "feature"), make("span", { class: "value" }, "value"), make("span", {}, "share in the score"), make("span", {})), ...rows, others);
};

const shown = (item, at) => make("li", {}, make("details", { open: at === 0 },
  make("summary", {}, make("span", { class: "rank" }, `${at + 1}.`), make("b", { class: "title" }, titled(item)), make("span", { class: "figure" }, score(item.score)), moved(item, at)),
  make("p", { class: "small" }, make("span", { class: "id" }, item.item_id), ` · brought by ${item.sources.join(", ") || "no source"}${item.probability === null ? "" : ` · taken, as it looks, ${percent(item.probability)} of the time`}`),
  parts(item)));

const show = (made) => {
  const speaking = made.sources.filter((one) => one.found), silent = made.sources.filter((one) => !one.found).map((one) => one.source);
  const out = byId("made"), most = Math.max(...made.sources.map((one) => one.found), 1);
  out.replaceChildren(
    made.degraded.length ? make("p", { class: "note" }, `Less than it could be: ${made.degraded.join("; ")}.`) : "",
    make("h3", {}, "The state of ", make("span", { class: "id" }, made.user_id)),
    make("dl", {}, ...state(made)),
    make("h3", {}, `Who brought what: ${number(made.candidates)} candidates were ranked`),
    made.contexts.length ? make("p", { class: "small" }, `Trending counted of: ${made.contexts.join(", ")}.`) : "",
    table("Sources of candidates", SOURCES(most), speaking, "No source brought anything."),
    silent.length ? make("p", { class: "small" }, `Brought nothing: ${silent.join(", ")}.`) : "",
    make("h3", {}, "What was kept out"),
    made.kept_out.length ? make("ul", { class: "plain" }, ...made.kept_out.map((one) => make("li", {}, make("b", {}, number(one.items)), ` ${one.why}`))) : make("p", { class: "small" }, "Nothing."),
    make("h3", {}, `The page: ${made.items.length} items, best first`),
    make("p", { class: "small" }, "Open one to see what each feature has a share of. ▲ and ▼: moved by rules and diversity from where its score would have put it."),
    make("ol", { class: "page" }, ...made.items.map(shown)),
    make("p", { class: "small" }, `Made ${when(Date.now())}.`));
  out.hidden = false;
  out.focus();
};

byId("whose").addEventListener("submit", async (event) => {
  event.preventDefault();
  const user = byId("user").value.trim(), mood = byId("mood").value.trim();
  try {
    show(await api.answer({ user_id: user, n: byId("items").valueAsNumber, mood }));
    document.dispatchEvent(new CustomEvent("wrong", {}));
  } catch (error) {
    document.dispatchEvent(new CustomEvent("wrong", { detail: error }));
  }
});
