# SPDX-License-Identifier: Apache-2.0
"""A desktop with nm-applet as the secret agent, and the person who uses it, on the given DISPLAY.

Arguments: NetworkManager's log, the connection to bring up, and the steps: "field=text" types into an entry that is empty, "?text" waits for a text
to be shown, "!Button" presses, "key:Return" presses a key that ends the dialog, "dead:Button" expects a button that is insensitive, "reads:field=text" expects
that in an entry, "picture:FILE" saves a screenshot of the window, "up" waits until the connection is up and "failed" until it is not,
"again" brings it down and up once more.
"""
import os
import subprocess
import sys

import screen
from screen import Atspi

log, name, *steps = sys.argv[1:]
programs = []


def start(*args, **options):
    programs.append(subprocess.Popen(args, **options))
    return programs[-1]


def bring_up():
    return start("nmcli", "connection", "up", name, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def ended(process, good):
    try:
        output = process.communicate(timeout=screen.LIMIT)[0].decode()
    except subprocess.TimeoutExpired:
        sys.exit(f"nmcli does not end. On the screen:\n{screen.everything()}")
    if (process.returncode == 0) != good:
        sys.exit(f"nmcli: exit status {process.returncode}: {output}")


def dialog():
    return screen.find("dialog", lambda n: n.get_role() == Atspi.Role.DIALOG)


def step(what):
    global nmcli
    kind, _, rest = what.partition(":")
    if what in ("up", "failed"):
        ended(nmcli, what == "up")
    elif what == "again":
        subprocess.run(["nmcli", "connection", "down", name], check=True, stdout=subprocess.DEVNULL)
        nmcli = bring_up()
    elif what.startswith("?"):
        screen.find(what, lambda n: what[1:] in screen.words(n))
    elif what.startswith("!"):
        pressed = screen.press(what[1:])
        if pressed.get_role() == Atspi.Role.PUSH_BUTTON:  # which ends the dialog: another may come with the same button
            screen.await_that(f"{what} does not end the dialog", lambda: screen.gone(pressed))
    elif kind == "key":
        window = dialog()
        screen.key(rest, window, lambda: screen.gone(window))
    elif kind == "picture":
        screen.picture(dialog(), rest)
    elif kind == "dead":
        b = screen.find(what, lambda n: n.get_role() == Atspi.Role.PUSH_BUTTON and n.get_name() == rest)
        screen.await_that(f"{rest} can be pressed", lambda: not b.get_state_set().contains(Atspi.StateType.SENSITIVE))
    elif kind == "reads":
        label, text = rest.split("=", 1)
        screen.await_that(f"{label} does not read {text}", lambda: text in screen.words(screen.entry(label)))
    else:
        label, text = what.split("=", 1)
        # The window of the attempt before may still be there; its entry is full.
        e = screen.await_that(f"there is no empty {label}", lambda: next((n for n in [screen.entry(label)] if not screen.words(n).strip()), None))
        e.get_editable_text_iface().set_text_contents(text)


keyring = start("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets", stdin=subprocess.PIPE)
keyring.stdin.write(b"keyring")
keyring.stdin.close()
mark = os.path.getsize(log)
start("nm-applet")


def registered():
    with open(log) as f:
        f.seek(mark)
        return "agent registered" in f.read()


screen.await_that("nm-applet does not become an agent", registered)
nmcli = bring_up()
try:
    for s in steps:
        step(s)
finally:
    for p in reversed(programs):
        if p.poll() is None:
            p.kill()
