# SPDX-License-Identifier: Apache-2.0
"""A settings program in miniature: loads the library as the real ones do, GTK being loaded already, and uses the page.

Arguments: version of GTK (0: none), the library, the folder with the official client's files.
"""
import base64
import ctypes
import gc
import os
import re
import sys
import tempfile
import time

import gi

gtk, library, files = int(sys.argv[1]), sys.argv[2], sys.argv[3]
gi.require_version("NM", "1.0")
from gi.repository import Gio, GLib, NM  # noqa: E402

if gtk:
    gi.require_version("Gtk", f"{gtk}.0")
    from gi.repository import Gtk  # noqa: E402

    import widgets  # noqa: E402

    if gtk == 3:
        assert Gtk.init_check()[0], "no display"
    else:
        assert Gtk.init_check(), "no display"

GLib.set_prgname("host")
GLib.set_application_name("host")
SERVICE = "org.freedesktop.NetworkManager.softether"
failures = []


def check(what, got, want):
    if got != want:
        failures.append(f"{what}: got {got!r}, want {want!r}")


def fails(what, call, text):
    try:
        call()
    except GLib.Error as e:
        if text not in e.message:
            failures.append(f"{what}: {e.message!r} does not say {text!r}")
        return
    failures.append(f"{what}: no error")


def rss():
    return int(re.search(r"VmRSS:\s+(\d+)", open("/proc/self/status").read()).group(1))


def official(name):
    return plugin.import_(os.path.join(files, name + ".vpn"))


def vpn(connection):
    s = connection.get_setting_vpn()
    data, secrets = {}, {}
    s.foreach_data_item(lambda k, v: data.update({k: v}))
    s.foreach_secret(lambda k, v: secrets.update({k: v}))
    return data, secrets


class Page:
    """One page, its widgets by their ids."""

    def __init__(self, connection):
        self.connection = connection
        self.editor = plugin.get_editor(connection)
        self.widget = self.editor.get_widget()
        if gtk == 3:
            self.widget.show_all()  # as nm-connection-editor does
        self.changes = 0
        self.editor.connect("changed", self.count)
        self.w = dict(widgets.named(self.widget))

    def count(self, _):
        self.changes += 1

    def set(self, key, value):
        widget = self.w[key]
        if isinstance(widget, Gtk.ComboBoxText):
            assert widget.set_active_id(value), (key, value)
        elif isinstance(widget, Gtk.CheckButton):
            widget.set_active(value)
        else:
            widget.set_text(value)

    def get(self, key):
        widget = self.w[key]
        if isinstance(widget, Gtk.ComboBoxText):
            return widget.get_active_id()
        if isinstance(widget, Gtk.CheckButton):
            return widget.get_active()
        return widget.get_text()

    def seen(self, key):
        return self.w[key].get_visible()

    def update(self):
        self.editor.update_connection(self.connection)
        return vpn(self.connection)


def new_connection():
    c = NM.SimpleConnection.new()
    s = NM.SettingConnection.new()
    s.set_property("id", "New")
    s.set_property("uuid", NM.utils_uuid_generate())
    s.set_property("type", "vpn")
    c.add_setting(s)
    v = NM.SettingVpn.new()
    v.set_property("service-type", SERVICE)
    c.add_setting(v)
    return c


def until(what, condition):
    end = time.monotonic() + 60
    while not condition():
        GLib.MainContext.default().iteration(False)
        if time.monotonic() > end:
            sys.exit(f"{what} does not come")


def choose(button, name):
    """Presses a button that shows a file chooser, and chooses a file in it."""
    def dialogs():
        gc.collect()  # while the list is wrapped, no page may go, whose windows are in it
        tops = Gtk.Window.list_toplevels()
        return [t for t in tops if isinstance(t, Gtk.FileChooserDialog) and t.get_visible()]

    button.emit("clicked")
    until("the file chooser", dialogs)
    dialog = dialogs()[0]
    check("window of the file chooser", dialog.get_transient_for() is not None, True)
    file = Gio.File.new_for_path(name)
    dialog.set_file(file)
    until("the file in the chooser", lambda: dialog.get_file() and dialog.get_file().equal(file))
    dialog.response(Gtk.ResponseType.ACCEPT)
    until("the end of the file chooser", lambda: not dialogs())


before = rss(), time.monotonic()
ctypes.CDLL(library).nm_vpn_editor_plugin_factory(None)
took, grew = (time.monotonic() - before[1]) * 1000, rss() - before[0]
print(f"GTK {gtk}: loaded in {took:.1f} ms, {grew} kB")
plugin = NM.VpnEditorPlugin.load(library, SERVICE)
first = official("certificate-socks5-proxy")

check("name", plugin.props.name, "SoftEther VPN")
check("service", plugin.props.service, SERVICE)
check("description", bool(plugin.props.description), True)
check("capabilities", int(plugin.get_capabilities()), 7)
check("file name", plugin.get_suggested_filename(first), "cert.vpn")
check("id", first.get_id(), "cert")
check("uuid", len(first.get_uuid()), 36)
check("secrets", vpn(first)[1], {"proxy-password": "secret"})
pem = vpn(first)[0]["cert"]
fails("foreign file", lambda: plugin.import_("/etc/passwd"), "not a .vpn file of SoftEther")
fails("foreign connection", lambda: plugin.export("/dev/null", NM.SimpleConnection.new()), "not a VPN connection")

out = os.path.join(tempfile.mkdtemp(), "out.vpn")
plugin.export(out, first)
body = lambda name: re.sub(rb"^.*?declare root", b"", open(name, "rb").read(), flags=re.S)  # noqa: E731
check("export", body(out), body(os.path.join(files, "certificate-socks5-proxy.vpn")))

if gtk == 0:
    fails("no GTK", lambda: plugin.get_editor(first), "graphical program")
else:
    # What is not touched stays as it is, and what the page does not know survives.
    for name in ("details-socks4-proxy", "radius-http-proxy", "certificate-socks5-proxy", "hint"):
        c = official(name)
        c.get_setting_vpn().add_data_item("made-up", "x")
        c.get_setting_vpn().add_secret("trust-sha256-" + "ab" * 32, "yes")
        want = vpn(c)
        page = Page(c)
        check(name + " untouched", page.update(), want)
        check(name + " changes", page.changes, 0)

    # Every field of a new connection.
    page = Page(new_connection())
    check("hub", page.w["hub"].get_placeholder_text(), "DEFAULT")
    check("nothing said", page.w["problem"].get_text(), "")
    fails("empty", page.update, "Server: ")
    page.set("gateway", " vpn.example.com ")
    fails("no user", page.update, "User name: ")
    check("problem", "User name: " in page.w["problem"].get_text(), True)
    page.set("user", "joe")
    check("smallest", page.update(), ({"gateway": "vpn.example.com", "user": "joe"}, {}))
    check("problem solved", page.w["problem"].get_text(), "")
    check("changes", page.changes, 2)

    page.set("password", "secret1")
    check("password", page.update()[1], {"password": "secret1"})
    page.set("password-flags", "1")
    check("keyring", (page.update()[0]["password-flags"], page.update()[1]), ("1", {"password": "secret1"}))
    page.set("password-flags", "2")
    check("asked", (page.update()[0]["password-flags"], page.update()[1]), ("2", {}))
    page.set("password-flags", "0")
    check("stored", ("password-flags" in page.update()[0], page.update()[1]), (False, {"password": "secret1"}))
    check("hidden", page.w["password"].get_visibility(), False)
    n = page.changes
    page.set("show-passwords", True)
    check("readable", (page.w["password"].get_visibility(), page.changes), (True, n))

    for kind, rows in {"password": "password", "plain-password": "password", "certificate": "cert key key-password", "anonymous": ""}.items():
        page.set("auth-type", kind)
        got = [k for k in ("password", "cert", "key", "key-password") if page.seen(k) and page.seen("label-" + k)]
        check(kind, got, rows.split())
    fails("certificate", lambda: (page.set("auth-type", "certificate"), page.update()), "User certificate: ")
    page.set("cert", "joe.pem")
    fails("relative path", page.update, 'User certificate: choose a file')
    page.set("cert", "/home/joe/joe.p12")
    check("PKCS#12", page.update()[0]["cert"], "/home/joe/joe.p12")
    page.set("auth-type", "password")
    check("hidden field is dropped", "cert" in page.update()[0], False)

    check("proxy hidden", page.seen("proxy-server"), False)
    page.set("proxy-type", "http")
    fails("no proxy", page.update, "Proxy address: ")
    values = {"port": "992", "hub": "OFFICE", "server-cert-check": "pin", "server-cert-sha256": "ab" * 32, "ca": "/etc/ca.pem",
              "proxy-type": "http", "proxy-server": "proxy:3128", "proxy-user": "u", "proxy-password-flags": "1", "udp-acceleration": "no",
              "max-connections": "4", "connection-interval": "2", "connection-lifetime": "60", "mac": "Different each time", "mtu": "1400",
              "dhcp-hostname": "pc7", "reconnect-interval": "30", "reconnect-attempts": "5"}
    flags = {"half-duplex": True, "compression": True, "qos": False, "bridge-mode": True, "monitor-mode": True, "send-host-info": True}
    for k, v in {**values, **flags}.items():
        page.set(k, v)
    page.set("proxy-password", "pw")
    want = {"gateway": "vpn.example.com", "user": "joe", **values, "mac": "random", **{k: "yes" if v else "no" for k, v in flags.items()}}
    check("all", page.update(), (want, {"password": "secret1", "proxy-password": "pw"}))
    again = Page(page.connection)
    check("all again", again.update()[0], want)
    check("all shown", {k: again.get(k) for k in {**values, **flags}}, {**values, **flags})
    again.set("mtu", "9000")
    fails("bad number", again.update, 'MTU: must be a number from 576 to 1500')
    again.set("mtu", "1500")
    check("default is none", "mtu" in again.update()[0], False)

    # Names are asked of the VPN alone in a full tunnel, which IPv6 decides about where there is no IPv4.
    for method4, split4, split6, priority in (("auto", False, False, -50), ("auto", True, False, 0), ("auto", False, True, -50),
                                              ("disabled", False, True, 0), ("disabled", True, False, -50)):
        c = new_connection()
        c.get_setting_vpn().add_data_item("gateway", "h")
        c.get_setting_vpn().add_data_item("user", "joe")
        four, six = NM.SettingIP4Config.new(), NM.SettingIP6Config.new()
        four.set_property("method", method4)
        four.set_property("never-default", split4)
        six.set_property("method", "auto")
        six.set_property("never-default", split6)
        c.add_setting(four)
        c.add_setting(six)
        Page(c).update()
        got = [c.get_setting_ip4_config().get_dns_priority(), c.get_setting_ip6_config().get_dns_priority()]
        check(f"names with IPv4 {method4}, never-default {split4} and {split6}", got, [priority] * 2)

    # A value that no word stands for is not lost, and a stored certificate is described, kept and removable.
    c = official("certificate-socks5-proxy")
    c.get_setting_vpn().add_data_item("proxy-password-flags", "3")
    page = Page(c)
    check("cert", re.match(r"\[bob, valid until \d{4}-\d\d-\d\d\]$", page.get("cert")) is not None, True)
    check("key", page.get("key"), "[private key]")
    page.set("user", "bobby")
    data, _ = page.update()
    check("odd flags", (data["proxy-password-flags"], data["user"]), ("3", "bobby"))
    page.set("cert", "")
    fails("removed", page.update, "User certificate: ")

    # A file that is chosen is read into the connection.
    page = Page(new_connection())
    page.set("gateway", "h")
    page.set("user", "joe")
    window = Gtk.Window()
    (window.add if gtk == 3 else window.set_child)(page.widget)
    window.show()
    page.w["section-1"].set_expanded(True)
    der = base64.b64decode("".join(line for line in pem.splitlines() if "-----" not in line))
    for key, content, shown in (("ca", pem.encode(), r"\[bob, valid until .*\]$"), ("ca", b"no PEM", None), ("ca", der, r"\[bob, valid until .*\]$")):
        name = os.path.join(tempfile.mkdtemp(), "chosen")
        open(name, "wb").write(content)
        choose(page.w["choose-" + key], name)
        check("chosen", re.match(r"\[bob, valid until .*\]$", page.get(key)) is not None, True)
        check("refused", "not a PEM or DER file" in page.w["problem"].get_text(), shown is None)
    check("stored", page.update()[0]["ca"], pem)
    window.destroy()

    # What is chosen is explained, what is missing is named, and a wrong field has a mark.
    page = Page(new_connection())
    check("required", [page.w[k].get_placeholder_text() for k in ("gateway", "user", "port")], ["Required", "Required", "443"])
    page.set("gateway", "vpn.example.com:5555")
    check("port of the server", page.w["port"].get_placeholder_text(), "5555")
    page.set("auth-type", "anonymous")
    check("explanation", (page.w["note-auth-type"].get_text(), page.w["user"].get_placeholder_text() or ""), ("No password; the virtual hub must allow it.", ""))
    page.set("port", "443")
    fails("contradiction", page.update, "Port: the server already has port 5555")
    mark = lambda key: page.w[key].get_property("secondary-icon-name")  # noqa: E731
    check("marked", (mark("port"), mark("mtu")), ("dialog-warning-symbolic", None))
    page.set("port", "")
    page.set("mtu", "9")
    fails("elsewhere", page.update, "MTU: ")
    check("moved mark", (mark("port"), mark("mtu")), (None, "dialog-warning-symbolic"))
    check("unfolded", [page.w[f"section-{n}"].get_expanded() for n in (1, 4)], [False, True])
    page.w["section-4"].set_expanded(False)
    fails("still wrong", page.update, "MTU: ")
    check("folded by hand", page.w["section-4"].get_expanded(), False)
    page.set("mtu", "")
    page.set("mac", "5e:00:53:01:02:03")
    check("own address", page.update()[0]["mac"], "5e:00:53:01:02:03")
    page.set("mac", "Always the same")
    check("stable", ("mac" in page.update()[0], mark("mtu")), (False, None))

    if gtk == 3:
        # The headings of sections are where writing begins.
        Gtk.Widget.set_default_direction(Gtk.TextDirection.RTL)
        page = Page(new_connection())
        window = Gtk.Window(default_width=500, default_height=500)
        window.add(page.widget)
        window.show()
        heading = page.w["section-5"].get_label_widget()
        until("the page", lambda: heading.get_allocated_width() > 1)
        left = heading.translate_coordinates(page.widget, 0, 0)[0]
        check("heading on the right", left + heading.get_allocated_width() > 0.9 * page.widget.get_allocated_width(), True)
        window.destroy()
        Gtk.Widget.set_default_direction(Gtk.TextDirection.LTR)

    # Editors go when their host lets them go.
    c = official("details-socks4-proxy")

    def churn(n):
        """Opens and closes n pages. Returns the memory in use, and how many of the pages are left."""
        refs = []
        for _ in range(n):
            editor = plugin.get_editor(c)
            refs += [editor.weak_ref(), editor.get_widget().weak_ref()]
            if gtk == 3:
                editor.get_widget().destroy()
            del editor
        gc.collect()
        while GLib.MainContext.default().iteration(False):
            pass
        return rss(), sum(ref() is not None for ref in refs)

    many = int(os.environ.get("EDITORS", 1000 if gtk == 4 else 300))  # GTK 3 takes several times as long
    (start, _), threads, began = churn(100), len(os.listdir("/proc/self/task")), time.monotonic()
    end, left = churn(many)
    print(f"GTK {gtk}: {(time.monotonic() - began) / many * 1000:.1f} ms an editor, {end - start} kB for {many} of them")
    # A page has a hundred widgets and takes far more than 100 kB. Go's heap grows to 4 MB before it is collected at all.
    check("leaked memory", end - start < 8000, True)
    check("pages left", left, 0)
    check("threads more", max(0, len(os.listdir("/proc/self/task")) - threads - 2), 0)
    page = Page(c)
    ref = page.editor.weak_ref()
    page.__dict__.clear()
    del page
    gc.collect()
    check("editor is gone", ref(), None)

for f in failures:
    print("FAIL", f)
sys.exit(bool(failures))
