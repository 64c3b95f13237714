// SPDX-License-Identifier: LGPL-2.1-or-later
// npm_client.mjs URL TOKEN WORKSPACE: every call of @labring/devbox-sdk that reaches an agent; reports in the Test Anything Protocol.
import assert from "node:assert/strict";
import http from "node:http";
import { createRequire } from "node:module";

import { agentCalls } from "./npm_agent_calls.mjs";
import { Spy } from "./spy.mjs";
import { run } from "./tap.mjs";

const [url, token, workspace] = process.argv.slice(2);
const { DevboxInstance, DevboxSDK } = createRequire(process.env.NODE_FOLDER + "/")("@labring/devbox-sdk");

/* As much of the platform as the client asks to find an agent. */
const platform = http.createServer((request, response) => {
  const name = request.url.match(/^\/api\/v1\/devbox\/([a-z]+)$/)?.[1];
  const detail = {
    name, uid: "1", resourceType: "devbox", runtime: "ubuntu", image: "", status: "Running", resources: { cpu: 1, memory: 1 },
    ports: [{ number: 3000, portName: "agent", protocol: "HTTP", publicAddress: url }],
    agentServer: { url: "", token: Buffer.from(token).toString("base64") },
  };
  response.writeHead(name ? 200 : 404, { "Content-Type": "application/json" }).end(JSON.stringify(name ? { data: detail } : { error: "nothing there" }));
});
await new Promise(resolve => platform.listen(0, "127.0.0.1", resolve));

const sdk = new DevboxSDK({ kubeconfig: "none", baseUrl: `http://127.0.0.1:${platform.address().port}` });
const box = await sdk.getDevbox("box");
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
