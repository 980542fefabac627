package faultlab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// figures are what a node says about itself to Prometheus: each series by its name with labels, and
// their sums by the bare name.
type figures map[string]float64

// What is watched (Prometheus client conventions).
const (
	goroutines  = "go_goroutines"
	descriptors = "process_open_fds"
	resident    = "process_resident_memory_bytes"
	connections = "maska_connections"
	fromStore   = `maska_catch_ups_total{from="database"}`
	queueBytes  = "maska_queue_bytes"
)

func (l *Lab) figures(ctx context.Context, node int) (_ figures, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+l.metrics[node]+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	answer, err := l.crowd.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	all := figures{}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ') // a label may hold others
		if at < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		name := line[:at]
		n, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
		if bare, _, labelled := strings.Cut(name, "{"); labelled {
			all[bare] += n
		}
		all[name] = n
	}
	return all, lines.Err()
}
