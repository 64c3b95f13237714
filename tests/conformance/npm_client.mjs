// SPDX-License-Identifier: LGPL-2.1-or-later
// npm_client.mjs URL TOKEN WORKSPACE: every call of @labring/devbox-sdk that reaches an agent; reports in the Test Anything Protocol.
import assert from "node:assert/strict";

import { agentCalls } from "./npm_agent_calls.mjs";
import { connect, DevboxInstance } from "./npm_sdk.mjs";
import { Spy } from "./spy.mjs";
import { run } from "./tap.mjs";

const [url, token, workspace] = process.argv.slice(2);
const { box, sdk } = await connect(url, token);
const spy = new Spy({ DevboxInstance, Git: box.git.constructor });

const tests = {
  ...agentCalls(box, workspace, workspace),

  async "execSyncStream"() {
    const stream = await box.execSyncStream({ command: "sh", args: ["-c", "echo one; sleep 0.3; echo two >&2; exit 4"], timeout: 10 });
    const text = Buffer.concat(await Array.fromAsync(stream)).toString();
    const events = text.split("\n\n").filter(Boolean).map(block => [block.match(/^event: ?(.*)$/m)?.[1], JSON.parse(block.match(/^data: ?(.*)$/m)[1])]);
    assert.deepEqual(events.map(each => each[0]), ["start", "stdout", "stderr", "complete"]);
    assert.deepEqual([events[1][1].output, events[2][1].output, events[3][1].exitCode], ["one\n", "two\n", 4]);
  },

  async "the test calls every method that reaches an agent"() {
    const others = ["delete", "getMonitorData", "getPreviewLink", "pause", "resources", "restart", "runtime", "serverUrl", "shutdown", "start"];
    assert.deepEqual(spy.missing.sort(), others.map(name => `DevboxInstance.${name}`));
    await sdk.close();
  },
};

await run(tests);
