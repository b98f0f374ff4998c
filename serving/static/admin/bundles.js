// Which bundle serves, and the two things that can be done about it.

import * as api from "./api.js";
import { byId, make } from "../live/dom.js";
import { ask } from "./ask.js";
import { button, number, percent, pill, size, table, when } from "./said.js";

const AT_ONCE_MS = 1000, PATIENCE = 15;
const STANDING = { current: "serves all", canary: "canary", before: "served before" };
let now, done = () => {};

const fact = (name, ...told) => make("div", {}, make("dt", {}, name), make("dd", {}, ...told));

const measured = (bundle) => {
  const [name, value] = Object.entries(bundle.measured).find(([name]) => name.startsWith("ndcg")) ?? Object.entries(bundle.measured)[0] ?? [];
  return name ? `${name} ${value.toFixed(3)}` : "–";
};

const actions = (bundle) => {
  const promoted = bundle.version === now.current && !now.canary;
  return make("span", { class: "row" },
    button("Promote", () => promote(bundle), { "aria-label": `Promote ${bundle.version} to all users`, disabled: promoted }),
    button("Canary …", () => canary(bundle), { class: "quiet", "aria-label": `Show ${bundle.version} to a share of users`, disabled: bundle.version === now.current || !now.current }));
};

const COLUMNS = [
  ["bundle", (one) => [make("b", { class: "id" }, one.version), " ", STANDING[one.standing] ? pill(one.standing, one.standing === "current" && now.canary ? "serves the others" : STANDING[one.standing]) : ""]],
  ["made", (one) => (one.damaged ? "–" : when(one.created))],
  ["trained until", (one) => (one.damaged ? "–" : when(one.until))],
  ["events", (one) => (one.damaged ? "–" : number(one.events)), "figure"],
  ["size", (one) => (one.damaged ? "–" : size(one.size)), "figure"],
  ["measured", (one) => (one.damaged ? "–" : make("span", { title: Object.entries(one.measured).map(([name, value]) => `${name} ${value.toFixed(3)}`).join(", ") }, measured(one)))],
  ["", (one) => (one.damaged ? make("span", { class: "small" }, `can't be published: ${one.damaged}`) : actions(one)), "", "what to do"],
];

export const show = async (told = done) => {
  done = told;
  now = await api.bundles();
  const facts = [fact(now.canary ? "Serves the others" : "Serves all users", make("span", { class: "id" }, now.current || "none was published yet"))];
  if (now.canary) facts.push(fact(`Canary, ${percent(now.share)} of users`, make("span", { class: "id" }, now.canary)));
  if (now.answers_from !== now.current) facts.push(fact("This process answers from", make("span", { class: "id" }, now.answers_from || "no bundle"), " (it follows within seconds)"));
  byId("serves").replaceChildren(...facts);
  const back = byId("rollback");
  back.disabled = !now.back;
  back.textContent = !now.back ? "Nothing to go back to" : now.canary ? "End the canary …" : "Roll back …";
  byId("shelf").replaceChildren(table("Bundles, the newest first", COLUMNS, now.bundles, "There is no bundle yet: moodstream train makes one."),
    now.more ? make("p", { class: "small" }, `${number(now.more)} older ones are not shown: moodstream bundles lists all.`) : "");
  byId("deeds").replaceChildren(...now.deeds.map((deed) => make("li", {}, make("time", { class: "small" }, when(deed.time)), make("span", {}, deed.said), make("span", { class: "small" }, deed.who))));
  if (!now.deeds.length) byId("deeds").append(make("li", { class: "small" }, "Nothing yet."));
};

/** Said at once, and again when this process answers from it. */
const follow = async (said) => {
  done(`${said}.`);
  await show();
  for (let tries = 0; tries < PATIENCE && now.answers_from !== now.current; tries++) {
    await new Promise((resolve) => setTimeout(resolve, AT_ONCE_MS));
    await show();
  }
};

const changed = async (title, body, yes, work, how) => {
  let said;
  if (await ask(title, body, yes, async () => { said = (await work()).said; }, how)) await follow(said);
};

const from = () => (now.canary ? `${now.current} serves, with ${now.canary} as a canary for ${percent(now.share)} of users: that ends.` : now.current ? `${now.current} serves now.` : "None serves now.");

const promote = (bundle) => changed("Promote this bundle to all users?", [make("p", { class: "id" }, bundle.version), from(),
  "Stream and serving change over while they run; users' states follow when they are next touched."], "Promote", () => api.publish(bundle.version, 1, now.current));

const canary = (bundle) => {
  const share = make("input", { id: "share", type: "number", min: "0.1", max: "99", step: "0.1", value: "10" });
  return changed("Show this bundle to a share of users?", [make("p", { class: "id" }, bundle.version), from(),
    make("p", {}, make("label", { for: "share" }, "Per cent of users, always the same ones"), share)], "Show it", () => {
    if (!share.checkValidity()) throw new Error("a canary is for 0.1 to 99 per cent of users");
    return api.publish(bundle.version, share.valueAsNumber / 100, now.current);
  });
};

byId("rollback").addEventListener("click", () => changed(now.canary ? "End the canary?" : "Roll all users back?",
  [from(), make("p", {}, "All users will be on ", make("b", { class: "id" }, now.back), ".")], now.canary ? "End it" : "Roll back",
  () => api.rollBack(now.current, now.back), { danger: true }));
