"""Decides about a candidate in a real browser, as the person would whom the link was mailed to. See README.md."""

import argparse
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
DESK = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


@contextmanager
def approver(stage):
    """The page with a candidate behind it: its link, the code of its mail, the name to type."""
    command = ["cargo", "run", "--quiet", "--example", "approver", "--", stage]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


class Person:
    """One browser window, and everything that went wrong in it."""

    def __init__(self, browser, screen, scheme="light"):
        self.context = browser.new_context(**screen, color_scheme=scheme, reduced_motion="reduce")
        self.page = self.context.new_page()
        self.wrong, self.requests = [], []
        self.page.on("console", lambda message: self.wrong.append(message.text) if message.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self.requests.append((request.resource_type, request.url)))

    def opens(self, url):
        answer = self.page.goto(url)
        assert answer.status == 200, answer.status
        return self

    def checks(self, origin):
        """What the page promises, seen from outside."""
        page = self.page
        asked = [(kind, url.split("?")[0]) for kind, url in self.requests if not url.endswith("/favicon.ico")]
        assert all(kind == "document" and url.startswith(origin) for kind, url in asked), asked
        assert not [text for text in self.wrong if "favicon" not in text], self.wrong
        width, shown = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width <= shown, f"{width} pixels on a screen of {shown}"
        unlabelled = page.evaluate("[...document.querySelectorAll('input, textarea')].filter(f => !f.labels.length).map(f => f.id)")
        assert not unlabelled, unlabelled
        assert page.evaluate("document.querySelectorAll('script, img, link, iframe').length") == 0
        assert page.evaluate("document.querySelectorAll('h1').length") == 1
        small = page.evaluate("[...document.querySelectorAll('button, .choice, form input[type=text]')].filter(f => f.getBoundingClientRect().height < 44).length")
        assert small == 0, f"{small} targets are lower than 44 pixels"

    def shows(self, folder, name, whole=True):
        if folder:
            self.page.screenshot(path=folder / f"{name}.png", full_page=whole, scale="css" if whole else "device")

    def closes(self):
        self.context.close()


def approves_at_a_desk(browser, link, folder):
    person = Person(browser, DESK).opens(link["url"])
    origin = link["url"].split("/decision")[0]
    page = person.page
    expect(page.get_by_role("heading", level=1)).to_contain_text("Should version 2 become champion, in place of version 1?")
    person.checks(origin)
    person.shows(folder, "desk-decide")
    # The report, and back.
    page.get_by_role("link", name="The complete report").click()
    expect(page.get_by_role("heading", name="What it was computed from")).to_be_visible()
    person.checks(origin)
    page.go_back()
    # A wrong code first, with a slip of the finger.
    page.get_by_role("radio", name="Approve").check()
    page.get_by_label("Code from the mail").fill("aaa aaa" if link["code"] != "AAA AAA" else "bbb bbb")
    page.get_by_label("Reason").fill("Better at all three airports.")
    page.get_by_role("button", name="Record my decision").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not the code of this mail. You have 4 more tries")
    expect(page.get_by_label("Reason")).to_have_value("Better at all three airports.")
    person.wrong = [text for text in person.wrong if "422" not in text]
    person.shows(folder, "desk-wrong-code", whole=False)
    page.get_by_label("Code from the mail").fill(link["code"])
    page.get_by_role("button", name="Record my decision").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your approval is recorded.")
    person.checks(origin)
    person.shows(folder, "desk-recorded")
    # The link once more, from the mail.
    person.opens(link["url"])
    expect(page.get_by_role("heading", level=1)).to_contain_text("Already recorded")
    person.closes()


def rejects_on_a_phone(browser, link, folder):
    person = Person(browser, PHONE).opens(link["url"])
    origin = link["url"].split("/decision")[0]
    page = person.page
    person.checks(origin)
    person.shows(folder, "phone-decide")
    page.get_by_role("link", name="Your decision").tap()
    page.get_by_role("radio", name="Reject").check()
    page.get_by_label("Code from the mail").fill(link["code"].lower())
    page.get_by_label("Reason").fill("Too slow for the evening bank at JFK.")
    page.locator("#decide").scroll_into_view_if_needed()
    person.shows(folder, "phone-form", whole=False)
    page.get_by_role("button", name="Record my decision").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your rejection is recorded.")
    person.checks(origin)
    person.shows(folder, "phone-recorded")
    person.closes()


def approves_by_keyboard_at_night(browser, link, folder):
    person = Person(browser, DESK, scheme="dark").opens(link["url"])
    page = person.page
    person.shows(folder, "night-decide", whole=False)
    page.get_by_role("radio", name="Approve").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type(link["name"])
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your approval is recorded.")
    person.checks(link["url"].split("/decision")[0])
    person.closes()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--screenshots", type=Path, help="folder to leave screenshots in")
    folder = arguments.parse_args().screenshots
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    chromium = {"executable_path": os.environ["CHROMIUM"]} if "CHROMIUM" in os.environ else {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(args=["--no-sandbox"], **chromium)
        for stage, story in [("prod", approves_at_a_desk), ("prod", rejects_on_a_phone), ("test", approves_by_keyboard_at_night)]:
            with approver(stage) as link:
                story(browser, link, folder)
            print(f"ok    {story.__name__.replace('_', ' ')}")
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
