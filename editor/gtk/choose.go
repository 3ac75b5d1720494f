// SPDX-License-Identifier: Apache-2.0

package gtk

// #include <stdlib.h>
// #include "gtk.h"
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// ChooseFile shows the desktop's file chooser over the window of near. owner, a GObject, is kept alive until
// it is closed; chosen is called then, unless it was cancelled.
func ChooseFile(near Object, owner unsafe.Pointer, title string, chosen func(path string)) {
	s := C.CString(title)
	defer C.free(unsafe.Pointer(s))
	C.softether_choose_file(near.p, (*C.GObject)(owner), s, C.uintptr_t(cgo.NewHandle(chosen)))
}

//export softetherFileChosen
func softetherFileChosen(handle C.uintptr_t, path *C.char) {
	h := cgo.Handle(handle)
	chosen := h.Value().(func(string))
	h.Delete()
	if path != nil {
		chosen(C.GoString(path))
	}
}
