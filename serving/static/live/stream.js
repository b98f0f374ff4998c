// The stream's pulse by server-sent events, read by fetch: EventSource can't send a token. It reconnects by itself.

import { headers } from "./api.js";

const FIRST_MS = 500;
const LONGEST_MS = 8000;
const SILENCE_MS = 5000;

const pause = (ms, woken) => new Promise((resolve) => {
  const timer = setTimeout(resolve, ms);
  woken.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
});

/** Each beat in turn; ends when the server hangs up, raises when it is gone or silent. */
const beats = async function* (signal, heardFrom) {
  const answer = await fetch("v1/live/stream", { headers: { ...headers(), Accept: "text/event-stream" }, signal });
  if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    heardFrom();
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) if (event.startsWith("data: ")) yield JSON.parse(event.slice(6));
  }
};

/** Calls `onBeat` with each beat, `onState` with live, connecting, reconnecting, locked or paused (and the seconds). */
export const watch = (onBeat, onState) => {
  let hangUp = new AbortController(), wake = new AbortController(), failures = 0;

  const connected = async () => {
    hangUp = new AbortController();
    let timer;
    const heardFrom = () => {
      clearTimeout(timer);
      timer = setTimeout(() => hangUp.abort(), SILENCE_MS);
    };
    heardFrom();
    try {
      for await (const beat of beats(hangUp.signal, heardFrom)) {
        failures = 0;
        onState("live");
        onBeat(beat);
      }
    } finally {
      clearTimeout(timer);
    }
  };

  const run = async () => {
    for (;;) {
      let locked = false;
      if (!document.hidden) await connected().catch((error) => { locked = error.status === 401; });
      wake = new AbortController();
      if (document.hidden || locked) {
        onState(document.hidden ? "paused" : "locked");
        await pause(2 ** 30, wake.signal);
      } else {
        const ms = Math.min(LONGEST_MS, FIRST_MS * 2 ** failures++) * (0.75 + Math.random() / 2);
        onState("reconnecting", Math.ceil(ms / 1000));
        await pause(ms, wake.signal);
      }
    }
  };

  const again = () => wake.abort();
  document.addEventListener("visibilitychange", () => (document.hidden ? hangUp : wake).abort());
  addEventListener("online", again);
  run();
  return again;
};
