// Dead letters: which there are, one in full, and sent again.

import * as api from "./api.js";
import { byId, make } from "../live/dom.js";
import { ask } from "./ask.js";
import { button, number, table, when } from "./said.js";

let path = [""], now, done = () => {};

const which = () => {
  const asked = { error: byId("error").value, reason: byId("reason").value.trim() };
  return byId("retried").value ? { ...asked, retried: byId("retried").value === "true" } : asked;
};

const COLUMNS = [
  ["set aside", (one) => when(one.time)],
  ["letter", (one) => make("b", { class: "id" }, one.id)],
  ["error", (one) => one.error],
  ["reason", (one) => make("span", { class: "reason" }, one.reason)],
  ["sent again", (one) => (one.retried ? (one.retried === 1 ? "once" : `${one.retried} times`) : "–")],
  ["", (one) => button("Look", () => look(one.id).catch(said), { "aria-label": `Look at ${one.id}` }), "", "what to do"],
];

const said = (error) => document.dispatchEvent(new CustomEvent("wrong", { detail: error }));

const errors = () => {
  const list = byId("error"), chosen = list.value;
  list.replaceChildren(make("option", { value: "" }, "all"), ...Object.entries(now.errors).map(([name, count]) => make("option", { value: name }, `${name} (${number(count)})`)));
  list.value = chosen in now.errors ? chosen : "";
};

export const show = async (told = done) => {
  done = told;
  now = await api.letters({ ...which(), after: path.at(-1) });
  errors();
  const rest = now.complete ? "" : " Of the topic only the newest 20,000 records were looked at: moodstream dead-letters looks at all.";
  byId("letters-said").textContent = `${now.total === 1 ? "One letter is" : `${number(now.total)} letters are`} so.${rest}`;
  byId("letters-list").replaceChildren(table("Dead letters, the newest first", COLUMNS, now.letters, "None: nothing to do."));
  byId("newest").disabled = path.length === 1;
  byId("older").disabled = !now.older;
  byId("retry-all").disabled = !now.total;
};

const started = (work) => {
  path = [""];
  return work().catch(said);
};

const TOLD = 5;
const results = (outcome) => {
  const bad = outcome.results.filter((one) => one.status === "invalid");
  return [
    outcome.counts["already sent"] ? `${number(outcome.counts["already sent"])} were sent before, and are left alone.` : "",
    bad.length ? make("div", {}, make("p", {}, `${number(bad.length)} can't be sent, since they are still no events:`),
      make("ul", { class: "small" }, ...bad.slice(0, TOLD).map((one) => make("li", {}, make("b", { class: "id" }, one.id), ` ${one.reason}`))),
      bad.length > TOLD ? make("p", { class: "small" }, `and ${number(bad.length - TOLD)} more.`) : "",
      make("p", { class: "small" }, "Mend them in a file: moodstream dead-letters export, then retry --repaired.")) : "",
    outcome.left ? `${number(outcome.left)} more are so than are sent at once: send again after this.` : "",
  ].filter(Boolean);
};

const again = async (wanted, title) => {
  const first = await api.retry({ ...wanted, dry_run: true });
  const good = first.counts.good ?? 0;
  if (!good) {
    await ask("Nothing can be sent again", results(first).length ? results(first) : ["No letters are so."], "");
    return;
  }
  let outcome;
  const told = `${good === 1 ? "One event is" : `${number(good)} events are`} sent to Kafka once more, with their ids: each has one effect, however often it's sent.`;
  if (!await ask(title, [told, ...results(first)], "Send again", async () => { outcome = await api.retry(wanted); })) return;
  await show();
  done(`${outcome.said}.`);
};

const look = async (id) => {
  const found = await api.letter(id), { letter } = found;
  const body = [
    make("dl", {}, ...[["set aside", when(letter.time)], ["lay in", `${found.topic}, partition ${found.partition}, offset ${number(found.offset)}`], ["error", letter.error], ["reason", letter.reason]]
      .map(([name, told]) => make("div", {}, make("dt", {}, name), make("dd", {}, told)))),
    ...found.sent.map((one) => make("p", { class: "small" }, `Sent again ${when(one.time)} as ${one.topic}/${one.partition}/${one.offset}, id ${one.event_id}.`)),
    make("pre", { tabindex: "0", "aria-label": "The record as it lay there" }, found.text),
  ];
  const why = found.sent.length ? "" : found.invalid ? `It is still no event: ${found.invalid}. Mend it in a file: moodstream dead-letters export, then retry --repaired.` : "It would be taken in now.";
  if (why) body.push(make("p", { class: "small" }, why));
  if (found.invalid || found.sent.length) {
    await ask(letter.id, body, "");
  } else if (await ask(letter.id, body, "Send again …", async () => {})) {
    await again({ ids: [letter.id] }, `Send ${letter.id} again?`);
  }
};

byId("which").addEventListener("submit", (event) => { event.preventDefault(); started(show); });
byId("newest").addEventListener("click", () => started(show));
byId("older").addEventListener("click", () => { path.push(now.letters.at(-1).id); show().catch(said); });
byId("retry-all").addEventListener("click", () => again({ which: which() }, "Send all of these again?").catch(said));
