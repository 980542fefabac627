package collector

import (
	"runtime"
	"testing"
)

func TestABusySmallHeapIsCollectedLessOftenUpToTheRoof(t *testing.T) {
	t.Parallel()
	const live = 8 << 20
	percent := ordinary
	for range 20 {
		percent = percentFor(percent, 20, live)
	}
	if garbage := live / 100 * percent; garbage > roof || garbage < roof*9/10 {
		t.Errorf("%d %% of %d bytes: not about %d", percent, live, roof)
	}
}

func TestALargeHeapIsCollectedAsEver(t *testing.T) {
	t.Parallel()
	if got := percentFor(ordinary, 20, 2*roof); got != ordinary {
		t.Errorf("GOGC is %d", got)
	}
	if got := percentFor(1600, 3, 2*roof); got != ordinary {
		t.Errorf("a heap that has grown keeps GOGC at %d", got)
	}
}

func TestAHeapThatComesToRestIsCollectedAsEver(t *testing.T) {
	t.Parallel()
	percent := 1600
	for range 10 {
		percent = percentFor(percent, 0, least)
	}
	if percent != ordinary {
		t.Errorf("GOGC stays at %d", percent)
	}
}

func TestARateInBetweenIsLeftAlone(t *testing.T) {
	t.Parallel()
	if got := percentFor(400, perSecond+1, least); got != 400 {
		t.Errorf("GOGC becomes %d", got)
	}
}

func TestACollectionIsSeen(t *testing.T) {
	t.Parallel()
	before, _, _ := reading()
	runtime.GC()
	if cycles, live, percent := reading(); cycles <= before || live == 0 || percent == 0 {
		t.Errorf("%d collections, then %d with %d bytes alive and GOGC %d", before, cycles, live, percent)
	}
}
