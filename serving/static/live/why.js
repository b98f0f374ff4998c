// Why a title stands where it does: what each feature adds to its score, asked for when somebody wants to know.

import { make } from "./dom.js";

const SHOWN = 6;
const WORDS = {
  embedding: "the model's opinion", covisited: "taken beside what you took", following: "taken next", trending: "these weeks", today: "today",
  now: "this hour", taken: "how often it's taken", unwanted: "beside what you turned down", refused: "like what you refused", tired: "shown and not taken", popularity: "popularity",
  context: "this context", liking: "how it's liked", nth: "taken at this point", mood: "the mood", content: "alike in content", fresh: "new here",
  again: "had before", together: "all of it together", history: "how much is known of you", gap: "time since your last event",
};

const worded = (name) => {
  const known = Object.keys(WORDS).find((start) => name.startsWith(start));
  return known ? `${WORDS[known]} (${name})` : name;
};

export const told = (item) => {
  const parts = Object.entries(item.parts ?? {}).filter(([, part]) => Math.abs(part) >= 0.005);
  parts.sort(([, one], [, other]) => Math.abs(other) - Math.abs(one));
  const most = Math.max(1e-9, ...parts.map(([, part]) => Math.abs(part)));
  const rows = parts.slice(0, SHOWN).map(([name, part]) => {
    const bar = make("i", { class: part < 0 ? "bar less" : "bar" });
    bar.style.width = `${Math.round((60 * Math.abs(part)) / most)}px`;
    return make("li", {}, make("b", {}, `${part < 0 ? "−" : "+"}${Math.abs(part).toFixed(2)}`), bar, worded(name));
  });
  const percent = 100 * (item.probability ?? 0);
  const chance = item.probability === undefined ? "" : ` Taken, as it looks, ${percent < 0.1 ? "less than 0.1" : percent.toFixed(1)} times in 100.`;
  return [make("p", { class: "small" }, `Score ${item.score.toFixed(2)}.${chance} What counts most:`), make("ul", {}, ...rows)];
};
