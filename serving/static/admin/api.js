// The operations behind this page: the session is a cookie that no script reads, and every change proves where it's from.

let proof = "";

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

const asked = async (method, path, body) => {
  const headers = { ...(body && { "Content-Type": "application/json" }), ...(method !== "GET" && { "X-Moodstream-Proof": proof }) };
  let answer;
  try {
    answer = await fetch(`v1/admin/${path}`, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new Problem(0, "the server doesn't answer");
  }
  if (answer.status === 204) return undefined;
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  if (answer.status === 401 && path !== "session") document.dispatchEvent(new Event("locked"));
  throw new Problem(answer.status, said.detail ?? `the server answered ${answer.status}`);
};

const known = (session) => {
  proof = session.proof;
  return session;
};

export const session = async () => known(await asked("GET", "session"));
export const logIn = async (token, name) => known(await asked("POST", "session", { token, name }));
export const logOut = () => asked("DELETE", "session");
export const bundles = () => asked("GET", "bundles");
export const publish = (version, share, seen) => asked("POST", "bundles/publish", { version, share, seen });
export const rollBack = (seen, back) => asked("POST", "bundles/rollback", { seen, back });
export const letters = (which) => asked("GET", `dead-letters?${new URLSearchParams(which)}`);
export const letter = (id) => asked("GET", `dead-letters/${encodeURIComponent(id)}`);
export const retry = (wanted) => asked("POST", "retries", wanted);
export const signals = () => asked("GET", "drift");
export const course = (about) => asked("GET", `drift/${encodeURIComponent(about)}`);
export const health = () => asked("GET", "health");
export const answer = (ask) => asked("POST", "answers", ask);
