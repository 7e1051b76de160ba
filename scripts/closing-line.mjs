// The last line of `npm test`, made from vitest's JSON report.

/**
 * `N passed, N failed`, with skipped tests and anything else that failed the run named after it. A file that could not
 * even be loaded counts as a failure, and so does a run in which nothing ran.
 */
export function closingLine(report, exitCode) {
  if (!report) return { text: "0 passed, 1 failed (the test runner did not finish)", code: exitCode || 1 };
  const unloaded = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  ).length;
  const failed = report.numFailedTests + unloaded;
  const skipped = report.numPendingTests + report.numTodoTests;
  let text = `${report.numPassedTests} passed, ${failed} failed`;
  if (skipped > 0) text += `, ${skipped} skipped`;
  if (failed === 0 && exitCode !== 0) text += " (an error outside the tests, see above)";
  return { text, code: exitCode !== 0 ? exitCode : failed > 0 ? 1 : 0 };
}
