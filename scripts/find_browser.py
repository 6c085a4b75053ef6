"""Say by the exit status whether there is a Chromium for the browser tests; ``--install`` sees to it first."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of a Chromium: one on the PATH, otherwise Playwright's own; None when there is neither."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def install() -> None:
    """Install one: Debian's package for root, otherwise Playwright's."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        # Another installation may be under way; apt gives up at once unless told to wait.
        wait = ["-o", "DPkg::Lock::Timeout=300"]
        subprocess.run(["apt-get", "install", *wait, "-y", "-qq", "chromium"], check=True)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def main() -> None:
    """Look, and install if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="install one where there is none")
    if parser.parse_args().install and find() is None:
        install()
    sys.exit(None if find() else "no Chromium: apt-get install chromium, or python -m playwright install chromium")


if __name__ == "__main__":
    main()
