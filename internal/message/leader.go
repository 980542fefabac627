package message

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"maska/internal/errs"
	"maska/internal/room"
)

// lead commits whatever waits, batch after batch. There is no timer: a lone message is not held
// back, and while a transaction is under way the next batch gathers.
func (s *Sender) lead(queue chan *waiting) {
	for first := range queue {
		// Let every goroutine that can run say what it has to: it leaves in the same transaction.
		runtime.Gosched()
		s.commit(queue, gather(first, queue))
	}
}

func gather(first *waiting, queue chan *waiting) []*waiting {
	batch := append(make([]*waiting, 0, 1+min(len(queue), maxBatch)), first)
	for len(batch) < maxBatch {
		select {
		case w, open := <-queue:
			if !open {
				return batch
			}
			batch = append(batch, w)
		default:
			return batch
		}
	}
	return batch
}

// commit stores a batch, and publishes and answers what was stored.
func (s *Sender) commit(queue chan *waiting, batch []*waiting) {
	outcomes, err := s.store(batch)
	switch {
	case err == nil:
		s.publish(batch, outcomes)
		for i, w := range batch {
			s.answer(w, outcomes[i])
		}
	case errors.Is(err, ErrRefused) && len(batch) > 1:
		half := len(batch) / 2
		s.commit(queue, batch[:half])
		s.commit(queue, batch[half:])
	case errs.CodeOf(err) == errs.Unavailable:
		// What has waited behind this batch has waited as long: its senders want an answer too, and
		// the database would make each next batch wait anew.
		s.fail(slices.Concat(batch, waitingNow(queue)), unavailable(err))
	default:
		s.fail(batch, errs.Wrap(errs.Internal, err))
	}
}

// store has the batch appended. Storing is repeatable, thanks to the cids, so it tries again while
// there is time: a database that restarts is only slow.
func (s *Sender) store(batch []*waiting) ([]Outcome, error) {
	pending := make([]Pending, len(batch))
	for i, w := range batch {
		pending[i] = w.Pending
	}
	ctx, cancel := context.WithTimeout(context.Background(), appendLimit)
	defer cancel()
	outcomes, err := s.Store.Append(ctx, s.Now(), pending)
	if errs.CodeOf(err) == errs.Unavailable {
		defer s.unsure(batch) // an attempt that failed may have been committed
	}
	for errs.CodeOf(err) == errs.Unavailable && pause(ctx, retryPause) {
		s.counters.retries.Add(1)
		outcomes, err = s.Store.Append(ctx, s.Now(), pending)
	}
	if err == nil {
		s.counters.batches.Add(1)
		s.Meter.Appended(len(batch))
	}
	return outcomes, err
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Sender) unsure(batch []*waiting) {
	told := map[room.ID]bool{}
	for _, w := range batch {
		if !told[w.Room] {
			told[w.Room] = true
			s.Publisher.Unsure(w.Room)
		}
	}
}

func (s *Sender) publish(batch []*waiting, outcomes []Outcome) {
	fresh := map[room.ID][]Message{}
	var order []room.ID
	for i, w := range batch {
		if outcomes[i].Status != Stored {
			continue
		}
		if fresh[w.Room] == nil {
			order = append(order, w.Room)
		}
		fresh[w.Room] = append(fresh[w.Room], Message{
			Room: w.Room, Seq: outcomes[i].Seq, Rev: outcomes[i].Seq, AuthorID: w.Author, Author: &w.author,
			CID: w.CID, Content: w.Content, CreatedAt: outcomes[i].CreatedAt,
		})
	}
	for _, id := range order {
		s.counters.stored.Add(uint64(len(fresh[id])))
		s.Publisher.Committed(id, fresh[id])
	}
}

func (s *Sender) answer(w *waiting, outcome Outcome) {
	switch outcome.Status {
	case Known:
		if outcome.Hash != w.Hash {
			s.refuse(w.done, errs.New(errs.CIDConflict))
			return
		}
		s.counters.repeated.Add(1)
	case Stored:
	case NoAuthor:
		s.refuse(w.done, errs.New(errs.Forbidden))
		return
	case NoRoom:
		s.refuse(w.done, errs.New(errs.NotFound))
		return
	case NoSeat:
		s.refuse(w.done, errs.New(errs.NotMember))
		return
	case RoomEnded:
		s.refuse(w.done, errs.New(errs.RoomClosed))
		return
	}
	s.Meter.Answered(s.Now().Sub(w.since))
	w.done(Result{Room: w.Room, Seq: outcome.Seq, CID: w.CID, CreatedAt: outcome.CreatedAt}, nil)
}

func (s *Sender) fail(batch []*waiting, err error) {
	s.Log.Error("messages were not stored", "messages", len(batch), "error", err)
	s.counters.failed.Add(uint64(len(batch)))
	for _, w := range batch {
		s.refuse(w.done, err)
	}
}

func waitingNow(queue chan *waiting) []*waiting {
	var all []*waiting
	for range len(queue) {
		w, open := <-queue
		if !open {
			break
		}
		all = append(all, w)
	}
	return all
}
