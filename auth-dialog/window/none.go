// SPDX-License-Identifier: Apache-2.0

//go:build !gui

package window

import "context"

// Ask returns ErrNotBuilt.
func Ask(context.Context, Question) (map[string]string, error) { return nil, ErrNotBuilt }
