// The list of titles: what stands where, what moved, and what may be done with each.

import { byId, make, moves, toolbar } from "./dom.js";

const SAYS = {
  embedding: "your path", covisitation: "taken together", following: "often next", content: "alike", trending: "liked of late",
  rising: "rising", context: "your context", mood: "your mood", fresh: "new here", popularity: "popular", again: "had before",
  rule: "a rule",
};
const STARS = [1, 2, 3, 4, 5];

/** An image where posters are configured and this one loads, else the title's first letter. */
const poster = (item, posters) => {
  if (!posters) return "";
  const letter = make("span", { class: "poster", "aria-hidden": "true" }, [...item.title || "?"][0]);
  if (!item.image) return letter;
  const from = item.image.startsWith(posters) ? item.image : posters + item.image.replace(/^\/+/, "");
  const gone = () => image.replaceWith(letter);
  const image = make("img", { class: "poster", alt: "", loading: "lazy", width: 46, height: 69, src: from, on: { error: gone } });
  return image;
};

const moved = (was, at) => {
  if (was === undefined) return make("span", { class: "moved new" }, "new");
  if (was === at) return make("span", { class: "moved" });
  const up = was > at, by = Math.abs(was - at);
  return make("span", { class: `moved ${up ? "up" : "down"}` }, make("span", { "aria-hidden": "true" }, `${up ? "▲" : "▼"} ${by}`),
    make("span", { class: "unseen" }, `${up ? "up" : "down"} ${by}`));
};

const button = (label, text, act, more = {}) => make("button", { type: "button", "aria-label": label, title: label, on: { click: act }, ...more }, text);

const actions = (item, act, why) => toolbar(make("div", { role: "toolbar", "aria-label": `What you do with ${item.title}` },
  button(`Click ${item.title}`, "Click", () => act(item, "click"), { class: "main" }),
  button(`Like ${item.title}`, "👍", () => act(item, "like")),
  button(`Dislike ${item.title}`, "👎", () => act(item, "dislike")),
  make("span", { class: "stars" }, ...STARS.map((stars) =>
    button(`Rate ${item.title} ${stars} of 5`, "★", () => act(item, "rating", stars), { class: "star" }))),
  button(`Why ${item.title}?`, "Why?", why, { class: "quiet", "aria-expanded": "false" }),
));

const card = (item, posters, act, explained) => {
  const panel = make("div", { class: "why", hidden: true });
  const why = (event) => {
    panel.hidden = !panel.hidden;
    event.currentTarget.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) explained(item, panel);
  };
  const made = make("li", { class: "card" },
    make("span", { class: "rank" }),
    poster(item, posters),
    make("div", { class: "what" },
      make("h3", {}, item.title || item.item_id),
      make("p", { class: "small" }, (item.categories ?? []).join(" · ")),
      make("p", { class: "sources" })),
    make("span", { class: "moved" }),
    actions(item, act, why),
    panel);
  made.item = item.item_id;
  return made;
};

const tell = (made, item, at, was) => {
  made.querySelector(".rank").textContent = String(at + 1);
  made.querySelector(".moved").replaceWith(was ? moved(was.get(item.item_id), at) : make("span", { class: "moved" }));
  made.querySelector(".sources").replaceChildren(...item.sources.map((name) =>
    make("span", { class: "chip", title: name }, SAYS[name] ?? name)));
};

const glide = (made, from) => {
  if (!moves()) return;
  const to = made.getBoundingClientRect();
  const start = from ? { transform: `translateY(${from.top - to.top}px)` } : { opacity: 0, transform: "translateX(12px)" };
  made.animate([start, { opacity: 1, transform: "none" }], { duration: 380, easing: "cubic-bezier(.2, .8, .2, 1)" });
};

/** Where the keyboard was: the button's place in the card's row, and the card's among the cards. */
const focused = (list) => {
  const held = document.activeElement?.closest?.("#list .card");
  if (!held) return undefined;
  const place = [...held.querySelectorAll("button")].indexOf(document.activeElement);
  return { item: held.item, at: [...list.children].indexOf(held), place };
};

const refocus = (list, was) => {
  if (!was || !list.children.length) return;
  const held = [...list.children].find((one) => one.item === was.item) ?? list.children[Math.min(was.at, list.children.length - 1)];
  held.querySelectorAll("button")[Math.max(0, was.place)]?.focus({ preventScroll: true });
};

/** Show these items; `was` maps ids to the places before, or is undefined where this is another user's first list. */
export const show = (items, was, posters, act, explained) => {
  const list = byId("list"), before = new Map(), there = new Map(), keyboard = focused(list);
  for (const old of list.children) {
    there.set(old.item, old);
    before.set(old.item, old.getBoundingClientRect());
  }
  const cards = items.map((item, at) => {
    const made = (was && there.get(item.item_id)) ?? card(item, posters, act, explained);
    made.querySelector(".why").hidden = true;
    made.querySelector("[aria-expanded]").setAttribute("aria-expanded", "false");
    tell(made, item, at, was);
    return made;
  });
  list.className = posters ? "" : "plain";
  list.replaceChildren(...cards);
  refocus(list, keyboard);
  if (was) cards.forEach((made) => glide(made, before.get(made.item)));
};

/** The other list, with what both have. */
export const beside = (items, live) => {
  const shared = items.filter((item) => live.has(item.item_id)).length;
  byId("trained").replaceChildren(...items.map((item) => make("li", { class: live.has(item.item_id) ? "both" : "" },
    make("span", {}, item.title || item.item_id),
    live.has(item.item_id) ? make("span", { class: "chip" }, `live: ${live.get(item.item_id) + 1}`) : "")));
  return shared;
};
