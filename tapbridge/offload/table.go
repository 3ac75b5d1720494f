// SPDX-License-Identifier: Apache-2.0

package offload

const (
	setBits = 6 // the table has 1<<setBits sets
	ways    = 4 // of this many flows
)

// A table finds the open group of a flow, if any. It is a cache: a flow that is evicted just opens a new
// group.
type table struct {
	group [1 << setBits][ways]int16 // or none
	floor int16                     // groups below it are closed, whatever the table says
	push  uint8                     // the way that is evicted next
}

// reset closes all groups.
func (t *table) reset() {
	for i := range t.group {
		t.group[i] = [ways]int16{none, none, none, none}
	}
	t.floor = 0
}

// slot returns the place for the flow with the given hash: that of its open group, or else a free one.
func (c *Coalescer) slot(hash uint32) *int16 {
	t := &c.open
	set := &t.group[hash>>(32-setBits)]
	free := -1
	for i := range set {
		switch g := set[i]; {
		case g < t.floor: // none, too
			free = i
		case c.groups[g].hash == hash:
			return &set[i]
		}
	}
	if free < 0 {
		free = int(t.push % ways)
		t.push++
	}
	set[free] = none
	return &set[free]
}
