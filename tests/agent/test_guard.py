#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may use the agent: token, Host, Origin, content type."""
import base64
import json
import os
import unittest

import tap
from agent import Agent

ROUTES = [("POST", "/files/read", {"path": "f"}), ("POST", "/files/write", {"path": "made", "content": ""}),
          ("POST", "/process/exec", {"command": "touch", "args": ["made"]}), ("GET", "/ws", None), ("GET", "/nothing", None)]
HANDSHAKE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}


class GuardTest(unittest.TestCase):
    def refused(self, agent, status, headers, routes=ROUTES, drop_json=False):
        for method, path, body in routes:
            with self.subTest(path=path):
                data = json.dumps(body) if body is not None else None
                lines = dict(headers) if body is not None else {**HANDSHAKE, **headers}
                if body is not None and "Content-Type" not in lines:
                    lines["Content-Type"] = "application/json"
                reply = agent.request(method, path, data, lines)
                self.assertEqual(reply.status, status, reply.body)
                self.assertIs(reply.json()["success"], False)
        self.assertEqual([name for name in os.listdir(agent.workspace) if name != "f"], [])

    def test_token(self):
        with Agent(environment={"TOKEN": "s3same"}) as agent:
            self.refused(agent, 401, {})
            for value in ("Bearer wrong", "Bearer s3sam", "Bearer s3samee", "Basic s3same", "s3same", "Bearer"):
                self.refused(agent, 401, {"Authorization": value}, ROUTES[:1])
            self.assertEqual(agent.request("GET", "/files/read").headers["WWW-Authenticate"], "Bearer")
            self.assertEqual(agent.request("GET", "/health").status, 200)
            for value in ("Bearer s3same", "bearer s3same"):
                reply = agent.post("/files/write", {"path": "f", "content": "x"}, headers={"Authorization": value})
                self.assertEqual(reply.status, 200)
            self.assertEqual(agent.post("/files/read", {"path": "f"},
                                        headers={"Authorization": "Bearer s3same", "Host": "some.name.example"}).status, 200)

    def test_token_as_sub_protocol(self):
        with Agent(environment={"TOKEN": "s3same?>"}) as agent:
            def handshake(token):
                encoded = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
                return agent.web_socket({"Sec-WebSocket-Protocol": f"base64url.bearer.authorization.k8s.io.{encoded}"})
            good = handshake("s3same?>")
            self.assertEqual(good.status, 101)
            self.assertIn(b"base64url.bearer.authorization.k8s.io.", good.head)
            good.close()
            self.assertEqual(handshake("wrong").status, 401)

    def test_beyond_loopback_a_token_is_made(self):
        with Agent(host="0.0.0.0") as agent:
            self.assertTrue(agent.token)
            self.refused(agent, 401, {})
            self.assertEqual(agent.request("GET", "/health").status, 200)
            reply = agent.post("/files/write", {"path": "f", "content": "x"}, headers={"Authorization": f"Bearer {agent.token}"})
            self.assertEqual(reply.status, 200)
            path = os.path.join(agent.folder, "state", "devbox-server", "token")
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            with open(path) as file:
                self.assertEqual(file.read().strip(), agent.token)

    def test_allow_unauthenticated(self):
        with Agent("--allow-unauthenticated", host="0.0.0.0") as agent:
            self.assertIsNone(agent.token)
            self.assertEqual(agent.post("/files/write", {"path": "f", "content": "x"}).status, 200)

    def test_host(self):
        with Agent("--host-name", "box.example") as agent:
            agent.write("f")
            for host in ("evil.example", "evil.example:3000", "127.0.0.1.evil.example", "localhost.evil.example"):
                self.refused(agent, 421, {"Host": host})
            self.assertEqual(agent.request("GET", "/health", headers={"Host": "evil.example"}).status, 200)
            for host in ("localhost", f"127.0.0.1:{agent.port}", "[::1]:80", "box.example", "BOX.example:80", "127.9.9.9"):
                self.assertEqual(agent.post("/files/read", {"path": "f"}, headers={"Host": host}).status, 200, host)

    def test_origin(self):
        with Agent() as agent:
            agent.write("f")
            for origin in ("http://evil.example", "null", "http://localhost:1", "https://127.0.0.1"):
                self.refused(agent, 403, {"Origin": origin})
            own = {"Origin": f"http://127.0.0.1:{agent.port}", "Host": f"127.0.0.1:{agent.port}"}
            reply = agent.post("/files/read", {"path": "f"}, headers=own)
            self.assertEqual(reply.status, 200)
            for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
                self.refused(agent, 415, {**own, "Content-Type": content_type}, ROUTES[:3])

    def test_cors(self):
        """classic: OPTIONS: 204 for origins that are allowed"""
        with Agent("--enable-cors", "--cors-origin", "https://app.example") as agent:
            agent.write("f")
            for origin in ("http://localhost:5173", "https://127.0.0.1", "https://app.example"):
                preflight = agent.request("OPTIONS", "/files/read", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
                self.assertEqual((preflight.status, preflight.body), (204, b""))
                self.assertEqual(preflight.headers["Access-Control-Allow-Origin"], origin)
                self.assertIn("POST", preflight.headers["Access-Control-Allow-Methods"])
                reply = agent.post("/files/read", {"path": "f"}, headers={"Origin": origin})
                self.assertEqual((reply.status, reply.headers["Access-Control-Allow-Origin"]), (200, origin))
            for origin in ("https://evil.example", "http://localhost.evil", "http://127.0.0.1@evil", "http://localhost:80@evil", "http://[::1]evil",
                           "http://[::1", "http://localhost:evil", "http://localhost/", "http://localhost, http://evil", "http://", "localhost"):
                self.refused(agent, 403, {"Origin": origin})
                preflight = agent.request("OPTIONS", "/files/read", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
                self.assertEqual((preflight.status, preflight.headers["Access-Control-Allow-Origin"]), (403, None))

    def test_several_origins(self):
        with Agent("--enable-cors") as agent:
            for first, second in (("http://localhost", "http://evil"), ("http://evil", "http://localhost"), (f"http://127.0.0.1:{agent.port}", "http://evil")):
                reply = agent.raw((f"POST /process/exec HTTP/1.1\r\nHost: 127.0.0.1:{agent.port}\r\nOrigin: {first}\r\nOrigin: {second}\r\n"
                                   "Connection: close\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n"
                                   '{"command":"true"}').encode())
                self.assertTrue(reply.startswith(b"HTTP/1.1 403 "), reply)
                self.assertNotIn(b"Access-Control", reply)

    def test_cors_off(self):
        with Agent() as agent:
            reply = agent.request("OPTIONS", "/files/read", headers={"Origin": "http://localhost:5173", "Access-Control-Request-Method": "POST"})
            self.assertEqual(reply.status, 403)
            self.assertIsNone(reply.headers["Access-Control-Allow-Origin"])


if __name__ == "__main__":
    tap.main()
