// The live page: who you are, what you do, and what the answer becomes.

import { asTrained, explain, place, post, profile, recommend, useToken, world } from "./api.js";
import { byId, make, toolbar } from "./dom.js";
import * as gauges from "./gauges.js";
import { beside, show } from "./list.js";
import * as map from "./map.js";
import { watch } from "./stream.js";
import { told } from "./why.js";

const N = 10, TOKENS = 100;
const USER = "moodstream.user", BEEN = "moodstream.been";
let user = "", items, here, sent = [], trained, doing = Promise.resolve();

const tokens = () => sent.map((one) => one.token);
const places = () => new Map((items ?? []).map((item, at) => [item.item_id, at]));
const day = (ms) => new Date(ms).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });

const complain = (error) => {
  byId("problem").textContent = error ? `That did not work: ${error.message}.` : "";
  byId("problem").hidden = !error || error.status === 401;
};

/** One thing after the other, so that no older answer overwrites a newer one; what fails is said. */
const inTurn = (work) => {
  const whose = user;
  doing = doing.then(() => (whose === user ? work() : undefined)).then((done) => { if (done) complain(); }, complain);
  return doing;
};

const ago = (ms) => {
  const seconds = ms / 1000;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600).toLocaleString("en")} hours`;
};

const standing = (answer) => {
  const age = answer.age_ms === null ? "nothing is known of you yet" : `your last event was ${ago(answer.age_ms)} before`;
  byId("standing").textContent = answer.degraded.length ? `Less than it could be: ${answer.degraded.join("; ")}.` : `When it was asked for, ${age}.`;
  byId("bundle").textContent = answer.bundle || "none yet";
};

const differing = (before) => items.filter((item, at) => before.get(item.item_id) !== at).length;

const take = (answer, was) => {
  items = answer.items;
  sent = sent.filter((one) => !(answer.watermark && answer.watermark.offset >= one.offset));
  show(items, was, here?.posters, (item, kind, value) => interact(item, kind, value), why);
  besideLive();
  standing(answer);
};

const ask = async (was) => {
  const answer = await recommend(user, tokens(), N);
  take(answer, was);
  return answer;
};

/** From the moment that Kafka's acknowledgement is here to the moment that the next answer is. */
const act = async (event) => {
  const before = places();
  const posted = await post({ user_id: user, ...event });
  const acknowledged = performance.now();
  sent = [...sent, { token: posted.tokens[user], offset: posted.results[0].offset }].slice(-TOKENS);
  if (trained) trained.since += 1;
  const answer = await recommend(user, tokens(), N);
  const ms = performance.now() - acknowledged;
  take(answer, before);
  gauges.changed(ms, differing(before), items.length, answer.folded);
  await locate();
  return true;
};

const interact = (item, kind, value) =>
  inTurn(() => act({ type: "interaction", item_id: item.item_id, kind, ...(value && { value }) }));

const feel = (mood, pressed) => inTurn(async () => {
  await act({ type: "mood", mood: mood.emoji });
  for (const other of byId("moods").children) other.setAttribute("aria-pressed", String(other === pressed));
  return true;
});

const locate = async () => {
  const where = await place(user, tokens());
  map.go(where.place);
  const mood = where.mood ? `, last felt ${where.mood}` : "";
  byId("known").textContent = where.events ? `${where.events.toLocaleString("en")} events are known${mood}.` : "Nothing is known of you yet: a first click changes that.";
};

const why = (item, panel) => inTurn(async () => {
  const answer = await explain(user, tokens(), items.map((one) => one.item_id));
  const found = answer.items.find((one) => one.item_id === item.item_id);
  panel.replaceChildren(...(found ? told(found) : ["It can't be scored any more."]));
  return true;
});

const besideLive = () => {
  if (!trained) return;
  const shared = beside(trained.items, places());
  byId("batch-title").dataset.shared = items && trained.items.length ? `${shared} of ${trained.items.length} in both` : "";
  const since = trained.since ? `, and not the ${trained.since} since` : "";
  const knows = trained.events ? `${trained.events} of your events that are kept${since}` : `nothing of you${since}`;
  byId("until").textContent = trained.until === null ? "There is no bundle yet." :
    `What the trained model alone says. It has seen all until ${day(trained.until)}: ${knows}. So it stays until the next training.`;
};

const batch = async () => {
  trained = await asTrained(user, N);
  besideLive();
};

/** What this browser keeps, where it may. */
const recall = (key) => {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
};

const remember = (key, value) => {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch { /* then not */ }
};

const been = (id) => {
  const ids = [id, ...(recall(BEEN) ?? []).filter((one) => one !== id)].slice(0, 8);
  remember(BEEN, ids);
  byId("been").replaceChildren(...ids.map((one) => make("option", { value: one })));
};

const liked = async () => {
  const found = await profile(user);
  const titles = [...new Set(found.history.filter((one) => one.weight > 0.5 && one.title).map((one) => one.title))].slice(0, 3);
  if (titles.length) byId("known").textContent += ` Liked lately: ${titles.join(", ")}.`;
};

const become = (id) => {
  user = id;
  items = trained = undefined;
  sent = [];
  remember(USER, id);
  history.replaceState(null, "", `#user=${encodeURIComponent(id)}`);
  byId("user").textContent = id;
  been(id);
  map.leave();
  for (const button of byId("moods").children) button.setAttribute("aria-pressed", "false");
  return inTurn(async () => {
    await ask();
    await Promise.all([batch(), locate()]);
    await liked();
    return true;
  });
};

const somebody = () => `visitor-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;

const meant = () => new URLSearchParams(location.hash.slice(1)).get("user") || recall(USER) || somebody();

const settle = async () => {
  here = await world();
  map.lay(here.landmarks, here.told);
  const buttons = here.moods.map((mood) => {
    const made = make("button", { type: "button", "aria-pressed": "false", on: { click: () => feel(mood, made) } },
      make("span", { "aria-hidden": "true" }, mood.emoji), mood.label);
    return made;
  });
  byId("moods").replaceChildren(...buttons);
  toolbar(byId("moods"));
};

const begin = () => inTurn(settle).then(() => become(user || meant()));

let bundle;
const onBeat = (now) => {
  gauges.beat(now);
  if (bundle !== undefined && now.bundle !== bundle) begin();
  bundle = now.bundle;
};

let away = false;
const onState = (name, seconds) => {
  gauges.state(name, seconds);
  byId("locked").hidden = name !== "locked";
  if (name === "live" && away) {
    if (here) inTurn(async () => { await ask(places()); return true; });
    else begin();
  }
  away = name === "reconnecting" || (away && name !== "live");
};

byId("become").addEventListener("submit", (event) => {
  event.preventDefault();
  if (byId("id").value.trim()) become(byId("id").value.trim());
  byId("id").value = "";
});
byId("nobody").addEventListener("click", () => become(somebody()));
byId("again").addEventListener("click", () => inTurn(async () => { await ask(places()); return true; }));
document.addEventListener("locked", () => { byId("locked").hidden = false; });
addEventListener("hashchange", () => { const asked = meant(); if (asked !== user) become(asked); });

const again = watch(onBeat, onState);
byId("locked").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken(byId("token").value);
  again();
  begin();
});
begin();
