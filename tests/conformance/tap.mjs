// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs named asynchronous functions and reports them in the Test Anything Protocol, one line each.

export async function run(tests) {
  let number = 0;
  let failed = false;
  for (const [name, test] of Object.entries(tests)) {
    number++;
    try {
      await Promise.race([test(), new Promise((_, reject) => setTimeout(reject, 20_000, new Error("it took too long")))]);
      console.log(`ok ${number} ${name}`);
    } catch (error) {
      failed = true;
      console.log(`not ok ${number} ${name}\n# ${String(error.stack ?? error).replaceAll("\n", "\n# ")}`);
    }
  }
  console.log(`1..${number}`);
  process.exit(failed ? 1 : 0);
}
