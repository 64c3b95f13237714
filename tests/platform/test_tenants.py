#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Users of one platform, who have nothing to do with each other."""
import urllib.parse

import tap
from local_platform import API
from platform_test import PlatformTest


class UsersTest(PlatformTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.platform.add_user("alice")

    def test_each_has_boxes_of_its_own(self):
        mine = self.platform.create_ready("same")
        theirs = self.platform.create_ready("same", user=self.other)
        self.assertNotEqual(mine.detail["uid"], theirs.detail["uid"])
        self.assertNotEqual((mine.host, mine.token), (theirs.host, theirs.token))
        self.assertEqual([box["uid"] for box in self.platform.list()], [mine.detail["uid"]])
        self.assertEqual([box["uid"] for box in self.platform.list(user=self.other)], [theirs.detail["uid"]])
        self.assertEqual(mine.request("GET", "/files/list?path=.", headers={"Authorization": f"Bearer {theirs.token}"}).status, 401)
        self.platform.delete("same", user=self.other)
        self.assertEqual(self.platform.get("same")["status"], "Running")
        self.platform.delete("same")

    def test_the_other_ones_is_not_there(self):
        """As if there were none: to every call, with the same answer."""
        self.platform.create_ready("mine")
        self.platform.call("POST", "/mine/release", {"tag": "v1"}, (200, 201))
        calls = (("GET", "", None), ("DELETE", "", None), ("DELETE", "/delete", None), ("PATCH", "", {"resource": {"cpu": 1, "memory": 1}}), ("POST", "/start", {}),
                 ("POST", "/pause", {}), ("POST", "/restart", {}), ("POST", "/shutdown", {}), ("GET", "/monitor", None), ("PUT", "/ports", {"ports": []}),
                 ("POST", "/autostart", {"execCommand": "id"}), ("GET", "/release", None), ("POST", "/release", {"tag": "v2"}))
        for method, path, body in calls:
            with self.subTest(method=method, path=path):
                told = self.refuse(404, "DEVBOX_NOT_FOUND", method, "/mine" + path, body, user=self.other)
                nothing = self.refuse(404, "DEVBOX_NOT_FOUND", method, "/nothing" + path, body, user=self.other)
                self.assertEqual(told["error"].replace("mine", "nothing"), nothing["error"])
        for path, body in (("/mine/release/v1", None), ("/mine/release/v1/deploy", {})):
            reply = self.platform.request("POST" if body is not None else "DELETE", API + path, body, user=self.other)
            self.assertEqual(reply.status, 404, path)
        reply = self.platform.request("POST", API, {"name": "stolen", "runtime": "bash", "release": {"name": "mine", "tag": "v1"}}, user=self.other)
        self.assertEqual(reply.status, 404, reply.body)
        self.assertEqual((self.platform.list(user=self.other), self.platform.get("mine")["status"]), ([], "Running"))
        self.platform.delete("mine")

    def test_every_form_of_authorization(self):
        for form in ("kubeconfig", "bearer kubeconfig", "bearer"):
            for user in (self.platform.user, self.other):
                self.assertEqual(self.platform.call("GET", "", user=user, form=form)["data"], [])

    def test_who_is_nobody(self):
        wrong = "0" * len(self.platform.user.token)
        kubeconfig = urllib.parse.quote(self.platform.user.kubeconfig.replace(self.platform.user.token, wrong), safe="")
        token = self.platform.user.token
        for authorization in (None, "", f"Bearer {wrong}", kubeconfig, f"Bearer {kubeconfig}", f"Bearer {token[:-1]}", f"Bearer {token}0", f"Bearer {token[::-1]}"):
            with self.subTest(authorization=authorization and authorization[:20]):
                headers = {} if authorization is None else {"Authorization": authorization}
                self.refuse(401, "AUTHENTICATION_FAILED", "GET", "", user=False, headers=headers)
                self.refuse(401, "AUTHENTICATION_FAILED", "GET", "/nothing", user=False, headers=headers)
        for authorization in ("Bearer", "Bearer ", f"Basic {wrong}", token[:-1], "%", "Bearer %00", "a: [", urllib.parse.quote(self.platform.user.kubeconfig + "\nx: *y")):
            with self.subTest(authorization=authorization[:20]):
                error = self.refuse(400, "INVALID_KUBECONFIG", "GET", "", user=False, headers={"Authorization": authorization})
                self.assertNotIn(token[:-1], error["error"])
        self.assertEqual(self.platform.request("GET", "/health", user=False).status, 200)

    def test_a_token_is_rotated(self):
        before = self.platform.add_user("bob")
        self.platform.create_ready("kept", user=before)
        after = self.platform.rotate_user("bob")
        self.assertNotEqual(before.token, after.token)
        for form in ("kubeconfig", "bearer kubeconfig", "bearer"):
            self.refuse(401, "AUTHENTICATION_FAILED", "GET", "/kept", user=before, form=form)
        self.assertEqual(self.platform.get("kept", user=after)["status"], "Running")
        self.platform.delete("kept", user=after)
        self.platform.remove_user("bob")
        self.refuse(401, "AUTHENTICATION_FAILED", "GET", "", user=after)

    def test_users_are_listed(self):
        names = self.platform.run_users("list").split()
        self.assertIn("alice", names)
        self.assertEqual(len(names), 2, names)
        for words in (("add", "alice"), ("add", "Not a name"), ("remove", "nobody"), ("rotate", "nobody"), ("remove", names[1 - names.index("alice")])):
            done = self.platform.run_command("users", *words)
            self.assertEqual((done.returncode, done.stdout), (1, ""), words)
            self.assertRegex(done.stderr, "^devbox-platform: .")


if __name__ == "__main__":
    tap.main()
