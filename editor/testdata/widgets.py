# SPDX-License-Identifier: Apache-2.0
"""The widgets of a page, in GTK 3 and 4. Import it once gi.require_version has chosen one of them."""
from gi.repository import Gtk


def named(widget):
    """All widgets below and including this one that have an id, as (id, widget)."""
    three = Gtk.get_major_version() == 3
    name = Gtk.Buildable.get_name(widget) if three else widget.get_buildable_id()
    if name:
        yield name, widget
    if three:
        for child in widget.get_children() if isinstance(widget, Gtk.Container) else ():
            yield from named(child)
    elif isinstance(widget, Gtk.Expander):  # has its child only while it is open
        yield from named(widget.get_child())
    else:
        child = widget.get_first_child()
        while child:
            yield from named(child)
            child = child.get_next_sibling()
