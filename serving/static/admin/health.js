// How the parts are, looked at again every few seconds while somebody does.

import * as api from "./api.js";
import { byId, make } from "../live/dom.js";
import { ago, number, pill, table } from "./said.js";

export const EVERY_MS = 5000;
const COLUMNS = [
  ["partition", (one) => String(one.partition), "figure"],
  ["taken in up to", (one) => number(one.position), "figure"],
  ["the log's end", (one) => number(one.end), "figure"],
  ["behind", (one) => number(one.lag), "figure"],
  ["worker heard", (one) => `${ago(one.heard_ms)} ago`, "figure"],
  ["", (one) => (one.lost === null ? "" : `states are made again up to ${number(one.lost)}`), "", "remark"],
];

export const show = async () => {
  const now = await api.health();
  byId("health-at").textContent = `at ${new Date(now.time).toLocaleTimeString("en-GB")}`;
  const poor = now.parts.filter((part) => part.state !== "well").map((part) => part.name);
  const answers = now.degraded.length ? ` Answers say of themselves: ${now.degraded.join("; ")}.` : "";
  byId("degraded").textContent = `${poor.length ? `Not well: ${poor.join(", ")}.` : "All is well."}${answers}`;
  byId("parts").replaceChildren(...now.parts.map((part) => make("li", { class: `part ${part.state}` },
    make("h3", {}, part.name, " ", pill(part.state)),
    make("p", {}, part.said),
    part.todo ? make("p", { class: "small" }, "What to do: ", part.todo, ".") : "")));
  byId("partitions").replaceChildren(table("Partitions of the log", COLUMNS, now.partitions, "Nothing is known of it."));
};
