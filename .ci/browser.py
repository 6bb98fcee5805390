"""A headless Chromium, driven by the DevTools protocol over two pipes: no port, no other package."""
import base64
import json
import os
import select
import subprocess
import sys
import tempfile
import time

import numpy
from osgeo import gdal

gdal.UseExceptions()

PATIENCE = 60  # seconds for one answer; a page takes one or two
FLAGS = [
    "--headless", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu",
    # The pages are our own files, and a sandbox needs rights that containers seldom have.
    "--no-sandbox", "--disable-dev-shm-usage",
    # Whatever a page asks for from elsewhere is seen as a request, and fails.
    "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--force-color-profile=srgb", "--font-render-hinting=none",
    # A scroll bar takes width from the page, but not while a screenshot is made.
    "--hide-scrollbars",
]


class Browser:
    """The process; a page is opened by `page`."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        from_us, self.to_browser = os.pipe()
        self.from_browser, to_us = os.pipe()
        # The protocol is spoken over file descriptors 3 and 4.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec chromium "$@" 3<&{from_us} 4>&{to_us}', "chromium", *FLAGS,
             f"--user-data-dir={self.folder.name}", "about:blank"],
            pass_fds=(from_us, to_us), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(from_us)
        os.close(to_us)
        self.pending = b""
        self.number = 0
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.send("Browser.close")
            self.process.wait(10)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()

    @property
    def version(self):
        return self.send("Browser.getVersion")["product"]

    def page(self):
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        return Page(self, attached["sessionId"], target)

    def send(self, method, session=None, **parameters):
        """Gives a command and waits for its answer; what happens meanwhile is kept in `events`."""
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self.to_browser, data):]
        while True:
            message = self.receive(method)
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            if "method" in message:
                self.events.append(message)

    def receive(self, awaited):
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.pending:
            ready, _, _ = select.select([self.from_browser], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise RuntimeError(f"chromium did not answer {awaited} within {PATIENCE} s")
            data = os.read(self.from_browser, 1 << 20)
            if not data:
                raise RuntimeError(f"chromium ended while {awaited} was awaited: is it installed?")
            self.pending += data
        message, self.pending = self.pending.split(b"\0", 1)
        return json.loads(message)


class Page:
    """A tab; `opened` is what happened while its page was loaded."""

    def __init__(self, browser, session, target):
        self.browser = browser
        self.session = session
        self.target = target
        self.opened = []
        for domain in ["Page", "Runtime", "Log", "Network", "Debugger", "Audits", "Accessibility"]:
            self.send(f"{domain}.enable")

    def send(self, method, **parameters):
        return self.browser.send(method, self.session, **parameters)

    def close(self):
        self.browser.send("Target.closeTarget", targetId=self.target)

    def open(self, path, scripts=False):
        """Shows a file, with or without its scripts."""
        self.send("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.send("Page.navigate", url="about:blank")
        self.browser.events.clear()
        self.send("Page.navigate", url=path.resolve().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.browser.events):
            message = self.browser.receive("the page")
            if "method" in message:
                self.browser.events.append(message)
        # What is asked for late has come when two frames have been drawn.
        self.evaluate("document.fonts.ready.then(() => 1)")
        self.send("Page.captureScreenshot")
        self.opened = list(self.browser.events)

    def evaluate(self, expression):
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in answer:
            sys.exit(f"proof-report: {json.dumps(answer['exceptionDetails'])[:600]}")
        return answer["result"].get("value")

    def resize(self, width, height=900, scale=1, phone=False):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=scale, mobile=phone)

    def media(self, kind="screen", **features):
        self.send("Emulation.setEmulatedMedia", media=kind, features=[
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()])

    def screenshot(self, x=0, y=0, width=None, height=None):
        """A part of the page, or all of it, as PNG."""
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": x, "y": y, "width": width or size["width"],
                "height": height or size["height"] - y, "scale": 1}
        return base64.b64decode(self.send(
            "Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"])

    def pixels(self, **part):
        """The same as rows, columns and red, green, blue from 0 to 255."""
        png = self.screenshot(**part)
        gdal.FileFromMemBuffer("/vsimem/page.png", png)
        try:
            return gdal.Open("/vsimem/page.png").ReadAsArray()[:3].transpose(1, 2, 0)
        finally:
            gdal.Unlink("/vsimem/page.png")

    def pdf(self):
        """The page printed on A4 as people print: without backgrounds."""
        return base64.b64decode(self.send(
            "Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"])

    def key(self, name, modifiers=0):
        codes = {"Tab": 9, "ArrowRight": 39, "ArrowLeft": 37, "Enter": 13}
        for kind in ["rawKeyDown", "keyUp"]:
            self.send("Input.dispatchKeyEvent", type=kind, key=name, code=name,
                      windowsVirtualKeyCode=codes[name], modifiers=modifiers)

    def tree(self):
        """What a screen reader is told, with the nodes that it ignores between the others."""
        return [Node(node) for node in self.send("Accessibility.getFullAXTree")["nodes"]]


class Node:
    """One thing that a screen reader knows."""

    def __init__(self, node):
        self.ignored = node["ignored"]
        self.role = node["role"]["value"]
        self.name = node.get("name", {}).get("value", "").strip()
        self.description = node.get("description", {}).get("value", "").strip()
        self.level = next((entry["value"]["value"] for entry in node.get("properties", [])
                           if entry["name"] == "level"), None)
        self.id = node["nodeId"]
        self.parent = node.get("parentId")
