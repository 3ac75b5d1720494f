# SPDX-License-Identifier: Apache-2.0
"""What a person sees and does on a screen, over AT-SPI, as a screen reader would."""
import ctypes
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
gi.require_version("Gdk", "3.0")
from gi.repository import Atspi, Gdk, GLib  # noqa: E402

LIMIT = 30  # seconds for each step
AGAIN = 5  # seconds until a key is taken for lost
Atspi.set_timeout(LIMIT * 1000, 2 * LIMIT * 1000)  # milliseconds for an answer: of a busy program, and of one that starts
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


def await_that(what, condition):
    """Returns what condition returns as soon as it is true."""
    end = time.monotonic() + LIMIT
    while True:
        try:
            result = condition()
        except GLib.Error:
            result = None  # a widget disappeared meanwhile: look again
        if result:
            return result
        if time.monotonic() > end:
            sys.exit(f"{what}: waited {LIMIT} s. On the screen:\n{everything()}")
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
    await_that(f"{name} takes no press", lambda: node.get_action_iface().do_action(0))
    return node


def key(name, window, taken):
    """Presses a key in a window: Return, Escape, or with Alt: Alt+t; and again until taken is true, as a key can be lost."""
    end = time.monotonic() + LIMIT
    while True:
        press_key(name, window)
        again = time.monotonic() + AGAIN
        while time.monotonic() < again:
            try:
                if taken():
                    return
            except GLib.Error:
                pass  # a widget disappeared meanwhile: look again
            time.sleep(0.05)
        if time.monotonic() > end:
            sys.exit(f"nobody takes the key {name}. On the screen:\n{everything()}")


def gone(node):
    """Whether a window is no longer shown."""
    try:
        return not node.get_state_set().contains(Atspi.StateType.SHOWING)
    except GLib.Error:
        return True  # with its program


def press_key(name, window):
    x11, xtest = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XDefaultRootWindow.restype = ctypes.c_ulong
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    # There is no window manager, so the keyboard is made to follow the pointer.
    area = window.get_component_iface().get_extents(Atspi.CoordType.SCREEN)
    root = ctypes.c_ulong(x11.XDefaultRootWindow(display))
    x11.XWarpPointer(display, ctypes.c_ulong(0), root, 0, 0, 0, 0, area.x + 5, area.y + 5)
    x11.XSetInputFocus(display, ctypes.c_ulong(1), 1, ctypes.c_ulong(0))
    x11.XSync(display, 0)
    time.sleep(0.3)  # the window notices
    codes = [x11.XKeysymToKeycode(display, ctypes.c_ulong(x11.XStringToKeysym(k.encode()))) for k in name.replace("Alt+", "Alt_L+").split("+")]
    for pressed, order in ((1, codes), (0, reversed(codes))):
        for code in order:
            xtest.XTestFakeKeyEvent(display, code, pressed, ctypes.c_ulong(0))
    x11.XSync(display, 0)
    x11.XCloseDisplay(display)


def picture(node, file):
    """Saves a screenshot of a window."""
    time.sleep(0.5)  # animations end, carets and focus settle
    area = node.get_component_iface().get_extents(Atspi.CoordType.SCREEN)
    root = Gdk.get_default_root_window()
    Gdk.pixbuf_get_from_window(root, area.x, area.y, area.width, area.height).savev(file, "png", [], [])
