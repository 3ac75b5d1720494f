// SPDX-License-Identifier: Apache-2.0

// The class of a settings page, an NMVpnEditor. What it does, Go does (page.go).

#include "editor.h"
#include "_cgo_export.h"

typedef struct {
	GObject parent;
	GObject *widget;
	uintptr_t handle;
} SoftetherEditor;

typedef struct {
	GObjectClass parent;
} SoftetherEditorClass;

static GType softether_editor_get_type(void);
static void softether_editor_interface_init(NMVpnEditorInterface *iface);

G_DEFINE_TYPE_WITH_CODE(SoftetherEditor, softether_editor, G_TYPE_OBJECT,
	G_IMPLEMENT_INTERFACE(NM_TYPE_VPN_EDITOR, softether_editor_interface_init))

static void dispose(GObject *object) {
	SoftetherEditor *self = (SoftetherEditor *)object;
	if (self->handle) {
		softetherEditorGone(self->handle);
		self->handle = 0;
	}
	g_clear_object(&self->widget);
	G_OBJECT_CLASS(softether_editor_parent_class)->dispose(object);
}

static void softether_editor_init(SoftetherEditor *self) {
	(void)self;
}

static void softether_editor_class_init(SoftetherEditorClass *class) {
	G_OBJECT_CLASS(class)->dispose = dispose;
}

static GObject *get_widget(NMVpnEditor *editor) {
	return ((SoftetherEditor *)editor)->widget;
}

static gboolean update_connection(NMVpnEditor *editor, NMConnection *connection, GError **error) {
	return softetherEditorUpdate(((SoftetherEditor *)editor)->handle, connection, error);
}

static void softether_editor_interface_init(NMVpnEditorInterface *iface) {
	iface->get_widget = get_widget;
	iface->update_connection = update_connection;
}

NMVpnEditor *softether_editor_new(GObject *widget, uintptr_t handle) {
	SoftetherEditor *self = g_object_new(softether_editor_get_type(), NULL);
	self->widget = g_object_ref_sink(widget);
	self->handle = handle;
	return NM_VPN_EDITOR(self);
}

// A watch is what a signal handler needs. It belongs to the closure, which goes with the widget or the editor,
// whichever goes first.
typedef struct {
	SoftetherEditor *editor;
	int what;
} Watch;

static void happened(Watch *watch) {
	if (watch->editor->handle)
		softetherEditorEvent(watch->editor->handle, watch->what);
}

// GObject gives "clicked" no argument before the user data and "notify" one; both begin with the object.
static void on_clicked(GObject *object, gpointer watch) {
	(void)object;
	happened(watch);
}

static void on_notify(GObject *object, GParamSpec *spec, gpointer watch) {
	(void)object;
	(void)spec;
	happened(watch);
}

static void free_watch(gpointer watch, GClosure *closure) {
	(void)closure;
	g_free(watch);
}

void softether_editor_watch(NMVpnEditor *editor, GObject *object, const char *signal, int what) {
	Watch *watch = g_new0(Watch, 1);
	watch->editor = (SoftetherEditor *)editor;
	watch->what = what;
	GCallback call = g_str_has_prefix(signal, "notify::") ? G_CALLBACK(on_notify) : G_CALLBACK(on_clicked);
	GClosure *closure = g_cclosure_new(call, watch, free_watch);
	g_object_watch_closure(G_OBJECT(editor), closure);
	g_signal_connect_closure(object, signal, closure, FALSE);
}

void softether_editor_emit_changed(NMVpnEditor *editor) {
	g_signal_emit_by_name(editor, "changed");
}
