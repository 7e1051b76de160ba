// Puts a rebuilt model into the package, unless it scores below the one that is there.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/**
 * The headline scores (each the higher the better) in which the rebuilt model falls below the shipped one. A score that
 * the rebuilt one lacks counts as fallen: nobody measured it.
 */
export function fallenScores(shipped, rebuilt) {
  return Object.entries(shipped)
    .filter(([metric, value]) => !(rebuilt[metric] >= value))
    .map(([metric, value]) => ({ metric, shipped: value, rebuilt: rebuilt[metric] ?? null }));
}

/** Reads a scores file; a model that was never scored has none, and nothing to fall below. */
export async function readScores(path) {
  try {
    return JSON.parse(await readFile(path, "utf8")).headline;
  } catch (error) {
    if (error.code === "ENOENT") return {};
    throw new Error(`${path} cannot be read as scores: ${error.message}`);
  }
}

/** Throws unless the rebuilt scores hold up, or `force` says that the fall is wanted. Nothing shipped, nothing to hold up. */
export function guardInstall({ name, shipped = {}, rebuilt, force = false }) {
  const fallen = fallenScores(shipped, rebuilt);
  if (fallen.length === 0) return;
  const list = fallen.map(
    ({ metric, shipped, rebuilt: now }) => `  ${metric}: shipped ${shipped}, rebuilt ${now}`,
  );
  const said = `the rebuilt ${name} scores below the shipped one:\n${list.join("\n")}`;
  if (force) console.warn(`${said}\ninstalled all the same, as --force says`);
  else throw new Error(`${said}\nNothing was installed. Pass --force to install it all the same.`);
}

async function copyWhole(from, to) {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, `${to}.new`);
  await rename(`${to}.new`, to);
}

async function writeWhole(path, value) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`);
  await rename(`${path}.new`, path);
}

const sha256Of = async (path) =>
  createHash("sha256")
    .update(await readFile(path))
    .digest("hex");

/**
 * Installs files and a card into a folder of models. `files`: [from, to relative to the folder], the weights first;
 * their size and hash go into the card, and the hashes of the others too, by their names in the model's own folder.
 * `scores`: `{ headline, ... }` as measured.
 */
export async function installModel({ models, card, files, scores, force }) {
  const scoresPath = join(models, `${card.name}.scores.json`);
  guardInstall({ name: card.name, shipped: await readScores(scoresPath), rebuilt: scores.headline, force });
  const [[weights], ...others] = files;
  const sha256 = await sha256Of(weights);
  const { size: bytes } = await stat(weights);
  const hashes = {};
  for (const [from, to] of others) hashes[relative(card.file, to)] = await sha256Of(from);
  for (const [from, to] of files) await copyWhole(from, join(models, to));
  await writeWhole(join(models, `${card.name}.card.json`), {
    ...card,
    sha256,
    bytes,
    ...(others.length > 0 && { files: hashes }),
  });
  await writeWhole(scoresPath, scores);
}
