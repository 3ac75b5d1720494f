// SPDX-License-Identifier: Apache-2.0

// The GObject side of a settings page: see editor.c.

#ifndef NM_SOFTETHER_EDITOR_H
#define NM_SOFTETHER_EDITOR_H

#include <NetworkManager.h>
#include <stdint.h>

// softether_editor_new returns an editor for a widget, and watches nothing yet. handle is the page's, given to every
// call into Go.
NMVpnEditor *softether_editor_new(GObject *widget, uintptr_t handle);

// softether_editor_watch has Go told of a signal of a widget, for as long as the editor lives. what is given back.
void softether_editor_watch(NMVpnEditor *editor, GObject *object, const char *signal, int what);

void softether_editor_emit_changed(NMVpnEditor *editor);

#endif
