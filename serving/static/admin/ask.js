// Asked again before anything is changed: what will be, from what, and two buttons.

import { byId, make } from "../live/dom.js";

/** True once it is done. `work` is awaited with the dialog open: what goes wrong is said in it, and may be tried again. */
export const ask = (title, body, yes, work, { danger = false } = {}) => new Promise((resolve) => {
  const dialog = byId("ask"), go = byId("yes"), no = byId("no"), problem = byId("ask-problem"), ends = new AbortController();
  const leave = (done) => {
    ends.abort();
    dialog.close();
    resolve(done);
  };
  const act = async () => {
    go.disabled = true;
    problem.hidden = true;
    try {
      await work();
      leave(true);
    } catch (error) {
      problem.textContent = `That did not work: ${error.message}.`;
      problem.hidden = false;
      if (error.status === 401) leave(false);
    } finally {
      go.disabled = false;
    }
  };
  byId("ask-title").textContent = title;
  byId("ask-body").replaceChildren(...body.map((one) => (typeof one === "string" ? make("p", {}, one) : one)));
  go.textContent = yes;
  go.hidden = !work;
  go.className = danger ? "danger" : "main";
  no.textContent = work ? "Cancel" : "Close";
  problem.hidden = true;
  const signal = { signal: ends.signal };
  go.addEventListener("click", act, signal);
  no.addEventListener("click", () => leave(false), signal);
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); leave(false); }, signal);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); go.click(); }
  }, signal);
  dialog.showModal();
  (dialog.querySelector("input") ?? no).focus();
});
