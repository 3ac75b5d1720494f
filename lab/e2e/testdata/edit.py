# SPDX-License-Identifier: Apache-2.0
"""Uses nm-connection-editor as a person with a screen reader would, over AT-SPI.

Arguments: the options for nm-connection-editor in one word, then steps: "field=text" types, "?text" waits for a text to be shown, "!Button"
presses, "dead:Button" wants a button that cannot be pressed. nm-connection-editor runs within, on the DISPLAY given.
"""
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

LIMIT = 20  # seconds for each step


def walk(node):
    yield node
    for i in range(node.get_child_count()):
        child = node.get_child_at_index(i)
        if child:
            yield from walk(child)


def windows():
    desktop = Atspi.get_desktop(0)
    for i in range(desktop.get_child_count()):
        app = desktop.get_child_at_index(i)
        if app and "nm-connection-editor" in app.get_name():
            yield from (app.get_child_at_index(j) for j in range(app.get_child_count()))


def find(what, matches):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        try:
            for window in windows():
                for node in walk(window):
                    if matches(node) and node.get_state_set().contains(Atspi.StateType.SHOWING):
                        return node
        except GLib.Error:
            pass  # something on the way is gone again: look anew
        time.sleep(0.1)
    names = [(n.get_role_name(), n.get_name()) for w in windows() for n in walk(w) if n.get_name()]
    sys.exit(f"there is no {what}; there are {names}")


def labelled(name):
    """The widget that a label of that text belongs to: what a screen reader calls it."""
    def matches(node):
        if node.get_role() not in (Atspi.Role.TEXT, Atspi.Role.PASSWORD_TEXT, Atspi.Role.COMBO_BOX, Atspi.Role.ENTRY):
            return False
        if node.get_name() == name:
            return True
        return any(r.get_relation_type() == Atspi.RelationType.LABELLED_BY and any(r.get_target(i).get_name() == name for i in range(r.get_n_targets()))
                   for r in node.get_relation_set())
    return matches


def button(name):
    return lambda node: node.get_role() == Atspi.Role.PUSH_BUTTON and node.get_name() == name


def sensitive(node):
    return node.get_state_set().contains(Atspi.StateType.SENSITIVE)


def now(condition):
    try:
        return condition()
    except GLib.Error:
        return False  # a widget went away while it was looked at: look again


def until(what, condition):
    end = time.monotonic() + LIMIT
    while not now(condition):
        if time.monotonic() > end:
            sys.exit(what)
        time.sleep(0.05)


editor = subprocess.Popen(["nm-connection-editor", *sys.argv[1].split()])
for step in sys.argv[2:]:
    if step.startswith("?"):
        find(step, lambda node: step[1:] in node.get_name())
    elif step.startswith("!"):
        b = find(step, button(step[1:]))
        until(f"{step[1:]} cannot be pressed", lambda: sensitive(b))
        b.get_action_iface().do_action(0)
    elif step.startswith("dead:"):
        b = find(step, button(step[5:]))
        until(f"{step[5:]} can be pressed", lambda: not sensitive(b))
    else:
        name, text = step.split("=", 1)
        node = find(name, labelled(name))
        if node.get_role() == Atspi.Role.COMBO_BOX:
            menu = node.get_child_at_index(0)
            items = [menu.get_child_at_index(i).get_name() for i in range(menu.get_child_count())]
            node.get_selection_iface().select_child(items.index(text))
        else:
            node.get_editable_text_iface().set_text_contents(text)
try:
    if "--import" in sys.argv[1]:  # the list of connections stays open
        until("the window stays open", lambda: not any("Editing" in w.get_name() for w in windows()))
        editor.kill()
    editor.wait(LIMIT)
except subprocess.TimeoutExpired:
    editor.kill()
    sys.exit("the window stays open")
