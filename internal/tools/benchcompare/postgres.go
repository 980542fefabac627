package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres is the database server. It shares the load's core, so that the measured server has one for
// itself.
type postgres struct {
	address *url.URL
	conn    *pgx.Conn
	pid     int // of the postmaster, 0 if it is not on this machine or not ours to see
	count   int
}

func openPostgres(ctx context.Context, address string) (*postgres, error) {
	if address == "" {
		return nil, errors.New("TEST_POSTGRES_URL is not set; run it by withservices")
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	p := &postgres{address: parsed}
	if p.conn, err = pgx.Connect(ctx, address); err != nil {
		return nil, err
	}
	var text string
	if err := p.conn.QueryRow(ctx, "SELECT pg_read_file('postmaster.pid')").Scan(&text); err != nil {
		return nil, errors.Join(err, p.close(ctx))
	}
	first, _, _ := strings.Cut(text, "\n")
	if p.pid, err = strconv.Atoi(first); err != nil {
		return nil, errors.Join(err, p.close(ctx))
	}
	return p, p.pin(ctx, loadCore)
}

// pin binds all of its processes to a core; those to come inherit it.
func (p *postgres) pin(ctx context.Context, cores string) error {
	for _, pid := range append(p.children(), p.pid) {
		out, err := exec.CommandContext(ctx, "taskset", "-cp", cores, strconv.Itoa(pid)).CombinedOutput() //nolint:gosec // numbers
		if err != nil && pid == p.pid {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	return nil
}

func (p *postgres) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return p.conn.Close(ctx)
}

// create makes an empty database.
func (p *postgres) create(ctx context.Context) (address string, drop func() error, err error) {
	p.count++
	name := fmt.Sprintf("maska_bench_%d_%d", os.Getpid(), p.count)
	if _, err := p.conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, err
	}
	own := *p.address
	own.Path = "/" + name
	return own.String(), func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		_, err := p.conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		return err
	}, nil
}

// children are the postmaster's processes.
func (p *postgres) children() []int {
	var found []int
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	for _, path := range stats {
		if fields := statOf(path); fields != nil && fields[1] == strconv.Itoa(p.pid) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
				found = append(found, pid)
			}
		}
	}
	return found
}

// cpu is what all of its processes have used, those that have ended too.
func (p *postgres) cpu() time.Duration {
	sum := ticks(statOf(fmt.Sprintf("/proc/%d/stat", p.pid)), 14, 15, 16, 17) // own and of ended children
	for _, pid := range p.children() {
		sum += ticks(statOf(fmt.Sprintf("/proc/%d/stat", pid)), 14, 15)
	}
	return time.Duration(sum) * 10 * time.Millisecond
}

// statOf returns the fields of /proc/PID/stat from the third on (proc(5)), nil when the process is gone.
func statOf(path string) []string {
	text, err := os.ReadFile(path) //nolint:gosec // a path of /proc
	if err != nil {
		return nil
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 20 {
		return nil
	}
	return fields
}

func ticks(fields []string, numbers ...int) (sum int64) {
	for _, n := range numbers {
		if fields == nil {
			break
		}
		if v, err := strconv.ParseInt(fields[n-3], 10, 64); err == nil {
			sum += v
		}
	}
	return sum
}
