package session_test

import (
	"context"
	"slices"
	"testing"

	"maska/internal/locale"
	"maska/internal/profile"
)

// A process can die between the two transactions of a change of mask.
func TestAChangeOfMaskThatWasCutShortIsFinishedByTheNextRequest(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		tokens := w.enter(6)
		actor := w.authenticate(tokens.Access)
		moved, err := w.db.NextGeneration(t.Context(), actor.Account.ID, actor.Account.Generation)
		if err != nil || !moved {
			t.Fatal(moved, err)
		}
		w.DropAccount(actor.Account.ID) // the process that starts next has nothing cached
		worn := func() int {
			return w.db.Count(t, "SELECT COUNT(*) FROM profiles WHERE id = $1 AND owner_tag IS NOT NULL", int64(tokens.Profile.ID))
		}
		if worn() != 1 {
			t.Fatal("the old mask was put down already")
		}
		chat, err := w.ChatActor(t.Context(), w.authenticate(tokens.Access), locale.English)
		if err != nil || chat.Profile.ID == tokens.Profile.ID {
			t.Errorf("acts as %d, was %d, %v", chat.Profile.ID, tokens.Profile.ID, err)
		}
		if worn() != 0 {
			t.Error("the old mask is still worn")
		}
	})
}

func TestTheSeatsOfAMaskWhoseChangeWasCutShortAreGivenUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var left []profile.ID
		w.profiles.WhenPutDown(func(_ context.Context, id profile.ID) error {
			left = append(left, id)
			return nil
		})
		tokens := w.enter(6)
		actor := w.authenticate(tokens.Access)
		if _, err := w.db.NextGeneration(t.Context(), actor.Account.ID, actor.Account.Generation); err != nil {
			t.Fatal(err)
		}
		w.enter(6)
		w.enter(6)
		if !slices.Equal(left, []profile.ID{tokens.Profile.ID}) {
			t.Errorf("left its rooms: %v, want %d", left, tokens.Profile.ID)
		}
	})
}
