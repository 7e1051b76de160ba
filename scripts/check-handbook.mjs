// Checks the sample handbook and its questions, so that every gold sentence stays true to its page.
// Run it as `node scripts/check-handbook.mjs`; the test beside it calls the same function.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const EXAMPLES = fileURLToPath(new URL("../examples", import.meta.url));

/** The roles that pages may name, as listed in examples/README.md. */
export const ROLES = [
  "employee",
  "support",
  "sales",
  "hr",
  "finance",
  "security",
  "signing-officer",
  "board",
];
/** May read every page; no page may name it. */
const ADMINISTRATOR = "administrator";
const FOLDERS = ["company", "finance", "hr", "pricing", "products", "security", "support"];
const PAGE_WORDS = { min: 250, max: 700 };
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** What each question file must hold. */
const QUESTION_FILES = {
  "handbook-questions.jsonl": { total: 60, unanswerable: 8, forbidden: 8 },
  "handbook-dev-questions.jsonl": { total: 40, unanswerable: 6, forbidden: 5 },
};

/** The pages of a handbook folder: uri (relative, forward slashes) to text. */
function readPages(folder) {
  const pages = new Map();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    const uri = path.relative(folder, file).split(path.sep).join("/");
    pages.set(uri, readFileSync(file, "utf8"));
  }
  return new Map([...pages].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Front matter of the plain form that the handbook keeps to: `key: value` lines, `roles` as `[a, b]`. */
function frontMatter(text) {
  const match = /^---\n([\s\S]*?)\n---\n/.exec(text);
  if (!match) return undefined;
  const fields = {};
  for (const line of match[1].split("\n")) {
    const colon = line.indexOf(": ");
    if (colon < 1) return undefined;
    const value = line.slice(colon + 2).trim();
    const list = /^\[(.*)\]$/.exec(value);
    fields[line.slice(0, colon)] = list
      ? list[1]
          .split(",")
          .map((item) => item.trim())
          .filter((item) => item !== "")
      : value;
  }
  return { fields, body: text.slice(match[0].length) };
}

function checkPages(pages) {
  const problems = [];
  const withoutRoles = [];
  const titles = new Map();
  for (const [uri, text] of pages) {
    const say = (problem) => problems.push(`${uri}: ${problem}`);
    if (!uri.endsWith(".md")) say("is not a Markdown file");
    if (text.includes("\r")) say("holds carriage returns");
    if (!FOLDERS.includes(uri.split("/")[0])) say(`stands outside the folders ${FOLDERS.join(", ")}`);
    const parsed = frontMatter(text);
    if (!parsed) {
      say("has no front matter of `key: value` lines");
      continue;
    }
    const { fields, body } = parsed;
    for (const field of ["title", "owner"]) if (!fields[field]) say(`front matter lacks ${field}`);
    if (!DAY.test(fields.reviewBy ?? "")) say("front matter lacks a reviewBy of the form 2027-01-31");
    if (titles.has(fields.title)) say(`shares its title with ${titles.get(fields.title)}`);
    titles.set(fields.title, uri);
    if (fields.roles === undefined) withoutRoles.push(uri);
    else if (!Array.isArray(fields.roles) || fields.roles.length === 0)
      say("roles must be a list of one or more");
    else for (const role of fields.roles) if (!ROLES.includes(role)) say(`names the unknown role ${role}`);
    const words = body.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
    if (words < PAGE_WORDS.min || words > PAGE_WORDS.max)
      say(`has ${words} words, not ${PAGE_WORDS.min} to ${PAGE_WORDS.max}`);
  }
  if (pages.size < 30) problems.push(`handbook: ${pages.size} pages, at least 30 wanted`);
  for (const folder of FOLDERS)
    if (![...pages.keys()].some((uri) => uri.startsWith(`${folder}/`)))
      problems.push(`${folder}: has no page`);
  if (withoutRoles.length !== 1)
    problems.push(
      `handbook: exactly one page without roles wanted, found ${withoutRoles.join(", ") || "none"}`,
    );
  return problems;
}

function readQuestions(file, name, problems) {
  const questions = [];
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  for (const [index, line] of lines.entries()) {
    try {
      questions.push(JSON.parse(line));
    } catch (error) {
      problems.push(`${name}:${index + 1}: ${error.message}`);
    }
  }
  return questions;
}

/** Problems of one question against the pages; empty when it is sound. */
function checkQuestion(question, pages) {
  const problems = [];
  const say = (problem) => problems.push(`${question.id}: ${problem}`);
  const { answerable, roles, page, sentence, answers, kind, allowedRoles } = question;
  if (typeof question.id !== "string" || question.id === "") say("has no id");
  if (typeof question.question !== "string" || question.question.trim() === "") say("has no question");
  if (typeof answerable !== "boolean") say("answerable must be true or false");
  if (typeof kind !== "string" || kind === "") say("has no kind");
  for (const role of [...(roles ?? []), ...(allowedRoles ?? [])])
    if (role !== ADMINISTRATOR && !ROLES.includes(role)) say(`names the unknown role ${role}`);
  if (!Array.isArray(roles) || roles.length === 0) say("roles must be a list of one or more");
  if (!Array.isArray(answers)) say("answers must be a list");
  if (answerable && ["unanswerable", "forbidden"].includes(kind)) say(`is answerable but of kind ${kind}`);
  if (answerable === false && !["unanswerable", "forbidden"].includes(kind))
    say(`is not answerable but of kind ${kind}`);
  if (problems.length > 0) return problems;

  if (kind === "unanswerable") {
    if (page !== null || sentence !== null || answers.length > 0)
      say("is unanswerable but names a page, a sentence or an answer");
    return problems;
  }
  const text = pages.get(page);
  if (text === undefined) {
    say(`names a page that is not there: ${page}`);
    return problems;
  }
  const { fields, body } = frontMatter(text) ?? { fields: {}, body: text };
  const permitted = (principal) =>
    principal.some((role) => role === ADMINISTRATOR || (fields.roles ?? []).includes(role));
  const count = typeof sentence === "string" && sentence !== "" ? body.split(sentence).length - 1 : 0;
  if (count !== 1) say(`its sentence stands ${count} times in ${page}, not once`);
  if (answers.length === 0) say("has no gold answer");
  for (const answer of answers)
    if (answer === "" || !sentence?.includes(answer)) say(`the answer "${answer}" is not in its sentence`);
  if (kind === "forbidden") {
    if (permitted(roles)) say(`is forbidden, but ${roles.join(", ")} may read ${page}`);
    if (!Array.isArray(allowedRoles) || !permitted(allowedRoles))
      say(`its allowedRoles may not read ${page} either`);
  } else if (!permitted(roles)) say(`is answerable, but ${roles.join(", ")} may not read ${page}`);
  return problems;
}

/** Every problem found in `examples`, each naming its page or question; empty when all is sound. */
export function checkHandbook(examples = EXAMPLES) {
  const pages = readPages(path.join(examples, "handbook"));
  const problems = checkPages(pages);
  const ids = new Set();
  const asked = new Map();
  const gold = new Map();
  for (const [name, wanted] of Object.entries(QUESTION_FILES)) {
    const questions = readQuestions(path.join(examples, name), name, problems);
    for (const question of questions) {
      problems.push(...checkQuestion(question, pages));
      if (ids.has(question.id)) problems.push(`${question.id}: id stands twice`);
      ids.add(question.id);
      const words = String(question.question).toLowerCase();
      if (asked.has(words)) problems.push(`${question.id}: asks the same as ${asked.get(words)}`);
      asked.set(words, question.id);
      if (!question.sentence) continue;
      // Tuning must not see the sentences that are tested on.
      const key = `${question.page}\n${question.sentence}`;
      const other = gold.get(key);
      if (other && other.name !== name)
        problems.push(`${question.id}: shares its sentence with ${other.id} of ${other.name}`);
      gold.set(key, { id: question.id, name });
    }
    const counts = {
      total: questions.length,
      unanswerable: questions.filter((question) => question.kind === "unanswerable").length,
      forbidden: questions.filter((question) => question.kind === "forbidden").length,
    };
    for (const [what, number] of Object.entries(wanted))
      if (counts[what] !== number) problems.push(`${name}: ${counts[what]} ${what}, not ${number}`);
    if (name === "handbook-questions.jsonl")
      for (const folder of FOLDERS)
        if (!questions.some((question) => question.page?.startsWith(`${folder}/`)))
          problems.push(`${name}: asks nothing of ${folder}/`);
  }
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = checkHandbook();
  for (const problem of problems) console.error(problem);
  console.log(
    problems.length === 0 ? "The handbook and its questions are sound." : `${problems.length} problems.`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}
