// SPDX-License-Identifier: Apache-2.0

#ifndef NM_SOFTETHER_GTK_H
#define NM_SOFTETHER_GTK_H

#include <glib-object.h>
#include <stdint.h>

// softether_gtk_version returns the major version of the GTK in this process, 0 if there is none.
int softether_gtk_version(void);
gpointer softether_builder_new(const char *domain, const void *packed, gssize length, GError **error);
GObject *softether_builder_object(gpointer builder, const char *id);

void softether_set_string(GObject *object, const char *property, const char *value);
char *softether_get_string(GObject *object, const char *property);
void softether_set_bool(GObject *object, const char *property, gboolean value);
gboolean softether_get_bool(GObject *object, const char *property);

// softether_reveal scrolls a scrolled window within the next frames so that a child of the box in it is to be seen.
void softether_reveal(GObject *scrolled, GObject *child);

// softether_choose_file shows the file chooser of the desktop and later calls softetherFileChosen, once, with the
// handle. owner is kept until then.
void softether_choose_file(GObject *near, GObject *owner, const char *title, uintptr_t handle);

#endif
