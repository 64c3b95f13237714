// SPDX-License-Identifier: LGPL-2.1-or-later
// npm_platform.mjs URL KUBECONFIG BOXES: the whole life of devboxes by @labring/devbox-sdk; reports in the Test Anything Protocol.
import assert from "node:assert/strict";
import fs from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

import { agentCalls, within } from "./npm_agent_calls.mjs";
import { Spy } from "./spy.mjs";
import { run } from "./tap.mjs";

const [url, kubeconfigPath, boxes] = process.argv.slice(2);
const kubeconfig = await fs.readFile(kubeconfigPath, "utf8");
const client = createRequire(process.env.NODE_FOLDER + "/")("@labring/devbox-sdk");
const { ContainerUrlResolver, DevboxAPI, DevboxInstance, DevboxSDK } = client;
const spy = new Spy({ DevboxSDK, DevboxAPI, DevboxInstance, ContainerUrlResolver, Git: new DevboxInstance({}).git.constructor });

/* So that git needs no settings of this machine. */
const author = Object.fromEntries(["AUTHOR", "COMMITTER"].flatMap(role => [[`GIT_${role}_NAME`, "Test"], [`GIT_${role}_EMAIL`, "test@example.org"]]));
const config = { name: "npm-box", runtime: "python", resource: { cpu: 1, memory: 2 }, ports: [{ number: 8080, protocol: "HTTP" }], env: { GREETING: "hello", ...author } };

const sdk = new DevboxSDK({ kubeconfig, baseUrl: url, http: { retries: 1 } });
const stranger = new DevboxSDK({ kubeconfig: kubeconfig.replace(/(token: *"?)[^\s"]+/, "$1" + "0".repeat(64)), baseUrl: url });
const api = sdk.getAPIClient();
const began = Date.now();
const box = await sdk.createDevbox(config);
const statusAtFirst = box.status;
const detail = async name => (await api.httpClient.get(api.endpoints.devboxGet(name))).data.data;
const first = await detail("npm-box");
const folder = path.join(boxes, first.uid, "workspace");

const numbers = async () => (await detail("npm-box")).ports.slice(1).map(port => port.number);
const output = async command => (await box.execSync({ command })).stdout;
const isMissing = { code: "DEVBOX_NOT_FOUND" };

/* What a program in the box answers at one of its ports. */
const serve = async number => {
  const { processId } = await box.executeCommand({ command: `exec python3 -m http.server ${number}` });
  const { publicAddress } = (await detail("npm-box")).ports.find(port => port.number === number);
  const answer = await within(10_000, () => fetch(publicAddress).then(response => response.status, () => 0));
  await box.killProcess(processId);
  return answer;
};

const tests = {
  async "testAuth"() {
    assert.equal(await api.testAuth(), true);
    assert.equal(await stranger.getAPIClient().testAuth(), false);
    await assert.rejects(stranger.getDevbox("npm-box"), { code: "AUTHENTICATION_FAILED" });
    await assert.rejects(stranger.createDevbox({ ...config, name: "other" }), { code: "AUTHENTICATION_FAILED" });
    await stranger.close();
  },

  async "createDevbox: it is ready, with what was asked for"() {
    assert.deepEqual([box.name, statusAtFirst, box.runtime, box.resources], ["npm-box", "Running", "python", { cpu: 1, memory: 2 }]);
    assert.deepEqual([first.agentServer.url, first.resourceType, first.image], ["", "devbox", ""]);
    assert.match(first.uid, /^[0-9a-f]{16}$/);
    assert.ok(Date.parse(first.createdAt) >= began - 1000 && Date.parse(first.createdAt) <= Date.now());
    assert.deepEqual(await numbers(), [8080]);
    assert.equal(await output("echo $GREETING"), "hello\n");
  },

  async "createDevboxAsync: it does not wait"() {
    const other = await sdk.createDevboxAsync({ name: "npm-other", runtime: "python", resource: { cpu: 0.1, memory: 0.5 } });
    assert.deepEqual([other.name, other.status, other.resources], ["npm-other", "Pending", { cpu: 0.1, memory: 0.5 }]);
    await other.waitForReady({ timeout: 10_000, initialCheckInterval: 20 });
    assert.equal(other.status, "Running");
  },

  async "getDevbox"() {
    const other = await sdk.getDevbox("npm-other");
    assert.deepEqual([other.name, other.status, other.runtime, other.resources], ["npm-other", "Running", "python", { cpu: 0.1, memory: 0.5 }]);
    await assert.rejects(sdk.getDevbox("nothing"), isMissing);
  },

  async "listDevboxes"() {
    const all = await sdk.listDevboxes();
    assert.deepEqual(all.map(each => [each.name, each.status, each.runtime, each.resources]), [
      ["npm-box", "Running", "python", { cpu: 1000, memory: 2048 }],
      ["npm-other", "Running", "python", { cpu: 100, memory: 512 }],
    ]);
  },

  async "what cannot be is refused, with its code"() {
    await assert.rejects(sdk.createDevbox(config), { code: "CONFLICT" });
    const bad = [{ name: "Capital" }, { name: "-a" }, { name: "a".repeat(64) }, { name: "" }, { runtime: "nonsuch" }, { resource: { cpu: 0.05, memory: 1 } },
                 { resource: { cpu: 1, memory: 513 } }, { resource: { cpu: "1", memory: 1 } }, { ports: [{ number: 0 }] }, { ports: [{ number: 65536 }] },
                 { ports: [{ number: 1 }, { number: 1 }] }, { env: { "A=B": "c" } }];
    for (const each of bad)
      await assert.rejects(sdk.createDevbox({ ...config, name: "bad", ...each }), { code: "VALIDATION_ERROR" }, JSON.stringify(each));
    for (const action of ["startDevbox", "pauseDevbox", "restartDevbox", "shutdownDevbox", "deleteDevbox", "listReleases", "getMonitorData"])
      await assert.rejects(api[action]("nothing"), isMissing, action);
    await assert.rejects(api.updateDevbox("nothing", { resource: { cpu: 1, memory: 1 } }), isMissing);
    await assert.rejects(api.updatePorts("nothing", []), isMissing);
    await assert.rejects(api.configureAutostart("nothing", { execCommand: "true" }), isMissing);
    await assert.rejects(api.createRelease("nothing", { tag: "v1" }), isMissing);
    assert.equal((await sdk.listDevboxes()).length, 2);
  },

  async "getTemplates"() {
    const { runtime, config: configs } = await api.getTemplates();
    const names = runtime.map(each => each.name);
    for (const name of ["node.js", "python", "go", "java", "react", "vue", "angular", "docker", "bash"])
      assert.ok(names.includes(name), name);
    assert.ok(runtime.every(each => each.uid && ["FRAMEWORK", "OS", "LANGUAGE", "SERVICE", "CUSTOM"].includes(each.kind) && each.isPublic === true));
    assert.deepEqual(configs.map(each => each.runtimeUid).sort(), runtime.map(each => each.uid).sort());
  },

  ...agentCalls(box, first.ssh.workingDir, folder),

  async "execSyncStream: its token is always 1234, which no devbox has"() {
    await assert.rejects(box.execSyncStream({ command: "echo" }), { message: /^HTTP 401/ });
  },

  async "getPreviewLink, serverUrl: there is no gateway, and the client says so"() {
    await assert.rejects(box.getPreviewLink(8080), { message: /^No agentServer URL available for Devbox 'npm-box'/ });
    assert.throws(() => box.serverUrl, { message: "Devbox 'npm-box' does not have a pod IP address" });
  },

  async "updateDevbox"() {
    assert.equal(await api.updateDevbox("npm-box", { resource: { cpu: 2, memory: 4 }, ports: [{ number: 8080 }, { number: 9090, protocol: "HTTP" }] }), undefined);
    await box.refreshInfo();
    assert.deepEqual(box.resources, { cpu: 2, memory: 4 });
    assert.deepEqual(await numbers(), [8080, 9090]);
    assert.equal(await serve(9090), 200);
  },

  async "updatePorts: those that are not listed are closed"() {
    assert.equal(await api.updatePorts("npm-box", [{ number: 8081, protocol: "HTTP" }]), undefined);
    assert.deepEqual(await numbers(), [8081]);
    assert.equal(await serve(8081), 200);
    await assert.rejects(api.updatePorts("npm-box", [{ number: 8081, protocol: "SMOKE" }]), { code: "VALIDATION_ERROR" });
  },

  async "pause and start: a command goes on"() {
    const { processId } = await box.executeCommand({ command: "i=0; while sleep 0.02; do i=$((i + 1)); echo $i > counter; done" });
    assert.ok(await within(10_000, async () => (await output("cat counter")) !== ""));
    assert.equal(await box.pause(), undefined);
    assert.equal(box.status, "Stopped");
    const counted = await fs.readFile(path.join(folder, "counter"), "utf8");
    await new Promise(resolve => setTimeout(resolve, 300));
    assert.equal(await fs.readFile(path.join(folder, "counter"), "utf8"), counted);
    await box.pause();
    assert.equal(box.status, "Stopped");

    assert.equal(await box.start(), undefined);
    assert.equal(box.status, "Running");
    assert.ok(await within(10_000, async () => Number(await output("cat counter")) > Number(counted)));
    await box.killProcess(processId);
  },

  async "shutdown and start: files stay, processes do not"() {
    await box.writeFile("kept", "text");
    const { processId } = await box.executeCommand({ command: "sleep 60" });
    assert.equal(await box.shutdown(), undefined);
    assert.equal(box.status, "Shutdown");
    assert.equal(await box.isHealthy(), false);
    await box.start();
    assert.deepEqual([box.status, await box.isHealthy()], ["Running", true]);
    assert.equal((await box.readFile("kept")).toString(), "text");
    await assert.rejects(box.getProcessStatus(processId), { code: "FILE_NOT_FOUND" });
  },

  async "configureAutostart and restart"() {
    assert.equal(await api.configureAutostart("npm-box", { execCommand: "echo $GREETING >> started" }), undefined);
    assert.equal(await box.restart(), undefined);
    assert.equal(box.status, "Running");
    assert.ok(await within(10_000, async () => (await output("cat started")) === "hello\n"));
    await api.configureAutostart("npm-box", { execCommand: "" });
    await box.restart();
    assert.equal(await output("sleep 0.3; cat started"), "hello\n");
    assert.equal(await api.configureAutostart("npm-box"), undefined);
  },

  async "releases: create, list, deploy, delete"() {
    await box.writeFile("released", "first");
    assert.deepEqual(await api.listReleases("npm-box"), []);
    assert.equal(await api.createRelease("npm-box", { tag: "v1", releaseDes: "the first one" }), undefined);
    await assert.rejects(api.createRelease("npm-box", { tag: "v1" }), { code: "CONFLICT" });
    await assert.rejects(api.createRelease("npm-box", { tag: "a/b" }), { code: "VALIDATION_ERROR" });
    const [release] = await within(10_000, async () => {
      const all = await api.listReleases("npm-box");
      return all[0].status.value === "Success" && all;
    });
    assert.deepEqual([release.tag, release.devboxName, release.description], ["v1", "npm-box", "the first one"]);
    assert.ok(Math.abs(Date.parse(release.createTime) - Date.now()) < 60_000);

    await box.writeFile("released", "second");
    assert.equal(await api.deployRelease("npm-box", "v1"), undefined);
    const deployed = await sdk.getDevbox("npm-box-v1");
    await deployed.waitForReady({ timeout: 10_000, initialCheckInterval: 20 });
    assert.equal((await deployed.readFile("released")).toString(), "first");
    await deployed.delete();
    await assert.rejects(api.deployRelease("npm-box", "v2"), { code: /NOT_FOUND$/ });

    assert.equal(await api.deleteRelease("npm-box", "v1"), undefined);
    assert.deepEqual(await api.listReleases("npm-box"), []);
    await assert.rejects(api.deleteRelease("npm-box", "v1"), { code: /NOT_FOUND$/ });
  },

  async "getMonitorData"() {
    const range = { start: Date.now() - 60_000, end: Date.now() + 10_000 };
    const points = await within(15_000, async () => {
      const all = await box.getMonitorData(range);
      return all.length > 1 && all;
    });
    for (const { cpu, memory, network, disk, timestamp } of points) {
      assert.ok(cpu >= 0 && memory >= 0 && memory <= 100 && network.bytesIn >= 0 && network.bytesOut >= 0 && disk.used <= disk.total && disk.total > 0);
      assert.ok(timestamp >= range.start && timestamp <= range.end);
    }
    assert.ok(points.at(-1).network.bytesIn > 3 << 20 && points.at(-1).memory > 0);
    assert.deepEqual(points.map(each => each.timestamp), points.map(each => each.timestamp).sort((one, other) => one - other));
    assert.ok((await sdk.getMonitorData("npm-box", { ...range, step: 60_000 })).length <= 3);
    assert.ok((await sdk.getMonitorData("npm-box")).length >= points.length);
  },

  async "delete"() {
    const other = await sdk.getDevbox("npm-other");
    assert.equal(await other.delete(), undefined);
    await assert.rejects(sdk.getDevbox("npm-other"), isMissing);
    await assert.rejects(other.delete(), isMissing);
    assert.deepEqual((await sdk.listDevboxes()).map(each => each.name), ["npm-box"]);
  },

  async "ContainerUrlResolver"() {
    const resolver = sdk.getUrlResolver();
    const { publicAddress } = (await detail("npm-box")).ports[0];
    resolver.clearCache();
    assert.equal(await resolver.getServerUrl("npm-box"), publicAddress);
    assert.equal(await resolver.getServerUrl("npm-box"), publicAddress);
    assert.equal(await resolver.checkDevboxHealth("npm-box"), true);
    assert.equal(await resolver.checkDevboxHealth("nothing"), false);
    await assert.rejects(resolver.getServerUrl("nothing"), isMissing);
    assert.equal((await resolver.executeWithConnection("npm-box", each => each.get("/health"))).data.healthStatus, "ok");
    assert.equal(await new ContainerUrlResolver({ mockServerUrl: "http://localhost:1" }).getServerUrl("npm-box"), "http://localhost:1");
  },

  async "what the client makes of replies that this platform never gives"() {
    const ssh = { host: "h", port: 22, user: "u", privateKey: "k" };
    assert.deepEqual(api.transformSSHInfoToDevboxInfo({ name: "a", status: "Running", runtime: "go", resources: 1, podIP: "127.0.0.1", ssh }),
                     { name: "a", status: "Running", runtime: "go", resources: 1, podIP: "127.0.0.1", ssh });
    assert.deepEqual(api.transformGetResponseToDevboxInfo({ name: "a", status: { value: "Running" }, iconId: "go", cpu: 1, memory: 2 }),
                     { name: "a", status: "Running", runtime: "go", resources: { cpu: 1, memory: 2 } });
    assert.equal(api.handleAPIError(new Error("text"), "context").message, "context: text");
  },

  async "close"() {
    const resolver = sdk.getUrlResolver();
    assert.ok(resolver.getFromCache("devbox:npm-box"));
    assert.equal(await sdk.close(), undefined);
    assert.equal(resolver.getFromCache("devbox:npm-box"), null);
  },

  async "every method was called"() {
    assert.deepEqual(spy.missing, []);
  },
};

await run(tests);
