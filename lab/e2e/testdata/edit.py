# SPDX-License-Identifier: Apache-2.0
"""Uses nm-connection-editor as a person with a screen reader would, over AT-SPI.

Arguments: the options for nm-connection-editor in one word, then steps:

    field=text      types or chooses; without a field ("=text") chooses in the one combo box there is
    ?text           waits for a text to be shown
    !Button         presses
    dead:Button     expects a button that is insensitive
    +Check          toggles a check button
    >Section        expands a section
    in:Title        restricts the next steps to windows with that title; "in:" lifts that
    exists:File     waits for a file
    picture:File    saves a screenshot of the page's window, which must fit on the screen
    scroll:         scrolls the page down
    focus:Widget    moves the keyboard focus to it
    tab:Widget      presses Tab and expects the focus there; "tab:" is for a combo box, whose focus GTK 3 does not report
    sees:Label      expects that field to be visible without scrolling
    unfolded:Section   expects that section to be expanded
    form:           expects the form's height to be that of the last such step
    right-to-left:Label   expects that label on the right of its field

Starts nm-connection-editor itself, on the given DISPLAY.
"""
import os
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
gi.require_version("Gdk", "3.0")
from gi.repository import Atspi, Gdk  # noqa: E402

from screen import LIMIT, await_that, key, walk  # noqa: E402

VISIBLE = Atspi.StateType.VISIBLE
title = ""  # of the windows that matter


def windows():
    desktop = Atspi.get_desktop(0)
    for i in range(desktop.get_child_count()):
        app = desktop.get_child_at_index(i)
        if app and "nm-connection-editor" in app.get_name():
            for window in (app.get_child_at_index(j) for j in range(app.get_child_count())):
                if window and title in window.get_name():
                    yield window


def find(what, matches, state=Atspi.StateType.SHOWING):
    """The first such widget. With VISIBLE it may be scrolled out of view."""
    return await_that(f"there is no {what}", lambda: next(
        (n for w in windows() for n in walk(w) if matches(n) and n.get_state_set().contains(state)), None))


def page():
    """The page's window."""
    return find("the page's window", lambda node: node.get_role() in (Atspi.Role.FRAME, Atspi.Role.DIALOG))


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


def press(node):
    await_that(f"{node.get_name()} cannot be pressed", lambda: sensitive(node))
    await_that(f"{node.get_name()} takes no press", lambda: node.get_action_iface().do_action(0))


def enter(node, text):
    if node.get_role() == Atspi.Role.COMBO_BOX:
        menu = node.get_child_at_index(0)
        items = [menu.get_child_at_index(i).get_name() for i in range(menu.get_child_count())]
        node.get_selection_iface().select_child(items.index(text))
    else:
        node.get_editable_text_iface().set_text_contents(text)


def role(kind, name=""):
    return lambda node: node.get_role() == kind and name in (node.get_name() or "")


def box(node):
    e = node.get_component_iface().get_extents(Atspi.CoordType.SCREEN)
    return e.x, e.y, e.x + e.width, e.y + e.height


def whole(window):
    """That the window is on the screen and what it shows is within it, as far as it does not scroll."""
    left, top, right, bottom = box(window)
    if left < 0 or top < 0 or right > 1024 or bottom > 600:
        sys.exit(f"the window does not fit on the screen: {box(window)}")
    for node in walk(window):
        if node.get_component_iface() and node.get_state_set().contains(Atspi.StateType.SHOWING):
            x, y, x2, y2 = box(node)
            if x2 > x and (x < left or x2 > right or y > bottom or y2 < top):
                sys.exit(f"{node.get_role_name()} {node.get_name()!r} at {box(node)} is not within the window, {box(window)}")


def picture(file):
    Gdk.init_check([])
    window = page()
    screen = Gdk.Screen.get_default()
    screen.get_display().get_default_seat().get_pointer().warp(screen, 1023, 599)  # away from anything with a tooltip
    screen.get_display().sync()
    time.sleep(1)  # animations end
    whole(window)
    left, top, right, bottom = box(window)
    image = Gdk.pixbuf_get_from_window(Gdk.get_default_root_window(), left, top, right - left, bottom - top)
    pixels, n = image.get_pixels(), image.get_n_channels()
    if len({pixels[i:i + n] for i in range(0, len(pixels), n)}) < 50:
        sys.exit("the picture is blank")
    image.savev(file, "png", [], [])


def scroll():
    for window in windows():
        for node in walk(window):
            bar = node.get_value_iface() if node.get_role() == Atspi.Role.SCROLL_BAR else None
            if bar and bar.get_maximum_value() > 0 and node.get_state_set().contains(Atspi.StateType.VERTICAL):
                bar.set_current_value(bar.get_maximum_value())


def right_to_left(name):
    node = find(name, labelled(name))
    label = next(r.get_target(0) for r in node.get_relation_set() if r.get_relation_type() == Atspi.RelationType.LABELLED_BY)
    if box(label)[0] < box(node)[2]:
        sys.exit(f"the label at {box(label)} is not right of its field at {box(node)}")


def called(node):
    """What a screen reader calls it."""
    for r in node.get_relation_set():
        if r.get_relation_type() == Atspi.RelationType.LABELLED_BY:
            return r.get_target(0).get_name()
    return node.get_name()


def focused():
    return [called(n) for w in windows() for n in walk(w) if n.get_state_set().contains(Atspi.StateType.FOCUSED)]


def tab(want):
    before = focused()
    key("Tab", page(), lambda: focused() != before)
    await_that(f"the Tab key does not lead to {want}", lambda: focused() == want)


def sees(name):
    node = find(name, labelled(name), VISIBLE)

    def within():
        x, y, x2, y2 = box(node)
        around = node.get_parent()
        while around and around.get_role() not in (Atspi.Role.FRAME, Atspi.Role.DIALOG):
            left, top, right, bottom = box(around)
            if around.get_role() == Atspi.Role.SCROLL_PANE and not (left <= x and top <= y and x2 <= right and y2 <= bottom):
                return False
            around = around.get_parent()
        return True
    await_that(f"{name} is not visible", within)


heights = []


def form_height():
    """The height of the inner one of the scroll panes that are shown, which is ours."""
    panes = [n for w in windows() for n in walk(w) if n.get_role() == Atspi.Role.SCROLL_PANE and n.get_state_set().contains(Atspi.StateType.SHOWING)]
    left, top, right, bottom = box(panes[-1])
    heights.append(bottom - top)
    if heights[0] != heights[-1] or heights[0] < 200:
        sys.exit(f"the form's height changed: {heights}")


editor = subprocess.Popen(["nm-connection-editor", *sys.argv[1].split()])
for step in sys.argv[2:]:
    if step.startswith("?"):
        find(step, lambda node: step[1:] in node.get_name())
    elif step.startswith("!"):
        press(find(step, button(step[1:])))
    elif step.startswith("dead:"):
        b = find(step, button(step[5:]))
        await_that(f"{step[5:]} can be pressed", lambda: not sensitive(b))
    elif step.startswith("+"):
        press(find(step, role(Atspi.Role.CHECK_BOX, step[1:]), VISIBLE))
    elif step.startswith(">"):
        press(find(step, role(Atspi.Role.TOGGLE_BUTTON, step[1:]), VISIBLE))
    elif step.startswith("in:"):
        title = step[3:]
    elif step.startswith("exists:"):
        await_that(f"there is no {step[7:]}", lambda: os.path.exists(step[7:]))
    elif step == "scroll:":
        scroll()
    elif step.startswith("focus:"):
        find(step, lambda node: called(node) == step[6:] and node.get_state_set().contains(Atspi.StateType.FOCUSABLE)).get_component_iface().grab_focus()
        await_that(f"{step[6:]} does not get the keyboard", lambda: step[6:] in focused())
    elif step.startswith("tab:"):
        tab([step[4:]] if step[4:] else [])
    elif step.startswith("sees:"):
        sees(step[5:])
    elif step.startswith("unfolded:"):
        section = find(step, role(Atspi.Role.TOGGLE_BUTTON, step[9:]), VISIBLE)
        await_that(f"{step[9:]} is folded", lambda: section.get_state_set().contains(Atspi.StateType.EXPANDED) or section.get_state_set().contains(Atspi.StateType.CHECKED))
    elif step == "form:":
        form_height()
    elif step.startswith("picture:"):
        picture(step[8:])
    elif step.startswith("right-to-left:"):
        right_to_left(step[14:])
    elif step.startswith("="):
        enter(find(step, role(Atspi.Role.COMBO_BOX)), step[1:])
    else:
        name, text = step.split("=", 1)
        enter(find(name, labelled(name), VISIBLE), text)
try:
    if "--import" in sys.argv[1]:  # the list of connections stays open
        await_that("the window stays open", lambda: not any("Editing" in w.get_name() for w in windows()))
        editor.kill()
    editor.wait(LIMIT)
except subprocess.TimeoutExpired:
    editor.kill()
    sys.exit("the window stays open")
