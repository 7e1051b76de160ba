import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeS3 } from "@advisor/contracts/testing";
import { raceWriters } from "./write-race.ts";

// What `npm run bench -- writers` runs: `write-race-main.ts <processes> <seconds>`.
const [processes = 8, seconds = 60] = process.argv.slice(3).map(Number);
const folder = await mkdtemp(join(tmpdir(), "writers-"));
const s3 = await createFakeS3();
try {
  const places = [
    ["folder", { location: join(folder, "store") }],
    ["object store", { location: "s3://test/store", storageOptions: s3.storageOptions }],
  ] as const;
  for (const [name, place] of places) {
    const begin = performance.now();
    const { acknowledged, failed, problems, documents } = await raceWriters({ ...place, processes, seconds });
    const took = ((performance.now() - begin) / 1000).toFixed(0);
    process.stdout.write(
      `${name}: ${processes} processes, ${seconds} s (${took} s with start and check): ${acknowledged} writes ` +
        `acknowledged, ${failed.length} failed, ${documents} documents, ${problems.length} problems\n`,
    );
    for (const line of new Set([...failed, ...problems])) process.stdout.write(`  ${line}\n`);
    if (failed.length + problems.length > 0) process.exitCode = 1;
  }
  process.stdout.write(`requests to the object store: ${s3.requests}\n`);
} finally {
  await s3.dispose();
  await rm(folder, { recursive: true, force: true });
}
