// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "gtk.h"
#include <dlfcn.h>

#define FIND(type, name) ((type)dlsym(RTLD_DEFAULT, name))

// A reveal goes on for some frames: a widget that has just been unfolded gets its height in the next one, and a window
// that grows for it takes a few.
typedef struct {
	GObject *child; // owned
	int frames;
} Reveal;

enum { FRAMES = 12, MARGIN = 12 };

typedef struct {
	int x, y, width, height;
} Allocation;

static gboolean on_tick(GObject *scrolled, gpointer clock, gpointer user) {
	(void)clock;
	Reveal *r = user;
	void (*get_allocation)(GObject *, Allocation *) = FIND(void (*)(GObject *, Allocation *), "gtk_widget_get_allocation");
	GObject *adjustment = NULL;
	g_object_get(scrolled, "vadjustment", &adjustment, NULL);
	if (!adjustment || !get_allocation)
		return G_SOURCE_REMOVE;
	Allocation a = {0};
	get_allocation(r->child, &a);
	double value, page, top = MAX(a.y - MARGIN, 0), bottom = a.y + a.height + MARGIN;
	g_object_get(adjustment, "value", &value, "page-size", &page, NULL);
	if (bottom > value + page)
		value = bottom - page;
	if (top < value)
		value = top;
	g_object_set(adjustment, "value", value, NULL);
	g_object_unref(adjustment);
	return --r->frames > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void on_end(gpointer user) {
	Reveal *r = user;
	g_object_unref(r->child);
	g_free(r);
}

void softether_reveal(GObject *scrolled, GObject *child) {
	guint (*add_tick)(GObject *, gboolean (*)(GObject *, gpointer, gpointer), gpointer, GDestroyNotify) =
		FIND(guint (*)(GObject *, gboolean (*)(GObject *, gpointer, gpointer), gpointer, GDestroyNotify), "gtk_widget_add_tick_callback");
	if (!add_tick)
		return;
	Reveal *r = g_new0(Reveal, 1);
	r->child = g_object_ref(child);
	r->frames = FRAMES;
	add_tick(scrolled, on_tick, r, on_end);
}
