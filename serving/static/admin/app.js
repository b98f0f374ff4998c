// The admin page: who may, which part is shown, and what went wrong.

import * as api from "./api.js";
import "./answer.js";
import * as bundles from "./bundles.js";
import * as drift from "./drift.js";
import * as health from "./health.js";
import * as letters from "./letters.js";
import { byId } from "../live/dom.js";

const PARTS = { bundles, health, letters, drift, answer: { show: async () => {} } };
let inside = false, looking;

const complain = (error) => {
  byId("problem").textContent = error ? `That did not work: ${error.message}.` : "";
  byId("problem").hidden = !error || error.status === 401;
};

const done = (said) => { byId("done").textContent = said; };

const here = () => (location.hash.slice(1) in PARTS ? location.hash.slice(1) : "bundles");

const look = (part) => PARTS[part].show(done).then(() => complain(), complain);

const show = async ({ focus = false } = {}) => {
  const part = here();
  clearInterval(looking);
  done("");
  complain();
  for (const name of Object.keys(PARTS)) byId(name).hidden = name !== part;
  for (const link of byId("nav").querySelectorAll("a")) {
    if (link.hash === `#${part}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${byId(part).querySelector("h2").textContent} · Moodstream, admin`;
  if (focus) byId("main").focus({ preventScroll: true });
  await look(part);
  if (part === "health") looking = setInterval(() => { if (!document.hidden && inside) look("health"); }, health.EVERY_MS);
};

const enter = (session) => {
  inside = true;
  byId("door").hidden = byId("off").hidden = true;
  byId("nav").hidden = byId("inside").hidden = byId("session").hidden = false;
  byId("who").textContent = `${session.name || "Somebody"}, until ${new Date(session.until).toLocaleTimeString("en-GB", { timeStyle: "short" })}`;
  return show();
};

const locked = () => {
  inside = false;
  clearInterval(looking);
  if (byId("ask").open) byId("no").click();
  byId("nav").hidden = byId("inside").hidden = byId("session").hidden = true;
  byId("door").hidden = false;
  done("");
  document.title = "Log in · Moodstream, admin";
  byId("token").focus();
};

const begin = async () => {
  try {
    await enter(await api.session());
  } catch (error) {
    if (error.status === 404) {
      byId("off-why").textContent = `${error.message[0].toUpperCase()}${error.message.slice(1)}.`;
      byId("off").hidden = false;
    } else if (error.status === 401) {
      locked();
    } else {
      complain(error);
    }
  }
};

byId("door").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = byId("token"), refused = byId("refused");
  refused.hidden = true;
  try {
    const session = await api.logIn(token.value, byId("name").value);
    token.value = "";
    await enter(session);
    byId("main").focus({ preventScroll: true });
  } catch (error) {
    refused.textContent = `${error.message[0].toUpperCase()}${error.message.slice(1)}.`;
    refused.hidden = false;
    token.select();
  }
});

byId("leave").addEventListener("click", () => api.logOut().then(() => { location.hash = ""; location.reload(); }, complain));
document.querySelectorAll(".again").forEach((button) => button.addEventListener("click", () => { done(""); look(here()); }));
document.addEventListener("locked", locked);
document.addEventListener("wrong", (event) => complain(event.detail));
addEventListener("hashchange", () => { if (inside) show({ focus: true }); });
begin();
