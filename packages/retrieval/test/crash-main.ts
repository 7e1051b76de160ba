import { killAtRandom } from "./crash.ts";

// What `npm run bench -- crashes` runs: `crash-main.ts <kills> <pages>`.
const [kills = 100, pages = 400] = process.argv.slice(3).map(Number);
const begin = performance.now();
const { killed, ended, problems } = await killAtRandom({ kills, pages });
const counts = Object.entries(killed).map(([work, count]) => `${count} of ${work}`);
process.stdout.write(
  `${Object.values(killed).reduce((sum, count) => sum + count)} kills (${counts.join(", ")}), ${ended} works ended, ` +
    `${problems.length} problems, ${((performance.now() - begin) / 1000).toFixed(0)} s\n`,
);
for (const problem of problems) process.stdout.write(`  ${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
