// What is asked of the server. No session: a server that was started anew answers as the one before.

const AWAY = "Pincite does not answer: is it still running?";
const FULL = 503;

/** What the server answers: `text` is why not where it is not `ok`; without a `status` there was no answer. */
export const request = async (path, options) => {
  const answer = await fetch(path, options).catch(() => null);
  const text = await answer?.text().catch(() => null);
  if (text == null) return { text: AWAY };
  const { ok, status } = answer;
  if (ok) return { ok, status, text };
  const error = /^{/.test(text) && JSON.parse(text).error;
  return { ok, status, text: error || `Pincite answered with status ${status}.` };
};

/** Call a function of the server through Gradio's queue. `away` where there was no answer and another try may get one. */
export const call = async (name, ...args) => {
  const body = JSON.stringify({ data: args }), headers = { "Content-Type": "application/json" };
  const began = await request(`gradio_api/call/${name}`, { method: "POST", body, headers });
  if (!began.ok) return { problem: began.text, away: !began.status || began.status === FULL };
  const ended = await request(`gradio_api/call/${name}/${JSON.parse(began.text).event_id}`);
  const [, event, data] = ended.text.match(/event: (complete|error)\ndata: (.*)/) ?? [];
  if (!event) return { problem: AWAY, away: true }; // it went away while it answered, or has forgotten what was asked
  const value = JSON.parse(data);
  return event === "complete" ? { value: value[0] } : { problem: value?.error ?? "That did not work." };
};

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Call until there is an answer; `waiting` is told while there is none, and says whether to go on. */
export const callPatiently = async (waiting, name, ...args) => {
  for (let wait = 500; ; wait = Math.min(2 * wait, 5_000)) {
    const answer = await call(name, ...args);
    if (!answer.away || !waiting(answer.problem)) return answer;
    await pause(wait);
  }
};
