package testredis

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"maska/internal/testkit/services"
)

// patience is how long servers may take to find each other.
const patience = 30 * time.Second

// StartCluster runs a Cluster of servers without replicas until the test ends.
func StartCluster(t testing.TB, count int) []*Server {
	t.Helper()
	const slots = 16384
	servers, first := make([]*Server, count), ""
	for i := range servers {
		_, bus, err := net.SplitHostPort(freeAddress(t))
		if err != nil {
			t.Fatal(err)
		}
		servers[i] = Start(t, "--cluster-enabled", "yes", "--cluster-port", bus)
		servers[i].must(fmt.Sprintf("CLUSTER ADDSLOTSRANGE %d %d", i*slots/count, (i+1)*slots/count-1))
		if i > 0 {
			servers[i].must(fmt.Sprintf("CLUSTER MEET %s %s", strings.Replace(servers[0].Address(), ":", " ", 1), first))
		} else {
			first = bus
		}
	}
	for _, s := range servers {
		s.eventually("CLUSTER INFO", "cluster_state:ok")
		s.eventually("CLUSTER INFO", fmt.Sprintf("cluster_known_nodes:%d", count))
	}
	return servers
}

// StartSentinels runs a server, a replica of it, and a Sentinel that watches them under a name.
func StartSentinels(t testing.TB, name string) (master *Server, sentinel string) {
	t.Helper()
	master = Start(t)
	host, port, err := net.SplitHostPort(master.Address())
	if err != nil {
		t.Fatal(err)
	}
	replica := Start(t, "--replicaof", host+" "+port, "--repl-diskless-sync-delay", "0")
	replica.eventually("INFO replication", "master_link_status:up")

	dir, sentinel := t.TempDir(), freeAddress(t)
	_, sentinelPort, err := net.SplitHostPort(sentinel)
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "sentinel.conf")
	lines := []string{
		"bind 127.0.0.1", "port " + sentinelPort,
		fmt.Sprintf("sentinel monitor %s %s %s 1", name, host, port),
		fmt.Sprintf("sentinel down-after-milliseconds %s 300", name),
		fmt.Sprintf("sentinel failover-timeout %s 3000", name), "",
	}
	if err := os.WriteFile(conf, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	spec, err := services.RedisSpec(dir, sentinel, conf, "--sentinel")
	if err != nil {
		t.Fatal(err)
	}
	process, err := services.Start(t.Context(), spec)
	// It must know the replica before the master dies.
	owned(t, process, err).eventually("INFO sentinel", "slaves=1")
	return master, sentinel
}

func (s *Server) must(command string) {
	s.t.Helper()
	if answer, err := s.Command(command); err != nil || answer != "+OK" {
		s.t.Fatalf("%s: %s %v", command, answer, err)
	}
}

// eventually asks until the answer holds a text.
func (s *Server) eventually(command, want string) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		answer, err := s.Command(command)
		if err == nil && strings.Contains(answer, want) {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			s.t.Fatalf("%s: %s %v, want %s", command, answer, err, want)
		}
	}
}

// freeAddress is one that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	address, err := services.FreeAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return address
}
