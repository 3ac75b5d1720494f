# SPDX-License-Identifier: Apache-2.0
"""What a person sees and does on a screen, over AT-SPI, as a screen reader would."""
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
gi.require_version("Gdk", "3.0")
from gi.repository import Atspi, Gdk, GLib  # noqa: E402

LIMIT = 30  # seconds for each step
TYPED = (Atspi.Role.TEXT, Atspi.Role.PASSWORD_TEXT, Atspi.Role.ENTRY)


def walk(node):
    yield node
    for i in range(node.get_child_count()):
        child = node.get_child_at_index(i)
        if child:
            yield from walk(child)


def shown():
    """Everything on the screen."""
    desktop = Atspi.get_desktop(0)
    for i in range(desktop.get_child_count()):
        app = desktop.get_child_at_index(i)
        for node in walk(app) if app else ():
            if node.get_state_set().contains(Atspi.StateType.SHOWING):
                yield node


def words(node):
    text = node.get_text_iface()
    return node.get_name() + "\n" + (Atspi.Text.get_text(text, 0, -1) if text else "")


def await_that(what, condition, limit=LIMIT):
    """Returns what condition returns as soon as it is true."""
    end = time.monotonic() + limit
    while True:
        try:
            result = condition()
        except GLib.Error:
            result = None  # a widget went away while it was looked at: look again
        if result:
            return result
        if time.monotonic() > end:
            sys.exit(f"{what}: waited {limit} s. On the screen:\n{everything()}")
        time.sleep(0.05)


def everything():
    try:
        return "\n".join(f"{n.get_role_name()} {words(n)!r}" for n in shown() if words(n).strip())
    except GLib.Error as e:
        return str(e)


def find(what, matches):
    return await_that(f"there is no {what}", lambda: next((n for n in shown() if matches(n)), None))


def entry(label):
    """The entry that a label of that text belongs to: what a screen reader calls it."""
    def labels(node):
        for r in node.get_relation_set():
            if r.get_relation_type() == Atspi.RelationType.LABELLED_BY:
                yield from (r.get_target(i).get_name() for i in range(r.get_n_targets()))
    return find(f"entry {label}", lambda n: n.get_role() in TYPED and label in (n.get_name(), *labels(n)))


def press(name):
    roles = (Atspi.Role.PUSH_BUTTON, Atspi.Role.CHECK_BOX)
    node = find(f"button {name}", lambda n: n.get_role() in roles and n.get_name() == name)
    await_that(f"{name} cannot be pressed", lambda: node.get_state_set().contains(Atspi.StateType.SENSITIVE))
    node.get_action_iface().do_action(0)


def key(name):
    """Presses a key, with Alt if the name says so: Return, Escape, Alt+t."""
    modified = name.startswith("Alt+")
    value = Gdk.keyval_from_name(name.removeprefix("Alt+"))
    alt = Gdk.keyval_from_name("Alt_L")
    display = Gdk.Display.get_default()
    keycodes = {v: Gdk.Keymap.get_for_display(display).get_entries_for_keyval(v)[1][0].keycode for v in (value, alt)}
    if modified:
        Atspi.generate_keyboard_event(keycodes[alt], None, Atspi.KeySynthType.PRESS)
    Atspi.generate_keyboard_event(keycodes[value], None, Atspi.KeySynthType.PRESSRELEASE)
    if modified:
        Atspi.generate_keyboard_event(keycodes[alt], None, Atspi.KeySynthType.RELEASE)


def picture(node, file):
    """Photographs a window."""
    time.sleep(0.5)  # animations end, carets and focus settle
    area = node.get_component_iface().get_extents(Atspi.CoordType.SCREEN)
    root = Gdk.get_default_root_window()
    Gdk.pixbuf_get_from_window(root, area.x, area.y, area.width, area.height).savev(file, "png", [], [])
