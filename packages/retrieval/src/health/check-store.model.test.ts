import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DEFAULT_PRINCIPAL, NotPermittedError } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openKnowledge } from "../knowledge.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "health-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const LONG = Array.from({ length: 40 }, (_, index) => `phrase${index}`).join(" ");
const FILES: Record<string, string> = {
  "leave/notice.md":
    "---\nroles: [staff]\nreviewBy: 2026-01-31\n---\n# Notice\n\nThe notice period is 3 months.\n",
  "faq.md": `---\nroles: [staff]\n---\n# Notice and leave\n\nThe notice period is 2 months. See [here](leave/gone.md).\n\n## Tail\n\n${LONG}.\n`,
  "copy.md": `---\nroles: [staff]\n---\n# Zebras\n\nStripes and more stripes.\n\n## Tail\n\n${LONG}.\n`,
  "closed.html": "<title>Closed</title><p>The vault.</p>",
};

test("checks a tenant's pages in the store, for administrators alone", async () => {
  for (const [uri, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(root, "pages", uri)), { recursive: true });
    await writeFile(join(root, "pages", uri), text);
  }
  await using knowledge = await openKnowledge({
    location: join(root, "store"),
    embedder: createFakeEmbedder(),
  });
  await knowledge.sync(join(root, "pages"));
  await knowledge.upsert([{ uri: "theirs.md", text: "# Theirs\n\n[x](gone.md)" }], { tenant: "other" });

  const report = await knowledge.check?.({
    principal: DEFAULT_PRINCIPAL,
    today: "2026-11-21",
    questions: [{ id: 1, question: "zebras stripes" }],
  });
  expect(report).toMatchObject({ documents: 4, links: { checked: 1, external: 0, files: 0 } });
  expect(report?.checks.every(({ skipped }) => skipped === undefined)).toBe(true);
  const found = report?.findings.filter(({ check }) => check !== "unreached") ?? [];
  expect(found.map(({ check, severity, uri, other }) => [check, severity, uri, other?.uri])).toEqual([
    ["review-date", "problem", "leave/notice.md", undefined],
    ["unreadable", "note", "closed.html", undefined],
    ["link", "problem", "faq.md", undefined],
    ["near-duplicate", "note", "copy.md", "faq.md"],
    ["contradiction", "note", "faq.md", "leave/notice.md"],
  ]);
  for (const place of found.flatMap((finding) => [finding, ...(finding.other ? [finding.other] : [])])) {
    if (place.quote === undefined) continue;
    expect(FILES[place.uri]?.slice(place.start, place.end)).toBe(place.quote);
  }

  for (const roles of [[], ["staff"]]) {
    const asked = knowledge.check?.({ principal: { tenant: "default", roles } });
    await expect(asked).rejects.toBeInstanceOf(NotPermittedError);
  }
  const theirs = await knowledge.check?.({ principal: { ...DEFAULT_PRINCIPAL, tenant: "other" } });
  expect(theirs?.findings.map(({ check, uri }) => [check, uri])).toEqual([
    ["unreadable", "theirs.md"],
    ["link", "theirs.md"],
  ]);
  const nobody = await knowledge.check?.({ principal: { ...DEFAULT_PRINCIPAL, tenant: "empty" } });
  expect(nobody).toMatchObject({ documents: 0, findings: [] });
});
