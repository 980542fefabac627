package realtime

import (
	"context"

	"maska/internal/errs"
	"maska/internal/message"
	"maska/internal/room"
	"maska/internal/view"
	"maska/socketio"
)

// reply answers one event: by its ack if it asked for one, and by the event error if it failed and
// did not. It is used once, from any goroutine.
type reply struct {
	conn  *conn
	event *socketio.Event
}

func (r reply) ok(payload any) {
	if r.event.WantsAck() {
		r.ack(payload)
	}
}

func (r reply) fail(err error) {
	r.conn.hub.noteRefusal(err)
	refusal := r.conn.refusal(err)
	if r.event.WantsAck() {
		r.ack(view.Refused{Error: refusal})
		return
	}
	r.conn.send("error", view.Error{Event: r.event.Name, Refusal: refusal})
}

func (r reply) ack(payload any) {
	if err := r.event.Ack(payload); err != nil {
		r.conn.hub.Log.Debug("an ack found its socket gone", "event", r.event.Name, "error", err)
	}
}

func (h *Hub) registerEvents() {
	h.Namespace.OnEvent("auth", h.guarded(h.onAuth))
	h.Namespace.OnEvent("message", h.guarded(h.signed(h.onMessage)))
	h.Namespace.OnEvent("join", h.guarded(h.signed(h.onJoin)))
	h.Namespace.OnEvent("leave", h.guarded(h.signed(h.onLeave)))
	h.Namespace.OnEvent("read", h.guarded(h.signed(h.onRead)))
	h.Namespace.OnEvent("typing", h.guarded(h.signed(h.onTyping)))
	h.Namespace.OnEvent("sync", h.guarded(h.signed(h.onSync)))
	h.Namespace.OnAnyOther(h.unknown)
}

// guarded counts an event against the connection's limit and takes its payload out.
func (h *Hub) guarded(handle func(c *conn, payload []byte, r reply)) func(*socketio.Socket, *socketio.Event) {
	return func(s *socketio.Socket, e *socketio.Event) {
		c, ok := s.Data().(*conn)
		if !ok {
			return
		}
		h.counters.events.Add(1)
		r := reply{conn: c, event: e}
		if wait := c.allow(h.Now()); wait > 0 {
			r.fail(errs.Limited(wait))
			return
		}
		payload, err := argument(e)
		if err != nil {
			r.fail(err)
			return
		}
		handle(c, payload, r)
	}
}

// signed refuses events before sign-in.
func (h *Hub) signed(handle func(c *conn, who Identity, payload []byte, r reply)) func(*conn, []byte, reply) {
	return func(c *conn, payload []byte, r reply) {
		who, ok := c.who()
		if !ok {
			r.fail(errs.New(errs.TokenMissing))
			return
		}
		handle(c, who, payload, r)
	}
}

func (h *Hub) unknown(s *socketio.Socket, e *socketio.Event) {
	c, ok := s.Data().(*conn)
	if !ok {
		return
	}
	h.counters.events.Add(1)
	r := reply{conn: c, event: e}
	if wait := c.allow(h.Now()); wait > 0 {
		r.fail(errs.Limited(wait))
		return
	}
	r.fail(errs.New(errs.UnknownEvent))
}

// onMessage hands a message to the write path, which answers after the commit; the connection's next
// packets are not held up.
func (h *Hub) onMessage(c *conn, who Identity, payload []byte, r reply) {
	draft, err := draftOf(payload)
	if err != nil {
		r.fail(err)
		return
	}
	h.Sender.Submit(c.socket.Context(), who.Actor, draft, func(result message.Result, err error) {
		if err != nil {
			r.fail(orUnavailable(err))
			return
		}
		r.ok(view.NewSent(result))
	})
}

func draftOf(payload []byte) (message.Draft, error) {
	var p messagePayload
	if err := decode(payload, &p); err != nil {
		return message.Draft{}, err
	}
	id := room.Global
	if p.RoomID != nil {
		id = *p.RoomID
	}
	return message.NewDraft(message.Proposal{Room: id, Content: p.Content, CID: p.CID, ReplyTo: p.ReplyTo, Media: p.Media})
}

// onTyping refuses: in a room as large as the global one it would be noise (chat contract, section 3),
// and small rooms do not pass it on.
func (h *Hub) onTyping(c *conn, who Identity, payload []byte, r reply) {
	var p roomPayload
	err := decode(payload, &p)
	if err == nil {
		_, err = h.belonging(c, who, p.RoomID)
	}
	if err == nil {
		err = errs.New(errs.Forbidden)
	}
	r.fail(err)
}

// onRead answers how far one has read. It is not kept: nothing counts unread.
func (h *Hub) onRead(c *conn, who Identity, payload []byte, r reply) {
	var p readPayload
	if err := decode(payload, &p); err != nil {
		r.fail(err)
		return
	}
	id, err := h.belonging(c, who, p.RoomID)
	switch {
	case err != nil:
		r.fail(err)
	case p.Seq == nil:
		r.fail(errs.Invalid("seq", errs.Required))
	case *p.Seq < 0:
		r.fail(errs.Invalid("seq", errs.OutOfRange))
	default:
		r.ok(view.Read{RoomID: int64(id), Seq: *p.Seq})
	}
}

func (h *Hub) onSync(c *conn, who Identity, payload []byte, r reply) {
	var p syncPayload
	if err := decode(payload, &p); err != nil {
		r.fail(err)
		return
	}
	id, err := h.belonging(c, who, p.RoomID)
	if err != nil {
		r.fail(err)
		return
	}
	if p.After == nil {
		r.fail(errs.Invalid("after", errs.Required))
		return
	}
	got, err := h.Feed.Since(c.socket.Context(), id, Place{After: *p.After, Epoch: p.Epoch})
	if err != nil {
		r.fail(orUnavailable(err))
		return
	}
	r.ok(view.NewSync(id, got, h.Feed.Online(id)))
}

// belonging reads which room is meant, if the mask may read in it. Of a room that the socket hears
// nobody need ask the store.
func (h *Hub) belonging(c *conn, who Identity, id *room.ID) (room.ID, error) {
	if id == nil {
		return 0, errs.Invalid("roomId", errs.Required)
	}
	if *id == room.Global || h.Feed.Hears(c, *id) {
		return *id, nil
	}
	_, err := h.belongs(c.socket.Context(), who.Actor.Profile.ID, *id)
	return *id, err
}

// global shows the global room as it is now, without asking the database.
func (h *Hub) global(ctx context.Context) (view.Room, error) {
	head, err := h.Feed.Head(ctx, room.Global)
	if err != nil {
		return view.Room{}, err
	}
	r := h.Global
	r.Head, r.Epoch = head.Seq, head.Epoch
	return view.NewRoom(r, h.Online()), nil
}
