"""The browser that the tests drive. As a command: gets what is missing for it.

A missing browser is an error and never a reason to skip a test.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Playwright cannot be asked inside a test, where it may be running already.
ASK_PLAYWRIGHT = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


class NoBrowserError(Exception):
    """There is no browser; the message says what to do about it."""


def chromium_path() -> str:
    """Return the path of a Chromium or raise NoBrowserError."""
    if named := os.environ.get("CHROMIUM"):
        if found := shutil.which(named):
            return found
        raise NoBrowserError(f"CHROMIUM is {named}, which is not a program.")
    for name in NAMES:
        if found := shutil.which(name):
            return found
    if found := playwrights_own():
        return found
    raise NoBrowserError(
        "The tests need a browser: apt-get install chromium, or set CHROMIUM to one."
    )


def playwrights_own() -> str | None:
    answer = subprocess.run(
        [sys.executable, "-c", ASK_PLAYWRIGHT],
        capture_output=True,
        text=True,
        check=False,
    )
    path = answer.stdout.strip()
    return path if path and Path(path).exists() else None


def driver_runs() -> bool:
    """Whether Playwright's driver runs; a lean Debian lacks a library of it."""
    return succeeds(sys.executable, "-m", "playwright", "--version")


def missing_packages() -> list[str]:
    """Debian's names of what the browser tests lack."""
    missing = [] if driver_runs() else ["libatomic1"]
    try:
        chromium_path()
    except NoBrowserError:
        if not os.environ.get("CHROMIUM"):
            missing += ["chromium", "fonts-liberation"]
    return missing


def get(packages: list[str]) -> None:
    """Install Debian's packages where that is allowed, or else Playwright's browser."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {' '.join(packages)} ...", flush=True)
        install = ("apt-get", "install", "-y", "--no-install-recommends", *packages)
        if succeeds("apt-get", "update") and succeeds(*install):
            return
    if "chromium" in packages:
        print("Downloading Playwright's chromium ...", flush=True)
        succeeds(sys.executable, "-m", "playwright", "install", "chromium")


def succeeds(*command: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    return done.returncode == 0


def main() -> None:
    missing = missing_packages()
    if missing:
        get(missing)
    try:
        print(f"Browser {chromium_path()}", flush=True)
    except NoBrowserError as error:
        sys.exit(str(error))
    if "libatomic1" in missing and not driver_runs():
        sys.exit("Playwright's driver does not run: apt-get install libatomic1")


if __name__ == "__main__":
    main()
