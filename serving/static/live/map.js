// The user on the map of the items: the two axes are the bundle's and stay put, so a path can be seen.

import { byId, draw, moves } from "./dom.js";

const WIDE = 400, HIGH = 320, KEPT = 24, NEAR = 2, MARGIN = 0.96, ROOM = 1.2;
const LETTER = 5.7, LINE = 12, LONGEST = 22;
let path = [], marks = [], middle = [0, 0], reach = 1;

/** In the picture, with the same scale both ways; who is beyond the last landmark by far stands at the edge. */
const onto = ([x, y]) => {
  const at = (value, size) => size / 2 + Math.max(-1, Math.min(1, (value / reach) * (HIGH / size))) * MARGIN * (size / 2);
  return [at(x - middle[0], WIDE), at(middle[1] - y, HIGH)];
};

const short = (title) => {
  const bare = title.replace(/\s*\(\d{4}\)$/, "");
  return bare.length > LONGEST ? `${bare.slice(0, LONGEST - 1)}…` : bare;
};

/** The landmark with its name at the side where nothing stands yet; without where there is none: `taken` are boxes. */
const mark = ({ title, place }, taken) => {
  const [x, y] = onto(place), words = short(title), wide = LETTER * words.length;
  const free = (left) => left > 0 && left + wide < WIDE &&
    taken.every((box) => left > box.left + box.wide || left + wide < box.left || Math.abs(y - box.y) > LINE);
  const left = [x + 6, x - 6 - wide].find(free);
  const dot = draw("circle", { cx: x, cy: y, r: 2.5 });
  if (left !== undefined) taken.push({ left, wide, y });
  const label = left === undefined ? "" : draw("text", { x: left > x ? left : x - 6, y: y + 3.5, "text-anchor": left > x ? "start" : "end" }, words);
  return draw("g", { class: "mark" }, draw("title", {}, title), dot, label);
};

export const lay = (landmarks, told) => {
  marks = landmarks;
  const [left, right, low, high] = [0, 1].flatMap((axis) => {
    const along = marks.map((one) => one.place[axis]);
    return [Math.min(...along), Math.max(...along)];
  });
  middle = marks.length ? [(left + right) / 2, (low + high) / 2] : [0, 0];
  reach = ROOM * Math.max(0.1, (high - low) / 2, ((right - left) / 2) * (HIGH / WIDE));
  byId("told").textContent = told === null ? "" :
    `Two axes of the model's vectors, the same for everybody: they show ${Math.round(100 * told)}% of what sets titles apart.`;
  path = [];
  redraw();
};

export const leave = () => { path = []; redraw(); };

export const go = (place) => {
  if (!place) return;
  const last = path.at(-1);
  if (!last || last[0] !== place[0] || last[1] !== place[1]) path = [...path, place].slice(-KEPT);
  redraw();
};

const redraw = () => {
  const map = byId("map");
  const points = path.map(onto);
  const taken = marks.map((one) => onto(one.place)).map(([x, y]) => ({ left: x - 3, wide: 6, y }));
  const steps = points.slice(1).map((to, at) => draw("line", {
    class: "step", x1: points[at][0], y1: points[at][1], x2: to[0], y2: to[1], opacity: 0.25 + 0.75 * ((at + 1) / points.length) }));
  const dots = points.slice(0, -1).map(([cx, cy]) => draw("circle", { class: "was", cx, cy, r: 2.5 }));
  map.replaceChildren(...marks.map((one) => mark(one, taken)), ...steps, ...dots);
  if (!points.length) {
    byId("near").textContent = "Nowhere yet: nothing is known of you.";
    return;
  }
  const [x, y] = points.at(-1), you = draw("circle", { class: "you", cx: x, cy: y, r: 7 });
  map.append(you);
  const from = points.at(-2);
  if (from && moves())
    you.animate([{ transform: `translate(${from[0] - x}px, ${from[1] - y}px)` }, { transform: "none" }], { duration: 500, easing: "ease-out" });
  const far = (one) => Math.hypot(one.place[0] - path.at(-1)[0], one.place[1] - path.at(-1)[1]);
  const near = [...marks].sort((one, other) => far(one) - far(other)).slice(0, NEAR).map((one) => short(one.title));
  byId("near").textContent = near.length ? `You are nearest to ${near.join(" and ")}${path.length > 1 ? `, ${path.length - 1} step${path.length > 2 ? "s" : ""} from where you came` : ""}.` : "";
};
