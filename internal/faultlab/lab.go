// Package faultlab finds out whether the guarantees hold when something breaks. It runs real processes,
// the server as one to three nodes, PostgreSQL and Redis, and devices that speak to them as apps do. It
// writes down what happens, breaks something by a schedule that a seed decides, and checks the history
// when everything is whole again.
package faultlab

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"maska/internal/testkit/services"
)

// Setup says what a lab consists of.
type Setup struct {
	Nodes    int
	Redis    bool
	Postgres []string // settings of the server
	Database string   // what is added to DATABASE_URL
	Settings []string // of the nodes
	Links    bool     // whatever processes say to each other goes through links
	People   int
	Devices  int           // of each person, all of them in the global room, the first in small ones; 0: one
	Rooms    int           // small ones
	Seats    int           // of each
	Global   int           // people who speak in the global room; everybody hears it
	Words    int           // a message has up to so many; 0: a dozen
	Pace     time.Duration // from an ack to a device's next message in a room, on average
	Churn    time.Duration // how often somebody loses the connection and finds another node; 0: never
}

// Lab is a running system with people in it.
type Lab struct {
	Setup    Setup
	Seed     uint64
	History  *History
	Nodes    []*services.Server
	Postgres *services.Server
	Redis    *services.Server // nil if Setup has none
	Doors    links            // from the devices to each node, if Setup has links
	ToData   links            // from each node to PostgreSQL
	ToRedis  links            // from each node to Redis

	dir     string
	metrics []string // addresses of the nodes' figures
	log     *slog.Logger
	rng     *mathrand.Rand
	crowd   *crowd
	people  []*person
	rooms   []int64 // the global one first
	devices []*device
	revoked []revocation
	report  *Report

	alive   context.Context // The life of the devices, which Start and Close bound.
	end     context.CancelFunc
	running sync.WaitGroup
}

// Start makes a lab in an empty folder, with everybody signed in and talking. binary is the server.
func Start(ctx context.Context, setup Setup, seed uint64, binary, dir string, log *slog.Logger) (_ *Lab, err error) {
	history, err := NewHistory(filepath.Join(dir, "history.jsonl"))
	if err != nil {
		return nil, err
	}
	l := &Lab{Setup: setup, Seed: seed, History: history, dir: dir, log: log, report: &Report{Seed: seed}}
	l.rng = mathrand.New(mathrand.NewPCG(seed, 0)) //nolint:gosec // the same dice must fall again
	l.alive, l.end = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if err := l.startServices(ctx, binary); err != nil {
		return nil, err
	}
	if err := l.populate(ctx); err != nil {
		return nil, fmt.Errorf("bring people in: %w", err)
	}
	l.enliven()
	return l, nil
}

func (l *Lab) startServices(ctx context.Context, binary string) (err error) {
	if l.Postgres, err = services.StartPostgres(ctx, l.dir, l.Setup.Postgres...); err != nil {
		return err
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	if l.Setup.Redis {
		if l.Redis, err = services.StartRedis(ctx, l.dir); err != nil {
			return err
		}
	}
	settings := append([]string{"ROOT_KEY=" + hex.EncodeToString(key)}, l.Setup.Settings...)
	var urls []string
	for i := range l.Setup.Nodes {
		url, err := l.startNode(ctx, binary, i, settings)
		if err != nil {
			return err
		}
		urls = append(urls, url)
	}
	l.crowd = newCrowd(l.History, l.Seed, urls)
	l.crowd.pace.Store(int64(l.Setup.Pace))
	l.crowd.words = cmp.Or(l.Setup.Words, 12)
	return nil
}

// startNode runs a node and returns where devices find it.
func (l *Lab) startNode(ctx context.Context, binary string, i int, settings []string) (string, error) {
	database, err := l.through(ctx, &l.ToData, i, l.Postgres.URL())
	if err != nil {
		return "", err
	}
	settings = append(slices.Clip(settings), "DATABASE_URL="+database+l.Setup.Database)
	if l.Redis != nil {
		redis, err := l.through(ctx, &l.ToRedis, i, l.Redis.URL())
		if err != nil {
			return "", err
		}
		settings = append(settings, "REDIS_URL="+redis)
	}
	metrics, err := services.FreeAddress(ctx)
	if err != nil {
		return "", err
	}
	l.metrics = append(l.metrics, metrics)
	settings = append(settings, "METRICS_ADDR="+metrics)
	node, err := startNode(ctx, binary, l.dir, fmt.Sprintf("node%d", i+1), settings)
	if err != nil {
		return "", err
	}
	l.Nodes = append(l.Nodes, node)
	return l.through(ctx, &l.Doors, i, node.URL())
}

// through puts a link before the server that a URL names, if the lab has links, and returns the URL
// of the link.
func (l *Lab) through(ctx context.Context, into *links, i int, server string) (string, error) {
	if !l.Setup.Links {
		return server, nil
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	dice := mathrand.New(mathrand.NewPCG(l.Seed, 3<<40+uint64(i))) //nolint:gosec // the same dice must fall again
	link, err := NewLink(ctx, fmt.Sprintf("%s of node %d", u.Scheme, i), u.Host, dice)
	if err != nil {
		return "", err
	}
	*into = append(*into, link)
	u.Host = link.Address()
	return u.String(), nil
}

const parallelSignIns = 8

// populate signs everybody in and gives them seats: everybody sits in one small room, some in two.
func (l *Lab) populate(ctx context.Context) error {
	base := l.Nodes[0].URL()
	l.people = make([]*person, l.Setup.People)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(parallelSignIns)
	for i := range l.people {
		group.Go(func() (err error) {
			l.people[i], err = signIn(groupCtx, l.crowd.http, base, i)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	const global = 1
	l.rooms = append(l.rooms, global)
	for i := range l.Setup.People * max(1, l.Setup.Devices) { // first devices first
		d := newDevice(l.crowd, i+1, l.people[i%len(l.people)])
		d.joins(global, i < l.Setup.Global)
		l.devices = append(l.devices, d)
	}
	for i := range l.Setup.Rooms {
		if err := l.openRoom(ctx, base, i); err != nil {
			return err
		}
	}
	for _, room := range l.rooms {
		head, err := l.headOf(ctx, room)
		if err != nil {
			return err
		}
		l.History.Add(Event{Kind: Base, Room: room, Seq: head})
	}
	return nil
}

func (l *Lab) openRoom(ctx context.Context, base string, index int) error {
	seats := min(l.Setup.Seats, len(l.people))
	var id int64
	for seat := range seats {
		d := l.devices[(index*seats+seat)%len(l.people)]
		var err error
		if seat == 0 {
			id, err = createRoom(ctx, l.crowd.http, base, d.who, index, seats)
		} else {
			err = joinRoom(ctx, l.crowd.http, base, d.who, id)
		}
		if err != nil {
			return err
		}
		d.joins(id, true)
	}
	l.rooms = append(l.rooms, id)
	return nil
}

// enliven sets everybody and everything in motion.
func (l *Lab) enliven() {
	l.crowd.talking.Store(true)
	for _, d := range l.devices {
		l.running.Go(func() { d.run(l.alive) })
	}
	l.running.Go(l.readPages)
	if l.Setup.Churn > 0 {
		l.running.Go(l.churn)
	}
}

// churn cuts somebody's connection now and then, as long as people talk.
func (l *Lab) churn() {
	rng := l.crowd.rng(1 << 40)
	for pause(l.alive, between(rng, l.Setup.Churn/2, 3*l.Setup.Churn/2)) == nil && l.crowd.talking.Load() {
		l.devices[rng.IntN(len(l.devices))].hop()
	}
}

const readEvery = 100 * time.Millisecond

// readPages reads newest pages all the time, to see whether they show what was acknowledged before.
func (l *Lab) readPages() {
	rng := l.crowd.rng(2 << 40)
	for pause(l.alive, between(rng, readEvery/2, 3*readEvery/2)) == nil {
		d := l.devices[rng.IntN(len(l.devices))]
		node := l.Nodes[rng.IntN(len(l.Nodes))]
		room := d.someRoom(rng)
		began := l.History.Now()
		items, err := newestPage(l.alive, l.crowd.http, node.URL(), d.who, room)
		if err != nil || len(items) == 0 {
			continue // what is broken just now tells nothing
		}
		page := make([]Entry, len(items))
		for i, m := range items {
			page[i] = Entry{Seq: m.Seq, CID: claimed(m.Content), Sum: sumOf(m.UserID, m.Content)}
		}
		l.History.Add(Event{At: began, Kind: Read, Client: d.id, Room: room, Seq: items[0].Seq, Page: page})
	}
}

// Acked is how many messages were acknowledged so far.
func (l *Lab) Acked() int { return int(l.crowd.counters.acked.Load()) }

// note writes down what is done to the system.
func (l *Lab) note(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	l.History.Add(Event{Kind: Fault, Code: what})
	l.log.Debug("fault", "at", l.History.Now().Round(time.Millisecond), "what", what)
}

const settleEvery = 20 * time.Millisecond

// Settle lets everybody say what is left and catch up, and makes the final read. Whoever does not come
// to rest within the limit is found by the check.
func (l *Lab) Settle(ctx context.Context, limit time.Duration) error {
	l.crowd.talking.Store(false)
	began := time.Now()
	heads := map[int64]int64{}
	for {
		settled, err := l.settled(ctx, heads)
		if err != nil {
			return err
		}
		if settled {
			break
		}
		if time.Since(began) > limit {
			l.report.fail("not everybody had come to rest after %s", limit)
			break
		}
		if err := pause(ctx, settleEvery); err != nil {
			return err
		}
	}
	l.report.Settled = time.Since(began)
	for _, d := range l.devices {
		s := d.standing()
		for room, last := range s.last {
			if !s.over {
				l.History.Add(Event{Kind: Settled, Client: d.id, Room: room, Seq: last})
			}
		}
	}
	return l.finalRead(ctx)
}

// settled reports whether nobody has anything to say, and everybody knows everything.
func (l *Lab) settled(ctx context.Context, heads map[int64]int64) (bool, error) {
	for _, d := range l.devices {
		if s := d.standing(); !s.over && !s.quiet {
			return false, nil
		}
	}
	for _, room := range l.rooms {
		head, err := l.headOf(ctx, room)
		if err != nil {
			return false, err
		}
		heads[room] = head
	}
	for _, d := range l.devices {
		s := d.standing()
		for room, last := range s.last {
			if !s.over && last < heads[room] {
				return false, nil
			}
		}
	}
	return true, nil
}

func (l *Lab) database(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, l.Postgres.URL())
	if err != nil {
		return err
	}
	return errors.Join(do(conn), conn.Close(ctx))
}

func (l *Lab) headOf(ctx context.Context, room int64) (head int64, err error) {
	err = l.database(ctx, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, "SELECT head FROM rooms WHERE id = $1", room).Scan(&head)
	})
	return head, err
}

// finalRead writes down what the database holds.
func (l *Lab) finalRead(ctx context.Context) error {
	return l.database(ctx, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, "SELECT room_id, seq, profile_id, cid, content FROM messages ORDER BY room_id, seq")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			e := Event{Kind: Stored}
			var author int64
			var content string
			if err := rows.Scan(&e.Room, &e.Seq, &author, (*[16]byte)(&e.CID), &content); err != nil {
				return err
			}
			e.Sum = sumOf(author, content)
			l.History.Add(e)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, room := range l.rooms {
			var head, rev int64
			if err := conn.QueryRow(ctx, "SELECT head, rev FROM rooms WHERE id = $1", room).Scan(&head, &rev); err != nil {
				return err
			}
			l.History.Add(Event{Kind: Head, Room: room, Seq: head, Rev: rev})
		}
		return nil
	})
}

// Close ends everything.
func (l *Lab) Close() error {
	l.end()
	l.running.Wait()
	if l.crowd != nil {
		l.crowd.http.CloseIdleConnections()
	}
	err := slices.Concat(l.Doors, l.ToData, l.ToRedis).close()
	for _, s := range append(slices.Clip(l.Nodes), l.Redis, l.Postgres) {
		if s != nil {
			err = errors.Join(err, s.Kill())
		}
	}
	return errors.Join(err, l.History.Close())
}

// neverSaid is what no server may write into its log, whatever breaks.
var neverSaid = [][]byte{[]byte("panic:"), []byte("fatal error:"), []byte("DATA RACE"), []byte("an event failed")}

// panics looks for what no server may ever say.
func (l *Lab) panics() []string {
	var found []string
	for _, node := range l.Nodes {
		log, err := os.Open(node.LogPath())
		if err != nil {
			found = append(found, err.Error())
			continue
		}
		lines := bufio.NewScanner(log)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			line := lines.Bytes()
			if slices.ContainsFunc(neverSaid, func(what []byte) bool { return bytes.Contains(line, what) }) {
				found = append(found, filepath.Base(node.LogPath())+": "+string(line))
			}
		}
		_ = log.Close() // it was only read
	}
	return found
}
