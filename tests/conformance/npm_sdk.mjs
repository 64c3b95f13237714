// SPDX-License-Identifier: LGPL-2.1-or-later
// @labring/devbox-sdk beside an agent alone.
import http from "node:http";
import { createRequire } from "node:module";

export const { DevboxInstance, DevboxSDK } = createRequire(process.env.NODE_FOLDER + "/")("@labring/devbox-sdk");

/* With as much of the platform as the client asks to find the agent. */
export async function connect(url, token) {
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

  return { box: await sdk.getDevbox("box"), sdk };
}
