package faultlab

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// HostileFrames says what no client may say: oversized, cut short, malformed and out of order.
func HostileFrames() Scenario {
	setup := Setup{Nodes: 1, People: 48, Rooms: 12, Seats: 4, Global: 8, Pace: 30 * time.Millisecond}
	return Scenario{
		ID: "F12", Title: "malformed, oversized and lying frames", Setup: setup,
		Full: full(3000, 20_000, 2*time.Millisecond),
		Break: func(ctx context.Context, l *Lab, scale Scale) error {
			if _, err := l.allBack(ctx); err != nil {
				return err
			}
			before, err := l.figures(ctx, 0)
			if err != nil {
				return err
			}
			dice := l.crowd.rng(5 << 40)
			answered := 0
			if err := l.rounds(ctx, scale, func(ctx context.Context) error {
				if l.offend(ctx, dice) {
					answered++
				}
				return nil
			}); err != nil {
				return err
			}
			l.report.note("%d hostile connections; %d were closed or answered at once, the others left alone", l.report.Kills, answered)
			after, err := l.figures(ctx, 0)
			if err != nil {
				return err
			}
			l.report.note("resident %+.1f MB", (after[resident]-before[resident])/1e6)
			if grown := after[resident] - before[resident]; grown > 64<<20 {
				l.report.fail("the node has grown by %.1f MB", grown/1e6)
			}
			return l.returnsTo(ctx, before)
		},
	}
}

// offences are texts that a connection may bring; $TOKEN stands for a good token.
var offences = []string{
	"", "0", "1", "4", "40", "5", "6", "9", "x", "40{", `40{"token":`, `40{"token":1}`, `40{"token":"x"}`, `40/nowhere,{"token":"x"}`,
	`42["message"`, `42[]`, `42["message",`, `42{"message":1}`, `42"message"`, `421e9["message",{}]`, `42999999999999999999["message",{}]`,
	`42["message",{"roomId":"x"}]`, `42["message",{"roomId":1,"roomId":2,"content":"a"}]`, `42["message",{"roomId":-1,"content":"a"}]`,
	`42["message",null]`, `42["message",[]]`, `42["message",{"content":{"a":1}}]`, `42["\u0000",{}]`, `42["connect",{}]`, `42["disconnect"]`,
	`43[]`, `430[1]`, `43-1[]`, `44{"a":1}`, `451-["a",{"_placeholder":true,"num":0}]`, `45999999999-["a",{"_placeholder":true,"num":7}]`,
	`451-["a",{"_placeholder":true,"num":-1}]`, `461-0[{"_placeholder":true,"num":1}]`, `45-["a"]`, "4\xff\xfe", `42["a",` + strings.Repeat(`[`, 30_000),
	`42["a",` + strings.Repeat(`{"a":`, 5_000) + "1" + strings.Repeat("}", 5_000) + "]", "42[\"message\",{\"content\":\"" + strings.Repeat("a", 60_000) + "\"}]",
	"42" + strings.Repeat("1", 60_000), strings.Repeat("a", 1<<20), "2probe", "3probe", "bAAAA", "b" + strings.Repeat("!", 100),
}

// offend opens a connection, says something hostile, perhaps after having signed in, and reports whether
// the server ended it or answered.
func (l *Lab) offend(ctx context.Context, dice *rand.Rand) bool {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	//nolint:bodyclose // The library closes it.
	conn, _, err := websocket.Dial(ctx, strings.Replace(l.Nodes[0].URL(), "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", &websocket.DialOptions{HTTPClient: l.crowd.http})
	if err != nil {
		return false
	}
	defer conn.CloseNow() //nolint:errcheck // it may have ended
	conn.SetReadLimit(frameLimit)
	if dice.IntN(2) == 0 {
		token := l.people[dice.IntN(len(l.people))].access
		if conn.Write(ctx, websocket.MessageText, []byte(`40{"token":"`+token+`"}`)) != nil {
			return true
		}
	}
	for range 1 + dice.IntN(3) {
		kind, text := websocket.MessageText, []byte(offences[dice.IntN(len(offences))])
		switch dice.IntN(6) {
		case 0:
			kind = websocket.MessageBinary
		case 1: // something else in its place
			for i := range text {
				if dice.IntN(20) == 0 {
					text[i] = byte(dice.UintN(256)) //nolint:gosec // fits
				}
			}
		case 2:
			text = text[:dice.IntN(len(text)+1)]
		}
		if conn.Write(ctx, kind, text) != nil {
			return true
		}
	}
	// The first is the greeting; then an answer, a close, or nothing for a while.
	for range 3 {
		reading, stop := context.WithTimeout(ctx, 20*time.Millisecond)
		_, _, err := conn.Read(reading)
		silent := reading.Err() != nil
		stop()
		if silent {
			return false
		}
		if err != nil {
			return true
		}
	}
	return true
}
