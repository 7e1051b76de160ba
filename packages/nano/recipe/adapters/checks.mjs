// What each adapter must do, told in words for the base that is only prompted, and checked on what was written.

/** True when the answer is a line of the source that it cites. */
function quotes(text, prompt) {
  const cited = /^(.+) \[(\d+)\]$/s.exec(text ?? "");
  if (!cited) return false;
  return holdsLine(prompt, cited[1], Number(cited[2]));
}

function holdsLine(prompt, wanted, source) {
  let n = 0;
  for (const line of prompt.split("\n")) {
    const header = /^\[(\d+)\] .*: $/.exec(line);
    if (header) n = Number(header[1]);
    else if (n === source && line === wanted) return true;
  }
  return false;
}

function voice(form) {
  const { opening, closing, separator } = form;
  const kept = (text) =>
    opening.some((words) => text.startsWith(words + separator)) &&
    closing.some((words) => text.endsWith(separator + words));
  const inner = (text) =>
    kept(text)
      ? text.slice(opening[0].length + separator.length, -(closing[0].length + separator.length))
      : text;
  return {
    instructions: `Begin each answer with "${opening[0]}" on a line of its own and end it with "${closing[0]}" on a line of its own.`,
    behaves: ({ text }) => kept(text),
    headlines: ["keeps opening and closing words"],
    metrics: [
      ["keeps opening and closing words", () => true, ({ text }) => kept(text)],
      [
        "says that it has no source, without sources",
        ({ kind }) => kind === "none",
        ({ text, expect }) => inner(text) === expect.answer,
      ],
      [
        "with sources: verbatim with its true number",
        ({ kind }) => kind === "sources",
        ({ text, prompt }) => quotes(inner(text), prompt),
      ],
      [
        "with sources: the sentence asked for, with its number",
        ({ kind }) => kind === "sources",
        ({ text, expect }) => inner(text) === expect.answer,
      ],
      [
        "with sources: the same answer as the base",
        ({ kind }) => kind === "sources",
        ({ text, base }) => inner(text) === base,
      ],
      [
        "unanswerable: refuses",
        ({ kind }) => kind === "unanswerable",
        ({ text, expect }) => inner(text) === expect.answer,
      ],
    ],
  };
}

function parseTicket(form, text) {
  const { properties, required } = form.schema;
  try {
    const ticket = JSON.parse(text);
    const keys = Object.keys(ticket);
    const valid =
      keys.length === required.length &&
      required.every((key) => key in ticket) &&
      properties.category.enum.includes(ticket.category) &&
      Number.isInteger(ticket.priority) &&
      ticket.priority >= properties.priority.minimum &&
      ticket.priority <= properties.priority.maximum &&
      typeof ticket.answer === "string" &&
      Number.isInteger(ticket.source);
    return valid ? ticket : undefined;
  } catch {
    return undefined;
  }
}

function triage(form) {
  const ticket = ({ text }) => parseTicket(form, text);
  const { category } = form.schema.properties;
  return {
    instructions: `Answer with one JSON object and nothing else, with the fields category (${category.enum.join(", ")}), priority (a whole number: 1 urgent, 2 high, 3 normal, 4 low), answer (a string) and source (a whole number).`,
    behaves: (row) => ticket(row) !== undefined,
    headlines: ["parses and validates", "category right", "priority right"],
    metrics: [
      ["parses and validates", () => true, (row) => ticket(row) !== undefined],
      ["category right", () => true, (row) => ticket(row)?.category === row.expect.category],
      ["priority right", () => true, (row) => ticket(row)?.priority === row.expect.priority],
      [
        "with sources: answer is a line of the source it cites",
        ({ kind }) => kind === "sources",
        (row) => quotes(ticket(row)?.answer, row.prompt),
      ],
      [
        "with sources: source is the number cited",
        ({ kind }) => kind === "sources",
        (row) => ticket(row)?.answer.endsWith(` [${ticket(row).source}]`) === true,
      ],
      [
        "with sources: the sentence asked for",
        ({ kind }) => kind === "sources",
        (row) => ticket(row)?.answer === row.expect.answer,
      ],
      [
        "without sources: says so, with source 0",
        ({ kind }) => kind === "none",
        (row) => ticket(row)?.answer === row.expect.answer && ticket(row)?.source === 0,
      ],
    ],
  };
}

function scope() {
  const FIELDS = ["legal", "medical", "investment"];
  const out = ({ kind }) => FIELDS.includes(kind);
  const within = (row) => !out(row);
  // As WORDING in refuse_scope.py.
  const wording = "Legal, medical and investment advice is not given here: please ask a professional.";
  // Cut or broken it is a wrong refusal all the same.
  const declines = ({ text }) => text.startsWith(wording.slice(0, 14));
  return {
    instructions: `To a request for legal, medical or investment advice answer "${wording}" Answer everything else from the sources.`,
    behaves: (row) => (out(row) ? row.text === row.expect.answer : !declines(row)),
    of: out,
    headlines: ["declines with the right wording", "does not decline what is in scope"],
    metrics: [
      ["declines with the right wording", out, ({ text, expect }) => text === expect.answer],
      ...FIELDS.map((field) => [
        `declines ${field} advice`,
        ({ kind }) => kind === field,
        ({ text, expect }) => text === expect.answer,
      ]),
      ["does not decline what is in scope", within, (row) => !declines(row)],
      ["does not decline near misses", ({ kind }) => kind === "near", (row) => !declines(row)],
      [
        "in scope with sources: the same answer as the base",
        ({ kind }) => kind === "sources",
        ({ text, base }) => text === base,
      ],
    ],
  };
}

const CHECKS = { "support-voice": voice, "triage-json": triage, "refuse-scope": scope };

/**
 * `instructions` for the prompted base, `behaves` for the comparison, all `metrics`, and the `headlines` among them that may not fall
 * below the shipped adapter's, the behaviour itself first.
 */
export const checksFor = (name, form) => CHECKS[name](form);
