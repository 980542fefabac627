package realtime

import (
	"context"
	"errors"
	"strconv"

	"maska/internal/errs"
	"maska/internal/profile"
	"maska/internal/room"
	"maska/internal/view"
	"maska/socketio"
)

// conn is the Listener of its socket.
var _ Listener = (*conn)(nil)

// Send sends a packet.
func (c *conn) Send(p *socketio.Packet) error { return c.socket.Send(p) }

// Join and Leave change what the socket hears.
func (c *conn) Join(name string) { c.socket.Join(name) }

// Leave ends what Join began.
func (c *conn) Leave(name string) { c.socket.Leave(name) }

// Lost tells the client which room it hears no more, and why.
func (c *conn) Lost(id room.ID, why errs.Code) {
	c.send("notice", view.Out{RoomID: int64(id), Refusal: c.refusal(errs.New(why))})
}

// enterRoom makes a socket hear a small room as the mask that it was asked for. If the socket has
// ended or changed its mask meanwhile, it hears nothing.
func (h *Hub) enterRoom(ctx context.Context, c *conn, id room.ID, m Member, seen *Place) (head view.Entered, err error) {
	at, err := h.Feed.EnterRoom(ctx, c, id, m, seen)
	if errors.Is(err, errUnknownMember) {
		// A room that this node has not caught up with looks the same as one that was left: the store knows.
		var state room.State
		if state, err = h.belongs(ctx, m.Mask, id); err != nil {
			return head, err
		}
		m.Since = state.Head
		if at, err = h.Feed.EnterRoom(ctx, c, id, m, seen); errors.Is(err, errUnknownMember) {
			err = errs.New(errs.NotMember) // he left between the two
		}
	}
	if err != nil {
		return head, orUnavailable(err)
	}
	if !c.note(id, m.Mask) {
		h.Feed.LeaveRoom(c, id)
		return head, errs.New(errs.NotMember)
	}
	return view.Entered{Head: at.Seq, Epoch: at.Epoch}, nil
}

// note remembers that a socket hears a room as a mask, for leaveRooms. False means that it is too late.
func (c *conn) note(id room.ID, mask profile.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.identity == nil || c.identity.Actor.Profile.ID != mask {
		return false
	}
	if c.rooms == nil {
		c.rooms = map[room.ID]struct{}{}
	}
	c.rooms[id] = struct{}{}
	return true
}

// leaveRooms makes a socket hear no small room any more, because it ended or has another mask.
func (h *Hub) leaveRooms(c *conn) {
	c.mu.Lock()
	rooms := c.rooms
	c.rooms = nil
	c.mu.Unlock()
	for id := range rooms {
		h.Feed.LeaveRoom(c, id)
	}
}

func (h *Hub) belongs(ctx context.Context, who profile.ID, id room.ID) (room.State, error) {
	ctx, cancel := context.WithTimeout(ctx, h.Timing.ReadLimit)
	defer cancel()
	state, err := h.Rooms.Belongs(ctx, who, id)
	return state, orUnavailable(err)
}

// onJoin lets a socket hear a room, and gives its mask a seat if that is needed and possible.
func (h *Hub) onJoin(c *conn, who Identity, payload []byte, r reply) {
	var p roomPayload
	if err := decode(payload, &p); err != nil {
		r.fail(err)
		return
	}
	if p.RoomID == nil {
		r.fail(errs.Invalid("roomId", errs.Required))
		return
	}
	entered, err := h.join(c, who, *p.RoomID)
	if err != nil {
		r.fail(err)
		return
	}
	c.send("joined", view.Joined{Room: int64(*p.RoomID)})
	r.ok(entered)
}

func (h *Hub) join(c *conn, who Identity, id room.ID) (view.Entered, error) {
	ctx, cancel := context.WithTimeout(c.socket.Context(), h.Timing.ReadLimit)
	defer cancel()
	if id == room.Global { // every signed-in socket hears it already
		global, err := h.global(ctx)
		return view.Entered{Room: global, Head: global.Head, Epoch: global.Epoch}, orUnavailable(err)
	}
	state, err := h.belongs(ctx, who.Actor.Profile.ID, id)
	if errs.CodeOf(err) == errs.NotMember {
		state, err = h.Rooms.Join(ctx, who.Actor, id)
	}
	if err != nil {
		return view.Entered{}, orUnavailable(err)
	}
	entered, err := h.enterRoom(ctx, c, id, Member{Mask: who.Actor.Profile.ID, Since: state.Head}, nil)
	if err == nil {
		entered.Room = view.NewRoom(state.Room, h.Feed.Online(id))
		entered.Room.Head = entered.Head
	}
	return entered, err
}

// onLeave gives the seat up. When it is acknowledged, this socket hears nothing of the room any more.
func (h *Hub) onLeave(c *conn, who Identity, payload []byte, r reply) {
	var p roomPayload
	if err := decode(payload, &p); err != nil {
		r.fail(err)
		return
	}
	if p.RoomID == nil {
		r.fail(errs.Invalid("roomId", errs.Required))
		return
	}
	ctx, cancel := context.WithTimeout(c.socket.Context(), h.Timing.ReadLimit)
	defer cancel()
	if err := h.Rooms.Leave(ctx, who.Actor.Profile.ID, *p.RoomID); err != nil {
		r.fail(orUnavailable(err))
		return
	}
	h.Feed.LeaveRoom(c, *p.RoomID)
	c.forget(*p.RoomID)
	r.ok(view.Left{RoomID: int64(*p.RoomID)})
}

func (c *conn) forget(id room.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.rooms, id)
}

// maxPlaces bounds the rooms of which a client tells how far it got: those of a mask, and some that
// it has left.
const maxPlaces = 32

// placesOf is what the client says that it has seen of its rooms.
func (p *authPayload) places() (map[room.ID]Place, error) {
	if len(p.Rooms) > maxPlaces {
		return nil, errs.Invalid("rooms", errs.OutOfRange)
	}
	places := make(map[room.ID]Place, len(p.Rooms))
	for name, after := range p.Rooms {
		id, err := strconv.ParseInt(name, 10, 64)
		if err != nil || id < int64(room.Global) || strconv.FormatInt(id, 10) != name {
			continue // no such room can exist
		}
		places[room.ID(id)] = Place{After: after, Epoch: p.Epochs[name]}
	}
	return places, nil
}

// reenter makes a socket hear the small rooms that it says to have heard before. Of a room that is
// not its own any more it is told so.
func (h *Hub) reenter(ctx context.Context, c *conn, places map[room.ID]Place) {
	who, ok := c.who()
	if !ok {
		return
	}
	for id, place := range places {
		if id == room.Global {
			continue
		}
		_, err := h.enterRoom(ctx, c, id, Member{Mask: who.Actor.Profile.ID}, &place)
		switch errs.CodeOf(err) {
		case "":
		case errs.NotFound, errs.NotMember, errs.RoomClosed:
			c.Lost(id, errs.CodeOf(err))
		default:
			c.send("error", view.Error{Event: "sync", Refusal: c.refusal(err)})
		}
	}
}

// ownRooms shows the rooms of a mask, the global one first.
func (h *Hub) ownRooms(ctx context.Context, who profile.ID) ([]view.Room, error) {
	ctx, cancel := context.WithTimeout(ctx, h.Timing.ReadLimit)
	defer cancel()
	global, err := h.global(ctx)
	if err != nil {
		return nil, err
	}
	mine, err := h.Rooms.Mine(ctx, who)
	if err != nil {
		return nil, err
	}
	rooms := []view.Room{global}
	for _, r := range mine {
		rooms = append(rooms, view.NewRoom(r, h.Feed.Online(r.ID)))
	}
	return rooms, nil
}
