// The one way to ask the playground's server for something.

/** The server said no: `message` is a sentence for the person, `errors` belong to the blocks of a form. */
export class Refused extends Error {
  constructor({ error, message, errors }) {
    super(message || error || "That did not work.");
    this.code = error;
    this.errors = errors ?? {};
  }
}

async function answerOf(request) {
  let answer;
  try {
    answer = await (await request).json();
  } catch {
    throw new Refused({ error: "unreachable", message: "The playground does not answer. Is it still running?" });
  }
  if (!answer.ok) throw new Refused(answer);
  return answer;
}

export function get(path) {
  return answerOf(fetch(`/_page/${path}`));
}

export function post(path, body) {
  return answerOf(
    fetch(`/_page/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
}
