// SPDX-License-Identifier: Apache-2.0

// GTK as far as it is the same in versions 3 and 4, found in the host at run time: the host of a library for settings
// pages has GTK loaded, and this way it is certainly the same one (networkmanager.md 6). Widgets are driven by their
// properties, which need no GTK symbol at all.

#define _GNU_SOURCE
#include "gtk.h"
#include "_cgo_export.h"
#include <dlfcn.h>
#include <gio/gio.h>

// FIND returns a function of the host, NULL if it has none of that name.
#define FIND(type, name) ((type)dlsym(RTLD_DEFAULT, name))

int softether_gtk_version(void) {
	guint (*version)(void) = FIND(guint (*)(void), "gtk_get_major_version");
	return version ? (int)version() : 0;
}

// unpack returns what a gzip file holds, NULL with an error set if it is none.
static GBytes *unpack(const void *packed, gssize length, GError **error) {
	GInputStream *file = g_memory_input_stream_new_from_data(packed, length, NULL);
	GConverter *gzip = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
	GInputStream *text = g_converter_input_stream_new(file, gzip);
	GOutputStream *memory = g_memory_output_stream_new_resizable();
	GBytes *bytes = NULL;
	if (g_output_stream_splice(memory, text, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, error) >= 0)
		bytes = g_memory_output_stream_steal_as_bytes(G_MEMORY_OUTPUT_STREAM(memory));
	g_object_unref(memory);
	g_object_unref(text);
	g_object_unref(gzip);
	g_object_unref(file);
	return bytes;
}

gpointer softether_builder_new(const char *domain, const void *packed, gssize length, GError **error) {
	gpointer (*new)(void) = FIND(gpointer (*)(void), "gtk_builder_new");
	void (*set_domain)(gpointer, const char *) = FIND(void (*)(gpointer, const char *), "gtk_builder_set_translation_domain");
	guint (*add)(gpointer, const char *, gssize, GError **) = FIND(guint (*)(gpointer, const char *, gssize, GError **), "gtk_builder_add_from_string");
	if (!new || !set_domain || !add) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "the program has no usable GTK");
		return NULL;
	}
	GBytes *xml = unpack(packed, length, error);
	if (!xml)
		return NULL;
	gsize size = 0;
	const char *text = g_bytes_get_data(xml, &size);
	gpointer builder = new();
	set_domain(builder, domain);
	if (!add(builder, text, (gssize)size, error))
		g_clear_object(&builder);
	g_bytes_unref(xml);
	return builder;
}

GObject *softether_builder_object(gpointer builder, const char *id) {
	GObject *(*get)(gpointer, const char *) = FIND(GObject *(*)(gpointer, const char *), "gtk_builder_get_object");
	return get ? get(builder, id) : NULL;
}

void softether_set_string(GObject *object, const char *property, const char *value) {
	g_object_set(object, property, value, NULL);
}

char *softether_get_string(GObject *object, const char *property) {
	char *value = NULL;
	g_object_get(object, property, &value, NULL);
	return value;
}

void softether_set_bool(GObject *object, const char *property, gboolean value) {
	g_object_set(object, property, value, NULL);
}

gboolean softether_get_bool(GObject *object, const char *property) {
	gboolean value = FALSE;
	g_object_get(object, property, &value, NULL);
	return value;
}

// What an open file chooser will answer to.
typedef struct {
	GObject *owner;
	uintptr_t handle;
} Choice;

static void on_response(GObject *dialog, int response, gpointer user) {
	Choice *c = user;
	GFile *(*get_file)(GObject *) = FIND(GFile *(*)(GObject *), "gtk_file_chooser_get_file");
	GFile *file = response == -3 /* GTK_RESPONSE_ACCEPT */ && get_file ? get_file(dialog) : NULL;
	char *path = file ? g_file_get_path(file) : NULL;
	softetherFileChosen(c->handle, path);
	g_free(path);
	g_clear_object(&file);
	g_object_unref(c->owner);
	g_free(c);
	g_object_unref(dialog);
}

void softether_choose_file(GObject *near, GObject *owner, const char *title, uintptr_t handle) {
	GObject *(*new)(const char *, gpointer, int, const char *, const char *) = FIND(GObject *(*)(const char *, gpointer, int, const char *, const char *), "gtk_file_chooser_native_new");
	void (*show)(GObject *) = FIND(void (*)(GObject *), "gtk_native_dialog_show");
	GObject *(*get_root)(GObject *) = FIND(GObject *(*)(GObject *), softether_gtk_version() == 3 ? "gtk_widget_get_toplevel" : "gtk_widget_get_root");
	if (!new || !show || !get_root) {
		softetherFileChosen(handle, NULL);
		return;
	}
	GObject *window = get_root(near);
	if (window && !g_type_is_a(G_OBJECT_TYPE(window), g_type_from_name("GtkWindow")))
		window = NULL;
	GObject *dialog = new(title, window, 0 /* GTK_FILE_CHOOSER_ACTION_OPEN */, NULL, NULL);
	softether_set_bool(dialog, "modal", TRUE);
	Choice *c = g_new0(Choice, 1);
	c->owner = g_object_ref(owner);
	c->handle = handle;
	g_signal_connect(dialog, "response", G_CALLBACK(on_response), c);
	show(dialog);
}
