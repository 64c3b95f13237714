// SPDX-License-Identifier: LGPL-2.1-or-later
// What @labring/devbox-sdk asks of an agent, whatever the platform is that it was found by.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import zlib from "node:zlib";

const large = crypto.randomBytes(3 << 20);

export const within = async (milliseconds, check) => {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const value = await check();
    if (value || Date.now() > deadline)
      return value;
    await sleep(20);
  }
};

const shell = script => ({ command: script });

/* workspace: its folder as the programs of the box see it; folder: as we do. */
export function agentCalls(box, workspace, folder) {
  const inside = name => path.join(workspace, name);
  const outside = name => path.join(folder, name);
  const read = name => fs.readFile(outside(name), "utf8");

  const ended = async processId => {
    await within(10_000, async () => (await box.getProcessStatus(processId)).processStatus !== "running");
    return box.getProcessStatus(processId);
  };

  return {
    async "waitForReady, isHealthy, getDetailedInfo"() {
      await box.waitForReady(5000, 50);
      assert.equal(await box.isHealthy(), true);
      assert.equal((await box.getDetailedInfo()).status, "Running");
    },

    async "writeFile and readFile: text, base64, bytes, large bytes, large text"() {
      const text = "höllo\n";
      await box.writeFile("text", text);
      await box.writeFile("deep/er/base64", text, { encoding: "base64" });
      await box.writeFile("bytes", Buffer.from([0, 255, 10]));
      await box.writeFile("bytes64", Buffer.from([0, 255, 10]), { encoding: "base64" });
      await box.writeFile("large", large);
      await box.writeFile("large text", "x".repeat(2 << 20));
      await box.writeFile("empty", "");
      assert.equal(await read("deep/er/base64"), text);
      assert.equal((await box.readFile("text")).toString(), text);
      assert.deepEqual(await box.readFile("bytes"), Buffer.from([0, 255, 10]));
      assert.deepEqual(await box.readFile("bytes64"), Buffer.from([0, 255, 10]));
      assert.ok((await box.readFile("large")).equals(large));
      assert.equal((await box.readFile("large text")).length, 2 << 20);
      assert.equal((await box.readFile("empty")).length, 0);
    },

    async "writeFile: a name with what a URL and JSON escape"() {
      const name = "sp ace/ü&=+%#?\"'.txt";
      await box.writeFile(name, "text");
      assert.equal((await box.readFile(name)).toString(), "text");
      await box.writeFile(name, Buffer.from("bytes"));
      assert.equal((await box.downloadFile(name)).toString(), "bytes");
    },

    async "readFile: JSON and pictures are bytes"() {
      await box.writeFile("package.json", "{\"status\": 1404}");
      assert.equal((await box.readFile("package.json")).toString(), "{\"status\": 1404}");
      await box.writeFile("a.png", "no picture");
      assert.equal((await box.readFile("a.png", { encoding: "utf8" })).toString(), "no picture");
    },

    async "failures are errors of the client's own classes"() {
      await assert.rejects(box.readFile("nothing"), { name: "FileOperationError", code: "FILE_NOT_FOUND" });
      await assert.rejects(box.readFile("/etc/passwd"), { name: "AuthenticationError" });
      await assert.rejects(box.readFile("deep"), { name: "ValidationError" });
      await assert.rejects(box.deleteFile("nothing"), { code: "FILE_NOT_FOUND" });
      await assert.rejects(box.moveFile("nothing", "other"), { code: "FILE_NOT_FOUND" });
      await assert.rejects(box.moveFile("text", "bytes"), { code: "CONFLICT" });
      await assert.rejects(box.renameFile("text", "bytes"), { code: "CONFLICT" });
      await assert.rejects(box.searchFiles({ dir: "nothing", pattern: "x" }), { code: "FILE_NOT_FOUND" });
      await assert.rejects(box.downloadFiles(["nothing"]), { code: "FILE_NOT_FOUND" });
      await assert.rejects(box.getProcessStatus("nothing0"), { code: "FILE_NOT_FOUND" });
      await assert.rejects(box.killProcess("nothing0"), { code: "FILE_NOT_FOUND" });
      await assert.rejects(box.getProcessLogs("nothing0"), { code: "FILE_NOT_FOUND" });
      await assert.rejects(box.execSync({ command: "sleep 9", timeout: 1 }), { code: "INTERNAL_ERROR" });
    },

    async "listFiles"() {
      await box.writeFile("list/a", "1234");
      await box.writeFile("list/folder/b", "");
      const { files } = await box.listFiles("list");
      assert.deepEqual(files.map(file => [file.name, file.isDir]).sort(), [["a", false], ["folder", true]]);
      const file = files.find(each => each.name === "a");
      assert.equal(file.size, 4);
      assert.match(file.permissions, /^0[0-7]{3}$/);
      assert.ok(Math.abs(Date.parse(file.modified) - Date.now()) < 60_000);
      assert.equal((await box.readFile(file.path)).toString(), "1234");
      assert.ok((await box.listFiles(".")).files.length > 3);
    },

    async "deleteFile, moveFile, renameFile"() {
      await box.writeFile("moved/a", "a");
      assert.equal((await box.moveFile("moved/a", "moved/further/b")).success, true);
      assert.equal((await box.renameFile("moved/further/b", "moved/further/c")).success, true);
      await box.writeFile("moved/d", "d");
      await box.moveFile("moved/d", "moved/further/c", true);
      assert.equal(await read("moved/further/c"), "d");
      await box.deleteFile("moved/further/c");
      assert.deepEqual(await fs.readdir(outside("moved/further")), []);
    },

    async "uploadFiles"() {
      const files = { "up/one/a.txt": "a", "up/one/deep/b.bin": large, "up/ü \"quoted\" name": Buffer.from("c") };
      const result = await box.uploadFiles(files);
      assert.deepEqual([result.totalFiles, result.successCount, result.results.every(each => each.success)], [3, 3, true]);
      assert.equal(await read("up/one/a.txt"), "a");
      assert.ok((await fs.readFile(outside("up/one/deep/b.bin"))).equals(large));
      assert.equal(await read("up/ü \"quoted\" name"), "c");
      assert.equal((await box.uploadFiles({ "x/y": "y", z: "z" }, { targetDir: "target/" })).successCount, 2);
      assert.deepEqual([await read("target/x/y"), await read("target/z")], ["y", "z"]);
    },

    async "uploadFiles: one bad file does not fail the rest"() {
      const result = await box.uploadFiles({ "good": "1", "../bad": "2" });
      assert.deepEqual([result.totalFiles, result.successCount], [2, 1]);
      assert.equal(typeof result.results.find(each => !each.success).error, "string");
      assert.equal(await read("good"), "1");
    },

    async "searchFiles, findInFiles, replaceInFiles"() {
      await box.uploadFiles({ "texts/Alpha.txt": "one needle", "texts/deep/alphabet": "two needle needle", "texts/gamma": "none" });
      assert.equal((await box.searchFiles({ dir: "texts", pattern: "ALPHA" })).files.length, 2);
      const { files } = await box.findInFiles({ dir: "texts", keyword: "needle" });
      assert.equal(files.length, 2);
      const { results } = await box.replaceInFiles({ files: [...files, "texts/gamma", "texts/nothing"], from: "needle", to: "pin" });
      assert.deepEqual(results.map(each => each.status).sort(), ["error", "skipped", "success", "success"]);
      assert.equal(results.reduce((sum, each) => sum + each.replacements, 0), 3);
      assert.equal(await read("texts/deep/alphabet"), "two pin pin");
      assert.ok((await box.searchFiles({ pattern: "gamma" })).files.length === 1);
    },

    async "downloadFile, downloadFiles"() {
      await box.uploadFiles({ "down/a": "content a", "down/b": large });
      assert.equal((await box.downloadFile("down/a")).toString(), "content a");
      const list = archive => spawnSync("tar", ["-tf", "-"], { input: archive, encoding: "utf8" });
      for (const format of [undefined, "tar.gz", "tar", "direct"]) {
        const archive = await box.downloadFiles(["down/a", "down/b"], { format });
        const plain = format === "tar" ? archive : zlib.gunzipSync(archive);
        const { stdout, stderr } = list(plain);
        assert.deepEqual([stdout, stderr], ["down/a\ndown/b\n", ""]);
        assert.ok(plain.includes(large));
      }
      const multipart = await box.downloadFiles(["down/a", "down/b"], { format: "multipart" });
      assert.ok(multipart.includes("content a") && multipart.includes(large));
    },

    async "getPorts"() {
      const listen = "import socket, time; s = socket.create_server(('0.0.0.0', 0)); print(s.getsockname()[1], flush=True); time.sleep(60)";
      const { processId } = await box.executeCommand({ command: `exec python3 -c "${listen}"` });
      const logs = await within(10_000, async () => (await box.getProcessLogs(processId)).logs[0]);
      const port = Number(logs.match(/\d+$/m)[0]);
      assert.ok(await within(10_000, async () => (await box.getPorts()).ports.includes(port)));
      assert.equal(typeof (await box.getPorts()).lastUpdatedAt, "number");
      await box.killProcess(processId);
    },

    async "execSync"() {
      const result = await box.execSync({ command: "echo", args: ["$GREETING;", "pwd;", "echo oops >&2;", "exit 3"], env: { GREETING: "hello" }, cwd: "list", timeout: 10 });
      assert.deepEqual([result.stdout, result.stderr, result.exitCode], [`hello\n${inside("list")}\n`, "oops\n", 3]);
      assert.ok(result.durationMs >= 0 && result.endTime >= result.startTime && Math.abs(Date.parse(result.startTime) - Date.now()) < 60_000);
      assert.equal((await box.execSync(shell("nonsuch-command"))).exitCode, 127);
      assert.equal((await box.execSync(shell("head -c 2000000 /dev/zero | tr '\\0' x"))).stdout.length, 2_000_000);
    },

    async "codeRun"() {
      const python = await box.codeRun("import sys\nprint(sys.argv[1:], 6 * 7)", { argv: ["a", "b"] });
      assert.deepEqual([python.stdout, python.exitCode], ["['a', 'b'] 42\n", 0]);
      assert.equal((await box.codeRun("console.log(`${6 * 7} \"quoted\"`)")).stdout, "42 \"quoted\"\n");
      assert.notEqual((await box.codeRun("throw new Error()", { language: "node" })).exitCode, 0);
    },

    async "executeCommand, listProcesses, getProcessStatus, getProcessLogs"() {
      const started = await box.executeCommand({ command: "echo", args: ["out;", "echo err >&2"], env: { A: "b" } });
      assert.match(started.processId, /^[-_0-9a-z]{8}$/);
      assert.deepEqual([started.processStatus, typeof started.pid], ["running", "number"]);
      const status = await ended(started.processId);
      assert.deepEqual([status.processStatus, status.pid], ["completed", started.pid]);
      const listed = (await box.listProcesses()).processes.find(each => each.processId === started.processId);
      assert.deepEqual([listed.exitCode, listed.processStatus], [0, "completed"]);
      assert.deepEqual((await box.getProcessLogs(started.processId)).logs.sort(), ["[stderr] err\n", "[stdout] out\n"]);
      const stream = (await box.getProcessLogs(started.processId, true)).toString();
      assert.ok(stream.includes("out") && stream.includes("err"));
      assert.equal((await ended((await box.executeCommand(shell("exit 5"))).processId)).processStatus, "failed");
    },

    async "killProcess"() {
      for (const signal of ["SIGTERM", "SIGKILL", "SIGINT", undefined]) {
        const { processId, pid } = await box.executeCommand(shell("exec sleep 60"));
        /* dash, which the client starts, catches SIGINT and forgets it when it comes just before another program runs. */
        assert.ok(await within(10_000, async () => (await box.execSync(shell(`cat /proc/${pid}/comm`))).stdout === "sleep\n"));
        await box.killProcess(processId, signal && { signal });
        assert.equal((await ended(processId)).processStatus, "killed");
        assert.notEqual((await box.execSync(shell(`kill -0 ${pid}`))).exitCode, 0);
        await assert.rejects(box.killProcess(processId), { code: "CONFLICT" });
      }
      const { processId } = await box.executeCommand(shell("sleep 60"));
      await assert.rejects(box.killProcess(processId, { signal: "SIGNONE" }), { code: "VALIDATION_ERROR" });
      await box.killProcess(processId);
    },

    async "git"() {
      await box.execSync(shell("git init -q --bare origin.git && git init -q -b main seed && cd seed && git commit -q --allow-empty -m seed && git push -q ../origin.git main"));
      await box.git.clone({ url: inside("origin.git"), targetDir: "clone", branch: "main", depth: 1 });
      await box.writeFile("clone/file name", "1");
      assert.deepEqual((await box.git.status("clone")).untracked, ["\"file name\""]);
      await box.git.add("clone");
      await box.writeFile("clone/other", "2");
      await box.git.add("clone", "clone/other");
      assert.deepEqual((await box.git.status("clone")).staged, ["\"file name\"", "other"]);
      /* The client joins arguments with blanks and quotes none of them, whatever the agent is: its callers have to. */
      await box.git.commit("clone", "message'", "'Some One", "some@example.org>' -m 'A");
      assert.equal((await box.execSync({ command: "git log -1 --format='%an %ae'", cwd: "clone" })).stdout, "Some One some@example.org\n");
      await box.git.push("clone", { branch: "main" });
      await box.git.pull("clone", { branch: "main" });
      await box.git.createBranch("clone", "topic");
      await box.git.checkoutBranch("clone", "topic");
      await box.git.checkoutBranch("clone", "other", true);
      const branches = await box.git.branches("clone");
      assert.deepEqual(branches.filter(each => !each.isRemote).map(each => each.name).sort(), ["main", "other", "topic"]);
      assert.ok(branches.every(each => /^[0-9a-f]{40}$/.test(each.commit)));
      assert.equal((await box.git.status("clone")).currentBranch, "other");
      await box.git.deleteBranch("clone", "topic", true);
      await assert.rejects(box.git.checkoutBranch("clone", "nothing"), /Git checkout failed: error: pathspec/);
    },

    async "a hundred calls at once"() {
      await Promise.all(Array.from({ length: 100 }, (_, number) => box.writeFile(`many/${number}`, String(number))));
      assert.equal((await box.listFiles("many")).files.length, 100);
    },
  };
}
