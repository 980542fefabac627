package loadtest

import (
	"slices"
	"testing"
	"time"
)

// said makes a room of two receivers in which n messages were said and stored.
func said(t *testing.T, n int) (first, second *receiver) {
	t.Helper()
	b := &book{receivers: 2}
	for range n {
		index, ok := b.begin(time.Second, 0, 0)
		if !ok {
			t.Fatal("the book is full")
		}
		b.at(index).stored.Store(true)
	}
	return &receiver{book: b}, &receiver{book: b}
}

func TestEveryKindOfFaultIsCountedAsWhatItIs(t *testing.T) {
	for name, c := range map[string]struct {
		first, second [][2]int64 // message and the server's number
		want          Faults
	}{
		"none":                    {[][2]int64{{0, 1}, {1, 2}, {2, 3}}, [][2]int64{{0, 1}, {1, 2}, {2, 3}}, Faults{}},
		"other order of messages": {[][2]int64{{2, 1}, {0, 2}, {1, 3}}, [][2]int64{{2, 1}, {0, 2}, {1, 3}}, Faults{}},
		"numbers with holes":      {[][2]int64{{0, 10}, {1, 20}, {2, 30}}, [][2]int64{{0, 10}, {1, 20}, {2, 30}}, Faults{}},
		"lost in the middle":      {[][2]int64{{0, 1}, {2, 3}}, [][2]int64{{0, 1}, {1, 2}, {2, 3}}, Faults{Lost: 1}},
		"lost at the end":         {[][2]int64{{0, 1}, {1, 2}}, [][2]int64{{0, 1}, {1, 2}}, Faults{Lost: 2}},
		"doubled":                 {[][2]int64{{0, 1}, {1, 2}, {1, 2}, {2, 3}}, [][2]int64{{0, 1}, {1, 2}, {2, 3}}, Faults{Doubled: 1}},
		"doubled as a new one":    {[][2]int64{{0, 1}, {1, 2}, {2, 3}, {1, 4}}, [][2]int64{{0, 1}, {1, 2}, {2, 3}}, Faults{Doubled: 1}},
		"reordered":               {[][2]int64{{0, 1}, {2, 3}, {1, 2}}, [][2]int64{{0, 1}, {1, 2}, {2, 3}}, Faults{Reordered: 1}},
		"one number twice":        {[][2]int64{{0, 1}, {1, 2}, {2, 2}}, [][2]int64{{0, 1}, {1, 2}, {2, 2}}, Faults{Reordered: 2}},
		"other numbers for other": {[][2]int64{{0, 1}, {1, 2}, {2, 3}}, [][2]int64{{1, 1}, {0, 2}, {2, 3}}, Faults{Inconsistent: 2}},
		"from nobody":             {[][2]int64{{0, 1}, {1, 2}, {2, 3}, {3, 4}}, [][2]int64{{0, 1}, {1, 2}, {2, 3}}, Faults{Phantom: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := said(t, 3)
			for _, d := range c.first {
				first.take(d[0], d[1])
			}
			for _, d := range c.second {
				second.take(d[0], d[1])
			}
			var got Faults
			for _, r := range []*receiver{first, second} {
				r.settle()
				got.add(r.faults)
			}
			if got != c.want {
				t.Errorf("%+v, not %+v", got, c.want)
			}
		})
	}
}

func TestAMessageThatNobodyGotAndThatWasNotAcknowledgedIsNotLost(t *testing.T) {
	first, second := said(t, 1)
	first.book.at(0).stored.Store(false)
	first.settle()
	second.settle()
	if got := first.faults.Total() + second.faults.Total(); got != 0 {
		t.Errorf("%d faults", got)
	}
}

func TestAMessageIsCompleteWhenAllHaveItAndItsAckHasCome(t *testing.T) {
	first, second := said(t, 1)
	e := first.take(0, 1)
	if e.done() || second.take(0, 1).done() {
		t.Error("complete without the ack")
	}
	if !e.done() {
		t.Error("not complete with the ack")
	}
}

func TestNothingWaitsForAMemberWhoHasLeft(t *testing.T) {
	first, second := said(t, 3)
	sender := 1
	for n := range int64(3) {
		e := first.book.at(n)
		e.sender = int32(sender)
		if n < 2 {
			first.take(n, n+1).done()
		}
		if n < 1 { // the others' acks are still to come, to who leaves
			e.answered.Store(true)
			e.done()
		}
	}
	var freed []*entry
	second.gone(sender, func(e *entry) { freed = append(freed, e) })
	if want := []*entry{first.book.at(0), first.book.at(1)}; !slices.Equal(freed, want) {
		t.Errorf("%d messages are complete, not the first two", len(freed))
	}
	if first.book.receivers != 1 {
		t.Errorf("%d receivers", first.book.receivers)
	}
}

func TestABookEnds(t *testing.T) {
	b := &book{}
	b.written.Store(maxMessagesPerRoom)
	if _, ok := b.begin(0, 0, 0); ok {
		t.Error("a message beyond the last")
	}
}
