# SPDX-License-Identifier: Apache-2.0
"""Shows a settings page in the language of the environment and prints, as JSON, every text on it.

Arguments: version of GTK, the library.
"""
import json
import locale
import sys

import gi

gtk, library = int(sys.argv[1]), sys.argv[2]
locale.setlocale(locale.LC_ALL, "")
gi.require_version("NM", "1.0")
gi.require_version("Gtk", f"{gtk}.0")
from gi.repository import NM, Gtk  # noqa: E402

import widgets  # noqa: E402

Gtk.init_check() if gtk == 4 else Gtk.init_check(None)
plugin = NM.VpnEditorPlugin.load(library, "org.freedesktop.NetworkManager.softether")
connection = NM.SimpleConnection.new()
vpn = NM.SettingVpn.new()
vpn.set_property("service-type", "org.freedesktop.NetworkManager.softether")
vpn.add_data_item("gateway", "vpn.example.com")
vpn.add_data_item("mtu", "5")
connection.add_setting(vpn)
editor = plugin.get_editor(connection)
texts = {}

for name, widget in widgets.named(editor.get_widget()):
    if name.startswith("gtk-"):
        continue
    for prop in ("label", "tooltip-text"):
        if widget.find_property(prop) and widget.get_property(prop):
            texts[f"{name} {prop}"] = widget.get_property(prop)
    if isinstance(widget, Gtk.ComboBoxText):
        texts[f"{name} words"] = "|".join(row[0] for row in widget.get_model())
try:
    editor.update_connection(connection)
except gi.repository.GLib.Error as e:
    texts["error"] = e.message
texts["description"] = plugin.get_property("description")
json.dump(texts, sys.stdout)
