package socketio

// timers is a heap of sessions by the time at which they need attention: one
// entry a session, one timer of the runtime a shard.
type timers struct {
	heap []timer
}

type timer struct {
	at   int64
	sess *session
}

// add puts a session in.
func (t *timers) add(c *session, at int64) {
	c.heapIndex = len(t.heap)
	t.heap = append(t.heap, timer{at, c})
	t.up(c.heapIndex)
}

// move changes a session's time.
func (t *timers) move(c *session, at int64) {
	t.heap[c.heapIndex].at = at
	t.fix(c.heapIndex)
}

// remove takes a session out.
func (t *timers) remove(c *session) {
	i, last := c.heapIndex, len(t.heap)-1
	t.swap(i, last)
	t.heap[last] = timer{}
	t.heap = t.heap[:last]
	if i < last {
		t.fix(i)
	}
}

func (t *timers) swap(i, j int) {
	t.heap[i], t.heap[j] = t.heap[j], t.heap[i]
	t.heap[i].sess.heapIndex, t.heap[j].sess.heapIndex = i, j
}

func (t *timers) fix(i int) {
	t.up(i)
	t.down(i)
}

func (t *timers) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if t.heap[parent].at <= t.heap[i].at {
			return
		}
		t.swap(i, parent)
		i = parent
	}
}

func (t *timers) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(t.heap) {
			return
		}
		if child+1 < len(t.heap) && t.heap[child+1].at < t.heap[child].at {
			child++
		}
		if t.heap[i].at <= t.heap[child].at {
			return
		}
		t.swap(i, child)
		i = child
	}
}
