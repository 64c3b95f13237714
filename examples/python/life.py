#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole life of a devbox, on the platform of $KUBECONFIG, or on the local platform: life.py"""
import asyncio
import contextlib
import locale
import sys

import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox, Gio, GLib

NAME = "hello"
SCRIPT = """echo "Hello from $NAME"
"""


async def make(client):
    spec = Devbox.InstanceSpec(name=NAME, runtime="bash", cpu=1000, memory=512)
    spec.setenv("NAME", NAME, True)
    box = await client.create_instance_async(spec)
    await box.wait_ready_async(60000)
    print(f"Made {NAME}, which is {box.props.status_text}.")
    return box


async def use(box):
    """Writes a script, sees that it is there, runs it, and reads it again."""
    monitor = await box.monitor_files_async("")
    await box.replace_file_async("greet.sh", SCRIPT)
    async for path, old_path, event in monitor:
        if event == Gio.FileMonitorEvent.CREATED:
            print(f"Created: {path}")
            break
    monitor.cancel()

    result = await box.run_async(Devbox.Command.new(["sh", "greet.sh"]))
    print(result.get_stdout_text(), end="")
    print(f"The script has {len(await box.load_file_async('greet.sh'))} bytes.")


async def measure(box):
    while not len(samples := await box.list_samples_async()):
        await asyncio.sleep(0.2)
    print(f"Its disk is {'used' if samples[-1].props.disk_used else 'empty'}.")


async def main():
    with Devbox.Client() as client:
        box = await make(client)
        await use(box)
        await measure(box)

        await box.pause_async()
        print(f"After the pause it is {box.props.status_text}.")
        await box.start_async()
        print(f"After the start it is {box.props.status_text}.")

        await box.delete_async()
        print(f"Deleted. Devboxes left: {len(await client.list_instances_async())}.")


with contextlib.suppress(locale.Error):
    locale.setlocale(locale.LC_ALL, "")  # messages of the library in the user's language
try:
    asyncio.run(main())
except GLib.Error as error:
    sys.exit(f"life.py: {error.message}")
