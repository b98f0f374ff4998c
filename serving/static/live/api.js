// The API as this page uses it: the token where one is demanded, and problems in words.

const KEY = "moodstream.token";
const TRIES = 4;
let token = sessionStorage.getItem(KEY) ?? "";

export const useToken = (given) => {
  token = given;
  sessionStorage.setItem(KEY, given);
};

export const headers = () => (token ? { Authorization: `Bearer ${token}` } : {});

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

const problem = async (answer) => {
  const said = await answer.json().catch(() => ({}));
  return new Problem(answer.status, said.results?.[0]?.reason ?? said.detail ?? `the server answered ${answer.status}`);
};

const asked = async (path, body) => {
  const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(path, { ...sent, headers: { ...headers(), ...(sent.body && { "Content-Type": "application/json" }) } });
  } catch {
    throw new Problem(0, "the server doesn't answer");
  }
  if (answer.ok) return answer.json();
  const found = await problem(answer);
  if (found.status === 401) document.dispatchEvent(new Event("locked"));
  throw found;
};

const later = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
const passes = (found) => [0, 429, 503].includes(found.status);

/** Send it again while the server is away or busy: an event keeps its id, so it counts once. */
const insisting = async (path, body) => {
  for (let tries = 1; ; tries++) {
    try {
      return await asked(path, body);
    } catch (found) {
      if (tries === TRIES || !passes(found)) throw found;
      await later(tries);
    }
  }
};

const identity = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export const post = (event) => insisting("v1/events", { event_id: identity(), time: Date.now(), ...event });
export const recommend = (user, tokens, n) => insisting("v1/recommendations", { user_id: user, n, token: tokens.join(",") });
export const explain = (user, tokens, items) => asked("v1/rank", { user_id: user, items, explain: true, token: tokens.join(",") });
export const place = (user, tokens) =>
  asked(`v1/live/places/${encodeURIComponent(user)}?${new URLSearchParams({ token: tokens.join(",") })}`);
export const asTrained = (user, n) => insisting(`v1/live/as-trained/${encodeURIComponent(user)}?n=${n}`);
export const profile = (user) => asked(`v1/users/${encodeURIComponent(user)}`);
export const world = () => insisting("v1/live/world");
