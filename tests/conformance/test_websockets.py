#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""python3-websockets at /ws: both dialects on one socket, fragments, close codes."""
import asyncio
import base64
import json
import unittest

import tap
import websockets
from agent import Agent

TOKEN = "s3same"


class WebsocketsTest(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent(environment={"TOKEN": TOKEN})
        cls.addClassCleanup(cls.agent.stop)

    def connect(self, **options):
        return websockets.connect(f"ws://127.0.0.1:{self.agent.port}/ws",
                                  **{"extra_headers": {"Authorization": f"Bearer {TOKEN}"}, "open_timeout": 20, **options})

    async def receive(self, socket):
        return json.loads(await asyncio.wait_for(socket.recv(), 10))

    async def ask(self, socket, message):
        await socket.send(json.dumps(message))
        return await self.receive(socket)

    async def test_both_dialects(self):
        async with self.connect() as socket:
            self.assertEqual((await self.ask(socket, {"type": "watch", "path": ""}))["status"], "started")
            self.assertEqual(await self.ask(socket, {"action": "list"}), {"type": "list", "subscriptions": []})
            self.assertEqual((await self.ask(socket, {"action": "subscribe", "type": "process", "targetId": "none"}))["status"], 1404)
            self.assertIs((await self.ask(socket, {"type": "nothing"}))["success"], False)
            self.agent.write("file")
            event = await self.receive(socket)
            self.assertEqual((event["type"], event["event"]["type"], event["event"]["path"]), ("file-change", "add", "file"))
            self.assertEqual((await self.ask(socket, {"action": "unsubscribe", "type": "session", "targetId": "none"}))["status"], 1404)
            self.assertEqual((await self.ask(socket, {"type": "unwatch", "path": ""}))["status"], "stopped")

    async def test_logs(self):
        reply = self.agent.post("/api/v1/process/exec", {"command": "seq", "args": ["3000"]}, headers={"Authorization": f"Bearer {TOKEN}"})
        process = reply.json()["processId"]
        async with self.connect() as socket:
            answer = await self.ask(socket, {"action": "subscribe", "type": "process", "targetId": process, "options": {"tail": 10000}})
            self.assertEqual(answer["action"], "subscribed")
            contents = []
            while "action" not in (message := await self.receive(socket)):
                contents.append(message["log"]["content"])
            self.assertEqual(contents, [f"{number}\n" for number in range(1, 3001)])
            self.assertEqual(message["reason"], "ended")

    async def test_no_token(self):
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            with self.assertRaises(websockets.exceptions.InvalidStatusCode) as caught:
                async with self.connect(extra_headers=headers):
                    pass
            self.assertEqual(caught.exception.status_code, 401)

    async def test_token_as_sub_protocol(self):
        encoded = base64.urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")
        protocol = f"base64url.bearer.authorization.k8s.io.{encoded}"
        async with self.connect(extra_headers={}, subprotocols=[protocol, "other"]) as socket:
            self.assertEqual(socket.subprotocol, protocol)
            self.assertIn("subscriptions", await self.ask(socket, {"action": "list"}))

    async def test_no_compression(self):
        """It is offered, and not taken."""
        async with self.connect(compression="deflate") as socket:
            self.assertEqual(socket.extensions, [])
            self.assertIn("subscriptions", await self.ask(socket, {"action": "list"}))

    async def test_fragments(self):
        for message in ({"action": "list"}, {"type": "watch", "path": "nothing"}):
            text = json.dumps(message)
            for size in (1, 3, len(text)):
                async with self.connect() as socket:
                    await socket.send([text[i:i + size] for i in range(0, len(text), size)])
                    self.assertEqual("subscriptions" in await self.receive(socket), "action" in message)

    async def test_many_messages(self):
        async with self.connect() as socket:
            for _ in range(500):
                await socket.send('{"action":"list"}')
            for _ in range(500):
                self.assertIn("subscriptions", await self.receive(socket))

    async def test_pings(self):
        async with self.connect() as socket:
            for data in (b"", b"x" * 125):
                await asyncio.wait_for(await socket.ping(data), 10)

    async def test_close_codes(self):
        for code in (1000, 1001, 1011, 3000, 4999):
            socket = await self.connect()
            await asyncio.wait_for(socket.close(code, "enough"), 10)
            self.assertEqual(socket.close_code, code)

    async def test_binary(self):
        async with self.connect() as socket:
            await socket.send(b"{}")
            with self.assertRaises(websockets.exceptions.ConnectionClosedError):
                await asyncio.wait_for(socket.recv(), 10)
            self.assertEqual(socket.close_code, 1003)

    async def test_too_big(self):
        async with self.connect() as socket:
            await socket.send('{"action":"' + "x" * (64 * 1024) + '"}')
            with self.assertRaises(websockets.exceptions.ConnectionClosedError):
                await asyncio.wait_for(socket.recv(), 10)
            self.assertEqual(socket.close_code, 1009)

    async def test_two_hundred_at_once(self):
        sockets = await asyncio.gather(*(self.connect() for _ in range(200)))
        answers = await asyncio.gather(*(self.ask(socket, {"action": "list"}) for socket in sockets))
        self.assertEqual(answers, [{"type": "list", "subscriptions": []}] * 200)
        await asyncio.gather(*(socket.close() for socket in sockets))


if __name__ == "__main__":
    tap.main()
